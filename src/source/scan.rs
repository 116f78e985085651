//! A key-scanning JSON reader: finds the fields of an object and jumps over the rest.
//!
//! Usage logs are mostly prompt text; the few numbers that matter hide behind it. This reader
//! splits one object level into keys and raw values at the speed of a byte search, borrows
//! everything, needs no memory for what it skips and does not recurse, so deep nesting is harmless.
//! It checks the structure of what it walks over, not the inside of values that nobody asks for.

use std::borrow::Cow;

use memchr::memchr2;
use smallvec::SmallVec;

/// Why a text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanError {
    /// It ends in the middle of a value.
    Incomplete,
    /// Something else stands where JSON needs a value, key or separator; the byte offset.
    Invalid(usize),
}

/// The raw text of one JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value<'a>(&'a [u8]);

/// One object level: keys and raw values, in order.
#[derive(Debug, Clone, Default)]
pub struct Object<'a> {
    fields: SmallVec<[(&'a [u8], Value<'a>); 14]>,
}

impl<'a> Object<'a> {
    /// Reads one object that fills `text`, apart from white space around it.
    ///
    /// # Errors
    /// [`ScanError`] if it is no object, or ends early.
    pub fn parse(text: &'a [u8]) -> Result<Self, ScanError> {
        let mut at = skip_space(text, 0);
        match text.get(at) {
            Some(b'{') => at += 1,
            Some(_) => return Err(ScanError::Invalid(at)),
            None => return Err(ScanError::Incomplete),
        }
        let mut fields = SmallVec::new();
        at = skip_space(text, at);
        if text.get(at) == Some(&b'}') {
            return finish(text, at + 1, Self { fields });
        }
        loop {
            let key_start = at;
            at = match text.get(at) {
                Some(b'"') => skip_string(text, at)?,
                Some(_) => return Err(ScanError::Invalid(at)),
                None => return Err(ScanError::Incomplete),
            };
            let key = &text[key_start + 1..at - 1];
            at = expect(text, skip_space(text, at), b':')?;
            let start = skip_space(text, at);
            at = skip_value(text, start)?;
            fields.push((key, Value(&text[start..at])));
            at = skip_space(text, at);
            match text.get(at) {
                Some(b',') => at = skip_space(text, at + 1),
                Some(b'}') => return finish(text, at + 1, Self { fields }),
                Some(_) => return Err(ScanError::Invalid(at)),
                None => return Err(ScanError::Incomplete),
            }
        }
    }

    /// The fields of an object whose text may be cut off; the last value may be cut too.
    pub(crate) fn head(text: &'a [u8]) -> Self {
        let mut head = Self::default();
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
            head.fields.push((&text[key_start + 1..key_end - 1], Value(&text[start..end])));
            at = skip_space(text, end);
        }
        head
    }

    /// The value of a key that is present and not null; of several, the last (as JSON readers do).
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        let found = self.fields.iter().rev().find(|(k, _)| *k == key.as_bytes());
        found.map(|(_, v)| *v).filter(|v| !v.is_null())
    }

    /// The object under a key.
    #[must_use]
    pub fn object(&self, key: &str) -> Option<Object<'a>> {
        self.get(key)?.object()
    }

    /// The text under a key.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.get(key)?.text()
    }

    /// The text of the first of several keys that is present and not empty.
    #[must_use]
    pub fn first_text(&self, keys: &[&str]) -> Option<Cow<'a, str>> {
        keys.iter().filter_map(|k| self.text(k)).find(|t| !t.is_empty())
    }

    /// True if a key is present, even as null.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.fields.iter().any(|(k, _)| *k == key.as_bytes())
    }

    /// The keys in order, as they are written.
    pub(crate) fn raw_keys(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.fields.iter().map(|(key, _)| *key)
    }

    /// All fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'a, str>, Value<'a>)> + '_ {
        self.fields.iter().map(|(k, v)| (String::from_utf8_lossy(k), *v))
    }
}

fn finish<T>(text: &[u8], at: usize, value: T) -> Result<T, ScanError> {
    let end = skip_space(text, at);
    if end == text.len() { Ok(value) } else { Err(ScanError::Invalid(end)) }
}

fn expect(text: &[u8], at: usize, byte: u8) -> Result<usize, ScanError> {
    match text.get(at) {
        Some(found) if *found == byte => Ok(at + 1),
        Some(_) => Err(ScanError::Invalid(at)),
        None => Err(ScanError::Incomplete),
    }
}

fn skip_space(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// From an opening quote to just past the closing one.
fn skip_string(text: &[u8], at: usize) -> Result<usize, ScanError> {
    let mut at = at + 1;
    loop {
        // Most strings in a log are short: look at a few bytes before calling the search.
        let near =
            text.get(at..at + 12).and_then(|w| w.iter().position(|b| matches!(b, b'"' | b'\\')));
        let found = near.or_else(|| memchr2(b'"', b'\\', text.get(at..)?));
        match found.map(|offset| at + offset) {
            Some(stop) if text[stop] == b'"' => return Ok(stop + 1),
            Some(stop) => at = stop + 2,
            None => return Err(ScanError::Incomplete),
        }
    }
}

/// From the first byte of a value to just past its last.
fn skip_value(text: &[u8], at: usize) -> Result<usize, ScanError> {
    match text.get(at) {
        Some(b'"') => skip_string(text, at),
        Some(b'{' | b'[') => skip_nested(text, at),
        Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n' | b'N' | b'I') => {
            let rest = &text[at..];
            let end = rest
                .iter()
                .position(|b| matches!(b, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'));
            Ok(at + end.unwrap_or(rest.len()))
        }
        Some(_) => Err(ScanError::Invalid(at)),
        None => Err(ScanError::Incomplete),
    }
}

fn skip_nested(text: &[u8], mut at: usize) -> Result<usize, ScanError> {
    let mut depth = 0_usize;
    loop {
        match text.get(at) {
            Some(b'"') => {
                at = skip_string(text, at)?;
                continue;
            }
            Some(b'{' | b'[') => depth += 1,
            Some(b'}' | b']') => {
                depth -= 1;
                if depth == 0 {
                    return Ok(at + 1);
                }
            }
            Some(_) => {}
            None => return Err(ScanError::Incomplete),
        }
        at += 1;
    }
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

/// A number field that cannot be used as a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCount(pub String);

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

    /// The text, if it is a string; lone surrogates become the replacement character.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'a, str>> {
        let inner = self.0.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        if !inner.contains(&b'\\') {
            return Some(String::from_utf8_lossy(inner));
        }
        let decoded = serde_json::from_slice::<String>(self.0);
        Some(Cow::Owned(decoded.unwrap_or_else(|_| String::from_utf8_lossy(inner).into_owned())))
    }

    /// The text of a string, or the digits of a number or boolean.
    #[must_use]
    pub fn scalar(&self) -> Option<Cow<'a, str>> {
        match self.0.first()? {
            b'"' => self.text(),
            b'{' | b'[' | b'n' => None,
            _ => Some(String::from_utf8_lossy(self.0)),
        }
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

fn plain_digits(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() || bytes.len() > 19 {
        return None;
    }
    bytes
        .iter()
        .try_fold(0_u64, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u64::from(b - b'0')))
}

/// Reads a count as logs and exports print it. The outer `None`: not a count; the inner: no value.
/// Thousands separators are read only where they stand in groups of three.
#[must_use]
pub fn parse_count(text: &str) -> Option<Option<u64>> {
    let text = text.trim();
    if matches!(text, "" | "-" | "null" | "None" | "NaN" | "nan" | "N/A" | "n/a" | "none") {
        return Some(None);
    }
    if let Some(count) = plain_digits(text.as_bytes()) {
        return Some(Some(count));
    }
    let joined = if text.contains(',') { ungroup(text)? } else { text.to_owned() };
    // 18 decimal places are more than any count carries; the value must be whole.
    let amount: crate::money::Amount = joined.parse().ok()?;
    let (whole, part) = (amount.atto() / 10_i128.pow(18), amount.atto() % 10_i128.pow(18));
    if part == 0 { u64::try_from(whole).ok().map(Some) } else { None }
}

fn ungroup(text: &str) -> Option<String> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let well_formed = (1..=3).contains(&first.len()) && groups.all(|g| g.len() == 3);
    well_formed.then(|| {
        let digits = whole.replace(',', "");
        if part.is_empty() { digits } else { format!("{digits}.{part}") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_an_object() {
        let text = br#" {"a": 1, "b":"x\"y", "c":{"d":[1,{"e":"}"}]}, "n":null, "a":2, "t":true} "#;
        let object = Object::parse(text).unwrap();
        assert_eq!(object.get("a").unwrap().count(), Ok(Some(2)), "the last of equal keys counts");
        assert_eq!(object.text("b").unwrap(), "x\"y");
        assert_eq!(object.object("c").unwrap().get("d").unwrap().array().unwrap().len(), 2);
        assert!(object.get("n").is_none() && object.has("n"));
        assert!(object.get("t").unwrap().is_true());
    }

    #[test]
    fn broken_text() {
        let whole = br#"{"a":{"b":[1,2,"x"]},"c":"d"}"#;
        for cut in 0..whole.len() {
            assert_eq!(
                Object::parse(&whole[..cut]).err(),
                Some(ScanError::Incomplete),
                "cut at {cut}"
            );
        }
        for text in ["[1]", "nonsense", r#"{"a" 1}"#, r#"{"a":1}x"#, r#"{a:1}"#, r#"{"a":1,}"#] {
            assert!(matches!(Object::parse(text.as_bytes()), Err(ScanError::Invalid(_))), "{text}");
        }
    }

    #[test]
    fn the_head_of_an_object_that_is_cut() {
        let whole = br#" {"a": 1, "b":"x\"y", "c":[{"d":2}]} "#;
        let keys = |text| {
            let head = Object::head(text);
            head.raw_keys().map(|k| String::from_utf8_lossy(k).into_owned()).collect::<String>()
        };
        assert_eq!(keys(whole), "abc");
        assert_eq!(Object::head(whole).get("a").unwrap().count(), Ok(Some(1)));
        for (cut, expected) in [(0, ""), (2, ""), (9, "a"), (17, "ab"), (30, "abc")] {
            assert_eq!(keys(&whole[..cut]), expected, "cut at {cut}");
        }
        assert_eq!(keys(b"[1,2]"), "");
    }

    #[test]
    fn deep_nesting_needs_no_stack() {
        let deep = format!("{{\"a\":{}{},\"b\":7}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(Object::parse(deep.as_bytes()).unwrap().get("b").unwrap().count(), Ok(Some(7)));
    }

    #[test]
    fn strings_at_every_distance() {
        for length in 0..40 {
            let text = format!("{{\"k\":\"{}\",\"n\":1}}", "x".repeat(length));
            let object = Object::parse(text.as_bytes()).unwrap();
            assert_eq!(object.text("k").unwrap().len(), length);
            let escaped = format!("{{\"k\":\"{}\\\\\",\"n\":1}}", "x".repeat(length));
            assert_eq!(
                Object::parse(escaped.as_bytes()).unwrap().text("k").unwrap().len(),
                length + 1
            );
        }
    }

    #[test]
    fn counts_as_logs_print_them() {
        let good = [
            ("31422.0", 31_422),
            ("\"12\"", 12),
            ("1.63e3", 1_630),
            ("\"1,234,567\"", 1_234_567),
            ("18446744073709551615", u64::MAX),
        ];
        for (text, expected) in good {
            assert_eq!(Value::new(text.as_bytes()).count(), Ok(Some(expected)), "{text}");
        }
        for text in ["null", "NaN", "\"None\"", "\"\"", "\"-\""] {
            assert_eq!(Value::new(text.as_bytes()).count(), Ok(None), "{text}");
        }
        for text in [
            "-1",
            "1.5",
            "18446744073709551616",
            "\"12 apples\"",
            "\"1,23\"",
            "{}",
            "true",
            "1e400",
        ] {
            assert!(Value::new(text.as_bytes()).count().is_err(), "{text}");
        }
    }
}
