//! Delimited text: its dialect, and the rows of a block of it.

use std::borrow::Cow;
use std::io::Read;

use memchr::{memchr, memchr_iter, memchr2};

use super::blocks::{Block, LONGEST_LINE};
use super::outcome::Skipped;
use super::row::{Cell, Cells};
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

/// How a table is written, told by its head.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    columns: usize,
}

/// A row's cells; or why it is none.
type Found<'r> = Result<&'r dyn Cells, Skipped>;

impl Cells for csv::ByteRecord {
    fn cell(&self, place: usize) -> Option<Cell<'_>> {
        self.get(place).map(|cell| Cell::Text(String::from_utf8_lossy(cell)))
    }
}

/// A row without quotes.
struct Bare<'t> {
    text: &'t [u8],
    /// The same, if it is UTF-8.
    whole: Option<&'t str>,
    /// Where cells begin, and the place behind the delimiter that would follow the last.
    starts: Vec<usize>,
}

impl Cells for Bare<'_> {
    fn cell(&self, place: usize) -> Option<Cell<'_>> {
        let range = *self.starts.get(place)?..*self.starts.get(place + 1)? - 1;
        Some(Cell::Text(match self.whole {
            Some(whole) => Cow::Borrowed(&whole[range]),
            None => String::from_utf8_lossy(&self.text[range]),
        }))
    }
}

impl Dialect {
    /// Of the first bytes of a table.
    pub(super) fn of(head: &[u8]) -> Self {
        Self { delimiter: delimiter(head), columns: column_names(head).len() }
    }

    /// Hands on every row of a block behind the header, with its line; one with another number of
    /// cells than the header as the reason why it is not read.
    pub(super) fn rows(self, block: &Block, mut each: impl FnMut(u64, Found<'_>)) {
        if block.too_long {
            let message = format!("rows longer than {} MiB", LONGEST_LINE >> 20);
            each(block.first_line, Err(Skipped::new(code::LINE_TOO_LONG, message)));
        }
        // Most tables have no quotes, and need not be taken apart byte by byte.
        if memchr(b'"', block.text()).is_none() {
            self.bare_rows(block, &mut each);
        } else {
            self.quoted_rows(block, &mut each);
        }
    }

    fn checked(self, cells: usize, row: &dyn Cells) -> Found<'_> {
        if cells == self.columns {
            return Ok(row);
        }
        let message = format!("rows with {cells} cells under {} columns", self.columns);
        Err(Skipped::new(code::INVALID_LINE, message))
    }

    /// Rows without quotes: they end at line ends and their cells at delimiters. Empty lines are no
    /// rows.
    fn bare_rows(self, block: &Block, each: &mut impl FnMut(u64, Found<'_>)) {
        let text = block.text();
        let mut row = Bare {
            text,
            whole: std::str::from_utf8(text).ok(),
            starts: Vec::with_capacity(self.columns + 1),
        };
        let mut header = block.is_first;
        let mut line = block.first_line;
        let mut at = 0;
        while at < text.len() {
            if matches!(text[at], b'\n' | b'\r') {
                line += u64::from(text[at] == b'\n');
                at += 1;
                continue;
            }
            let end = memchr2(b'\n', b'\r', &text[at..]).map_or(text.len(), |n| at + n);
            if header {
                header = false;
                at = end;
                continue;
            }
            row.starts.clear();
            row.starts.push(at);
            let delimiters = memchr_iter(self.delimiter, &text[at..end]);
            row.starts.extend(delimiters.map(|n| at + n + 1));
            row.starts.push(end + 1);
            each(line, self.checked(row.starts.len() - 1, &row));
            at = end;
        }
    }

    fn quoted_rows(self, block: &Block, each: &mut impl FnMut(u64, Found<'_>)) {
        let text = block.text();
        // A newline before it keeps the reader from taking a byte order mark off every block.
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .flexible(true)
            .has_headers(block.is_first)
            .from_reader((&b"\n"[..]).chain(text));
        let mut row = csv::ByteRecord::new();
        let (mut line, mut counted) = (block.first_line, 0);
        loop {
            let read = reader.read_byte_record(&mut row);
            // A row is placed behind the one before it; what stands between are line ends.
            let place = row.position().map_or(0, csv::Position::byte).saturating_sub(1);
            let mut start = usize::try_from(place).unwrap_or(0).min(text.len());
            while text.get(start).is_some_and(|b| matches!(b, b'\n' | b'\r')) {
                start += 1;
            }
            if let Some(between) = text.get(counted..start) {
                line += u64::try_from(memchr_iter(b'\n', between).count()).unwrap_or(0);
                counted = start;
            }
            match read {
                Ok(false) => return,
                Ok(true) => each(line, self.checked(row.len(), &row)),
                Err(error) => {
                    let message =
                        format!("rows that are not valid delimited text: {:?}", error.into_kind());
                    each(line, Err(Skipped::new(code::INVALID_LINE, message)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::blocks::{Blocks, Spares};
    use proptest::prelude::*;

    /// Lines and cells of the rows of a text, by our own walk or by the `csv` crate.
    fn rows(text: &[u8], bare: bool) -> Vec<(u64, Result<Vec<String>, String>)> {
        let dialect = Dialect::of(text);
        let mut blocks = Blocks::of_rows(text, Spares::default(), dialect.delimiter);
        let mut found = Vec::new();
        while let Some(block) = blocks.next_block().unwrap() {
            let mut each = |line: u64, row: Found<'_>| {
                let cells = |row: &dyn Cells| {
                    (0..)
                        .map_while(|at| Some(row.cell(at)?.text().into_owned()))
                        .collect::<Vec<_>>()
                };
                found.push((line, row.map(cells).map_err(|s| s.message)));
            };
            if bare {
                dialect.bare_rows(&block, &mut each);
            } else {
                dialect.quoted_rows(&block, &mut each);
            }
        }
        found
    }

    #[test]
    fn rows_stand_on_their_lines() {
        let text = "a,b\r\n\r\n1,\"x\r\ny\"\r\n\r\n2,z\r\n3\r\n4,5";
        let row = |cells: [&str; 2]| Ok(cells.map(str::to_owned).to_vec());
        let short = Err("rows with 1 cells under 2 columns".to_owned());
        let expected =
            [(3, row(["1", "x\r\ny"])), (6, row(["2", "z"])), (7, short), (8, row(["4", "5"]))];
        assert_eq!(rows(text.as_bytes(), false), expected);
    }

    #[test]
    fn a_mark_inside_of_a_text_is_kept() {
        let text = b"a,b\n\xef\xbb\xbf1,\"2\"\n";
        let mut block =
            Blocks::of_rows(&text[4..], Spares::default(), b',').next_block().unwrap().unwrap();
        block.is_first = false;
        Dialect::of(text).rows(&block, |_, row| {
            assert_eq!(row.unwrap().cell(0).unwrap().text(), "\u{feff}1");
        });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Without quotes our own walk finds what the `csv` crate does.
        #[test]
        fn bare_rows_are_those_of_the_csv_crate(
            text in prop::collection::vec(
                prop::sample::select(b"a1,; \n\r\xff\xc3\xa9".to_vec()),
                0..60,
            ),
        ) {
            prop_assert_eq!(rows(&text, true), rows(&text, false));
        }
    }
}
