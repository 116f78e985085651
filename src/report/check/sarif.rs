//! SARIF 2.1.0: what is not within, for code scanning.

use std::collections::BTreeMap;

use serde::Serialize;

use super::CheckReport;
use super::figures::BudgetFigures;
use super::text::Level;
use crate::budget::Verdict;

const SARIF_SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    results: Vec<Finding>,
    column_kind: &'static str,
}

#[derive(Debug, Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Debug, Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Descriptor>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    short_description: Message,
    help: Message,
    default_configuration: Configuration,
}

#[derive(Debug, Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Debug, Serialize)]
struct Message {
    text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    exit_code: u8,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Place>,
    partial_fingerprints: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    physical_location: PhysicalLocation,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Debug, Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u64,
}

/// A rule for each verdict that is not within.
const RULES: [(Verdict, &str, &str, &str); 3] = [
    (
        Verdict::Exceeded,
        "budget-exceeded",
        "Known spend is above a budget",
        "What was spent in the period is more than the budget.",
    ),
    (
        Verdict::AtRisk,
        "budget-at-risk",
        "Forecast spend is likely to break a budget",
        "More of the sample paths go over the budget than its probability allows, or too few paths tell that they do not.",
    ),
    (
        Verdict::Undecided,
        "budget-undecided",
        "A budget cannot be judged",
        "Usage, history or prices do not suffice to say that the budget holds.",
    ),
];

impl CheckReport {
    /// The log; budgets that are within are not in it. A result has a place if its budget is
    /// written in a file.
    ///
    /// # Errors
    /// If JSON cannot be written, which does not happen in memory.
    pub fn sarif(&self) -> serde_json::Result<String> {
        let rules = RULES.iter().map(|(_, id, short, help)| Descriptor {
            id,
            short_description: Message { text: (*short).to_owned() },
            help: Message { text: (*help).to_owned() },
            default_configuration: Configuration { level: "error" },
        });
        let log = Log {
            schema: SARIF_SCHEMA,
            version: "2.1.0",
            runs: [Run {
                tool: Tool {
                    driver: Driver {
                        name: "tokencast",
                        version: env!("CARGO_PKG_VERSION"),
                        rules: rules.collect(),
                    },
                },
                invocations: [Invocation {
                    execution_successful: true,
                    exit_code: self.gate.exit_code,
                }],
                results: self.budgets.iter().filter_map(|budget| self.finding(budget)).collect(),
                column_kind: "unicodeCodePoints",
            }],
        };
        serde_json::to_string_pretty(&log).map(|text| text + "\n")
    }

    fn finding(&self, budget: &BudgetFigures) -> Option<Finding> {
        let rule_index = RULES.iter().position(|(verdict, ..)| *verdict == budget.judged)?;
        let place = budget.location.as_ref().map(|place| Place {
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation { uri: uri(&place.file) },
                region: Region { start_line: place.line.max(1) },
            },
        });
        let title = budget.title();
        Some(Finding {
            rule_id: RULES[rule_index].1,
            rule_index,
            level: match budget.level() {
                Level::Error => "error",
                Level::Warning => "warning",
                Level::Note => "note",
            },
            message: Message { text: format!("Budget {title}: {}", self.message(budget)) },
            locations: place.into_iter().collect(),
            partial_fingerprints: [("budget/v1", title)].into(),
        })
    }
}

/// A path as the reference that SARIF wants.
fn uri(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    let path = path.replace('\\', "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    path.bytes()
        .map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("./ci/my budget.toml"), "ci/my%20budget.toml");
        assert_eq!(uri("ci\\büdget.toml"), "ci/b%C3%BCdget.toml");
    }
}
