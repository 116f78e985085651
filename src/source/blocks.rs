//! Cutting a stream into blocks of whole lines or rows, in memory that is used again and again.

use std::io::{self, Read};
use std::sync::{Arc, Mutex};

use super::row_ends::{Found, RowEnds};

/// Bytes of a block. Lines and rows longer than this grow the block up to [`LONGEST_LINE`].
const BLOCK: usize = 1 << 20;
/// A longer line or row is skipped and counted: usage logs with whole prompts stay far below.
pub(crate) const LONGEST_LINE: usize = 256 << 20;
/// Buffers that long lines made larger than this are not kept.
const LARGEST_SPARE: usize = 4 * BLOCK;

/// Buffers of blocks that have been read; shared between threads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spares(Arc<Mutex<Vec<Vec<u8>>>>);

impl Spares {
    fn take(&self) -> Vec<u8> {
        self.0.lock().ok().and_then(|mut spares| spares.pop()).unwrap_or_default()
    }

    /// Gives a block back.
    pub(crate) fn put(&self, block: Block) {
        if block.bytes.len() <= LARGEST_SPARE
            && let Ok(mut spares) = self.0.lock()
        {
            spares.push(block.bytes);
        }
    }
}

/// A block of whole lines or rows; the last one of a file may lack its newline.
#[derive(Debug)]
pub(crate) struct Block {
    /// True for the first of its file.
    pub(crate) is_first: bool,
    /// Number of the first line, from 1.
    pub(crate) first_line: u64,
    /// True if the file ends in this block without a newline.
    pub(crate) unterminated: bool,
    /// Set if the line or row at `first_line` was too long and was left out.
    pub(crate) too_long: bool,
    bytes: Vec<u8>,
    len: usize,
}

impl Block {
    /// Its lines or rows.
    pub(crate) fn text(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Number of its lines, which is about that of its rows.
    pub(crate) fn lines(&self) -> usize {
        memchr::memchr_iter(b'\n', self.text()).count()
    }
}

/// Where a block may end.
enum Ends {
    Lines,
    Rows(RowEnds),
}

impl Ends {
    /// Walks over the next bytes.
    fn walk(&mut self, bytes: &[u8]) -> Option<Found> {
        match self {
            Self::Lines => Some(Found {
                first: memchr::memchr(b'\n', bytes)? + 1,
                last: memchr::memrchr(b'\n', bytes)? + 1,
            }),
            Self::Rows(ends) => ends.walk(bytes),
        }
    }
}

/// Cuts a stream into blocks of whole lines or rows, holding one block at a time.
pub(crate) struct Blocks<R> {
    stream: R,
    spares: Spares,
    ends: Ends,
    /// What of the stream stands behind the last block; it has been walked over.
    carry: Vec<u8>,
    is_first: bool,
    next_line: u64,
    ended: bool,
}

impl<R: Read> Blocks<R> {
    /// Blocks of lines.
    pub(crate) fn new(stream: R, spares: Spares) -> Self {
        Self::that_end(stream, spares, Ends::Lines)
    }

    /// Blocks of rows of delimited text, which may have newlines in quotes.
    pub(crate) fn of_rows(stream: R, spares: Spares, delimiter: u8) -> Self {
        Self::that_end(stream, spares, Ends::Rows(RowEnds::new(delimiter)))
    }

    fn that_end(stream: R, spares: Spares, ends: Ends) -> Self {
        let carry = Vec::new();
        Self { stream, spares, ends, carry, is_first: true, next_line: 1, ended: false }
    }

    /// The next block, or `None` at the end.
    pub(crate) fn next_block(&mut self) -> io::Result<Option<Block>> {
        if self.ended && self.carry.is_empty() {
            return Ok(None);
        }
        let mut bytes = self.spares.take();
        let mut len = self.carry.len();
        if bytes.len() < len + BLOCK {
            bytes.resize(len + BLOCK, 0);
        }
        bytes[..len].copy_from_slice(&self.carry);
        let end = loop {
            let before = len;
            len = self.fill(&mut bytes, len)?;
            let found = self.ends.walk(&bytes[before..len]);
            if self.ended {
                break len;
            }
            if let Some(found) = found {
                break before + found.last;
            }
            if len > LONGEST_LINE {
                return self.skip_line(&bytes[..len]).map(Some);
            }
            bytes.resize(len * 2, 0);
        };
        if len == 0 {
            return Ok(None);
        }
        self.carry.clear();
        self.carry.extend_from_slice(&bytes[end..len]);
        let first_line = self.next_line;
        self.next_line += newlines(&bytes[..end]);
        let unterminated = self.ended && bytes[..end].last() != Some(&b'\n');
        let is_first = std::mem::replace(&mut self.is_first, false);
        Ok(Some(Block { is_first, first_line, unterminated, too_long: false, bytes, len: end }))
    }

    /// Reads until the buffer is full or the stream ends; the bytes that it holds then.
    fn fill(&mut self, bytes: &mut [u8], mut len: usize) -> io::Result<usize> {
        while len < bytes.len() {
            match self.stream.read(&mut bytes[len..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(read) => len += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(len)
    }

    /// Reads on to the end of an over-long line or row without keeping it.
    fn skip_line(&mut self, begun: &[u8]) -> io::Result<Block> {
        let first_line = self.next_line;
        self.next_line += newlines(begun);
        let mut buffer = vec![0; BLOCK];
        self.carry.clear();
        loop {
            let read = self.stream.read(&mut buffer)?;
            if read == 0 {
                self.ended = true;
                break;
            }
            let found = self.ends.walk(&buffer[..read]);
            let end = found.map_or(read, |found| found.first);
            self.next_line += newlines(&buffer[..end]);
            if found.is_some() {
                self.carry.extend_from_slice(&buffer[end..read]);
                break;
            }
        }
        let is_first = std::mem::replace(&mut self.is_first, false);
        let (bytes, len) = (Vec::new(), 0);
        Ok(Block { is_first, first_line, unterminated: false, too_long: true, bytes, len })
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    u64::try_from(memchr::memchr_iter(b'\n', bytes).count()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_whole_lines_and_count_them() {
        let line = format!("{}\n", "x".repeat(300_000));
        let text = line.repeat(10) + "tail";
        let mut blocks = Blocks::new(text.as_bytes(), Spares::default());
        let (mut joined, mut next) = (Vec::<u8>::new(), 1);
        while let Some(block) = blocks.next_block().unwrap() {
            assert_eq!(block.first_line, next);
            next += block.text().iter().filter(|b| **b == b'\n').count() as u64;
            assert_eq!(block.unterminated, block.text().ends_with(b"tail"));
            joined.extend_from_slice(block.text());
        }
        assert_eq!(joined, text.as_bytes());
    }

    #[test]
    fn a_line_longer_than_a_block_grows_it() {
        let text = format!("{}\nb\n", "x".repeat(3 * BLOCK));
        let mut blocks = Blocks::new(text.as_bytes(), Spares::default());
        let first = blocks.next_block().unwrap().unwrap();
        assert!(first.text().len() > 3 * BLOCK && first.text().ends_with(b"\n"));
    }

    #[test]
    fn a_row_stays_whole_over_the_edge_of_a_block() {
        let quoted = format!("1,\"{}\n\"\"\n\"\n", "x".repeat(BLOCK - 7));
        let text = format!("a,b\n{quoted}{quoted}2,\"tail\n");
        let mut blocks = Blocks::of_rows(text.as_bytes(), Spares::default(), b',');
        let mut found = Vec::new();
        while let Some(block) = blocks.next_block().unwrap() {
            found.push((block.is_first, block.first_line, block.text().to_vec()));
        }
        let expected = [
            (true, 1, "a,b\n".to_owned()),
            (false, 2, quoted.clone()),
            (false, 5, format!("{quoted}2,\"tail\n")),
        ];
        let expected = expected.map(|(first, line, text)| (first, line, text.into_bytes()));
        assert!(
            found == expected,
            "{:?}",
            found.iter().map(|b| (b.1, b.2.len())).collect::<Vec<_>>()
        );
    }
}
