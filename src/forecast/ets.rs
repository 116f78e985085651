//! Additive exponential smoothing in innovations form.
//!
//! ETS(A,N,A) and ETS(A,Ad,A) of Hyndman, Koehler, Ord and Snyder 2008, "Forecasting with
//! Exponential Smoothing: The State Space Approach", chapter 2, table 2.2:
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

/// State after a day.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) level: f64,
    pub(super) trend: f64,
    pub(super) drift: f64,
    pub(super) season: Vec<f64>,
    /// Which element of `season` is the next day's.
    pub(super) phase: usize,
}

impl State {
    /// Makes this state equal to another one of the same season length, without allocating.
    #[inline]
    pub(super) fn copy_from(&mut self, other: &Self) {
        self.level = other.level;
        self.trend = other.trend;
        self.drift = other.drift;
        self.season.copy_from_slice(&other.season);
        self.phase = other.phase;
    }

    /// One-step forecast.
    #[inline]
    pub(super) fn next(&self, smoothing: &Smoothing) -> f64 {
        self.level + smoothing.phi * self.trend + self.drift + self.season[self.phase]
    }

    /// A day passes with innovation `e`; 0 for a day whose value is not known.
    #[inline]
    pub(super) fn advance(&mut self, smoothing: &Smoothing, e: f64) {
        let trend = smoothing.phi * self.trend;
        self.level += trend + self.drift + smoothing.alpha * e;
        self.trend = trend + smoothing.beta * e;
        self.season[self.phase] += smoothing.gamma * e;
        self.phase += 1;
        if self.phase == self.season.len() {
            self.phase = 0;
        }
    }

    /// Runs over known values and calls `record` with each day's index and innovation. A missing
    /// day (NaN) has no innovation.
    #[inline]
    pub(super) fn run(
        &mut self,
        smoothing: &Smoothing,
        y: &[f64],
        mut record: impl FnMut(usize, f64),
    ) {
        for (t, value) in y.iter().enumerate() {
            if value.is_nan() {
                self.advance(smoothing, 0.0);
            } else {
                let e = value - self.next(smoothing);
                record(t, e);
                self.advance(smoothing, e);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        State { level: 10.0, trend: 1.0, drift: 0.0, season: vec![2.0, -2.0], phase: 0 }
    }

    #[test]
    fn one_step_by_hand() {
        let smoothing = Smoothing { alpha: 0.5, beta: 0.1, phi: 0.9, gamma: 0.2 };
        let mut s = state();
        let mut innovations = Vec::new();
        s.run(&smoothing, &[14.9, f64::NAN], |t, e| {
            innovations.push((t, e));
        });
        // Forecast 10 + 0.9 + 2 = 12.9, innovation 2; then a missing day.
        assert_eq!(innovations.len(), 1);
        assert!((innovations[0].1 - 2.0).abs() < 1e-12);
        let trend = 0.9 * (0.9 + 0.2);
        assert!((s.trend - trend).abs() < 1e-12);
        assert!((s.level - (11.9 + trend)).abs() < 1e-12);
        assert!((s.season[0] - 2.4).abs() < 1e-12 && (s.season[1] + 2.0).abs() < 1e-12);
        assert_eq!(s.phase, 0);
    }
}
