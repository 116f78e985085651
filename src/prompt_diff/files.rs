//! The files of two sides, paired: by path, else by content.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::corpus;

/// A file of one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptFile {
    /// Its path below the folder that is compared, with `/`.
    pub path: String,
    /// What stands for it in messages.
    pub name: String,
    /// Its content.
    pub bytes: Arc<[u8]>,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Only the later side has it.
    Added,
    /// Only the earlier side has it.
    Removed,
    /// Both have it, with other content.
    Changed,
    /// It has another path, and the same content or most of it.
    Renamed,
    /// Both have it as it was.
    Unchanged,
}

impl Status {
    /// All of them, in the order of summaries.
    pub const ALL: [Self; 5] =
        [Self::Added, Self::Removed, Self::Changed, Self::Renamed, Self::Unchanged];

    /// Its name in output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Renamed => "renamed",
            Self::Unchanged => "unchanged",
        }
    }
}

/// A file on both sides, or on one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// What became of it.
    pub status: Status,
    /// As it was.
    pub before: Option<PromptFile>,
    /// As it is.
    pub after: Option<PromptFile>,
}

impl Pair {
    /// Two files that the user named, whatever their paths are.
    #[must_use]
    pub fn of(before: PromptFile, after: PromptFile) -> Self {
        let status = if before.bytes == after.bytes { Status::Unchanged } else { Status::Changed };
        Self { status, before: Some(before), after: Some(after) }
    }

    /// Where it is, or was before it was removed.
    #[must_use]
    pub fn path(&self) -> &str {
        let file = self.after.as_ref().or(self.before.as_ref());
        file.map_or("", |file| &file.path)
    }

    /// Where it was before it was renamed.
    #[must_use]
    pub fn old_path(&self) -> Option<&str> {
        let before = self.before.as_ref().filter(|_| self.status == Status::Renamed)?;
        Some(&before.path)
    }

    /// True if both sides have the same bytes.
    #[must_use]
    pub fn is_same(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => before.bytes == after.bytes,
            _ => false,
        }
    }
}

/// More pairs than this are not compared line by line to find renamed files.
const MOST_COMPARED: usize = 20_000;

/// The files of two sides, sorted by path. A file that went and one that came with the same content are one that was renamed;
/// so are those of which half of the larger one is the same lines.
#[must_use]
pub fn pair(before: Vec<PromptFile>, after: Vec<PromptFile>) -> Vec<Pair> {
    let mut left: BTreeMap<String, PromptFile> =
        before.into_iter().map(|file| (file.path.clone(), file)).collect();
    let mut pairs = Vec::new();
    let mut came = Vec::new();
    for file in after {
        match left.remove(&file.path) {
            Some(old) => pairs.push(Pair::of(old, file)),
            None => came.push(Some(file)),
        }
    }
    let mut went: Vec<Option<PromptFile>> = left.into_values().map(Some).collect();
    for (old, new) in renamed(&went, &came) {
        let (before, after) = (went[old].take(), came[new].take());
        pairs.push(Pair { status: Status::Renamed, before, after });
    }
    let removed = went.into_iter().flatten();
    pairs.extend(removed.map(|old| Pair {
        status: Status::Removed,
        before: Some(old),
        after: None,
    }));
    let added = came.into_iter().flatten();
    pairs.extend(added.map(|new| Pair { status: Status::Added, before: None, after: Some(new) }));
    pairs.sort_by(|a, b| a.path().cmp(b.path()));
    pairs
}

/// Which file that went is which one that came: the most alike first.
fn renamed(went: &[Option<PromptFile>], came: &[Option<PromptFile>]) -> Vec<(usize, usize)> {
    let by_lines = went.len().saturating_mul(came.len()) <= MOST_COMPARED;
    let mut alike = Vec::new();
    for (old, before) in went.iter().enumerate() {
        for (new, after) in came.iter().enumerate() {
            let (Some(before), Some(after)) = (before, after) else { continue };
            let size = before.bytes.len().max(after.bytes.len());
            let common = if before.bytes == after.bytes {
                size
            } else if by_lines {
                before.bytes.len() - unshared(&before.bytes, &after.bytes).len()
            } else {
                0
            };
            if size > 0 && common * 2 >= size {
                // In thousandths, the most alike first, then by their order.
                alike.push((1000 - common.min(size) * 1000 / size, old, new));
            }
        }
    }
    alike.sort_unstable();
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (_, old, new) in alike {
        if found.iter().all(|(o, n)| *o != old && *n != new) {
            found.push((old, new));
        }
    }
    found
}

/// What one side of a file has that the other has not: lines of text, or prompts where each is a line. All of it where that
/// cannot be told: of documents and packed files.
#[must_use]
pub fn rest(own: &PromptFile, other: &PromptFile) -> PromptFile {
    let by_lines = corpus::is_by_lines(Path::new(&own.path));
    let both = by_lines && corpus::is_by_lines(Path::new(&other.path));
    let bytes = if both { unshared(&own.bytes, &other.bytes).into() } else { own.bytes.clone() };
    PromptFile { bytes, ..own.clone() }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n')
}

/// A line without its end, which the last one may lack.
fn text(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The lines that the other text has not, or has less often.
fn unshared(own: &[u8], other: &[u8]) -> Vec<u8> {
    let mut known: BTreeMap<&[u8], usize> = BTreeMap::new();
    for line in lines(other) {
        *known.entry(text(line)).or_default() += 1;
    }
    let mut rest = Vec::new();
    for line in lines(own) {
        match known.get_mut(text(line)) {
            Some(times) if *times > 0 => *times -= 1,
            _ => rest.extend_from_slice(line),
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> PromptFile {
        PromptFile { path: path.to_owned(), name: path.to_owned(), bytes: text.as_bytes().into() }
    }

    fn told(before: &[(&str, &str)], after: &[(&str, &str)]) -> Vec<String> {
        let files = |side: &[(&str, &str)]| side.iter().map(|(p, t)| file(p, t)).collect();
        let shown = |pair: &Pair| {
            let from = pair.old_path().map_or_else(String::new, |old| format!(" from {old}"));
            format!("{} {}{from}", pair.path(), pair.status.name())
        };
        pair(files(before), files(after)).iter().map(shown).collect()
    }

    #[test]
    fn files_are_paired_by_path_then_by_content() {
        let before = [("a", "1"), ("b", "2"), ("c", "3"), ("gone", "4"), ("old", "5")];
        let after = [("a", "1"), ("b", "x"), ("new", "5"), ("c", "3"), ("came", "6")];
        let expected = [
            "a unchanged",
            "b changed",
            "c unchanged",
            "came added",
            "gone removed",
            "new renamed from old",
        ];
        assert_eq!(told(&before, &after), expected);
    }

    #[test]
    fn half_of_the_lines_make_a_rename_and_the_most_alike_wins() {
        let found = told(
            &[("a", "one\ntwo\nsix\n"), ("b", "ten\n")],
            &[("x", "one\ntwo\nten\n"), ("y", "one\ntwo\nsix\nsix\n")],
        );
        // `a` is three of four lines of `y` and two of three of `x`; `ten` is a third of `x`.
        assert_eq!(found, ["b removed", "x added", "y renamed from a"]);
        assert_eq!(told(&[("a", "")], &[("b", "")]), ["a removed", "b added"]);
    }

    #[test]
    fn a_rest_is_what_the_other_side_has_not() {
        let one = file("p.md", "same\nold\nsame\nlast");
        let two = file("p.md", "last\r\nnew\nsame\n");
        assert_eq!(&*rest(&one, &two).bytes, b"old\nsame\n");
        assert_eq!(&*rest(&two, &one).bytes, b"new\n");
        let document = file("p.json", "same\n");
        assert_eq!(&*rest(&document, &one).bytes, b"same\n");
    }
}
