//! `tokencast forecast`.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use clap::Args;

use super::args::{FindingArgs, InputArgs, OutputArgs, OutputFormat, PriceArgs, StaleArgs};
use super::budgets;
use super::cost_series::{self, CostSeriesArgs};
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Printed, Undecided};
use super::ingest::{self, Prices, Usage};
use super::model_args::ModelArgs;
use super::settings::Environment;
use super::ui::Ui;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::money::Amount;
use crate::projection::{
    BasisPoints, BudgetOutlook, Horizon, Projection, ProjectionError, ProjectionOptions, project,
};
use crate::rating::group::Dimension;
use crate::rating::summary;
use crate::report::forecast::{ForecastContext, ForecastReport};
use crate::report::{InputFacts, PriceBookFacts, Source, format};

/// Forecast what usage will cost.
///
/// Daily quantities are forecast as sample paths, each path is rated with the prices in force on
/// its days, and spend is read off the paths. With --series, daily costs are forecast as they stand.
///
/// Exit codes: 0 done, 2 error, 3 no usage, too little history, or nothing that has a price. A budget
/// that is likely to break changes nothing about them.
#[derive(Debug, Args)]
#[command(mut_arg("inputs", |inputs| inputs.required(false).required_unless_present("series")))]
pub(crate) struct ForecastArgs {
    #[command(flatten)]
    pub(super) input: InputArgs,
    /// How far: days such as 30d, months such as 3m (the current one is the first), eom, eoq, eoy,
    /// or the last day as a date.
    #[arg(help_heading = "Forecast", long, default_value = "30d", value_name = "HORIZON")]
    horizon: String,
    /// Levels of the prediction intervals, separated by commas.
    #[arg(
        help_heading = "Forecast",
        long,
        default_value = "0.8,0.95",
        value_delimiter = ',',
        value_name = "LEVELS"
    )]
    pub(super) levels: Vec<String>,
    /// A budget, such as 900, '2500 EUR/quarter', 9000/year or 700/total (the days forecast); without
    /// a period it is that of a month. Shows how likely each period goes over it and when it is used
    /// up. May be given several times; the exit code does not depend on it.
    #[arg(help_heading = "Forecast", long, value_name = "AMOUNT[/PERIOD]")]
    budget: Vec<String>,
    /// Dimensions of the groups, separated by commas: provider, model, a label, ...; `id` for --series.
    #[arg(
        help_heading = "Forecast",
        long,
        short,
        value_name = "DIMENSIONS",
        value_delimiter = ','
    )]
    group_by: Vec<Dimension>,
    /// Also list every day.
    #[arg(help_heading = "Forecast", long)]
    daily: bool,
    #[command(flatten)]
    pub(super) model: ModelArgs,
    #[command(flatten)]
    costs: CostSeriesArgs,
    #[command(flatten)]
    prices: PriceArgs,
    #[command(flatten)]
    stale: StaleArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(flatten)]
    findings: FindingArgs,
}

pub(crate) fn horizon(text: &str) -> anyhow::Result<Horizon> {
    let number = |digits: &str| digits.parse::<u32>().ok().filter(|n| (1..=3_660).contains(n));
    let found = match text {
        "eom" => Some(Horizon::Months(1)),
        "eoq" => Some(Horizon::Quarter),
        "eoy" => Some(Horizon::Year),
        _ => text
            .strip_suffix('d')
            .and_then(|d| number(d).map(Horizon::Days))
            .or_else(|| text.strip_suffix('m').and_then(|m| number(m).map(Horizon::Months)))
            .or_else(|| text.parse().ok().map(Horizon::Through)),
    };
    found.ok_or_else(|| anyhow!("--horizon: `{text}` is no horizon (expected such as 30d, 3m, eom, eoq, eoy or 2026-12-31)"))
}

fn level(text: &str) -> anyhow::Result<BasisPoints> {
    let amount: Amount = text.trim().parse().with_context(|| format!("--levels: `{text}`"))?;
    let points = amount.atto() / 10_i128.pow(14);
    let exact = points * 10_i128.pow(14) == amount.atto() && points % 2 == 0;
    match u32::try_from(points) {
        Ok(points) if exact && (1..10_000).contains(&points) => Ok(points),
        _ => bail!(
            "--levels: `{text}` is no level (expected between 0 and 1 in steps of 0.0002, such as 0.8)"
        ),
    }
}

/// What is asked of a forecast, whatever it is made from.
pub(crate) struct Asked<'a> {
    pub(crate) horizon: Horizon,
    pub(crate) model: &'a ModelArgs,
    pub(crate) dimensions: &'a [Dimension],
    pub(crate) out: Option<&'a Path>,
}

/// A projection, or why there is none, with what was read for it.
pub(crate) struct Made {
    pub(crate) projection: Result<Projection, ProjectionError>,
    pub(crate) facts: InputFacts,
    pub(crate) found: Diagnostics,
    pub(crate) price_book: Option<PriceBookFacts>,
    pub(crate) source: Source,
    /// Why there is nothing to judge by.
    pub(crate) undecided: Option<Undecided>,
    /// What is known without a forecast.
    pub(crate) known: String,
    /// What it was made from; `None` for daily costs.
    pub(crate) ground: Option<UsageGround>,
}

/// Usage that was forecast.
pub(crate) struct UsageGround {
    pub(crate) usage: Usage,
    pub(crate) prices: Prices,
    pub(crate) options: ProjectionOptions,
}

pub(crate) fn run(
    args: &ForecastArgs,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    let made = make(args, environment, ui)?;
    let (report, denied) = (&made.report, made.denied);
    let (mut head, notes) = report.sentences();
    if args.output.output == OutputFormat::Table {
        for drawn in [report.trend(), report.fan_lines(ui.width())].into_iter().flatten() {
            head.push_str(&format!("\n\n{drawn}"));
        }
    }
    let further = [report.budget_grid(), report.group_grid(), report.driver_grid()];
    let grids = [Some(report.grid(args.daily))].into_iter().chain(further).flatten().collect();
    let printed = Printed { head: &head, grids, notes: &notes, csv: report.csv_grid() };
    let page = || Ok(report.page()?);
    finish::print_with_page(report, printed, page, &args.output, denied, ui)?;
    Ok(finish::status(denied, made.undecided, ui))
}

/// A report of a forecast, and what it was made from.
pub(super) struct Reported {
    pub(super) report: ForecastReport,
    pub(super) projection: Projection,
    pub(super) budgets: Vec<BudgetOutlook>,
    /// `None` for a forecast of daily costs.
    pub(super) ground: Option<UsageGround>,
    pub(super) facts: InputFacts,
    pub(super) findings: Vec<Diagnostic>,
    /// A finding makes the command fail.
    pub(super) denied: bool,
    pub(super) undecided: Option<Undecided>,
}

/// Forecasts and says what was odd.
pub(super) fn make(
    args: &ForecastArgs,
    environment: &Environment,
    ui: &Ui,
) -> Result<Reported, Failure> {
    let policy = finish::policy(&args.findings)?;
    let horizon = horizon(&args.horizon)?;
    let mut levels: Vec<BasisPoints> =
        args.levels.iter().map(|l| level(l)).collect::<anyhow::Result<_>>()?;
    levels.sort_unstable();
    levels.dedup();
    let typed: Vec<budgets::Typed> =
        args.budget.iter().map(|b| budgets::parse(b)).collect::<anyhow::Result<_>>()?;
    let dimensions = ingest::dimensions(&args.group_by);
    let asked = Asked {
        horizon,
        model: &args.model,
        dimensions: &dimensions,
        out: args.output.out.as_deref(),
    };
    let made = if args.costs.is_given() {
        cost_series::read(&args.costs, &args.input, &asked)?.project()?
    } else {
        from_usage(args, &asked, environment, ui)?
    };
    let mut found = made.found;
    if let Ok(projection) = &made.projection {
        found.merge(projection.diagnostics.clone());
    }
    let (findings, denied) = finish::resolve(&found, &policy);
    ui.findings(&findings);
    let projection = made.projection.map_err(|error| {
        // Where there is no forecast, the history is still worth a line.
        if made.facts.records > 0 {
            ui.note(&format!("known so far: {}", made.known));
        }
        let failure = Failure::from(error);
        // A denied finding is an error whatever else there is.
        if denied { Failure { status: ExitStatus::Error, ..failure } } else { failure }
    })?;
    let budgets = budgets::outlooks(&typed, &projection)?;
    let context = ForecastContext {
        inputs: made.facts.clone(),
        diagnostics: findings.clone(),
        price_book: made.price_book,
        source: made.source,
        levels,
        seed: args.model.seed,
        group_by: dimensions.iter().map(ToString::to_string).collect(),
        paths: usize::try_from(args.model.paths)?,
        budgets: budgets.clone(),
    };
    let report = ForecastReport::new(&projection, context)?;
    let (ground, facts, undecided) = (made.ground, made.facts, made.undecided);
    Ok(Reported { report, projection, budgets, ground, facts, findings, denied, undecided })
}

/// Reads usage, prices it and projects it.
fn from_usage(
    args: &ForecastArgs,
    asked: &Asked<'_>,
    environment: &Environment,
    ui: &Ui,
) -> Result<Made, Failure> {
    if let Some(wrong) =
        asked.dimensions.iter().find(|d| d.is_time() || **d == Dimension::Component)
    {
        let error = anyhow!("--group-by: a forecast cannot be grouped by `{wrong}`");
        return Err(Failure::with_hint(
            error,
            "days and months are listed anyway; `--daily` shows the days in tables",
        ));
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
    let projection = project(&usage.rollup, &prices.book, &options);
    let history = summary::summarise_checked(
        &usage.rollup,
        &prices.book,
        prices.known_at,
        &[],
        &usage.calendar,
        args.stale.stale_days,
    )?;
    let mut found = usage.found.clone();
    found.merge(prices.found.clone());
    // What the history lacks is said before why there is no forecast.
    found.merge(history.diagnostics.clone());
    Ok(Made {
        known: format!(
            "{}, {} tokens, {}",
            usage.facts.sentence(),
            format::grouped(history.totals.components.tokens()),
            format::money(history.totals.costs.billed_cost, history.currency)
        ),
        projection,
        undecided: finish::undecided(usage.facts.records, &history.totals),
        facts: usage.facts.clone(),
        found,
        price_book: Some(prices.facts()),
        source: Source::Usage,
        ground: Some(UsageGround { usage, prices, options }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn horizons() {
        assert_eq!(horizon("30d").unwrap(), Horizon::Days(30));
        assert_eq!(horizon("3m").unwrap(), Horizon::Months(3));
        assert_eq!(horizon("eoq").unwrap(), Horizon::Quarter);
        assert!(matches!(horizon("2026-12-31").unwrap(), Horizon::Through(_)));
        for text in ["", "0d", "30", "d", "tomorrow", "9999d", "2026-13-01"] {
            assert!(horizon(text).is_err(), "{text}");
        }
    }

    #[test]
    fn levels() {
        assert_eq!(level("0.95").unwrap(), 9_500);
        for text in ["0", "1", "80", "-0.5", "x", "0.00011"] {
            assert!(level(text).is_err(), "{text}");
        }
    }
}
