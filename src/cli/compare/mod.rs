//! `tokencast compare`.

mod cases;
mod load;
mod way;

use anyhow::anyhow;
use clap::{Args, ValueEnum};

use self::cases::Compared;
pub(super) use self::cases::{Comparison, with_volume};
pub(super) use self::load::{Loaded, alone};
use self::load::{ScenarioArgs, Scenarios, number_of};
use super::args::{FindingArgs, InputArgs, OutputArgs, PriceArgs, StaleArgs};
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Printed};
use super::ingest::{self, Prices};
use super::model_args::ModelArgs;
use super::settings::Environment;
use super::ui::Ui;
use super::{forecast, settle};
use crate::contract::Contract;
use crate::price_book::TokenRatios;
use crate::rating::summary;
use crate::report::compare::{CompareContext, CompareReport};
use crate::scenario::{Asked, Basis};

/// Compare what forecast usage costs under several deals and changes.
///
/// Every scenario is settled on the same sample paths, beside `base`: the usage as forecast,
/// without a contract.
///
/// Exit codes: 0 done, 2 error, 3 no usage, too little history, or nothing that has a price.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    scenarios: ScenarioArgs,
    /// The cost that decides what is cheaper.
    #[arg(help_heading = "Scenarios", long, value_enum, default_value_t, value_name = "COST")]
    decide_by: BasisArg,
    /// Also show what all payments are worth on the first day, at this rate a year, such as 0.08.
    #[arg(help_heading = "Scenarios", long, value_name = "RATE")]
    discount_rate: Option<String>,
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
pub(super) enum BasisArg {
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

pub(crate) fn run(
    args: &CompareArgs,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    let policy = finish::policy(&args.findings)?;
    let horizon = forecast::horizon(&args.horizon)?;
    let out = args.output.out.as_deref();
    let prices = Prices::load(&args.prices, environment)?;
    let fx = settle::rates(&args.scenarios.fx)?;
    let Scenarios { all: scenarios, fallbacks, mut found } = args.scenarios.load(out, &fx)?;
    let base = number_of(&scenarios, &args.scenarios.base)?;
    let tokenizers = TokenRatios::bundled()?;
    let usage = read_usage(args, &scenarios, &prices, ui)?;
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
    let asked = Asked {
        base,
        basis: args.decide_by.into(),
        discount_rate: args.discount_rate.as_deref().map(discount_rate).transpose()?,
        threads: options.threads,
    };
    let comparison = Comparison {
        usage: &usage,
        prices: &prices,
        options: &options,
        scenarios: &scenarios,
        fallbacks: &fallbacks,
        tokenizers: &tokenizers,
        fx: &fx,
        asked,
    };
    let compared = comparison.run();
    if let Ok(compared) = &compared {
        found.merge(compared.found.clone());
    }
    let (findings, denied) = finish::resolve(&found, &policy);
    ui.findings(&findings);
    let Compared { usage: paths, outcome, assumed, .. } = compared?;
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
    let report = CompareReport::new(&outcome, assumed, context);
    let (head, notes) = report.sentences();
    let csv = report.csv_grid();
    let printed = Printed { head: &head, grids: report.grids(), notes: &notes, csv };
    finish::print_with_page(&report, printed, || Ok(report.page()?), &args.output, denied, ui)?;
    Ok(finish::status(denied, undecided, ui))
}

/// The usage with every dimension that a scenario asks for, in days of the first contract's zone.
fn read_usage(
    args: &CompareArgs,
    scenarios: &[Loaded],
    prices: &Prices,
    ui: &Ui,
) -> Result<ingest::Usage, Failure> {
    let all: Vec<Contract> = scenarios.iter().flat_map(Loaded::all_contracts).cloned().collect();
    let mut kept = settle::with_labels_of(&all, &[]);
    kept.extend(args.model.scope_dimensions());
    kept.extend(scenarios.iter().flat_map(Loaded::dimensions));
    let dimensions = &ingest::dimensions(&kept);
    let out = args.output.out.as_deref();
    let wanted = ingest::Asked { dimensions, grain: ingest::GrainAsked::Usual, out };
    let first = all.first().map(|contract| contract.calendar.name().to_owned());
    let timezone = args.input.timezone.clone().or(first);
    let input = InputArgs { timezone, ..args.input.clone() };
    ingest::read_usage(&input, prices, wanted, ui)
}

/// A rate a year from 0 to 1.
fn discount_rate(text: &str) -> anyhow::Result<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let rate = text.parse::<f64>().ok().filter(|rate| plain && (0.0..=1.0).contains(rate));
    rate.ok_or_else(|| {
        anyhow!("--discount-rate: `{text}` is no rate (expected from 0 to 1, such as 0.08)")
    })
}
