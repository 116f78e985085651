//! How far to look.

use chrono::NaiveDate;

use super::ProjectionError;
use crate::period::Month;

/// How far to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Horizon {
    /// This many days from the origin.
    Days(u32),
    /// To the end of this many calendar months, the origin's being the first.
    Months(u32),
    /// To the end of the calendar quarter.
    Quarter,
    /// To the end of the calendar year.
    Year,
    /// Up to and including a day.
    Through(NaiveDate),
}

impl Horizon {
    /// The day after the last one forecast.
    #[must_use]
    pub fn end(self, origin: NaiveDate) -> NaiveDate {
        use chrono::Datelike;
        let month = Month::of(origin);
        match self {
            Self::Days(days) => origin
                .checked_add_days(chrono::Days::new(u64::from(days)))
                .unwrap_or(NaiveDate::MAX),
            Self::Months(count) => month.plus(count).first_day(),
            Self::Quarter => month.plus(3 - origin.month0() % 3).first_day(),
            Self::Year => month.plus(12 - origin.month0()).first_day(),
            Self::Through(day) => crate::period::next_day(day),
        }
    }

    /// The day after the last one forecast, and the number of days to it.
    pub(super) fn days_from(
        self,
        origin: NaiveDate,
    ) -> Result<(NaiveDate, usize), ProjectionError> {
        let end = self.end(origin);
        let length = end.signed_duration_since(origin).num_days();
        if length < 1 {
            return Err(ProjectionError::EmptyHorizon { end, origin });
        }
        let days = usize::try_from(length).ok().filter(|d| *d <= 3_660);
        Ok((end, days.ok_or(ProjectionError::TooLong(length))?))
    }
}
