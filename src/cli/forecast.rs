//! `tokencast forecast`.

use anyhow::{Context, anyhow, bail};
use clap::Args;

use super::args::{FindingArgs, InputArgs, OutputArgs, PriceArgs, StaleArgs};
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Printed};
use super::ingest::{self, Prices};
use super::model_args::ModelArgs;
use super::settings::Environment;
use super::ui::Ui;
use crate::diagnostic::Diagnostics;
use crate::money::Amount;
use crate::projection::{BasisPoints, Horizon, project};
use crate::rating::group::Dimension;
use crate::rating::summary::{self, Summary};
use crate::report::forecast::{ForecastContext, ForecastReport};
use crate::report::{InputFacts, format};

/// Forecast what usage will cost.
///
/// Daily quantities are forecast as sample paths, each path is rated with the prices in force on
/// its days, and spend is read off the paths.
///
/// Exit codes: 0 done, 2 error, 3 no usage, too little history, or nothing that has a price.
#[derive(Debug, Args)]
pub(crate) struct ForecastArgs {
    #[command(flatten)]
    input: InputArgs,
    /// How far: days such as 30d, months such as 3m (the current one is the first), eom, eoq, eoy,
    /// or the last day as a date.
    #[arg(long, default_value = "30d", value_name = "HORIZON")]
    horizon: String,
    /// Levels of the prediction intervals, separated by commas.
    #[arg(long, default_value = "0.8,0.95", value_delimiter = ',', value_name = "LEVELS")]
    levels: Vec<String>,
    /// Dimensions of the groups, separated by commas: provider, model, a label, ...
    #[arg(long, short, value_name = "DIMENSIONS", value_delimiter = ',')]
    group_by: Vec<Dimension>,
    /// Also list every day.
    #[arg(long)]
    daily: bool,
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

fn horizon(text: &str) -> anyhow::Result<Horizon> {
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

pub(crate) fn run(
    args: &ForecastArgs,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    let policy = finish::policy(&args.findings)?;
    let horizon = horizon(&args.horizon)?;
    let mut levels: Vec<BasisPoints> =
        args.levels.iter().map(|l| level(l)).collect::<anyhow::Result<_>>()?;
    levels.sort_unstable();
    levels.dedup();
    let dimensions = ingest::dimensions(&args.group_by);
    if let Some(wrong) = dimensions.iter().find(|d| d.is_time() || **d == Dimension::Component) {
        let error = anyhow!("--group-by: a forecast cannot be grouped by `{wrong}`");
        return Err(Failure::with_hint(
            error,
            "days and months are listed anyway; `--daily` shows the days in tables",
        ));
    }
    let prices = Prices::load(&args.prices, environment)?;
    let mut kept = dimensions.clone();
    kept.extend(args.model.scope_dimensions());
    let asked = ingest::Asked { dimensions: &kept, grain: None, out: args.output.out.as_deref() };
    let usage = ingest::read_usage(&args.input, &prices, asked, ui)?;
    let mut found = usage.found;
    found.merge(prices.found.clone());
    let options =
        args.model.options(horizon, prices.known_at, usage.calendar, dimensions.clone())?;
    let projected = project(&usage.rollup, &prices.book, &options);
    // What the history lacks is said before why there is no forecast.
    let history = summary::summarise_checked(
        &usage.rollup,
        &prices.book,
        prices.known_at,
        &[],
        &usage.calendar,
        args.stale.stale_days,
    )?;
    found.merge(history.diagnostics.clone());
    found.merge(
        projected.as_ref().map_or_else(|_| Diagnostics::default(), |p| p.diagnostics.clone()),
    );
    let (findings, denied) = finish::resolve(&found, &policy);
    ui.findings(&findings);
    let projection = projected.map_err(|error| {
        say_what_is_known(&usage.facts, &history, ui);
        let failure = Failure::from(error);
        // A denied finding is an error whatever else there is.
        if denied { Failure { status: ExitStatus::Error, ..failure } } else { failure }
    })?;
    let records = usage.facts.records;
    let context = ForecastContext {
        inputs: usage.facts,
        diagnostics: findings,
        price_book: prices.facts(),
        levels,
        seed: args.model.seed,
        group_by: dimensions.iter().map(ToString::to_string).collect(),
        paths: options.paths,
    };
    let report = ForecastReport::new(&projection, context)?;
    let (head, notes) = report.sentences();
    let grids =
        [Some(report.grid(args.daily)), report.group_grid()].into_iter().flatten().collect();
    let printed = Printed { head: &head, grids, notes: &notes, csv: report.csv_grid() };
    finish::print(&report, printed, &args.output, denied, ui)?;
    Ok(finish::status(denied, finish::undecided(records, &history.totals), ui))
}

/// Where there is no forecast, the history is still worth a line.
fn say_what_is_known(facts: &InputFacts, history: &Summary, ui: &Ui) {
    if facts.records > 0 {
        ui.note(&format!(
            "known so far: {}, {} tokens, {}",
            facts.sentence(),
            format::grouped(history.totals.components.tokens()),
            format::money(history.totals.costs.billed_cost, history.currency)
        ));
    }
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
