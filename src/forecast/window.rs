//! The part of a series that is modelled.

use super::math::mean;
use crate::series::DailySeries;

/// Days whose mean is the unit of the models.
const SCALE_DAYS: usize = 28;
/// A launch: leading zeros are dropped if what follows has at least this many known days, most of
/// them with usage.
const LAUNCH_DAYS: usize = 3;

/// The most recent days of a series. NaN marks an unknown day.
#[derive(Debug, Clone)]
pub(super) struct Window {
    pub(super) values: Vec<f64>,
    /// Known days.
    pub(super) observed: usize,
    /// Largest value.
    pub(super) largest: f64,
}

impl Window {
    /// The last `limit` days, without days before the first known one and, for a series that began
    /// inside of the window, without the zeros before its launch. `None` if no day is known.
    pub(super) fn of(series: &DailySeries, limit: usize) -> Option<Self> {
        let recent = &series.values[series.len().saturating_sub(limit)..];
        let values: Vec<f64> = recent.iter().map(|v| v.unwrap_or(f64::NAN)).collect();
        let first = values.iter().position(|v| !v.is_nan())?;
        let launch = values.iter().position(|v| *v > 0.0).filter(|t| is_launch(&values[*t..]));
        let values = values[launch.unwrap_or(first)..].to_vec();
        let observed = values.iter().filter(|v| !v.is_nan()).count();
        let largest = values.iter().copied().fold(0.0, f64::max);
        Some(Self { values, observed, largest })
    }

    /// Mean of the last 28 days, or of all if those are zero.
    pub(super) fn unit(&self) -> f64 {
        let recent = &self.values[self.values.len().saturating_sub(SCALE_DAYS)..];
        [recent, &self.values[..]]
            .into_iter()
            .filter_map(mean)
            .find(|unit| *unit > 0.0)
            .unwrap_or(1.0)
    }
}

fn is_launch(since: &[f64]) -> bool {
    let known = since.iter().filter(|v| !v.is_nan()).count();
    let used = since.iter().filter(|v| **v > 0.0).count();
    known >= LAUNCH_DAYS && 2 * used >= known
}
