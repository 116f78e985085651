//! Walking over JSON text without reading it: from the first byte of a value to just past its last.

use memchr::memchr2;
use wide::u8x16;

use super::ScanError;

pub(super) fn expect(text: &[u8], at: usize, byte: u8) -> Result<usize, ScanError> {
    match text.get(at) {
        Some(found) if *found == byte => Ok(at + 1),
        Some(_) => Err(ScanError::Invalid(at)),
        None => Err(ScanError::Incomplete),
    }
}

pub(super) fn skip_space(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Bytes that are looked at together.
const LANES: usize = 16;
/// Groups of bytes looked at one by one before the search for long texts is worth its start.
const NEAR: usize = 8;

/// From an opening quote to just past the closing one.
#[inline]
pub(super) fn skip_string(text: &[u8], at: usize) -> Result<usize, ScanError> {
    let mut at = at + 1;
    loop {
        let stop = next_quote(text, at).ok_or(ScanError::Incomplete)?;
        if text[stop] == b'"' {
            return Ok(stop + 1);
        }
        at = stop + 2;
    }
}

/// The next quote or backslash: most strings in a log are short.
#[inline]
fn next_quote(text: &[u8], mut at: usize) -> Option<usize> {
    for _ in 0..NEAR {
        let Some(bytes) = text.get(at..at + LANES) else { break };
        let Ok(bytes) = <[u8; LANES]>::try_from(bytes) else { break };
        let bytes = u8x16::new(bytes);
        let found = bytes.simd_eq(u8x16::splat(b'"')) | bytes.simd_eq(u8x16::splat(b'\\'));
        let bits = found.to_bitmask();
        if bits != 0 {
            return Some(at + bits.trailing_zeros() as usize);
        }
        at += LANES;
    }
    memchr2(b'"', b'\\', text.get(at..)?).map(|offset| at + offset)
}

/// Bytes that a number or a word ends before.
const ENDS_SCALAR: [bool; 256] = {
    let mut table = [false; 256];
    let ends = b",}] \n\r\t";
    let mut at = 0;
    while at < ends.len() {
        table[ends[at] as usize] = true;
        at += 1;
    }
    table
};

/// From the first byte of a number or a word to just past its last. Numbers are of any length, which a
/// loop over their bytes would have the processor guess.
#[inline]
fn skip_scalar(text: &[u8], at: usize) -> usize {
    let rest = &text[at..];
    if let Some(bytes) = rest.first_chunk::<LANES>() {
        let bytes = u8x16::new(*bytes);
        let is = |byte: u8| bytes.simd_eq(u8x16::splat(byte));
        // Both closing brackets differ in this bit alone.
        let brackets = (bytes | u8x16::splat(0x20)).simd_eq(u8x16::splat(b'}'));
        let spaces = is(b' ') | is(b'\n') | is(b'\r') | is(b'\t');
        let ends = (is(b',') | brackets | spaces).to_bitmask();
        if ends != 0 {
            return at + ends.trailing_zeros() as usize;
        }
    }
    let end = rest.iter().position(|b| ENDS_SCALAR[usize::from(*b)]);
    at + end.unwrap_or(rest.len())
}

/// From the first byte of a value to just past its last.
#[inline]
pub(super) fn skip_value(text: &[u8], at: usize) -> Result<usize, ScanError> {
    match text.get(at) {
        Some(b'"') => skip_string(text, at),
        Some(b'{' | b'[') => skip_nested(text, at),
        Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n' | b'N' | b'I') => Ok(skip_scalar(text, at)),
        Some(_) => Err(ScanError::Invalid(at)),
        None => Err(ScanError::Incomplete),
    }
}

/// Bytes of a nested value that are looked at together: a bit each.
const LOOK: usize = 64;

/// From an opening bracket to just past the closing one.
fn skip_nested(text: &[u8], mut at: usize) -> Result<usize, ScanError> {
    let mut depth = 0_usize;
    let mut before = Before::default();
    loop {
        let rest = text.get(at..).filter(|rest| !rest.is_empty()).ok_or(ScanError::Incomplete)?;
        let mut brackets = match rest.first_chunk::<LOOK>() {
            Some(bytes) => before.brackets(bytes),
            None => {
                let mut bytes = [0; LOOK];
                bytes[..rest.len()].copy_from_slice(rest);
                before.brackets(&bytes)
            }
        };
        while brackets != 0 {
            let stop = at + brackets.trailing_zeros() as usize;
            if matches!(text[stop], b'{' | b'[') {
                depth += 1;
            } else {
                depth -= 1;
                if depth == 0 {
                    return Ok(stop + 1);
                }
            }
            brackets &= brackets - 1;
        }
        at += LOOK;
        if before.is_inside_text() {
            // Most of a log is long texts, which have an end but no brackets.
            let rest = text.get(at..).ok_or(ScanError::Incomplete)?;
            at += memchr2(b'"', b'\\', rest).ok_or(ScanError::Incomplete)?;
        }
    }
}

/// What the bytes before a look leave open.
#[derive(Default)]
struct Before {
    /// All ones inside a string.
    string: u64,
    /// One behind a backslash.
    escaped: u64,
}

impl Before {
    /// True if the next byte is inside a string, and means what it says.
    fn is_inside_text(&self) -> bool {
        self.string != 0 && self.escaped == 0
    }

    /// The brackets outside of strings, a bit each. Every quote that is not escaped turns between
    /// inside and outside, as in G. Langdale and D. Lemire, "Parsing Gigabytes of JSON per Second".
    #[inline]
    fn brackets(&mut self, bytes: &[u8; LOOK]) -> u64 {
        let (mut quotes, mut brackets, mut backslashes) = (0_u64, 0_u64, 0_u64);
        for (part, bytes) in bytes.as_chunks::<LANES>().0.iter().enumerate() {
            let bytes = u8x16::new(*bytes);
            // Square and curly brackets differ in this bit alone.
            let curly = bytes | u8x16::splat(0x20);
            let bracket = curly.simd_eq(u8x16::splat(b'{')) | curly.simd_eq(u8x16::splat(b'}'));
            let shift = part * LANES;
            quotes |= u64::from(bytes.simd_eq(u8x16::splat(b'"')).to_bitmask()) << shift;
            brackets |= u64::from(bracket.to_bitmask()) << shift;
            backslashes |= u64::from(bytes.simd_eq(u8x16::splat(b'\\')).to_bitmask()) << shift;
        }
        if (backslashes | self.escaped) != 0 {
            quotes &= !self.escaped(backslashes);
        }
        let mut inside = quotes;
        for shift in [1, 2, 4, 8, 16, 32] {
            inside ^= inside << shift;
        }
        inside ^= self.string;
        self.string = 0_u64.wrapping_sub(inside >> 63);
        brackets & !inside
    }

    /// The bytes behind a backslash that is not escaped itself.
    #[cold]
    fn escaped(&mut self, mut backslashes: u64) -> u64 {
        let mut escaped = self.escaped;
        self.escaped = 0;
        backslashes &= !escaped;
        while backslashes != 0 {
            let first = backslashes & backslashes.wrapping_neg();
            escaped |= first << 1;
            self.escaped = first >> 63;
            backslashes &= !(first | first << 1);
        }
        escaped
    }
}
