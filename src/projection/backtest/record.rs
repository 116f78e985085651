//! The short form of a backtest that stands beside every forecast.

use super::windows::{Span, months, rolling};
use super::{Past, ProjectionError, Scores, Window, forecast_again};

/// Windows of a record.
const MOST_WINDOWS: usize = 6;
/// Windows without which lengths are shortened.
const LEAST_WINDOWS: usize = 2;
/// Days of a window where no two months, or windows of the horizon, can be told.
const SHORT_DAYS: u32 = 7;
/// Longest window.
const MOST_DAYS: u32 = 31;
/// Paths of each.
const RECORD_PATHS: usize = 500;
/// Leaves times windows at most.
const MOST_FITS: usize = 6_000;

/// How forecasts from earlier days of the same history did.
#[derive(Debug, Clone)]
pub struct TrackRecord {
    /// True if the windows are calendar months.
    pub by_month: bool,
    /// Days of the longest window.
    pub window_days: u32,
    /// Windows whose total the 80 % interval held.
    pub held_80: usize,
    /// Windows whose total the 95 % interval held.
    pub held_95: usize,
    /// The forecasts, oldest first; they do not overlap.
    pub windows: Vec<Window>,
    /// Scores.
    pub scores: Scores,
}

/// The record of a history: whole months if there are two with history before them, else windows of
/// the horizon, else weeks. `None` if there are not even two of these, or too many leaves.
pub(in super::super) fn track_record(
    past: &impl Past,
    horizon_days: usize,
) -> Result<Option<TrackRecord>, ProjectionError> {
    let days = u32::try_from(horizon_days).unwrap_or(MOST_DAYS).clamp(1, MOST_DAYS);
    let by_horizon = rolling(past, days, days, MOST_WINDOWS);
    let by_week = || rolling(past, SHORT_DAYS, SHORT_DAYS, MOST_WINDOWS);
    let months = months(past, MOST_WINDOWS);
    let by_month = months.len() >= LEAST_WINDOWS && days > 2 * SHORT_DAYS;
    let spans: Vec<Span> = if by_month {
        months
    } else if by_horizon.len() >= LEAST_WINDOWS {
        by_horizon
    } else {
        by_week()
    };
    if spans.len() < LEAST_WINDOWS || past.leaves() * spans.len() > MOST_FITS {
        return Ok(None);
    }
    let again = forecast_again(past, &spans, RECORD_PATHS)?;
    let windows: Vec<Window> = again.into_iter().map(|one| one.total).collect();
    let held = |wide: bool| windows.iter().filter(|w| w.holds(wide)).count();
    let Some(scores) = Scores::of(&windows) else { return Ok(None) };
    Ok(Some(TrackRecord {
        by_month,
        window_days: spans.iter().map(|s| s.days).max().unwrap_or(0),
        held_80: held(false),
        held_95: held(true),
        windows,
        scores,
    }))
}
