//! Sample quantiles.

use super::math;

/// The quantile of a sorted sample by linear interpolation between order statistics (type 7 of
/// Hyndman and Fan 1996, "Sample quantiles in statistical packages"). NaN for an empty sample.
#[must_use]
pub fn quantile_sorted(sorted: &[f64], probability: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let position = probability.clamp(0.0, 1.0) * math::count(last);
    let low = math::index(position).min(last);
    let high = (low + 1).min(last);
    let part = position - math::count(low);
    sorted[low] + part * (sorted[high] - sorted[low])
}

/// Several quantiles of a sample, in the order of `probabilities`. Reorders the sample.
#[must_use]
pub fn quantiles(sample: &mut [f64], probabilities: &[f64]) -> Vec<f64> {
    sample.sort_unstable_by(f64::total_cmp);
    probabilities.iter().map(|p| quantile_sorted(sample, *p)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolates_and_is_ordered() {
        let mut sample = [4.0, 1.0, 3.0, 2.0, 5.0];
        assert_eq!(quantiles(&mut sample, &[0.0, 0.1, 0.5, 0.75, 1.0]), [1.0, 1.4, 3.0, 4.0, 5.0]);
        assert_eq!(quantiles(&mut [2.0], &[0.1, 0.9]), [2.0, 2.0]);
        assert!(quantile_sorted(&[], 0.5).is_nan());
    }
}
