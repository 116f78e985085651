//! The members of the pool: small models that are wrong in different ways.

use super::calendar::phases;
use super::ets::{Smoothing, State};
use super::math::{exp, ln, mean};
use super::recent;
use super::residuals::{center, inflate, rescale_to_recent_size};
use super::season::{deseasonalised, initial_season, line};
use super::smoothing::{Sample, fit_smoothing};
use super::theta;

/// A kind of model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Level and season: ETS(A,N,A).
    Level,
    /// Level, damped trend and season: ETS(A,Ad,A).
    Damped,
    /// Level, lasting trend and season: ETS(A,A,A).
    Trend,
    /// Level, decaying drift and season: Theta.
    Theta,
    /// The mean of each phase over the last seasons: a seasonal naive forecast with less noise.
    Recent,
}

/// The scale a member works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// The quantity itself.
    Raw,
    /// `ln(1 + 10 y)`: changes are relative, and zeros are allowed.
    Log,
}

/// A member to fit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spec {
    pub(super) kind: Kind,
    pub(super) scale: Scale,
    /// Days of its season; 1 for none.
    pub(super) season: usize,
    /// Weight before anything is known of its errors.
    pub(super) prior: f64,
}

/// Days at the beginning whose errors do not count: the starting state was made of them.
const FIRST_DAYS: usize = 7;
/// Days the starting trend is fitted on.
const TREND_DAYS: usize = 28;

/// Days that tell how far the mean lies above the way back from the log scale, and the most it can.
const SMEAR_DAYS: usize = 56;
const MOST_SMEARED: f64 = 4.0;

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

    /// Each value back to the quantity.
    pub(super) fn all_back(self, values: &mut [f64]) {
        if self == Self::Log {
            values.iter_mut().for_each(|x| *x = Self::Log.back(*x));
        }
    }
}

/// A fitted member: its state after the last day and the residuals to draw from.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) spec: Spec,
    pub(super) smoothing: Smoothing,
    pub(super) state: State,
    /// By age: element 0 is the last day. NaN for a day without one.
    pub(super) residuals: Vec<f64>,
    /// The phase of each day of the history and of the future.
    phases: Vec<usize>,
    /// The state before the first day, and the history on the scale of the member.
    start: State,
    y: Vec<f64>,
}

impl Member {
    /// Fits a member to values that are already divided by their recent mean. NaN is a missing day.
    /// `holidays` has an element for each of them and for each future day.
    pub(super) fn fit(spec: Spec, values: &[f64], holidays: &[bool]) -> Self {
        let mut y: Vec<f64> = values.iter().map(|v| spec.scale.forward(*v)).collect();
        let start = initial_state(spec, &y, holidays);
        let phases = phases(holidays, &start.season);
        let skipped = spec.season.max(FIRST_DAYS).min(y.len() / 2);
        let (smoothing, state, mut residuals) = if spec.kind == Kind::Recent {
            mask(&mut y, holidays);
            (Smoothing::FIXED, recent::state(&y, spec.season), recent::errors(&y, spec.season))
        } else {
            let sample = Sample { y: &y, phases: &phases, skipped };
            let smoothing = fit_smoothing(spec.kind, &start, sample);
            let mut innovations = vec![f64::NAN; y.len()];
            let mut state = start.clone();
            state.run(&smoothing, &y, &phases, |t, e| innovations[t] = e);
            (smoothing, state, innovations)
        };
        residuals.drain(..skipped);
        residuals.reverse();
        center(&mut residuals);
        if spec.scale == Scale::Raw {
            rescale_to_recent_size(&mut residuals);
            center(&mut residuals);
        }
        inflate(&mut residuals, parameters(spec));
        Self { spec, smoothing, state, residuals, phases, start, y }
    }

    /// The mean of each future day. On the log scale the way back from a mean is too low; by how
    /// much is taken from the days that were seen, as the smearing estimate of Duan 1983
    /// ("Smearing estimate: a nonparametric retransformation method") does.
    pub(super) fn expected(&self) -> Vec<f64> {
        let scale = self.spec.scale;
        let mut ahead = self.state.clone();
        let smear = if scale == Scale::Log { self.smear() } else { 1.0 };
        let next = |phase: &usize| {
            let value = scale.back(ahead.next(&self.smoothing, *phase)).max(0.0);
            ahead.advance(&self.smoothing, *phase, 0.0);
            ahead.drift *= theta::DRIFT_DECAY;
            smear * value
        };
        self.future().iter().map(next).collect()
    }

    /// What was seen over what was expected a day ahead, in the days that have residuals, the last
    /// 56 at most.
    fn smear(&self) -> f64 {
        let seen = self.y.iter().rev().zip(&self.residuals).take(SMEAR_DAYS);
        let known = seen.filter(|(y, e)| !y.is_nan() && !e.is_nan());
        let (seen, expected) = known.fold((0.0, 0.0), |(seen, expected), (y, e)| {
            let back = |x: f64| self.spec.scale.back(x).max(0.0);
            (seen + back(*y), expected + back(y - e))
        });
        if expected > 0.0 { (seen / expected).clamp(1.0, MOST_SMEARED) } else { 1.0 }
    }

    /// The phases of the future days.
    pub(super) fn future(&self) -> &[usize] {
        &self.phases[self.y.len()..]
    }

    /// Calls `record` for each origin, ascending, with the forecast that this member would have
    /// made there of the next `h` days. Parameters and starting season are those of the whole
    /// history; level, trend and season are those of the origin.
    pub(super) fn forecasts(
        &self,
        origins: &[usize],
        h: usize,
        mut record: impl FnMut(usize, &[f64]),
    ) {
        let plain = deseasonalised(&self.y, &self.start.season, &self.phases);
        let mut state = self.start.clone();
        let mut path = vec![0.0; h];
        let mut at = 0;
        for (number, origin) in origins.iter().enumerate() {
            match self.spec.kind {
                Kind::Recent => state = recent::state(&self.y[..*origin], self.spec.season),
                Kind::Theta => {
                    state.copy_from(&self.start);
                    state.drift = theta::drift(&plain[..*origin]);
                    state.run(&self.smoothing, &self.y[..*origin], &self.phases, |_, _| ());
                }
                Kind::Level | Kind::Damped | Kind::Trend => {
                    let (y, phases) = (&self.y[at..*origin], &self.phases[at..]);
                    state.run(&self.smoothing, y, phases, |_, _| ());
                    at = *origin;
                }
            }
            let mut ahead = state.clone();
            for (value, phase) in path.iter_mut().zip(&self.phases[*origin..]) {
                *value = self.spec.scale.back(ahead.next(&self.smoothing, *phase)).max(0.0);
                ahead.advance(&self.smoothing, *phase, 0.0);
                ahead.drift *= theta::DRIFT_DECAY;
            }
            record(number, &path);
        }
    }
}

/// Makes holidays missing days.
fn mask(y: &mut [f64], holidays: &[bool]) {
    for (value, holiday) in y.iter_mut().zip(holidays) {
        if *holiday {
            *value = f64::NAN;
        }
    }
}

/// Number of fitted numbers: smoothing parameters, starting level and trend, and half of the
/// season, which is shrunk and made of medians.
fn parameters(spec: Spec) -> usize {
    let seasonal = spec.season.div_ceil(2) - 1 + usize::from(spec.season > 1);
    match spec.kind {
        Kind::Recent => 0,
        Kind::Level | Kind::Theta => seasonal + 2,
        Kind::Trend => seasonal + 4,
        Kind::Damped => seasonal + 5,
    }
}

fn initial_state(spec: Spec, y: &[f64], holidays: &[bool]) -> State {
    let mut plain = y.to_vec();
    mask(&mut plain, holidays);
    let season = initial_season(&plain, spec.season);
    for (t, value) in plain.iter_mut().enumerate() {
        *value -= season[t % spec.season];
    }
    let level = plain.chunks(FIRST_DAYS).find_map(mean).unwrap_or(0.0);
    let level_only = State { level, trend: 0.0, drift: 0.0, season };
    match spec.kind {
        Kind::Theta => State { drift: theta::drift(&plain), ..level_only },
        Kind::Trend => match line(&plain[..plain.len().min(TREND_DAYS)]) {
            Some((first, slope)) => State { level: first - slope, trend: slope, ..level_only },
            None => level_only,
        },
        Kind::Level | Kind::Damped | Kind::Recent => level_only,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 5] = [Kind::Level, Kind::Damped, Kind::Trend, Kind::Theta, Kind::Recent];

    #[test]
    fn scales_invert() {
        for scale in [Scale::Raw, Scale::Log] {
            for y in [0.0, 0.01, 1.0, 250.0] {
                assert!((scale.back(scale.forward(y)) - y).abs() < 1e-12 * (1.0 + y));
            }
        }
    }

    #[test]
    fn residuals_of_a_fit_have_mean_zero() {
        let y: Vec<f64> = (0..60).map(|t| 1.0 + 0.1 * f64::from(t * t % 11)).collect();
        for kind in KINDS {
            for (scale, season) in [(Scale::Raw, 7), (Scale::Log, 7), (Scale::Raw, 1)] {
                let spec = Spec { kind, scale, season, prior: 1.0 };
                let member = Member::fit(spec, &y, &[false; 90]);
                assert_eq!(member.residuals.len(), 53);
                assert_eq!(member.future().len(), 30);
                assert!(mean(&member.residuals).unwrap().abs() < 1e-12);
                assert!((0.0..1.0).contains(&member.smoothing.alpha));
            }
        }
    }

    #[test]
    fn a_trend_that_lasts_is_exact_on_a_line() {
        let y: Vec<f64> = (0..60).map(|t| 1.0 + 0.1 * f64::from(t)).collect();
        let spec = Spec { kind: Kind::Trend, scale: Scale::Raw, season: 7, prior: 1.0 };
        Member::fit(spec, &y, &[false; 90]).forecasts(&[30, 40], 10, |number, path| {
            let first = [30.0, 40.0][number];
            for (step, value) in (0_u32..).zip(path) {
                assert!((value - 1.0 - 0.1 * (first + f64::from(step))).abs() < 1e-6);
            }
        });
    }
}
