//! Reading ISO 8601: hand-written because logs hold one a line.

use super::NANOS;

fn two(bytes: &[u8], at: usize) -> Option<i64> {
    let (a, b) = (bytes.get(at)?, bytes.get(at + 1)?);
    (a.is_ascii_digit() && b.is_ascii_digit())
        .then(|| i64::from(a - b'0') * 10 + i64::from(b - b'0'))
}

/// The outer `None`: not a time; the inner: a time that does not fit.
pub(super) fn parse_iso(b: &[u8]) -> Option<Option<i64>> {
    let year = two(b, 0)? * 100 + two(b, 2)?;
    let (month, day) = (two(b, 5)?, two(b, 8)?);
    if b.get(4) != Some(&b'-') || b.get(7) != Some(&b'-') {
        return None;
    }
    let days = days_from_civil(year, month, day)?;
    let (seconds, nanos, offset) = if b.len() == 10 { (0, 0, 0) } else { clock(&b[10..])? };
    let total = days * 86_400 + seconds - offset;
    Some(total.checked_mul(NANOS).and_then(|n| n.checked_add(nanos)))
}

/// `[T ]HH:MM[:SS[.fraction]][ ][Z|UTC|±HH[:]MM]` as seconds, nanoseconds and offset in seconds.
fn clock(b: &[u8]) -> Option<(i64, i64, i64)> {
    if !matches!(b[0], b'T' | b't' | b' ') || b.get(3) != Some(&b':') {
        return None;
    }
    let (hour, minute) = (two(b, 1)?, two(b, 4)?);
    let mut at = 6;
    let mut second = 0;
    if b.get(at) == Some(&b':') {
        second = two(b, at + 1)?;
        at += 3;
    }
    // A leap second is read as the last second of its minute.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let second = second.min(59);
    let mut nanos = 0;
    if matches!(b.get(at), Some(b'.' | b',')) {
        let digits = b[at + 1..].iter().take_while(|c| c.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        for place in 0..9 {
            let digit = if place < digits { i64::from(b[at + 1 + place] - b'0') } else { 0 };
            nanos = nanos * 10 + digit;
        }
        at += 1 + digits;
    }
    let offset = offset_seconds(b[at..].trim_ascii())?;
    Some((hour * 3_600 + minute * 60 + second, nanos, offset))
}

fn offset_seconds(zone: &[u8]) -> Option<i64> {
    match zone {
        b"" | b"Z" | b"z" | b"UTC" => Some(0),
        [sign @ (b'+' | b'-'), rest @ ..] => {
            let hours = two(rest, 0)?;
            let minutes = match rest.len() {
                2 => 0,
                4 => two(rest, 2)?,
                5 if rest[2] == b':' => two(rest, 3)?,
                _ => return None,
            };
            let seconds = hours * 3_600 + minutes * 60;
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

/// Days since 1970-01-01 of a Gregorian date, or `None` if there is no such date.
/// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}
