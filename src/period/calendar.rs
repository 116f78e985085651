//! Days and months of the reporting time zone.

use std::fmt;

use chrono::{Datelike, Days, LocalResult, Months, NaiveDate, NaiveDateTime, TimeZone};
use chrono_tz::Tz;

use super::{Grain, Period, PeriodError, Timestamp};

/// The reporting calendar: days and months of one time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    zone: Tz,
}

impl Calendar {
    /// Days of UTC.
    pub const UTC: Self = Self { zone: Tz::UTC };

    /// The calendar of an IANA time zone.
    ///
    /// # Errors
    /// [`PeriodError::NotAZone`].
    pub fn named(name: &str) -> Result<Self, PeriodError> {
        Tz::from_str_insensitive(name)
            .map(|zone| Self { zone })
            .map_err(|_| PeriodError::NotAZone(name.to_owned()))
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.zone.name()
    }

    /// The day an instant falls on.
    #[must_use]
    pub fn date_of(&self, instant: Timestamp) -> NaiveDate {
        self.zone.from_utc_datetime(&instant.to_utc().naive_utc()).date_naive()
    }

    /// Local wall-clock time of an instant.
    #[must_use]
    pub fn local(&self, instant: Timestamp) -> NaiveDateTime {
        self.zone.from_utc_datetime(&instant.to_utc().naive_utc()).naive_local()
    }

    /// First instant of a day. Where a clock change skips midnight, the first instant after it.
    #[must_use]
    pub fn day_start(&self, date: NaiveDate) -> Timestamp {
        self.instant_of(date.and_time(chrono::NaiveTime::MIN))
    }

    /// The instant of a wall-clock time; of one that a clock change repeats, the first, of one that
    /// it skips, the first after it.
    #[must_use]
    pub fn instant_of(&self, wall: NaiveDateTime) -> Timestamp {
        (0..=24)
            .find_map(|quarter| {
                let wall = wall + chrono::Duration::minutes(15 * quarter);
                match self.zone.from_local_datetime(&wall) {
                    LocalResult::Single(t) | LocalResult::Ambiguous(t, _) => {
                        t.timestamp_nanos_opt()
                    }
                    LocalResult::None => None,
                }
            })
            .map_or_else(|| Timestamp::from_utc_date(wall.date()), Timestamp::from_nanos)
    }

    /// The half-open period of a day: 23, 24 or 25 hours.
    #[must_use]
    pub fn day(&self, date: NaiveDate) -> Period {
        Period { start: self.day_start(date), end: self.day_start(next_day(date)) }
    }

    /// True if every day of this zone between the two instants starts on a boundary of `grain`.
    #[must_use]
    pub fn aligns_with(&self, grain: Grain, from: Timestamp, until: Timestamp) -> bool {
        let (first, last) = (self.date_of(from), self.date_of(until));
        first
            .iter_days()
            .take_while(|d| *d <= last)
            .all(|d| self.day_start(d).0 % grain.nanos() == 0)
    }
}

/// The day after.
#[must_use]
pub fn next_day(date: NaiveDate) -> NaiveDate {
    date.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX)
}

/// A calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    first: NaiveDate,
}

impl Month {
    /// The month of a day.
    #[must_use]
    pub fn of(date: NaiveDate) -> Self {
        Self { first: date.with_day(1).unwrap_or(date) }
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        self.first
    }

    /// The month `count` months later.
    #[must_use]
    pub fn plus(self, count: u32) -> Self {
        Self { first: self.first.checked_add_months(Months::new(count)).unwrap_or(self.first) }
    }

    /// The month `count` months earlier.
    #[must_use]
    pub fn minus(self, count: u32) -> Self {
        Self { first: self.first.checked_sub_months(Months::new(count)).unwrap_or(self.first) }
    }

    /// First day of the next month.
    #[must_use]
    pub fn end(self) -> NaiveDate {
        self.plus(1).first
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first.format("%Y-%m"))
    }
}
