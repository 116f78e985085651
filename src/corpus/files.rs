//! Reading the files of a corpus, one after the other, in bounded memory but for documents and texts.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use super::{Prompt, dataset, request};
use crate::diagnostic::{Diagnostics, Location, code};
use crate::source::blocks::{Blocks, LONGEST_LINE, Spares};
use crate::source::inputs::{Input, expand_to, may_be};
use crate::source::reader::{Container, Stream, container, open, peek};
use crate::source::scan::{Object, ScanError, Value, documents};
use crate::source::{Progress, SourceError};

/// Endings of files that folders are read for.
const ENDINGS: [&str; 10] =
    ["jsonl", "ndjson", "json", "gz", "zst", "zstd", "txt", "md", "markdown", "prompt"];
/// Files with these endings are one text each, whatever they begin with.
const TEXTS: [&str; 4] = ["txt", "md", "markdown", "prompt"];
/// Bytes looked at to tell what a file is.
const HEAD: u64 = 64 << 10;
/// A document or text is held whole; a larger corpus is written one prompt a line.
const LARGEST: usize = 1 << 30;

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

/// The files that the arguments stand for: of folders those with prompts, hidden ones left out.
///
/// # Errors
/// [`SourceError`] for a name or pattern that stands for nothing.
pub fn expand(arguments: &[String]) -> Result<Vec<Input>, SourceError> {
    expand_to(arguments, &ENDINGS)
}

/// Reads all files; `sink` gets the number of the file and each prompt, in order.
///
/// # Errors
/// [`SourceError`] if a file cannot be read.
pub fn read_all(
    inputs: &[Input],
    progress: &Progress,
    mut sink: impl FnMut(usize, &Prompt<'_>),
) -> Result<CorpusReport, SourceError> {
    let mut report = CorpusReport::default();
    for (number, input) in inputs.iter().enumerate() {
        let name = input.name();
        let mut found = Found { report: &mut report, file: &name, sink: &mut |p| sink(number, p) };
        read_file(input, progress, &mut found)?;
        report.files += 1;
    }
    Ok(report)
}

/// Takes what is found in a file.
struct Found<'r> {
    report: &'r mut CorpusReport,
    file: &'r str,
    sink: &'r mut dyn FnMut(&Prompt<'_>),
}

fn read_file(input: &Input, progress: &Progress, found: &mut Found<'_>) -> Result<(), SourceError> {
    let failed = |source| SourceError::Io { file: input.name(), source };
    let opened = open(input, progress)?;
    let (head, stream) = peek(opened.stream, HEAD).map_err(failed)?;
    let read = match container(&head) {
        Container::Empty => {
            found.odd(code::EMPTY_FILE, "files without any content", 0);
            Ok(())
        }
        kind @ (Container::Unsupported(_)
        | Container::Parquet
        | Container::Sqlite
        | Container::Zip) => {
            let what = kind.name();
            found.skip(code::UNRECOGNISED_FILE, &format!("no prompts are read from a {what}"), 0);
            Ok(())
        }
        _ if is_text(input) => whole_text(stream, found).map_err(failed),
        Container::Delimited => whole_text(stream, found).map_err(failed),
        Container::JsonLines => lines(stream, found).map_err(failed),
        Container::JsonDocument => document(stream, found).map_err(failed),
    };
    if let Some(reason) = opened.cut.reason() {
        let message = format!("files that end early: {reason}");
        found.odd(code::TRUNCATED_FILE, &message, 0);
    }
    read
}

/// True if a folder's file of this name is read.
#[must_use]
pub fn is_prompt_file(path: &Path) -> bool {
    may_be(path, &ENDINGS)
}

/// True if a file is text or one prompt a line, told by its name: parts of it can be read by themselves.
#[must_use]
pub fn is_by_lines(path: &Path) -> bool {
    ending(path)
        .is_some_and(|e| TEXTS.contains(&e.as_str()) || ["jsonl", "ndjson"].contains(&e.as_str()))
}

fn ending(path: &Path) -> Option<String> {
    path.extension()?.to_str().map(str::to_ascii_lowercase)
}

fn is_text(input: &Input) -> bool {
    let path = match input {
        Input::File(path) => path,
        Input::Bytes { name, .. } => Path::new(name),
        Input::Stdin => return false,
    };
    let packed = ["gz", "zst", "zstd"];
    let own = ending(path).filter(|e| !packed.contains(&e.as_str()));
    let own = own.or_else(|| ending(Path::new(path.file_stem()?)));
    own.is_some_and(|e| TEXTS.contains(&e.as_str()))
}

fn whole(stream: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(u64::try_from(LARGEST).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    if bytes.len() >= LARGEST {
        let message = format!(
            "more than {} MiB in one document: write one prompt a line instead",
            LARGEST >> 20
        );
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn whole_text(stream: Stream<'_>, found: &mut Found<'_>) -> io::Result<()> {
    let bytes = whole(stream)?;
    let (text, replaced) = crate::tokenizer::lossy(without_mark(&bytes));
    if replaced > 0 {
        found.odd(code::INVALID_FIELD, "texts that are not UTF-8, read with U+FFFD", 0);
    }
    found.take(&dataset::text(text));
    Ok(())
}

fn lines(stream: Stream<'_>, found: &mut Found<'_>) -> io::Result<()> {
    let spares = Spares::default();
    let mut blocks = Blocks::new(stream, spares.clone());
    while let Some(block) = blocks.next_block()? {
        if block.too_long {
            let message = format!("lines longer than {} MiB", LONGEST_LINE >> 20);
            found.skip(code::LINE_TOO_LONG, &message, block.first_line);
        }
        let lines = block.text().split_inclusive(|b| *b == b'\n');
        for (number, line) in (block.first_line..).zip(lines) {
            let text = if number == 1 { without_mark(line) } else { line }.trim_ascii();
            if !text.is_empty() {
                found.value(Value::new(text), number);
            }
        }
        spares.put(block);
    }
    Ok(())
}

fn document(stream: Stream<'_>, found: &mut Found<'_>) -> io::Result<()> {
    let bytes = whole(stream)?;
    for (line, value) in documents(without_mark(&bytes)) {
        match value {
            Ok(value) => found.value(value, line),
            Err(error) => found.not_json(error, line),
        }
    }
    Ok(())
}

impl Found<'_> {
    fn place(&self, line: u64) -> Option<Location> {
        Some(Location { file: self.file.to_owned(), line })
    }

    fn odd(&mut self, code: crate::diagnostic::Code, message: &str, line: u64) {
        let place = self.place(line);
        self.report.diagnostics.add(code, message, place);
    }

    fn skip(&mut self, code: crate::diagnostic::Code, message: &str, line: u64) {
        self.report.skipped += 1;
        self.odd(code, message, line);
    }

    fn not_json(&mut self, error: ScanError, line: u64) {
        match error {
            ScanError::Incomplete => {
                self.skip(code::PARTIAL_LINE, "prompts that end in the middle", line);
            }
            ScanError::Invalid(_) => self.skip(code::INVALID_LINE, "lines that are not JSON", line),
        }
    }

    /// A line, or a document: a prompt, a list of them, or a batch of requests.
    fn value(&mut self, value: Value<'_>, line: u64) {
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
            Err(error) => self.not_json(error, line),
        }
    }

    fn item(&mut self, item: Value<'_>, line: u64) {
        match (item.text(), Object::parse(item.raw())) {
            (Some(text), _) => self.take(&Prompt::of_text(super::Shape::Text, text)),
            (None, Ok(row)) => self.row(&row, line),
            (None, Err(error)) => self.not_json(error, line),
        }
    }

    fn row(&mut self, row: &Object<'_>, line: u64) {
        match request::prompt(row) {
            Some(prompt) => self.take(&prompt),
            None => {
                let message = "lines that are no prompt of a known shape";
                self.skip(code::UNKNOWN_RECORD, message, line);
            }
        }
    }

    fn take(&mut self, prompt: &Prompt<'_>) {
        self.report.prompts += 1;
        *self.report.shapes.entry(prompt.shape.name()).or_default() += 1;
        (self.sink)(prompt);
    }
}
