//! Usage by day: what forecasts, backtests and drivers look back on.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, Timelike};

use crate::diagnostic::{Diagnostics, code};
use crate::forecast::ForecastOptions;
use crate::period::{Calendar, DAY_NANOS, HOUR_NANOS, Period, next_day};
use crate::rollup::Rollup;
use crate::tokens::Component;

/// A last day that ends this long before midnight is not over.
const QUIET_HOURS: i64 = 2;

/// How to treat the last day of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LastDay {
    /// Partial if it ends two hours or more before midnight.
    #[default]
    Auto,
    /// Over.
    Complete,
    /// Not over.
    Partial,
}

/// Units of one component that a profile used in one hour of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DayRow {
    /// Days after the first.
    pub(super) day: u32,
    pub(super) profile: u32,
    /// Hour on the clock of the calendar.
    pub(super) hour: u8,
    pub(super) component: Component,
    pub(super) count: u64,
}

/// Requests of a profile on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RequestRow {
    /// Days after the first.
    pub(super) day: u32,
    pub(super) profile: u32,
    pub(super) count: u64,
}

/// The usage of a rollup by day of a calendar.
#[derive(Debug, Clone)]
pub struct UsageDays {
    /// First day with usage.
    pub first: NaiveDate,
    /// First day to forecast: the partial day, or the day after the last.
    pub origin: NaiveDate,
    /// The last day is partial, and forecast from what is known of it.
    pub has_partial_day: bool,
    /// What was odd about it.
    pub diagnostics: Diagnostics,
    rows: Vec<DayRow>,
    requests: Vec<RequestRow>,
    /// Days before the origin whose usage is not what it would have been.
    unknown: BTreeSet<u32>,
}

impl UsageDays {
    /// Gathers a rollup by day; `None` if it is empty. Days of `ignored` count as unknown: their
    /// usage happened, but says nothing about the future.
    #[must_use]
    pub fn build(
        rollup: &Rollup,
        calendar: &Calendar,
        last_day: LastDay,
        ignored: &BTreeSet<NaiveDate>,
    ) -> Option<Self> {
        let span = rollup.span()?;
        let first = calendar.date_of(span.start);
        let last_start = rollup.last_start()?;
        let last = calendar.date_of(last_start);
        let is_partial = match last_day {
            LastDay::Complete => false,
            LastDay::Partial => true,
            LastDay::Auto => {
                let ends = calendar.day(last).end.nanos() - QUIET_HOURS * HOUR_NANOS;
                span.end.nanos() <= ends
            }
        };
        let origin = if is_partial { last } else { next_day(last) };
        let mut diagnostics = Diagnostics::default();
        if is_partial {
            let message = format!(
                "last day {last} ends at {}: its usage so far bounds the forecast of that day from below (set --last-day)",
                span.end
            );
            diagnostics.add(code::PARTIAL_LAST_DAY, message, None);
        }
        let (rows, requests) = gather(rollup, calendar, first);
        let unknown = ignored
            .iter()
            .filter(|day| (first..origin).contains(*day))
            .map(|day| offset(first, *day))
            .collect();
        let days = Self {
            first,
            origin,
            has_partial_day: is_partial,
            diagnostics,
            rows,
            requests,
            unknown,
        };
        Some(days.with_zero_days_noted())
    }

    fn with_zero_days_noted(mut self) -> Self {
        let used: BTreeSet<u32> = self.rows.iter().map(|r| r.day).collect();
        let mut empty =
            (0..self.origin_offset()).filter(|d| !used.contains(d) && !self.unknown.contains(d));
        if let Some(day) = empty.next() {
            let count = 1 + u64::try_from(empty.count()).unwrap_or(0);
            let message = format!(
                "days without any record, the first on {}, counted as zero (`--ignore` makes days unknown)",
                self.date(day)
            );
            self.diagnostics.add_many(code::ZERO_DAYS, message, None, count);
        }
        self
    }

    /// Complete days from the first with usage.
    #[must_use]
    pub fn days(&self) -> i64 {
        self.origin.signed_duration_since(self.first).num_days()
    }

    /// The origin as days after the first.
    pub(super) fn origin_offset(&self) -> u32 {
        offset(self.first, self.origin)
    }

    /// The day at an offset from the first.
    pub(super) fn date(&self, offset: u32) -> NaiveDate {
        self.first.checked_add_days(chrono::Days::new(u64::from(offset))).unwrap_or(NaiveDate::MAX)
    }

    /// True if what was used on a day is to be taken as unknown.
    pub(super) fn is_unknown(&self, day: u32) -> bool {
        self.unknown.contains(&day)
    }

    /// Days before an origin, as far back as a forecast looks, of which usage is known.
    pub(super) fn known_days(&self, origin: u32) -> i64 {
        let window = u32::try_from(ForecastOptions::default().history_days).unwrap_or(u32::MAX);
        let from = origin.saturating_sub(window);
        let known = (from..origin).filter(|day| !self.is_unknown(*day)).count();
        i64::try_from(known).unwrap_or(i64::MAX)
    }

    /// Rows of the days `from..until`, by day.
    pub(super) fn rows(&self, from: u32, until: u32) -> &[DayRow] {
        slice(&self.rows, from, until, |r| r.day)
    }

    /// Requests of the days `from..until`, by day.
    pub(super) fn requests(&self, from: u32, until: u32) -> &[RequestRow] {
        slice(&self.requests, from, until, |r| r.day)
    }
}

fn slice<T>(rows: &[T], from: u32, until: u32, day: impl Fn(&T) -> u32) -> &[T] {
    let start = rows.partition_point(|r| day(r) < from);
    let end = rows.partition_point(|r| day(r) < until);
    rows.get(start..end).unwrap_or_default()
}

/// Days from one date to a later one; 0 if it is not later.
fn offset(first: NaiveDate, day: NaiveDate) -> u32 {
    u32::try_from(day.signed_duration_since(first).num_days()).unwrap_or(0)
}

fn gather(
    rollup: &Rollup,
    calendar: &Calendar,
    first: NaiveDate,
) -> (Vec<DayRow>, Vec<RequestRow>) {
    let mut requests: BTreeMap<(u32, u32), u64> = BTreeMap::new();
    let mut rows: Vec<DayRow> = Vec::new();
    for row in rollup.rows() {
        let local = calendar.local(row.period.start);
        let (day, profile) = (offset(first, local.date()), row.profile);
        let hour = u8::try_from(local.hour()).unwrap_or(0);
        let sum = requests.entry((day, profile)).or_default();
        *sum = sum.saturating_add(row.requests);
        let counts = row.components.iter();
        rows.extend(counts.map(|(component, count)| DayRow {
            day,
            profile,
            hour,
            component,
            count,
        }));
    }
    rows.sort_unstable();
    // Charge periods shorter than an hour fall into the same one here.
    rows.dedup_by(|next, kept| {
        let same = (next.day, next.profile, next.hour, next.component)
            == (kept.day, kept.profile, kept.hour, kept.component);
        if same {
            kept.count = kept.count.saturating_add(next.count);
        }
        same
    });
    let requests = requests
        .into_iter()
        .map(|((day, profile), count)| RequestRow { day, profile, count })
        .collect();
    (rows, requests)
}

/// Some usage that is only known for longer than a day.
#[must_use]
pub fn longest_bucket(rollup: &Rollup) -> Option<Period> {
    // A day of 25 hours is still a day.
    rollup
        .rows()
        .iter()
        .map(|r| r.period)
        .filter(|p| p.nanos() > DAY_NANOS + HOUR_NANOS)
        .max_by_key(Period::nanos)
}
