//! `tokencast contract`.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};

use super::args::{FindingArgs, OutputArgs};
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Printed};
use super::ui::Ui;
use crate::contract::file::reference::reference;
use crate::contract::{self, Contract, ContractSource};
use crate::diagnostic::Diagnostics;
use crate::report::contract::{ContractExplanation, validated};

/// Check and explain contracts.
#[derive(Debug, Args)]
pub(crate) struct ContractArgs {
    #[command(subcommand)]
    command: ContractCommand,
}

#[derive(Debug, Subcommand)]
enum ContractCommand {
    /// Check contract files and say everything that is wrong with them.
    ///
    /// Exit codes: 0 valid, 2 an error.
    Validate(ValidateArgs),
    /// Say in plain words what contracts agree, in which order, and what is committed when.
    Explain(ExplainArgs),
    /// Print the JSON Schema of contract files.
    Schema(SchemaArgs),
}

#[derive(Debug, Args)]
struct ValidateArgs {
    /// Contract files, folders of them, or patterns; ids must be unique among them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    #[command(flatten)]
    findings: FindingArgs,
}

#[derive(Debug, Args)]
struct ExplainArgs {
    /// Contract files, folders of them, or patterns, explained together.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    findings: FindingArgs,
}

#[derive(Debug, Args)]
struct SchemaArgs {
    /// Print the tables of the reference page instead: every key with what it means.
    #[arg(long)]
    tables: bool,
    /// Write it to a file, whole or not at all.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &ContractArgs, ui: &Ui) -> Result<ExitStatus, Failure> {
    match &args.command {
        ContractCommand::Validate(args) => validate(args, ui),
        ContractCommand::Explain(args) => explain(args, ui),
        ContractCommand::Schema(args) => schema(args, ui),
    }
}

/// The contract files that arguments stand for: files, folders, patterns.
pub(super) fn paths(arguments: &[String]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for argument in arguments {
        found.extend(paths_of(argument)?);
    }
    Ok(found)
}

/// The contract files that an argument stands for, sorted.
fn paths_of(argument: &str) -> Result<Vec<PathBuf>, Failure> {
    let path = Path::new(argument);
    let failed = || format!("failed to read contracts `{argument}`");
    let mut found = Vec::new();
    if path.is_dir() {
        for entry in path.read_dir().with_context(failed)? {
            let file = entry.with_context(failed)?.path();
            if file.is_file() && file.extension().is_some_and(|ending| ending == "toml") {
                found.push(file);
            }
        }
    } else if path.exists() || !argument.contains(['*', '?', '[']) {
        found.push(path.to_owned());
    } else {
        for file in glob::glob(argument).with_context(failed)? {
            found.push(file.with_context(failed)?);
        }
    }
    if found.is_empty() {
        let error = anyhow!("no contract found: `{argument}`");
        return Err(Failure::with_hint(error, "folders are searched for files that end in .toml"));
    }
    found.sort();
    Ok(found)
}

/// Contracts of files, with findings.
pub(super) fn load(files: &[PathBuf]) -> Result<(Vec<Contract>, Diagnostics), Failure> {
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("failed to read contract `{}`", path.display()))?;
        Ok(ContractSource { name: path.display().to_string(), text })
    };
    let sources: Vec<ContractSource> = files.iter().map(read).collect::<Result<_, Failure>>()?;
    contract::load(&sources).map_err(|errors| {
        Failure::with_hint(
            anyhow!("{errors}").context("contracts have errors"),
            "correct the lines named above; `docs/reference/contract-file.md` describes every key",
        )
    })
}

fn validate(args: &ValidateArgs, ui: &Ui) -> Result<ExitStatus, Failure> {
    let policy = finish::policy(&args.findings)?;
    let (contracts, found) = load(&paths(&args.files)?)?;
    let (findings, denied) = finish::resolve(&found, &policy);
    ui.data(&validated(&contracts), None)?;
    ui.findings(&findings);
    Ok(finish::status(denied, None, ui))
}

fn explain(args: &ExplainArgs, ui: &Ui) -> Result<ExitStatus, Failure> {
    let policy = finish::policy(&args.findings)?;
    let (contracts, found) = load(&paths(&args.files)?)?;
    let (findings, denied) = finish::resolve(&found, &policy);
    let report = ContractExplanation::new(&contracts)?;
    let (head, notes) = (report.head(), report.notes());
    let printed =
        Printed { head: &head, grids: report.grids(), notes: &notes, csv: report.csv_grid() };
    finish::print(&report, printed, &args.output, denied, ui)?;
    ui.findings(&findings);
    Ok(finish::status(denied, None, ui))
}

fn schema(args: &SchemaArgs, ui: &Ui) -> Result<ExitStatus, Failure> {
    let text = if args.tables {
        reference()
    } else {
        format!("{}\n", serde_json::to_string_pretty(&contract::schema())?)
    };
    ui.data(&text, args.out.as_deref())?;
    Ok(ExitStatus::Ok)
}
