//! `tokencast compare`.

mod cases;
mod load;
mod way;

use anyhow::anyhow;
use clap::{Args, ValueEnum};

pub(super) use self::cases::{Compared, Comparison, with_volume};
pub(super) use self::load::{Loaded, alone};
use self::load::{ScenarioArgs, Scenarios, number_of};
use super::args::{FindingArgs, InputArgs, OutputArgs, PriceArgs, StaleArgs};
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Printed, Undecided};
use super::ingest::{self, Prices, Usage};
use super::model_args::ModelArgs;
use super::settings::Environment;
use super::ui::Ui;
use super::{forecast, settle, token_ratios};
use crate::contract::{Contract, FxTable};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::price_book::TokenRatios;
use crate::projection::ProjectionOptions;
use crate::rating::summary;
use crate::report::compare::{CompareContext, CompareReport};
use crate::scenario::{Asked, Basis, Fallback};

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
    pub(super) model: ModelArgs,
    #[command(flatten)]
    prices: PriceArgs,
    #[command(flatten)]
    stale: StaleArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
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
    let ground = Ground::read(args, environment, ui)?;
    ground.comparison().run(|compared| {
        let Reported { report, denied, .. } = ground.report(args, compared, ui)?;
        let (head, notes) = report.sentences();
        let csv = report.csv_grid();
        let printed = Printed { head: &head, grids: report.grids(), notes: &notes, csv };
        let page = || Ok(report.page()?);
        finish::print_with_page(&report, printed, page, &args.output, denied, ui)?;
        Ok(finish::status(denied, ground.undecided, ui))
    })
}

/// What is compared, read.
pub(super) struct Ground {
    pub(super) usage: Usage,
    pub(super) prices: Prices,
    pub(super) undecided: Option<Undecided>,
    options: ProjectionOptions,
    scenarios: Vec<Loaded>,
    fallbacks: Vec<Fallback>,
    tokenizers: TokenRatios,
    fx: FxTable,
    asked: Asked,
    found: Diagnostics,
}

/// A report of scenarios, and what it was made from.
pub(super) struct Reported<'c, 'a> {
    pub(super) report: CompareReport,
    pub(super) compared: Compared<'c, 'a>,
    pub(super) findings: Vec<Diagnostic>,
    /// A finding makes the command fail.
    pub(super) denied: bool,
}

impl Ground {
    /// Reads scenarios, prices and usage.
    pub(super) fn read(
        args: &CompareArgs,
        environment: &Environment,
        ui: &Ui,
    ) -> Result<Self, Failure> {
        finish::policy(&args.findings)?;
        let horizon = forecast::horizon(&args.horizon)?;
        let out = args.output.out.as_deref();
        let prices = Prices::load(&args.prices, environment)?;
        let fx = settle::rates(&args.scenarios.fx)?;
        let Scenarios { all: scenarios, fallbacks, mut found } = args.scenarios.load(out, &fx)?;
        let base = number_of(&scenarios, &args.scenarios.base)?;
        let tokenizers = token_ratios::read(args.scenarios.token_ratios.as_deref())?;
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
        Ok(Self {
            usage,
            prices,
            undecided,
            options,
            scenarios,
            fallbacks,
            tokenizers,
            fx,
            asked,
            found,
        })
    }

    pub(super) fn comparison(&self) -> Comparison<'_> {
        Comparison {
            usage: &self.usage,
            prices: &self.prices,
            options: &self.options,
            scenarios: &self.scenarios,
            fallbacks: &self.fallbacks,
            tokenizers: &self.tokenizers,
            fx: &self.fx,
            asked: self.asked,
        }
    }

    /// Says what was odd and makes the report of what was compared.
    pub(super) fn report<'c, 'a>(
        &self,
        args: &CompareArgs,
        compared: Result<Compared<'c, 'a>, Failure>,
        ui: &Ui,
    ) -> Result<Reported<'c, 'a>, Failure> {
        let policy = finish::policy(&args.findings)?;
        let mut found = self.found.clone();
        if let Ok(compared) = &compared {
            found.merge(compared.found.clone());
        }
        let (findings, denied) = finish::resolve(&found, &policy);
        ui.findings(&findings);
        let compared = compared?;
        let paths = compared.usage;
        let context = CompareContext {
            currency: paths.currency,
            origin: paths.origin,
            end: paths.end,
            level: paths.level.name().to_owned(),
            paths: paths.paths,
            seed: args.model.seed,
            inputs: self.usage.facts.clone(),
            diagnostics: findings.clone(),
            price_book: self.prices.facts(),
        };
        let report = CompareReport::new(&compared.outcome, compared.assumed.clone(), context);
        Ok(Reported { report, compared, findings, denied })
    }
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
    ingest::read_history(&input, prices, wanted, ui)
}

/// A rate a year from 0 to 1.
fn discount_rate(text: &str) -> anyhow::Result<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let rate = text.parse::<f64>().ok().filter(|rate| plain && (0.0..=1.0).contains(rate));
    rate.ok_or_else(|| {
        anyhow!("--discount-rate: `{text}` is no rate (expected from 0 to 1, such as 0.08)")
    })
}
