//! Taking compression off: gzip, zstd and the members of archives, told by content. What unpacks
//! to far more than it is, is refused; what ends early is read as far as it goes.

use std::fmt;
use std::io::{self, BufReader, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::reader::{Stream, peek};

/// Unpacked bytes that are never too many, whatever they were packed into.
pub(crate) const ALWAYS_FINE: u64 = 64 << 20;
/// Beyond [`ALWAYS_FINE`], a file may unpack to this many times its size. Logs reach 10 to 60.
pub(crate) const MOST_TIMES: u64 = 250;
/// What one file may unpack to.
pub(crate) const MOST_UNPACKED: u64 = 1 << 40;

/// Why unpacking was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bomb {
    /// Out of proportion.
    Times,
    /// Too much.
    Bytes,
}

impl fmt::Display for Bomb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Times => write!(
                f,
                "it unpacks to more than {} MiB and {MOST_TIMES} times its size",
                ALWAYS_FINE >> 20
            ),
            Self::Bytes => write!(f, "it unpacks to more than {} GiB", MOST_UNPACKED >> 30),
        }
    }
}

impl std::error::Error for Bomb {}

/// True if an error is that of unpacking too much.
pub(crate) fn is_bomb(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Bomb>())
}

/// Packed bytes that were read, and unpacked ones that came of them; shared by the layers of a
/// file and the members of an archive.
#[derive(Debug, Clone)]
pub(crate) struct Sizes {
    packed: Arc<AtomicU64>,
    unpacked: Arc<AtomicU64>,
    /// What is never too much.
    fine: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { packed: Arc::default(), unpacked: Arc::default(), fine: ALWAYS_FINE }
    }
}

impl Sizes {
    /// Of an archive of this size.
    pub(crate) fn of_archive(size: u64) -> Self {
        let sizes = Self::default();
        sizes.packed.store(size, Ordering::Relaxed);
        sizes
    }

    fn check(&self, more: usize) -> io::Result<()> {
        let more = u64::try_from(more).unwrap_or(u64::MAX);
        let before = self.unpacked.fetch_add(more, Ordering::Relaxed);
        let unpacked = before.saturating_add(more);
        let packed = self.packed.load(Ordering::Relaxed);
        if unpacked > MOST_UNPACKED {
            return Err(io::Error::other(Bomb::Bytes));
        }
        if unpacked > self.fine && unpacked / MOST_TIMES > packed {
            return Err(io::Error::other(Bomb::Times));
        }
        Ok(())
    }
}

/// Counts packed bytes.
struct Packed<R> {
    inner: R,
    sizes: Sizes,
}

impl<R: Read> Read for Packed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.sizes.packed.fetch_add(u64::try_from(read).unwrap_or(0), Ordering::Relaxed);
        Ok(read)
    }
}

/// Whether a file ended early, known once it has been read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cut(Arc<OnceLock<String>>);

impl Cut {
    /// What the decompressor said, if it did not come to the end.
    pub(crate) fn reason(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// Unpacked bytes: no more than is in proportion, and an early end is an end.
struct Unpacked<R> {
    inner: R,
    sizes: Sizes,
    cut: Cut,
    ended: bool,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ended {
            return Ok(0);
        }
        match self.inner.read(buffer) {
            Ok(read) => self.sizes.check(read).map(|()| read),
            // What the system or an inner layer refuses is no matter of the packed bytes.
            Err(error) if error.raw_os_error().is_some() || is_bomb(&error) => Err(error),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.ended = true;
                let _ = self.cut.0.set(error.to_string());
                Ok(0)
            }
        }
    }
}

/// The stream of a member of an archive.
pub(crate) fn member<'p>(stream: impl Read + Send + 'p, sizes: &Sizes, cut: &Cut) -> Stream<'p> {
    let (sizes, cut) = (sizes.clone(), cut.clone());
    Box::new(Unpacked { inner: stream, sizes, cut, ended: false })
}

/// Takes off one layer of gzip (also of several members) or zstd, and says which. For a member of
/// an archive, `sizes` are those of the archive.
pub(crate) fn unpack<'p>(
    stream: Stream<'p>,
    archive: Option<&Sizes>,
    cut: &Cut,
) -> io::Result<(Stream<'p>, Option<&'static str>)> {
    let (head, rest) = peek(stream, 4)?;
    let sizes = archive.cloned().unwrap_or_default();
    let counted = |rest: Stream<'p>| -> Stream<'p> {
        match archive {
            Some(_) => rest,
            None => Box::new(Packed { inner: rest, sizes: sizes.clone() }),
        }
    };
    let (unpacked, name): (Stream<'p>, _) = match head.as_slice() {
        [0x1f, 0x8b, ..] => {
            let packed = BufReader::new(counted(rest));
            (Box::new(flate2::read::MultiGzDecoder::new(packed)), "gzip")
        }
        [0x28, 0xb5, 0x2f, 0xfd] => {
            (Box::new(zstd::stream::read::Decoder::new(counted(rest))?), "zstd")
        }
        _ => return Ok((rest, None)),
    };
    Ok((member(unpacked, &sizes, cut), Some(name)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(packed: Vec<u8>) -> (io::Result<usize>, Vec<u8>, Cut) {
        let cut = Cut::default();
        let (mut stream, _) = unpack(Box::new(io::Cursor::new(packed)), None, &cut).unwrap();
        let mut text = Vec::new();
        let result = stream.read_to_end(&mut text);
        (result, text, cut)
    }

    #[test]
    fn what_unpacks_out_of_proportion_is_refused() {
        // gzip packs zeros 1,000 to 1: 64 MiB of them are fine, one block more is not.
        let zeros = vec![0; usize::try_from(ALWAYS_FINE).unwrap()];
        assert_eq!(read(gz(&zeros)).0.unwrap(), zeros.len());
        let more = vec![0; zeros.len() + (1 << 20)];
        for bomb in [gz(&more), zstd::encode_all(&more[..], 3).unwrap()] {
            let error = read(bomb).0.unwrap_err();
            assert!(is_bomb(&error), "{error}");
            assert_eq!(error.to_string(), "it unpacks to more than 64 MiB and 250 times its size");
        }
    }

    #[test]
    fn an_early_end_is_an_end_and_known() {
        let text: Vec<u8> = (0..20_000_u32).flat_map(|n| n.to_string().into_bytes()).collect();
        for packed in [gz(&text), zstd::encode_all(&text[..], 3).unwrap()] {
            let (result, whole, cut) = read(packed.clone());
            assert_eq!((result.unwrap(), cut.reason()), (text.len(), None));
            assert_eq!(whole, text);
            let (result, part, cut) = read(packed[..packed.len() - 5].to_vec());
            assert!(result.is_ok() && text.starts_with(&part));
            assert!(cut.reason().is_some());
        }
        let half = gz(&text);
        let (_, part, _) = read(half[..half.len() / 2].to_vec());
        assert!(part.len() > 1_000, "{}", part.len());
    }

    #[test]
    fn members_of_gzip_follow_each_other() {
        let both = [gz(b"one\n"), gz(b"two\n")].concat();
        let (result, text, cut) = read(both);
        assert_eq!((result.unwrap(), text.as_slice()), (8, &b"one\ntwo\n"[..]));
        assert_eq!(cut.reason(), None);
    }
}
