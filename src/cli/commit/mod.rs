//! `tokencast commit`.

mod sizes;

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;

use self::sizes::SizeArgs;
use super::args::{FindingArgs, InputArgs, OutputArgs, PriceArgs, StaleArgs};
use super::compare::{BasisArg, Comparison, alone, with_volume};
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Printed};
use super::ingest::{self, Prices, Usage};
use super::model_args::ModelArgs;
use super::settings::Environment;
use super::ui::Ui;
use super::{forecast, settle, token_ratios};
use crate::contract::Contract;
use crate::diagnostic::Diagnostics;
use crate::money::Currency;
use crate::projection::{Level, ProjectionOptions, look_back};
use crate::rating::summary;
use crate::report::commit::{CommitContext, CommitReport};
use crate::scenario::sizing::{Choice, Deal, Plan, Sizer, plan};
use crate::source::Input;

/// Find how much to commit: the size of a spend commitment, of capacity, seats or credit that costs
/// least on forecast usage, with the whole curve.
///
/// Every size is settled on the same sample paths. Beside the best one stand the size in the
/// contract, the one that the last days alone would suggest, and going without the contract.
///
/// Exit codes: 0 done, 2 error, 3 no usage, too little history, or nothing that has a price.
#[derive(Debug, Args)]
pub(crate) struct CommitArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Contract files, folders or patterns, that the usage is settled by together; may be given
    /// several times.
    #[arg(
        help_heading = "Contracts",
        long,
        required_unless_present = "scenario",
        value_delimiter = ',',
        value_name = "FILE,..."
    )]
    contract: Vec<String>,
    /// A file of scenarios, of which one changes the usage and has contracts of its own.
    #[arg(help_heading = "Contracts", long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Which scenario of the file.
    #[arg(help_heading = "Contracts", long, requires = "scenario", value_name = "NAME")]
    of: Option<String>,
    /// Exchange rates by day: CSV `date,from,to,rate[,source]`, or TOML; may be given several
    /// times.
    #[arg(help_heading = "Contracts", long, value_name = "FILE")]
    fx: Vec<PathBuf>,
    /// Ratios of tokens between models that `count --token-ratios-out` measured on a corpus. Swaps of
    /// the scenario that state none take them before those of the shipped table.
    #[arg(help_heading = "Contracts", long, value_name = "FILE", requires = "scenario")]
    token_ratios: Option<PathBuf>,
    #[command(flatten)]
    sizes: SizeArgs,
    /// The cost that is meant.
    #[arg(help_heading = "Sizes", long, value_enum, default_value_t, value_name = "COST")]
    decide_by: BasisArg,
    /// How far: days such as 30d, months such as 12m (the current one is the first), eom, eoq, eoy,
    /// or the last day as a date. Commitments count in whole periods: it must reach their end.
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

pub(crate) fn run(
    args: &CommitArgs,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    let policy = finish::policy(&args.findings)?;
    let horizon = forecast::horizon(&args.horizon)?;
    let out = args.output.out.as_deref();
    let prices = Prices::load(&args.prices, environment)?;
    let fx = settle::rates(&args.fx)?;
    let mut read: Vec<PathBuf> = args.fx.iter().chain(&args.token_ratios).cloned().collect();
    let scenario = args.scenario.as_deref().map(|path| (path, args.of.as_deref()));
    let (loaded, mut found) = alone(scenario, &args.contract, &fx, &mut read)?;
    let read: Vec<Input> = read.into_iter().map(Input::File).collect();
    ingest::refuse_output_among_inputs(&read, out)?;
    let asked = args.sizes.read(loaded.own_contracts())?;
    let all: Vec<Contract> = loaded.all_contracts().cloned().collect();
    let mut kept = settle::with_labels_of(&all, &args.model.scope_dimensions());
    kept.extend(loaded.dimensions());
    let kept = ingest::dimensions(&kept);
    let wanted = ingest::Asked { dimensions: &kept, grain: ingest::GrainAsked::Usual, out };
    let input = settle::in_zone_of(&args.input, &all);
    let usage = ingest::read_history(&input, &prices, wanted, ui)?;
    let threads = args.input.threads;
    let options =
        args.model.options(horizon, prices.known_at, usage.calendar, Vec::new(), threads)?;
    let options = with_volume(&options, &loaded.changes).unwrap_or(options);
    let (book, known_at, days) = (&prices.book, prices.known_at, args.stale.stale_days);
    let history =
        summary::summarise_checked(&usage.rollup, book, known_at, &[], &usage.calendar, days)?;
    let undecided = finish::undecided(usage.facts.records, &history.totals);
    found.merge(usage.found.clone());
    found.merge(prices.found.clone());
    found.merge(history.diagnostics);
    let sized = {
        let tokenizers = token_ratios::read(args.token_ratios.as_deref())?;
        let books = (&usage, &prices);
        let comparison = Comparison::alone(books, &options, &loaded, &tokenizers, &fx);
        Work { args, usage: &usage, options: &options, comparison: &comparison }.plan(
            loaded.own_contracts(),
            &asked,
            &mut found,
            ui,
        )
    };
    let (findings, denied) = finish::resolve(&found, &policy);
    ui.findings(&findings);
    let Sized { plan, currency, days: (origin, end), level, look_back, unpriced } = sized?;
    let context = CommitContext {
        currency,
        origin,
        end,
        level: level.name().to_owned(),
        paths: options.paths,
        seed: args.model.seed,
        basis: args.decide_by.into(),
        objective: args.sizes.minimise,
        near: args.sizes.near,
        look_back_days: look_back,
        unpriced,
        inputs: usage.facts,
        diagnostics: findings,
        price_book: prices.facts(),
    };
    let report = CommitReport::new(&asked.knobs, &plan, context);
    let (head, notes) = report.sentences();
    let csv = report.csv_grid();
    let printed = Printed { head: &head, grids: report.grids(), notes: &notes, csv };
    finish::print_with_page(&report, printed, || Ok(report.page()), &args.output, denied, ui)?;
    Ok(finish::status(denied, undecided, ui))
}

/// What a plan is made from.
struct Work<'a> {
    args: &'a CommitArgs,
    usage: &'a Usage,
    options: &'a ProjectionOptions,
    comparison: &'a Comparison<'a>,
}

/// A plan with what it was made on.
struct Sized {
    plan: Plan,
    currency: Currency,
    /// First day and the day after the last one.
    days: (NaiveDate, NaiveDate),
    level: Level,
    /// Days looked back on.
    look_back: u32,
    /// What has no price by token.
    unpriced: Vec<String>,
}

impl Work<'_> {
    fn plan(
        &self,
        contracts: &[Contract],
        asked: &sizes::Asked,
        found: &mut Diagnostics,
        ui: &Ui,
    ) -> Result<Sized, Failure> {
        let comparison = self.comparison;
        let forecast = comparison.forecast(self.options)?;
        found.merge(forecast.diagnostics.clone());
        let days = self.args.sizes.look_back;
        let (past, look_back) =
            look_back(&self.usage.rollup, &forecast, &self.usage.calendar, days);
        let (now, ground) = comparison.changed(&forecast, false, found)?;
        let (then, _) = comparison.changed(&past, true, &mut Diagnostics::default())?;
        let bar = ui.sizes_bar();
        let count = || bar.inc(1);
        let deal = Deal {
            ground,
            usage: &forecast,
            profiles: &now.profiles,
            columns: &now.columns,
            contracts,
            knobs: &asked.knobs,
            offers: &asked.offers,
            basis: self.args.decide_by.into(),
            threads: self.options.threads,
            settled: &count,
        };
        let before = Deal {
            usage: &past,
            profiles: &then.profiles,
            columns: &then.columns,
            settled: &|| (),
            ..deal.clone()
        };
        let choice = Choice { objective: self.args.sizes.minimise, near: self.args.sizes.near };
        let (plan, unpriced) = {
            let (sizer, past) = (Sizer::new(&deal)?, Sizer::new(&before)?);
            let axes = asked.axes(&sizer)?;
            (plan(&sizer, &past, &axes, choice)?, sizer.unpriced()?)
        };
        bar.finish_and_clear();
        Ok(Sized {
            plan,
            currency: forecast.currency,
            days: (forecast.origin, forecast.end),
            level: forecast.level,
            look_back,
            unpriced,
        })
    }
}
