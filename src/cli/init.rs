//! `tokencast init`.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Args, Subcommand};

use super::error::Failure;
use super::exit::ExitStatus;
use super::ui::Ui;
use crate::contract::{template, templates};
use crate::prompt_diff;
use crate::report::{Align, Grid, Style};
use crate::scenario::file;

/// Write a file to begin with.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    #[command(subcommand)]
    command: InitCommand,
}

#[derive(Debug, Subcommand)]
enum InitCommand {
    /// A contract file of a common kind, with a remark on each line.
    Contract(InitContractArgs),
    /// A scenario file for `compare` that lists every key, with what it means.
    Scenario(InitScenarioArgs),
    /// A map of prompt files to traffic for `diff` that lists every key.
    Prompts(InitPromptsArgs),
}

#[derive(Debug, Args)]
struct InitScenarioArgs {
    /// The JSON Schema of scenario files instead, for editors.
    #[arg(long)]
    schema: bool,
    /// Write it to a file that does not exist yet; by default it is printed.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct InitPromptsArgs {
    /// Write it to a file that does not exist yet; by default it is printed.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct InitContractArgs {
    /// The kind; --list shows them.
    #[arg(value_name = "KIND", required_unless_present = "list")]
    kind: Option<String>,
    /// List the kinds.
    #[arg(long, conflicts_with_all = ["kind", "out"])]
    list: bool,
    /// Write the contract to a file that does not exist yet; by default it is printed.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &InitArgs, ui: &Ui) -> Result<ExitStatus, Failure> {
    match &args.command {
        InitCommand::Contract(args) => contract(args, ui),
        InitCommand::Scenario(args) => scenario(args, ui),
        InitCommand::Prompts(args) => {
            refuse_existing(args.out.as_deref())?;
            ui.data(&prompt_diff::template(), args.out.as_deref())?;
            Ok(ExitStatus::Ok)
        }
    }
}

fn scenario(args: &InitScenarioArgs, ui: &Ui) -> Result<ExitStatus, Failure> {
    let text = if args.schema {
        format!("{}\n", serde_json::to_string_pretty(&file::schema())?)
    } else {
        file::template()
    };
    refuse_existing(args.out.as_deref())?;
    ui.data(&text, args.out.as_deref())?;
    if let Some(out) = args.out.as_deref().filter(|_| !args.schema) {
        let name = out.display();
        ui.note(&format!("replace the figures, then `tokencast compare LOGS --scenario {name}`"));
    }
    Ok(ExitStatus::Ok)
}

fn refuse_existing(out: Option<&Path>) -> Result<(), Failure> {
    let Some(out) = out.filter(|out| out.exists()) else { return Ok(()) };
    let error = anyhow!("`{}` exists already", out.display());
    Err(Failure::with_hint(error, "name another file with --out, or remove it first"))
}

fn contract(args: &InitContractArgs, ui: &Ui) -> Result<ExitStatus, Failure> {
    let Some(kind) = args.kind.as_deref() else {
        return list(ui);
    };
    let Some(text) = template(kind) else {
        let kinds: Vec<&str> = templates().map(|(kind, _)| kind).collect();
        let hint = format!("kinds: {}", kinds.join(", "));
        return Err(Failure::with_hint(anyhow!("no contract template is named `{kind}`"), hint));
    };
    refuse_existing(args.out.as_deref())?;
    ui.data(&text, args.out.as_deref())?;
    if let Some(out) = &args.out {
        let name = out.display();
        ui.note(&format!("replace what `{name}` marks, then `tokencast contract explain {name}`"));
    }
    Ok(ExitStatus::Ok)
}

fn list(ui: &Ui) -> Result<ExitStatus, Failure> {
    let mut grid = Grid::new(&[("kind", Align::Left), ("what it is for", Align::Left)]);
    grid.rows = templates().map(|(kind, about)| vec![kind.to_owned(), about.to_owned()]).collect();
    ui.data(&grid.render(Style::Terminal { width: ui.width() })?, None)?;
    Ok(ExitStatus::Ok)
}
