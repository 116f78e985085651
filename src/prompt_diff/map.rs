//! Which prompt file is sent how often: `tokencast.prompts.v1`, strict TOML.

use glob::{MatchOptions, Pattern};
use toml::de::DeTable;

use crate::budget::BudgetScope;
use crate::config::{
    ConfigErrors, EntryRef, Reporter, Text, Value, decimal, number, parsed, tables, text, texts,
    unknown, words,
};
use crate::money::Factor;
use crate::projection::conditions;

/// The schema that this version of the program reads.
pub const SCHEMA: &str = "tokencast.prompts.v1";

/// One key of a `[[prompt]]`.
#[derive(Debug, Clone, Copy)]
pub struct MapKey {
    /// As written.
    pub name: &'static str,
    /// The table is wrong without it.
    pub required: bool,
    /// A value as TOML.
    pub example: &'static str,
    /// What it means.
    pub doc: &'static str,
}

/// Every key of a `[[prompt]]`, in the order of the template.
pub const KEYS: &[MapKey] = &[
    MapKey {
        name: "files",
        required: true,
        example: r#""support/*.md""#,
        doc: "A pattern, or a list of them, of paths as the report shows them: `*` within a folder, `**` across folders.",
    },
    MapKey {
        name: "scope",
        required: false,
        example: r#"{ team = "support" }"#,
        doc: "The usage of --traffic whose requests contain these files: dimensions of --group-by with a value, or a list of values. Default: all of it.",
    },
    MapKey {
        name: "requests_per_month",
        required: false,
        example: "120000",
        doc: "Requests a month, in place of those of a log.",
    },
    MapKey {
        name: "share",
        required: false,
        example: r#""0.25""#,
        doc: "The share of these requests that contain each file, as a decimal string above 0, at most 1. Default: 1.",
    },
    MapKey {
        name: "models",
        required: false,
        example: r#"["gpt-5-mini"]"#,
        doc: "The models that these files are for, in place of those of --model.",
    },
    MapKey {
        name: "notes",
        required: false,
        example: r#""Sent twice.""#,
        doc: "Anything for people.",
    },
];

/// A file with every key, those that may be left out as comments.
#[must_use]
pub fn template() -> String {
    let mut text = format!(
        "# Traffic of prompt files for `tokencast diff --map FILE`. The first row that fits a file and a model holds.\n# Lines that begin with `# ` before a key may be left out.\nschema = \"{SCHEMA}\"\n\n[[prompt]]\n"
    );
    for key in KEYS {
        let mark = if key.required { "" } else { "# " };
        text.push_str(&format!("# {}\n{mark}{} = {}\n", key.doc, key.name, key.example));
    }
    text
}

/// A `[[prompt]]`.
#[derive(Debug, Clone)]
pub struct Row {
    files: Vec<Pattern>,
    /// Which usage contains the files.
    pub scope: BudgetScope,
    /// Requests a month, where they are stated.
    pub requests: Option<u64>,
    /// The share of requests that contain each file.
    pub share: Factor,
    /// Models that the files are for; empty: those of `--model`.
    pub models: Vec<String>,
    /// Where it is written.
    pub place: EntryRef,
}

impl Row {
    /// True if a path is meant.
    #[must_use]
    pub fn is_for(&self, path: &str) -> bool {
        let options = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
        self.files.iter().any(|pattern| pattern.matches_with(path, options))
    }
}

/// The rows of a file.
#[derive(Debug, Clone, Default)]
pub struct PromptMap {
    /// In the order of the file.
    pub rows: Vec<Row>,
}

impl PromptMap {
    /// Reads a file, strictly.
    ///
    /// # Errors
    /// Every problem of the text.
    pub fn read(name: &str, source: &str) -> Result<Self, ConfigErrors> {
        let mut report = Reporter::new(name, source);
        let rows = read_file(source, &mut report);
        report.problems.sort_by_key(|problem| problem.location.line);
        if report.problems.is_empty() {
            Ok(Self { rows })
        } else {
            Err(ConfigErrors { problems: report.problems })
        }
    }

    /// The rows that fit a path.
    pub fn of<'m>(&'m self, path: &'m str) -> impl Iterator<Item = &'m Row> {
        self.rows.iter().filter(move |row| row.is_for(path))
    }
}

fn read_file(source: &str, report: &mut Reporter) -> Vec<Row> {
    let Some(table) = parsed(source, report) else { return Vec::new() };
    let mut rows = Vec::new();
    if !table.contains_key("schema") {
        report.problem(0, format!("file has no `schema` (expected `schema = \"{SCHEMA}\"`)"));
    }
    if !table.contains_key("prompt") {
        report.problem(0, "file has no `[[prompt]]`");
    }
    for (name, value) in &table {
        match name.get_ref().as_ref() {
            "schema" => {
                let stated = text("schema", value, report).filter(|found| found.value != SCHEMA);
                if let Some(stated) = stated {
                    let message = format!("schema is `{}`, expected `{SCHEMA}`", stated.value);
                    report.problem(stated.offset, message);
                }
            }
            "prompt" => {
                rows.extend(tables("prompt", value, report, read_row).into_iter().flatten());
            }
            other => unknown(other, name.span().start, ["schema", "prompt"].into_iter(), report),
        }
    }
    rows
}

fn read_row(raw: &DeTable<'_>, offset: usize, report: &mut Reporter) -> Option<Row> {
    let mut row = Row {
        files: Vec::new(),
        scope: BudgetScope::default(),
        requests: None,
        share: Factor::ONE,
        models: Vec::new(),
        place: report.place(offset),
    };
    for key in KEYS.iter().filter(|key| key.required && !raw.contains_key(key.name)) {
        report.problem(offset, format!("`prompt` has no `{}`", key.name));
    }
    for (name, value) in raw {
        let at = name.span().start;
        match name.get_ref().as_ref() {
            "files" => {
                let written = words("files", value, report).unwrap_or_default();
                row.files = written.iter().filter_map(|one| pattern(one, report)).collect();
            }
            "scope" => {
                let one = |name: &str, value: &Value<'_>, report: &mut Reporter| {
                    let accepted = words(name, value, report)?;
                    Some(accepted.iter().map(|word| word.value.to_owned()).collect())
                };
                row.scope = BudgetScope::new(conditions("a prompt", value, report, one));
                if raw.contains_key("requests_per_month") {
                    let message = "`scope` and `requests_per_month` are both there: state one";
                    report.problem(at, message);
                }
            }
            "requests_per_month" => {
                row.requests = number("requests_per_month", value, report).map(|at| at.value);
            }
            "share" => row.share = share(value, report).unwrap_or(row.share),
            "models" => {
                let written = texts("models", value, report).unwrap_or_default();
                row.models = written.iter().map(|word| word.value.trim().to_owned()).collect();
            }
            "notes" => {
                text("notes", value, report);
            }
            other => unknown(other, at, KEYS.iter().map(|key| key.name), report),
        }
    }
    raw.contains_key("files").then_some(row)
}

fn pattern(written: &Text<'_>, report: &mut Reporter) -> Option<Pattern> {
    let found = Pattern::new(written.value);
    found
        .map_err(|e| report.problem(written.offset, format!("`{}`: {}", written.value, e.msg)))
        .ok()
}

fn share(value: &Value<'_>, report: &mut Reporter) -> Option<Factor> {
    let at = decimal("share", value, report)?;
    let found =
        at.value.parse().ok().filter(|share| *share > Factor::ZERO && *share <= Factor::ONE);
    if found.is_none() {
        let message = format!("`share` is `{}`, expected above 0, at most 1", at.value);
        report.problem(at.offset, message);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_reads_with_and_without_comments() {
        let map = PromptMap::read("m.toml", &template()).unwrap();
        assert!(map.rows[0].scope.is_all() && map.rows[0].models.is_empty());
        let mut whole = template();
        for key in KEYS.iter().filter(|key| key.name != "requests_per_month") {
            whole = whole.replace(&format!("\n# {} = ", key.name), &format!("\n{} = ", key.name));
        }
        let map = PromptMap::read("m.toml", &whole).unwrap();
        assert_eq!(map.rows[0].models, ["gpt-5-mini"]);
        assert!(map.rows[0].is_for("support/a.md"));
        assert!(!map.rows[0].is_for("support/deep/a.md") && !map.rows[0].is_for("a.md"));
    }

    #[test]
    fn every_problem_is_told_with_its_line() {
        let text = r#"schema = "tokencast.prompts.v2"
[[prompt]]
files = ["a[", "b"]
share = "1.5"
scope = { day = "2026-11-01" }
requests_per_month = 5
[[prompt]]
fils = "a"
models = []
[promt]
"#;
        let found = PromptMap::read("m.toml", text).unwrap_err().to_string();
        for expected in [
            "m.toml:1: schema is `tokencast.prompts.v2`, expected `tokencast.prompts.v1`",
            "m.toml:3: `a[`: ",
            "m.toml:4: `share` is `1.5`, expected above 0, at most 1",
            "m.toml:5: a prompt cannot be for a `day`: it is no part of usage",
            "m.toml:5: `scope` and `requests_per_month` are both there: state one",
            "m.toml:7: `prompt` has no `files`",
            "m.toml:8: unknown key `fils` (hint: did you mean `files`?)",
            "m.toml:9: `models` is an empty list",
            "m.toml:10: unknown key `promt` (hint: did you mean `prompt`?)",
        ] {
            assert!(found.contains(expected), "{expected}\n{found}");
        }
        assert_eq!(found.lines().count(), 9, "{found}");
        assert_eq!(PromptMap::read("m.toml", "").unwrap_err().problems.len(), 2);
    }
}
