//! The drift of the Theta method.
//!
//! Assimakopoulos and Nikolopoulos 2000, "The Theta model: a decomposition approach to
//! forecasting"; Hyndman and Billah 2003, "Unmasking the Theta method", show that it is simple
//! exponential smoothing with a drift of half the slope of the least-squares line. Here the slope
//! is that of the last 60 days, and in the future the drift decays: usage does not grow by the same
//! amount for ever.

use super::season::recent_slope;

/// Decay of the drift from one future day to the next: 0.9 every three days.
pub(super) const DRIFT_DECAY: f64 = 0.965_489_384_605_629_6;

/// Half the recent slope of a deseasonalised series.
pub(super) fn drift(deseasonalised: &[f64]) -> f64 {
    0.5 * recent_slope(deseasonalised)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_the_slope_and_its_decay() {
        let line: Vec<f64> = (0..30).map(|t| 3.0 * f64::from(t)).collect();
        assert!((drift(&line) - 1.5).abs() < 1e-12);
        assert!((DRIFT_DECAY.powi(3) - 0.9).abs() < 1e-15);
    }
}
