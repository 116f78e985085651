//! From one JSON value to records: which format is it, and what does it say.

use std::rc::Rc;

use super::ReadOptions;
use super::envelope::Envelope;
use super::facts::Facts;
use super::format::{Format, Reads, Session, WAYS, Way};
use super::known::{KnownLines, Plan, Recalled};
use super::mapping::Names;
use super::memo::Memo;
use super::outcome::{Outcome, Skipped};
use super::row::Cell;
use super::scan::{Object, ScanError, Scratch, Value};
use crate::diagnostic::code;
use crate::usage::UsageRecord;

/// Takes what one line gives: its number, the format, and the outcome.
pub(crate) type Found<'f> = dyn FnMut(u64, Option<Format>, Outcome) + 'f;

/// Reads JSON values of one file, or of one block of it.
pub(crate) struct JsonReader<'o> {
    options: &'o ReadOptions,
    scratch: Scratch,
    /// What lines before were.
    known: KnownLines,
    /// What lines that the user maps say alike.
    names: Memo<Names>,
    /// Formats whose objects belong together, for a file that is read in its order.
    sessions: Option<Vec<(Format, Box<dyn Session>)>>,
}

impl<'o> JsonReader<'o> {
    fn new(options: &'o ReadOptions, sessions: Option<Vec<(Format, Box<dyn Session>)>>) -> Self {
        Self {
            options,
            scratch: Scratch::default(),
            known: KnownLines::default(),
            names: Memo::default(),
            sessions,
        }
    }

    /// Reads each line by itself, in any order.
    pub(crate) fn by_line(options: &'o ReadOptions) -> Self {
        Self::new(options, None)
    }

    /// Reads the lines of one file in their order.
    pub(crate) fn in_order(options: &'o ReadOptions) -> Self {
        Self::new(options, Some(Vec::new()))
    }

    /// Begins a batch of records, which another thread will take.
    pub(crate) fn next_batch(&mut self) {
        self.known.next_batch();
        self.names = Memo::default();
    }

    /// Reads one line or document; an array, or an object that only wraps one, gives many. Most lines
    /// of a log are known: their one record comes back, and nothing else is found in them.
    pub(crate) fn read(
        &mut self,
        line: u64,
        text: &[u8],
        found: &mut Found<'_>,
    ) -> Result<Option<(Format, UsageRecord)>, ScanError> {
        if text.first() == Some(&b'[') {
            let items = Value::new(text).array().ok_or(ScanError::Incomplete)?;
            items.iter().for_each(|item| self.item(line, item, found));
            return Ok(None);
        }
        let object = Object::parse_with(&mut self.scratch, text)?;
        match self.known.recall(&object) {
            Some(Recalled::Record(format, record)) => return Ok(Some((format, record))),
            Some(Recalled::Plan(plan, facts)) => self.by_plan(plan, facts, line, &object, found),
            None => {
                if let Some(outer) = self.object(line, object, found) {
                    match wrapped_array(&outer) {
                        Some(items) => items.iter().for_each(|item| self.item(line, item, found)),
                        None => found(line, None, unknown(&outer)),
                    }
                }
            }
        }
        Ok(None)
    }

    fn by_plan(
        &mut self,
        plan: Plan,
        facts: Rc<Facts>,
        line: u64,
        object: &Object<'_>,
        found: &mut Found<'_>,
    ) {
        match plan {
            Plan::Object(way) => self.by_way(way, line, object, found),
            Plan::Body(places, way) => {
                let envelope = Envelope::at(object, &places, facts);
                read_body(way, line, &envelope, self.options, found);
                if envelope.learnt() != 0 {
                    let plan = Plan::Body(places, way);
                    self.known.learn(object, envelope.learnt(), plan, Some(&envelope));
                }
            }
        }
    }

    /// Hands on what was held back until the end of the file.
    pub(crate) fn finish(&mut self, found: &mut Found<'_>) {
        let options = self.options;
        for (format, session) in self.sessions.iter_mut().flatten() {
            session.finish(options, &mut |line, outcome| found(line, Some(*format), outcome));
        }
    }

    fn item(&mut self, line: u64, item: &Value<'_>, found: &mut Found<'_>) {
        let Some(object) = item.object() else {
            let message = "array elements that are no objects";
            return found(line, None, Err(Skipped::new(code::UNKNOWN_RECORD, message)));
        };
        if let Some(outer) = self.object(line, object, found) {
            found(line, None, unknown(&outer));
        }
    }

    /// Reads one object, or gives it back if it is of no known format.
    fn object<'a>(
        &mut self,
        line: u64,
        object: Object<'a>,
        found: &mut Found<'_>,
    ) -> Option<Box<Object<'a>>> {
        let options = self.options;
        if let Some(mapping) = &options.mapping {
            let outcome = mapping.read(options, &mut self.names, |column| {
                at_path(&object, &mapping.columns()[column]).map(Cell::Text)
            });
            found(line, Some(Format::mapped()), outcome);
            return None;
        }
        let wanted = |format: Format| options.format.is_none_or(|f| f == format);
        let (way, fields) = object.tracked(|| WAYS.of_object(&object, wanted));
        if let Some(way) = way {
            self.known.learn(&object, fields, Plan::Object(way), None);
            self.by_way(way, line, &object, found);
            return None;
        }
        let recognise =
            |body: &Object<'_>, usage: Option<&Object<'_>>| WAYS.of_body(body, usage, wanted);
        let outer = object.clone();
        let (body, more) = outer.tracked(|| Envelope::find(object, recognise));
        match body {
            Ok((envelope, way)) => {
                read_body(way, line, &envelope, options, found);
                if let Some(places) = envelope.places(&outer) {
                    let fields = fields | more | envelope.learnt();
                    self.known.learn(&outer, fields, Plan::Body(places, way), Some(&envelope));
                }
                None
            }
            Err(outer) => Some(outer),
        }
    }

    fn by_way(
        &mut self,
        (format, reads): Way,
        line: u64,
        object: &Object<'_>,
        found: &mut Found<'_>,
    ) {
        let options = self.options;
        match reads {
            Reads::Object { read, .. } => found(line, Some(format), read(object, options)),
            Reads::Page { read, .. } => {
                let outcomes = read(object, options).into_iter();
                outcomes.for_each(|outcome| found(line, Some(format), outcome));
            }
            Reads::Session { start, .. } => self.session(format, *start, line, object, found),
            _ => {}
        }
    }

    fn session(
        &mut self,
        format: Format,
        start: fn() -> Box<dyn Session>,
        line: u64,
        object: &Object<'_>,
        found: &mut Found<'_>,
    ) {
        let options = self.options;
        let mut emit = |line: u64, outcome: Outcome| found(line, Some(format), outcome);
        let Some(sessions) = &mut self.sessions else {
            let mut alone = start();
            alone.object(line, object, options, &mut emit);
            alone.finish(options, &mut emit);
            return;
        };
        let at = sessions.iter().position(|(f, _)| *f == format).unwrap_or_else(|| {
            sessions.push((format, start()));
            sessions.len() - 1
        });
        sessions[at].1.object(line, object, options, &mut emit);
    }
}

/// Reads a body, and hands on what it says.
fn read_body(
    (format, reads): Way,
    line: u64,
    envelope: &Envelope<'_>,
    options: &ReadOptions,
    found: &mut Found<'_>,
) {
    if let Some(outcome) = reads.read_body(envelope, options) {
        found(line, Some(format), outcome);
    }
}

/// True if the head of a file has lines that must be read in their order. A line may be longer than
/// what is left of the head: then a key that may begin such an object is enough, for order does no
/// harm. But nearly every head ends inside a line, and such keys are common words: where whole lines
/// before it are of formats that need no order, the file is read side by side.
pub(crate) fn needs_order(head: &[u8], options: &ReadOptions) -> bool {
    if options.mapping.is_some() {
        return false;
    }
    let way_of =
        |object: &Object<'_>| WAYS.of_object(object, |f| options.format.is_none_or(|w| w == f));
    let is_session = |text: &[u8]| match Object::parse(text) {
        Ok(object) => matches!(way_of(&object), Some((_, Reads::Session { .. }))),
        Err(_) => WAYS.marks_session(Object::head(text).raw_keys()),
    };
    let wraps_session = |object: &Object<'_>| {
        let arrays = WRAPPERS.iter().filter_map(|key| Some(object.get(key)?.raw()));
        arrays.filter_map(first_element).any(is_session)
    };
    let mut is_told = false;
    lines(head).any(|line| match Object::parse(line) {
        Ok(object) => match way_of(&object) {
            Some((_, Reads::Session { .. })) => true,
            Some((format, _)) => {
                is_told |= !format.info().reads.iter().any(|r| matches!(r, Reads::Session { .. }));
                false
            }
            None => wraps_session(&object),
        },
        Err(_) if line.first() == Some(&b'[') => first_element(line).is_some_and(is_session),
        Err(_) if is_told => false,
        Err(_) => {
            let cut = Object::head(line);
            WAYS.marks_session(cut.raw_keys()) || wraps_session(&cut)
        }
    })
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = memchr::memchr_iter(b'\n', text).chain(std::iter::once(text.len()));
    let mut start = 0;
    ends.map(move |end| text[std::mem::replace(&mut start, end + 1)..end].trim_ascii())
}

/// The first element of an array whose text may be cut off.
fn first_element(array: &[u8]) -> Option<&[u8]> {
    let rest = array.strip_prefix(b"[")?.trim_ascii_start();
    let (_, first) = super::scan::documents(rest).next()?;
    Some(first.map_or(rest, |value| value.raw()))
}

/// Keys under which an exported page or query result keeps its records.
const WRAPPERS: [&str; 9] =
    ["data", "result", "results", "items", "records", "logs", "observations", "requests", "runs"];

/// The array that an exported page or query result wraps.
pub(crate) fn wrapped_array<'a>(object: &Object<'a>) -> Option<Vec<Value<'a>>> {
    WRAPPERS.iter().find_map(|key| object.array(key).filter(|items| !items.is_empty()))
}

fn unknown(object: &Object<'_>) -> Outcome {
    let failed = |object: &Object<'_>| object.object("error").is_some();
    let inner = || ["response", "body", "result"].iter().filter_map(|key| object.object(key));
    if failed(object) || inner().any(|object| failed(&object)) {
        return Err(Skipped::new(code::FAILED_REQUEST, "failed requests without usage"));
    }
    Err(Skipped::new(code::UNKNOWN_RECORD, "JSON objects of no known format"))
}

/// The scalar at a dotted path; a key that itself holds dots is found too.
fn at_path<'a>(object: &Object<'a>, path: &str) -> Option<std::borrow::Cow<'a, str>> {
    if let Some(value) = object.get(path) {
        return value.scalar();
    }
    // Null is a value: the path exists, and holds nothing.
    if object.has(path) {
        return Some(std::borrow::Cow::Borrowed(""));
    }
    let (head, rest) = path.split_once('.')?;
    at_path(&object.object(head)?, rest)
}

/// What one object says of usage, read by itself: its records, or why there are none.
pub(crate) fn usage_of(object: &[u8], options: &ReadOptions) -> Result<Vec<UsageRecord>, Skipped> {
    let mut all = Vec::new();
    let mut why = None;
    let mut reader = JsonReader::by_line(options);
    let read = reader.read(1, object, &mut |_, _, outcome| match outcome {
        Ok(records) => all.extend(records.into_iter().map(|(record, _)| record)),
        Err(skipped) => why = Some(skipped),
    });
    match (read, why) {
        (Err(_), _) => Err(Skipped::new(code::INVALID_LINE, "lines that are not valid JSON")),
        (Ok(Some((_, record))), _) => Ok(vec![record]),
        (Ok(None), Some(skipped)) if all.is_empty() => Err(skipped),
        (Ok(None), _) => Ok(all),
    }
}

#[cfg(test)]
impl JsonReader<'_> {
    /// True if a line is read from its counts alone.
    pub(super) fn knows(&mut self, text: &str) -> bool {
        let object = Object::parse_with(&mut self.scratch, text.as_bytes()).unwrap();
        matches!(self.known.recall(&object), Some(Recalled::Record(..)))
    }
}

/// What one line gives, for the tests of the formats.
#[cfg(test)]
pub(crate) fn readings(
    text: &str,
    options: &ReadOptions,
) -> Result<Vec<(Option<Format>, Outcome)>, ScanError> {
    let mut all = Vec::new();
    let mut reader = JsonReader::by_line(options);
    let known =
        reader.read(1, text.as_bytes(), &mut |_, format, outcome| all.push((format, outcome)))?;
    assert_eq!(known, None, "it is the first of its kind");
    Ok(all)
}

/// Records of a line, for the tests of the formats.
#[cfg(test)]
pub(crate) fn records_of(
    text: &str,
    options: &ReadOptions,
) -> Vec<(crate::usage::UsageRecord, super::outcome::Notes)> {
    readings(text, options)
        .unwrap()
        .into_iter()
        .flat_map(|(_, outcome)| match outcome {
            Ok(records) => records.into_vec(),
            Err(skipped) => panic!("{}: {}", skipped.code, skipped.message),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_told_by_lines_that_the_head_cuts_and_by_arrays() {
        let options = ReadOptions::default();
        let needs = |head: &str| needs_order(head.as_bytes(), &options);
        let long = "x".repeat(100);
        assert!(needs(r#"{"resourceSpans":[]}"#));
        assert!(needs(&format!("{{\"a\":\"{long}\",\"resourceSpans\":[{{\"resource\":\"{long}")));
        assert!(needs(&format!("[{{\"traceId\":\"t\",\"id\":\"i\",\"tags\":{{\"k\":\"{long}")));
        let page =
            r#"{"meta":{},"data":[{"id":"o","traceId":"t","type":"SPAN","usageDetails":{}}]}"#;
        assert!(needs(page) && needs(&page[..page.len() - 4]));
        assert!(!needs(r#"{"id":"x","usage":{"prompt_tokens":1}}"#));
        assert!(!needs(&format!("{{\"id\":\"x\",\"choices\":[\"{long}")));
        assert!(!needs("[1,2]") && !needs("a,b\n1,2"));
    }

    #[test]
    fn a_cut_line_tells_no_order_where_whole_lines_before_it_need_none() {
        let options = ReadOptions::default();
        let needs = |head: &str| needs_order(head.as_bytes(), &options);
        let claude = r#"{"type":"user","sessionId":"s","cwd":"/","message":{"role":"user"}}"#;
        let cut = &claude[..claude.len() - 4];
        assert!(!needs(&format!("{claude}\n{cut}")));
        assert!(needs(cut));
        let pi = r#"{"type":"session","id":"i","timestamp":"2026-01-01T00:00:00Z","cwd":"/"}"#;
        assert!(needs(&format!("{pi}\n{cut}")) && needs(&format!("{claude}\n{pi}\n{cut}")));
        assert!(needs(&format!("{{\"odd\":1}}\n{cut}")));
    }
}
