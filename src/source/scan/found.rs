//! What is found in the text of an object: its fields, and those of objects inside it that usage is
//! mostly in.

use std::cell::Cell;
use std::rc::Rc;

use smallvec::SmallVec;

use super::ScanError;
use super::layouts::Layout;
use super::walk::{expect, skip_space, skip_string, skip_value};
use crate::source::memo::Fields;

/// What was found in a text.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The layout, where it was known before; then it has the fields.
    pub(super) layout: Option<Rc<Layout>>,
    pub(super) fields: Vec<Field>,
    pub(super) values: Vec<Span>,
    /// Fields whose values were handed out, a bit each; kept where the layout is known.
    pub(super) read: Cell<Fields>,
}

/// The fields of one object among all that were found in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Level {
    pub(super) first: u32,
    pub(super) count: u32,
    /// The marks of its keys: nearly every key that is asked for is absent, and nearly all of
    /// these are told by this alone.
    pub(super) marks: u64,
}

/// From where to where a value stands in its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// One bit by the tag of a key. For a key that stands in the code, the compiler works it out.
#[inline(always)]
pub(super) const fn mark(tag: u32) -> u64 {
    1 << (tag.wrapping_mul(0x9e37_79b1) >> 26)
}

/// The length of a key, and its first, middle and last byte.
#[inline(always)]
pub(super) const fn tag(key: &[u8]) -> u32 {
    let length = key.len();
    if length == 0 {
        return 0;
    }
    u32::from_le_bytes([length.to_le_bytes()[0], key[0], key[length / 2], key[length - 1]])
}

/// A key, by its place in the text or the layout, and its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) key: u32,
    pub(super) key_length: u32,
    /// A few bytes of the key in one number: nearly all others differ in it.
    pub(super) tag: u32,
    /// Its place among the values.
    pub(super) value: u32,
    /// The fields of the value, where it is an object that was read on the way.
    pub(super) inner: Level,
}

impl Field {
    /// True if its value is an object that was read on the way.
    pub(super) fn is_read(&self) -> bool {
        self.inner.count > 0
    }
}

impl Span {
    pub(super) fn new(start: usize, end: usize) -> Option<Self> {
        Some(Self { start: u32::try_from(start).ok()?, end: u32::try_from(end).ok()? })
    }
}

/// Objects under these keys are read on the way, as nearly every log's usage is in one of them:
/// they need not be walked over again.
const READ_ON_THE_WAY: [&[u8]; 17] = [
    b"usage",
    b"response",
    b"usageMetadata",
    b"message",
    b"metadata",
    b"body",
    b"result",
    b"payload",
    b"info",
    b"prompt_tokens_details",
    b"completion_tokens_details",
    b"input_tokens_details",
    b"output_tokens_details",
    b"cache_creation",
    b"server_tool_use",
    b"last_token_usage",
    b"total_token_usage",
];
/// Levels of objects that are read on the way.
const MOST_LEVELS: u8 = 4;

fn is_read_on_the_way(key: &[u8]) -> bool {
    (4..=25).contains(&key.len()) && READ_ON_THE_WAY.contains(&key)
}

pub(super) fn place(at: usize) -> Result<u32, ScanError> {
    u32::try_from(at).map_err(|_| ScanError::Invalid(at))
}

/// Reads the object that begins at `at`: its fields go to the end of `found`, and the place just past
/// it comes back with them.
fn read_level(
    text: &[u8],
    mut at: usize,
    levels: u8,
    found: &mut Found,
) -> Result<(Level, usize), ScanError> {
    at = expect(text, at, b'{')?;
    let mut fields: SmallVec<[Field; 16]> = SmallVec::new();
    let mut marks = 0;
    at = skip_space(text, at);
    if text.get(at) == Some(&b'}') {
        return Ok((Level::default(), at + 1));
    }
    loop {
        let key_start = at + 1;
        at = match text.get(at) {
            Some(b'"') => skip_string(text, at)?,
            Some(_) => return Err(ScanError::Invalid(at)),
            None => return Err(ScanError::Incomplete),
        };
        let key = &text[key_start..at - 1];
        let tag = tag(key);
        at = expect(text, skip_space(text, at), b':')?;
        let start = skip_space(text, at);
        let is_object = levels > 1 && text.get(start) == Some(&b'{');
        let read = (is_object && is_read_on_the_way(key))
            .then(|| read_inside(text, start, levels - 1, found));
        let (inner, end) = match read.flatten() {
            Some(inside) => inside,
            None => (Level::default(), skip_value(text, start)?),
        };
        fields.push(Field {
            key: place(key_start)?,
            key_length: place(key.len())?,
            tag,
            value: place(found.values.len())?,
            inner,
        });
        found.values.push(Span { start: place(start)?, end: place(end)? });
        marks |= mark(tag);
        at = skip_space(text, end);
        match text.get(at) {
            Some(b',') => at = skip_space(text, at + 1),
            Some(b'}') => break,
            Some(_) => return Err(ScanError::Invalid(at)),
            None => return Err(ScanError::Incomplete),
        }
    }
    let level = Level { first: place(found.fields.len())?, count: place(fields.len())?, marks };
    found.fields.extend_from_slice(&fields);
    Ok((level, at + 1))
}

/// The same of an object that is a value. What is wrong inside it matters only to those who ask for
/// it: then it is passed over like any other.
fn read_inside(text: &[u8], at: usize, levels: u8, found: &mut Found) -> Option<(Level, usize)> {
    let (fields, values) = (found.fields.len(), found.values.len());
    let read = read_level(text, at, levels, found);
    if read.is_err() {
        found.fields.truncate(fields);
        found.values.truncate(values);
    }
    read.ok()
}

/// Reads the one object that fills `text`, apart from white space around it.
pub(super) fn read_whole(text: &[u8], found: &mut Found) -> Result<Level, ScanError> {
    let (level, end) = read_level(text, skip_space(text, 0), MOST_LEVELS, found)?;
    let end = skip_space(text, end);
    if end == text.len() { Ok(level) } else { Err(ScanError::Invalid(end)) }
}

impl Found {
    pub(super) fn fields(&self) -> &[Field] {
        self.layout.as_ref().map_or(&self.fields, |layout| &layout.fields)
    }
}
