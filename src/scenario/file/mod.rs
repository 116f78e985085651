//! Scenario files, `tokencast.scenario.v1`: strict TOML, every problem with its line.

mod change;
mod fallback;
mod keys;
mod raw;
mod schema;
mod template;
mod typed;

use toml::de::DeTable;

pub use self::keys::{ABOUT, ChangeKey, FALLBACK_KEYS, KEYS, KINDS, KeyValue, keys_of};
pub use self::schema::schema;
pub use self::template::template;
pub use self::typed::{parse_fallback, parse_swap};
use super::change::Scenario;
use super::leaving::Fallback;
use crate::config::{ConfigErrors, Reporter, parsed, tables, text, unknown, words};

/// The schema that this version of the program reads.
pub const SCHEMA: &str = "tokencast.scenario.v1";

const FILE_KEYS: [&str; 3] = ["schema", "scenario", "fallback"];
const SCENARIO_KEYS: [&str; 3] = ["name", "contracts", "change"];

/// What a file states.
#[derive(Debug, Clone, Default)]
pub struct ScenarioFile {
    /// Its scenarios.
    pub scenarios: Vec<Scenario>,
    /// Where usage goes if a provider is left, in every scenario of the run.
    pub fallbacks: Vec<Fallback>,
}

/// Reads a file.
///
/// # Errors
/// Every problem of the file; of a file with a syntax error only that.
pub fn read(name: &str, source: &str) -> Result<ScenarioFile, ConfigErrors> {
    let mut report = Reporter::new(name, source);
    let found = read_file(source, &mut report);
    report.problems.sort_by_key(|problem| problem.location.line);
    let problems = report.problems;
    if problems.is_empty() { Ok(found) } else { Err(ConfigErrors { problems }) }
}

fn read_file(source: &str, report: &mut Reporter) -> ScenarioFile {
    let Some(table) = parsed(source, report) else { return ScenarioFile::default() };
    let (mut found, mut has_schema) = (ScenarioFile::default(), false);
    for (name, value) in &table {
        match name.get_ref().as_ref() {
            "schema" => {
                has_schema = true;
                let stated = text("schema", value, report).filter(|s| s.value != SCHEMA);
                if let Some(stated) = stated {
                    let message = format!("schema is `{}`, expected `{SCHEMA}`", stated.value);
                    report.problem(stated.offset, message);
                }
            }
            "scenario" => {
                let read = tables("scenario", value, report, read_scenario);
                found.scenarios.extend(read.into_iter().flatten());
            }
            "fallback" => {
                let read = tables("fallback", value, report, fallback::read);
                found.fallbacks.extend(read.into_iter().flatten());
            }
            other => unknown(other, name.span().start, FILE_KEYS.into_iter(), report),
        }
    }
    if !has_schema {
        report.problem(0, format!("file has no `schema` (expected `schema = \"{SCHEMA}\"`)"));
    }
    if !table.contains_key("scenario") && !table.contains_key("fallback") {
        report.problem(0, "file has no `[[scenario]]`");
    }
    found
}

fn read_scenario<'t>(
    raw: &'t DeTable<'t>,
    offset: usize,
    report: &mut Reporter,
) -> Option<Scenario> {
    let (mut name, mut changes, mut contracts) = (None, Vec::new(), Vec::new());
    for (key, value) in raw {
        match key.get_ref().as_ref() {
            "name" => name = text("name", value, report).map(|at| at.value.to_owned()),
            "contracts" => {
                let files = words("contracts", value, report).unwrap_or_default();
                contracts = files.iter().map(|file| file.value.to_owned()).collect();
            }
            "change" => {
                let read = tables("change", value, report, change::read);
                changes = read.into_iter().flatten().collect();
            }
            other => unknown(other, key.span().start, SCENARIO_KEYS.into_iter(), report),
        }
    }
    if !raw.contains_key("name") {
        report.problem(offset, "`scenario` has no `name`");
    }
    Some(Scenario { name: name?, changes, contracts, place: Some(report.place(offset)) })
}

#[cfg(test)]
mod tests;
