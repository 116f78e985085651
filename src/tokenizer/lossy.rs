//! Text that is not UTF-8.

use std::borrow::Cow;

/// The text of bytes, and how many sequences in them are not UTF-8: each is read as one U+FFFD, since providers take
/// nothing but UTF-8.
#[must_use]
pub fn lossy(bytes: &[u8]) -> (Cow<'_, str>, u64) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), 0),
        Err(_) => {
            let (mut text, mut replaced) = (String::with_capacity(bytes.len()), 0);
            push_lossy(bytes, &mut text, &mut replaced);
            (Cow::Owned(text), replaced)
        }
    }
}

pub(super) fn push_lossy(bytes: &[u8], text: &mut String, replaced: &mut u64) {
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
            *replaced += 1;
        }
    }
}
