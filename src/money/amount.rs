//! Amounts of money.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::price::Factor;
use super::ratio::mul_div;
use super::{MoneyError, ONE, Rounding, SCALE, div_round, parse_fixed};

/// An exact number of currency units, 18 decimal places.
///
/// Range: about plus or minus 1.7e20 units.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(pub(super) i128);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From units of 10^-18 of the currency unit.
    #[must_use]
    pub const fn from_atto(atto: i128) -> Self {
        Self(atto)
    }

    /// In units of 10^-18 of the currency unit.
    #[must_use]
    pub const fn atto(self) -> i128 {
        self.0
    }

    /// A whole number of currency units.
    #[must_use]
    pub const fn from_units(units: i64) -> Self {
        Self(units as i128 * ONE)
    }

    /// A whole number of hundredths, as providers' `cents` fields carry.
    #[must_use]
    pub const fn from_cents(cents: i64) -> Self {
        Self(cents as i128 * (ONE / 100))
    }

    /// Reads a cost that a log reports: digits past the 18th place, which floats print, are cut
    /// off. Prices and contract terms are never read this way.
    ///
    /// # Errors
    /// [`MoneyError`] if the text is no decimal or does not fit.
    pub fn parse_rounded(text: &str) -> Result<Self, MoneyError> {
        match text.parse() {
            Err(MoneyError::Inexact) => {
                let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
                let exponent: i32 = exponent.parse().unwrap_or(0);
                let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
                let keep = usize::try_from(18_i32.saturating_add(exponent).max(0)).unwrap_or(0);
                let part = &part[..part.len().min(keep)];
                let cut: Result<Self, _> = format!("{whole}.{part}e{exponent}").parse();
                cut.or(Ok(Self::ZERO))
            }
            other => other,
        }
    }

    /// True if nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// True if below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Sum.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if it does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_add(other.0).map(Self).ok_or(MoneyError::Overflow)
    }

    /// Difference.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if it does not fit.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_sub(other.0).map(Self).ok_or(MoneyError::Overflow)
    }

    /// Sum of many.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if it does not fit.
    pub fn checked_sum<I: IntoIterator<Item = Self>>(items: I) -> Result<Self, MoneyError> {
        items.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// The point `numerator / denominator` of the way from `self` to `other`, rounded half-even at
    /// the 18th place. Used to interpolate quantiles of exact amounts.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if an intermediate result does not fit.
    pub fn lerp(self, other: Self, numerator: u32, denominator: u32) -> Result<Self, MoneyError> {
        let span = self.0.abs_diff(other.0);
        let span = i128::try_from(span).map_err(|_| MoneyError::Overflow)?;
        let part = span.checked_mul(i128::from(numerator)).ok_or(MoneyError::Overflow)?;
        let part = div_round(part, i128::from(denominator.max(1)), Rounding::HalfEven);
        let part = if other < self { -part } else { part };
        self.0.checked_add(part).map(Self).ok_or(MoneyError::Overflow)
    }

    /// Divided by a positive count, rounded half-even at the 18th place: a mean, not a price.
    #[must_use]
    pub fn mean_of(self, count: u32) -> Self {
        Self(div_round(self.0, i128::from(count.max(1)), Rounding::HalfEven))
    }

    /// Times an exact factor.
    ///
    /// # Errors
    /// [`MoneyError::Inexact`] if the product needs more than 18 places, [`MoneyError::Overflow`]
    /// if it does not fit.
    pub fn checked_mul(self, factor: Factor) -> Result<Self, MoneyError> {
        factor.apply(self.0).map(Self)
    }

    /// Times an exact factor, rounded half-even at the 18th place.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if it does not fit.
    pub fn checked_mul_rounded(self, factor: Factor) -> Result<Self, MoneyError> {
        let (numerator, denominator) = factor.as_ratio();
        self.checked_ratio(numerator, denominator)
    }

    /// Times `numerator / denominator`, rounded half-even at the 18th place; the product before the
    /// division may be of any size.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if the result does not fit or the denominator is zero.
    pub fn checked_ratio(self, numerator: i128, denominator: i128) -> Result<Self, MoneyError> {
        mul_div(self.0, numerator, denominator).map(Self)
    }

    /// Rounded to `places` decimal places.
    #[must_use]
    pub fn round(self, places: u32, rounding: Rounding) -> Self {
        if places >= SCALE {
            return self;
        }
        let step = 10_i128.pow(SCALE - places);
        Self(div_round(self.0, step, rounding).saturating_mul(step))
    }

    /// Text with exactly `places` decimal places, rounded half-even.
    #[must_use]
    pub fn to_fixed(self, places: u32) -> String {
        let rounded = self.round(places, Rounding::HalfEven);
        let magnitude = rounded.0.unsigned_abs();
        let sign = if rounded.0 < 0 { "-" } else { "" };
        let (whole, part) = (magnitude / ONE.unsigned_abs(), magnitude % ONE.unsigned_abs());
        if places == 0 {
            return format!("{sign}{whole}");
        }
        let digits = format!("{part:018}");
        let keep = usize::try_from(places.min(SCALE)).unwrap_or(18);
        format!("{sign}{whole}.{}", &digits[..keep])
    }
}

impl fmt::Display for Amount {
    /// All digits, at least two decimal places, no trailing zeros past them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let full = self.to_fixed(SCALE);
        let (whole, part) = full.split_once('.').unwrap_or((&full, ""));
        let part = part.trim_end_matches('0');
        write!(f, "{whole}.{part:0<2}")
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Amount {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        parse_fixed(text, SCALE).map(Self)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
