//! `tokencast backtest`.

use anyhow::anyhow;
use clap::Args;

use super::args::{FindingArgs, InputArgs, OutputArgs, PriceArgs, StaleArgs};
use super::cost_series::{self, CostSeriesArgs};
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Printed, Undecided};
use super::forecast::Asked;
use super::ingest::{self, Prices};
use super::model_args::ModelArgs;
use super::settings::Environment;
use super::ui::Ui;
use crate::diagnostic::Diagnostics;
use crate::projection::backtest::{Backtest, Windows, backtest};
use crate::projection::{Horizon, ProjectionError};
use crate::rating::group::Dimension;
use crate::rating::summary;
use crate::report::backtest::{BacktestContext, BacktestReport};
use crate::report::{InputFacts, PriceBookFacts, Source};

/// Forecast earlier days of a history again, and say how far off that was.
///
/// From each of several origins the following days are forecast with what was known before them;
/// accuracy and coverage of the intervals are printed beside "as a week before" and the mean of
/// the last 28 days. Prices are those of the days forecast. With --series, daily costs are forecast
/// as they stand.
///
/// Exit codes: 0 done, 2 error, 3 no usage, too little history, or nothing that has a price.
#[derive(Debug, Args)]
#[command(mut_arg("inputs", |inputs| inputs.required(false).required_unless_present("series")))]
pub(crate) struct BacktestArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Length of what is forecast: days such as 30d, or `month` for calendar months.
    #[arg(help_heading = "Forecast", long, default_value = "30d", value_name = "LENGTH")]
    horizon: String,
    /// Days from one origin to the next; by default a quarter of the length.
    #[arg(help_heading = "Forecast", long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=366))]
    stride: Option<u32>,
    /// Most origins, counted back from the last one that is possible.
    #[arg(help_heading = "Forecast", long, default_value_t = 26, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    windows: u32,
    /// Dimensions of groups to score too, separated by commas: provider, model, a label, ...; `id` for
    /// --series.
    #[arg(
        help_heading = "Forecast",
        long,
        short,
        value_name = "DIMENSIONS",
        value_delimiter = ','
    )]
    group_by: Vec<Dimension>,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    costs: CostSeriesArgs,
    #[command(flatten)]
    prices: PriceArgs,
    #[command(flatten)]
    stale: StaleArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    findings: FindingArgs,
}

fn windows(args: &BacktestArgs) -> Result<Windows, Failure> {
    if args.horizon == "month" {
        if args.stride.is_some() {
            return Err(anyhow!("--stride: calendar months follow each other").into());
        }
        return Ok(Windows::Months);
    }
    let number = args.horizon.strip_suffix('d').and_then(|d| d.parse::<u32>().ok());
    let days = number.filter(|n| (1..=366).contains(n)).ok_or_else(|| {
        anyhow!(
            "--horizon: `{}` is no length (expected days such as 30d up to 366d, or month)",
            args.horizon
        )
    })?;
    Ok(Windows::Rolling { days, stride: args.stride.unwrap_or(days.div_ceil(4)) })
}

/// A backtest, or why there is none, with what was read for it.
struct Made {
    tested: Result<Backtest, ProjectionError>,
    facts: InputFacts,
    found: Diagnostics,
    price_book: Option<PriceBookFacts>,
    source: Source,
    /// Why there is nothing to judge by.
    undecided: Option<Undecided>,
}

pub(crate) fn run(
    args: &BacktestArgs,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    let policy = finish::policy(&args.findings)?;
    let windows = windows(args)?;
    let dimensions = ingest::dimensions(&args.group_by);
    let asked = Asked {
        // The horizon is that of the windows.
        horizon: Horizon::Days(1),
        model: &args.model,
        dimensions: &dimensions,
        out: args.output.out.as_deref(),
    };
    let made = if args.costs.is_given() {
        let read = cost_series::read(&args.costs, &args.input, &asked)?;
        Made {
            tested: read.backtest(windows, usize::try_from(args.windows)?),
            facts: read.facts,
            found: read.table.diagnostics,
            price_book: None,
            source: Source::Costs,
            undecided: None,
        }
    } else {
        from_usage(args, windows, &asked, environment, ui)?
    };
    let mut found = made.found;
    if let Ok(tested) = &made.tested {
        found.merge(tested.diagnostics.clone());
    }
    let (findings, denied) = finish::resolve(&found, &policy);
    ui.findings(&findings);
    let tested = made.tested?;
    let context = BacktestContext {
        inputs: made.facts,
        diagnostics: findings,
        price_book: made.price_book,
        source: made.source,
        group_by: dimensions.iter().map(ToString::to_string).collect(),
        seed: args.model.seed,
        paths: usize::try_from(args.model.paths)?,
    };
    let report = BacktestReport::new(&tested, context);
    let (head, notes) = report.sentences();
    let printed =
        Printed { head: &head, grids: report.grids(), notes: &notes, csv: report.csv_grid() };
    let page = || Ok(report.page());
    finish::print_with_page(&report, printed, page, &args.output, denied, ui)?;
    Ok(finish::status(denied, made.undecided, ui))
}

/// Reads usage, prices it and forecasts it again.
fn from_usage(
    args: &BacktestArgs,
    windows: Windows,
    asked: &Asked<'_>,
    environment: &Environment,
    ui: &Ui,
) -> Result<Made, Failure> {
    let mut dimensions = asked.dimensions.iter();
    if let Some(wrong) = dimensions.find(|d| d.is_time() || **d == Dimension::Component) {
        return Err(anyhow!("--group-by: a forecast cannot be grouped by `{wrong}`").into());
    }
    let prices = Prices::load(&args.prices, environment)?;
    let mut kept = asked.dimensions.to_vec();
    kept.extend(args.model.scope_dimensions());
    let wanted =
        ingest::Asked { dimensions: &kept, grain: ingest::GrainAsked::Usual, out: asked.out };
    let usage = ingest::read_history(&args.input, &prices, wanted, ui)?;
    let dimensions = asked.dimensions.to_vec();
    let (known_at, threads) = (prices.known_at, args.input.threads);
    let options =
        args.model.options(asked.horizon, known_at, usage.calendar, dimensions, threads)?;
    let history = summary::summarise_checked(
        &usage.rollup,
        &prices.book,
        prices.known_at,
        &[],
        &options.calendar,
        args.stale.stale_days,
    )?;
    let mut found = usage.found;
    found.merge(prices.found.clone());
    found.merge(history.diagnostics.clone());
    let most = usize::try_from(args.windows)?;
    Ok(Made {
        tested: backtest(&usage.rollup, &prices.book, &options, windows, most),
        undecided: finish::undecided(usage.facts.records, &history.totals),
        facts: usage.facts,
        found,
        price_book: Some(prices.facts()),
        source: Source::Usage,
    })
}
