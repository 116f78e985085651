//! Which days of a history are forecast again.

use chrono::NaiveDate;

use super::Past;
use crate::period::Month;

/// Days before an origin without which nothing is forecast again.
pub const LEAST_TRAINING_DAYS: u32 = 28;

/// One stretch of days to forecast again, as offsets from the first day of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Span {
    /// First day forecast.
    pub(in super::super) origin: u32,
    /// Days forecast.
    pub(in super::super) days: u32,
}

/// Windows of equal length that end on the last day and every `stride` days before, oldest first.
pub(in super::super) fn rolling(
    past: &impl Past,
    days: u32,
    stride: u32,
    most: usize,
) -> Vec<Span> {
    let ends = (0..).map(|k: u32| past.days().checked_sub(k.checked_mul(stride)?));
    let spans = ends.map_while(|end| {
        let origin = end?.checked_sub(days)?;
        (origin >= LEAST_TRAINING_DAYS).then_some(Span { origin, days })
    });
    let mut spans: Vec<Span> = spans.filter(|span| past.can_test(*span)).take(most).collect();
    spans.reverse();
    spans
}

/// Whole calendar months, oldest first, each forecast from its first day.
pub(in super::super) fn months(past: &impl Past, most: usize) -> Vec<Span> {
    let first = past.first();
    let offset =
        |day: NaiveDate| u32::try_from(day.signed_duration_since(first).num_days()).unwrap_or(0);
    let mut spans = Vec::new();
    let mut month = Month::of(first).plus(1);
    while offset(month.end()) <= past.days() {
        let origin = offset(month.first_day());
        let span = Span { origin, days: offset(month.end()) - origin };
        if origin >= LEAST_TRAINING_DAYS && past.can_test(span) {
            spans.push(span);
        }
        month = month.plus(1);
    }
    spans.split_off(spans.len().saturating_sub(most))
}

#[cfg(test)]
mod tests {
    use super::super::{Again, ProjectionError};
    use super::*;

    /// A history of which some days cannot be forecast from.
    struct Days {
        first: NaiveDate,
        days: u32,
        no_origins: &'static [u32],
    }

    impl Past for Days {
        fn first(&self) -> NaiveDate {
            self.first
        }

        fn days(&self) -> u32 {
            self.days
        }

        fn leaves(&self) -> usize {
            1
        }

        fn threads(&self) -> usize {
            1
        }

        fn can_test(&self, span: Span) -> bool {
            !self.no_origins.contains(&span.origin)
        }

        fn again(&self, _: Span, _: usize) -> Result<Again, ProjectionError> {
            Err(ProjectionError::NoUsage)
        }
    }

    fn past(days: u32, no_origins: &'static [u32]) -> Days {
        Days { first: NaiveDate::from_ymd_opt(2026, 1, 10).unwrap(), days, no_origins }
    }

    #[test]
    fn windows_roll_back_from_the_end() {
        let found = rolling(&past(90, &[]), 30, 15, 10);
        assert_eq!(
            found,
            [(30, 30), (45, 30), (60, 30)].map(|(origin, days)| Span { origin, days })
        );
        assert_eq!(rolling(&past(90, &[]), 30, 15, 1), [Span { origin: 60, days: 30 }]);
        assert_eq!(rolling(&past(90, &[60]), 30, 15, 1), [Span { origin: 45, days: 30 }]);
        assert!(rolling(&past(57, &[]), 30, 30, 10).is_empty());
    }

    #[test]
    fn months_are_whole() {
        // From January 10 to the end of April 29: March is the first month with 28 days before it.
        assert_eq!(months(&past(110, &[]), 6), [Span { origin: 50, days: 31 }]);
        assert_eq!(months(&past(111, &[]), 6).len(), 2);
        assert_eq!(months(&past(111, &[]), 1), [Span { origin: 81, days: 30 }]);
        assert_eq!(months(&past(111, &[81]), 1), [Span { origin: 50, days: 31 }]);
    }
}
