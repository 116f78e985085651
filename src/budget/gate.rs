//! The gate: every budget judged, and what follows from the verdicts.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use thiserror::Error;

use super::evidence::{Evidence, Ground};
use super::scope::BudgetScope;
use super::verdict::{Judged, Verdict, judge as judge_one};
use super::{Action, Doubt, Rule};
use crate::diagnostic::{Diagnostics, code};
use crate::money::{Currency, MoneyError};
use crate::projection::{Horizon, ProjectionError};
use crate::rating::RatingError;

/// Why budgets cannot be judged.
#[derive(Debug, Error)]
pub enum GateError {
    /// A forecast is impossible.
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    /// Rating failed.
    #[error(transparent)]
    Rating(#[from] RatingError),
    /// A sum does not fit.
    #[error("judge budgets")]
    Money(#[from] MoneyError),
    /// Budgets in another currency than the forecast, one a line.
    #[error("{}", .0.join("\n"))]
    Currency(Vec<String>),
    /// Daily costs have no other dimension than `id`.
    #[error("daily costs cannot tell what is `{0}`: their only dimension is `id`")]
    ScopeOfCosts(BudgetScope),
}

/// How to judge.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How far to look. The current period of a budget is looked at to its end in any case.
    pub horizon: Horizon,
    /// The history holds all usage: nothing was spent before its first day.
    pub complete_history: bool,
}

/// Every verdict.
#[derive(Debug)]
pub struct Outcome {
    /// All usage to the horizon.
    pub overall: Evidence,
    /// In the order of the budgets and their periods.
    pub judged: Vec<Judged>,
    /// Budgets whose scope holds no usage.
    pub diagnostics: Diagnostics,
}

/// Judges budgets. Each is judged by a forecast of its own scope to its own horizon, with the same
/// seed, so no verdict depends on what other budgets there are.
///
/// # Errors
/// [`GateError`]; too little usage is none, it leaves budgets undecided.
pub fn judge(
    rules: &[Rule],
    ground: &dyn Ground,
    settings: Settings,
) -> Result<Outcome, GateError> {
    let overall = ground.evidence(&BudgetScope::default(), settings.horizon)?;
    check_currencies(rules, overall.currency)?;
    let horizon_end = overall.origin.map(|origin| settings.horizon.end(origin));
    let mut cases: BTreeMap<(BudgetScope, Option<NaiveDate>), Vec<usize>> = BTreeMap::new();
    for (number, rule) in rules.iter().enumerate() {
        let end = end_of(rule, overall.origin, settings.horizon);
        cases.entry((rule.scope.clone(), end)).or_default().push(number);
    }
    let mut judged = Vec::new();
    for ((scope, end), numbers) in &cases {
        let own;
        let evidence = if scope.is_all() && *end == horizon_end {
            &overall
        } else {
            own = ground.evidence(scope, through(*end, settings.horizon))?;
            &own
        };
        for number in numbers {
            let complete = settings.complete_history;
            judged.extend(judge_one(*number, &rules[*number], evidence, complete)?);
        }
    }
    // The periods of a budget are in order, so a stable sort puts all in order.
    judged.sort_by_key(|one: &Judged| one.rule);
    let diagnostics = idle(rules, &judged);
    Ok(Outcome { overall, judged, diagnostics })
}

/// The day after the last that a budget is judged to: its current period counts to its end.
fn end_of(rule: &Rule, origin: Option<NaiveDate>, horizon: Horizon) -> Option<NaiveDate> {
    let around = origin.and_then(|origin| rule.per.around(origin));
    origin.map(|origin| horizon.end(origin)).max(around.map(|(_, end)| end))
}

fn through(end: Option<NaiveDate>, horizon: Horizon) -> Horizon {
    end.and_then(|end| end.pred_opt()).map_or(horizon, Horizon::Through)
}

/// The horizon of the forecast that a budget is judged by, of its own scope; `None`: the forecast of
/// all usage that `overall` holds.
#[must_use]
pub fn own_horizon(rule: &Rule, overall: &Evidence, settings: Settings) -> Option<Horizon> {
    let end = end_of(rule, overall.origin, settings.horizon);
    let is_overall =
        rule.scope.is_all() && end == overall.origin.map(|origin| settings.horizon.end(origin));
    (!is_overall).then(|| through(end, settings.horizon))
}

fn check_currencies(rules: &[Rule], currency: Currency) -> Result<(), GateError> {
    let wrong = rules.iter().filter_map(|rule| {
        let other = rule.currency.filter(|c| *c != currency)?;
        let place = rule.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
        Some(format!(
            "{place}budget `{}` of {} {other} cannot be compared with a forecast in {currency}",
            rule.id, rule.amount
        ))
    });
    let wrong: Vec<String> = wrong.collect();
    if wrong.is_empty() { Ok(()) } else { Err(GateError::Currency(wrong)) }
}

fn idle(rules: &[Rule], judged: &[Judged]) -> Diagnostics {
    let mut found = Diagnostics::default();
    for one in judged.iter().filter(|one| one.doubts.contains(&Doubt::IdleScope)) {
        let rule = &rules[one.rule];
        let message = format!("budget `{}` judges nothing: no usage of `{}`", rule.id, rule.scope);
        found.add(code::IDLE_BUDGET, message, rule.place.as_ref().map(|p| p.location()));
    }
    found
}

/// What follows from all verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Every budget that may fail the gate is within.
    Passed,
    /// One that may fail it is not.
    Violated,
    /// One that may fail it is undecided, and none is broken.
    Undecided,
}

impl Gate {
    /// The word in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Violated => "violated",
            Self::Undecided => "undecided",
        }
    }
}

impl Outcome {
    /// What follows: budgets that only warn count for nothing.
    #[must_use]
    pub fn gate(&self, rules: &[Rule]) -> Gate {
        let counting = self.judged.iter().filter(|one| rules[one.rule].action == Action::Fail);
        match counting.map(|one| one.verdict).max() {
            Some(verdict) if verdict.is_broken() => Gate::Violated,
            Some(Verdict::Undecided) => Gate::Undecided,
            _ => Gate::Passed,
        }
    }
}
