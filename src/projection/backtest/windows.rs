//! Which days of a history are forecast again.

use chrono::NaiveDate;

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
pub(in super::super) fn rolling(history: u32, days: u32, stride: u32, most: usize) -> Vec<Span> {
    let ends = (0..).map(|k: u32| history.checked_sub(k.checked_mul(stride)?));
    let spans = ends.map_while(|end| {
        let origin = end?.checked_sub(days)?;
        (origin >= LEAST_TRAINING_DAYS).then_some(Span { origin, days })
    });
    let mut spans: Vec<Span> = spans.take(most).collect();
    spans.reverse();
    spans
}

/// Whole calendar months, oldest first, each forecast from its first day.
pub(in super::super) fn months(first: NaiveDate, history: u32, most: usize) -> Vec<Span> {
    let offset =
        |day: NaiveDate| u32::try_from(day.signed_duration_since(first).num_days()).unwrap_or(0);
    let mut spans = Vec::new();
    let mut month = Month::of(first).plus(1);
    while offset(month.end()) <= history {
        let origin = offset(month.first_day());
        if origin >= LEAST_TRAINING_DAYS {
            spans.push(Span { origin, days: offset(month.end()) - origin });
        }
        month = month.plus(1);
    }
    spans.split_off(spans.len().saturating_sub(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_roll_back_from_the_end() {
        let found = rolling(90, 30, 15, 10);
        assert_eq!(
            found,
            [(30, 30), (45, 30), (60, 30)].map(|(origin, days)| Span { origin, days })
        );
        assert_eq!(rolling(90, 30, 15, 1), [Span { origin: 60, days: 30 }]);
        assert!(rolling(57, 30, 30, 10).is_empty());
    }

    #[test]
    fn months_are_whole() {
        let first = NaiveDate::from_ymd_opt(2026, 1, 10).unwrap();
        // To the end of April 29: March is the first month with 28 days before it.
        let found = months(first, 110, 6);
        assert_eq!(found, [Span { origin: 50, days: 31 }]);
        assert_eq!(months(first, 111, 6).len(), 2);
        assert_eq!(months(first, 111, 1), [Span { origin: 81, days: 30 }]);
    }
}
