//! `tokencast compare`.

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use clap::{Args, ValueEnum};

use super::args::{FindingArgs, InputArgs, OutputArgs, PriceArgs, StaleArgs};
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Printed};
use super::ingest::{self, Prices, Usage};
use super::model_args::ModelArgs;
use super::settings::Environment;
use super::ui::Ui;
use super::{contract, forecast, settle};
use crate::contract::{Contract, FxTable, TermKind};
use crate::diagnostic::Diagnostics;
use crate::period::{Calendar, Period, Timestamp};
use crate::projection::{ProjectionOptions, UsagePaths, usage_paths};
use crate::rating::summary;
use crate::report::compare::{CompareContext, CompareReport};
use crate::scenario::{self, Basis, Case, Column, Ground, Outcome};
use crate::settlement;
use crate::source::Input;

/// Compare what forecast usage costs under several deals.
///
/// Every scenario is settled on the same sample paths, beside `base`: the same usage without a
/// contract.
///
/// Exit codes: 0 done, 2 error, 3 no usage, too little history, or nothing that has a price.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    #[command(flatten)]
    input: InputArgs,
    /// A scenario: contract files, folders or patterns, separated by commas, that the usage is settled
    /// by together. Without a name it has those of its contracts. May be given several times.
    #[arg(help_heading = "Scenarios", long, value_name = "[NAME=]FILE,...")]
    contract: Vec<String>,
    /// Exchange rates by day: CSV `date,from,to,rate[,source]`, or TOML; may be given several
    /// times.
    #[arg(help_heading = "Scenarios", long, value_name = "FILE")]
    fx: Vec<PathBuf>,
    /// The scenario that the others are compared with.
    #[arg(help_heading = "Scenarios", long, default_value = BASE, value_name = "NAME")]
    base: String,
    /// The cost that decides what is cheaper.
    #[arg(help_heading = "Scenarios", long, value_enum, default_value_t, value_name = "COST")]
    decide_by: BasisArg,
    /// How far: days such as 30d, months such as 12m (the current one is the first), eom, eoq, eoy,
    /// or the last day as a date.
    #[arg(help_heading = "Forecast", long, default_value = "12m", value_name = "HORIZON")]
    horizon: String,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    prices: PriceArgs,
    #[command(flatten)]
    stale: StaleArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    findings: FindingArgs,
}

/// Which cost decides.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum BasisArg {
    /// What the usage of the horizon costs, whenever it is paid.
    #[default]
    Effective,
    /// What the invoices of the horizon ask for.
    Billed,
}

impl From<BasisArg> for Basis {
    fn from(basis: BasisArg) -> Self {
        match basis {
            BasisArg::Effective => Self::Effective,
            BasisArg::Billed => Self::Billed,
        }
    }
}

/// The name of the usage as it is.
const BASE: &str = "base";

/// A scenario with its contracts read.
struct Loaded {
    name: String,
    contracts: Vec<Contract>,
}

pub(crate) fn run(
    args: &CompareArgs,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    let policy = finish::policy(&args.findings)?;
    let horizon = forecast::horizon(&args.horizon)?;
    let out = args.output.out.as_deref();
    let prices = Prices::load(&args.prices, environment)?;
    let (scenarios, mut found) = load(args)?;
    let base = number_of(&scenarios, &args.base)?;
    let fx = settle::rates(&args.fx)?;
    let all = || scenarios.iter().flat_map(|s| &s.contracts);
    let mut kept = settle::with_labels_of(&all().cloned().collect::<Vec<_>>(), &[]);
    kept.extend(args.model.scope_dimensions());
    let kept = ingest::dimensions(&kept);
    let asked = ingest::Asked { dimensions: &kept, grain: ingest::GrainAsked::Usual, out };
    let first = all().next().map(|contract| contract.calendar.name().to_owned());
    let timezone = args.input.timezone.clone().or(first);
    let input = InputArgs { timezone, ..args.input.clone() };
    let usage = ingest::read_usage(&input, &prices, asked, ui)?;
    let threads = args.input.threads;
    let options =
        args.model.options(horizon, prices.known_at, usage.calendar, Vec::new(), threads)?;
    let history = summary::summarise_checked(
        &usage.rollup,
        &prices.book,
        prices.known_at,
        &[],
        &usage.calendar,
        args.stale.stale_days,
    )?;
    let undecided = finish::undecided(usage.facts.records, &history.totals);
    found.merge(usage.found.clone());
    found.merge(prices.found.clone());
    found.merge(history.diagnostics);
    let compared = compare(&usage, &prices, &options, (&scenarios, base, &fx), args);
    if let Ok((paths, outcome)) = &compared {
        found.merge(paths.diagnostics.clone());
        found.merge(outcome.diagnostics.clone());
    }
    let (findings, denied) = finish::resolve(&found, &policy);
    ui.findings(&findings);
    let (paths, outcome) = compared?;
    let context = CompareContext {
        currency: paths.currency,
        origin: paths.origin,
        end: paths.end,
        level: paths.level.name().to_owned(),
        paths: paths.paths,
        seed: args.model.seed,
        inputs: usage.facts,
        diagnostics: findings,
        price_book: prices.facts(),
    };
    let report = CompareReport::new(&outcome, context);
    let (head, notes) = report.sentences();
    let csv = report.csv_grid();
    let printed = Printed { head: &head, grids: report.grids(), notes: &notes, csv };
    finish::print(&report, printed, &args.output, denied, ui)?;
    Ok(finish::status(denied, undecided, ui))
}

/// The base, then the scenarios in the order of the flags.
fn load(args: &CompareArgs) -> Result<(Vec<Loaded>, Diagnostics), Failure> {
    let mut scenarios = vec![Loaded { name: BASE.to_owned(), contracts: Vec::new() }];
    let mut found = Diagnostics::default();
    let mut read: Vec<Input> = args.fx.iter().cloned().map(Input::File).collect();
    for text in &args.contract {
        let (name, files) = match text.split_once('=') {
            Some((name, files)) => (Some(name.trim().to_owned()), files),
            None => (None, text.as_str()),
        };
        let files: Vec<String> = files.split(',').map(|file| file.trim().to_owned()).collect();
        let paths = contract::paths(&files)?;
        read.extend(paths.iter().cloned().map(Input::File));
        let (contracts, odd) = contract::load(&paths)?;
        found.merge(odd);
        let ids = contracts.iter().map(|c| c.id.to_string()).collect::<Vec<_>>().join("+");
        scenarios.push(Loaded { name: name.unwrap_or(ids), contracts });
    }
    ingest::refuse_output_among_inputs(&read, args.output.out.as_deref())?;
    for (at, scenario) in scenarios.iter().enumerate() {
        if scenarios[..at].iter().any(|other| other.name == scenario.name) {
            return Err(Failure::with_hint(
                anyhow!("two scenarios have the name `{}`", scenario.name),
                "name them: --contract NAME=FILE",
            ));
        }
    }
    if scenarios.len() == 1 {
        return Err(Failure::with_hint(
            anyhow!("nothing to compare with `{BASE}`"),
            "name a deal with --contract FILE",
        ));
    }
    Ok((scenarios, found))
}

fn number_of(scenarios: &[Loaded], name: &str) -> anyhow::Result<usize> {
    let Some(number) = scenarios.iter().position(|scenario| scenario.name == name) else {
        let names: Vec<&str> = scenarios.iter().map(|s| s.name.as_str()).collect();
        bail!("--base: no scenario has the name `{name}` (there are: {})", names.join(", "));
    };
    Ok(number)
}

fn compare(
    usage: &Usage,
    prices: &Prices,
    options: &ProjectionOptions,
    (scenarios, base, fx): (&[Loaded], usize, &FxTable),
    args: &CompareArgs,
) -> Result<(UsagePaths, Outcome), Failure> {
    let cut = |window: Period| edges(scenarios, window, &usage.calendar);
    let paths = usage_paths(&usage.rollup, &prices.book, options, &cut)?;
    let ground = Ground { book: &prices.book, known_at: prices.known_at, fx };
    let mut cases = Vec::with_capacity(scenarios.len());
    for scenario in scenarios {
        let usage = (&paths.profiles[..], Column::all(&paths));
        cases.push(Case::new(&scenario.name, ground, &paths, usage, &scenario.contracts)?);
    }
    let outcome = scenario::compare(&cases, base, args.decide_by.into(), options.threads)?;
    drop(cases);
    Ok((paths, outcome))
}

/// Where usage is cut: wherever a term of any scenario changes, and every day where capacity serves
/// usage as it comes.
fn edges(scenarios: &[Loaded], window: Period, calendar: &Calendar) -> Vec<Timestamp> {
    let by_minute =
        |kind: &TermKind| matches!(kind, TermKind::Capacity(_) | TermKind::ReservedSpend(_));
    let mut found = Vec::new();
    for scenario in scenarios {
        found.extend(settlement::edges(&scenario.contracts, window));
        if scenario.contracts.iter().flat_map(|c| &c.terms).any(|term| by_minute(&term.kind)) {
            let days = calendar.date_of(window.start).iter_days();
            let starts = days.map(|day| calendar.day_start(day));
            found.extend(starts.take_while(|start| *start < window.end));
        }
    }
    found
}
