//! Compound growth.

use super::math::{exp, ln};

/// `factor` to the power of `periods`, for a positive factor: what something becomes that is
/// multiplied by `factor` in each period. The same bits on every platform.
#[must_use]
pub fn compound(factor: f64, periods: f64) -> f64 {
    exp(periods * ln(factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_in_two_halves() {
        assert!((compound(2.0, 0.5) * compound(2.0, 0.5) - 2.0).abs() < 1e-12);
        assert!((compound(1.08, 12.0) - 1.08_f64.powi(12)).abs() < 1e-12);
    }
}
