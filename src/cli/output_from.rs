//! Output that usage says a model has for its input.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow};

use super::args::InputArgs;
use super::error::Failure;
use super::ingest::{self, Asked, GrainAsked, Prices};
use super::ui::Ui;
use crate::counting::{Calibration, CountedModel, ExpectedOutput, name_of, ratio_of};
use crate::diagnostic::{Diagnostics, code};
use crate::money::Factor;
use crate::period::Timestamp;
use crate::report::format::counted;
use crate::tokens::{Component, Side};

/// What went in and came out.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    requests: u64,
    input: u64,
    output: u64,
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
    }
}

/// Output by model, by tokenizer, and of everything.
#[derive(Debug, Default)]
pub(crate) struct OutputRatios {
    by_model: BTreeMap<String, (Factor, u64)>,
    by_tokenizer: BTreeMap<String, (Factor, u64)>,
    all: Option<(Factor, u64)>,
}

impl OutputRatios {
    /// From logs, exports and rollups, or from a calibration.
    pub(crate) fn read(
        from: &[String],
        prices: &Prices,
        at: Timestamp,
        found: &mut Diagnostics,
        ui: &Ui,
    ) -> Result<Self, Failure> {
        let ratios = match from {
            [file] if file.ends_with(".toml") => Self::of_calibration(&calibration(file)?),
            _ => Self::of_usage(from, prices, at, found, ui)?,
        };
        if ratios.all.is_none() {
            let error =
                anyhow!("--output-from: no usage with input and output in {}", from.join(", "));
            return Err(Failure::with_hint(
                error,
                "`tokencast formats detect FILE` says what files are",
            ));
        }
        Ok(ratios)
    }

    fn of_calibration(calibration: &Calibration) -> Self {
        let mut ratios = Self::default();
        for of in calibration.outputs() {
            ratios.by_model.insert(of.model.clone(), (of.ratio, of.requests));
            // The model with the most requests stands for its tokenizer, and for all.
            let of_tokenizer = ratios.by_tokenizer.entry(of.tokenizer.clone());
            let known = of_tokenizer.or_insert((of.ratio, of.requests));
            if of.requests > known.1 {
                *known = (of.ratio, of.requests);
            }
            if ratios.all.is_none_or(|(_, requests)| of.requests > requests) {
                ratios.all = Some((of.ratio, of.requests));
            }
        }
        ratios
    }

    fn of_usage(
        from: &[String],
        prices: &Prices,
        at: Timestamp,
        found: &mut Diagnostics,
        ui: &Ui,
    ) -> Result<Self, Failure> {
        let args = InputArgs { inputs: from.to_vec(), ..InputArgs::default() };
        let asked = Asked { dimensions: &[], grain: GrainAsked::Usual, out: None };
        let usage = ingest::read_usage(&args, prices, asked, ui)?;
        found.merge(usage.found);
        let (mut models, mut tokenizers) = (BTreeMap::new(), BTreeMap::new());
        let mut all = Sums::default();
        for row in usage.rollup.rows() {
            let sku = &usage.rollup.profile(row).sku;
            let is_output = |c: Component| c.is_tokens() && c.side() == Side::Output;
            let output = row.components.iter().filter(|(c, _)| is_output(*c));
            let sums = Sums {
                requests: row.requests,
                input: row.components.prompt_tokens(),
                output: output.fold(0, |sum, (_, n)| sum.saturating_add(n)),
            };
            if sums.input == 0 {
                continue;
            }
            let entry = prices.book.find_model(&sku.provider, &sku.model, at);
            let name = entry.map_or_else(|| format!("{}/{}", sku.provider, sku.model), name_of);
            let of_model: &mut Sums = models.entry(name).or_default();
            of_model.add(sums);
            if let Some(tokenizer) = entry.and_then(|entry| entry.tokenizer.as_deref()) {
                let of_tokenizer: &mut Sums = tokenizers.entry(tokenizer.to_owned()).or_default();
                of_tokenizer.add(sums);
            }
            all.add(sums);
        }
        let ratio = |sums: Sums| Some((ratio_of(sums.output, sums.input)?, sums.requests));
        let each = |sums: BTreeMap<String, Sums>| {
            sums.into_iter().filter_map(|(name, sums)| Some((name, ratio(sums)?))).collect()
        };
        Ok(Self { by_model: each(models), by_tokenizer: each(tokenizers), all: ratio(all) })
    }

    /// What a model has: by its own usage, else by that of models with its tokenizer, else by all.
    pub(crate) fn give(
        &self,
        model: &mut CountedModel,
        prices: &Prices,
        at: Timestamp,
        found: &mut Diagnostics,
    ) {
        let sku = &model.sku;
        let entry = prices.book.find_model(&sku.provider, &sku.model, at);
        let own = entry.and_then(|entry| self.by_model.get(&name_of(entry)));
        let tokenizer =
            entry.and_then(|entry| entry.tokenizer.as_deref()).filter(|t| !t.is_empty());
        let family = tokenizer.and_then(|name| Some((name, self.by_tokenizer.get(name)?)));
        let (ratio, requests, of) = match (own, family, &self.all) {
            (Some((ratio, requests)), _, _) => (*ratio, *requests, String::new()),
            (None, Some((name, (ratio, requests))), _) => {
                (*ratio, *requests, format!(" of models with tokenizer {name}"))
            }
            (None, None, Some((ratio, requests))) => {
                (*ratio, *requests, " of other models".to_owned())
            }
            (None, None, None) => return,
        };
        if own.is_none() {
            let message = format!(
                "output of {} is expected by usage{of}: it has none of its own",
                model.name
            );
            found.add(code::OUTPUT_RATIO_BORROWED, message, None);
        }
        let why = format!("{ratio} for one of input, by {}{of}", counted(requests, "request"));
        model.output = Some(ExpectedOutput { ratio, why });
    }
}

/// Reads a calibration.
pub(crate) fn calibration(file: &str) -> Result<Calibration, Failure> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("failed to read calibration `{file}`"))?;
    Calibration::read(file, &text).map_err(|errors| {
        let error = anyhow!("{errors}").context("the calibration has errors");
        Failure::with_hint(error, "`tokencast calibrate LOGS --out FILE` makes a new one")
    })
}
