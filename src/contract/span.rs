//! Recurring periods of contracts: billing periods, commitment periods, fees.

use std::sync::Arc;

use chrono::{Days, Months, NaiveDate};

use crate::period::{Calendar, Period, Timestamp};

/// How often something recurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Every {
    /// Each day.
    Day,
    /// Each seven days.
    Week,
    /// Each month.
    Month,
    /// Each three months.
    Quarter,
    /// Each twelve months.
    Year,
    /// Once for the whole term.
    Term,
}

impl Every {
    /// Every length, shortest first.
    pub const ALL: [Self; 6] =
        [Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year, Self::Term];

    /// The name used in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::Term => "term",
        }
    }

    /// The length of a name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|e| e.name() == name)
    }
}

/// Where recurring periods begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Anchor {
    /// On the first day of a calendar month, quarter or year, on a Monday, at midnight; the first
    /// and the last period may be cut.
    #[default]
    Calendar,
    /// On the first day of the contract or term, and then on the same day of later months (on the
    /// last day of shorter ones); the last period may be cut.
    Start,
}

/// One period of a row of recurring ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its number, from 0.
    pub index: usize,
    /// First day and first day after it, inside the term.
    pub days: (NaiveDate, NaiveDate),
    /// Its days, and those of the uncut period: a cut one has fewer.
    pub share: (u32, u32),
    /// The instants of `days`.
    pub period: Period,
}

impl Span {
    /// True if it is as long as it would be without the bounds of the term.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.share.0 == self.share.1
    }
}

/// The recurring periods of a term, in order and without gaps. Copies share them: states of contracts are
/// copied for every path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spans(Arc<[Span]>);

impl Spans {
    /// Cuts the days from `start` to `end` (not included).
    #[must_use]
    pub fn new(
        every: Every,
        anchor: Anchor,
        (start, end): (NaiveDate, NaiveDate),
        calendar: &Calendar,
    ) -> Self {
        let origin = match anchor {
            Anchor::Start => start,
            Anchor::Calendar => calendar_start(every, start),
        };
        let mut spans = Vec::new();
        let mut from = origin;
        let mut number = 0;
        while from < end {
            number += 1;
            let until = if every == Every::Term { end } else { step(every, origin, number) };
            if until <= from {
                break;
            }
            let days = (from.max(start), until.min(end));
            if days.0 < days.1 {
                spans.push(Span {
                    index: spans.len(),
                    days,
                    share: (length(days), length((from, until))),
                    period: Period {
                        start: calendar.day_start(days.0),
                        end: calendar.day_start(days.1),
                    },
                });
            }
            from = until;
        }
        Self(spans.into())
    }

    /// Every period.
    #[must_use]
    pub fn all(&self) -> &[Span] {
        &self.0
    }

    /// The period that holds an instant.
    #[must_use]
    pub fn at(&self, instant: Timestamp) -> Option<&Span> {
        let after = self.0.partition_point(|span| span.period.start <= instant);
        self.0.get(after.checked_sub(1)?).filter(|span| span.period.contains(instant))
    }
}

fn length((from, until): (NaiveDate, NaiveDate)) -> u32 {
    u32::try_from((until - from).num_days()).unwrap_or(0)
}

/// The first day of the calendar's period that holds a day.
fn calendar_start(every: Every, day: NaiveDate) -> NaiveDate {
    use chrono::Datelike;
    let first = |month: u32| NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day);
    match every {
        Every::Day | Every::Term => day,
        Every::Week => day - Days::new(u64::from(day.weekday().num_days_from_monday())),
        Every::Month => first(day.month()),
        Every::Quarter => first((day.month() - 1) / 3 * 3 + 1),
        Every::Year => first(1),
    }
}

/// `number` steps after the origin. Months are counted from the origin each time, so that a start
/// on the 31st comes back to the 31st after a shorter month.
fn step(every: Every, origin: NaiveDate, number: u32) -> NaiveDate {
    let months = match every {
        Every::Day => return origin + Days::new(u64::from(number)),
        Every::Week => return origin + Days::new(7 * u64::from(number)),
        Every::Month => 1,
        Every::Quarter => 3,
        Every::Year => 12,
        Every::Term => return NaiveDate::MAX,
    };
    origin.checked_add_months(Months::new(months * number)).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn cut(
        every: Every,
        anchor: Anchor,
        from: &str,
        until: &str,
    ) -> Vec<(String, String, u32, u32)> {
        let spans = Spans::new(every, anchor, (day(from), day(until)), &Calendar::UTC);
        let shown = |s: &Span| (s.days.0.to_string(), s.days.1.to_string(), s.share.0, s.share.1);
        spans.all().iter().map(shown).collect()
    }

    fn row(from: &str, until: &str, days: u32, of: u32) -> (String, String, u32, u32) {
        (from.into(), until.into(), days, of)
    }

    #[test]
    fn months_of_the_calendar_are_cut_at_both_ends() {
        assert_eq!(
            cut(Every::Month, Anchor::Calendar, "2028-01-20", "2028-03-10"),
            [
                row("2028-01-20", "2028-02-01", 12, 31),
                row("2028-02-01", "2028-03-01", 29, 29),
                row("2028-03-01", "2028-03-10", 9, 31),
            ]
        );
    }

    #[test]
    fn months_from_the_31st_come_back_to_the_31st() {
        assert_eq!(
            cut(Every::Month, Anchor::Start, "2027-01-31", "2027-04-30"),
            [
                row("2027-01-31", "2027-02-28", 28, 28),
                row("2027-02-28", "2027-03-31", 31, 31),
                row("2027-03-31", "2027-04-30", 30, 30),
            ]
        );
    }

    #[test]
    fn years_from_a_leap_day() {
        assert_eq!(
            cut(Every::Year, Anchor::Start, "2028-02-29", "2030-02-28"),
            [row("2028-02-29", "2029-02-28", 365, 365), row("2029-02-28", "2030-02-28", 365, 365)]
        );
    }

    #[test]
    fn a_term_is_one_period() {
        assert_eq!(
            cut(Every::Term, Anchor::Calendar, "2026-05-05", "2036-05-05"),
            [row("2026-05-05", "2036-05-05", 3653, 3653)]
        );
    }

    #[test]
    fn instants_are_found() {
        let spans = Spans::new(
            Every::Day,
            Anchor::Start,
            (day("2026-01-01"), day("2026-01-03")),
            &Calendar::UTC,
        );
        let at = |text: &str| spans.at(Timestamp::parse(text).unwrap()).map(|s| s.index);
        assert_eq!(at("2025-12-31T23:59:59Z"), None);
        assert_eq!(at("2026-01-01T00:00:00Z"), Some(0));
        assert_eq!(at("2026-01-02T23:59:59.999999999Z"), Some(1));
        assert_eq!(at("2026-01-03T00:00:00Z"), None);
    }
}
