//! What was read, shown in every report.

use serde::Serialize;

use super::format::counted;
use crate::diagnostic::{Diagnostic, Severity};
use crate::forecast::{MODEL_NAME, MODEL_VERSION};

/// What a forecast is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Usage, priced day by day.
    Usage,
    /// Daily costs as they stand.
    Costs,
}

impl Source {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Costs => "daily costs",
        }
    }
}

/// Which forecaster made the figures, and with what.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Model {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) seed: u64,
    pub(super) paths: usize,
}

impl Model {
    pub(super) fn new(seed: u64, paths: usize) -> Self {
        Self { name: MODEL_NAME, version: MODEL_VERSION, seed, paths }
    }
}

/// The findings that a report holds: those that are not allowed.
pub(super) fn shown_findings(findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    findings.into_iter().filter(|d| d.severity > Severity::Allow).collect()
}

/// Counts of what was read and what was left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct InputFacts {
    /// Files read.
    pub files: u64,
    /// Usage records counted.
    pub records: u64,
    /// Lines and rows that should be usage but gave no record.
    pub skipped: u64,
    /// Copies of records that were counted once.
    pub duplicates: u64,
    /// Records outside of `--since` and `--until`.
    pub outside: u64,
}

impl InputFacts {
    /// One line for people.
    #[must_use]
    pub fn sentence(&self) -> String {
        let (records, files) = (counted(self.records, "record"), counted(self.files, "file"));
        let mut text = format!("{records} from {files}");
        let left_out = [
            (self.duplicates, "copy left out", "copies left out"),
            (self.skipped, "line skipped", "lines skipped"),
            (self.outside, "record outside the dates", "records outside the dates"),
        ];
        for (n, one, many) in left_out.into_iter().filter(|(n, _, _)| *n > 0) {
            text.push_str(&format!(
                ", {} {}",
                super::format::grouped(n),
                if n == 1 { one } else { many }
            ));
        }
        text
    }
}
