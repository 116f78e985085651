//! Histories of less than two seasons.
//!
//! A level by exponential smoothing with a fixed alpha, plus a season whose shape is that of the
//! last one, shrunk; under one season only the level. Too short to estimate more from.

use super::math::{self, count, mean};
use super::residuals::center;
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
/// Weight of the shape of a season that was seen once.
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
    /// Deviations from the level, beginning with the phase of the first future day. Empty without
    /// a season.
    profile: Vec<f64>,
    /// By age; NaN for a day without one.
    pub(super) residuals: Vec<f64>,
}

impl Short {
    /// From values in the models' unit. The level begins as a running mean: its gain is
    /// max(alpha, 1 / known days).
    pub(super) fn fit(values: &[f64], season: usize) -> Self {
        let last = values.len().saturating_sub(season);
        let profile = if season > 1 { shrunk_profile(&values[last..]) } else { Vec::new() };
        let mut level = 0.0;
        let mut known = 0;
        let mut residuals = vec![f64::NAN; values.len()];
        for (t, value) in values.iter().enumerate().filter(|(_, v)| !v.is_nan()) {
            // The profile begins with the phase of the day after the last one.
            let phase = (t + season - values.len() % season) % season;
            let e = value - profile.get(phase).unwrap_or(&0.0) - level;
            known += 1;
            level += e * ALPHA.max(1.0 / count(known));
            if known > 1 {
                let fitted = !profile.is_empty() && t >= last;
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
                let season = self.profile.get(h % self.profile.len().max(1)).unwrap_or(&0.0);
                *value = bounds.apply(level + season + e);
                level += ALPHA * e;
            }
        }
    }
}

/// The shape of a season: deviations from its mean, shrunk. An unknown day has none.
fn shrunk_profile(days: &[f64]) -> Vec<f64> {
    let average = mean(days).unwrap_or(0.0);
    let shrunk = |v: &f64| {
        if v.is_nan() { 0.0 } else { WEIGHT * (v - average) }
    };
    days.iter().map(shrunk).collect()
}
