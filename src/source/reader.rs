//! Opening, decompressing and cutting files into blocks of whole lines.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use super::cutter::HEAD;
use super::inputs::Input;
pub(crate) use super::packed::Cut;
use super::packed::{self, Sizes};
use super::utf16::{self, Utf16};
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

impl<R: Seek> Seek for Counted<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

fn io_error(input: &Input, source: io::Error) -> SourceError {
    SourceError::Io { file: input.name(), source }
}

/// Bytes that can be read from any place on, as archives must be.
pub(crate) trait ReadSeek: Read + Seek + Send {}

impl<R: Read + Seek + Send> ReadSeek for R {}

/// The bytes of an input as they are; `None` for standard input, which has no places.
pub(crate) fn seekable<'p>(
    input: &'p Input,
    progress: &'p Progress,
) -> Result<Option<Box<dyn ReadSeek + 'p>>, SourceError> {
    match input {
        Input::File(path) => {
            let file = File::open(path).map_err(|e| io_error(input, e))?;
            Ok(Some(Box::new(Counted { inner: file, progress })))
        }
        Input::Bytes { bytes, .. } => Ok(Some(Box::new(Cursor::new(&bytes[..])))),
        Input::Stdin => Ok(None),
    }
}

/// A text or table, with compression and UTF-16 taken off.
pub(crate) struct Opened<'p> {
    pub(crate) stream: Stream<'p>,
    /// What was taken off, from the outside.
    pub(crate) layers: Vec<&'static str>,
    /// Whether it ended early, once it has been read.
    pub(crate) cut: Cut,
}

/// Opens an input.
pub(crate) fn open<'p>(
    input: &'p Input,
    progress: &'p Progress,
) -> Result<Opened<'p>, SourceError> {
    let raw: Stream<'p> = match input {
        Input::File(path) => {
            let file = File::open(path).map_err(|e| io_error(input, e))?;
            Box::new(Counted { inner: file, progress })
        }
        Input::Bytes { bytes, .. } => Box::new(Cursor::new(&bytes[..])),
        Input::Stdin => Box::new(Counted { inner: io::stdin(), progress }),
    };
    opened(raw, None).map_err(|e| io_error(input, e))
}

/// Takes compression and UTF-16 off; `archive` are the sizes of the archive it is a member of.
pub(crate) fn opened<'p>(raw: Stream<'p>, archive: Option<&Sizes>) -> io::Result<Opened<'p>> {
    let cut = Cut::default();
    let raw = match archive {
        Some(sizes) => packed::member(raw, sizes, &cut),
        None => raw,
    };
    let mut layers: Vec<&str> = archive.map(|_| "zip").into_iter().collect();
    let (stream, packed) = packed::unpack(raw, archive, &cut)?;
    layers.extend(packed);
    let (head, mut stream) = peek(stream, 4)?;
    if utf16::is_marked(&head) {
        layers.push("UTF-16");
        stream = Box::new(Utf16::new(stream)?);
    }
    Ok(Opened { stream, layers, cut })
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
    /// An archive of files.
    Zip,
    /// Something that is not read, with its name.
    Unsupported(&'static str),
}

impl Container {
    /// The name used in reports.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::JsonLines => "JSON lines",
            Self::JsonDocument => "JSON document",
            Self::Delimited => "table of text",
            Self::Parquet => "Parquet",
            Self::Sqlite => "SQLite",
            Self::Zip => "zip",
            Self::Unsupported(kind) => kind,
        }
    }
}

/// Tells the container from the head of a file.
pub(crate) fn container(head: &[u8]) -> Container {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    match text {
        // A record may come after much white space.
        [] if u64::try_from(head.len()).is_ok_and(|n| n >= HEAD) => Container::JsonLines,
        [] => Container::Empty,
        [b'P', b'A', b'R', b'1', ..] => Container::Parquet,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Container::Zip,
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
