//! The figures of a check in their JSON form.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use crate::budget::baseline::{Change, Past};
use crate::budget::{Action, Judged, Over, Rule, SHOWN, Verdict};
use crate::diagnostic::Location;
use crate::money::Amount;
use crate::projection::{BasisPoints, Distribution};
use crate::report::forecast::figures::{Spread, four_places, probability};
use crate::report::format;

/// First day and the day after the last one.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Days {
    pub(super) start: NaiveDate,
    pub(super) end: NaiveDate,
}

/// What the whole run comes to.
#[derive(Debug, Serialize)]
pub(super) struct GateFigures {
    pub(super) outcome: &'static str,
    pub(super) exit_code: u8,
    pub(super) warn_only: bool,
    /// Budgets by their worst verdict.
    pub(super) verdicts: BTreeMap<&'static str, usize>,
}

/// All usage from the start of the current month to the end of the horizon.
#[derive(Debug, Serialize)]
pub(super) struct ForecastFigures {
    #[serde(flatten)]
    pub(super) days: Days,
    pub(super) actual: Amount,
    #[serde(flatten)]
    pub(super) spread: Spread,
    pub(super) change: Option<ChangeFigures>,
}

/// What an earlier run said.
#[derive(Debug, Serialize)]
pub(super) struct ChangeFigures {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) median: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) percent: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) amount: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) verdict: Option<String>,
}

impl From<Change> for ChangeFigures {
    fn from(change: Change) -> Self {
        let status = match &change {
            Change::New => "new",
            Change::NotComparable => "not-comparable",
            Change::Since(_) => "compared",
        };
        let none = Self {
            status,
            median: None,
            difference: None,
            percent: None,
            amount: None,
            verdict: None,
        };
        let Change::Since(past) = change else { return none };
        let Past { median, difference, percent, amount, verdict } = past;
        Self {
            median: Some(median),
            difference: Some(difference),
            percent,
            amount,
            verdict,
            ..none
        }
    }
}

impl ChangeFigures {
    /// `+12.3 %`, `new`, or that it cannot be told.
    pub(super) fn words(&self) -> String {
        match (self.percent, self.difference) {
            (Some(percent), _) => format::percent_change(percent),
            (None, Some(difference)) if difference.is_zero() => "+0.0 %".to_owned(),
            (None, Some(_)) => "from nothing".to_owned(),
            (None, None) if self.status == "new" => "new".to_owned(),
            (None, None) => "not comparable".to_owned(),
        }
    }
}

/// An earlier run.
#[derive(Debug, Serialize)]
pub(super) struct BaselineFigures {
    pub(super) file: String,
    pub(super) origin: Option<NaiveDate>,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct OverFigures {
    #[serde(serialize_with = "four_places")]
    pub(super) probability: f64,
    #[serde(serialize_with = "four_places")]
    pub(super) standard_error: f64,
    #[serde(serialize_with = "four_places")]
    upper_bound: f64,
}

impl From<Over> for OverFigures {
    fn from(over: Over) -> Self {
        let Over { probability, standard_error, upper_bound } = over;
        Self { probability, standard_error, upper_bound }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct DoubtFigures {
    pub(super) kind: &'static str,
    pub(super) message: String,
}

/// A budget in one of its periods.
#[derive(Debug, Serialize)]
pub(super) struct BudgetFigures {
    pub(super) id: String,
    pub(super) scope: BTreeMap<String, Vec<String>>,
    pub(super) per: &'static str,
    pub(super) amount: Amount,
    pub(super) allowed: String,
    pub(super) action: &'static str,
    pub(super) owner: Option<String>,
    pub(super) notes: Option<String>,
    pub(super) location: Option<Location>,
    pub(super) period: Option<String>,
    pub(super) start: Option<NaiveDate>,
    pub(super) end: Option<NaiveDate>,
    pub(super) verdict: &'static str,
    pub(super) close: bool,
    pub(super) doubts: Vec<DoubtFigures>,
    pub(super) actual: Option<Amount>,
    pub(super) mean: Option<Amount>,
    pub(super) quantiles: Option<BTreeMap<String, Amount>>,
    pub(super) headroom: Option<Amount>,
    pub(super) over: Option<OverFigures>,
    pub(super) used_up_on: Option<NaiveDate>,
    pub(super) breaks_from: Option<NaiveDate>,
    pub(super) breaks_on: Option<NaiveDate>,
    pub(super) change: Option<ChangeFigures>,
    #[serde(skip)]
    pub(super) scope_text: String,
    #[serde(skip)]
    pub(super) judged: Verdict,
    #[serde(skip)]
    pub(super) allowed_points: BasisPoints,
    /// What is broken or undecided here makes the command fail.
    #[serde(skip)]
    pub(super) may_fail: bool,
}

impl BudgetFigures {
    pub(super) fn new(
        rule: &Rule,
        judged: &Judged,
        change: Option<Change>,
        warn_only: bool,
    ) -> Self {
        let period = judged.period.as_ref();
        let spread = judged.total.clone().map(shown);
        let scope = rule.scope.conditions();
        Self {
            id: rule.id.clone(),
            scope: scope.map(|(name, values)| (name.to_string(), values.to_vec())).collect(),
            per: rule.per.name(),
            amount: rule.amount,
            allowed: probability(rule.allowed),
            action: rule.action.name(),
            owner: rule.owner.clone(),
            notes: rule.notes.clone(),
            location: rule.place.as_ref().map(|place| place.location()),
            period: period.map(|p| p.name.clone()),
            start: period.map(|p| p.start),
            end: period.map(|p| p.end),
            verdict: judged.verdict.name(),
            close: judged.is_close,
            doubts: judged
                .doubts
                .iter()
                .map(|doubt| DoubtFigures { kind: doubt.name(), message: doubt.to_string() })
                .collect(),
            actual: judged.actual,
            mean: spread.as_ref().map(|s| s.mean),
            quantiles: spread.map(|s| s.quantiles),
            headroom: judged.headroom,
            over: judged.over.map(Into::into),
            used_up_on: judged.used_up_on,
            breaks_from: judged.breaks_from,
            breaks_on: judged.breaks_on,
            change: change.map(Into::into),
            scope_text: rule.scope.to_string(),
            judged: judged.verdict,
            allowed_points: rule.allowed,
            may_fail: rule.action == Action::Fail && !warn_only,
        }
    }

    /// A quantile of the period, if it is forecast.
    pub(super) fn quantile(&self, name: &str) -> Option<Amount> {
        self.quantiles.as_ref()?.get(name).copied()
    }
}

/// A distribution at the probabilities that are shown.
pub(super) fn shown(found: Distribution) -> Spread {
    Spread::new(found, &SHOWN)
}
