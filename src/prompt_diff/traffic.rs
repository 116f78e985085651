//! How often prompts are sent: requests of a usage log, as a month.

use crate::budget::BudgetScope;
use crate::money::{Factor, mul_div};
use crate::period::Calendar;
use crate::rollup::Rollup;

/// Days of a month, 30.4375: a twelfth of 365.25.
const MONTH: (i128, i128) = (487, 16);

/// Usage of a scope.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Records.
    pub records: u64,
    /// Requests of those that say.
    pub requests: u64,
    /// Records that do not say how many requests they are.
    pub uncounted: u64,
}

/// The usage of a scope.
#[must_use]
pub fn seen(rollup: &Rollup, scope: &BudgetScope, calendar: &Calendar) -> Seen {
    let mut seen = Seen::default();
    for row in rollup.rows() {
        if !scope.matches(rollup.profile(row), calendar) {
            continue;
        }
        seen.records = seen.records.saturating_add(row.records);
        seen.requests = seen.requests.saturating_add(row.requests);
        if row.requests == 0 {
            seen.uncounted = seen.uncounted.saturating_add(row.records);
        }
    }
    seen
}

/// Requests of some days as requests a month, of which a share is meant; rounded half-even.
#[must_use]
pub fn monthly(requests: u64, days: u64, share: Factor) -> u64 {
    let (numerator, denominator) = share.as_ratio();
    let of_month = i128::from(requests) * MONTH.0;
    let over = i128::from(days.max(1)) * MONTH.1 * denominator;
    let found = mul_div(of_month, numerator, over).unwrap_or(i128::MAX);
    u64::try_from(found).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_a_twelfth_of_the_days_of_a_year() {
        // 1,461 days are four years: 48 months.
        assert_eq!(monthly(48_000, 1461, Factor::ONE), 1000);
        assert_eq!(monthly(16, 1, Factor::ONE), 487);
        assert_eq!(monthly(16, 1, "0.5".parse().unwrap()), 244);
    }
}
