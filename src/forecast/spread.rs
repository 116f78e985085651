//! Random factors for what no history tells.

use super::math::{exp, ln};
use super::rng::{Stream, bell};

/// Standard normal quantile of 90 %.
const Z90: f64 = 1.281_551_565_544_6;
/// Streams of the random source from this number on are for factors.
const FIRST_STREAM: u64 = 1_000;

/// One factor a path: median 1, a tenth of them below `low` and a tenth above `high`, which are
/// positive. Logarithms are normal on each side of the median. The same seed and number give the
/// same factors.
#[must_use]
pub fn random_factors(seed: u64, number: u64, paths: usize, low: f64, high: f64) -> Vec<f64> {
    let stream = Stream::new(seed, FIRST_STREAM.wrapping_add(number));
    (0_u64..)
        .take(paths)
        .map(|path| {
            let z = bell(stream.bits(path));
            let end = if z < 0.0 { low } else { high };
            exp(z.abs() / Z90 * ln(end))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_lies_outside_on_each_side() {
        let mut factors = random_factors(7, 0, 10_000, 0.5, 3.0);
        factors.sort_by(f64::total_cmp);
        let share = |below: f64| factors.partition_point(|f| *f < below);
        assert!((900..1_100).contains(&share(0.5)), "{}", share(0.5));
        assert!((4_850..5_150).contains(&share(1.0)), "{}", share(1.0));
        assert!((8_900..9_100).contains(&share(3.0)), "{}", share(3.0));
        assert!(
            random_factors(7, 1, 100, 1.0, 1.0).iter().all(|f| f.to_bits() == 1.0_f64.to_bits())
        );
    }
}
