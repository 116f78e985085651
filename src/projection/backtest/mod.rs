//! Backtests: forecasts from earlier days of the history, beside what happened since.
//!
//! Every figure of a backtest comes from the same code as a forecast, given only the days before
//! the origin. Prices are those in force on the days forecast, so that scores are about usage.

mod choice;
mod record;
mod score;
mod usage;
mod windows;

use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::NaiveDate;

use super::ProjectionError;
use super::level::Level;
use crate::diagnostic::Diagnostics;
use crate::money::Currency;

pub use self::choice::LevelScore;
pub(super) use self::choice::choose_level;
pub use self::record::TrackRecord;
pub(super) use self::record::track_record;
pub(super) use self::score::approximate;
pub use self::score::{IntervalScores, PointScores, RUN_RATE_DAYS, SCORED, Scores, Window};
pub use self::usage::backtest;
pub(super) use self::usage::{PastUsage, SpentByDay};
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
    pub history_start: NaiveDate,
    /// The day after its last complete one.
    pub history_end: NaiveDate,
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

/// A history that can be forecast again from its earlier days.
pub(super) trait Past: Sync {
    /// The first day; spans count from it.
    fn first(&self) -> NaiveDate;
    /// Days to the origin of the forecast proper.
    fn days(&self) -> u32;
    /// Series that a forecast fits.
    fn leaves(&self) -> usize;
    /// Threads that may be used.
    fn threads(&self) -> usize;
    /// True if enough is known before a span, and anything of it.
    fn can_test(&self, span: Span) -> bool;
    /// Forecasts a span from the days before it.
    ///
    /// # Errors
    /// Those of a forecast.
    fn again(&self, span: Span, paths: usize) -> Result<Again, ProjectionError>;
}

/// One window, in total and by group.
pub(super) struct Again {
    pub(super) total: Window,
    pub(super) groups: Vec<Window>,
}

/// Every window of a kind that can be tested, `most` at most, the latest ones; oldest first.
///
/// # Errors
/// [`ProjectionError::TooShortToTest`] if there is none.
pub(super) fn spans(
    past: &impl Past,
    windows: Windows,
    most: usize,
) -> Result<Vec<Span>, ProjectionError> {
    let (spans, shortest) = match windows {
        Windows::Rolling { days, stride } => (windows::rolling(past, days, stride, most), days),
        Windows::Months => (windows::months(past, most), 31),
    };
    if spans.is_empty() {
        let needed = shortest.saturating_add(LEAST_TRAINING_DAYS);
        return Err(ProjectionError::TooShortToTest { days: past.days(), needed });
    }
    Ok(spans)
}

/// Scores of the total and of the groups.
pub(super) struct Tested {
    pub(super) windows: Vec<Window>,
    pub(super) total: Scores,
    pub(super) groups: Vec<(Vec<String>, Scores)>,
}

impl Tested {
    /// Forecasts every span again; `keys` are those of the groups.
    ///
    /// # Errors
    /// Those of a forecast.
    pub(super) fn of(
        past: &impl Past,
        spans: &[Span],
        paths: usize,
        keys: Vec<Vec<String>>,
    ) -> Result<Self, ProjectionError> {
        let mut by_group: Vec<Vec<Window>> = vec![Vec::new(); keys.len()];
        let mut windows = Vec::new();
        for one in forecast_again(past, spans, paths)? {
            windows.push(one.total);
            by_group.iter_mut().zip(one.groups).for_each(|(all, window)| all.push(window));
        }
        let groups = keys.into_iter().zip(by_group);
        Ok(Self {
            total: Scores::of(&windows).ok_or(ProjectionError::NoUsage)?,
            groups: groups.filter_map(|(key, all)| Some((key, Scores::of(&all)?))).collect(),
            windows,
        })
    }
}

/// Forecasts every span from what was known before it. Spans are spread over threads; the result
/// does not depend on how many there are.
fn forecast_again(
    past: &impl Past,
    spans: &[Span],
    paths: usize,
) -> Result<Vec<Again>, ProjectionError> {
    let threads = past.threads().min(spans.len());
    if threads <= 1 {
        return spans.iter().map(|span| past.again(*span, paths)).collect();
    }
    let next = AtomicUsize::new(0);
    let mut done: Vec<(usize, Result<Again, ProjectionError>)> = std::thread::scope(|scope| {
        let worker = || {
            let mut own = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(span) = spans.get(at) else { return own };
                own.push((at, past.again(*span, paths)));
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
