//! A key-scanning JSON reader: finds the fields of an object and jumps over the rest.
//!
//! Usage logs are mostly prompt text; the few numbers that matter hide behind it. This reader
//! splits one object level into keys and raw values at the speed of a byte search, borrows
//! everything, needs no memory for what it skips and does not recurse, so deep nesting is harmless.
//! It checks the structure of what it walks over, not the inside of values that nobody asks for.

use std::borrow::Cow;
use std::rc::Rc;

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
}

/// Where a key and its value stand in the text.
#[derive(Debug, Clone, Copy)]
struct Field {
    key: u32,
    key_len: u32,
    value: u32,
    value_len: u32,
    /// The fields of the value, where it is an object that was read on the way.
    inner: Level,
}

impl Field {
    fn new(key: (usize, usize), value: (usize, usize), inner: Level) -> Result<Self, ScanError> {
        Ok(Self {
            key: place(key.0)?,
            key_len: place(key.1 - key.0)?,
            value: place(value.0)?,
            value_len: place(value.1 - value.0)?,
            inner,
        })
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

/// A part of a text; empty where it is not inside.
fn part(text: &[u8], start: u32, len: u32) -> &[u8] {
    let (start, len) = (start as usize, len as usize);
    text.get(start..start + len).unwrap_or_default()
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
        fields.push(Field::new((key_start, key_end), (start, at), inner)?);
        at = skip_space(text, at);
        match text.get(at) {
            Some(b',') => at = skip_space(text, at + 1),
            Some(b'}') => break,
            Some(_) => return Err(ScanError::Invalid(at)),
            None => return Err(ScanError::Incomplete),
        }
    }
    let level = Level { first: place(found.len())?, count: place(fields.len())? };
    found.extend_from_slice(&fields);
    Ok((level, at + 1))
}

impl<'a> Object<'a> {
    /// Reads one object that fills `text`, apart from white space around it.
    ///
    /// # Errors
    /// [`ScanError`] if it is no object, ends early, or is larger than 4 GiB.
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

    fn field(&self, key: &str) -> Option<&Field> {
        self.fields().iter().rev().find(|field| self.is_key(field, key))
    }

    /// The fields of an object whose text may be cut off; the last value may be cut too.
    pub(crate) fn head(text: &'a [u8]) -> Self {
        let mut fields = Vec::new();
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
            let Ok(field) = Field::new(key, (start, end), Level::default()) else { break };
            fields.push(field);
            at = skip_space(text, end);
        }
        let count = u32::try_from(fields.len()).unwrap_or(0);
        Self { text, found: Some(Rc::new(fields)), level: Level { first: 0, count } }
    }

    /// The value of a key that is present and not null; of several, the last (as JSON readers do).
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        self.field(key).map(|field| self.value(field)).filter(|v| !v.is_null())
    }

    fn is_key(&self, field: &Field, key: &str) -> bool {
        field.key_len as usize == key.len() && self.key(field) == key.as_bytes()
    }

    fn key(&self, field: &Field) -> &'a [u8] {
        part(self.text, field.key, field.key_len)
    }

    fn value(&self, field: &Field) -> Value<'a> {
        Value(part(self.text, field.value, field.value_len))
    }

    /// The object under a key.
    #[must_use]
    pub fn object(&self, key: &str) -> Option<Object<'a>> {
        let field = self.field(key)?;
        if field.inner.count > 0 {
            return Some(Object { text: self.text, found: self.found.clone(), level: field.inner });
        }
        self.value(field).object()
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
        self.fields().iter().any(|field| self.is_key(field, key))
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

/// Eight bytes from `at`, the first lowest; `None` near the end.
fn word(text: &[u8], at: usize) -> Option<u64> {
    let bytes = text.get(at..at + 8)?;
    bytes.try_into().ok().map(u64::from_le_bytes)
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The high bit of each byte that is zero; bits above the first may be wrong.
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// Words looked at one by one before the search for long texts is worth its start.
const NEAR_WORDS: usize = 6;

/// From an opening quote to just past the closing one.
fn skip_string(text: &[u8], at: usize) -> Result<usize, ScanError> {
    let mut at = at + 1;
    loop {
        let stop = next_quote(text, at).ok_or(ScanError::Incomplete)?;
        if text[stop] == b'"' {
            return Ok(stop + 1);
        }
        at = stop + 2;
    }
}

/// The next quote or backslash: most strings in a log are short.
fn next_quote(text: &[u8], mut at: usize) -> Option<usize> {
    for _ in 0..NEAR_WORDS {
        let Some(word) = word(text, at) else { break };
        let found = zero_bytes(word ^ (ONES * 0x22)) | zero_bytes(word ^ (ONES * 0x5c));
        if found != 0 {
            return Some(at + (found.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    memchr2(b'"', b'\\', text.get(at..)?).map(|offset| at + offset)
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

/// Bytes that matter outside of strings: quotes and brackets.
const STRUCTURE: [bool; 256] = {
    let mut table = [false; 256];
    let marks = b"\"{}[]";
    let mut at = 0;
    while at < marks.len() {
        table[marks[at] as usize] = true;
        at += 1;
    }
    table
};

fn skip_nested(text: &[u8], mut at: usize) -> Result<usize, ScanError> {
    let mut depth = 0_usize;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let offset = rest.iter().position(|b| STRUCTURE[usize::from(*b)]);
        at += offset.ok_or(ScanError::Incomplete)?;
        match text[at] {
            b'"' => {
                at = skip_string(text, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            _ => {
                depth -= 1;
                if depth == 0 {
                    return Ok(at + 1);
                }
            }
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

/// Text of bytes that nearly always are UTF-8.
fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
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

    /// True if these bytes stand anywhere in it: a quick look before a long value is taken apart.
    #[must_use]
    pub(crate) fn mentions(&self, bytes: &str) -> bool {
        memchr::memmem::find(self.0, bytes.as_bytes()).is_some()
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
        if memchr::memchr(b'\\', inner).is_none() {
            return Some(lossy(inner));
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
            _ => Some(lossy(self.0)),
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
