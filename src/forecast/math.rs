//! Elementary functions and casts of the forecaster.
//!
//! `exp` and `ln` are written out because those of the standard library come from the platform and
//! may differ in the last bit: with these, the same seed gives the same bits everywhere. Only the
//! operations that IEEE 754 rounds exactly are used.

/// A count as a number. Counts of days and paths are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts of days and paths are far below 2^53")]
pub(super) fn count(n: usize) -> f64 {
    n as f64
}

/// A count as a 64-bit number.
pub(super) fn wide(n: usize) -> u64 {
    n as u64
}

/// The integer part of a number that is known to be a small non-negative index.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "float-to-integer casts saturate, and NaN gives 0"
)]
pub(super) fn index(x: f64) -> usize {
    x as usize
}

/// `e^x`, NaN for NaN: reduction to `2^k e^r` with `|r| <= ln(2)/2`, then the Taylor series to degree 13.
pub(super) fn exp(x: f64) -> f64 {
    // ln(2) in two parts: the first has enough trailing zero bits for `k * LN2_HIGH` to be exact.
    const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const INVERSE_FACTORIALS: [f64; 12] = [
        1.0 / 6_227_020_800.0,
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        1.0 / 2.0,
    ];
    // Adding it rounds to a whole number, half to even, which is then in the low bits.
    const ROUNDS: f64 = 6_755_399_441_055_744.0;
    // No branch and no call: loops over many values take several at a time.
    let x = x.clamp(-700.0, 700.0);
    let rounded = x * std::f64::consts::LOG2_E + ROUNDS;
    let k = rounded - ROUNDS;
    let r = (x - k * LN2_HIGH) - k * LN2_LOW;
    let series = INVERSE_FACTORIALS.iter().fold(0.0, |sum, c| sum * r + c);
    let power_of_two = f64::from_bits(rounded.to_bits().wrapping_add(1023) << 52);
    (1.0 + (r + r * r * series)) * power_of_two
}

/// Natural logarithm of a positive number: `x = 2^k m` with `m` around 1, then the series of
/// `2 artanh((m - 1) / (m + 1))`.
pub(super) fn ln(x: f64) -> f64 {
    const MANTISSA: u64 = (1 << 52) - 1;
    if x.is_nan() || x <= 0.0 {
        return if x == 0.0 { f64::NEG_INFINITY } else { f64::NAN };
    }
    if x.is_infinite() {
        return x;
    }
    if x < f64::MIN_POSITIVE {
        return ln(x * 18_014_398_509_481_984.0) - 54.0 * std::f64::consts::LN_2;
    }
    let bits = x.to_bits();
    let mut k = f64::from(u32::try_from(bits >> 52).unwrap_or(0)) - 1023.0;
    let mut m = f64::from_bits((bits & MANTISSA) | (1023 << 52));
    if m > std::f64::consts::SQRT_2 {
        m *= 0.5;
        k += 1.0;
    }
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let mut series = 0.0;
    for odd in [23.0, 21.0, 19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0] {
        series = series * square + 1.0 / odd;
    }
    k * std::f64::consts::LN_2 + 2.0 * (s + s * square * series)
}

/// The logistic function.
pub(super) fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + exp(-x))
}

/// The inverse of [`logistic`].
pub(super) fn logit(p: f64) -> f64 {
    ln(p / (1.0 - p))
}

/// Mean of the numbers that are not NaN, or `None` without any.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    let (sum, n) = values.iter().filter(|v| !v.is_nan()).fold((0.0, 0), |(s, n), v| (s + v, n + 1));
    (n > 0).then(|| sum / count(n))
}

/// Median of the numbers that are not NaN, or `None` without any.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    if known.is_empty() {
        return None;
    }
    known.sort_unstable_by(f64::total_cmp);
    Some(0.5 * (known[(known.len() - 1) / 2] + known[known.len() / 2]))
}

/// Median of each value and its neighbours up to `reach` days away.
pub(super) fn running_median(values: &[f64], reach: usize) -> Vec<f64> {
    (0..values.len())
        .map(|t| {
            let end = (t + reach + 1).min(values.len());
            median(&values[t.saturating_sub(reach)..end]).unwrap_or(f64::NAN)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_and_ln_agree_with_the_platform() {
        for i in -60_000..60_000 {
            let x = f64::from(i) * 0.011;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-15, "exp {x}");
            let y = x.exp();
            assert!((ln(y) - y.ln()).abs() <= 4e-16 * y.ln().abs().max(1.0), "ln {y}");
        }
        assert!(exp(f64::NAN).is_nan() && ln(f64::NAN).is_nan() && ln(-1.0).is_nan());
        assert!(ln(0.0) == f64::NEG_INFINITY && ln(f64::INFINITY) == f64::INFINITY);
        assert!((ln(5e-324) - 5e-324_f64.ln()).abs() < 1e-12);
        assert!((logistic(logit(0.31)) - 0.31).abs() < 1e-15);
    }

    #[test]
    fn averages_ignore_missing() {
        assert_eq!(mean(&[1.0, f64::NAN, 3.0]), Some(2.0));
        assert_eq!(median(&[5.0, f64::NAN, 1.0, 2.0, 4.0]), Some(3.0));
        assert_eq!(mean(&[f64::NAN]), None);
        assert_eq!(median(&[]), None);
    }
}
