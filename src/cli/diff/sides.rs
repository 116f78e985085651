//! Two folders, or two files.

use std::path::Path;

use anyhow::{Context, anyhow};

use crate::cli::error::Failure;
use crate::corpus;
use crate::prompt_diff::{Pair, PromptFile, pair};
use crate::report::prompt_diff::Origin;
use crate::source::{Input, SourceError};

/// One side.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) origin: Origin,
    pub(super) files: Vec<PromptFile>,
}

/// Both sides, paired.
#[derive(Debug)]
pub(super) struct Sides {
    pub(super) before: Origin,
    pub(super) after: Origin,
    pub(super) pairs: Vec<Pair>,
}

/// Two folders, or two files.
pub(super) fn read(before: &str, after: &str) -> Result<Sides, Failure> {
    let kind = |name: &str| match Path::new(name) {
        path if path.is_dir() => Ok(true),
        path if path.exists() => Ok(false),
        _ => Err(SourceError::NotFound(name.to_owned())),
    };
    let origin = |name: &str| Origin { name: name.to_owned(), commit: None };
    let pairs = match (kind(before)?, kind(after)?) {
        (true, true) => pair(folder(before)?, folder(after)?),
        (false, false) => vec![Pair::of(file(before)?, file(after)?)],
        (is_folder, _) => {
            let (folder, file) = if is_folder { (before, after) } else { (after, before) };
            let error = anyhow!("`{folder}` is a folder and `{file}` is a file");
            return Err(Failure::with_hint(error, "name two folders, or two files"));
        }
    };
    Ok(Sides { before: origin(before), after: origin(after), pairs })
}

/// The prompt files of a folder, which may hold none.
fn folder(name: &str) -> Result<Vec<PromptFile>, Failure> {
    let inputs = match corpus::expand(&[name.to_owned()]) {
        Err(SourceError::EmptyFolder(_)) => Vec::new(),
        found => found?,
    };
    let mut files = Vec::with_capacity(inputs.len());
    for input in inputs {
        let Input::File(path) = input else { continue };
        let own = path.strip_prefix(name).unwrap_or(&path);
        let parts: Vec<_> = own.iter().map(|part| part.to_string_lossy()).collect();
        files.push(PromptFile { path: parts.join("/"), ..one(&path)? });
    }
    Ok(files)
}

/// A file that the user named, by its own name.
fn file(name: &str) -> Result<PromptFile, Failure> {
    let path = Path::new(name);
    let own = path.file_name().map_or_else(|| name.into(), |own| own.to_string_lossy());
    Ok(PromptFile { path: own.into_owned(), ..one(path)? })
}

fn one(path: &Path) -> Result<PromptFile, Failure> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).with_context(|| format!("failed to read `{name}`"))?;
    Ok(PromptFile { path: String::new(), name, bytes: bytes.into() })
}
