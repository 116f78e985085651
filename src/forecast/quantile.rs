//! Sample quantiles.

use super::math;

/// The quantile of a sorted sample by linear interpolation between order statistics (type 7 of
/// Hyndman and Fan 1996, "Sample quantiles in statistical packages"). NaN for an empty sample.
#[must_use]
pub fn quantile_sorted(sorted: &[f64], probability: f64) -> f64 {
    let Some((low, part)) = place(sorted.len(), probability) else {
        return f64::NAN;
    };
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + part * (sorted[high] - sorted[low])
}

/// The same of any sample, which need not be sorted for it. Reorders the sample.
#[must_use]
pub fn quantile(sample: &mut [f64], probability: f64) -> f64 {
    let Some((low, part)) = place(sample.len(), probability) else {
        return f64::NAN;
    };
    let (_, low, above) = sample.select_nth_unstable_by(low, f64::total_cmp);
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(*low);
    *low + part * (high - *low)
}

/// The order statistic below a quantile, and the part of the way to the next; `None` without any.
fn place(length: usize, probability: f64) -> Option<(usize, f64)> {
    let last = length.checked_sub(1)?;
    let position = probability.clamp(0.0, 1.0) * math::count(last);
    let low = math::index(position).min(last);
    Some((low, position - math::count(low)))
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
        assert!(quantile_sorted(&[], 0.5).is_nan() && quantile(&mut [], 0.5).is_nan());
    }

    #[test]
    fn one_quantile_is_that_of_the_sorted_sample() {
        let sample: Vec<f64> = (0..100_u32).map(|i| f64::from(i * 37 % 101).sqrt()).collect();
        for probability in [0.0, 0.1, 0.333, 0.5, 0.975, 1.0] {
            let (mut one, mut all) = (sample.clone(), sample.clone());
            let sorted = quantiles(&mut all, &[probability])[0];
            assert_eq!(quantile(&mut one, probability).to_bits(), sorted.to_bits());
        }
    }
}
