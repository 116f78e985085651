//! The rules of cl100k_base.

use super::super::character::{Kind, character};
use super::{Rules, Spaces, contraction, letters, run, three_numbers};

/// cl100k_base.
#[derive(Debug)]
pub(in super::super) struct Cl100k;

impl Rules for Cl100k {
    const REGEX: &str = concat!(
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+",
        r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    );

    #[inline]
    fn end(text: &[u8], at: usize) -> usize {
        let Some(first) = character(text, at) else { return at };
        let after = at + first.len;
        match first.kind() {
            Kind::Upper | Kind::Lower | Kind::Caseless => letters(text, after),
            Kind::Number => three_numbers(text, at),
            Kind::LineEnd => spaces(text, at),
            Kind::Other | Kind::Mark | Kind::Space => {
                let short = contraction(text, at);
                if short > 0 {
                    return at + short;
                }
                let word = letters(text, after);
                if word > after {
                    return word;
                }
                if first.kind() != Kind::Space {
                    return others(text, after);
                }
                let other = text[at] == b' '
                    && character(text, after).is_some_and(|next| next.kind().is_other());
                if other { others(text, after) } else { spaces(text, at) }
            }
        }
    }
}

/// `[^\s\p{L}\p{N}]++[\r\n]*+`, the first of which is before `after`.
fn others(text: &[u8], after: usize) -> usize {
    let mut at = run(text, after, Kind::is_other);
    while matches!(text.get(at), Some(b'\r' | b'\n')) {
        at += 1;
    }
    at
}

/// `\s++$|\s*[\r\n]|\s+(?!\S)|\s`.
fn spaces(text: &[u8], at: usize) -> usize {
    let found = Spaces::at(text, at);
    match found.line_end {
        Some(line_end) if found.end < text.len() => line_end,
        _ => found.before_text(text, at),
    }
}
