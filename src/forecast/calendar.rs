//! Which days are alike: the phase of each day in the season, and holidays.

use chrono::NaiveDate;

use crate::series::DailySeries;

/// Days on which people rest although the weekday is one of work.
///
/// In a weekly season such a day takes the place of the quietest weekday, for most a Sunday: a few
/// holidays in a history are too little to estimate an effect of their own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holidays(Vec<NaiveDate>);

impl Holidays {
    /// A list of days, in any order.
    #[must_use]
    pub fn new(days: impl IntoIterator<Item = NaiveDate>) -> Self {
        let mut days: Vec<NaiveDate> = days.into_iter().collect();
        days.sort_unstable();
        days.dedup();
        Self(days)
    }

    /// True for a day of the list.
    #[must_use]
    pub fn contains(&self, day: NaiveDate) -> bool {
        self.0.binary_search(&day).is_ok()
    }

    /// The days, ascending.
    #[must_use]
    pub fn days(&self) -> &[NaiveDate] {
        &self.0
    }

    /// For each of the last `past` days of a series and the `horizon` days after it, whether it is
    /// a holiday.
    pub(super) fn mark(&self, series: &DailySeries, past: usize, horizon: usize) -> Vec<bool> {
        let first = series.len().saturating_sub(past);
        if self.0.is_empty() {
            return vec![false; past + horizon];
        }
        (first..series.len() + horizon).map(|t| self.contains(series.date(t))).collect()
    }
}

/// The phase of each day: its place in the season, on a holiday that of the quietest weekday of
/// `season`.
pub(super) fn phases(holidays: &[bool], season: &[f64]) -> Vec<usize> {
    let quiet = (0..season.len()).min_by(|a, b| season[*a].total_cmp(&season[*b])).unwrap_or(0);
    let weekly = season.len() == 7;
    let phase =
        |(t, holiday): (usize, &bool)| if *holiday && weekly { quiet } else { t % season.len() };
    holidays.iter().enumerate().map(phase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holiday_is_the_quietest_weekday() {
        let monday = NaiveDate::from_ymd_opt(2026, 11, 16).unwrap();
        let series = DailySeries::known(monday, &[1.0; 7]);
        let holidays = Holidays::new([series.date(8), series.date(2), series.date(2)]);
        assert_eq!(holidays.days().len(), 2);
        let marks = holidays.mark(&series, 5, 2);
        assert_eq!(marks, [true, false, false, false, false, false, true]);
        let season = [5.0, 4.0, 3.0, 2.0, 1.0, -9.0, -6.0];
        assert_eq!(phases(&marks, &season), [5, 1, 2, 3, 4, 5, 5]);
        assert_eq!(phases(&[true, false], &[0.0]), [0, 0]);
    }
}
