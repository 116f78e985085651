//! The figures of a forecast report in their JSON form.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Serialize, Serializer};

use crate::money::Amount;
use crate::projection::{
    BasisPoints, BudgetOutlook, Crossing, Distribution, RunRate, Span, SpanKind,
};
use crate::report::backtest::LevelFigures;

/// First day and the day after the last one.
#[derive(Debug, Serialize)]
pub(super) struct Horizon {
    pub(super) start: NaiveDate,
    pub(super) end: NaiveDate,
}

#[derive(Debug, Serialize)]
pub(super) struct History {
    pub(super) start: NaiveDate,
    pub(super) end: NaiveDate,
    pub(super) actual: Amount,
    pub(super) unknown_days: usize,
}

/// Mean and quantiles of a sum.
#[derive(Debug, Clone, Serialize)]
pub(in crate::report) struct Spread {
    pub(in crate::report) mean: Amount,
    pub(in crate::report) quantiles: BTreeMap<String, Amount>,
}

impl Spread {
    pub(in crate::report) fn new(found: Distribution, probabilities: &[BasisPoints]) -> Self {
        let names = probabilities.iter().map(|p| probability(*p));
        Self { mean: found.mean, quantiles: names.zip(found.quantiles).collect() }
    }
}

/// The name of a calendar period, under the name of its kind.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PeriodName {
    Month(String),
    Quarter(String),
    Year(String),
}

impl PeriodName {
    /// `None` for a period that is not one of the calendar.
    pub(super) fn of(span: &Span) -> Option<Self> {
        let name = span.to_string();
        match span.kind {
            SpanKind::Month => Some(Self::Month(name)),
            SpanKind::Quarter => Some(Self::Quarter(name)),
            SpanKind::Year => Some(Self::Year(name)),
            SpanKind::Horizon => None,
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Month(_) => "month",
            Self::Quarter(_) => "quarter",
            Self::Year(_) => "year",
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::Month(name) | Self::Quarter(name) | Self::Year(name) => name,
        }
    }
}

/// What is known and what is expected of a calendar period.
#[derive(Debug, Serialize)]
pub(super) struct PeriodFigures {
    #[serde(flatten)]
    pub(super) name: PeriodName,
    pub(super) complete: bool,
    pub(super) actual: Amount,
    #[serde(flatten)]
    pub(super) spread: Spread,
    /// The horizon reaches its end.
    #[serde(skip)]
    pub(super) reached: bool,
}

/// The first month if spend goes straight on, to its end or that of the horizon.
#[derive(Debug, Serialize)]
pub(super) struct RunRates {
    /// The day after the last counted.
    pub(super) until: NaiveDate,
    pub(super) recent: Option<Rate>,
    pub(super) month_to_date: Option<Rate>,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Rate {
    pub(super) days: usize,
    pub(super) projected: Amount,
}

impl From<RunRate> for Rate {
    fn from(rate: RunRate) -> Self {
        Self { days: rate.days, projected: rate.projected }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct DayFigures {
    pub(super) day: NaiveDate,
    #[serde(flatten)]
    pub(super) spread: Spread,
}

#[derive(Debug, Serialize)]
pub(super) struct GroupFigures {
    pub(super) key: BTreeMap<String, String>,
    #[serde(flatten)]
    pub(super) spread: Spread,
    #[serde(skip)]
    pub(super) cells: Vec<String>,
}

/// A budget in one of its periods.
#[derive(Debug, Serialize)]
pub(super) struct BudgetFigures {
    pub(super) amount: Amount,
    pub(super) per: &'static str,
    pub(super) period: String,
    pub(super) start: NaiveDate,
    /// The day after the last.
    pub(super) end: NaiveDate,
    pub(super) complete: bool,
    pub(super) actual: Amount,
    #[serde(flatten)]
    pub(super) spread: Spread,
    pub(super) over: Chance,
    /// Set if what is known is over already.
    pub(super) used_up_on: Option<NaiveDate>,
    /// By probability; no day where fewer paths go over.
    pub(super) used_up_by: BTreeMap<String, Option<NaiveDate>>,
}

/// A share of the paths.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Chance {
    #[serde(serialize_with = "four_places")]
    pub(super) probability: f64,
    #[serde(serialize_with = "four_places")]
    pub(super) standard_error: f64,
}

/// More places of a share of some thousand paths mean nothing.
pub(in crate::report) fn four_places<S: Serializer>(value: &f64, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_f64((value * 10_000.0).round() / 10_000.0)
}

impl BudgetFigures {
    pub(super) fn new(
        found: &BudgetOutlook,
        spread: Spread,
        probabilities: &[BasisPoints],
    ) -> Self {
        let by = |p: &BasisPoints| (probability(*p), found.crossing.used_up_by(*p));
        Self {
            amount: found.budget.amount,
            per: found.budget.per.name(),
            period: found.span.to_string(),
            start: found.span.start,
            end: found.span.end,
            complete: found.span.complete,
            actual: found.span.actual,
            spread,
            over: Chance {
                probability: found.crossing.probability(),
                standard_error: found.crossing.standard_error(),
            },
            used_up_on: match found.crossing {
                Crossing::Past(day) => Some(day),
                Crossing::Open { .. } => None,
            },
            used_up_by: probabilities.iter().map(by).collect(),
        }
    }
}

/// Mean units over the horizon for which no price is known.
#[derive(Debug, Serialize)]
pub(super) struct Unpriced {
    pub(super) units: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Model {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) seed: u64,
    pub(super) paths: usize,
    /// What was forecast as one series, and the levels it was chosen among.
    pub(super) level: &'static str,
    pub(super) levels: Vec<LevelFigures>,
    pub(super) leaves: usize,
    pub(super) methods: BTreeMap<&'static str, usize>,
}

/// A probability as decimal text without trailing zeros: 250 is `0.025`.
pub(in crate::report) fn probability(points: BasisPoints) -> String {
    let text = format!("{}.{:04}", points / 10_000, points % 10_000);
    let trimmed = text.trim_end_matches('0');
    trimmed.strip_suffix('.').unwrap_or(trimmed).to_owned()
}

/// Both ends of an interval of this level.
pub(super) fn ends(level: BasisPoints) -> [BasisPoints; 2] {
    [(10_000 - level) / 2, 10_000 - (10_000 - level) / 2]
}

/// The median and both ends of each interval, sorted.
pub(super) fn probabilities(levels: &[BasisPoints]) -> Vec<BasisPoints> {
    let mut all: Vec<BasisPoints> =
        levels.iter().flat_map(|level| ends(*level)).chain([5_000]).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_have_plain_names() {
        assert_eq!(probabilities(&[8_000, 9_500]), [250, 1_000, 5_000, 9_000, 9_750]);
        assert_eq!([250, 1_000, 5_000, 9_750].map(probability), ["0.025", "0.1", "0.5", "0.975"]);
    }
}
