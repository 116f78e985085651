//! The `prices validate` report: what looks wrong in price books.

use serde::Serialize;

use super::{Align, Grid};
use crate::price_book::review::{Finding, Level};

/// The name of the JSON form of `prices validate`.
pub const VALIDATE_SCHEMA: &str = "tokencast.prices-validate.v1";

/// What was looked at, and what was found.
#[derive(Debug, Serialize)]
pub struct PriceReview {
    schema: &'static str,
    checked: Checked,
    errors: usize,
    warnings: usize,
    notes: usize,
    findings: Vec<ShownFinding>,
}

/// What was looked at.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Checked {
    /// Price files.
    pub files: usize,
    /// Models.
    pub models: usize,
    /// Price entries.
    pub entries: usize,
    /// The day that tables are compared with.
    pub on: Option<String>,
}

#[derive(Debug, Serialize)]
struct ShownFinding {
    kind: &'static str,
    level: &'static str,
    location: String,
    message: String,
}

impl PriceReview {
    /// From the findings; `strict` makes warnings errors.
    #[must_use]
    pub fn new(findings: &[Finding], checked: Checked, strict: bool) -> Self {
        let shown = |f: &Finding| ShownFinding {
            kind: f.kind.name(),
            level: match f.kind.level() {
                Level::Error => "error",
                Level::Warning if strict => "error",
                Level::Warning => "warning",
                Level::Note => "note",
            },
            location: f.location.to_string(),
            message: f.message.clone(),
        };
        let findings: Vec<ShownFinding> = findings.iter().map(shown).collect();
        let errors = findings.iter().filter(|f| f.level == "error").count();
        let warnings = findings.iter().filter(|f| f.level == "warning").count();
        let notes = findings.len() - errors - warnings;
        Self { schema: VALIDATE_SCHEMA, checked, errors, warnings, notes, findings }
    }

    /// True if a finding is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// The table.
    #[must_use]
    pub fn grid(&self) -> Grid {
        let columns = ["level", "kind", "where", "finding"].map(|name| (name, Align::Left));
        let mut grid = Grid::new(&columns);
        let row = |f: &ShownFinding| {
            vec![f.level.to_owned(), f.kind.to_owned(), f.location.clone(), f.message.clone()]
        };
        grid.rows = self.findings.iter().map(row).collect();
        grid
    }

    /// A line above the table.
    #[must_use]
    pub fn head(&self) -> String {
        let count = |n: usize, what: &str| {
            format!("{} {what}{}", super::format::grouped(n as u64), if n == 1 { "" } else { "s" })
        };
        let found = [(self.errors, "error"), (self.warnings, "warning"), (self.notes, "note")];
        let found: Vec<String> =
            found.iter().filter(|(n, _)| *n > 0).map(|(n, what)| count(*n, what)).collect();
        let found = if found.is_empty() { "nothing found".to_owned() } else { found.join(", ") };
        let checked = &self.checked;
        if checked.entries == 0 {
            return format!("{}: {found}", count(checked.files, "price file"));
        }
        format!(
            "{} with {} and {}: {found}",
            count(checked.files, "price file"),
            count(checked.models, "model"),
            count(checked.entries, "price entry").replace("entrys", "entries"),
        )
    }
}
