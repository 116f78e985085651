//! Delimited text: through a format of tables, or through the user's mapping.

use std::io::Read;

use super::format::Reads;
use super::mapping::Mapping;
use super::outcome::{Outcome, Skipped};
use super::row::{Header, Row};
use super::{ReadOptions, SourceError};
use crate::diagnostic::code;

/// The delimiter that the header line uses most.
pub(crate) fn delimiter(head: &[u8]) -> u8 {
    let header = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |d: u8| header.iter().filter(|b| **b == d).count();
    [b',', b';', b'\t', b'|'].into_iter().rev().max_by_key(|d| count(*d)).unwrap_or(b',')
}

/// Names of the columns, for messages.
pub(crate) fn column_names(head: &[u8]) -> Vec<String> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter(head)).flexible(true).from_reader(text);
    reader
        .byte_headers()
        .map(|h| h.iter().map(|c| String::from_utf8_lossy(c).trim().to_owned()).collect())
        .unwrap_or_default()
}

/// Hands on every row with its line number; one that is no row, or has another number of cells than
/// the header, as the reason.
pub(super) fn rows<E: From<SourceError>>(
    stream: impl Read,
    head: &[u8],
    file: &str,
    mut each: impl FnMut(u64, Result<&csv::ByteRecord, Skipped>) -> Result<(), E>,
) -> Result<(), E> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter(head)).flexible(true).from_reader(stream);
    let columns = column_names(head).len();
    // A row that follows `\r\n` is placed before the line feed.
    let crlf = head.split(|b| *b == b'\n').next().is_some_and(|l| l.ends_with(b"\r"));
    let ends_late = u64::from(crlf);
    let mut row = csv::ByteRecord::new();
    loop {
        match reader.read_byte_record(&mut row) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                let line = row.position().map_or(0, csv::Position::line) + ends_late;
                let message = || format!("rows with {} cells under {columns} columns", row.len());
                let fits = row.len() == columns;
                each(
                    line,
                    if fits { Ok(&row) } else { Err(Skipped::new(code::INVALID_LINE, message())) },
                )?;
            }
            Err(error) => match error.into_kind() {
                csv::ErrorKind::Io(source) => {
                    return Err(SourceError::Io { file: file.to_owned(), source }.into());
                }
                kind => {
                    let line = row.position().map_or(0, csv::Position::line);
                    let message = format!("rows that are not valid delimited text: {kind:?}");
                    each(line, Err(Skipped::new(code::INVALID_LINE, message)))?;
                }
            },
        }
    }
}

/// Reads every row through the mapping and hands it on with its line number.
pub(crate) fn read_mapped(
    stream: impl Read,
    head: &[u8],
    file: &str,
    mapping: &Mapping,
    options: &ReadOptions,
    mut each: impl FnMut(u64, Outcome),
) -> Result<(), SourceError> {
    let names = column_names(head);
    let mut places = Vec::new();
    for column in mapping.columns() {
        let at =
            names.iter().position(|n| n == column).ok_or_else(|| SourceError::NoSuchColumn {
                file: file.to_owned(),
                column: column.clone(),
                columns: names.join(", "),
            })?;
        places.push(at);
    }
    rows(stream, head, file, |line, row| {
        let outcome = row.and_then(|row| {
            mapping.read(options, |column| row.get(places[column]).map(String::from_utf8_lossy))
        });
        each(line, outcome);
        Ok(())
    })
}

/// Reads every row of a known format and hands it on with its line number.
pub(crate) fn read_table(
    stream: impl Read,
    head: &[u8],
    file: &str,
    header: &Header,
    reads: &Reads,
    options: &ReadOptions,
    mut each: impl FnMut(u64, Outcome),
) -> Result<(), SourceError> {
    let Some(mut reader) = reads.row_reader() else { return Ok(()) };
    rows::<SourceError>(stream, head, file, |line, row| {
        match row {
            Ok(row) => {
                let cell = |at: usize| row.get(at).map(String::from_utf8_lossy);
                reader.row(line, &Row::new(header, &cell), options, &mut each);
            }
            Err(skipped) => each(line, Err(skipped)),
        }
        Ok(())
    })?;
    reader.finish(options, &mut each);
    Ok(())
}
