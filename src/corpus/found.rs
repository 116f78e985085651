//! What is found in a file of a corpus: prompts, and what is none.

use std::collections::BTreeMap;

use super::{Prompt, Shape, Sink, dataset, request};
use crate::diagnostic::{Code, Diagnostics, Location, code};
use crate::source::scan::{Object, ScanError, Value};

/// What reading found, beside the prompts.
#[derive(Debug, Clone, Default)]
pub struct CorpusReport {
    /// Files read.
    pub files: u64,
    /// Prompts.
    pub prompts: u64,
    /// Lines and files that gave no prompt.
    pub skipped: u64,
    /// Prompts by shape.
    pub shapes: BTreeMap<&'static str, u64>,
    /// Everything that was odd.
    pub diagnostics: Diagnostics,
}

impl CorpusReport {
    /// Adds another one; the order does not matter.
    pub(super) fn merge(&mut self, other: Self) {
        self.files += other.files;
        self.prompts += other.prompts;
        self.skipped += other.skipped;
        for (shape, prompts) in other.shapes {
            *self.shapes.entry(shape).or_default() += prompts;
        }
        self.diagnostics.merge(other.diagnostics);
    }

    fn count(&mut self, shape: Shape) {
        self.prompts += 1;
        *self.shapes.entry(shape.name()).or_default() += 1;
    }
}

/// A file, and where what is odd about it is noted.
pub(super) struct Noted<'r> {
    pub(super) report: &'r mut CorpusReport,
    pub(super) file: &'r str,
}

impl Noted<'_> {
    pub(super) fn odd(&mut self, code: Code, message: &str, line: u64) {
        let place = Location { file: self.file.to_owned(), line };
        self.report.diagnostics.add(code, message, Some(place));
    }

    pub(super) fn skip(&mut self, code: Code, message: &str, line: u64) {
        self.report.skipped += 1;
        self.odd(code, message, line);
    }

    pub(super) fn not_json(&mut self, error: ScanError, line: u64) {
        match error {
            ScanError::Incomplete => {
                self.skip(code::PARTIAL_LINE, "prompts that end in the middle", line);
            }
            ScanError::Invalid(_) => self.skip(code::INVALID_LINE, "lines that are not JSON", line),
        }
    }
}

/// Takes what is found in a file.
pub(super) struct Found<'r, S> {
    pub(super) noted: Noted<'r>,
    /// The number of the file.
    pub(super) number: usize,
    pub(super) sink: &'r mut S,
}

impl<S: Sink> Found<'_, S> {
    /// A line: a prompt, a list of them, or a batch of requests.
    pub(super) fn value(&mut self, value: Value<'_>, line: u64) {
        if let Some(items) = value.array() {
            for item in items {
                self.item(item, line);
            }
            return;
        }
        match Object::parse(value.raw()) {
            Ok(batch) if batch.has("requests") => {
                let items = batch.get("requests").and_then(|list| list.array());
                for item in items.unwrap_or_default() {
                    self.item(item, line);
                }
            }
            Ok(row) => self.row(&row, line),
            Err(error) => self.noted.not_json(error, line),
        }
    }

    /// An element of a list.
    pub(super) fn item(&mut self, item: Value<'_>, line: u64) {
        match (item.text(), Object::parse(item.raw())) {
            (Some(text), _) => self.take(&Prompt::of_text(Shape::Text, text)),
            (None, Ok(row)) => self.row(&row, line),
            (None, Err(error)) => self.noted.not_json(error, line),
        }
    }

    fn row(&mut self, row: &Object<'_>, line: u64) {
        match request::prompt(row) {
            Some(prompt) => self.take(&prompt),
            None => {
                let message = "lines that are no prompt of a known shape";
                self.noted.skip(code::UNKNOWN_RECORD, message, line);
            }
        }
    }

    /// A text that is one prompt.
    pub(super) fn text(&mut self, text: std::borrow::Cow<'_, str>) {
        self.take(&dataset::text(text));
    }

    /// The end of a text whose parts have gone to the sink.
    pub(super) fn end_of_parts(&mut self) {
        let prompt = dataset::text("".into());
        self.noted.report.count(prompt.shape);
        self.sink.end_of_parts(self.number, &prompt);
    }

    fn take(&mut self, prompt: &Prompt<'_>) {
        self.noted.report.count(prompt.shape);
        self.sink.prompt(self.number, prompt);
    }
}
