//! A regular daily series of quantities: what the forecaster reads.

use chrono::{Days, NaiveDate};

/// A regular daily series of non-negative quantities.
///
/// `None` marks a day for which it is not known whether there was usage; such a day is not a zero.
/// Before its first day a series did not exist, which is not zero usage either.
#[derive(Debug, Clone, PartialEq)]
pub struct DailySeries {
    /// The day of the first value.
    pub start: NaiveDate,
    /// One value a day, without gaps in the calendar.
    pub values: Vec<Option<f64>>,
}

impl DailySeries {
    /// A series in which every day is known.
    #[must_use]
    pub fn known(start: NaiveDate, values: &[f64]) -> Self {
        Self { start, values: values.iter().copied().map(Some).collect() }
    }

    /// Number of days from the first to the last, known or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// True without any day.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Number of days whose value is known.
    #[must_use]
    pub fn observed_days(&self) -> usize {
        self.values.iter().flatten().count()
    }

    /// The day at an offset from the first one.
    #[must_use]
    pub fn date(&self, offset: usize) -> NaiveDate {
        let days = u64::try_from(offset).unwrap_or(u64::MAX);
        self.start.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX)
    }

    /// The first day after the last value.
    #[must_use]
    pub fn end(&self) -> NaiveDate {
        self.date(self.len())
    }

    /// The last day, or `None` without any.
    #[must_use]
    pub fn last_day(&self) -> Option<NaiveDate> {
        self.len().checked_sub(1).map(|offset| self.date(offset))
    }

    /// The value of a day: `None` if it is unknown or outside of the series.
    #[must_use]
    pub fn value_on(&self, day: NaiveDate) -> Option<f64> {
        let offset = usize::try_from(day.signed_duration_since(self.start).num_days()).ok()?;
        *self.values.get(offset)?
    }

    /// The days before `end`: what was known at an earlier origin. `None` if nothing is left.
    #[must_use]
    pub fn before(&self, end: NaiveDate) -> Option<Self> {
        let days = usize::try_from(end.signed_duration_since(self.start).num_days()).ok()?;
        let kept = days.min(self.len());
        (kept > 0).then(|| Self { start: self.start, values: self.values[..kept].to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    #[test]
    fn dates_and_values() {
        let series = DailySeries { start: day(1), values: vec![Some(1.0), None, Some(3.0)] };
        assert_eq!(series.end(), day(4));
        assert_eq!(series.last_day(), Some(day(3)));
        assert_eq!(series.observed_days(), 2);
        assert_eq!(series.value_on(day(3)), Some(3.0));
        assert_eq!(series.value_on(day(2)), None);
        assert_eq!(series.value_on(day(4)), None);
    }

    #[test]
    fn cut_at_an_earlier_origin() {
        let series = DailySeries::known(day(10), &[1.0, 2.0, 3.0]);
        assert_eq!(series.before(day(12)), Some(DailySeries::known(day(10), &[1.0, 2.0])));
        assert_eq!(series.before(day(20)), Some(series.clone()));
        assert_eq!(series.before(day(10)), None);
        assert_eq!(series.before(day(5)), None);
    }
}
