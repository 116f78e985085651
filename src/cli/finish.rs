//! What every command does last: findings, the printed result and the exit status.

use anyhow::{anyhow, bail};

use super::args::{FindingArgs, OutputArgs, OutputFormat};
use super::error::Failure;
use super::exit::ExitStatus;
use super::settings;
use super::ui::Ui;
use crate::budget::Gate;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, SeverityPolicy};
use crate::rating::summary::Totals;
use crate::report::html::Page;
use crate::report::{Grid, Style};

/// Findings with their severities, and whether one of them makes the command fail.
pub(crate) fn resolve(found: &Diagnostics, policy: &SeverityPolicy) -> (Vec<Diagnostic>, bool) {
    let resolved = found.resolve(policy);
    let denied = resolved.iter().any(|d| d.severity == Severity::Deny);
    (resolved, denied)
}

pub(crate) fn policy(args: &FindingArgs) -> Result<SeverityPolicy, Failure> {
    Ok(settings::severity_policy(args)?)
}

/// Why there is nothing to judge by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undecided {
    /// No record.
    NoUsage,
    /// Records, and no price for any of them.
    NothingPriced,
    /// Costs that the records report, and no quantity to compute one of.
    NoQuantities,
}

/// What a command ends with: denied findings fail, nothing to judge by is undecided and said so.
pub(crate) fn status(denied: bool, undecided: Option<Undecided>, ui: &Ui) -> ExitStatus {
    let (text, hint) = match undecided {
        _ if denied => return ExitStatus::Error,
        None => return ExitStatus::Ok,
        Some(Undecided::NoUsage) => (
            "undecided: no usage was found",
            "check the paths and --since/--until; --map reads tables and logs of unknown formats, `forecast --series` daily costs",
        ),
        Some(Undecided::NoQuantities) => (
            "undecided: the records hold costs but no quantities, so that no cost can be computed",
            "`forecast --series FILE` forecasts daily costs as they stand",
        ),
        Some(Undecided::NothingPriced) => (
            "undecided: usage was found, but no price for any of it",
            "`tokencast prices list TEXT` finds models; --prices adds a book of your own",
        ),
    };
    ui.error(text, Some(hint));
    ExitStatus::Undecided
}

/// What a gate ends with.
pub(crate) fn gate_status(gate: Gate, denied: bool, warn_only: bool) -> ExitStatus {
    match gate {
        _ if denied => ExitStatus::Error,
        _ if warn_only => ExitStatus::Ok,
        Gate::Passed => ExitStatus::Ok,
        Gate::Violated => ExitStatus::BudgetViolated,
        Gate::Undecided => ExitStatus::Undecided,
    }
}

/// Whether there is something to judge by.
pub(crate) fn undecided(records: u64, totals: &Totals) -> Option<Undecided> {
    let all = &totals.components;
    if records == 0 {
        Some(Undecided::NoUsage)
    } else if all.is_empty() && !totals.reported.is_empty() {
        Some(Undecided::NoQuantities)
    } else if !all.is_empty() && totals.unpriced.components == *all {
        Some(Undecided::NothingPriced)
    } else {
        None
    }
}

/// The pieces of a report in the form asked for.
pub(crate) struct Printed<'a> {
    pub(crate) head: &'a str,
    pub(crate) grids: Vec<Grid>,
    pub(crate) notes: &'a [String],
    pub(crate) csv: Grid,
}

/// Prints a report that has no page: as [`print_with_page`], and a page is refused.
pub(crate) fn print<T: serde::Serialize>(
    report: &T,
    printed: Printed<'_>,
    output: &OutputArgs,
    denied: bool,
    ui: &Ui,
) -> Result<(), Failure> {
    let none = || Err(no_page());
    print_with_page(report, printed, none, output, denied, ui)
}

/// Refuses a page before a command has done anything.
pub(crate) fn refuse_page(form: OutputFormat) -> Result<(), Failure> {
    if form == OutputFormat::Html { Err(no_page()) } else { Ok(()) }
}

fn no_page() -> Failure {
    Failure::with_hint(
        anyhow!("--output html: this command has no page"),
        "forecast, cost, compare, backtest and check have one; table, markdown, json and csv are for all",
    )
}

/// Prints a report: JSON as it is, CSV exact, tables with their lines around them, or its page. A
/// file is not written where a denied finding makes the command fail.
pub(crate) fn print_with_page<T: serde::Serialize>(
    report: &T,
    printed: Printed<'_>,
    page: impl FnOnce() -> Result<Page, Failure>,
    output: &OutputArgs,
    denied: bool,
    ui: &Ui,
) -> Result<(), Failure> {
    if let (true, Some(out)) = (denied, &output.out) {
        ui.note(&format!("`{}` was not written", out.display()));
        return Ok(());
    }
    let text = match output.output {
        OutputFormat::Json => {
            let mut text = serde_json::to_string_pretty(report)?;
            text.push('\n');
            text
        }
        OutputFormat::Csv => printed.csv.render(Style::Csv)?,
        OutputFormat::Table => framed(&printed, Style::Terminal { width: ui.width() }, "")?,
        OutputFormat::Markdown => framed(&printed, Style::Markdown, "- ")?,
        OutputFormat::Html => page()?.render(),
    };
    Ok(ui.data(&text, output.out.as_deref())?)
}

/// Tables with the lines around them.
pub(crate) fn framed(printed: &Printed<'_>, style: Style, bullet: &str) -> Result<String, Failure> {
    let mut text = format!("{}\n\n", printed.head);
    for grid in &printed.grids {
        text.push_str(&grid.render(style)?);
        text.push('\n');
    }
    for note in printed.notes {
        text.push_str(&format!("{bullet}{note}\n"));
    }
    Ok(text)
}

/// What the hidden first line of Markdown says, by which the comment of a command is found again.
pub(crate) fn marker(command: &str, text: Option<&str>) -> anyhow::Result<String> {
    let own = format!("tokencast-{command}");
    Ok(match text {
        None => own,
        Some(text) => format!("{own}:{}", checked_marker(text)?),
    })
}

/// A comment of HTML ends at `-->`.
fn checked_marker(text: &str) -> anyhow::Result<&str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:".contains(&b);
    if text.is_empty() || !text.bytes().all(plain) || text.contains("--") || text.ends_with('-') {
        bail!(
            "--marker: `{text}` is no marker (expected letters, digits and single `-`, `_`, `.`, `/` and `:`)"
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_cannot_end_the_comment() {
        for text in ["a--b", "a->b", "", "a b", "a-", "<x>"] {
            assert!(checked_marker(text).is_err(), "{text}");
        }
        assert_eq!(checked_marker("prod/eu-1").ok(), Some("prod/eu-1"));
    }
}
