//! The labels of an axis of days.

use chrono::{Datelike, NaiveDate, Weekday};

/// Days up to which each Monday is labelled; on longer axes it is the first of the month.
const WEEKLY: usize = 130;

/// Labels that fit.
const MOST: usize = 9;

/// Places in a list of consecutive days that are labelled, with their labels.
pub(super) fn labels(days: &[NaiveDate]) -> Vec<(usize, String)> {
    let (all, name): (Vec<usize>, fn(NaiveDate) -> String) = if days.len() <= MOST {
        ((0..days.len()).collect(), short)
    } else if days.len() <= WEEKLY {
        (places(days, |day| day.weekday() == Weekday::Mon), short)
    } else {
        (places(days, |day| day.day0() == 0), |day| day.format("%Y-%m").to_string())
    };
    let step = all.len().div_ceil(MOST).max(1);
    all.into_iter().step_by(step).map(|at| (at, name(days[at]))).collect()
}

fn places(days: &[NaiveDate], wanted: fn(&NaiveDate) -> bool) -> Vec<usize> {
    days.iter().enumerate().filter(|(_, day)| wanted(day)).map(|(at, _)| at).collect()
}

fn short(day: NaiveDate) -> String {
    day.format("%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(count: usize) -> Vec<NaiveDate> {
        let first: NaiveDate = "2026-11-01".parse().unwrap();
        first.iter_days().take(count).collect()
    }

    #[test]
    fn days_weeks_and_months() {
        assert_eq!(labels(&days(2)), [(0, "11-01".to_owned()), (1, "11-02".to_owned())]);
        // The second of November 2026 is a Monday.
        let weeks = labels(&days(30));
        assert_eq!(weeks[0], (1, "11-02".to_owned()));
        assert_eq!(weeks.len(), 5);
        let months = labels(&days(365));
        assert_eq!(months[1], (61, "2027-01".to_owned()));
        assert!(months.len() <= MOST);
    }
}
