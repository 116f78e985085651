//! Prices of one unit, factors on them, and prices of mixes.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::ratio::{compare, mul_div};
use super::{Amount, MoneyError, ONE, Rounding, SCALE, div_round, parse_fixed};

/// An exact multiplier such as `1.1` or `0.5`, kept as a reduced decimal fraction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Factor {
    mantissa: i128,
    denominator: i128,
}

impl Factor {
    /// Nothing.
    pub const ZERO: Self = Self { mantissa: 0, denominator: 1 };
    /// One.
    pub const ONE: Self = Self { mantissa: 1, denominator: 1 };

    /// One minus it, exactly: what a share taken off leaves.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if it does not fit.
    pub fn complement(self) -> Result<Self, MoneyError> {
        let mantissa = self.denominator.checked_sub(self.mantissa).ok_or(MoneyError::Overflow)?;
        Ok(Self::reduced(mantissa, self.denominator))
    }

    /// Times another one, rounded half-even at the 18th place.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if it does not fit.
    pub fn checked_mul_rounded(self, other: Self) -> Result<Self, MoneyError> {
        let whole =
            self.mantissa.checked_mul(ONE / self.denominator).ok_or(MoneyError::Overflow)?;
        let product = mul_div(whole, other.mantissa, other.denominator)?;
        Ok(Self::reduced(product, ONE))
    }

    /// Numerator and denominator; the denominator is a power of ten, at least 1.
    #[must_use]
    pub const fn as_ratio(self) -> (i128, i128) {
        (self.mantissa, self.denominator)
    }

    /// The one form of each value, so that equal factors are equal field by field.
    fn reduced(mut mantissa: i128, mut denominator: i128) -> Self {
        while denominator > 1 && mantissa % 10 == 0 {
            mantissa /= 10;
            denominator /= 10;
        }
        Self { mantissa, denominator }
    }

    /// `value` times this factor, both in the same unit.
    pub(super) fn apply(self, value: i128) -> Result<i128, MoneyError> {
        let product = value.checked_mul(self.mantissa).ok_or(MoneyError::Overflow)?;
        if product % self.denominator != 0 {
            return Err(MoneyError::Inexact);
        }
        Ok(product / self.denominator)
    }
}

impl FromStr for Factor {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Ok(Self::reduced(parse_fixed(text, SCALE)?, ONE))
    }
}

impl Ord for Factor {
    fn cmp(&self, other: &Self) -> Ordering {
        compare((self.mantissa, self.denominator), (other.mantissa, other.denominator))
    }
}

impl PartialOrd for Factor {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Amount(self.mantissa.saturating_mul(ONE / self.denominator)).to_fixed(SCALE);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// A price of one unit (one token, one call, one second), exact to 10^-18 of the currency unit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnitPrice(i128);

impl UnitPrice {
    /// Free of charge, which a price book states; it never stands for "unknown".
    pub const FREE: Self = Self(0);

    /// From what one unit costs.
    #[must_use]
    pub const fn of_one(cost: Amount) -> Self {
        Self(cost.atto())
    }

    /// From a decimal price per `10^per_power` units: 6 for "per million tokens", 3 for "per
    /// thousand calls", 0 for "each".
    ///
    /// # Errors
    /// [`MoneyError`] if the text is no decimal, does not fit or needs more places than kept.
    pub fn parse_per(text: &str, per_power: u32) -> Result<Self, MoneyError> {
        let scale = SCALE.checked_sub(per_power).ok_or(MoneyError::Inexact)?;
        parse_fixed(text, scale).map(Self)
    }

    /// Times an exact factor.
    ///
    /// # Errors
    /// [`MoneyError::Inexact`] or [`MoneyError::Overflow`].
    pub fn checked_mul(self, factor: Factor) -> Result<Self, MoneyError> {
        factor.apply(self.0).map(Self)
    }

    /// Price of `quantity` units, exact.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if it does not fit.
    pub fn checked_cost(self, quantity: u64) -> Result<Amount, MoneyError> {
        // Nearly always both are short, and the long product is slow.
        if let (Ok(price), Ok(quantity)) = (i64::try_from(self.0), i64::try_from(quantity)) {
            return Ok(Amount(i128::from(price) * i128::from(quantity)));
        }
        self.0.checked_mul(i128::from(quantity)).map(Amount).ok_or(MoneyError::Overflow)
    }

    /// Price of `10^per_power` units, for display.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if it does not fit.
    pub fn per(self, per_power: u32) -> Result<Amount, MoneyError> {
        10_i128
            .checked_pow(per_power)
            .and_then(|p| self.0.checked_mul(p))
            .map(Amount)
            .ok_or(MoneyError::Overflow)
    }
}

impl fmt::Debug for UnitPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} a unit", Amount(self.0))
    }
}

/// Weights of a [`BlendedPrice`] are shares of this whole.
pub const BLEND_WHOLE: u32 = 1 << 20;

/// The price of one unit of a mix, such as the models and hours that a forecast spreads tokens
/// over: the sum of each price times its share of [`BLEND_WHOLE`], kept without division.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BlendedPrice(i128);

impl BlendedPrice {
    /// Adds a part with its share of [`BLEND_WHOLE`].
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if it does not fit.
    pub fn checked_add(self, price: UnitPrice, share: u32) -> Result<Self, MoneyError> {
        let part = price.0.checked_mul(i128::from(share)).ok_or(MoneyError::Overflow)?;
        self.0.checked_add(part).map(Self).ok_or(MoneyError::Overflow)
    }

    /// True if every part is free or there is none.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Cost of `quantity` units of the mix, rounded half-even at the 18th place: a share of a token
    /// has no price of its own.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if it does not fit.
    pub fn checked_cost(self, quantity: u64) -> Result<Amount, MoneyError> {
        let product = self.0.checked_mul(i128::from(quantity)).ok_or(MoneyError::Overflow)?;
        Ok(Amount(div_round(product, i128::from(BLEND_WHOLE), Rounding::HalfEven)))
    }
}
