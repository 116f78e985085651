//! Usage as a history that can be forecast again.

use std::num::NonZeroUsize;

use chrono::NaiveDate;

use super::super::history::Origin;
use super::super::level::Level;
use super::super::prepared::{Prepared, Run};
use super::super::{LEAST_HISTORY_DAYS, ProjectionError, ProjectionOptions};
use super::{Again, Backtest, Past, Span, Tested, Window, Windows, choose_level, spans};
use crate::money::{Amount, MoneyError};
use crate::price_book::PriceBook;
use crate::rollup::Rollup;

/// Forecasts a history from earlier days of it. `most` windows at most, the latest ones.
///
/// # Errors
/// [`ProjectionError::TooShortToTest`] if no window has enough days before it; the other errors are
/// those of a forecast.
pub fn backtest(
    rollup: &Rollup,
    book: &PriceBook,
    options: &ProjectionOptions,
    windows: Windows,
    most: usize,
) -> Result<Backtest, ProjectionError> {
    let prepared = Prepared::new(rollup, book, options)?;
    let spent = SpentByDay::of(&prepared)?;
    let (level, levels) = choose_level(&prepared, &spent)?;
    let past = PastUsage { prepared: &prepared, level, spent: &spent };
    let spans = spans(&past, windows, most)?;
    let keys = if options.dimensions.is_empty() { Vec::new() } else { prepared.keys.clone() };
    let tested = Tested::of(&past, &spans, options.paths, keys)?;
    Ok(Backtest {
        currency: prepared.rater.currency(),
        history_start: prepared.days.first,
        history_end: prepared.days.origin,
        level,
        levels,
        windows: tested.windows,
        total: tested.total,
        groups: tested.groups,
        diagnostics: prepared.days.diagnostics.clone(),
    })
}

/// What each day before the origin cost, in total and by group.
pub(in super::super) struct SpentByDay {
    total: Vec<Option<Amount>>,
    groups: Vec<Vec<Option<Amount>>>,
}

impl SpentByDay {
    /// Rates all usage.
    ///
    /// # Errors
    /// A cost that does not fit.
    pub(in super::super) fn of(prepared: &Prepared<'_>) -> Result<Self, ProjectionError> {
        let groups = prepared.actual_by_group()?;
        let length = groups.iter().map(Vec::len).max().unwrap_or(0);
        let of_day = |day: usize| Amount::checked_sum(groups.iter().map(|group| group[day]));
        let total = (0..length).map(|day| of_day(day).map(Some)).collect::<Result<_, MoneyError>>();
        let known = |group: Vec<Amount>| group.into_iter().map(Some).collect();
        Ok(Self { total: total?, groups: groups.into_iter().map(known).collect() })
    }
}

/// Usage at a level.
pub(in super::super) struct PastUsage<'p, 'a> {
    pub(in super::super) prepared: &'p Prepared<'a>,
    pub(in super::super) level: Level,
    pub(in super::super) spent: &'p SpentByDay,
}

impl Past for PastUsage<'_, '_> {
    fn first(&self) -> NaiveDate {
        self.prepared.days.first
    }

    fn days(&self) -> u32 {
        self.prepared.days.origin_offset()
    }

    fn leaves(&self) -> usize {
        self.prepared.leaves(self.level, self.prepared.last_origin(), false).len()
    }

    fn threads(&self) -> usize {
        self.prepared.options.threads.map_or(1, NonZeroUsize::get)
    }

    /// What usage costs is known of all days, but nothing is learnt from ignored ones, nor before
    /// the first use of a part of all usage.
    fn can_test(&self, span: Span) -> bool {
        let days = &self.prepared.days;
        days.known_days(span.origin) >= LEAST_HISTORY_DAYS
            && days.rows(0, span.origin).iter().any(|row| !days.is_unknown(row.day))
    }

    fn again(&self, span: Span, paths: usize) -> Result<Again, ProjectionError> {
        let origin = Origin { offset: span.origin, has_partial_day: false };
        let (at, horizon_days) = (span.origin as usize, span.days as usize);
        let leaves = self.prepared.leaves(self.level, origin, false);
        let run = Run { origin, horizon_days, paths, keep_sums: false, with_plans: false };
        let simulated = self.prepared.simulate(&leaves, run)?;
        let date = self.prepared.days.date(span.origin);
        let single = std::slice::from_ref(&simulated.total);
        let spent = self.spent;
        let paths = if spent.groups.len() == 1 { single } else { &simulated.groups };
        let groups =
            spent.groups.iter().zip(paths).map(|(costs, paths)| Window::of(costs, at, date, paths));
        Ok(Again {
            total: Window::of(&spent.total, at, date, &simulated.total)?,
            groups: groups.collect::<Result<_, _>>()?,
        })
    }
}
