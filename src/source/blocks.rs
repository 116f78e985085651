//! Cutting a stream into blocks of whole lines, in memory that is used again and again.

use std::io::{self, Read};
use std::sync::{Arc, Mutex};

/// Bytes of a block of lines. Lines longer than this grow the block up to [`LONGEST_LINE`].
const BLOCK: usize = 1 << 18;
/// A longer line is skipped and counted: usage logs with whole prompts stay far below.
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

/// A block of whole lines; the last line of a file may lack its newline.
#[derive(Debug)]
pub(crate) struct Block {
    /// Number of the first line, from 1.
    pub(crate) first_line: u64,
    /// True if the file ends in this block without a newline.
    pub(crate) unterminated: bool,
    /// Set if the line at `first_line` was too long and was left out.
    pub(crate) too_long: bool,
    bytes: Vec<u8>,
    len: usize,
}

impl Block {
    /// Its lines.
    pub(crate) fn text(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Cuts a stream into blocks of whole lines, holding one block at a time.
pub(crate) struct Blocks<R> {
    stream: R,
    spares: Spares,
    carry: Vec<u8>,
    next_line: u64,
    ended: bool,
}

impl<R: Read> Blocks<R> {
    pub(crate) fn new(stream: R, spares: Spares) -> Self {
        Self { stream, spares, carry: Vec::new(), next_line: 1, ended: false }
    }

    /// The next block, or `None` at the end.
    pub(crate) fn next_block(&mut self) -> io::Result<Option<Block>> {
        let mut bytes = self.spares.take();
        let mut len = self.carry.len();
        if bytes.len() < len + BLOCK {
            bytes.resize(len + BLOCK, 0);
        }
        bytes[..len].copy_from_slice(&self.carry);
        let end = loop {
            let before = len;
            len = self.fill(&mut bytes, len)?;
            if self.ended {
                break len;
            }
            if let Some(at) = memchr::memrchr(b'\n', &bytes[before..len]) {
                break before + at + 1;
            }
            if len > LONGEST_LINE {
                return self.skip_line().map(Some);
            }
            bytes.resize(len * 2, 0);
        };
        if len == 0 {
            return Ok(None);
        }
        self.carry.clear();
        self.carry.extend_from_slice(&bytes[end..len]);
        let first_line = self.next_line;
        let lines = memchr::memchr_iter(b'\n', &bytes[..end]).count();
        self.next_line += u64::try_from(lines).unwrap_or(0);
        let unterminated = self.ended && bytes[..end].last() != Some(&b'\n');
        Ok(Some(Block { first_line, unterminated, too_long: false, bytes, len: end }))
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

    /// Reads on to the end of an over-long line without keeping it.
    fn skip_line(&mut self) -> io::Result<Block> {
        let mut buffer = vec![0; BLOCK];
        self.carry.clear();
        loop {
            let read = self.stream.read(&mut buffer)?;
            if read == 0 {
                self.ended = true;
                break;
            }
            if let Some(at) = memchr::memchr(b'\n', &buffer[..read]) {
                self.carry.extend_from_slice(&buffer[at + 1..read]);
                break;
            }
        }
        let first_line = self.next_line;
        self.next_line += 1;
        Ok(Block { first_line, unterminated: false, too_long: true, bytes: Vec::new(), len: 0 })
    }
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
}
