//! UTF-16 with a byte order mark, as spreadsheets save it, read as UTF-8.

use std::io::{self, Read};

/// Bytes read at a time.
const CHUNK: usize = 16 << 10;

/// Reads UTF-16 and gives UTF-8; what is no text becomes U+FFFD.
pub(crate) struct Utf16<R> {
    inner: R,
    little: bool,
    /// Bytes of a unit, or a unit of a pair, that wait for the rest.
    carry: Vec<u8>,
    ready: Vec<u8>,
    given: usize,
    ended: bool,
}

/// True if a file begins with a mark of UTF-16; false for UTF-32, which is not read.
pub(crate) fn is_marked(head: &[u8]) -> bool {
    match head {
        [0xff, 0xfe, 0, 0, ..] => false,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        _ => false,
    }
}

impl<R: Read> Utf16<R> {
    /// Of a stream that begins with the mark.
    pub(crate) fn new(mut inner: R) -> io::Result<Self> {
        let mut mark = [0; 2];
        inner.read_exact(&mut mark)?;
        let little = mark == [0xff, 0xfe];
        Ok(Self { inner, little, carry: Vec::new(), ready: Vec::new(), given: 0, ended: false })
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut bytes = std::mem::take(&mut self.carry);
        let before = bytes.len();
        bytes.resize(before + CHUNK, 0);
        let read = loop {
            match self.inner.read(&mut bytes[before..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        bytes.truncate(before + *read.as_ref().unwrap_or(&0));
        self.ended = matches!(read, Ok(0));
        if let Err(error) = read {
            self.carry = bytes;
            return Err(error);
        }
        let mut units: Vec<u16> = bytes
            .chunks_exact(2)
            .map(|pair| {
                let pair = [pair[0], pair[1]];
                if self.little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
            })
            .collect();
        let mut whole = units.len() * 2;
        if !self.ended && units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) {
            units.pop();
            whole -= 2;
        }
        self.carry = if self.ended { Vec::new() } else { bytes[whole..].to_vec() };
        self.ready.clear();
        self.given = 0;
        let mut text = [0; 4];
        for character in char::decode_utf16(units) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            self.ready.extend_from_slice(character.encode_utf8(&mut text).as_bytes());
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() {
            if self.ended {
                return Ok(0);
            }
            self.fill()?;
        }
        let count = buffer.len().min(self.ready.len() - self.given);
        buffer[..count].copy_from_slice(&self.ready[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            buffer[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn encoded(text: &str, little: bool) -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(|u| if little { u.to_le_bytes() } else { u.to_be_bytes() }).collect()
    }

    fn decoded(bytes: &[u8]) -> String {
        let mut text = String::new();
        Utf16::new(Slow(bytes)).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn both_orders_and_pairs() {
        let text = "a\u{e9}\u{20ac}\u{1f600}z\r\n".repeat(9_000);
        for little in [true, false] {
            let bytes = encoded(&text, little);
            assert!(is_marked(&bytes));
            assert_eq!(decoded(&bytes), text);
            let mut at_once = String::new();
            Utf16::new(&bytes[..]).unwrap().read_to_string(&mut at_once).unwrap();
            assert_eq!(at_once, text);
        }
    }

    #[test]
    fn what_is_no_text_is_replaced() {
        // A low surrogate alone, a high one at the end, and half a unit.
        let bytes = [0xff, 0xfe, 0x00, 0xdc, b'x', 0, 0x00, 0xd8];
        assert_eq!(decoded(&bytes), "\u{fffd}x\u{fffd}");
        assert_eq!(decoded(&[0xff, 0xfe, b'a', 0, b'b']), "a");
        assert!(!is_marked(&[0xff, 0xfe, 0, 0]));
    }
}
