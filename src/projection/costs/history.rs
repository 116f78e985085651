//! Which days of daily costs are known, and the series that are forecast from them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate, Weekday};

use super::super::LastDay;
use super::super::backtest::approximate;
use super::simulated::in_ticks;
use super::{CostOptions, MissingDays};
use crate::costs::DailyCosts;
use crate::diagnostic::{Diagnostics, code};
use crate::money::{Amount, MoneyError};
use crate::period::next_day;
use crate::series::DailySeries;

/// Days of a series that are looked at; no forecast reads more.
const LONGEST_HISTORY_DAYS: i64 = 3_660;

/// Which days are known.
pub(super) struct CostHistory {
    pub(super) first: NaiveDate,
    pub(super) origin: NaiveDate,
    pub(super) has_partial_day: bool,
    pub(super) unknown: BTreeSet<NaiveDate>,
    /// Unknown days, and those that are to be ignored.
    left_out: BTreeSet<NaiveDate>,
    pub(super) diagnostics: Diagnostics,
}

impl CostHistory {
    /// `None` without any cost.
    pub(super) fn of(costs: &DailyCosts, options: &CostOptions) -> Option<Self> {
        let days = costs.days();
        let (first, last) = (*days.first()?, *days.last()?);
        let has_partial_day = options.last_day == LastDay::Partial;
        let origin = if has_partial_day { last } else { next_day(last) };
        let between = first.iter_days().take_while(|day| *day < origin);
        let missing: BTreeSet<NaiveDate> = between.filter(|day| !days.contains(day)).collect();
        let mut diagnostics = Diagnostics::default();
        let unknown = match options.missing {
            MissingDays::Zero => BTreeSet::new(),
            MissingDays::Unknown => missing,
        };
        if let Some(day) = unknown.first() {
            let message = format!(
                "days without any cost, the first on {day}{}, are not known and not zero (set --missing-days)",
                weekends(&unknown)
            );
            let count = u64::try_from(unknown.len()).unwrap_or(u64::MAX);
            diagnostics.add_many(code::UNKNOWN_DAYS, message, None, count);
        }
        if has_partial_day {
            let message = format!(
                "last day {last} is not over: its cost so far bounds the forecast of that day from below"
            );
            diagnostics.add(code::PARTIAL_LAST_DAY, message, None);
        }
        let ignored = options.ignored.range(first.min(origin)..origin);
        let left_out = ignored.chain(&unknown).copied().collect();
        Some(Self { first, origin, has_partial_day, unknown, left_out, diagnostics })
    }

    /// Known days among the last `window` before a day.
    pub(super) fn known_days(&self, before: NaiveDate, window: usize) -> i64 {
        let window = i64::try_from(window).unwrap_or(i64::MAX);
        let days = before.signed_duration_since(self.first).num_days().min(window);
        let start = before - chrono::Duration::days(days);
        days - i64::try_from(self.left_out.range(start..before).count()).unwrap_or(i64::MAX)
    }

    /// The first day that is looked at.
    pub(super) fn start(&self) -> NaiveDate {
        self.first.max(self.origin - chrono::Duration::days(LONGEST_HISTORY_DAYS))
    }

    /// What each day before the origin cost, all series together.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub(super) fn actual(
        &self,
        costs: &DailyCosts,
    ) -> Result<BTreeMap<NaiveDate, Amount>, MoneyError> {
        let mut actual: BTreeMap<NaiveDate, Amount> = BTreeMap::new();
        for (day, cost) in costs.series().flat_map(|(_, days)| days.range(..self.origin)) {
            let sum = actual.entry(*day).or_default();
            *sum = sum.checked_add(*cost)?;
        }
        Ok(actual)
    }

    /// What each day from [`Self::start`] to the origin cost, ignored ones too; `None` where that is
    /// not known.
    pub(super) fn by_day(&self, costs: &BTreeMap<NaiveDate, Amount>) -> Vec<Option<Amount>> {
        let cost = |day: NaiveDate| {
            (!self.unknown.contains(&day)).then(|| costs.get(&day).copied().unwrap_or_default())
        };
        self.start().iter_days().take_while(|day| *day < self.origin).map(cost).collect()
    }

    /// The costs of all series together, as numbers for statistics.
    pub(super) fn total(&self, actual: &BTreeMap<NaiveDate, Amount>) -> DailySeries {
        let start = self.start();
        let value = |day: NaiveDate| {
            let cost = actual.get(&day).copied().unwrap_or_default();
            (!self.left_out.contains(&day)).then(|| approximate(cost))
        };
        let days = start.iter_days().take_while(|day| *day < self.origin);
        DailySeries { start, values: days.map(value).collect() }
    }

    /// A series in ticks, from its first day to the last one before an origin. A day on which only
    /// other series have a cost is zero.
    pub(super) fn series(
        &self,
        costs: &BTreeMap<NaiveDate, Amount>,
        origin: NaiveDate,
        tick: i128,
    ) -> DailySeries {
        let earliest = origin - chrono::Duration::days(LONGEST_HISTORY_DAYS);
        let last = origin.pred_opt().unwrap_or(origin);
        // A series that began on the day that is not over was zero before.
        let began = costs.keys().next().copied().unwrap_or(last);
        let start = began.min(last).max(earliest);
        let value = |day: NaiveDate| {
            if self.left_out.contains(&day) && began < origin {
                return None;
            }
            Some(in_ticks(costs.get(&day).copied().unwrap_or_default(), tick))
        };
        let days = start.iter_days().take_while(|day| *day < origin);
        DailySeries { start, values: days.map(value).collect() }
    }
}

/// On days that are all weekends most likely nothing was spent.
fn weekends(days: &BTreeSet<NaiveDate>) -> &'static str {
    let is_weekend = |day: &NaiveDate| matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    if days.iter().all(is_weekend) { " (weekends only)" } else { "" }
}
