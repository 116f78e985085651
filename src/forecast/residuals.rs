//! Residuals of a fit, made ready to be drawn from.

use super::math::{count, mean};

/// Most a spread is inflated for the parameters that were fitted.
const INFLATION_LIMIT: f64 = 1.58;
/// Gain of the running size of residuals, its least value in units of the average, and the most a
/// residual is rescaled.
const SIZE_GAIN: f64 = 0.03;
const LEAST_SIZE: f64 = 0.2;
const MOST_RESCALED: f64 = 2.5;

/// Subtracts the mean: a path must not drift by a bias of the past.
pub(super) fn center(residuals: &mut [f64]) {
    let bias = mean(residuals).unwrap_or(0.0);
    residuals.iter_mut().for_each(|e| *e -= bias);
}

/// Brings each residual from the size residuals had in its time to the size they have now, so that
/// a series that has grown is not simulated with the noise of its small days: filtered historical
/// simulation (Barone-Adesi, Giannopoulos and Vosper 1999) with a slow, bounded scale. `residuals`
/// is by age.
pub(super) fn rescale_to_recent_size(residuals: &mut [f64]) {
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
pub(super) fn inflate(residuals: &mut [f64], parameters: usize) {
    let n = residuals.iter().filter(|e| !e.is_nan()).count();
    let factor = if n > parameters {
        (count(n) / count(n - parameters)).sqrt().min(INFLATION_LIMIT)
    } else {
        INFLATION_LIMIT
    };
    residuals.iter_mut().for_each(|e| *e *= factor);
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
