//! The report of `compare`: scenarios side by side.

mod assumed;
mod csv;
mod figures;
mod page;
mod tables;
mod text;

use chrono::NaiveDate;
use serde::Serialize;

use self::figures::ScenarioFigures;
pub(super) use self::figures::{Horizon, Model, places};
pub(super) use self::tables::{percent, quantile};
use super::{InputFacts, PriceBookFacts, shown_findings};
use crate::diagnostic::Diagnostic;
use crate::money::Currency;
use crate::scenario::{Assumed, Outcome};

/// The name of the JSON form.
pub const SCHEMA: &str = "tokencast.compare.v1";

/// What a report is made of, beside the outcome.
#[derive(Debug)]
pub struct CompareContext {
    /// Currency of every amount.
    pub currency: Currency,
    /// First day forecast.
    pub origin: NaiveDate,
    /// The day after the last one.
    pub end: NaiveDate,
    /// The level that was forecast.
    pub level: String,
    /// Sample paths.
    pub paths: usize,
    /// Seed of the paths.
    pub seed: u64,
    /// What was read.
    pub inputs: InputFacts,
    /// Everything odd, with severities.
    pub diagnostics: Vec<Diagnostic>,
    /// The price books.
    pub price_book: PriceBookFacts,
}

/// The whole report.
#[derive(Debug, Serialize)]
pub struct CompareReport {
    schema: &'static str,
    currency: String,
    /// The cost that decides what is cheaper.
    basis: &'static str,
    horizon: Horizon,
    base: String,
    scenarios: Vec<ScenarioFigures>,
    model: Model,
    inputs: InputFacts,
    diagnostics: Vec<Diagnostic>,
    price_book: PriceBookFacts,
    #[serde(skip)]
    unit: Currency,
}

impl CompareReport {
    /// From a comparison, and what each scenario assumes.
    #[must_use]
    pub fn new(outcome: &Outcome, assumed: Vec<Assumed>, context: CompareContext) -> Self {
        let scenarios = outcome.scenarios.iter().zip(assumed);
        Self {
            schema: SCHEMA,
            currency: context.currency.to_string(),
            basis: outcome.basis.name(),
            horizon: Horizon { start: context.origin, end: context.end },
            base: outcome.scenarios[outcome.base].name.clone(),
            scenarios: scenarios.map(|(s, own)| ScenarioFigures::new(s, own)).collect(),
            model: Model::new(context.level, context.seed, context.paths),
            inputs: context.inputs,
            diagnostics: shown_findings(context.diagnostics),
            price_book: context.price_book,
            unit: context.currency,
        }
    }
}
