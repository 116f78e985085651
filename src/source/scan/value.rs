//! The raw text of one JSON value, and what it says.

use std::borrow::Cow;

use memchr::memmem::Finder;

use super::count::{BadCount, parse_count, plain_digits};
use super::walk::{skip_space, skip_value};
use super::{Object, lossy};

/// The raw text of one JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value<'a>(pub(super) &'a [u8]);

impl<'a> Value<'a> {
    /// A value from its raw text.
    #[must_use]
    pub fn new(text: &'a [u8]) -> Self {
        Self(text.trim_ascii())
    }

    /// The raw JSON text.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.0
    }

    /// True if these bytes stand anywhere in it: a quick look before a long value is taken apart.
    #[must_use]
    pub(crate) fn mentions(&self, bytes: &Finder<'_>) -> bool {
        bytes.find(self.0).is_some()
    }

    /// True for `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.0 == b"null"
    }

    /// True for `true`, and for the text "true" in any case.
    #[must_use]
    pub fn is_true(&self) -> bool {
        self.0 == b"true" || self.text().is_some_and(|t| t.eq_ignore_ascii_case("true"))
    }

    /// The fields, if it is an object.
    #[must_use]
    pub fn object(&self) -> Option<Object<'a>> {
        if self.0.first() == Some(&b'{') { Object::parse(self.0).ok() } else { None }
    }

    /// The elements, if it is an array.
    #[must_use]
    pub fn array(&self) -> Option<Vec<Value<'a>>> {
        if self.0.first() != Some(&b'[') {
            return None;
        }
        let mut items = Vec::new();
        let mut at = skip_space(self.0, 1);
        if self.0.get(at) == Some(&b']') {
            return Some(items);
        }
        loop {
            let start = at;
            at = skip_value(self.0, start).ok()?;
            items.push(Value(&self.0[start..at]));
            at = skip_space(self.0, at);
            match self.0.get(at) {
                Some(b',') => at = skip_space(self.0, at + 1),
                Some(b']') => return Some(items),
                _ => return None,
            }
        }
    }

    /// True if it is a string that says this: nearly always told without reading it.
    #[must_use]
    pub(crate) fn says(&self, text: &str) -> bool {
        let Some(inner) = self.0.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""))
        else {
            return false;
        };
        inner == text.as_bytes() || inner.contains(&b'\\') && self.text().is_some_and(|t| t == text)
    }

    /// The text, if it is a string; lone surrogates become the replacement character.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'a, str>> {
        let inner = self.inside()?;
        if memchr::memchr(b'\\', inner).is_none() {
            return Some(lossy(inner));
        }
        let decoded = serde_json::from_slice::<String>(self.0);
        Some(Cow::Owned(decoded.unwrap_or_else(|_| String::from_utf8_lossy(inner).into_owned())))
    }

    /// The bytes of the text, if it is a string of ASCII without escapes.
    #[must_use]
    pub(crate) fn plain_text(&self) -> Option<&'a [u8]> {
        self.inside().filter(|inner| inner.is_ascii() && memchr::memchr(b'\\', inner).is_none())
    }

    /// What stands between the quotes, if it is a string.
    pub(crate) fn inside(&self) -> Option<&'a [u8]> {
        self.0.strip_prefix(b"\"")?.strip_suffix(b"\"")
    }

    /// The text of a string, or the digits of a number or boolean.
    #[must_use]
    pub fn scalar(&self) -> Option<Cow<'a, str>> {
        match self.0.first()? {
            b'"' => self.text(),
            b'{' | b'[' | b'n' => None,
            _ => Some(lossy(self.0)),
        }
    }

    /// The number, if it is printed as up to nineteen digits and nothing else.
    #[must_use]
    pub(crate) fn digits(&self) -> Option<u64> {
        plain_digits(self.0)
    }

    /// A whole, non-negative count. Also read: a float without fraction, a number in a string.
    /// `Ok(None)` for null and the words that exports print for "no value".
    ///
    /// # Errors
    /// [`BadCount`] for anything else: negative, fractional, above 64 bits, not a number.
    pub fn count(&self) -> Result<Option<u64>, BadCount> {
        if let Some(count) = plain_digits(self.0) {
            return Ok(Some(count));
        }
        let bad =
            || BadCount(String::from_utf8_lossy(&self.0[..self.0.len().min(40)]).into_owned());
        let text = self.scalar();
        match text {
            None if self.is_null() => Ok(None),
            None => Err(bad()),
            Some(text) => parse_count(&text).ok_or_else(bad),
        }
    }
}
