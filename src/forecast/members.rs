//! The pool: four small models that are wrong in different ways.

use super::ets::{Smoothing, State};
use super::fit::minimise;
use super::math::{count, exp, ln, logistic, logit, mean};
use super::season::{deseasonalised, initial_season};
use super::theta;

/// A member of the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Level and season: ETS(A,N,A).
    Level,
    /// Level, damped trend and season: ETS(A,Ad,A).
    Damped,
    /// Level, decaying drift and season: Theta.
    Theta,
}

/// The scale a member works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// The quantity itself.
    Raw,
    /// `ln(1 + 10 y)`: changes are relative, and zeros are allowed.
    Log,
}

/// The members for series with a season.
pub(super) const SEASONAL: [(Kind, Scale); 4] = [
    (Kind::Level, Scale::Raw),
    (Kind::Level, Scale::Log),
    (Kind::Damped, Scale::Log),
    (Kind::Theta, Scale::Raw),
];

/// The members for series without one (`season_length` 1).
pub(super) const NON_SEASONAL: [(Kind, Scale); 3] =
    [(Kind::Damped, Scale::Raw), (Kind::Damped, Scale::Log), (Kind::Theta, Scale::Raw)];

/// Most a spread is inflated for the parameters that were fitted.
const INFLATION_LIMIT: f64 = 1.58;
/// Gain of the running size of residuals, its least value in units of the average, and the most a
/// residual is rescaled.
const SIZE_GAIN: f64 = 0.03;
const LEAST_SIZE: f64 = 0.2;
const MOST_RESCALED: f64 = 2.5;
/// Weight of the prior on the smoothing parameters.
const PRIOR_WEIGHT: f64 = 0.5;

impl Scale {
    /// From the quantity to the scale of the member.
    pub(super) fn forward(self, y: f64) -> f64 {
        match self {
            Self::Raw => y,
            Self::Log => ln(1.0 + 10.0 * y),
        }
    }

    /// Back to the quantity.
    #[inline]
    pub(super) fn back(self, x: f64) -> f64 {
        match self {
            Self::Raw => x,
            Self::Log => (exp(x) - 1.0) * 0.1,
        }
    }
}

/// A fitted member: its state after the last day and the residuals to draw from.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) scale: Scale,
    pub(super) smoothing: Smoothing,
    pub(super) state: State,
    /// By age: element 0 is the last day. NaN for a day without one.
    pub(super) residuals: Vec<f64>,
}

impl Member {
    /// Fits a member to values that are already divided by their recent mean. NaN is a missing day.
    pub(super) fn fit(kind: Kind, scale: Scale, values: &[f64], season_length: usize) -> Self {
        let y: Vec<f64> = values.iter().map(|v| scale.forward(*v)).collect();
        let start = initial_state(kind, &y, season_length);
        let skipped = 7.min(y.len() / 2);
        let smoothing = fit_smoothing(kind, &y, &start, skipped);
        let mut innovations = vec![f64::NAN; y.len()];
        let mut state = start;
        state.run(&smoothing, &y, |t, e| innovations[t] = e);
        let mut residuals = innovations.split_off(skipped);
        residuals.reverse();
        center(&mut residuals);
        if scale == Scale::Raw {
            rescale_to_recent_size(&mut residuals);
            center(&mut residuals);
        }
        inflate(&mut residuals, parameters(kind, season_length));
        Self { scale, smoothing, state, residuals }
    }
}

/// Number of fitted numbers: smoothing parameters, starting level and trend, and half of the
/// season, which is shrunk and made of medians.
fn parameters(kind: Kind, season_length: usize) -> usize {
    let seasonal = season_length.div_ceil(2) - 1 + usize::from(season_length > 1);
    seasonal + if kind == Kind::Damped { 5 } else { 2 }
}

/// Subtracts the mean: a path must not drift by a bias of the past.
pub(super) fn center(residuals: &mut [f64]) {
    let bias = mean(residuals).unwrap_or(0.0);
    residuals.iter_mut().for_each(|e| *e -= bias);
}

/// Brings each residual from the size residuals had in its time to the size they have now, so that
/// a series that has grown is not simulated with the noise of its small days: filtered historical
/// simulation (Barone-Adesi, Giannopoulos and Vosper 1999) with a slow, bounded scale. `residuals`
/// is by age.
fn rescale_to_recent_size(residuals: &mut [f64]) {
    let sizes: Vec<f64> = residuals.iter().map(|e| e.abs()).collect();
    let Some(average) = mean(&sizes).filter(|average| *average > 1e-9) else {
        return;
    };
    let mut size = average;
    let mut before = vec![average; residuals.len()];
    for (e, at) in residuals.iter().zip(&mut before).rev() {
        *at = size.max(LEAST_SIZE * average);
        if !e.is_nan() {
            size += SIZE_GAIN * (e.abs() - size);
        }
    }
    let now = size.max(LEAST_SIZE * average);
    for (e, then) in residuals.iter_mut().zip(before) {
        *e *= (now / then).clamp(1.0 / MOST_RESCALED, MOST_RESCALED);
    }
}

/// Inflates for the degrees of freedom the fit used.
fn inflate(residuals: &mut [f64], parameters: usize) {
    let n = residuals.iter().filter(|e| !e.is_nan()).count();
    let factor = if n > parameters {
        (count(n) / count(n - parameters)).sqrt().min(INFLATION_LIMIT)
    } else {
        INFLATION_LIMIT
    };
    residuals.iter_mut().for_each(|e| *e *= factor);
}

fn initial_state(kind: Kind, y: &[f64], season_length: usize) -> State {
    let season = initial_season(y, season_length);
    let plain = deseasonalised(y, &season);
    let level = plain.chunks(7).find_map(mean).unwrap_or(0.0);
    let drift = if kind == Kind::Theta { theta::drift(&plain) } else { 0.0 };
    State { level, trend: 0.0, drift, season, phase: 0 }
}

/// Regularised likelihood: n ln(SSE / n) plus a pull of the parameters, on the logit scale, towards
/// alpha 0.25, gamma 0.1, beta 0.04, phi 0.91.
fn fit_smoothing(kind: Kind, y: &[f64], start: &State, skipped: usize) -> Smoothing {
    let seasonal = start.season.len() > 1;
    let centre = [logit(0.25), logit(0.13), logit(0.17), logit(0.11 / 0.18)];
    let mut scratch = start.clone();
    let mut loss = |smoothing: &Smoothing, deviation: f64| {
        scratch.copy_from(start);
        let (mut sum, mut n) = (0.0, 0_usize);
        scratch.run(smoothing, y, |t, e| {
            if t >= skipped {
                sum += e * e;
                n += 1;
            }
        });
        let n = count(n.max(1));
        n * ln(sum / n + 1e-12) + PRIOR_WEIGHT * deviation
    };
    let squares = |x: &[f64], centre: &[f64]| {
        x.iter().zip(centre).map(|(x, c)| (x - c) * (x - c)).sum::<f64>()
    };
    match (kind, seasonal) {
        (Kind::Damped, true) => {
            let best = minimise(centre, |x| loss(&smoothing(x), squares(x, &centre)));
            smoothing(&best)
        }
        (Kind::Damped, false) => {
            let c = [centre[0], centre[2], centre[3]];
            let full = |x: &[f64; 3]| plain(smoothing(&[x[0], 0.0, x[1], x[2]]));
            let best = minimise(c, |x| loss(&full(x), squares(x, &c)));
            full(&best)
        }
        (Kind::Level | Kind::Theta, true) => {
            let c = [centre[0], centre[1]];
            let full = |x: &[f64; 2]| trendless(smoothing(&[x[0], x[1], 0.0, 0.0]));
            let best = minimise(c, |x| loss(&full(x), squares(x, &c)));
            full(&best)
        }
        (Kind::Level | Kind::Theta, false) => {
            let c = [centre[0]];
            let full = |x: &[f64; 1]| plain(trendless(smoothing(&[x[0], 0.0, 0.0, 0.0])));
            let best = minimise(c, |x| loss(&full(x), squares(x, &c)));
            full(&best)
        }
    }
}

/// From the logit scale: `0 < alpha < 1`, `gamma < 1 - alpha`, `beta < alpha`, `0.8 < phi < 0.98`.
fn smoothing(x: &[f64; 4]) -> Smoothing {
    let alpha = logistic(x[0]);
    Smoothing {
        alpha,
        gamma: (1.0 - alpha) * logistic(x[1]),
        beta: alpha * logistic(x[2]),
        phi: 0.8 + 0.18 * logistic(x[3]),
    }
}

fn trendless(smoothing: Smoothing) -> Smoothing {
    Smoothing { beta: 0.0, phi: 0.0, ..smoothing }
}

fn plain(smoothing: Smoothing) -> Smoothing {
    Smoothing { gamma: 0.0, ..smoothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_invert() {
        for scale in [Scale::Raw, Scale::Log] {
            for y in [0.0, 0.01, 1.0, 250.0] {
                assert!((scale.back(scale.forward(y)) - y).abs() < 1e-12 * (1.0 + y));
            }
        }
    }

    #[test]
    fn old_residuals_grow_with_the_series() {
        // By age: large ones now, small ones then.
        let mut residuals: Vec<f64> = (0..90)
            .map(|age| if age % 2 == 0 { 1.0 } else { -1.0 } * if age < 45 { 4.0 } else { 1.0 })
            .collect();
        rescale_to_recent_size(&mut residuals);
        assert!((residuals[0].abs() - 4.0).abs() < 0.5, "{}", residuals[0]);
        assert!(residuals[60].abs() > 1.5, "{}", residuals[60]);
    }

    #[test]
    fn residuals_of_a_fit_have_mean_zero() {
        let y: Vec<f64> = (0..60).map(|t| 1.0 + 0.1 * f64::from(t * t % 11)).collect();
        for (kind, scale) in SEASONAL {
            let member = Member::fit(kind, scale, &y, 7);
            assert_eq!(member.residuals.len(), 53);
            assert!(mean(&member.residuals).unwrap().abs() < 1e-12);
            assert!((0.0..1.0).contains(&member.smoothing.alpha));
        }
    }
}
