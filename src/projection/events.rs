//! Known events: dated changes of usage that the history cannot tell.
//!
//! An event multiplies the usage of what is in its scope. Days of the history inside of an event
//! are divided by its factor before anything is fitted, so an event that began last week neither
//! counts twice nor looks like a trend, and one that ends next week takes its usage with it.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use thiserror::Error;

use crate::period::{Calendar, Period, Timestamp, next_day};
use crate::rating::group::Dimension;
use crate::rollup::Profile;

/// Usage that an event touches: values of dimensions, all of which must hold. Empty: all usage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope(pub Vec<(Dimension, String)>);

impl Scope {
    /// True if a profile is inside.
    #[must_use]
    pub fn matches(&self, profile: &Profile, calendar: &Calendar) -> bool {
        // Dimensions of a scope are no times, so any period will do.
        let nowhen = Period { start: Timestamp::default(), end: Timestamp::default() };
        self.0.iter().all(|(dimension, value)| dimension.value(nowhen, profile, calendar) == *value)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (dimension, value)) in self.0.iter().enumerate() {
            write!(f, "{}{dimension}={value}", if at > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

impl FromStr for Scope {
    type Err = EventError;

    fn from_str(text: &str) -> Result<Self, EventError> {
        let pairs = text.split(',').map(|pair| {
            let (name, value) = pair.split_once('=').ok_or(EventError::Scope(pair.to_owned()))?;
            let dimension: Dimension = match name.trim().parse() {
                Ok(dimension) => dimension,
                Err(never) => match never {},
            };
            if dimension.is_time() || dimension == Dimension::Component || value.is_empty() {
                return Err(EventError::Scope(pair.to_owned()));
            }
            Ok((dimension, value.trim().to_owned()))
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }
}

/// A dated change of usage.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// First day.
    pub from: NaiveDate,
    /// The day after the last one; `None`: for good.
    pub until: Option<NaiveDate>,
    /// What usage is multiplied by; 0 stops it.
    pub factor: f64,
    /// Days over which the change builds up, in equal steps; 0 or 1: at once.
    pub ramp_days: u32,
    /// What is touched.
    pub scope: Scope,
}

/// What is wrong with the text of an event.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EventError {
    /// No date and change.
    #[error(
        "`{0}` is no event (expected [SCOPE@]DATE[..DATE]:CHANGE[:RAMP], such as 2027-01-15:+30% or team=search@2027-01-01..2027-01-14:x0.5)"
    )]
    Form(String),
    /// The date.
    #[error("`{0}` is no date (expected such as 2027-01-15)")]
    Date(String),
    /// The range.
    #[error("the event ends on {until}, before it begins on {from}")]
    Backwards {
        /// First day.
        from: NaiveDate,
        /// Last day.
        until: NaiveDate,
    },
    /// The change.
    #[error("`{0}` is no change (expected such as +30%, -20%, x1.5 or stop, up to x1000)")]
    Change(String),
    /// The ramp.
    #[error("`{0}` is no ramp (expected days such as 14d)")]
    Ramp(String),
    /// The scope.
    #[error(
        "`{0}` is no scope (expected DIMENSION=VALUE, such as model=claude-sonnet-5 or team=search)"
    )]
    Scope(String),
    /// The growth.
    #[error(
        "`{0}` is no growth (expected such as 8%/month; per day, week, month, quarter or year)"
    )]
    Growth(String),
}

impl FromStr for Event {
    type Err = EventError;

    fn from_str(text: &str) -> Result<Self, EventError> {
        let (scope, rest) = match text.rsplit_once('@') {
            Some((scope, rest)) => (scope.parse()?, rest),
            None => (Scope::default(), text),
        };
        let mut parts = rest.split(':');
        let (Some(when), Some(change), ramp, None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(EventError::Form(text.to_owned()));
        };
        let day = |text: &str| {
            text.trim().parse::<NaiveDate>().map_err(|_| EventError::Date(text.to_owned()))
        };
        let (from, until) = match when.split_once("..") {
            Some((from, until)) => (day(from)?, Some(day(until)?)),
            None => (day(when)?, None),
        };
        if let Some(until) = until.filter(|until| *until < from) {
            return Err(EventError::Backwards { from, until });
        }
        let ramp_days = match ramp {
            None => 0,
            Some(ramp) => ramp
                .trim()
                .strip_suffix('d')
                .and_then(|days| days.parse().ok())
                .filter(|days| (1..=3_660).contains(days))
                .ok_or_else(|| EventError::Ramp(ramp.to_owned()))?,
        };
        Ok(Self {
            from,
            until: until.map(next_day),
            factor: parse_change(change)?,
            ramp_days,
            scope,
        })
    }
}

/// A change as factor: `+30%`, `-20%`, `x1.5`, `stop`.
///
/// # Errors
/// [`EventError::Change`].
pub fn parse_change(text: &str) -> Result<f64, EventError> {
    let trimmed = text.trim();
    let number = |digits: &str| {
        let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !digits.is_empty();
        digits.parse::<f64>().ok().filter(|_| plain)
    };
    let percent = |digits: &str| digits.strip_suffix('%').and_then(number).map(|p| p / 100.0);
    let factor = match trimmed.as_bytes().first() {
        Some(b'+') => percent(&trimmed[1..]).map(|p| 1.0 + p),
        Some(b'-') => percent(&trimmed[1..]).map(|p| 1.0 - p),
        Some(b'x') => number(&trimmed[1..]),
        _ => (trimmed == "stop").then_some(0.0),
    };
    factor.filter(|f| (0.0..=1000.0).contains(f)).ok_or_else(|| EventError::Change(text.to_owned()))
}

impl Event {
    /// What usage of a day is multiplied by.
    #[must_use]
    pub fn factor_on(&self, day: NaiveDate) -> f64 {
        if day < self.from || self.until.is_some_and(|until| day >= until) {
            return 1.0;
        }
        let since = day.signed_duration_since(self.from).num_days() + 1;
        let ramp = i64::from(self.ramp_days);
        if since >= ramp {
            return self.factor;
        }
        1.0 + (self.factor - 1.0) * (small(since) / small(ramp))
    }
}

/// A number of days as a number.
fn small(days: i64) -> f64 {
    f64::from(i32::try_from(days).unwrap_or(i32::MAX))
}

/// The factor of every profile on every day.
#[derive(Debug, Clone, Default)]
pub(super) struct EventFactors<'a> {
    events: &'a [Event],
    /// Numbers of the events that touch each profile.
    of: Vec<Vec<usize>>,
}

impl<'a> EventFactors<'a> {
    pub(super) fn new(events: &'a [Event], profiles: &[Profile], calendar: &Calendar) -> Self {
        let touching = |profile: &Profile| {
            let inside = events.iter().map(|e| e.scope.matches(profile, calendar));
            inside.enumerate().filter_map(|(at, inside)| inside.then_some(at)).collect()
        };
        Self { events, of: profiles.iter().map(touching).collect() }
    }

    /// True if there are no events.
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// What the usage of a profile on a day is multiplied by.
    pub(super) fn at(&self, profile: u32, day: NaiveDate) -> f64 {
        let touching = self.of.get(profile as usize).map(Vec::as_slice).unwrap_or_default();
        touching.iter().map(|at| self.events[*at].factor_on(day)).product()
    }

    /// Events that touch no profile at all.
    pub(super) fn idle(&self) -> impl Iterator<Item = &'a Event> + '_ {
        let used = |at: &usize| self.of.iter().any(|touching| touching.contains(at));
        (0..self.events.len()).filter(move |at| !used(at)).map(|at| &self.events[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-12
    }

    #[test]
    fn events_are_read() {
        let event: Event =
            "team=search,model=gpt-5@2027-01-15..2027-01-20:+30%:3d".parse().unwrap();
        assert_eq!((event.from, event.until), (day("2027-01-15"), Some(day("2027-01-21"))));
        assert_eq!(event.scope.to_string(), "team=search,model=gpt-5");
        assert_eq!(event.ramp_days, 3);
        for (text, factor) in [("-20%", 0.8), ("x2.5", 2.5), ("stop", 0.0), ("+0.5%", 1.005)] {
            assert!(near(parse_change(text).unwrap(), factor), "{text}");
        }
    }

    #[test]
    fn wrong_events_are_refused() {
        for text in [
            "",
            "2027-01-15",
            "2027-01-15:30%",
            "2027-01-15:x",
            "2027-01-15:x-1",
            "2027-01-15:-101%",
            "2027-01-15:+nan%",
            "2027-13-01:+1%",
            "2027-01-15..2027-01-14:+1%",
            "day=x@2027-01-15:+1%",
            "team@2027-01-15:+1%",
            "2027-01-15:+1%:0d",
            "2027-01-15:+1%:3",
            "2027-01-15:+1%:3d:4d",
        ] {
            assert!(text.parse::<Event>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_ramp_builds_up_and_a_range_ends() {
        let event: Event = "2027-01-10..2027-01-14:+40%:4d".parse().unwrap();
        let at = |text: &str| event.factor_on(day(text));
        assert!(near(at("2027-01-09"), 1.0) && near(at("2027-01-10"), 1.1));
        assert!(near(at("2027-01-12"), 1.3) && near(at("2027-01-14"), 1.4));
        assert!(near(at("2027-01-15"), 1.0));
    }
}
