//! Backtests: forecasts from earlier days of the history, beside what happened since.
//!
//! Every figure of a backtest comes from the same code as a forecast, given only the days before
//! the origin. Prices are those in force on the days forecast, so that scores are about usage.

mod choice;
mod record;
mod score;
mod windows;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::history::Origin;
use super::level::Level;
use super::prepared::{Prepared, Run};
use super::{ProjectionError, ProjectionOptions};
use crate::diagnostic::Diagnostics;
use crate::money::{Amount, Currency};
use crate::price_book::PriceBook;
use crate::rollup::Rollup;

pub use self::choice::LevelScore;
pub(super) use self::choice::choose_level;
pub use self::record::TrackRecord;
pub(super) use self::record::track_record;
pub(super) use self::score::approximate;
pub use self::score::{IntervalScores, PointScores, RUN_RATE_DAYS, SCORED, Scores, Window};
pub use self::windows::LEAST_TRAINING_DAYS;
pub(super) use self::windows::Span;

/// Which windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Windows {
    /// Windows of this many days, each so many days after the one before.
    Rolling {
        /// Days of a window.
        days: u32,
        /// Days from one origin to the next.
        stride: u32,
    },
    /// Calendar months.
    Months,
}

/// A backtest.
#[derive(Debug, Clone)]
pub struct Backtest {
    /// Currency of every amount.
    pub currency: Currency,
    /// First day of the history.
    pub history_start: chrono::NaiveDate,
    /// The day after its last complete one.
    pub history_end: chrono::NaiveDate,
    /// The level that was forecast.
    pub level: Level,
    /// The levels it was chosen among; empty if it was given.
    pub levels: Vec<LevelScore>,
    /// Forecasts of the total, oldest first.
    pub windows: Vec<Window>,
    /// Scores of the total.
    pub total: Scores,
    /// Scores of the groups, by key.
    pub groups: Vec<(Vec<String>, Scores)>,
    /// What was odd about the history.
    pub diagnostics: Diagnostics,
}

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
    let history = prepared.days.origin_offset();
    let (spans, shortest) = match windows {
        Windows::Rolling { days, stride } => (windows::rolling(history, days, stride, most), days),
        Windows::Months => (windows::months(prepared.days.first, history, most), 31),
    };
    if spans.is_empty() {
        let needed = shortest.saturating_add(LEAST_TRAINING_DAYS);
        return Err(ProjectionError::TooShortToTest { days: history, needed });
    }
    let actual = prepared.actual_by_group()?;
    let (level, levels) = choose_level(&prepared, &actual)?;
    let found = forecast_again(&prepared, level, &spans, options.paths, &actual)?;
    let mut by_group: Vec<Vec<Window>> = vec![Vec::new(); prepared.keys.len()];
    let mut totals = Vec::new();
    for one in found {
        totals.push(one.total);
        by_group.iter_mut().zip(one.groups).for_each(|(all, window)| all.push(window));
    }
    let groups = prepared.keys.iter().cloned().zip(by_group);
    let groups = groups.filter_map(|(key, all)| Scores::of(&all).map(|s| (key, s))).collect();
    let total = Scores::of(&totals).ok_or(ProjectionError::NoUsage)?;
    Ok(Backtest {
        currency: prepared.rater.currency(),
        history_start: prepared.days.first,
        history_end: prepared.days.origin,
        level,
        levels,
        windows: totals,
        total,
        groups: if options.dimensions.is_empty() { Vec::new() } else { groups },
        diagnostics: prepared.days.diagnostics.clone(),
    })
}

/// One window, in total and by group.
pub(super) struct Again {
    pub(super) total: Window,
    pub(super) groups: Vec<Window>,
}

/// Forecasts every span from what was known before it. Spans are spread over threads; the result
/// does not depend on how many there are.
pub(super) fn forecast_again(
    prepared: &Prepared<'_>,
    level: Level,
    spans: &[Span],
    paths: usize,
    actual: &[Vec<Amount>],
) -> Result<Vec<Again>, ProjectionError> {
    let total = summed(actual)?;
    let work = |span: &Span| one_span(prepared, level, *span, paths, actual, &total);
    let threads = prepared.options.threads.map_or(1, NonZeroUsize::get).min(spans.len());
    if threads <= 1 {
        return spans.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let mut done: Vec<(usize, Result<Again, ProjectionError>)> = std::thread::scope(|scope| {
        let worker = || {
            let mut own = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(span) = spans.get(at) else { return own };
                own.push((at, work(span)));
            }
        };
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        handles
            .into_iter()
            .flat_map(|handle| match handle.join() {
                Ok(own) => own,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, found)| found).collect()
}

/// The sum of all groups, day by day.
fn summed(actual: &[Vec<Amount>]) -> Result<Vec<Amount>, ProjectionError> {
    let length = actual.iter().map(Vec::len).max().unwrap_or(0);
    let of_day = |day: usize| Amount::checked_sum(actual.iter().map(|group| group[day]));
    Ok((0..length).map(of_day).collect::<Result<_, _>>()?)
}

fn one_span(
    prepared: &Prepared<'_>,
    level: Level,
    span: Span,
    paths: usize,
    actual: &[Vec<Amount>],
    total: &[Amount],
) -> Result<Again, ProjectionError> {
    let origin = Origin { offset: span.origin, has_partial_day: false };
    let (at, horizon_days) = (span.origin as usize, span.days as usize);
    let leaves = prepared.leaves(level, origin, false);
    let run = Run { origin, horizon_days, paths, keep_sums: false, with_plans: false };
    let simulated = prepared.simulate(&leaves, run)?;
    let date = prepared.days.date(span.origin);
    let single = std::slice::from_ref(&simulated.total);
    let paths = if actual.len() == 1 { single } else { &simulated.groups };
    let groups = actual.iter().zip(paths).map(|(costs, paths)| Window::of(costs, at, date, paths));
    Ok(Again {
        total: Window::of(total, at, date, &simulated.total)?,
        groups: groups.collect::<Result<_, _>>()?,
    })
}
