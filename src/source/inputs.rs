//! Inputs as users name them: files, folders, patterns and standard input.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::SourceError;

/// One file to read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

impl Input {
    /// The name shown in messages.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Stdin => "-".to_owned(),
        }
    }

    /// What tells it from any other file: its path without links.
    #[must_use]
    pub fn identity(&self) -> Option<PathBuf> {
        match self {
            Self::File(path) => Some(path.canonicalize().unwrap_or_else(|_| path.clone())),
            Self::Stdin => None,
        }
    }

    /// Size in bytes, where known.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        match self {
            Self::File(path) => path.metadata().ok().map(|m| m.len()),
            Self::Stdin => None,
        }
    }
}

/// Endings of files that a folder may hold beside logs are not read; these are.
const LOG_ENDINGS: [&str; 11] =
    ["jsonl", "ndjson", "json", "log", "csv", "tsv", "parquet", "pq", "gz", "zst", "zstd"];

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
        // Bedrock's batch output ends in `.jsonl.out`.
        let path = entry.path();
        let ends_in_out = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("out"));
        let stem = path.file_stem().map(Path::new).filter(|_| ends_in_out);
        let ending =
            stem.unwrap_or(path).extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
        if entry.file_type().is_file() && ending.is_some_and(|e| endings.contains(&e.as_str())) {
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
