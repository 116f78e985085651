//! The rules of r50k_base and p50k_base.

use super::super::character::{Kind, character};
use super::{Rules, Spaces, letters, run};

/// r50k_base and p50k_base.
#[derive(Debug)]
pub(in super::super) struct R50k;

impl Rules for R50k {
    const REGEX: &str =
        r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s";

    #[inline]
    fn end(text: &[u8], at: usize) -> usize {
        if text[at] == b'\'' {
            let short = contraction(text, at);
            if short > 0 {
                return at + short;
            }
        }
        let start = if text[at] == b' ' { at + 1 } else { at };
        let kind = character(text, start).map_or(Kind::Space, |next| next.kind());
        match kind {
            Kind::Upper | Kind::Lower | Kind::Caseless => letters(text, start),
            Kind::Number => run(text, start, |kind| kind == Kind::Number),
            Kind::Other | Kind::Mark => run(text, start, Kind::is_other),
            Kind::Space | Kind::LineEnd => Spaces::at(text, at).before_text(text, at),
        }
    }
}

/// The length of `'(?:[sdmt]|ll|ve|re)`, or zero: lower case only.
fn contraction(text: &[u8], at: usize) -> usize {
    match (text.get(at + 1), text.get(at + 2)) {
        (Some(b's' | b'd' | b'm' | b't'), _) => 2,
        (Some(b'l'), Some(b'l')) | (Some(b'v' | b'r'), Some(b'e')) => 3,
        _ => 0,
    }
}
