//! Budgets: how likely a period goes over, and when the money is used up.

use chrono::{Days, NaiveDate};

use super::Projection;
use super::paths::{BasisPoints, CostPaths};
use super::spans::{Span, SpanKind};
use crate::money::{Amount, MoneyError};

/// An amount for each period of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// What may be spent.
    pub amount: Amount,
    /// In each of these.
    pub per: SpanKind,
}

/// What becomes of a budget in one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetOutlook {
    /// The budget.
    pub budget: Budget,
    /// The period.
    pub span: Span,
    /// When it is used up.
    pub crossing: Crossing,
}

/// When a budget is used up, on the paths that end above it: a path that only reaches it stays
/// within.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Crossing {
    /// What is known is more than the budget; it was used up on this day.
    Past(NaiveDate),
    /// To be seen.
    Open {
        /// The day on each path that goes over, sorted.
        days: Vec<NaiveDate>,
        /// All paths.
        paths: usize,
    },
}

impl Crossing {
    /// The share of paths that go over, between 0 and 1.
    #[must_use]
    pub fn probability(&self) -> f64 {
        match self {
            Self::Past(_) => 1.0,
            Self::Open { days, paths } => ratio(days.len(), *paths),
        }
    }

    /// Standard error of that share by the number of paths. Two paths of either kind are added, so
    /// that no finite number of paths makes a certainty.
    /// Source: Agresti and Coull 1998, "Approximate is better than exact for interval estimation
    /// of binomial proportions".
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        match self {
            Self::Past(_) => 0.0,
            Self::Open { days, paths } => {
                let share = ratio(days.len() + 2, paths + 4);
                (share * (1.0 - share) * ratio(1, paths + 4)).sqrt()
            }
        }
    }

    /// Upper end of the 95 % interval of that share by the number of paths, at most 1. Source: as for
    /// [`Self::standard_error`].
    #[must_use]
    pub fn upper_bound(&self) -> f64 {
        match self {
            Self::Past(_) => 1.0,
            Self::Open { days, paths } => {
                let centre = ratio(days.len() + 2, paths + 4);
                (centre + 1.96 * self.standard_error()).min(1.0)
            }
        }
    }

    /// The first day by which at least this share of the paths that go over has used the budget up;
    /// `None` if no path does.
    #[must_use]
    pub fn breaks_by(&self, share: BasisPoints) -> Option<NaiveDate> {
        match self {
            Self::Past(day) => Some(*day),
            Self::Open { days, .. } => {
                let needed = days.len().saturating_mul(share as usize).div_ceil(10_000).max(1);
                days.get(needed - 1).copied()
            }
        }
    }

    /// The first day by which at least this share of all paths has used the budget up; `None` if
    /// fewer ever do.
    #[must_use]
    pub fn used_up_by(&self, share: BasisPoints) -> Option<NaiveDate> {
        match self {
            Self::Past(day) => Some(*day),
            Self::Open { days, paths } => {
                let needed = paths.saturating_mul(share as usize).div_ceil(10_000).max(1);
                days.get(needed - 1).copied()
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of paths are far below 2^53")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

impl Projection {
    /// What becomes of a budget in each of its periods that the horizon touches.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn outlook(&self, budget: Budget) -> Result<Vec<BudgetOutlook>, MoneyError> {
        let outlook = |span: Span| {
            let crossing = match self.past(budget.amount, &span)? {
                Some(day) => Crossing::Past(day),
                None => self.open(budget.amount, &span)?,
            };
            Ok(BudgetOutlook { budget, span, crossing })
        };
        self.spans(budget.per)?.into_iter().map(outlook).collect()
    }

    /// The known day on which the budget was used up, if more was spent.
    fn past(&self, amount: Amount, span: &Span) -> Result<Option<NaiveDate>, MoneyError> {
        if span.actual <= amount {
            return Ok(None);
        }
        let mut sum = Amount::ZERO;
        for (day, cost) in self.actual.range(span.start..self.origin) {
            sum = sum.checked_add(*cost)?;
            if sum >= amount {
                return Ok(Some(*day));
            }
        }
        Ok(None)
    }

    fn open(&self, amount: Amount, span: &Span) -> Result<Crossing, MoneyError> {
        let mut days = Vec::new();
        let paths: &CostPaths = &self.total;
        for path in paths.iter() {
            let mut sum = span.actual;
            let mut used_up = None;
            for (offset, cost) in path.iter().enumerate().take(span.until).skip(span.from) {
                sum = sum.checked_add(*cost)?;
                if used_up.is_none() && sum >= amount {
                    used_up = Some(offset);
                }
            }
            if let Some(offset) = used_up.filter(|_| sum > amount) {
                let after = Days::new(u64::try_from(offset).unwrap_or(u64::MAX));
                days.push(self.origin.checked_add_days(after).unwrap_or(NaiveDate::MAX));
            }
        }
        days.sort_unstable();
        Ok(Crossing::Open { days, paths: paths.iter().count() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    #[test]
    fn days_are_read_off_all_paths() {
        // Three of ten paths go over: on the 5th, 5th and 20th.
        let open = Crossing::Open { days: vec![day(5), day(5), day(20)], paths: 10 };
        assert!((open.probability() - 0.3).abs() < 1e-12);
        let by: Vec<_> = [100, 1_000, 2_000, 2_001, 3_000, 3_001, 5_000]
            .into_iter()
            .map(|p| open.used_up_by(p))
            .collect();
        let (fifth, last) = (Some(day(5)), Some(day(20)));
        assert_eq!(by, [fifth, fifth, fifth, last, last, None, None]);
        // (3 + 2) / (10 + 4) = 5/14; sqrt(5/14 * 9/14 / 14) = sqrt(45 / 2744).
        assert!((open.standard_error() - 0.128_060_2).abs() < 1e-6, "{}", open.standard_error());
    }

    #[test]
    fn breaks_are_those_of_the_paths_that_go_over() {
        let open = Crossing::Open { days: vec![day(5), day(6), day(20)], paths: 10 };
        let by: Vec<_> = [1_000, 5_000, 10_000].into_iter().map(|p| open.breaks_by(p)).collect();
        assert_eq!(by, [Some(day(5)), Some(day(6)), Some(day(20))]);
        let never = Crossing::Open { days: vec![], paths: 2_000 };
        assert_eq!(never.breaks_by(5_000), None);
        // 2 / 2004 + 1.96 * sqrt(2 / 2004 * 2002 / 2004 / 2004) = 0.000998 + 1.96 * 0.000705.
        assert!((never.upper_bound() - 0.002_380).abs() < 1e-6, "{}", never.upper_bound());
        let all = Crossing::Open { days: vec![day(5); 2_000], paths: 2_000 };
        assert!((all.upper_bound() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_past_is_certain() {
        let past = Crossing::Past(day(12));
        assert_eq!(past.used_up_by(250), Some(day(12)));
        assert_eq!((past.probability(), past.standard_error()), (1.0, 0.0));
        let never = Crossing::Open { days: Vec::new(), paths: 2_000 };
        assert!(never.standard_error() > 0.0 && never.used_up_by(1).is_none());
    }
}
