//! Exact money: 128-bit fixed point with 18 decimal places of one currency unit.
//!
//! Eighteen places hold every list price known (12 places of a dollar a token) times the
//! multipliers of tiers and regions without rounding. Every operation is checked: a result that
//! does not fit is an error, never a wrap and never a silent loss of digits.
#![deny(clippy::float_arithmetic)]

mod amount;
mod currency;
mod price;
mod ratio;
#[cfg(test)]
mod tests;

use thiserror::Error;

pub use self::amount::Amount;
pub use self::currency::Currency;
pub use self::price::{BLEND_WHOLE, BlendedPrice, Factor, UnitPrice};
pub(crate) use self::ratio::mul_div;

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

/// How a display or an invoice rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    // One division: it is most of the work.
    let quotient = numerator / denominator;
    let remainder = numerator - quotient * denominator;
    if remainder == 0 {
        return quotient;
    }
    let away = if (numerator < 0) == (denominator < 0) { 1 } else { -1 };
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
    let all_digits = whole.bytes().chain(part.bytes()).all(|b| b.is_ascii_digit());
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
