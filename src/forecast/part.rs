//! Paths of a series that is one of many.
//!
//! The headline of a single series is the median of its paths, and their mean may well lie above
//! it: paths on the log scale have a long upper tail, and paths are cut at zero. In a sum of many
//! series such means add up, medians do not: the median of the sum is close to the sum of the means.
//! Without care twenty bursty series, which are right one by one, were over-forecast by a fifth to a
//! half in total. So the paths of a part are brought towards the total that the members of its pool
//! expect, most of all those above the median.

use super::math::{count, median};

/// Least that is left of the distance to the median of a path above it.
const LEAST_DISTANCE: f64 = 0.3;

/// Moves the mean of path totals, if it is above `expected`, by `strength` of the way to it: first
/// by drawing the upper half closer to the median, then, where that is not enough, by a factor for
/// all. Each path keeps its shape.
pub(super) fn align(paths: &mut [f64], horizon: usize, expected: f64, strength: f64) {
    let totals: Vec<f64> = paths.chunks_exact(horizon).map(|path| path.iter().sum()).collect();
    let (Some(middle), n) = (median(&totals), count(totals.len())) else { return };
    let mean = totals.iter().sum::<f64>() / n;
    let above = totals.iter().map(|t| (t - middle).max(0.0)).sum::<f64>() / n;
    let target = mean + strength * (expected - mean);
    if mean <= expected || expected <= 0.0 || above <= 0.0 {
        return;
    }
    let kept = (1.0 - (mean - target) / above).max(LEAST_DISTANCE);
    let left = (target / (mean - (1.0 - kept) * above)).min(1.0);
    for (path, total) in paths.chunks_exact_mut(horizon).zip(totals) {
        let drawn = if total > middle { (middle + kept * (total - middle)) / total } else { 1.0 };
        path.iter_mut().for_each(|value| *value *= drawn * left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(paths: &[f64]) -> f64 {
        paths.iter().sum::<f64>() / 5.0
    }

    #[test]
    fn the_upper_half_moves_first() {
        // Totals 2, 4, 6, 20, 48 with mean 16 and median 6.
        let paths = [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 10.0, 10.0, 16.0, 32.0];
        let mut moved = paths;
        align(&mut moved, 2, 11.2, 1.0);
        assert!((mean(&moved) - 11.2).abs() < 1e-12, "{moved:?}");
        assert!((moved[..6].iter().sum::<f64>() - 12.0).abs() < 1e-12);
        assert!((moved[9] / moved[8] - 2.0).abs() < 1e-12);
        // Half of the way.
        let mut half = paths;
        align(&mut half, 2, 11.2, 0.5);
        assert!((mean(&half) - 13.6).abs() < 1e-12);
        // Far below the median all paths have to move.
        let mut low = paths;
        align(&mut low, 2, 4.0, 1.0);
        assert!((mean(&low) - 4.0).abs() < 1e-12 && low[0] < 1.0);
    }

    #[test]
    fn what_is_not_too_high_stays() {
        let mut paths = [1.0, 2.0, 3.0];
        align(&mut paths, 1, 2.0, 1.0);
        align(&mut paths, 1, 9.0, 1.0);
        align(&mut paths, 1, 1.0, 0.0);
        assert_eq!(paths.map(f64::to_bits), [1.0, 2.0, 3.0].map(f64::to_bits));
    }
}
