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

/// From the first byte of a value to just past its last.
pub(super) fn skip_value(text: &[u8], at: usize) -> Result<usize, ScanError> {
    match text.get(at) {
        Some(b'"') => skip_string(text, at),
        Some(b'{' | b'[') => skip_nested(text, at),
        Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n' | b'N' | b'I') => {
            let rest = &text[at..];
            let end = rest
                .iter()
                .position(|b| matches!(b, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'));
            Ok(at + end.unwrap_or(rest.len()))
        }
        Some(_) => Err(ScanError::Invalid(at)),
        None => Err(ScanError::Incomplete),
    }
}

/// Bytes that matter outside of strings: quotes and brackets.
const STRUCTURE: [bool; 256] = {
    let mut table = [false; 256];
    let marks = b"\"{}[]";
    let mut at = 0;
    while at < marks.len() {
        table[marks[at] as usize] = true;
        at += 1;
    }
    table
};

fn skip_nested(text: &[u8], mut at: usize) -> Result<usize, ScanError> {
    let mut depth = 0_usize;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let offset = rest.iter().position(|b| STRUCTURE[usize::from(*b)]);
        at += offset.ok_or(ScanError::Incomplete)?;
        match text[at] {
            b'"' => {
                at = skip_string(text, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            _ => {
                depth -= 1;
                if depth == 0 {
                    return Ok(at + 1);
                }
            }
        }
        at += 1;
    }
}
