//! Inputs as users name them: files, folders, patterns and standard input.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;

use super::SourceError;

/// One file to read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// A file.
    File(PathBuf),
    /// Bytes in memory.
    Bytes {
        /// What stands for them in messages.
        name: String,
        /// The content of a file.
        bytes: Arc<[u8]>,
    },
    /// Standard input.
    Stdin,
}

impl Input {
    /// The name shown in messages.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Bytes { name, .. } => name.clone(),
            Self::Stdin => "-".to_owned(),
        }
    }

    /// What tells it from any other file: its path without links.
    #[must_use]
    pub fn identity(&self) -> Option<PathBuf> {
        match self {
            Self::File(path) => Some(path.canonicalize().unwrap_or_else(|_| path.clone())),
            Self::Bytes { .. } | Self::Stdin => None,
        }
    }

    /// Size in bytes, where known.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        match self {
            Self::File(path) => path.metadata().ok().map(|m| m.len()),
            Self::Bytes { bytes, .. } => u64::try_from(bytes.len()).ok(),
            Self::Stdin => None,
        }
    }
}

/// Endings of files that a folder may hold beside logs are not read; these are.
const LOG_ENDINGS: [&str; 15] = [
    "jsonl", "ndjson", "json", "log", "csv", "tsv", "parquet", "pq", "gz", "zst", "zstd", "zip",
    "db", "sqlite", "sqlite3",
];

/// True if a folder's file of this name is read. Batch services put `.out` behind the name.
pub(crate) fn may_be(path: &Path, endings: &[&str]) -> bool {
    let ending = |path: &Path| {
        path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase).unwrap_or_default()
    };
    match ending(path).as_str() {
        "out" => ["jsonl", "json"].contains(&ending(&path.with_extension("")).as_str()),
        other => endings.contains(&other),
    }
}

/// True for a `.db` of another program than SQLite; a file that the user names is read all the same.
fn is_foreign(path: &Path) -> bool {
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    if !ending.eq_ignore_ascii_case("db") {
        return false;
    }
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(16).read_to_end(&mut head));
    read.is_ok() && head != b"SQLite format 3\0"
}

/// The files that the arguments stand for, sorted and each once.
///
/// # Errors
/// [`SourceError`] for a name or pattern that stands for nothing.
pub fn expand(arguments: &[String]) -> Result<Vec<Input>, SourceError> {
    expand_to(arguments, &LOG_ENDINGS)
}

/// As [`expand`], with other endings of the files that folders are read for.
///
/// # Errors
/// As of [`expand`].
pub(crate) fn expand_to(arguments: &[String], endings: &[&str]) -> Result<Vec<Input>, SourceError> {
    let mut inputs = Vec::new();
    for argument in arguments {
        let path = Path::new(argument);
        if argument == "-" {
            inputs.push(Input::Stdin);
        } else if path.is_dir() {
            inputs.extend(folder(argument, path, endings)?);
        } else if path.exists() {
            inputs.push(Input::File(path.to_owned()));
        } else if argument.contains(['*', '?', '[']) {
            inputs.extend(pattern(argument)?);
        } else {
            return Err(SourceError::NotFound(argument.clone()));
        }
    }
    inputs.sort();
    // A file under two names is one file: links must not count usage twice.
    let mut seen = BTreeSet::new();
    inputs.retain(|input| seen.insert(input.identity()));
    Ok(inputs)
}

fn folder(argument: &str, path: &Path, endings: &[&str]) -> Result<Vec<Input>, SourceError> {
    let hidden = |name: &std::ffi::OsStr| name.to_str().is_some_and(|n| n.starts_with('.'));
    let walk = WalkDir::new(path).follow_links(true).into_iter();
    let mut found = Vec::new();
    for entry in walk.filter_entry(|e| e.depth() == 0 || !hidden(e.file_name())) {
        // A link to a folder above leads nowhere new.
        if entry.as_ref().is_err_and(|error| error.loop_ancestor().is_some()) {
            continue;
        }
        let entry = entry.map_err(|error| SourceError::Io {
            file: error.path().unwrap_or(path).display().to_string(),
            source: error.into(),
        })?;
        if entry.file_type().is_file() && may_be(entry.path(), endings) && !is_foreign(entry.path())
        {
            found.push(Input::File(entry.into_path()));
        }
    }
    if found.is_empty() { Err(SourceError::EmptyFolder(argument.to_owned())) } else { Ok(found) }
}

fn pattern(argument: &str) -> Result<Vec<Input>, SourceError> {
    let paths = glob::glob(argument).map_err(|e| SourceError::BadPattern {
        pattern: argument.to_owned(),
        reason: e.msg.to_owned(),
    })?;
    let mut found = Vec::new();
    for path in paths {
        let path = path.map_err(|e| SourceError::Io {
            file: e.path().display().to_string(),
            source: e.into(),
        })?;
        if path.is_file() {
            found.push(Input::File(path));
        }
    }
    if found.is_empty() { Err(SourceError::NotFound(argument.to_owned())) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_logs() {
        let logs = ["a.jsonl", "b.JSON.gz", "opencode.db", "x.zip", "in.jsonl.out", "s.sqlite3"];
        assert!(logs.iter().all(|name| may_be(Path::new(name), &LOG_ENDINGS)));
        let others = ["a.txt", "opencode.db-wal", "run.out", "README.md", "jsonl"];
        assert!(others.iter().all(|name| !may_be(Path::new(name), &LOG_ENDINGS)));
    }
}
