//! `tokencast cost`.

use clap::Args;

use super::args::{FindingArgs, InputArgs, OutputArgs, PriceArgs, SettleArgs, StaleArgs};
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Printed, Undecided};
use super::ingest::{self, Prices, Usage};
use super::settings::Environment;
use super::settle;
use super::ui::Ui;
use crate::diagnostic::Diagnostic;
use crate::rating::group::Dimension;
use crate::rating::summary::{self, Summary};
use crate::report::cost::CostReport;

/// Show what was used and what it cost; with --contract what it costs under contracts.
///
/// Exit codes: 0 done, 2 error, 3 no usage or nothing that has a price.
#[derive(Debug, Args)]
pub(crate) struct CostArgs {
    #[command(flatten)]
    pub(super) input: InputArgs,
    /// Dimensions of the groups, separated by commas: hour, day, week, month, provider, model,
    /// service_tier, speed, region, endpoint, deployment, context, component, or a label. With
    /// --contract not hour, day, week and component.
    #[arg(
        help_heading = "Output",
        long,
        short,
        value_name = "DIMENSIONS",
        default_value = "provider,model",
        value_delimiter = ','
    )]
    pub(super) group_by: Vec<Dimension>,
    #[command(flatten)]
    pub(super) prices: PriceArgs,
    #[command(flatten)]
    pub(super) stale: StaleArgs,
    #[command(flatten)]
    pub(super) contracts: SettleArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(flatten)]
    pub(super) findings: FindingArgs,
}

pub(crate) fn run(
    args: &CostArgs,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    if !args.contracts.contract.is_empty() {
        return settle::run(args, environment, ui);
    }
    let made = make(args, environment, ui)?;
    let (report, denied) = (&made.report, made.denied);
    let (head, notes) = report.sentences();
    let printed =
        Printed { head: &head, grids: vec![report.grid()], notes: &notes, csv: report.csv_grid() };
    let page = || Ok(report.page()?);
    finish::print_with_page(report, printed, page, &args.output, denied, ui)?;
    Ok(finish::status(denied, made.undecided, ui))
}

/// A report of costs without contracts, and what it was made from.
pub(super) struct Made {
    pub(super) report: CostReport,
    pub(super) summary: Summary,
    pub(super) usage: Usage,
    pub(super) prices: Prices,
    pub(super) findings: Vec<Diagnostic>,
    /// A finding makes the command fail.
    pub(super) denied: bool,
    pub(super) undecided: Option<Undecided>,
    /// First and last day with usage.
    pub(super) period: Option<String>,
}

/// Reads usage, rates it and says what was odd.
pub(super) fn make(args: &CostArgs, environment: &Environment, ui: &Ui) -> Result<Made, Failure> {
    let policy = finish::policy(&args.findings)?;
    let prices = Prices::load(&args.prices, environment)?;
    let dimensions = ingest::dimensions(&args.group_by);
    let asked = ingest::Asked {
        dimensions: &dimensions,
        grain: ingest::GrainAsked::Usual,
        out: args.output.out.as_deref(),
    };
    let usage = ingest::read_usage(&args.input, &prices, asked, ui)?;
    let summary = summary::summarise_checked(
        &usage.rollup,
        &prices.book,
        prices.known_at,
        &dimensions,
        &usage.calendar,
        args.stale.stale_days,
    )?;
    let mut found = usage.found.clone();
    found.merge(prices.found.clone());
    found.merge(summary.diagnostics.clone());
    let (findings, denied) = finish::resolve(&found, &policy);
    ui.findings(&findings);
    let period = usage.rollup.span().map(|span| {
        let (first, last) = (
            usage.calendar.date_of(span.start),
            usage.calendar.date_of(crate::period::Timestamp::from_nanos(span.end.nanos() - 1)),
        );
        format!("{first} to {last}")
    });
    let (facts, odd) = (usage.facts.clone(), findings.clone());
    let report = CostReport::new(&summary, facts, odd, prices.facts(), period.clone());
    let undecided = finish::undecided(usage.facts.records, &summary.totals);
    Ok(Made { report, summary, usage, prices, findings, denied, undecided, period })
}
