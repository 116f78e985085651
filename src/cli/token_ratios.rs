//! Ratios of tokens between models: measured by `count`, read by `compare` and `commit`.

use std::path::Path;

use anyhow::{Context, anyhow};

use super::count;
use super::error::Failure;
use super::ingest::{self, Prices};
use super::ui::Ui;
use crate::counting::{CountedModel, RatioMeter};
use crate::period::Timestamp;
use crate::price_book::TokenRatios;
use crate::source::Input;

/// The shipped ratios, where those of a file go before.
pub(super) fn read(path: Option<&Path>) -> Result<TokenRatios, Failure> {
    let shipped = TokenRatios::bundled()?;
    let Some(path) = path else { return Ok(shipped) };
    let name = path.display().to_string();
    let failed = || format!("failed to read ratios of tokens `{name}`");
    let text = std::fs::read_to_string(path).with_context(failed)?;
    let measured = TokenRatios::read(&name, &text).map_err(|errors| {
        let error = anyhow!("{errors}").context("the ratios of tokens have errors");
        let hint =
            "`tokencast count PROMPTS --model A,B --token-ratios-out FILE` writes such a file";
        Failure::with_hint(error, hint)
    })?;
    Ok(shipped.with_measured(&name, measured))
}

/// What measures ratios while a corpus is read for the second time.
pub(super) struct Measuring<'a> {
    meter: RatioMeter,
    out: &'a Path,
    /// The day of the price books.
    day: String,
}

impl<'a> Measuring<'a> {
    /// For the tokenizers of the models, by the names that price books give them.
    pub(super) fn new(
        out: &'a Path,
        models: &[CountedModel],
        inputs: &[Input],
        (prices, at): (&Prices, Timestamp),
        ui: &Ui,
    ) -> Result<Self, Failure> {
        ingest::refuse_output_among_inputs(inputs, Some(out))?;
        if inputs.contains(&Input::Stdin) {
            let error = anyhow!("--token-ratios-out reads the corpus twice");
            return Err(Failure::with_hint(error, "name a file in place of standard input"));
        }
        let mut tokenizers: Vec<(String, CountedModel)> = Vec::new();
        for model in models {
            let entry = prices.book.find_model(&model.sku.provider, &model.sku.model, at);
            match entry.and_then(|entry| entry.tokenizer.as_ref()) {
                Some(name) if tokenizers.iter().all(|(known, _)| known != name) => {
                    tokenizers.push((name.to_string(), model.clone()));
                }
                Some(_) => {}
                None => ui.note(&format!(
                    "no ratio of {}: its price book names no tokenizer",
                    model.name
                )),
            }
        }
        if tokenizers.len() < 2 {
            let error = anyhow!("--token-ratios-out: the models have one tokenizer or none");
            return Err(Failure::with_hint(error, "name two models with different tokenizers"));
        }
        let day = at.to_utc().date_naive().to_string();
        Ok(Self { meter: RatioMeter::new(tokenizers), out, day })
    }

    /// Measures and writes the file, unless there is no text.
    pub(super) fn write(
        mut self,
        inputs: &[Input],
        threads: usize,
        ui: &Ui,
    ) -> Result<(), Failure> {
        let (_, counters) = count::read_with(inputs, || self.meter.counter(), threads, ui)?;
        counters.into_iter().for_each(|counter| self.meter.merge(counter));
        if let Some(failed) = self.meter.failed() {
            return Err(anyhow!("{failed}").into());
        }
        match self.meter.table(&self.day)? {
            Some(text) => ui.data(&text, Some(self.out))?,
            None => ui.note(&format!("`{}` was not written: there is no text", self.out.display())),
        }
        Ok(())
    }
}
