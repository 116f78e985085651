//! Texts too long to hold: cut where no rule looks across, so that the counts of the parts add up.

use std::io::{self, Read};

use super::character::{Kind, character};
use super::lossy::push_lossy;

/// So much is read before a part is handed out.
const WINDOW: usize = 1 << 18;
/// A text without a place to cut is held up to here, and then cut anywhere.
const LONGEST: usize = 1 << 23;

/// What was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parts {
    /// Bytes.
    pub bytes: u64,
    /// Sequences that are not UTF-8, each counted as U+FFFD.
    pub replaced: u64,
    /// Cuts inside of what may be one piece: each can change a count by a few tokens. Only text with nothing but letters,
    /// white space or punctuation over eight megabytes has them.
    pub forced_cuts: u64,
}

/// Hands a text out in parts, in bounded memory. Tokens of the parts, counted one by one, are those of the whole.
///
/// # Errors
/// Those of reading.
pub fn parts(mut reader: impl Read, mut each: impl FnMut(&str)) -> io::Result<Parts> {
    let mut done = Parts::default();
    let mut text = String::new();
    let mut raw = vec![0; WINDOW];
    let mut held = 0;
    loop {
        let got = match reader.read(&mut raw[held..]) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        done.bytes += u64::try_from(got).unwrap_or(u64::MAX);
        let all = held + got;
        let whole = if got == 0 { all } else { all - unfinished(&raw[..all]) };
        push_lossy(&raw[..whole], &mut text, &mut done.replaced);
        raw.copy_within(whole..all, 0);
        held = all - whole;
        if got == 0 {
            each(&text);
            return Ok(done);
        }
        if text.len() < WINDOW {
            continue;
        }
        match last_cut(&text) {
            Some(cut) => {
                each(&text[..cut]);
                text.drain(..cut);
            }
            None if text.len() >= LONGEST => {
                each(&text);
                text.clear();
                done.forced_cuts += 1;
            }
            None => {}
        }
    }
}

/// Bytes at the end that may be the beginning of a character.
fn unfinished(bytes: &[u8]) -> usize {
    match bytes.utf8_chunks().last() {
        Some(chunk) if chunk.invalid().len() < 4 => {
            let invalid = chunk.invalid();
            let cut_short = std::str::from_utf8(invalid).is_err_and(|e| e.error_len().is_none());
            if cut_short { invalid.len() } else { 0 }
        }
        _ => 0,
    }
}

/// The last place in a text where it may be cut.
fn last_cut(text: &str) -> Option<usize> {
    let mut ends = text.char_indices().rev().map(|(at, _)| at);
    let mut after = ends.next()?;
    for before in ends {
        if may_cut(text.as_bytes(), before, after) {
            return Some(after);
        }
        after = before;
    }
    None
}

/// Whether every encoding has a piece end between two neighbouring characters, whatever else the text has, and none of
/// its rules looks across.
///
/// - White space other than a line end is in no piece that began before it with something else.
/// - A number is only in pieces that have nothing but numbers after it.
/// - A piece with a letter goes on after it with letters, marks and contractions alone.
pub(super) fn may_cut(text: &[u8], before: usize, after: usize) -> bool {
    let kind = |at| character(text, at).map_or(Kind::Other, |next| next.kind());
    match (kind(before), kind(after)) {
        (Kind::Space | Kind::LineEnd, _) => false,
        (_, Kind::Space) => true,
        (Kind::Number, next) => next != Kind::Number,
        (before, Kind::Other) => before.is_letter() && text[after] != b'\'',
        (before, Kind::Number | Kind::LineEnd) => before.is_letter(),
        _ => false,
    }
}
