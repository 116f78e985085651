//! Opening, decompressing and cutting files into blocks of whole lines.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};

use super::inputs::Input;
use super::{Progress, SourceError};

/// A stream of decompressed bytes.
pub(crate) type Stream<'p> = Box<dyn Read + Send + 'p>;

/// Counts what is read from disk, before decompression.
struct Counted<'p, R> {
    inner: R,
    progress: &'p Progress,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.progress.advance(read);
        Ok(read)
    }
}

fn io_error(input: &Input, source: io::Error) -> SourceError {
    SourceError::Io { file: input.name(), source }
}

/// Opens an input and takes gzip (also of several members) and zstd off, told by content.
pub(crate) fn open<'p>(input: &Input, progress: &'p Progress) -> Result<Stream<'p>, SourceError> {
    let raw: Stream<'p> = match input {
        Input::File(path) => {
            let file = File::open(path).map_err(|e| io_error(input, e))?;
            Box::new(Counted { inner: file, progress })
        }
        Input::Stdin => Box::new(Counted { inner: io::stdin(), progress }),
    };
    let (head, rest) = peek(raw, 4).map_err(|e| io_error(input, e))?;
    match head.as_slice() {
        [0x1f, 0x8b, ..] => Ok(Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(rest)))),
        [0x28, 0xb5, 0x2f, 0xfd] => {
            let decoder = zstd::stream::read::Decoder::new(rest).map_err(|e| io_error(input, e))?;
            Ok(Box::new(decoder))
        }
        _ => Ok(rest),
    }
}

/// The first bytes of a stream, and the stream with them put back.
pub(crate) fn peek(mut stream: Stream<'_>, count: u64) -> io::Result<(Vec<u8>, Stream<'_>)> {
    let mut head = Vec::new();
    (&mut stream).take(count).read_to_end(&mut head)?;
    Ok((head.clone(), Box::new(Cursor::new(head).chain(stream))))
}

/// The stream without the byte order mark that its first bytes may be.
pub(crate) fn skip_mark<'p>(head: &[u8], mut stream: Stream<'p>) -> io::Result<Stream<'p>> {
    if head.starts_with(b"\xef\xbb\xbf") {
        stream.read_exact(&mut [0; 3])?;
    }
    Ok(stream)
}

/// What a file is, told by its first bytes after decompression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    /// Nothing but white space.
    Empty,
    /// JSON objects, one a line.
    JsonLines,
    /// One JSON document over several lines, or several of them.
    JsonDocument,
    /// A table of text.
    Delimited,
    /// Apache Parquet.
    Parquet,
    /// An SQLite database.
    Sqlite,
    /// Something that is not read, with its name.
    Unsupported(&'static str),
}

/// Tells the container from the head of a file.
pub(crate) fn container(head: &[u8]) -> Container {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    match text {
        [] => Container::Empty,
        [b'P', b'A', b'R', b'1', ..] => Container::Parquet,
        [b'P', b'K', 3, 4, ..] => Container::Unsupported("zip archive (unpack it first)"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            Container::Unsupported("UTF-16 text (save it as UTF-8)")
        }
        _ if text.starts_with(b"SQLite format 3\0") => Container::Sqlite,
        _ if head[..head.len().min(1024)].contains(&0) => Container::Unsupported("binary file"),
        _ => text_container(text),
    }
}

fn text_container(text: &[u8]) -> Container {
    let is_object = |line: &[u8]| super::scan::Object::parse(line).is_ok();
    let lines = text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty());
    // The first line may be cut off by log rotation: any of the first few may prove JSON lines.
    match text[0] {
        b'{' if lines.clone().take(3).any(is_object) || lines.clone().count() == 1 => {
            Container::JsonLines
        }
        b'[' if lines.clone().count() == 1 => Container::JsonLines,
        b'{' | b'[' => Container::JsonDocument,
        _ if lines.take(3).any(is_object) => Container::JsonLines,
        _ => Container::Delimited,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers() {
        let cases: [(&[u8], Container); 9] = [
            (b"", Container::Empty),
            (b" \n", Container::Empty),
            (b"{\"a\":1}\n{\"a\":2}\n", Container::JsonLines),
            (b"cut off\":1}\n{\"a\":2}\n", Container::JsonLines),
            (b"{\n \"a\": 1\n}\n", Container::JsonDocument),
            (b"[\n{\"a\":1}\n]\n", Container::JsonDocument),
            (b"[{\"a\":1}]", Container::JsonLines),
            (b"a,b\n1,2\n", Container::Delimited),
            (b"PAR1....", Container::Parquet),
        ];
        for (head, expected) in cases {
            assert_eq!(container(head), expected, "{}", String::from_utf8_lossy(head));
        }
    }
}
