//! `tokencast formats`.

use anyhow::anyhow;
use clap::{Args, Subcommand};

use super::args::{OutputArgs, OutputFormat};
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Printed};
use super::ui::Ui;
use crate::report::formats::{DetectReport, FormatList};
use crate::rollup::parquet;
use crate::source::detect::{self, Detected};
use crate::source::{Input, inputs};

/// List the formats that are read, or say what files are.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct FormatsArgs {
    #[command(subcommand)]
    command: Option<FormatsCommand>,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Subcommand)]
enum FormatsCommand {
    /// Say of each file what it is, by its first 400 objects or rows, and why.
    ///
    /// Exit codes: 0 done, 2 error, 3 nothing of a known format.
    Detect(DetectArgs),
}

#[derive(Debug, Args)]
struct DetectArgs {
    /// Files, folders, patterns such as 'logs/*.jsonl', or - for standard input.
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<String>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &FormatsArgs, ui: &Ui) -> Result<ExitStatus, Failure> {
    let Some(FormatsCommand::Detect(detect)) = &args.command else {
        let list = FormatList::new();
        let head = list.head();
        let printed =
            Printed { head: &head, grids: vec![list.grid()], notes: &[], csv: list.grid() };
        finish::print(&list, printed, &args.output, false, ui)?;
        return Ok(ExitStatus::Ok);
    };
    run_detect(detect, ui)
}

fn run_detect(args: &DetectArgs, ui: &Ui) -> Result<ExitStatus, Failure> {
    finish::refuse_page(args.output.output)?;
    let found = inputs::expand(&args.inputs)?;
    super::ingest::refuse_output_among_inputs(&found, args.output.out.as_deref())?;
    let mut all = Vec::new();
    for input in found {
        match &input {
            Input::File(path) if parquet::is_rollup(path) => {
                all.push(Detected::rollup(input.name()));
            }
            _ => all.extend(detect::detect(&[input])?),
        }
    }
    let report = DetectReport::new(all);
    let (head, notes) = report.sentences();
    let printed =
        Printed { head: &head, grids: vec![report.grid()], notes: &notes, csv: report.grid() };
    finish::print(&report, printed, &args.output, false, ui)?;
    if !report.is_unknown() {
        return Ok(ExitStatus::Ok);
    }
    // Where notes are not printed, what to do is still said.
    if matches!(args.output.output, OutputFormat::Csv) {
        notes.iter().for_each(|note| ui.note(note));
    }
    ui.failure(&Failure::with_hint(
        anyhow!("nothing of a known format was found"),
        "`tokencast formats` lists what is read; --map reads tables and logs of other formats",
    ));
    Ok(ExitStatus::Undecided)
}
