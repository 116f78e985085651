//! How long a document, a sound or a video in Base64 is.

use std::io::Cursor;

use lofty::config::ParseOptions;
use lofty::file::AudioFile;
use lofty::probe::Probe;

use super::media::{be32, decoded};

/// How much there is of something that is no text and no image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Pages of a PDF.
    Pages(u64),
    /// Sound or video.
    Time {
        /// Its length in milliseconds.
        millis: u64,
        /// Whether something is heard.
        sound: bool,
    },
}

/// A PDF says that it is one within so many bytes.
const PDF_HEAD: usize = 1024;

/// The extent of a PDF, of a sound (WAV, MP3, FLAC, Ogg, AAC, AIFF) or of an MP4, told by its first bytes; `None`:
/// something else, broken, or it does not say.
#[must_use]
pub fn extent(base64: &str) -> Option<Extent> {
    of_bytes(&decoded(base64, usize::MAX))
}

fn of_bytes(bytes: &[u8]) -> Option<Extent> {
    let head = &bytes[..bytes.len().min(PDF_HEAD)];
    if memchr::memmem::find(head, b"%PDF-").is_some() {
        let pages = lopdf::Document::load_metadata_mem(bytes).ok()?.page_count;
        return (pages > 0).then(|| Extent::Pages(u64::from(pages)));
    }
    let (millis, sound) = match bytes.get(4..8)? {
        b"ftyp" => movie(bytes)?,
        _ => (sound(bytes)?, true),
    };
    (millis > 0).then_some(Extent::Time { millis, sound })
}

fn sound(bytes: &[u8]) -> Option<u64> {
    let options = ParseOptions::new().read_tags(false).read_cover_art(false);
    let probe = Probe::new(Cursor::new(bytes)).options(options).guess_file_type().ok()?;
    let length = probe.read().ok()?.properties().duration();
    u64::try_from(length.as_millis()).ok()
}

/// Milliseconds of an MP4, and whether it has a track of sound. One in fragments has no length in its head.
fn movie(bytes: &[u8]) -> Option<(u64, bool)> {
    let movie = child(bytes, *b"moov")?;
    let head = child(movie, *b"mvhd")?;
    let (scale, length) = match head.first()? {
        0 => (be32(head.get(12..16)?)?, u64::from(be32(head.get(16..20)?)?)),
        _ => {
            let long = head.get(24..32)?.try_into().ok().map(u64::from_be_bytes)?;
            (be32(head.get(20..24)?)?, long)
        }
    };
    let millis = u128::from(length) * 1000 / u128::from(scale).max(1);
    let is_heard = |track: &[u8]| {
        let handler = child(track, *b"mdia").and_then(|media| child(media, *b"hdlr"));
        handler.is_some_and(|handler| handler.get(8..12) == Some(b"soun"))
    };
    let mut tracks = boxes(movie).filter(|(name, _)| name == b"trak");
    let unknown = scale == 0 || length >= u64::from(u32::MAX);
    if unknown {
        None
    } else {
        Some((u64::try_from(millis).ok()?, tracks.any(|(_, t)| is_heard(t))))
    }
}

fn child(bytes: &[u8], wanted: [u8; 4]) -> Option<&[u8]> {
    boxes(bytes).find(|(name, _)| *name == wanted).map(|(_, content)| content)
}

/// The boxes of an MP4 that follow each other: name and content.
fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let name: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
        let (head, size) = match be32(bytes.get(..4)?)? {
            0 => (8, bytes.len()),
            1 => {
                let long = bytes.get(8..16)?.try_into().ok().map(u64::from_be_bytes)?;
                (16, usize::try_from(long).ok()?)
            }
            short => (8, usize::try_from(short).ok()?),
        };
        let content = bytes.get(head..size)?;
        bytes = &bytes[size..];
        Some((name, content))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_files_have_an_extent_or_none() {
        let whole = decoded(include_str!("../../tests/data/seven_pages.pdf.b64"), usize::MAX);
        assert_eq!(of_bytes(&whole), Some(Extent::Pages(7)));
        for at in 0..whole.len() {
            assert!(of_bytes(&whole[..at]).is_none_or(|found| found == Extent::Pages(7)));
            for byte in [0, b'9', 0xff] {
                let mut broken = whole.clone();
                broken[at] = byte;
                let found = of_bytes(&broken);
                assert!(found.is_none_or(|found| matches!(found, Extent::Pages(1..))), "{at}");
            }
        }
        // A box that ends behind the file, one that is shorter than its head, and a length without a scale.
        for odd in [
            &b"\0\0\0\x10ftypisom\xff\xff\xff\xffmoov"[..],
            b"\0\0\0\x04ftypmoov",
            b"RIFF\xff\xff\xff\xffWAVE",
        ] {
            assert_eq!(of_bytes(odd), None);
        }
    }
}
