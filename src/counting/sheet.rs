//! Counts of a corpus, by file and model.

use std::collections::{BTreeMap, BTreeSet};

use super::method::CountedModel;
use super::output::{OutputBasis, OutputRule};
use super::prompts::PromptCounter;
use super::sums::{ByBand, Figures, SheetSums, figures};
use crate::tokenizer::LongSpace;

/// The counts.
#[derive(Debug)]
pub struct Sheet {
    models: Vec<CountedModel>,
    edges: Vec<u64>,
    rule: OutputRule,
    sums: SheetSums,
}

impl Sheet {
    /// Nothing counted. `edges` are the sizes of prompts at which prices change.
    #[must_use]
    pub fn new(models: Vec<CountedModel>, files: usize, rule: OutputRule, edges: Vec<u64>) -> Self {
        let sums = SheetSums::new(files, models.len());
        Self { models, edges, rule, sums }
    }

    /// Counts for one thread. What it counted is put into the sheet with [`Self::merge`].
    #[must_use]
    pub fn counter(&self) -> PromptCounter {
        let sums = SheetSums::new(self.sums.files.len(), self.models.len());
        PromptCounter::new(self.models.clone(), self.edges.clone(), self.rule, sums)
    }

    /// Adds what a thread counted; the order does not matter.
    pub fn merge(&mut self, counted: SheetSums) {
        self.sums.merge(counted);
    }

    /// The models, in the order asked for.
    #[must_use]
    pub fn models(&self) -> &[CountedModel] {
        &self.models
    }

    /// Prompts by where their output is from.
    #[must_use]
    pub const fn outputs(&self) -> &BTreeMap<OutputBasis, u64> {
        &self.sums.outputs
    }

    /// Parts that are in no count, by kind.
    #[must_use]
    pub const fn media(&self) -> &BTreeMap<&'static str, u64> {
        &self.sums.media
    }

    /// What is in the counts by formulas, and so not exact: sentences.
    #[must_use]
    pub const fn by_formula(&self) -> &BTreeSet<&'static str> {
        &self.sums.by_formula
    }

    /// A text that could not be counted.
    #[must_use]
    pub const fn failed(&self) -> Option<&LongSpace> {
        self.sums.failed.as_ref()
    }

    /// What a model has of one file.
    #[must_use]
    pub fn of_file(&self, file: usize, model: usize) -> Figures {
        figures(&self.models[model], &self.sums.files[file][model])
    }

    /// What a model has of all files.
    #[must_use]
    pub fn total(&self, model: usize) -> Figures {
        let mut all = ByBand::new();
        for (band, sums) in self.sums.files.iter().flat_map(|file| &file[model]) {
            all.entry(*band).or_default().add(sums);
        }
        figures(&self.models[model], &all)
    }
}
