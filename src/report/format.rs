//! Numbers as people read them. Display rounds; the figures behind it stay exact.

use crate::money::{Amount, Currency};

/// Digits in groups of three.
#[must_use]
pub fn grouped(number: u64) -> String {
    group_digits(&number.to_string())
}

/// So many of something.
#[must_use]
pub fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}

fn group_digits(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An amount with two decimals, or as many as a small one needs to show two digits.
#[must_use]
pub fn amount(value: Amount) -> String {
    let small = Amount::from_cents(1);
    let magnitude = if value.is_negative() { Amount::from_atto(-value.atto()) } else { value };
    if value.is_zero() || magnitude >= small {
        return fixed(value, 2);
    }
    let digits = magnitude.to_fixed(18);
    let first = digits[2..].bytes().position(|b| b != b'0').unwrap_or(16);
    fixed(value, u32::try_from(first + 2).unwrap_or(18).min(18))
}

fn fixed(value: Amount, places: u32) -> String {
    let text = value.to_fixed(places);
    let (sign, rest) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, part) = rest.split_once('.').unwrap_or((rest, ""));
    format!("{sign}{}.{part}", group_digits(whole))
}

/// An amount with its currency.
#[must_use]
pub fn money(value: Amount, currency: Currency) -> String {
    format!("{} {currency}", amount(value))
}

/// A price: all its digits, at least two decimals.
#[must_use]
pub fn price(value: Amount) -> String {
    value.to_string()
}

/// A share of one as a percentage, with one decimal where it is not whole.
#[must_use]
pub fn share(of: Amount) -> String {
    let percent = Amount::from_units(100).checked_ratio(of.atto(), Amount::from_units(1).atto());
    let shown = |percent: Amount| {
        let text = percent.to_fixed(1);
        format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
    };
    percent.map(shown).unwrap_or_default()
}

/// Texts of files must not become lines of their own, which a pipeline might take for commands.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Nor must they become markup of a comment.
#[must_use]
pub fn harmless(text: &str) -> String {
    text.replace('<', "&lt;")
}

/// An amount with its sign, where it has one.
#[must_use]
pub fn signed(value: Amount) -> String {
    let sign = if value > Amount::ZERO { "+" } else { "" };
    format!("{sign}{}", amount(value))
}

/// A count with its sign, where it has one.
#[must_use]
pub fn signed_count(value: i64) -> String {
    let sign = match value {
        0 => "",
        1.. => "+",
        _ => "-",
    };
    format!("{sign}{}", grouped(value.unsigned_abs()))
}

/// A percentage with its sign and one decimal.
#[must_use]
pub fn percent_change(value: Amount) -> String {
    let sign = if value.is_negative() { "" } else { "+" };
    format!("{sign}{} %", value.to_fixed(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        let shown = |text: &str| amount(text.parse().unwrap());
        assert_eq!(shown("1234567.895"), "1,234,567.90");
        assert_eq!(shown("-1234.5"), "-1,234.50");
        assert_eq!(shown("0"), "0.00");
        assert_eq!(shown("0.00001234"), "0.000012");
        assert_eq!(shown("-0.0000000075"), "-0.0000000075");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(999), "999");
    }

    #[test]
    fn shares() {
        let shown = |text: &str| share(text.parse().unwrap());
        assert_eq!(["0", "0.5", "0.997", "1"].map(shown), ["0 %", "50 %", "99.7 %", "100 %"]);
    }
}
