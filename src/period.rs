//! Instants, half-open periods and the calendar of the reporting time zone.

use std::fmt;

use chrono::{
    DateTime, Datelike, Days, LocalResult, Months, NaiveDate, NaiveDateTime, TimeZone, Utc,
};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

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

fn two(bytes: &[u8], at: usize) -> Option<i64> {
    let (a, b) = (bytes.get(at)?, bytes.get(at + 1)?);
    (a.is_ascii_digit() && b.is_ascii_digit())
        .then(|| i64::from(a - b'0') * 10 + i64::from(b - b'0'))
}

/// The outer `None`: not a time; the inner: a time that does not fit.
fn parse_iso(b: &[u8]) -> Option<Option<i64>> {
    let year = two(b, 0)? * 100 + two(b, 2)?;
    let (month, day) = (two(b, 5)?, two(b, 8)?);
    if b.get(4) != Some(&b'-') || b.get(7) != Some(&b'-') {
        return None;
    }
    let days = days_from_civil(year, month, day)?;
    let (seconds, nanos, offset) = if b.len() == 10 {
        (0, 0, 0)
    } else {
        clock(&b[10..])?
    };
    let total = days * 86_400 + seconds - offset;
    Some(total.checked_mul(NANOS).and_then(|n| n.checked_add(nanos)))
}

/// `[T ]HH:MM[:SS[.fraction]][ ][Z|UTC|±HH[:]MM]` as seconds, nanoseconds and offset in seconds.
fn clock(b: &[u8]) -> Option<(i64, i64, i64)> {
    if !matches!(b[0], b'T' | b't' | b' ') || b.get(3) != Some(&b':') {
        return None;
    }
    let (hour, minute) = (two(b, 1)?, two(b, 4)?);
    let mut at = 6;
    let mut second = 0;
    if b.get(at) == Some(&b':') {
        second = two(b, at + 1)?;
        at += 3;
    }
    // A leap second is read as the last second of its minute.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let second = second.min(59);
    let mut nanos = 0;
    if matches!(b.get(at), Some(b'.' | b',')) {
        let digits = b[at + 1..]
            .iter()
            .take_while(|c| c.is_ascii_digit())
            .count();
        if digits == 0 {
            return None;
        }
        for place in 0..9 {
            let digit = if place < digits {
                i64::from(b[at + 1 + place] - b'0')
            } else {
                0
            };
            nanos = nanos * 10 + digit;
        }
        at += 1 + digits;
    }
    let offset = offset_seconds(b[at..].trim_ascii())?;
    Some((hour * 3_600 + minute * 60 + second, nanos, offset))
}

fn offset_seconds(zone: &[u8]) -> Option<i64> {
    match zone {
        b"" | b"Z" | b"z" | b"UTC" => Some(0),
        [sign @ (b'+' | b'-'), rest @ ..] => {
            let hours = two(rest, 0)?;
            let minutes = match rest.len() {
                2 => 0,
                4 => two(rest, 2)?,
                5 if rest[2] == b':' => two(rest, 3)?,
                _ => return None,
            };
            let seconds = hours * 3_600 + minutes * 60;
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

/// Days since 1970-01-01 of a Gregorian date, or `None` if there is no such date.
/// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
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
        if start < end {
            Ok(Self { start, end })
        } else {
            Err(PeriodError::Empty { start, end })
        }
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
        [Self::Minute, Self::QuarterHour, Self::Hour]
            .into_iter()
            .find(|g| g.name() == name)
    }

    /// The charge period that holds an instant.
    #[must_use]
    pub fn period_of(self, instant: Timestamp) -> Period {
        let start = instant
            .0
            .div_euclid(self.nanos())
            .saturating_mul(self.nanos());
        Period {
            start: Timestamp(start),
            end: Timestamp(start.saturating_add(self.nanos())),
        }
    }
}

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
        self.zone
            .from_utc_datetime(&instant.to_utc().naive_utc())
            .date_naive()
    }

    /// Local wall-clock time of an instant.
    #[must_use]
    pub fn local(&self, instant: Timestamp) -> NaiveDateTime {
        self.zone
            .from_utc_datetime(&instant.to_utc().naive_utc())
            .naive_local()
    }

    /// First instant of a day. Where a clock change skips midnight, the first instant after it.
    #[must_use]
    pub fn day_start(&self, date: NaiveDate) -> Timestamp {
        let midnight = date.and_time(chrono::NaiveTime::MIN);
        (0..=24)
            .find_map(|quarter| {
                let wall = midnight + chrono::Duration::minutes(15 * quarter);
                match self.zone.from_local_datetime(&wall) {
                    LocalResult::Single(t) | LocalResult::Ambiguous(t, _) => {
                        t.timestamp_nanos_opt()
                    }
                    LocalResult::None => None,
                }
            })
            .map_or_else(|| Timestamp::from_utc_date(date), Timestamp)
    }

    /// The half-open period of a day: 23, 24 or 25 hours.
    #[must_use]
    pub fn day(&self, date: NaiveDate) -> Period {
        Period {
            start: self.day_start(date),
            end: self.day_start(next_day(date)),
        }
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
    date.checked_add_days(Days::new(1))
        .unwrap_or(NaiveDate::MAX)
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
        Self {
            first: date.with_day(1).unwrap_or(date),
        }
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        self.first
    }

    /// The month `count` months later.
    #[must_use]
    pub fn plus(self, count: u32) -> Self {
        Self {
            first: self
                .first
                .checked_add_months(Months::new(count))
                .unwrap_or(self.first),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn iso_forms() {
        let same = [
            "2026-11-20T12:00:00Z",
            "2026-11-20 12:00:00",
            "2026-11-20T13:00:00+01:00",
            "2026-11-20T05:30:00.000-0630",
            "2026-11-20 12:00:00.000000 UTC",
            "2026-11-20T12:00",
        ];
        for text in same {
            assert_eq!(at(text).to_string(), "2026-11-20T12:00:00Z", "{text}");
        }
        assert_eq!(at("2026-11-20").to_string(), "2026-11-20T00:00:00Z");
        assert_eq!(
            at("2023-11-16 18:17:03.9799600").to_string(),
            "2023-11-16T18:17:03.97996Z"
        );
        assert_eq!(at("1970-01-01").nanos(), 0);
        for text in [
            "",
            "2026-13-01",
            "2026-02-29",
            "20261120",
            "2026-11-20T25:00:00Z",
            "12/31/2026",
        ] {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn iso_agrees_with_chrono_over_four_centuries() {
        let mut day = NaiveDate::from_ymd_opt(1700, 1, 1).unwrap();
        while day < NaiveDate::from_ymd_opt(2200, 1, 1).unwrap() {
            assert_eq!(at(&day.to_string()), Timestamp::from_utc_date(day));
            day = day + Days::new(17);
        }
    }

    #[test]
    fn epoch_units_by_magnitude() {
        let expected = at("2026-11-20T12:00:00Z");
        for number in [
            1_795_176_000,
            1_795_176_000_000,
            1_795_176_000_000_000,
            1_795_176_000_000_000_000,
        ] {
            assert_eq!(
                Timestamp::from_epoch_number(number),
                Some(expected),
                "{number}"
            );
        }
        assert_eq!(Timestamp::from_epoch_number(45), None);
    }

    #[test]
    fn days_of_a_zone_with_clock_changes() {
        let berlin = Calendar::named("europe/berlin").unwrap();
        let spring = NaiveDate::from_ymd_opt(2026, 3, 29).unwrap();
        let autumn = NaiveDate::from_ymd_opt(2026, 10, 25).unwrap();
        assert_eq!(berlin.day(spring).nanos(), 23 * HOUR_NANOS);
        assert_eq!(berlin.day(autumn).nanos(), 25 * HOUR_NANOS);
        // Beirut skips midnight on this day: the day starts at 01:00 local.
        let beirut = Calendar::named("Asia/Beirut").unwrap();
        let skipped = NaiveDate::from_ymd_opt(2026, 3, 29).unwrap();
        assert_eq!(beirut.day(skipped).nanos(), 23 * HOUR_NANOS);
    }

    #[test]
    fn half_open() {
        let period = Period::new(at("2026-11-20"), at("2026-11-21")).unwrap();
        assert!(period.contains(at("2026-11-20")));
        assert!(!period.contains(at("2026-11-21")));
        assert!(!period.is_split_by(at("2026-11-20")));
        assert!(Period::new(at("2026-11-20"), at("2026-11-20")).is_err());
    }

    #[test]
    fn grains_and_zones() {
        let (from, until) = (at("2026-01-01"), at("2026-12-31"));
        assert!(Calendar::UTC.aligns_with(Grain::Hour, from, until));
        let kolkata = Calendar::named("Asia/Kolkata").unwrap();
        assert!(!kolkata.aligns_with(Grain::Hour, from, until));
        assert!(kolkata.aligns_with(Grain::QuarterHour, from, until));
    }
}
