//! Exact money: 128-bit fixed point with 18 decimal places of one currency unit.
//!
//! Eighteen places hold every list price known (12 places of a dollar a token) times the
//! multipliers of tiers and regions without rounding. Every operation is checked: a result that
//! does not fit is an error, never a wrap and never a silent loss of digits.
#![deny(clippy::float_arithmetic)]

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// Decimal places kept by [`Amount`] and [`UnitPrice`].
pub const SCALE: u32 = 18;
const ONE: i128 = 10_i128.pow(SCALE);

/// What can go wrong with exact money.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// The result needs more than 128 bits.
    #[error("amount does not fit: more than 1.7e20 currency units")]
    Overflow,
    /// The result needs more than 18 decimal places.
    #[error("result needs more than {SCALE} decimal places and would have to be rounded")]
    Inexact,
    /// The text is not a plain decimal number.
    #[error("`{0}` is not a decimal number (expected digits such as `2.50`)")]
    NotADecimal(String),
    /// The text is not a three-letter currency code.
    #[error("`{0}` is not a currency code (expected three letters such as `USD`)")]
    NotACurrency(String),
    /// Two amounts in different currencies were combined.
    #[error("cannot combine {0} with {1}: convert with a dated rate first")]
    MixedCurrencies(Currency, Currency),
}

/// An ISO 4217 currency code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

impl Currency {
    /// US dollars, the currency of every bundled price book.
    pub const USD: Self = Self(*b"USD");

    /// The three letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let upper = text.trim().to_ascii_uppercase();
        match upper.as_bytes() {
            [a, b, c] if upper.bytes().all(|x| x.is_ascii_uppercase()) => Ok(Self([*a, *b, *c])),
            _ => Err(MoneyError::NotACurrency(text.to_owned())),
        }
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// How a display or an invoice rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest; a tie goes to the even digit (ISO/IEC 60559 "ties to even").
    HalfEven,
    /// To the nearest; a tie goes away from zero.
    HalfUp,
    /// Away from zero.
    Up,
    /// Towards zero.
    Down,
}

/// Integer division rounded as asked.
fn div_round(numerator: i128, denominator: i128, rounding: Rounding) -> i128 {
    let (quotient, remainder) = (numerator / denominator, numerator % denominator);
    if remainder == 0 {
        return quotient;
    }
    let away = if (numerator < 0) == (denominator < 0) {
        1
    } else {
        -1
    };
    let twice = remainder.unsigned_abs().saturating_mul(2);
    let tie = twice == denominator.unsigned_abs();
    let over = twice > denominator.unsigned_abs();
    let up = match rounding {
        Rounding::HalfEven => over || (tie && quotient % 2 != 0),
        Rounding::HalfUp => over || tie,
        Rounding::Up => true,
        Rounding::Down => false,
    };
    if up { quotient + away } else { quotient }
}

/// An exact number of currency units, 18 decimal places.
///
/// Range: about plus or minus 1.7e20 units.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(i128);

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
        self.0
            .checked_add(other.0)
            .map(Self)
            .ok_or(MoneyError::Overflow)
    }

    /// Difference.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if it does not fit.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.0
            .checked_sub(other.0)
            .map(Self)
            .ok_or(MoneyError::Overflow)
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
        let part = span
            .checked_mul(i128::from(numerator))
            .ok_or(MoneyError::Overflow)?;
        let part = div_round(part, i128::from(denominator.max(1)), Rounding::HalfEven);
        let part = if other < self { -part } else { part };
        self.0
            .checked_add(part)
            .map(Self)
            .ok_or(MoneyError::Overflow)
    }

    /// Divided by a positive count, rounded half-even at the 18th place: a mean, not a price.
    #[must_use]
    pub fn mean_of(self, count: u32) -> Self {
        Self(div_round(
            self.0,
            i128::from(count.max(1)),
            Rounding::HalfEven,
        ))
    }

    /// Times an exact factor.
    ///
    /// # Errors
    /// [`MoneyError::Inexact`] if the product needs more than 18 places, [`MoneyError::Overflow`]
    /// if it does not fit.
    pub fn checked_mul(self, factor: Factor) -> Result<Self, MoneyError> {
        factor.apply(self.0).map(Self)
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
        let (whole, part) = (
            magnitude / ONE.unsigned_abs(),
            magnitude % ONE.unsigned_abs(),
        );
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

/// Reads `[+-]digits[.digits][e[+-]digits]` into units of `10^-scale`, exactly.
fn parse_fixed(text: &str, scale: u32) -> Result<i128, MoneyError> {
    let bad = || MoneyError::NotADecimal(text.to_owned());
    let trimmed = text.trim();
    let (mantissa, exponent) = match trimmed.split_once(['e', 'E']) {
        Some((m, e)) => (m, e.parse::<i32>().map_err(|_| bad())?),
        None => (trimmed, 0),
    };
    let (negative, digits) = match mantissa.as_bytes().first() {
        Some(b'-') => (true, &mantissa[1..]),
        Some(b'+') => (false, &mantissa[1..]),
        _ => (false, mantissa),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = whole
        .bytes()
        .chain(part.bytes())
        .all(|b| b.is_ascii_digit());
    if !all_digits || (whole.is_empty() && part.is_empty()) {
        return Err(bad());
    }
    let joined = format!("{whole}{part}");
    let significant = joined.trim_start_matches('0');
    let kept = significant.trim_end_matches('0');
    if kept.is_empty() {
        return Ok(0);
    }
    let dropped = i32::try_from(significant.len() - kept.len()).map_err(|_| bad())?;
    let places = i32::try_from(part.len()).map_err(|_| bad())?;
    let scale = i32::try_from(scale).map_err(|_| bad())?;
    let shift = scale
        .checked_sub(places)
        .and_then(|s| s.checked_add(exponent))
        .and_then(|s| s.checked_add(dropped))
        .ok_or(MoneyError::Overflow)?;
    let power = u32::try_from(shift).map_err(|_| MoneyError::Inexact)?;
    let value: i128 = kept.parse().map_err(|_| MoneyError::Overflow)?;
    let value = 10_i128
        .checked_pow(power)
        .and_then(|p| value.checked_mul(p))
        .ok_or(MoneyError::Overflow)?;
    Ok(if negative { -value } else { value })
}

/// An exact multiplier such as `1.1` or `0.5`, kept as a reduced decimal fraction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Factor {
    mantissa: i128,
    denominator: i128,
}

impl Factor {
    /// One.
    pub const ONE: Self = Self {
        mantissa: 1,
        denominator: 1,
    };

    /// `value` times this factor, both in the same unit.
    fn apply(self, value: i128) -> Result<i128, MoneyError> {
        let product = value
            .checked_mul(self.mantissa)
            .ok_or(MoneyError::Overflow)?;
        if product % self.denominator != 0 {
            return Err(MoneyError::Inexact);
        }
        Ok(product / self.denominator)
    }
}

impl FromStr for Factor {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let mut mantissa = parse_fixed(text, SCALE)?;
        let mut denominator = ONE;
        while denominator > 1 && mantissa % 10 == 0 {
            mantissa /= 10;
            denominator /= 10;
        }
        Ok(Self {
            mantissa,
            denominator,
        })
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
        self.0
            .checked_mul(i128::from(quantity))
            .map(Amount)
            .ok_or(MoneyError::Overflow)
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
        let part = price
            .0
            .checked_mul(i128::from(share))
            .ok_or(MoneyError::Overflow)?;
        self.0
            .checked_add(part)
            .map(Self)
            .ok_or(MoneyError::Overflow)
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
        let product = self
            .0
            .checked_mul(i128::from(quantity))
            .ok_or(MoneyError::Overflow)?;
        Ok(Amount(div_round(
            product,
            i128::from(BLEND_WHOLE),
            Rounding::HalfEven,
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    #[test]
    fn text_round_trips() {
        for text in [
            "0.00",
            "1.00",
            "-3.50",
            "0.000000000000000001",
            "123456789.25",
        ] {
            assert_eq!(amount(text).to_string(), text);
        }
        assert_eq!(amount("1.5e-3").to_string(), "0.0015");
        assert_eq!(amount("0.0300000000000000000000000").to_string(), "0.03");
        assert_eq!(amount("-0.0").to_string(), "0.00");
    }

    #[test]
    fn rejects_what_is_not_a_decimal() {
        for text in ["", "-", ".", "1,000", "NaN", "0x10", "1.2.3", "1e", "--1"] {
            assert!(
                matches!(text.parse::<Amount>(), Err(MoneyError::NotADecimal(_))),
                "{text}"
            );
        }
        assert_eq!(
            "0.0000000000000000001".parse::<Amount>(),
            Err(MoneyError::Inexact)
        );
        assert_eq!("1e30".parse::<Amount>(), Err(MoneyError::Overflow));
    }

    #[test]
    fn reported_costs_may_carry_float_noise() {
        assert_eq!(
            Amount::parse_rounded("0.0340000000000000000000000001").unwrap(),
            amount("0.034")
        );
        assert_eq!(
            Amount::parse_rounded("1.2345678901234567890e-5")
                .unwrap()
                .to_string(),
            "0.000012345678901234"
        );
        assert_eq!(Amount::parse_rounded("1e-30").unwrap(), Amount::ZERO);
        assert!(Amount::parse_rounded("free").is_err());
    }

    #[test]
    fn overflow_is_an_error() {
        let most = Amount::from_atto(i128::MAX);
        assert_eq!(
            most.checked_add(Amount::from_atto(1)),
            Err(MoneyError::Overflow)
        );
        let price = UnitPrice::parse_per("1e15", 0).unwrap();
        assert_eq!(price.checked_cost(u64::MAX), Err(MoneyError::Overflow));
    }

    #[test]
    fn price_per_million_is_exact() {
        // 0.0025 USD per million tokens x 3 tokens = 0.0000000075 USD, worked by hand.
        let price = UnitPrice::parse_per("0.0025", 6).unwrap();
        assert_eq!(price.checked_cost(3).unwrap().to_string(), "0.0000000075");
        let regional = price.checked_mul("1.1".parse().unwrap()).unwrap();
        assert_eq!(regional.per(6).unwrap().to_string(), "0.00275");
    }

    #[test]
    fn a_factor_that_would_round_is_refused() {
        let tiny = UnitPrice::parse_per("0.000000000001", 6).unwrap();
        assert_eq!(
            tiny.checked_mul("0.5".parse().unwrap()),
            Err(MoneyError::Inexact)
        );
    }

    #[test]
    fn rounding_modes() {
        let cases = [
            ("0.125", Rounding::HalfEven, "0.12"),
            ("0.135", Rounding::HalfEven, "0.14"),
            ("0.125", Rounding::HalfUp, "0.13"),
            ("-0.125", Rounding::HalfUp, "-0.13"),
            ("0.121", Rounding::Up, "0.13"),
            ("-0.129", Rounding::Down, "-0.12"),
        ];
        for (text, rounding, expected) in cases {
            assert_eq!(
                amount(text).round(2, rounding).to_string(),
                expected,
                "{text} {rounding:?}"
            );
        }
        assert_eq!(amount("2.5").to_fixed(0), "2");
        assert_eq!(amount("-0.004").to_fixed(2), "0.00");
    }

    #[test]
    fn a_blend_is_the_weighted_price() {
        // Three quarters at 4 and one quarter at 8 USD a million: 5 USD a million, by hand.
        let price = |text| UnitPrice::parse_per(text, 6).unwrap();
        let blend = BlendedPrice::default()
            .checked_add(price("4"), BLEND_WHOLE / 4 * 3)
            .unwrap();
        let blend = blend.checked_add(price("8"), BLEND_WHOLE / 4).unwrap();
        assert_eq!(blend.checked_cost(1_000_000).unwrap(), amount("5"));
    }

    #[test]
    fn lerp_and_mean() {
        assert_eq!(amount("1").lerp(amount("2"), 1, 4).unwrap(), amount("1.25"));
        assert_eq!(amount("2").lerp(amount("1"), 1, 4).unwrap(), amount("1.75"));
        assert_eq!(amount("10").mean_of(4), amount("2.5"));
    }

    #[test]
    fn currency_codes() {
        assert_eq!("usd".parse::<Currency>().unwrap(), Currency::USD);
        assert!("US".parse::<Currency>().is_err());
        assert!("U1D".parse::<Currency>().is_err());
    }
}
