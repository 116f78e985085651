//! `tokencast rollup`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::args::{FindingArgs, InputArgs, PriceArgs};
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Undecided};
use super::ingest::{self, Prices};
use super::settings::Environment;
use super::ui::{Ui, write_whole};
use crate::period::Grain;
use crate::report::format::grouped;
use crate::rollup::parquet;

/// Sum logs, or rollups of parts, into one small Parquet file.
///
/// Rating a rollup gives exactly what rating its logs gives. Rollups of parts of the logs merge to
/// the rollup of the whole, so large logs can be rolled up where they lie. De-duplication works
/// within one run: copies of a request in two parts count twice.
///
/// Exit codes: 0 done, 2 error, 3 no usage (and no file written).
#[derive(Debug, Args)]
pub(crate) struct RollupArgs {
    #[command(flatten)]
    input: InputArgs,
    /// The Parquet file to write, whole or not at all.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Length of charge periods: 1m, 15m or 1h. By default 1h, or 15m for time zones that need it.
    #[arg(long, value_name = "GRAIN", value_parser = ["1m", "15m", "1h"])]
    grain: Option<String>,
    #[command(flatten)]
    prices: PriceArgs,
    #[command(flatten)]
    findings: FindingArgs,
}

pub(crate) fn run(
    args: &RollupArgs,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    let policy = finish::policy(&args.findings)?;
    let prices = Prices::load(&args.prices, environment)?;
    let grain = args.grain.as_deref().and_then(Grain::from_name);
    let grain = grain.map_or(ingest::GrainAsked::Usual, ingest::GrainAsked::Stated);
    let asked = ingest::Asked { dimensions: &[], grain, out: Some(&args.out) };
    let usage = ingest::read_usage(&args.input, &prices, asked, ui)?;
    let (findings, denied) = finish::resolve(&usage.found, &policy);
    ui.findings(&findings);
    if denied || usage.facts.records == 0 {
        return Ok(finish::status(denied, Some(Undecided::NoUsage), ui));
    }
    let left_out =
        parquet::LeftOut { skipped: usage.facts.skipped, duplicates: usage.facts.duplicates };
    write_whole(&args.out, |file| {
        parquet::write(&usage.rollup, left_out, file).context("failed to write Parquet")
    })?;
    let rows = u64::try_from(usage.rollup.rows().len()).unwrap_or(0);
    ui.note(&format!(
        "{}: {} rows in `{}`",
        usage.facts.sentence(),
        grouped(rows),
        args.out.display()
    ));
    Ok(ExitStatus::Ok)
}
