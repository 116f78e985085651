//! One object level of a JSON text, and those inside it that usage is mostly in.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

use smallvec::SmallVec;

use super::layouts::{Layout, Layouts, MOST_FIELDS};
use super::walk::{expect, skip_space, skip_string, skip_value};
use super::{ScanError, Value, lossy};
use crate::source::memo::Fields;

/// One object level: keys and raw values, in order. Objects of one text share what was found in it.
#[derive(Debug, Clone, Default)]
pub struct Object<'a> {
    text: &'a [u8],
    found: Option<Rc<Found>>,
    level: Level,
}

/// Memory for the fields of one object after the other, and the layouts that they had.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    found: Rc<Found>,
    layouts: Layouts,
}

/// What was found in a text.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The layout, where it was known before; then it has the fields.
    layout: Option<Rc<Layout>>,
    pub(super) fields: Vec<Field>,
    pub(super) values: Vec<Span>,
    /// Fields whose values were handed out, a bit each; kept where the layout is known.
    read: Cell<Fields>,
}

/// The fields of one object among all that were found in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Level {
    first: u32,
    count: u32,
    /// The marks of its keys: nearly every key that is asked for is absent, and nearly all of
    /// these are told by this alone.
    marks: u64,
}

/// From where to where a value stands in its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
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

/// A key, by its place in the text or the layout, and its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) key: u32,
    key_length: u32,
    /// Its place among the values.
    pub(super) value: u32,
    /// The fields of the value, where it is an object that was read on the way.
    inner: Level,
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
            value: place(found.values.len())?,
            inner,
        });
        found.values.push(Span { start: place(start)?, end: place(end)? });
        marks |= mark(key);
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
fn read_whole(text: &[u8], found: &mut Found) -> Result<Level, ScanError> {
    let (level, end) = read_level(text, skip_space(text, 0), MOST_LEVELS, found)?;
    let end = skip_space(text, end);
    if end == text.len() { Ok(level) } else { Err(ScanError::Invalid(end)) }
}

impl Found {
    fn fields(&self) -> &[Field] {
        self.layout.as_ref().map_or(&self.fields, |layout| &layout.fields)
    }
}

impl<'a> Object<'a> {
    /// Reads one object that fills `text`, apart from white space around it.
    ///
    /// # Errors
    /// [`ScanError`] if it is no object or ends early.
    pub fn parse(text: &'a [u8]) -> Result<Self, ScanError> {
        let mut found = Found::default();
        let level = read_whole(text, &mut found)?;
        Ok(Self { text, found: Some(Rc::new(found)), level })
    }

    /// The same, in memory that is used again and again.
    ///
    /// # Errors
    /// As of [`Self::parse`].
    pub(crate) fn parse_with(scratch: &mut Scratch, text: &'a [u8]) -> Result<Self, ScanError> {
        if Rc::get_mut(&mut scratch.found).is_none() {
            // Somebody still holds the object before this one.
            scratch.found = Rc::default();
        }
        let Some(found) = Rc::get_mut(&mut scratch.found) else {
            return Err(ScanError::Invalid(0));
        };
        found.values.clear();
        found.read.set(0);
        found.layout = scratch.layouts.walk(text, &mut found.values);
        let level = match &found.layout {
            Some(layout) => layout.level,
            None => {
                found.fields.clear();
                found.values.clear();
                let level = read_whole(text, found)?;
                scratch.layouts.learn(text, found, level);
                level
            }
        };
        Ok(Self { text, found: Some(Rc::clone(&scratch.found)), level })
    }

    fn fields(&self) -> &[Field] {
        let Some(found) = &self.found else { return &[] };
        let first = self.level.first as usize;
        found.fields().get(first..first + self.level.count as usize).unwrap_or_default()
    }

    #[inline]
    fn field(&self, key: &str) -> Option<&Field> {
        if self.level.marks & mark(key.as_bytes()) == 0 { None } else { self.find(key.as_bytes()) }
    }

    fn find(&self, key: &[u8]) -> Option<&Field> {
        let has_key =
            |field: &&Field| field.key_length as usize == key.len() && self.key(field) == key;
        self.fields().iter().rev().find(has_key)
    }

    /// The fields of an object whose text may be cut off; the last value may be cut too.
    pub(crate) fn head(text: &'a [u8]) -> Self {
        let mut found = Found::default();
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
            let key = &text[key_start + 1..key_end - 1];
            let places = (place(key_start + 1), place(key.len()), place(found.values.len()));
            let (Ok(at_key), Ok(key_length), Ok(value)) = places else { break };
            let Some(span) = Span::new(start, end) else { break };
            marks |= mark(key);
            found.values.push(span);
            let inner = Level::default();
            found.fields.push(Field { key: at_key, key_length, value, inner });
            at = skip_space(text, end);
        }
        let count = u32::try_from(found.fields.len()).unwrap_or(0);
        Self { text, found: Some(Rc::new(found)), level: Level { first: 0, count, marks } }
    }

    /// The value of a key that is present and not null; of several, the last (as JSON readers do).
    #[must_use]
    #[inline]
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        self.field(key).map(|field| self.value(field)).filter(|v| !v.is_null())
    }

    fn key(&self, field: &Field) -> &[u8] {
        let layout = self.found.as_ref().and_then(|found| found.layout.as_ref());
        let text = layout.map_or(self.text, |layout| &layout.between);
        let start = field.key as usize;
        text.get(start..start + field.key_length as usize).unwrap_or_default()
    }

    fn value(&self, field: &Field) -> Value<'a> {
        let Some(found) = &self.found else { return Value(&[]) };
        found.read.set(found.read.get() | 1 << (field.value as usize % MOST_FIELDS));
        Value(self.raw_value(field.value))
    }

    /// The number of its layout, where that was known before.
    pub(crate) fn layout(&self) -> Option<usize> {
        Some(self.found.as_ref()?.layout.as_ref()?.number)
    }

    /// The text of a value by its number in the layout.
    pub(super) fn raw_value(&self, number: u32) -> &'a [u8] {
        let span = self.found.as_ref().and_then(|found| found.values.get(number as usize));
        let text = span.and_then(|span| self.text.get(span.start as usize..span.end as usize));
        text.unwrap_or_default()
    }

    /// Writes the text of a value by its number in the layout.
    pub(crate) fn write_value(&self, number: u32, out: &mut Vec<u8>) {
        out.extend_from_slice(self.raw_value(number));
    }

    /// The level of an object that was read on the way in the text of this one.
    pub(crate) fn level_of(&self, inner: &Self) -> Option<Level> {
        let (Some(mine), Some(theirs)) = (&self.found, &inner.found) else { return None };
        Rc::ptr_eq(mine, theirs).then_some(inner.level)
    }

    /// The object of the same text at a level.
    pub(crate) fn at_level(&self, level: Level) -> Self {
        Self { text: self.text, found: self.found.clone(), level }
    }

    /// Does some work, and tells the numbers of the values that were handed out on the way. What
    /// depends on nothing but the layout and these is the same for every text in which they are.
    pub(crate) fn tracked<T>(&self, work: impl FnOnce() -> T) -> (T, Fields) {
        let Some(found) = &self.found else { return (work(), 0) };
        let before = found.read.replace(0);
        let result = work();
        let read = found.read.get();
        found.read.set(before | read);
        (result, read)
    }

    /// The object under a key.
    #[must_use]
    #[inline]
    pub fn object(&self, key: &str) -> Option<Object<'a>> {
        self.inner(self.field(key)?)
    }

    fn inner(&self, field: &Field) -> Option<Object<'a>> {
        if field.is_read() {
            return Some(Object { text: self.text, found: self.found.clone(), level: field.inner });
        }
        self.value(field).object()
    }

    /// The elements of the array under a key.
    #[must_use]
    pub fn array(&self, key: &str) -> Option<Vec<Value<'a>>> {
        // An object that was read on the way is none: that is told by the layout.
        let field = self.field(key).filter(|field| !field.is_read())?;
        self.value(field).array()
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
    pub(crate) fn raw_keys(&self) -> impl Iterator<Item = &[u8]> + '_ {
        self.fields().iter().map(|field| self.key(field))
    }

    /// The fields whose keys pass, in order, their keys as they are written.
    pub(crate) fn fields_of(
        &self,
        wanted: impl Fn(&[u8]) -> bool,
    ) -> impl Iterator<Item = (&[u8], Value<'a>)> {
        let fields = self.fields().iter().map(|field| (self.key(field), field));
        let fields = fields.filter(move |(key, _)| wanted(key));
        fields.map(|(key, field)| (key, self.value(field)))
    }

    /// All fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'_, str>, Value<'a>)> + '_ {
        self.fields_of(|_| true).map(|(key, value)| (lossy(key), value))
    }
}
