//! The verdict on a budget in one of its periods.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{Doubt, Evidence, Rule};
use crate::money::{Amount, MoneyError};
use crate::projection::{BasisPoints, Budget, BudgetOutlook, Crossing, Distribution, Projection};

/// Ends of the 80 % interval, and the median between them.
pub const SHOWN: [BasisPoints; 3] = [1_000, 5_000, 9_000];

/// What is to be thought of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It is over no more often than allowed.
    Within,
    /// There is too little to judge by.
    Undecided,
    /// It is over more often than allowed, or too few paths tell that it is not.
    AtRisk,
    /// What is known is above it already.
    Exceeded,
}

impl Verdict {
    /// Every verdict, the best first.
    pub const ALL: [Self; 4] = [Self::Within, Self::Undecided, Self::AtRisk, Self::Exceeded];

    /// The word in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::Undecided => "undecided",
            Self::AtRisk => "at-risk",
            Self::Exceeded => "exceeded",
        }
    }

    /// True if the budget is broken or likely to break.
    #[must_use]
    pub const fn is_broken(self) -> bool {
        matches!(self, Self::AtRisk | Self::Exceeded)
    }
}

/// The period of a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedPeriod {
    /// `2026-11`, `2026-Q4`, `2026`, or the first and last day.
    pub name: String,
    /// First day.
    pub start: NaiveDate,
    /// The day after the last.
    pub end: NaiveDate,
}

/// How likely a budget goes over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Over {
    /// The share of paths.
    pub probability: f64,
    /// Its standard error by the number of paths.
    pub standard_error: f64,
    /// The upper end of its 95 % interval by the number of paths.
    pub upper_bound: f64,
}

/// A budget in one of its periods, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Number of the budget.
    pub rule: usize,
    /// The period; `None` where no usage tells which.
    pub period: Option<JudgedPeriod>,
    /// The verdict.
    pub verdict: Verdict,
    /// The share itself is allowed, and too few paths tell that it is.
    pub is_close: bool,
    /// Why it may be worse than the figures say.
    pub doubts: Vec<Doubt>,
    /// Known spend of the days before the origin.
    pub actual: Option<Amount>,
    /// Known plus forecast: mean, and quantiles at [`SHOWN`].
    pub total: Option<Distribution>,
    /// How likely it is over.
    pub over: Option<Over>,
    /// The known day on which it was used up, if it is exceeded.
    pub used_up_on: Option<NaiveDate>,
    /// Of the paths that go over, half have by this day.
    pub breaks_on: Option<NaiveDate>,
    /// Of the paths that go over, a tenth have by this day.
    pub breaks_from: Option<NaiveDate>,
    /// The budget less the median; below zero if that is above it.
    pub headroom: Option<Amount>,
}

/// Judges a budget in the current period and in later ones that the forecast reaches the end of.
pub(super) fn judge(
    number: usize,
    rule: &Rule,
    evidence: &Evidence,
    complete_history: bool,
) -> Result<Vec<Judged>, MoneyError> {
    let projection = match &evidence.projection {
        Ok(projection) => projection,
        Err(doubt) => return Ok(vec![without_forecast(number, rule, evidence, *doubt)?]),
    };
    let outlooks = projection.outlook(Budget { amount: rule.amount, per: rule.per })?;
    let reached = outlooks.into_iter().filter(|outlook| outlook.span.end <= projection.end);
    let case = Case { number, rule, evidence, projection, complete_history };
    reached.map(|outlook| case.judge(&outlook)).collect()
}

struct Case<'a> {
    number: usize,
    rule: &'a Rule,
    evidence: &'a Evidence,
    projection: &'a Projection,
    complete_history: bool,
}

impl Case<'_> {
    fn judge(&self, outlook: &BudgetOutlook) -> Result<Judged, MoneyError> {
        let (span, crossing, amount) = (&outlook.span, &outlook.crossing, self.rule.amount);
        // The day that is not over counts, too: what is known of it is spent.
        let used_up_on = used_up(&self.evidence.known, amount, (span.start, span.end))?;
        let total =
            self.projection.total.distribution(span.from, span.until, span.actual, &SHOWN)?;
        let over = Over {
            probability: crossing.probability(),
            standard_error: crossing.standard_error(),
            upper_bound: crossing.upper_bound(),
        };
        let doubts = self.doubts(span.start, span.end);
        let allowed = f64::from(self.rule.allowed) / 10_000.0;
        // That no path goes over is as much as paths can say, whatever their number.
        let never = matches!(crossing, Crossing::Open { days, .. } if days.is_empty());
        let holds = never || over.upper_bound <= allowed;
        let verdict = match (used_up_on, holds) {
            (Some(_), _) => Verdict::Exceeded,
            (None, false) => Verdict::AtRisk,
            (None, true) if doubts.is_empty() => Verdict::Within,
            (None, true) => Verdict::Undecided,
        };
        let median = total.quantiles.get(1).copied().unwrap_or_default();
        Ok(Judged {
            rule: self.number,
            period: Some(JudgedPeriod { name: span.to_string(), start: span.start, end: span.end }),
            verdict,
            is_close: verdict == Verdict::AtRisk && over.probability <= allowed,
            doubts,
            actual: Some(span.actual),
            total: Some(total),
            over: Some(over),
            used_up_on,
            breaks_on: crossing.breaks_by(5_000),
            breaks_from: crossing.breaks_by(1_000),
            headroom: Some(amount.checked_sub(median)?),
        })
    }

    /// What is not known of a period.
    fn doubts(&self, start: NaiveDate, end: NaiveDate) -> Vec<Doubt> {
        let mut doubts = self.evidence.doubts.clone();
        let first = self.projection.history_start;
        if start < first && !self.complete_history {
            doubts.push(Doubt::HistoryStartsLater { first });
        }
        let days = self.projection.unknown_days.range(start..end).count();
        if days > 0 {
            doubts.push(Doubt::UnknownDays { days });
        }
        doubts
    }
}

/// The known day on which spend came to an amount, if it went above it.
fn used_up(
    known: &BTreeMap<NaiveDate, Amount>,
    amount: Amount,
    (start, end): (NaiveDate, NaiveDate),
) -> Result<Option<NaiveDate>, MoneyError> {
    let (mut sum, mut reached) = (Amount::ZERO, None);
    for (day, cost) in known.range(start..end) {
        sum = sum.checked_add(*cost)?;
        if reached.is_none() && sum >= amount {
            reached = Some(*day);
        }
    }
    Ok(reached.filter(|_| sum > amount))
}

/// What is known may be too much already; nothing else can be said.
fn without_forecast(
    number: usize,
    rule: &Rule,
    evidence: &Evidence,
    doubt: Doubt,
) -> Result<Judged, MoneyError> {
    let around = evidence.origin.and_then(|origin| rule.per.around(origin));
    let used_up_on = match around {
        Some(days) => used_up(&evidence.known, rule.amount, days)?,
        None => None,
    };
    let before = |(start, _)| {
        let days = evidence.known.range(start..evidence.origin.unwrap_or(start));
        Amount::checked_sum(days.map(|(_, cost)| *cost))
    };
    let mut doubts = vec![doubt];
    doubts.extend(&evidence.doubts);
    Ok(Judged {
        rule: number,
        period: around.map(|(start, end)| JudgedPeriod {
            name: rule.per.period_name(start, end),
            start,
            end,
        }),
        verdict: if used_up_on.is_some() { Verdict::Exceeded } else { Verdict::Undecided },
        is_close: false,
        doubts,
        actual: around.map(before).transpose()?,
        total: None,
        over: None,
        used_up_on,
        breaks_on: used_up_on,
        breaks_from: used_up_on,
        headroom: None,
    })
}
