//! Files cut into pieces that are worked on by themselves.

use std::io::{self, Read};
use std::path::Path;

use super::found::Noted;
use crate::diagnostic::code;
use crate::source::blocks::{Block, Blocks, LONGEST_LINE, Spares};
use crate::source::parquet;
use crate::source::reader::{Cut, Stream};
use crate::source::scan::{Object, Value, documents};
use crate::source::{Progress, SourceError};

/// A document is held whole; a larger corpus is written one prompt a line.
const LARGEST: usize = 1 << 30;
/// Bytes of elements that make a piece.
const PIECE: usize = 1 << 18;
/// Columns of tables that hold prompts and what belongs to them. A column `model` is not among them: it says who answered.
const COLUMNS: [&str; 21] = [
    "messages",
    "conversations",
    "conversation",
    "prompt",
    "instruction",
    "question",
    "query",
    "text",
    "content",
    "completion",
    "chosen",
    "response",
    "output",
    "answer",
    "answers",
    "system",
    "system_prompt",
    "input",
    "context",
    "tools",
    "preferred_output",
];
/// So many of the columns are prompts by themselves.
const LEADING: usize = 9;
/// Columns that some tables keep as text of JSON.
const NESTED: [&str; 4] = ["messages", "conversations", "conversation", "tools"];

/// A piece of a file.
pub(super) enum Piece<'p> {
    /// Lines of JSON.
    Lines(Block),
    /// Elements of a list, or rows.
    Items(Items),
    /// A text that is one prompt, not read yet.
    Text { stream: Stream<'p>, cut: Cut },
}

/// JSON values that follow each other.
#[derive(Debug, Default)]
pub(super) struct Items {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// The line or row of the first.
    line: u64,
    /// Whether each has a number of its own.
    is_numbered: bool,
}

impl Items {
    /// Each with its line or row.
    pub(super) fn values(&self) -> impl Iterator<Item = (u64, Value<'_>)> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let step = u64::from(self.is_numbered);
        starts.zip(&self.ends).zip(0..).map(move |((start, end), at)| {
            (self.line + at * step, Value::new(&self.bytes[start..*end]))
        })
    }

    fn push(&mut self, item: &[u8]) -> bool {
        self.bytes.extend_from_slice(item);
        self.ends.push(self.bytes.len());
        self.bytes.len() >= PIECE
    }
}

/// Cuts one file. `send` is false when nobody wants any more.
pub(super) struct Cutter<'p, 's> {
    pub(super) spares: &'s Spares,
    pub(super) send: &'s mut dyn FnMut(Piece<'p>) -> bool,
}

impl Cutter<'_, '_> {
    pub(super) fn lines(&mut self, stream: Stream<'_>, noted: &mut Noted<'_>) -> io::Result<()> {
        let mut blocks = Blocks::new(stream, self.spares.clone());
        while let Some(block) = blocks.next_block()? {
            if block.too_long {
                let message = format!("lines longer than {} MiB", LONGEST_LINE >> 20);
                noted.skip(code::LINE_TOO_LONG, &message, block.first_line);
            }
            if !(self.send)(Piece::Lines(block)) {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn document(&mut self, stream: Stream<'_>, noted: &mut Noted<'_>) -> io::Result<()> {
        let bytes = whole(stream)?;
        for (line, value) in documents(without_mark(&bytes)) {
            let value = match value {
                Ok(value) => value,
                Err(error) => {
                    noted.not_json(error, line);
                    continue;
                }
            };
            let requests = || Object::parse(value.raw()).ok()?.get("requests")?.array();
            let items = value.array().or_else(requests).unwrap_or_else(|| vec![value]);
            if !self.items(items.iter().map(Value::raw), line) {
                break;
            }
        }
        Ok(())
    }

    fn items<'i>(&mut self, items: impl Iterator<Item = &'i [u8]>, line: u64) -> bool {
        let mut piece = Items { line, ..Items::default() };
        for item in items {
            if piece.push(item) {
                let full = std::mem::replace(&mut piece, Items { line, ..Items::default() });
                if !(self.send)(Piece::Items(full)) {
                    return false;
                }
            }
        }
        piece.ends.is_empty() || (self.send)(Piece::Items(piece))
    }

    /// The rows of a table, some at a time.
    pub(super) fn parquet(
        &mut self,
        path: &Path,
        progress: &Progress,
        noted: &mut Noted<'_>,
    ) -> Result<(), SourceError> {
        let names = parquet::column_names(path)?;
        if !names.iter().any(|name| COLUMNS[..LEADING].contains(&name.as_str())) {
            let message = format!(
                "tables without a column of prompts, such as messages, prompt or text (they have: {})",
                names.join(", ")
            );
            noted.skip(code::UNRECOGNISED_FILE, &message, 0);
            return Ok(());
        }
        let wanted: Vec<String> =
            names.into_iter().filter(|name| COLUMNS.contains(&name.as_str())).collect();
        let first = |line| Items { line, is_numbered: true, ..Items::default() };
        let mut piece = first(1);
        parquet::read_json_rows(path, &wanted, &NESTED, progress, |row, json| {
            if !piece.push(json.as_bytes()) {
                return true;
            }
            (self.send)(Piece::Items(std::mem::replace(&mut piece, first(row + 1))))
        })?;
        if !piece.ends.is_empty() {
            let _ = (self.send)(Piece::Items(piece));
        }
        Ok(())
    }
}

/// All of a file.
pub(super) fn whole(stream: impl Read) -> io::Result<Vec<u8>> {
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

/// A text without the byte order mark at its beginning.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}
