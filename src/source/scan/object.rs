//! One object level of a JSON text, and those inside it that usage is mostly in.

use std::borrow::Cow;
use std::rc::Rc;

use smallvec::SmallVec;

use super::walk::{expect, skip_space, skip_string, skip_value};
use super::{ScanError, Value, lossy};

/// One object level: keys and raw values, in order. Objects of one text share what was found in it.
#[derive(Debug, Clone, Default)]
pub struct Object<'a> {
    text: &'a [u8],
    found: Option<Rc<Vec<Field>>>,
    level: Level,
}

/// Memory for the fields of one object after the other.
#[derive(Debug, Default)]
pub(crate) struct Scratch(Rc<Vec<Field>>);

/// The fields of one object among all that were found in a text.
#[derive(Debug, Clone, Copy, Default)]
struct Level {
    first: u32,
    count: u32,
    /// The marks of its keys: nearly every key that is asked for is absent, and nearly all of
    /// these are told by this alone.
    marks: u64,
}

/// One bit by the length of a key and three of its bytes. For a key that stands in the code, the
/// compiler works it out.
#[inline(always)]
const fn mark(key: &[u8]) -> u64 {
    let length = key.len();
    if length == 0 {
        return 1;
    }
    let sum = length
        .wrapping_add((key[0] as usize).wrapping_mul(0x51))
        .wrapping_add((key[length / 2] as usize).wrapping_mul(0x1f3))
        .wrapping_add((key[length - 1] as usize).wrapping_mul(0x9d));
    1 << (sum.wrapping_mul(0x9e37_79b1) >> 16 & 63)
}

/// Where a key and its value stand in the text.
#[derive(Debug, Clone, Copy)]
struct Field {
    key: usize,
    key_end: usize,
    value: usize,
    value_end: usize,
    /// The fields of the value, where it is an object that was read on the way.
    inner: Level,
}

/// Objects under these keys are read on the way, as nearly every log's usage is in one of them:
/// they need not be walked over again.
const READ_ON_THE_WAY: [&[u8]; 16] = [
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
    b"last_token_usage",
    b"total_token_usage",
];
/// Levels of objects that are read on the way.
const MOST_LEVELS: u8 = 4;

fn is_read_on_the_way(key: &[u8]) -> bool {
    (4..=25).contains(&key.len()) && READ_ON_THE_WAY.contains(&key)
}

fn place(at: usize) -> Result<u32, ScanError> {
    u32::try_from(at).map_err(|_| ScanError::Invalid(at))
}

/// Reads the object that begins at `at`: its fields go to the end of `found`, and the place just past
/// it comes back with them.
fn read_level(
    text: &[u8],
    mut at: usize,
    levels: u8,
    found: &mut Vec<Field>,
) -> Result<(Level, usize), ScanError> {
    match text.get(at) {
        Some(b'{') => at += 1,
        Some(_) => return Err(ScanError::Invalid(at)),
        None => return Err(ScanError::Incomplete),
    }
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
        let key_end = at - 1;
        at = expect(text, skip_space(text, at), b':')?;
        let start = skip_space(text, at);
        let mut inner = Level::default();
        let is_object = levels > 1 && text.get(start) == Some(&b'{');
        let read = (is_object && is_read_on_the_way(&text[key_start..key_end]))
            .then(|| read_level(text, start, levels - 1, found));
        at = match read {
            Some(Ok((level, end))) => {
                inner = level;
                end
            }
            // What is wrong inside a value matters only to those who ask for it.
            Some(Err(_)) | None => skip_value(text, start)?,
        };
        fields.push(Field { key: key_start, key_end, value: start, value_end: at, inner });
        marks |= mark(&text[key_start..key_end]);
        at = skip_space(text, at);
        match text.get(at) {
            Some(b',') => at = skip_space(text, at + 1),
            Some(b'}') => break,
            Some(_) => return Err(ScanError::Invalid(at)),
            None => return Err(ScanError::Incomplete),
        }
    }
    let level = Level { first: place(found.len())?, count: place(fields.len())?, marks };
    found.extend_from_slice(&fields);
    Ok((level, at + 1))
}

impl<'a> Object<'a> {
    /// Reads one object that fills `text`, apart from white space around it.
    ///
    /// # Errors
    /// [`ScanError`] if it is no object or ends early.
    pub fn parse(text: &'a [u8]) -> Result<Self, ScanError> {
        Self::parse_with(&mut Scratch::default(), text)
    }

    /// The same, in memory that is used again and again.
    ///
    /// # Errors
    /// As of [`Self::parse`].
    pub(crate) fn parse_with(scratch: &mut Scratch, text: &'a [u8]) -> Result<Self, ScanError> {
        if Rc::get_mut(&mut scratch.0).is_none() {
            // Somebody still holds the object before this one.
            *scratch = Scratch::default();
        }
        let (level, end) = match Rc::get_mut(&mut scratch.0) {
            Some(found) => {
                found.clear();
                read_level(text, skip_space(text, 0), MOST_LEVELS, found)?
            }
            None => return Err(ScanError::Invalid(0)),
        };
        let end = skip_space(text, end);
        if end != text.len() {
            return Err(ScanError::Invalid(end));
        }
        Ok(Self { text, found: Some(Rc::clone(&scratch.0)), level })
    }

    fn fields(&self) -> &[Field] {
        let Some(found) = &self.found else { return &[] };
        let first = self.level.first as usize;
        found.get(first..first + self.level.count as usize).unwrap_or_default()
    }

    #[inline]
    fn field(&self, key: &str) -> Option<&Field> {
        if self.level.marks & mark(key.as_bytes()) == 0 { None } else { self.find(key.as_bytes()) }
    }

    fn find(&self, key: &[u8]) -> Option<&Field> {
        let has_key =
            |field: &&Field| field.key_end - field.key == key.len() && self.key(field) == key;
        self.fields().iter().rev().find(has_key)
    }

    /// The fields of an object whose text may be cut off; the last value may be cut too.
    pub(crate) fn head(text: &'a [u8]) -> Self {
        let mut fields = Vec::new();
        let mut marks = 0;
        let mut at = skip_space(text, 0);
        while matches!(text.get(at), Some(b'{' | b',')) {
            let key_start = skip_space(text, at + 1);
            if text.get(key_start) != Some(&b'"') {
                break;
            }
            let Ok(key_end) = skip_string(text, key_start) else { break };
            let Ok(colon) = expect(text, skip_space(text, key_end), b':') else { break };
            let start = skip_space(text, colon);
            let end = skip_value(text, start).unwrap_or(text.len());
            let key = (key_start + 1, key_end - 1);
            marks |= mark(&text[key.0..key.1]);
            fields.push(Field {
                key: key.0,
                key_end: key.1,
                value: start,
                value_end: end,
                inner: Level::default(),
            });
            at = skip_space(text, end);
        }
        let count = u32::try_from(fields.len()).unwrap_or(0);
        Self { text, found: Some(Rc::new(fields)), level: Level { first: 0, count, marks } }
    }

    /// The value of a key that is present and not null; of several, the last (as JSON readers do).
    #[must_use]
    #[inline]
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        self.field(key).map(|field| self.value(field)).filter(|v| !v.is_null())
    }

    fn key(&self, field: &Field) -> &'a [u8] {
        self.text.get(field.key..field.key_end).unwrap_or_default()
    }

    fn value(&self, field: &Field) -> Value<'a> {
        Value(self.text.get(field.value..field.value_end).unwrap_or_default())
    }

    /// The object under a key.
    #[must_use]
    #[inline]
    pub fn object(&self, key: &str) -> Option<Object<'a>> {
        self.inner(self.field(key)?)
    }

    fn inner(&self, field: &Field) -> Option<Object<'a>> {
        if field.inner.count > 0 {
            return Some(Object { text: self.text, found: self.found.clone(), level: field.inner });
        }
        self.value(field).object()
    }

    /// The text under a key.
    #[must_use]
    #[inline]
    pub fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.get(key)?.text()
    }

    /// The text of the first of several keys that is present and not empty.
    #[must_use]
    #[inline]
    pub fn first_text(&self, keys: &[&str]) -> Option<Cow<'a, str>> {
        keys.iter().filter_map(|k| self.text(k)).find(|t| !t.is_empty())
    }

    /// True if a key is present, even as null.
    #[must_use]
    #[inline]
    pub fn has(&self, key: &str) -> bool {
        self.field(key).is_some()
    }

    /// True if the text under a key is this one.
    #[must_use]
    #[inline]
    pub(crate) fn says(&self, key: &str, text: &str) -> bool {
        self.field(key).is_some_and(|field| self.value(field).says(text))
    }

    /// The objects under keys that pass, in order.
    pub(crate) fn objects_of(
        &self,
        mut wanted: impl FnMut(&[u8]) -> bool,
    ) -> impl Iterator<Item = Object<'a>> {
        let fields = self.fields().iter().filter(move |field| wanted(self.key(field)));
        fields.filter_map(|field| self.inner(field))
    }

    /// The keys in order, as they are written.
    pub(crate) fn raw_keys(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.fields().iter().map(|field| self.key(field))
    }

    /// All fields in order, their keys as they are written.
    pub(crate) fn raw_fields(&self) -> impl Iterator<Item = (&'a [u8], Value<'a>)> + '_ {
        self.fields().iter().map(|field| (self.key(field), self.value(field)))
    }

    /// All fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'a, str>, Value<'a>)> + '_ {
        self.raw_fields().map(|(key, value)| (lossy(key), value))
    }
}
