//! The tokens of both sides, and of what only one of them has.

use anyhow::anyhow;

use crate::cli::count;
use crate::cli::error::Failure;
use crate::cli::ui::Ui;
use crate::corpus::CorpusReport;
use crate::counting::{CountedModel, Figures, OutputRule, Sheet};
use crate::diagnostic::{Diagnostics, code};
use crate::prompt_diff::{Pair, PromptFile, rest};
use crate::source::Input;

/// How files are counted.
pub(super) struct Counting<'a> {
    pub(super) models: &'a [CountedModel],
    pub(super) rule: OutputRule,
    pub(super) edges: Vec<u64>,
    pub(super) ui: &'a Ui,
}

/// Files of one kind, counted.
struct Counted {
    sheet: Sheet,
    read: CorpusReport,
    /// Which file of the sheet a pair has.
    numbers: Vec<Option<usize>>,
}

/// All counts.
pub(super) struct Counts {
    before: Counted,
    after: Counted,
    only_before: Counted,
    only_after: Counted,
}

/// What a model has of a pair.
pub(super) struct PairFigures {
    pub(super) before: Option<Figures>,
    pub(super) after: Option<Figures>,
    /// Of what only this side has.
    pub(super) only_before: Figures,
    pub(super) only_after: Figures,
}

impl Counting<'_> {
    /// Counts all pairs. What both sides have is counted once.
    pub(super) fn run(&self, pairs: &[Pair]) -> Result<Counts, Failure> {
        let is_estimated = self.models.iter().any(|model| model.method.estimate().is_some());
        let only = |own: Option<&PromptFile>, other: Option<&PromptFile>, pair: &Pair| match (
            own, other,
        ) {
            _ if pair.is_same() || !is_estimated => None,
            (Some(own), Some(other)) => Some(rest(own, other)),
            (own, _) => own.cloned(),
        };
        let of = |pair: &Pair| (pair.before.clone(), pair.after.clone());
        Ok(Counts {
            before: self.count(pairs.iter().map(|pair| of(pair).0.filter(|_| !pair.is_same())))?,
            after: self.count(pairs.iter().map(|pair| of(pair).1))?,
            only_before: self.count(
                pairs.iter().map(|pair| only(pair.before.as_ref(), pair.after.as_ref(), pair)),
            )?,
            only_after: self.count(
                pairs.iter().map(|pair| only(pair.after.as_ref(), pair.before.as_ref(), pair)),
            )?,
        })
    }

    fn count(&self, files: impl Iterator<Item = Option<PromptFile>>) -> Result<Counted, Failure> {
        let (mut inputs, mut numbers) = (Vec::new(), Vec::new());
        for file in files {
            let number = file.map(|file| {
                inputs.push(Input::Bytes { name: file.name, bytes: file.bytes });
                inputs.len() - 1
            });
            numbers.push(number);
        }
        let mut sheet =
            Sheet::new(self.models.to_vec(), inputs.len(), self.rule, self.edges.clone());
        let read = count::read(&inputs, &mut sheet, 0, self.ui)?;
        match sheet.failed() {
            Some(failed) => Err(anyhow!("{failed}").into()),
            None => Ok(Counted { sheet, read, numbers }),
        }
    }
}

impl Counted {
    fn of(&self, pair: usize, model: usize) -> Option<Figures> {
        self.numbers[pair].map(|file| self.sheet.of_file(file, model))
    }
}

impl Counts {
    /// What a model has of a pair.
    pub(super) fn of(&self, pair: (usize, &Pair), model: usize) -> PairFigures {
        let (number, pair) = pair;
        let after = self.after.of(number, model);
        let before = match &pair.before {
            Some(_) if pair.is_same() => after.clone(),
            _ => self.before.of(number, model),
        };
        PairFigures {
            before,
            after,
            only_before: self.only_before.of(number, model).unwrap_or_default(),
            only_after: self.only_after.of(number, model).unwrap_or_default(),
        }
    }

    /// Prompts of both sides.
    pub(super) fn prompts(&self) -> u64 {
        self.before.read.prompts + self.after.read.prompts
    }

    /// What was odd on either side.
    pub(super) fn findings(&self, prices: &crate::cli::ingest::Prices) -> Diagnostics {
        let mut found = count::findings(&self.after.sheet, &self.after.read, prices);
        found.merge(self.before.read.diagnostics.clone());
        for (kind, count) in self.before.sheet.media() {
            let message = format!("parts of prompts that are in no count: {kind}");
            found.add_many(code::MEDIA_NOT_COUNTED, message, None, *count);
        }
        found
    }
}
