//! The JSON values of a file, one after the other.

use std::io;

use super::pieces::{whole, without_mark};
use super::work::lines_of;
use crate::source::blocks::{Blocks, LONGEST_LINE, Spares};
use crate::source::reader::Stream;
use crate::source::scan::{ScanError, Value, documents};

/// What stands on a line.
pub(super) enum Line<'a> {
    /// A value, or what should be one.
    Value(Value<'a>),
    /// A text that is no JSON.
    NotJson(ScanError),
    /// A line that is left out, with why.
    TooLong(String),
}

/// The values of lines.
pub(super) fn lines(stream: Stream<'_>, mut take: impl FnMut(Line<'_>, u64)) -> io::Result<()> {
    let spares = Spares::default();
    let mut blocks = Blocks::new(stream, spares.clone());
    while let Some(block) = blocks.next_block()? {
        if block.too_long {
            let message = format!("lines longer than {} MiB", LONGEST_LINE >> 20);
            take(Line::TooLong(message), block.first_line);
        }
        lines_of(&block).for_each(|(number, text)| take(Line::Value(Value::new(text)), number));
        spares.put(block);
    }
    Ok(())
}

/// The values of documents.
pub(super) fn document(stream: Stream<'_>, mut take: impl FnMut(Line<'_>, u64)) -> io::Result<()> {
    let bytes = whole(stream)?;
    for (line, value) in documents(without_mark(&bytes)) {
        match value {
            Ok(value) => take(Line::Value(value), line),
            Err(error) => take(Line::NotJson(error), line),
        }
    }
    Ok(())
}
