//! The rules of o200k_base and o200k_harmony.

use super::super::character::{Character, Kind, character};
use super::{Rules, Spaces, ascii, contraction, run, three_numbers};

/// o200k_base.
#[derive(Debug)]
pub(in super::super) struct O200k;

impl Rules for O200k {
    const REGEX: &str = concat!(
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    );

    /// Most pieces are words of ASCII, which are told where this is called.
    #[inline(always)]
    fn end(text: &[u8], at: usize) -> usize {
        let Some(first) = character(text, at) else {
            return at;
        };
        let ascii_word = match first.kind() {
            Kind::Upper | Kind::Lower => ascii::run(text, at),
            Kind::Other | Kind::Space => ascii::run(text, at + first.len),
            _ => None,
        };
        if let Some(word) = ascii_word
            && word.end > at + first.len
            && !word.mixed
            && word.next != b'\''
        {
            return word.end;
        }
        rest(text, at, first)
    }
}

/// The end of a piece that is no plain word of ASCII.
#[inline(never)]
fn rest(text: &[u8], at: usize, first: Character) -> usize {
    match first.kind() {
        Kind::Upper | Kind::Lower | Kind::Caseless => with_contraction(text, word(text, at).end),
        Kind::Number => three_numbers(text, at),
        Kind::LineEnd => spaces(text, at),
        Kind::Mark => with_contraction(text, marked_word(text, at + first.len)),
        Kind::Other | Kind::Space => {
            let after = at + first.len;
            let found = word(text, after);
            if found.end > after {
                return with_contraction(text, found.end);
            }
            if first.kind() == Kind::Other {
                return others(text, after);
            }
            let other = text[at] == b' '
                && character(text, after).is_some_and(|next| next.kind().is_other());
            if other { others(text, after) } else { spaces(text, at) }
        }
    }
}

/// Letters and marks of one word.
struct Word {
    /// Its end; where it began if there is none.
    end: usize,
    /// Whether it is of the first alternative: it has something that is not upper case.
    first: bool,
}

/// `U*L+` with all that regular expressions do to find it, else `U+`, where marks and letters without case are both U
/// and L.
fn word(text: &[u8], from: usize) -> Word {
    let (mut at, mut both) = (from, None);
    while let Some(next) = character(text, at) {
        match next.kind() {
            Kind::Upper => at += next.len,
            Kind::Caseless | Kind::Mark => {
                at += next.len;
                both = Some(at);
            }
            Kind::Lower => {
                let not_upper = |kind| matches!(kind, Kind::Lower | Kind::Caseless | Kind::Mark);
                return Word { end: run(text, at, not_upper), first: true };
            }
            _ => break,
        }
    }
    // Without a lower-case letter the last of both kinds is given back to `L+`, and capitals after it are another word.
    Word { end: both.unwrap_or(at), first: both.is_some() }
}

/// A word that a mark begins. The mark is the character before the word if that makes one of the first alternative,
/// else it is that word by itself.
fn marked_word(text: &[u8], after: usize) -> usize {
    let found = word(text, after);
    if found.first { found.end } else { after }
}

#[inline]
fn with_contraction(text: &[u8], at: usize) -> usize {
    at + contraction(text, at)
}

/// `[^\s\p{L}\p{N}]+[\r\n/]*`, the first of which is before `after`.
fn others(text: &[u8], after: usize) -> usize {
    let mut at = run(text, after, Kind::is_other);
    while matches!(text.get(at), Some(b'\r' | b'\n' | b'/')) {
        at += 1;
    }
    at
}

/// `\s*[\r\n]+|\s+(?!\S)|\s+`.
fn spaces(text: &[u8], at: usize) -> usize {
    let found = Spaces::at(text, at);
    found.line_end.unwrap_or_else(|| found.before_text(text, at))
}
