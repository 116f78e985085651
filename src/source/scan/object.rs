//! One object level of a JSON text, and those inside it that usage is mostly in.

use std::borrow::Cow;
use std::rc::Rc;

use super::count::last_digits;
use super::found::{Field, Found, Level, Span, mark, place, read_whole, tag};
use super::layouts::{Layouts, MOST_FIELDS};
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

/// Where a value is in lines of one layout.
#[derive(Debug)]
pub(crate) enum Place<'a> {
    /// The number of the value.
    Value(u32),
    /// An object that was read on the way.
    Object(Object<'a>),
}

/// Memory for the fields of one object after the other, and the layouts that they had.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    found: Rc<Found>,
    layouts: Layouts,
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

    #[inline(always)]
    fn field(&self, key: &str) -> Option<&Field> {
        let tag = tag(key.as_bytes());
        if self.level.marks & mark(tag) == 0 { None } else { self.find(key.as_bytes(), tag) }
    }

    /// A field whose value may be something else than an object: that one was read on the way is
    /// told by the layout, without looking at it.
    #[inline(always)]
    fn no_object(&self, key: &str) -> Option<&Field> {
        self.field(key).filter(|field| !field.is_read())
    }

    fn find(&self, key: &[u8], tag: u32) -> Option<&Field> {
        let has_key = |field: &&Field| field.tag == tag && self.key(field) == key;
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
            let tag = tag(key);
            marks |= mark(tag);
            found.values.push(span);
            let inner = Level::default();
            found.fields.push(Field { key: at_key, key_length, tag, value, inner });
            at = skip_space(text, end);
        }
        let count = u32::try_from(found.fields.len()).unwrap_or(0);
        Self { text, found: Some(Rc::new(found)), level: Level { first: 0, count, marks } }
    }

    /// The value of a key that is present and not null; of several, the last (as JSON readers do).
    #[must_use]
    #[inline(always)]
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
        self.value_at(field.value)
    }

    /// The number of its layout, where that was known before.
    pub(crate) fn layout(&self) -> Option<usize> {
        Some(self.found.as_ref()?.layout.as_ref()?.number)
    }

    /// A value by its number in the layout.
    #[inline(always)]
    pub(crate) fn value_at(&self, number: u32) -> Value<'a> {
        let span = self.found.as_ref().and_then(|found| found.values.get(number as usize));
        let text = span.and_then(|span| self.text.get(span.start as usize..span.end as usize));
        Value(text.unwrap_or_default())
    }

    /// The number in a value, by its number in the layout, if it is printed as digits and nothing else.
    #[inline]
    pub(crate) fn digits_at(&self, number: u32) -> Option<u64> {
        let value = self.value_at(number);
        let end = self.found.as_ref()?.values.get(number as usize)?.end as usize;
        let length = value.raw().len();
        match self.text.get(..end).and_then(<[u8]>::last_chunk) {
            Some(last) if (1..=8).contains(&length) => last_digits(*last, length),
            _ => value.digits(),
        }
    }

    /// Writes the text of a value by its number in the layout.
    pub(crate) fn write_value(&self, number: u32, out: &mut Vec<u8>) {
        out.extend_from_slice(self.value_at(number).raw());
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
    #[inline(always)]
    pub fn object(&self, key: &str) -> Option<Object<'a>> {
        self.inner(self.field(key)?)
    }

    fn inner(&self, field: &Field) -> Option<Object<'a>> {
        if field.is_read() {
            return Some(self.at_level(field.inner));
        }
        self.value(field).object()
    }

    /// The elements of the array under a key.
    #[must_use]
    pub fn array(&self, key: &str) -> Option<Vec<Value<'a>>> {
        self.value(self.no_object(key)?).array()
    }

    /// The value under a key, if it is a string.
    #[must_use]
    pub(crate) fn string(&self, key: &str) -> Option<Value<'a>> {
        self.no_object(key).map(|field| self.value(field)).filter(|v| v.raw().starts_with(b"\""))
    }

    /// The text under a key.
    #[must_use]
    #[inline(always)]
    pub fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.value(self.no_object(key)?).text()
    }

    /// The text of the first of several keys that is present and not empty.
    #[must_use]
    #[inline]
    pub fn first_text(&self, keys: &[&str]) -> Option<Cow<'a, str>> {
        keys.iter().filter_map(|k| self.text(k)).find(|t| !t.is_empty())
    }

    /// True if a key is present, even as null.
    #[must_use]
    #[inline(always)]
    pub fn has(&self, key: &str) -> bool {
        self.field(key).is_some()
    }

    /// True if the text under a key is this one.
    #[must_use]
    #[inline(always)]
    pub(crate) fn says(&self, key: &str, text: &str) -> bool {
        self.no_object(key).is_some_and(|field| self.value(field).says(text))
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

    /// The keys in order, as they are written, and where their values are.
    pub(crate) fn places(&self) -> impl Iterator<Item = (&[u8], Place<'a>)> {
        self.fields().iter().map(|field| (self.key(field), self.place_of(field)))
    }

    /// Where the value of a key is.
    pub(crate) fn place(&self, key: &str) -> Option<Place<'a>> {
        self.field(key).map(|field| self.place_of(field))
    }

    fn place_of(&self, field: &Field) -> Place<'a> {
        if field.is_read() {
            Place::Object(self.at_level(field.inner))
        } else {
            Place::Value(field.value)
        }
    }

    /// All fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'_, str>, Value<'a>)> + '_ {
        self.fields_of(|_| true).map(|(key, value)| (lossy(key), value))
    }
}
