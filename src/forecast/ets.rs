//! Additive exponential smoothing in innovations form.
//!
//! ETS(A,N,A), ETS(A,A,A) and ETS(A,Ad,A) of Hyndman, Koehler, Ord and Snyder 2008, "Forecasting
//! with Exponential Smoothing: The State Space Approach", chapter 2, table 2.2:
//!
//! ```text
//! y = l + phi b + d + s + e      one-step forecast plus innovation e
//! l = l + phi b + d + alpha e    level
//! b = phi b + beta e             damped trend
//! s = s + gamma e                season of this phase
//! ```
//!
//! `d` is the fixed drift of the Theta method (see [`super::theta`]) and 0 otherwise.

/// Smoothing parameters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Smoothing {
    pub(super) alpha: f64,
    pub(super) beta: f64,
    pub(super) phi: f64,
    pub(super) gamma: f64,
}

impl Smoothing {
    /// Nothing is smoothed.
    pub(super) const FIXED: Self = Self { alpha: 0.0, beta: 0.0, phi: 0.0, gamma: 0.0 };
}

/// State after a day.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) level: f64,
    pub(super) trend: f64,
    pub(super) drift: f64,
    pub(super) season: Vec<f64>,
}

impl State {
    /// Makes this state equal to another one of the same season length, without allocating.
    #[inline]
    pub(super) fn copy_from(&mut self, other: &Self) {
        self.level = other.level;
        self.trend = other.trend;
        self.drift = other.drift;
        self.season.copy_from_slice(&other.season);
    }

    /// One-step forecast of a day of the given phase.
    #[inline]
    pub(super) fn next(&self, smoothing: &Smoothing, phase: usize) -> f64 {
        self.level + smoothing.phi * self.trend + self.drift + self.season[phase]
    }

    /// A day of the given phase passes with innovation `e`; 0 for a day whose value is not known.
    #[inline]
    pub(super) fn advance(&mut self, smoothing: &Smoothing, phase: usize, e: f64) {
        let trend = smoothing.phi * self.trend;
        self.level += trend + self.drift + smoothing.alpha * e;
        self.trend = trend + smoothing.beta * e;
        self.season[phase] += smoothing.gamma * e;
    }

    /// Runs over values of the given phases and calls `record` with each day's index and
    /// innovation. A missing day (NaN) has no innovation.
    #[inline]
    pub(super) fn run(
        &mut self,
        smoothing: &Smoothing,
        y: &[f64],
        phases: &[usize],
        mut record: impl FnMut(usize, f64),
    ) {
        for (t, (value, phase)) in y.iter().zip(phases).enumerate() {
            if value.is_nan() {
                self.advance(smoothing, *phase, 0.0);
            } else {
                let e = value - self.next(smoothing, *phase);
                record(t, e);
                self.advance(smoothing, *phase, e);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_step_by_hand() {
        let smoothing = Smoothing { alpha: 0.5, beta: 0.1, phi: 0.9, gamma: 0.2 };
        let mut s = State { level: 10.0, trend: 1.0, drift: 0.0, season: vec![2.0, -2.0] };
        let mut innovations = Vec::new();
        s.run(&smoothing, &[14.9, f64::NAN], &[0, 1], |t, e| {
            innovations.push((t, e));
        });
        // Forecast 10 + 0.9 + 2 = 12.9, innovation 2; then a missing day.
        assert_eq!(innovations.len(), 1);
        assert!((innovations[0].1 - 2.0).abs() < 1e-12);
        let trend = 0.9 * (0.9 + 0.2);
        assert!((s.trend - trend).abs() < 1e-12);
        assert!((s.level - (11.9 + trend)).abs() < 1e-12);
        assert!((s.season[0] - 2.4).abs() < 1e-12 && (s.season[1] + 2.0).abs() < 1e-12);
    }
}
