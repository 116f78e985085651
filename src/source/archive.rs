//! Zip archives, as consoles hand out exports: every member is an input of its own.

use std::io::{self, BufReader, SeekFrom};

use zip::ZipArchive;

use super::Progress;
use super::SourceError;
use super::inputs::Input;
use super::packed::{self, Sizes};
use super::reader::{self, Opened, ReadSeek};

/// What stands in an archive.
pub(super) enum Member<'m> {
    /// A file, under the name `ARCHIVE:MEMBER`.
    File(String, Opened<'m>),
    /// A file that cannot be read, with the reason.
    Unreadable(String, String),
    /// The archive itself cannot be read, with the reason.
    Broken(String, String),
}

/// Hands on the members of an archive in their order.
pub(super) fn each_member(
    input: &Input,
    progress: &Progress,
    mut each: impl FnMut(Member<'_>) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let failed = |source| SourceError::Io { file: input.name(), source };
    let Some(mut file) = reader::seekable(input, progress)? else {
        let kind = "zip archive (read it from a file)";
        return Err(SourceError::Unsupported { file: input.name(), kind });
    };
    let size = size(&mut *file).map_err(failed)?;
    let mut archive = match ZipArchive::new(BufReader::new(file)) {
        Ok(archive) => archive,
        Err(error) => return each(Member::Broken(input.name(), error.to_string())),
    };
    let sizes = Sizes::of_archive(size);
    for at in 0..archive.len() {
        let member = match archive.by_index(at) {
            Ok(member) => member,
            Err(error) => {
                let name = format!("{}:{}", input.name(), at + 1);
                each(Member::Unreadable(name, error.to_string()))?;
                continue;
            }
        };
        let inner = member.name().unwrap_or_default();
        if member.is_dir() || is_litter(&inner) {
            continue;
        }
        let name = format!("{}:{}", input.name(), printable(&inner));
        match reader::opened(Box::new(member), Some(&sizes)) {
            Ok(opened) => each(Member::File(name, opened))?,
            Err(error) if packed::is_bomb(&error) => {
                return Err(SourceError::Io { file: name, source: error });
            }
            Err(error) => each(Member::Unreadable(name, error.to_string()))?,
        }
    }
    Ok(())
}

fn size(file: &mut dyn ReadSeek) -> io::Result<u64> {
    let size = file.seek(SeekFrom::End(0))?;
    file.rewind()?;
    Ok(size)
}

/// What file managers leave in archives.
fn is_litter(name: &str) -> bool {
    let mut parts = name.rsplit(['/', '\\']);
    let file = parts.next().unwrap_or_default();
    file.starts_with('.') || parts.any(|folder| folder == "__MACOSX")
}

/// Names of members come from outside: control characters must not reach a terminal.
fn printable(name: &str) -> String {
    name.chars().take(300).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
