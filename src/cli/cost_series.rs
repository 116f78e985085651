//! `--series` of `forecast` and `backtest`: daily costs in place of usage.

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};

use super::args::InputArgs;
use super::error::Failure;
use super::forecast::{Asked, Made};
use super::ingest;
use super::settings;
use crate::money::{Amount, Currency};
use crate::projection::backtest::{Backtest, Windows};
use crate::projection::{CostOptions, MissingDays, ProjectionError, backtest_costs, project_costs};
use crate::rating::group::Dimension;
use crate::report::{InputFacts, Source, format};
use crate::source::cost_table::{CostTable, CostTableOptions, read_costs};
use crate::source::{CostColumns, Progress, inputs};

/// What a day is on which nothing has a cost.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum MissingDaysArg {
    /// Not known.
    #[default]
    Unknown,
    /// A day on which nothing was spent.
    Zero,
}

/// Daily costs in place of usage.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Daily costs")]
pub(crate) struct CostSeriesArgs {
    /// Daily costs, such as the export of a console, in place of usage: CSV files with a date, a
    /// cost and, if need be, an id (a service, a team) in each row; - for standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = NOT_FOR_COSTS)]
    pub(crate) series: Vec<String>,
    /// Columns of that table where their names do not tell, as date=COLUMN,value=COLUMN,id=COLUMN,
    /// currency=COLUMN; id= for none.
    #[arg(long, value_name = "PAIRS", requires = "series")]
    series_columns: Vec<String>,
    /// Currency of the costs, where no column states it. [default: USD]
    #[arg(long, value_name = "CODE", requires = "series")]
    currency: Option<String>,
    /// What a day is on which nothing has a cost.
    #[arg(long, value_enum, default_value_t, value_name = "WHICH", requires = "series")]
    missing_days: MissingDaysArg,
}

/// Flags that say how to read, change or price usage.
const NOT_FOR_COSTS: [&str; 14] = [
    "inputs",
    "format_in",
    "map",
    "input_includes_cache",
    "provider",
    "labels",
    "prices",
    "promotions_end",
    "known_at",
    "stale_days",
    "level",
    "event",
    "grow",
    "launch",
];

impl CostSeriesArgs {
    /// True if costs are to be forecast, not usage.
    pub(crate) fn is_given(&self) -> bool {
        !self.series.is_empty()
    }
}

/// Daily costs as they were read, and how to forecast them.
pub(crate) struct ReadCosts {
    pub(crate) facts: InputFacts,
    pub(crate) table: CostTable,
    pub(crate) options: CostOptions,
}

/// Reads the costs.
pub(crate) fn read(
    args: &CostSeriesArgs,
    input: &InputArgs,
    asked: &Asked<'_>,
) -> Result<ReadCosts, Failure> {
    let by_series = match asked.dimensions {
        [] => false,
        [Dimension::Label(name)] if name == "id" => true,
        [first, ..] => {
            let error = anyhow!("--group-by: daily costs cannot be grouped by `{first}`");
            return Err(Failure::with_hint(
                error,
                "`--group-by id` groups by the id column; --series-columns id=COLUMN names another",
            ));
        }
    };
    let settings = settings::input_settings(input, &[])?;
    let files = inputs::expand(&args.series)?;
    ingest::refuse_output_among_inputs(&files, asked.out)?;
    let currency = args.currency.as_ref().map(|c| c.parse::<Currency>().context("--currency"));
    let options = CostTableOptions {
        columns: CostColumns::parse(&args.series_columns).context("--series-columns")?,
        currency: currency.transpose()?,
        calendar: settings.calendar,
        since: settings.since,
        until: settings.until,
    };
    let table = read_costs(&files, &options, &Progress::default())?;
    let (calendar, threads) = (settings.calendar, input.threads);
    let how = asked.model.options(asked.horizon, None, calendar, Vec::new(), threads)?;
    let facts = InputFacts {
        files: u64::try_from(files.len())?,
        records: table.rows,
        skipped: table.empty,
        outside: table.outside,
        ..InputFacts::default()
    };
    let options = CostOptions {
        horizon: how.horizon,
        paths: how.paths,
        seed: how.seed,
        last_day: how.last_day,
        ignored: how.ignored,
        holidays: how.holidays,
        missing: match args.missing_days {
            MissingDaysArg::Unknown => MissingDays::Unknown,
            MissingDaysArg::Zero => MissingDays::Zero,
        },
        by_series,
        threads: how.threads,
    };
    Ok(ReadCosts { facts, table, options })
}

impl ReadCosts {
    /// Forecasts the costs.
    pub(crate) fn project(self) -> Result<Made, Failure> {
        let Self { facts, table, options } = self;
        let projection = project_costs(&table.costs, table.currency, &options);
        let all = table.costs.series().flat_map(|(_, days)| days.values().copied());
        let sum = format::money(Amount::checked_sum(all)?, table.currency);
        Ok(Made {
            known: format!("{}, {sum}", facts.sentence()),
            projection,
            facts,
            found: table.diagnostics,
            price_book: None,
            source: Source::Costs,
            undecided: None,
            ground: None,
        })
    }

    /// Forecasts earlier days of the costs again.
    pub(crate) fn backtest(
        &self,
        windows: Windows,
        most: usize,
    ) -> Result<Backtest, ProjectionError> {
        let table = &self.table;
        backtest_costs(&table.costs, table.currency, &self.options, windows, most)
    }
}
