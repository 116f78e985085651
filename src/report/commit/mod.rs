//! The report of `commit`: the best size, what others would cost, and the whole curve.

mod figures;
mod page;
mod tables;
mod text;

use chrono::NaiveDate;
use serde::Serialize;

use self::figures::{AlternativeFigures, Best, SizeFigures, StartFigures};
use super::{InputFacts, PriceBookFacts, shown_findings};
use crate::diagnostic::Diagnostic;
use crate::money::{Amount, Currency, Factor};
use crate::report::compare::{Horizon, Model};
use crate::scenario::Basis;
use crate::scenario::sizing::{Knob, Objective, Plan};

/// The name of the JSON form.
pub const SCHEMA: &str = "tokencast.commit.v1";

/// What a report is made of, beside the plan.
#[derive(Debug)]
pub struct CommitContext {
    /// Currency of costs.
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
    /// The cost that is meant.
    pub basis: Basis,
    /// What was to be small.
    pub objective: Objective,
    /// What is nearly as good, as a share of the best.
    pub near: Factor,
    /// Days looked back on.
    pub look_back_days: u32,
    /// Usage without a price by token.
    pub unpriced: Vec<String>,
    /// What was read.
    pub inputs: InputFacts,
    /// Everything odd, with severities.
    pub diagnostics: Vec<Diagnostic>,
    /// The price books.
    pub price_book: PriceBookFacts,
}

/// The whole report.
#[derive(Debug, Serialize)]
pub struct CommitReport {
    schema: &'static str,
    currency: String,
    /// The cost that is meant.
    basis: &'static str,
    /// What was to be small.
    objective: String,
    horizon: Horizon,
    best: Best,
    sizes: Vec<SizeFigures>,
    alternatives: Vec<AlternativeFigures>,
    /// Searches for several sizes, the best first.
    searches: Vec<StartFigures>,
    /// What is nearly as good, as a share.
    near: Amount,
    look_back_days: u32,
    unpriced: Vec<String>,
    model: Model,
    inputs: InputFacts,
    diagnostics: Vec<Diagnostic>,
    price_book: PriceBookFacts,
    #[serde(skip)]
    unit: Currency,
}

impl CommitReport {
    /// From a plan.
    #[must_use]
    pub fn new(knobs: &[Knob], plan: &Plan, context: CommitContext) -> Self {
        let sizes = knobs.iter().zip(&plan.sizes);
        let whole = Amount::from_units(1);
        Self {
            schema: SCHEMA,
            currency: context.currency.to_string(),
            basis: context.basis.name(),
            objective: context.objective.to_string(),
            horizon: Horizon { start: context.origin, end: context.end },
            best: Best::new(plan),
            sizes: sizes.map(|(knob, plan)| SizeFigures::new(knob, plan)).collect(),
            alternatives: AlternativeFigures::all(plan),
            searches: plan.starts.iter().map(StartFigures::new).collect(),
            near: whole.checked_mul_rounded(context.near).unwrap_or_default(),
            look_back_days: context.look_back_days,
            unpriced: context.unpriced,
            model: Model::new(context.level, context.seed, context.paths),
            inputs: context.inputs,
            diagnostics: shown_findings(context.diagnostics),
            price_book: context.price_book,
            unit: context.currency,
        }
    }
}
