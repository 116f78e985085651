//! Histories of less than two weeks.
//!
//! A level by exponential smoothing with a fixed alpha, plus a week whose shape is that of the last
//! one, shrunk; under a week only the level. Too short to estimate more from.

use super::math::{self, count, mean};
use super::members::center;
use super::rng::bell;
use super::season::SHRINKAGE;
use super::simulate::{Bounds, Draws, Residuals};

/// Spread of a forecast from a single day: the standard deviation of its logarithm. It is assumed,
/// and divided by the number of known days where there are more.
pub(super) const UNKNOWN_SPREAD: f64 = 0.7;
/// Smoothing constant.
const ALPHA: f64 = 0.3;
/// Of 4 innovations, how many have their sign turned: half, because so few residuals tell nothing
/// about skewness, and their median is noise.
const TURNED: u8 = 2;
/// Days of the season.
const WEEK: usize = 7;
/// Weight of the shape of a week that was seen once.
const WEIGHT: f64 = 1.0 / (1.0 + SHRINKAGE);

/// How much larger an error is on a new day than on one the profile was made of. If the shape were
/// all noise, sqrt(1 + w^2) / (1 - w) = 2.8; if none of it were, 1.
const UNFIT: f64 = 2.0;

/// A short history.
#[derive(Debug, Clone)]
pub(super) struct Short {
    level: f64,
    /// Standard deviation of the logarithm of the level.
    level_spread: f64,
    /// Deviations from the level, beginning with the weekday of the first future day. Empty without
    /// a season.
    profile: Vec<f64>,
    /// By age; NaN for a day without one.
    pub(super) residuals: Vec<f64>,
}

impl Short {
    /// From values in the models' unit. The level begins as a running mean: its gain is
    /// max(alpha, 1 / known days).
    pub(super) fn fit(values: &[f64], seasonal: bool) -> Self {
        let first_of_week = values.len().saturating_sub(WEEK);
        let profile = if seasonal { shrunk_profile(&values[first_of_week..]) } else { Vec::new() };
        let mut level = 0.0;
        let mut known = 0;
        let mut residuals = vec![f64::NAN; values.len()];
        for (t, value) in values.iter().enumerate().filter(|(_, v)| !v.is_nan()) {
            // The profile begins at `first_of_week`, which is less than a week after the start.
            let season = profile.get((t + WEEK - first_of_week % WEEK) % WEEK).unwrap_or(&0.0);
            let e = value - season - level;
            known += 1;
            level += e * ALPHA.max(1.0 / count(known));
            if known > 1 {
                let fitted = !profile.is_empty() && t >= first_of_week;
                residuals[t] = if fitted { e * UNFIT } else { e };
            }
        }
        residuals.reverse();
        center(&mut residuals);
        let inflation = (count(known + 1) / count(known.saturating_sub(1).max(1))).sqrt();
        residuals.iter_mut().for_each(|e| *e *= inflation);
        Self { level, level_spread: UNKNOWN_SPREAD / count(known), profile, residuals }
    }

    /// Fills `out` (paths x horizon).
    pub(super) fn paths(&self, bounds: &Bounds, draws: &Draws, out: &mut [f64], horizon: usize) {
        let table = Residuals::for_draws(&self.residuals, draws);
        for ((_, bits, steps), path) in draws.each().zip(out.chunks_exact_mut(horizon)) {
            let mut level = self.level * math::exp(self.level_spread * bell(bits));
            for (h, (draw, value)) in steps.iter().zip(path).enumerate() {
                let e = table.innovation(draw, TURNED);
                let season = self.profile.get(h % WEEK).unwrap_or(&0.0);
                *value = bounds.apply(level + season + e);
                level += ALPHA * e;
            }
        }
    }
}

/// The shape of a week: deviations from its mean, shrunk. An unknown day has none.
fn shrunk_profile(week: &[f64]) -> Vec<f64> {
    let average = mean(week).unwrap_or(0.0);
    let shrunk = |v: &f64| {
        if v.is_nan() { 0.0 } else { WEIGHT * (v - average) }
    };
    week.iter().map(shrunk).collect()
}
