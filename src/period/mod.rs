//! Instants, half-open periods and the calendar of the reporting time zone.

mod calendar;
mod iso;
#[cfg(test)]
mod tests;

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

pub use self::calendar::{Calendar, Month, next_day};
use self::iso::parse_iso;

/// Nanoseconds in a second.
pub const NANOS: i64 = 1_000_000_000;
/// Nanoseconds in an hour.
pub const HOUR_NANOS: i64 = 3_600 * NANOS;
/// Nanoseconds in a day of 24 hours.
pub const DAY_NANOS: i64 = 24 * HOUR_NANOS;

/// What can go wrong with dates and times.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PeriodError {
    /// The text is neither a date nor an instant.
    #[error("`{0}` is not a date or time (expected `2026-11-20` or `2026-11-20T12:00:00Z`)")]
    NotATime(String),
    /// Outside the years 1678 to 2261 that fit nanoseconds in 64 bits.
    #[error("`{0}` is outside the years 1678 to 2261")]
    OutOfRange(String),
    /// A period that ends before it starts, or is empty.
    #[error("period ends at {end}, which is not after its start {start}")]
    Empty {
        /// Start of the period.
        start: Timestamp,
        /// End of the period.
        end: Timestamp,
    },
    /// Not an IANA time zone name.
    #[error("`{0}` is not a time zone (expected an IANA name such as `Europe/Berlin` or `UTC`)")]
    NotAZone(String),
}

/// An instant: nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From nanoseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// From an epoch number whose unit (seconds, milli-, micro- or nanoseconds) is told by its
    /// magnitude. `None` for numbers that are no plausible time (before 1973 in seconds).
    #[must_use]
    pub fn from_epoch_number(number: i64) -> Option<Self> {
        let factor = match number {
            100_000_000..=99_999_999_999 => NANOS,
            100_000_000_000..=99_999_999_999_999 => 1_000_000,
            100_000_000_000_000..=99_999_999_999_999_999 => 1_000,
            100_000_000_000_000_000..=i64::MAX => 1,
            _ => return None,
        };
        number.checked_mul(factor).map(Self)
    }

    /// Reads an ISO 8601 date or date-time. A missing offset means UTC; a date alone means its
    /// first instant in UTC.
    ///
    /// # Errors
    /// [`PeriodError::NotATime`] or [`PeriodError::OutOfRange`].
    pub fn parse(text: &str) -> Result<Self, PeriodError> {
        parse_iso(text.trim().as_bytes())
            .ok_or_else(|| PeriodError::NotATime(text.to_owned()))?
            .map(Self)
            .ok_or_else(|| PeriodError::OutOfRange(text.to_owned()))
    }

    /// The same of bytes, without white space before them; `None` for anything else.
    #[must_use]
    pub fn parse_bytes(text: &[u8]) -> Option<Self> {
        parse_iso(text).flatten().map(Self)
    }

    /// The instant as a chrono value in UTC.
    #[must_use]
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_nanos(self.0)
    }

    /// First instant of a day in UTC.
    #[must_use]
    pub fn from_utc_date(date: NaiveDate) -> Self {
        let days = i64::from(date.num_days_from_ce()) - i64::from(UNIX_EPOCH_DAYS);
        Self(days.saturating_mul(DAY_NANOS))
    }
}

/// Days from 0001-01-01 to 1970-01-01 as chrono counts them.
const UNIX_EPOCH_DAYS: i32 = 719_163;

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = self.to_utc();
        if self.0.rem_euclid(NANOS) == 0 {
            write!(f, "{}", utc.format("%Y-%m-%dT%H:%M:%SZ"))
        } else {
            let text = utc.format("%Y-%m-%dT%H:%M:%S%.9f").to_string();
            write!(f, "{}Z", text.trim_end_matches('0'))
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A half-open period: `start` belongs to it, `end` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// First instant.
    pub start: Timestamp,
    /// First instant after it.
    pub end: Timestamp,
}

impl Period {
    /// A period of at least one nanosecond.
    ///
    /// # Errors
    /// [`PeriodError::Empty`] if `end` is not after `start`.
    pub fn new(start: Timestamp, end: Timestamp) -> Result<Self, PeriodError> {
        if start < end { Ok(Self { start, end }) } else { Err(PeriodError::Empty { start, end }) }
    }

    /// True if the instant lies in it.
    #[must_use]
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.start <= instant && instant < self.end
    }

    /// True if an instant strictly inside splits it: an edge at the start does not.
    #[must_use]
    pub fn is_split_by(&self, edge: Timestamp) -> bool {
        self.start < edge && edge < self.end
    }

    /// Length in nanoseconds.
    #[must_use]
    pub fn nanos(&self) -> i64 {
        self.end.0 - self.start.0
    }
}

/// Length of the charge periods of a rollup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grain {
    /// One minute: what provisioned throughput needs.
    Minute,
    /// A quarter of an hour: for time zones that are not whole hours from UTC.
    QuarterHour,
    /// One hour, the default.
    Hour,
}

impl Grain {
    /// Length in nanoseconds.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        match self {
            Self::Minute => 60 * NANOS,
            Self::QuarterHour => 900 * NANOS,
            Self::Hour => HOUR_NANOS,
        }
    }

    /// The name used in files and flags.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Minute => "1m",
            Self::QuarterHour => "15m",
            Self::Hour => "1h",
        }
    }

    /// The grain of a name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Minute, Self::QuarterHour, Self::Hour].into_iter().find(|g| g.name() == name)
    }

    /// The charge period that holds an instant.
    #[must_use]
    pub fn period_of(self, instant: Timestamp) -> Period {
        let start = instant.0.div_euclid(self.nanos()).saturating_mul(self.nanos());
        Period { start: Timestamp(start), end: Timestamp(start.saturating_add(self.nanos())) }
    }
}
