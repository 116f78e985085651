//! `tokencast calibrate`.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;

use super::args::{FindingArgs, OutputArgs, OutputFormat, PriceArgs};
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Printed};
use super::ingest::{Prices, refuse_output_among_inputs};
use super::prices::instant;
use super::settings::Environment;
use super::ui::{Ui, write_whole};
use crate::corpus::{self, LoggedReport};
use crate::counting::{
    Calibrated, Calibration, ClassRatios, LEAST_CONVERSATIONS, LEAST_REQUESTS, RequestRules,
    Samples, calibrate,
};
use crate::diagnostic::{Diagnostics, code};
use crate::report::calibrate::CalibrateReport;
use crate::report::format::counted;
use crate::source::{Input, Progress};

/// Fit how tokens are estimated to your own logs, for models whose tokenizer is not public.
///
/// Reads logs that hold the text of prompts and what was billed for them, and fits tokens for each
/// kind of text, for a request, for a message and for tools, held near what the program ships where
/// the logs say little. The error is that of requests which the fit has not seen.
///
/// Exit codes: 0 done, 2 error, 3 nothing could be fitted (and no file written).
#[derive(Debug, Args)]
pub(crate) struct CalibrateArgs {
    /// Files, folders, patterns such as 'logs/*.jsonl', or - for standard input, as JSON, also .gz
    /// and .zst: records with the request beside the response or its usage.
    #[arg(required = true, value_name = "LOGS")]
    logs: Vec<String>,
    /// The calibration to write, whole or not at all; `count --calibration` uses it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Form of the report.
    #[arg(long, short, value_enum, default_value_t, value_name = "FORM", help_heading = "Output")]
    output: OutputFormat,
    /// The date or instant at which price books are asked for models. By default the day on which
    /// the books were last checked.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    #[command(flatten)]
    prices: PriceArgs,
    #[command(flatten)]
    findings: FindingArgs,
}

pub(crate) fn run(
    args: &CalibrateArgs,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    finish::refuse_page(args.output)?;
    let policy = finish::policy(&args.findings)?;
    let prices = Prices::load(&args.prices, environment)?;
    let at = instant(args.at.as_ref(), &prices)?;
    let (table, rules) = (ClassRatios::bundled()?, RequestRules::bundled()?);
    let inputs = corpus::expand_logs(&args.logs)?;
    refuse_output_among_inputs(&inputs, args.out.as_deref())?;
    let mut samples = Samples::new(&prices.book, at, &table);
    let read = read(&inputs, &mut samples, ui)?;
    if let Some(failed) = samples.failed() {
        return Err(anyhow!("{failed}").into());
    }
    let calibrated = calibrate(&samples, &table, &rules);
    let mut found = read.diagnostics.clone();
    found.merge(prices.found.clone());
    note(&calibrated, &mut found);
    let (findings, denied) = finish::resolve(&found, &policy);
    ui.findings(&findings);
    let is_idle = calibrated.fits.is_empty();
    let out = args.out.as_ref().filter(|_| !denied && !is_idle);
    if let Some(out) = out {
        let text = Calibration::written(&calibrated, &args.logs);
        write_whole(out, |file| Ok(std::io::Write::write_all(file, text.as_bytes())?))?;
    } else if let Some(out) = &args.out {
        ui.note(&format!("`{}` was not written", out.display()));
    }
    let saved = out.map(|path| path.display().to_string());
    let report = CalibrateReport::new(&read, &calibrated, saved, findings, prices.facts());
    let (head, notes) = (report.head(), report.notes());
    let printed =
        Printed { head: &head, grids: report.grids(), notes: &notes, csv: report.csv_grid() };
    let output = OutputArgs { output: args.output, out: None };
    finish::print(&report, printed, &output, false, ui)?;
    if is_idle && !denied {
        let hint = "records need the text of the prompt and the billed input tokens; docs/guides/calibrate.md shows both";
        ui.error("undecided: nothing could be fitted", Some(hint));
        return Ok(ExitStatus::Undecided);
    }
    Ok(finish::status(denied, None, ui))
}

fn read(inputs: &[Input], samples: &mut Samples<'_>, ui: &Ui) -> Result<LoggedReport, Failure> {
    let progress = Progress::default();
    let sizes = inputs.iter().map(Input::size).sum();
    let read = ui.while_reading(sizes, &progress, || {
        corpus::read_logged(inputs, &progress, |logged, report| samples.add(logged, report))
    });
    Ok(read?)
}

fn note(calibrated: &Calibrated, found: &mut Diagnostics) {
    for few in &calibrated.too_few {
        let message = format!(
            "{} has {} of {}; a fit needs {LEAST_REQUESTS} of {LEAST_CONVERSATIONS}",
            few.of,
            counted(few.requests, "request"),
            counted(few.conversations, "conversation")
        );
        found.add(code::TOO_FEW_SAMPLES, message, None);
    }
    for report in &calibrated.fits {
        let Some(error) = report.no_better else { continue };
        let message = format!(
            "ratios fitted for {} are {:.1} % off on the mean, held out, those of the program {:.1} %: these are kept, with the band of the logs",
            report.fit.of,
            error * 100.0,
            report.before.mean * 100.0
        );
        found.add(code::CALIBRATION_NO_BETTER, message, None);
    }
}
