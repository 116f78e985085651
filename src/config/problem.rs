//! Problems of configuration files: all of a run together, each with its place.

use std::fmt;
use std::sync::Arc;

use crate::diagnostic::Location;

/// One thing wrong with a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is.
    pub location: Location,
    /// What is wrong: a lowercase fragment with the value and what was expected.
    pub message: String,
    /// What would put it right, where that is known.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " (hint: {hint})"),
            None => Ok(()),
        }
    }
}

/// Everything wrong with a set of files, in the order of files and lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors {
    /// At least one problem.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigErrors {
    /// One problem a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.problems.iter().enumerate() {
            let newline = if i == 0 { "" } else { "\n" };
            write!(f, "{newline}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// Where a part of a file is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryRef {
    /// The file, as its source names it.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u64,
}

impl EntryRef {
    /// The same place in the form of findings.
    #[must_use]
    pub fn location(&self) -> Location {
        Location { file: self.file.to_string(), line: self.line }
    }
}

impl fmt::Display for EntryRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Collects the problems of one file and turns byte offsets into lines.
#[derive(Debug)]
pub(crate) struct Reporter {
    pub(crate) file: Arc<str>,
    newlines: Vec<usize>,
    pub(crate) problems: Vec<Problem>,
}

impl Reporter {
    pub(crate) fn new(file: &str, text: &str) -> Self {
        let newlines =
            text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i).collect();
        Self { file: file.into(), newlines, problems: Vec::new() }
    }

    /// The place of a byte offset.
    pub(crate) fn place(&self, offset: usize) -> EntryRef {
        let before = self.newlines.partition_point(|newline| *newline < offset);
        EntryRef { file: Arc::clone(&self.file), line: before as u64 + 1 }
    }

    pub(crate) fn problem(&mut self, offset: usize, message: impl Into<String>) {
        self.problem_with(offset, message, None);
    }

    pub(crate) fn problem_with(
        &mut self,
        offset: usize,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        let location = self.place(offset).location();
        self.problems.push(Problem { location, message: message.into(), hint });
    }
}

/// The known word nearest to a mistyped one as a hint, if one is near enough to be meant.
pub(crate) fn did_you_mean<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let limit = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_to_lines() {
        let reporter = Reporter::new("a.toml", "one\ntwo\n\nfour");
        let lines: Vec<u64> =
            [0, 3, 4, 7, 8, 9, 99].iter().map(|o| reporter.place(*o).line).collect();
        assert_eq!(lines, [1, 1, 2, 2, 3, 4, 4]);
    }

    #[test]
    fn suggestions_are_near() {
        let known = ["input_per_mtok", "output_per_mtok"];
        let hint = did_you_mean("inputs_per_mtok", known);
        assert_eq!(hint.as_deref(), Some("did you mean `input_per_mtok`?"));
        assert_eq!(did_you_mean("latency", known), None);
    }
}
