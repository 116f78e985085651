//! Decimal numbers as other tools print them, exact: digits are moved, never computed with.

/// A decimal number, kept as its digits times a power of ten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) negative: bool,
    /// Without leading or trailing zeros; empty for zero.
    digits: String,
    exponent: i64,
}

/// Powers of ten beyond this are no price.
const LARGEST_EXPONENT: i64 = 60;

impl Decimal {
    /// Reads `1.25`, `.5`, `3e-07` and `1.25E+1`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let is_number = !all.is_empty() && all.bytes().all(|b| b.is_ascii_digit());
        if !is_number || exponent.abs() > LARGEST_EXPONENT || all.len() > 100 {
            return None;
        }
        let digits = all.trim_start_matches('0');
        let kept = digits.trim_end_matches('0');
        let moved = i64::try_from(digits.len() - kept.len()).ok()?;
        let places = i64::try_from(fraction.len()).ok()?;
        Some(Self { negative, digits: kept.to_owned(), exponent: exponent - places + moved })
    }

    pub(super) fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// The number times ten to a power, written out without an exponent.
    pub(super) fn times_ten_to(&self, power: i64) -> String {
        if self.is_zero() {
            return "0".to_owned();
        }
        let sign = if self.negative { "-" } else { "" };
        let exponent = self.exponent + power;
        let zeros = |n: i64| "0".repeat(usize::try_from(n).unwrap_or(0));
        if exponent >= 0 {
            return format!("{sign}{}{}", self.digits, zeros(exponent));
        }
        let places = usize::try_from(-exponent).unwrap_or(0);
        match self.digits.len().checked_sub(places) {
            Some(whole) if whole > 0 => {
                format!("{sign}{}.{}", &self.digits[..whole], &self.digits[whole..])
            }
            _ => format!("{sign}0.{}{}", "0".repeat(places - self.digits.len()), self.digits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn per_million(text: &str) -> String {
        Decimal::parse(text).unwrap().times_ten_to(6)
    }

    #[test]
    fn digits_are_moved_exactly() {
        let cases = [
            ("1.25e-06", "1.25"),
            ("3e-07", "0.3"),
            ("0.0000025", "2.5"),
            ("2.5e-9", "0.0025"),
            ("1E-5", "10"),
            ("0.00012", "120"),
            ("1.5E+1", "15000000"),
            ("10", "10000000"),
            ("100.50", "100500000"),
            ("0.0", "0"),
            ("0e5", "0"),
            ("7.499999999999999e-07", "0.7499999999999999"),
        ];
        for (text, expected) in cases {
            assert_eq!(per_million(text), expected, "{text}");
        }
        assert_eq!(Decimal::parse("-1").unwrap().times_ten_to(0), "-1");
        assert_eq!(Decimal::parse("12.5").unwrap().times_ten_to(-3), "0.0125");
    }

    #[test]
    fn what_is_no_number() {
        for text in ["", ".", "e5", "1e", "1e999999", "NaN", "inf", "1,5", "0x1", "--1", "1 2"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }
}
