//! A key-scanning JSON reader: finds the fields of an object and jumps over the rest.
//!
//! Usage logs are mostly prompt text; the few numbers that matter hide behind it. This reader
//! splits one object level into keys and raw values at the speed of a byte search, borrows
//! everything, needs no memory for what it skips and does not recurse, so deep nesting is harmless.
//! It checks the structure of what it walks over, not the inside of values that nobody asks for.

mod count;
mod found;
mod layouts;
mod object;
#[cfg(test)]
mod tests;
mod value;
mod walk;

use std::borrow::Cow;

pub use self::count::{BadCount, parse_count};
pub(crate) use self::found::Level;
pub use self::object::Object;
pub(crate) use self::object::{Place, Scratch};
pub use self::value::Value;
use self::walk::{skip_space, skip_value};

/// Why a text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanError {
    /// It ends in the middle of a value.
    Incomplete,
    /// Something else stands where JSON needs a value, key or separator; the byte offset.
    Invalid(usize),
}

/// JSON values that follow each other in one text, each with the line it starts on. Ends at the
/// first text that is no JSON, with its error.
pub(crate) fn documents(text: &[u8]) -> impl Iterator<Item = (u64, Result<Value<'_>, ScanError>)> {
    let mut at = 0;
    let mut line = 1;
    std::iter::from_fn(move || {
        let start = skip_space(text, at);
        if start >= text.len() {
            return None;
        }
        let breaks = memchr::memchr_iter(b'\n', &text[at..start]).count();
        line += u64::try_from(breaks).unwrap_or(0);
        let found = skip_value(text, start);
        let first_line = line;
        at = match found {
            Ok(end) => end,
            Err(_) => text.len(),
        };
        let inside = memchr::memchr_iter(b'\n', &text[start..at]).count();
        line += u64::try_from(inside).unwrap_or(0);
        Some((first_line, found.map(|end| Value(&text[start..end]))))
    })
}

/// Text of bytes that nearly always are UTF-8.
fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}
