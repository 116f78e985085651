//! Counts as logs and exports print them.

/// A number field that cannot be used as a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCount(pub String);

/// The number in the last `count` of these bytes, if they are digits and nothing else. All are looked
/// at together: a loop over as many as there are would have the processor guess how many.
#[inline]
pub(super) fn last_digits(bytes: [u8; 8], count: usize) -> Option<u64> {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    let before = 8 * (8 - u32::try_from(count).ok().filter(|count| (1..=8).contains(count))?);
    let kept = u64::MAX << before;
    let text = u64::from_le_bytes(bytes) & kept | ZEROS & !kept;
    // Digits have 3 in their upper half, and have it still with 6 added.
    if text & HIGH != ZEROS || text.wrapping_add(0x0606_0606_0606_0606) & HIGH != ZEROS {
        return None;
    }
    // Two digits and two are taken together, then four and four, then eight, the first the largest.
    let ones = text - ZEROS;
    let pairs = (ones * 10 + (ones >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

pub(super) fn plain_digits(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() || bytes.len() > 19 {
        return None;
    }
    bytes
        .iter()
        .try_fold(0_u64, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u64::from(b - b'0')))
}

/// Reads a count as logs and exports print it. The outer `None`: not a count; the inner: no value.
/// Thousands separators are read only where they stand in groups of three.
#[must_use]
pub fn parse_count(text: &str) -> Option<Option<u64>> {
    if let Some(count) = plain_digits(text.as_bytes()) {
        return Some(Some(count));
    }
    // Tables with gaps hold their counts as floats.
    let whole = text.as_bytes().strip_suffix(b".0").and_then(plain_digits);
    if whole.is_some() {
        return Some(whole);
    }
    let text = text.trim();
    if matches!(text, "" | "-" | "null" | "None" | "NaN" | "nan" | "N/A" | "n/a" | "none") {
        return Some(None);
    }
    if let Some(count) = plain_digits(text.as_bytes()) {
        return Some(Some(count));
    }
    if let Some((whole, zeros)) = text.split_once('.')
        && !zeros.is_empty()
        && zeros.bytes().all(|b| b == b'0')
        && let Some(count) = plain_digits(whole.as_bytes())
    {
        return Some(Some(count));
    }
    let joined = if text.contains(',') { ungroup(text)? } else { text.to_owned() };
    // 18 decimal places are more than any count carries; the value must be whole.
    let amount: crate::money::Amount = joined.parse().ok()?;
    let (whole, part) = (amount.atto() / 10_i128.pow(18), amount.atto() % 10_i128.pow(18));
    if part == 0 { u64::try_from(whole).ok().map(Some) } else { None }
}

fn ungroup(text: &str) -> Option<String> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let well_formed = (1..=3).contains(&first.len()) && groups.all(|g| g.len() == 3);
    well_formed.then(|| {
        let digits = whole.replace(',', "");
        if part.is_empty() { digits } else { format!("{digits}.{part}") }
    })
}
