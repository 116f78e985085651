//! The `check` report: budgets, what is expected of them, and the verdicts.

mod figures;
mod github;
mod junit;
mod page;
mod sarif;
mod tables;
mod text;

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use self::figures::{
    BaselineFigures, BudgetFigures, ChangeFigures, Days, ForecastFigures, GateFigures, shown,
};
use super::{InputFacts, Model, PriceBookFacts, Source, shown_findings};
use crate::budget::baseline::{Baseline, SCHEMA};
use crate::budget::{Evidence, Gate, Judged, Outcome, Rule, SHOWN, Verdict};
use crate::diagnostic::Diagnostic;
use crate::money::{Amount, MoneyError};

/// The whole report.
#[derive(Debug, Serialize)]
pub struct CheckReport {
    schema: &'static str,
    source: Source,
    currency: String,
    /// First day forecast; `null` without usage.
    origin: Option<NaiveDate>,
    gate: GateFigures,
    forecast: Option<ForecastFigures>,
    budgets: Vec<BudgetFigures>,
    baseline: Option<BaselineFigures>,
    model: Model,
    inputs: InputFacts,
    diagnostics: Vec<Diagnostic>,
    price_book: Option<PriceBookFacts>,
    #[serde(skip)]
    marker: String,
}

/// What a report is made of, beside the verdicts.
#[derive(Debug)]
pub struct CheckContext {
    /// What was read.
    pub inputs: InputFacts,
    /// Everything odd, with severities.
    pub diagnostics: Vec<Diagnostic>,
    /// The price books, where prices were needed.
    pub price_book: Option<PriceBookFacts>,
    /// What the forecast is made from.
    pub source: Source,
    /// Seed of the paths.
    pub seed: u64,
    /// Sample paths.
    pub paths: usize,
    /// Nothing makes the command fail.
    pub warn_only: bool,
    /// What the command returns.
    pub exit_code: u8,
    /// An earlier run, with the name of its file.
    pub baseline: Option<(String, Baseline)>,
    /// Hidden first line of Markdown, by which a comment is found again.
    pub marker: String,
}

impl CheckReport {
    /// From verdicts.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn new(
        rules: &[Rule],
        outcome: &Outcome,
        context: CheckContext,
    ) -> Result<Self, MoneyError> {
        let baseline = context.baseline.as_ref().map(|(_, baseline)| baseline);
        let budget = |judged: &Judged| {
            let rule = &rules[judged.rule];
            let period = judged.period.as_ref().map(|p| p.name.as_str());
            let median = judged.total.as_ref().and_then(|t| t.quantiles.get(1)).copied();
            let change = baseline.map(|b| b.budget(&rule.id, period, median)).transpose()?;
            Ok(BudgetFigures::new(rule, judged, change, context.warn_only))
        };
        let gate = outcome.gate(rules);
        Ok(Self {
            schema: SCHEMA,
            source: context.source,
            currency: outcome.overall.currency.to_string(),
            origin: outcome.overall.origin,
            gate: GateFigures {
                outcome: gate.name(),
                exit_code: context.exit_code,
                warn_only: context.warn_only,
                verdicts: worst_verdicts(&outcome.judged),
            },
            forecast: forecast(&outcome.overall, baseline)?,
            budgets: outcome.judged.iter().map(budget).collect::<Result<_, MoneyError>>()?,
            baseline: context
                .baseline
                .as_ref()
                .map(|(file, b)| BaselineFigures { file: file.clone(), origin: b.origin }),
            model: Model::new(context.seed, context.paths),
            inputs: context.inputs,
            diagnostics: shown_findings(context.diagnostics),
            price_book: context.price_book,
            marker: context.marker,
        })
    }

    /// What the gate says in one line, for standard error.
    #[must_use]
    pub fn verdict(&self) -> String {
        let mut counts: Vec<String> = Vec::new();
        for verdict in Verdict::ALL.iter().rev() {
            if let Some(count) = self.gate.verdicts.get(verdict.name()) {
                counts.push(format!("{count} {verdict}", verdict = verdict.name()));
            }
        }
        format!("{}: {}", self.gate.outcome, counts.join(", "))
    }

    /// True if the gate is open.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        self.gate.outcome == Gate::Passed.name()
    }
}

/// How many budgets have each verdict as the worst of their periods.
fn worst_verdicts(judged: &[Judged]) -> BTreeMap<&'static str, usize> {
    let mut worst: BTreeMap<usize, Verdict> = BTreeMap::new();
    for one in judged {
        let verdict = worst.entry(one.rule).or_insert(one.verdict);
        *verdict = one.verdict.max(*verdict);
    }
    let mut counts = BTreeMap::new();
    for verdict in worst.values() {
        *counts.entry(verdict.name()).or_default() += 1;
    }
    counts
}

/// All usage from the first of the month to the end of the horizon, so that a later run of the same
/// month is about the same days.
fn forecast(
    overall: &Evidence,
    baseline: Option<&Baseline>,
) -> Result<Option<ForecastFigures>, MoneyError> {
    let Ok(projection) = &overall.projection else { return Ok(None) };
    let start = projection.origin.with_day0(0).unwrap_or(projection.origin);
    let known = projection.actual.range(start..projection.origin).map(|(_, cost)| *cost);
    let actual = Amount::checked_sum(known)?;
    let paths = &projection.total;
    let found = paths.distribution(0, paths.days(), actual, &SHOWN)?;
    let median = found.quantiles.get(1).copied().unwrap_or_default();
    let days = Days { start, end: projection.end };
    let change = baseline.map(|b| b.forecast((days.start, days.end), median)).transpose()?;
    let change = change.map(ChangeFigures::from);
    Ok(Some(ForecastFigures { days, actual, spread: shown(found), change }))
}
