//! Ratios of exact numbers, with products of 256 bits.

use std::cmp::Ordering;

use ethnum::I256;

use super::{MoneyError, Rounding, div_round};

/// `value * numerator / denominator`, rounded half-even once.
///
/// # Errors
/// [`MoneyError::Overflow`] if the result does not fit or the denominator is zero.
pub(crate) fn mul_div(value: i128, numerator: i128, denominator: i128) -> Result<i128, MoneyError> {
    if denominator == 0 {
        return Err(MoneyError::Overflow);
    }
    if let Some(product) = value.checked_mul(numerator)
        && product != i128::MIN
    {
        return Ok(div_round(product, denominator, Rounding::HalfEven));
    }
    let (product, by) = (I256::from(value) * I256::from(numerator), I256::from(denominator));
    // One division: it is most of the work.
    let quotient = product / by;
    let remainder = product - quotient * by;
    let twice = remainder.unsigned_abs() << 1_u32;
    let by_size = by.unsigned_abs();
    let odd = quotient & I256::ONE != I256::ZERO;
    let up = twice > by_size || (twice == by_size && odd);
    let negative = (product < I256::ZERO) != (by < I256::ZERO);
    let step = I256::from(if negative { -1 } else { 1 });
    let rounded = if up { quotient + step } else { quotient };
    i128::try_from(rounded).map_err(|_| MoneyError::Overflow)
}

/// Compares two fractions with denominators above zero.
pub(super) fn compare(one: (i128, i128), other: (i128, i128)) -> Ordering {
    (I256::from(one.0) * I256::from(other.1)).cmp(&(I256::from(other.0) * I256::from(one.1)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same with doubling and adding, bit by bit: no number is longer than 128 bits.
    fn reference(value: i128, numerator: i128, denominator: i128) -> Option<i128> {
        let (n, d) = (numerator.unsigned_abs(), denominator.unsigned_abs());
        let (mut quotient, mut rest) = (0_u128, 0_u128);
        for bit in (0..128).rev() {
            quotient = quotient.checked_mul(2)?;
            rest *= 2;
            if value.unsigned_abs() >> bit & 1 == 1 {
                quotient = quotient.checked_add(n / d)?;
                rest += n % d;
            }
            quotient = quotient.checked_add(rest / d)?;
            rest %= d;
        }
        if rest * 2 > d || (rest * 2 == d && quotient % 2 == 1) {
            quotient += 1;
        }
        let sign = value.signum() * numerator.signum() * denominator.signum();
        i128::try_from(quotient).ok().map(|q| q * sign)
    }

    #[test]
    fn halves_go_to_the_even_digit() {
        for (value, expected) in [(1, 0), (3, 2), (5, 2), (-1, 0), (-3, -2), (7, 4)] {
            assert_eq!(mul_div(value, 1, 2), Ok(expected), "{value} / 2");
            // The same with a product that needs more than 128 bits.
            let big = i128::MAX / 32;
            assert_eq!(mul_div(big, value * 8, big * 16), Ok(expected), "{value} / 2, long");
        }
        assert_eq!(mul_div(1, 1, 0), Err(MoneyError::Overflow));
        assert_eq!(mul_div(i128::MAX, 3, 2), Err(MoneyError::Overflow));
        assert_eq!(mul_div(i128::MAX, 2, 2), Ok(i128::MAX));
        assert_eq!(mul_div(i128::MIN, 1, -1), Err(MoneyError::Overflow));
    }

    proptest! {
        #[test]
        fn agrees_with_long_division(
            value in any::<i128>(), shift in 0_u32..127,
            numerator in any::<i128>(), n_shift in 0_u32..127,
            denominator in any::<i128>(), d_shift in 2_u32..127,
        ) {
            let (value, numerator) = (value >> shift, numerator >> n_shift);
            let denominator = denominator >> d_shift;
            prop_assume!(denominator != 0);
            let expected = reference(value, numerator, denominator).ok_or(MoneyError::Overflow);
            prop_assert_eq!(mul_div(value, numerator, denominator), expected);
        }
    }
}
