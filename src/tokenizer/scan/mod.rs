//! Where a text is split into pieces before tokens are merged: the rules of each encoding, by hand.
//!
//! Each file states the regular expression that it is equal to, which the reference runs.

mod ascii;
mod cl100k;
mod o200k;
mod r50k;

pub(super) use cl100k::Cl100k;
pub(super) use o200k::O200k;
pub(super) use r50k::R50k;

use super::character::{Kind, character};

/// The split rules of an encoding.
pub(super) trait Rules {
    /// The regular expression that they are equal to.
    const REGEX: &str;

    /// Where the piece ends that begins at `at`, which is not the end. `text` is UTF-8.
    fn end(text: &[u8], at: usize) -> usize;
}

/// Goes on while characters are as wanted.
#[inline]
fn run(text: &[u8], mut at: usize, wanted: impl Fn(Kind) -> bool) -> usize {
    while let Some(next) = character(text, at).filter(|next| wanted(next.kind())) {
        at += next.len;
    }
    at
}

/// `\p{L}*`.
#[inline]
fn letters(text: &[u8], at: usize) -> usize {
    ascii::run(text, at).map_or_else(|| run(text, at, Kind::is_letter), |word| word.end)
}

/// `\p{N}{1,3}`.
#[inline]
fn three_numbers(text: &[u8], mut at: usize) -> usize {
    for _ in 0..3 {
        match character(text, at).filter(|next| next.kind() == Kind::Number) {
            Some(next) => at += next.len,
            None => break,
        }
    }
    at
}

/// A run of white space.
struct Spaces {
    /// Its end.
    end: usize,
    /// Where its last character begins.
    last: usize,
    /// After its last line end.
    line_end: Option<usize>,
}

impl Spaces {
    fn at(text: &[u8], from: usize) -> Self {
        let mut found = Self { end: from, last: from, line_end: None };
        while let Some(next) = character(text, found.end).filter(|next| next.kind().is_space()) {
            (found.last, found.end) = (found.end, found.end + next.len);
            if next.kind() == Kind::LineEnd {
                found.line_end = Some(found.end);
            }
        }
        found
    }

    /// `\s+(?!\S)|\s`: without the last one, unless it is the only one or the text ends.
    fn before_text(&self, text: &[u8], from: usize) -> usize {
        if self.end == text.len() || self.last == from { self.end } else { self.last }
    }
}

/// The length of `'(?i:[sdmt]|ll|ve|re)` at `at`, or zero. The long s is an s in any case.
#[inline]
fn contraction(text: &[u8], at: usize) -> usize {
    if text.get(at) != Some(&b'\'') {
        return 0;
    }
    let lower = |n: usize| text.get(at + n).map(u8::to_ascii_lowercase);
    match (lower(1), lower(2)) {
        (Some(b's' | b'd' | b'm' | b't'), _) => 2,
        (Some(b'l'), Some(b'l')) | (Some(b'v' | b'r'), Some(b'e')) => 3,
        (Some(0xC5), Some(0xBF)) => 3,
        _ => 0,
    }
}
