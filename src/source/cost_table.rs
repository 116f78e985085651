//! Tables of daily costs: the CSV that a console or a billing export gives, without any usage.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{NaiveDate, NaiveDateTime};
use thiserror::Error;

use super::blocks::{Blocks, Spares};
use super::cost_columns::{CostColumns, Places};
use super::csv::{Dialect, column_names};
use super::cutter::HEAD;
use super::inputs::Input;
use super::outcome::shown;
use super::reader::{Container, container, open, peek, skip_mark};
use super::row::{Cell, Cells};
use super::{Progress, SourceError};
use crate::costs::DailyCosts;
use crate::diagnostic::{Diagnostics, Location, code};
use crate::money::{Amount, Currency, MoneyError};
use crate::period::{Calendar, Timestamp};

/// More series than this are ids of single requests, not of services or teams.
const MOST_SERIES: usize = 100_000;

/// How to read a table of costs.
#[derive(Debug, Clone)]
pub struct CostTableOptions {
    /// Columns that the user names.
    pub columns: CostColumns,
    /// The currency that the user states.
    pub currency: Option<Currency>,
    /// Days of instants.
    pub calendar: Calendar,
    /// Only days that begin at this instant or later.
    pub since: Option<Timestamp>,
    /// Only days that begin before this instant.
    pub until: Option<Timestamp>,
}

/// A table of costs, read.
#[derive(Debug, Clone)]
pub struct CostTable {
    /// Currency of every cost.
    pub currency: Currency,
    /// The costs by series and day.
    pub costs: DailyCosts,
    /// Rows with a cost.
    pub rows: u64,
    /// Rows without one.
    pub empty: u64,
    /// Rows outside of the dates asked for.
    pub outside: u64,
    /// What was odd about it.
    pub diagnostics: Diagnostics,
}

/// Why a table of costs cannot be read. One bad row is enough: a day that lacks a part of its cost
/// is not known.
#[derive(Debug, Error)]
pub enum CostTableError {
    /// Opening or decompressing failed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Not `date=COLUMN` or the like.
    #[error(
        "`{0}` names no column (expected date=COLUMN, value=COLUMN, id=COLUMN or currency=COLUMN)"
    )]
    BadPair(String),
    /// A kind of column is named twice.
    #[error("`{0}` names a column for the second time")]
    NamedTwice(String),
    /// Another kind of file.
    #[error("`{file}` is {kind}, not a CSV table of costs")]
    NotATable {
        /// The file.
        file: String,
        /// What it is.
        kind: &'static str,
    },
    /// No row.
    #[error("`{file}` has no rows")]
    NoRows {
        /// The file.
        file: String,
    },
    /// A column that no header stands for.
    #[error("`{file}` has no column that is known to be the {what} (columns: {columns})")]
    NoColumn {
        /// The file.
        file: String,
        /// The kind of column.
        what: &'static str,
        /// The columns it has.
        columns: String,
    },
    /// A column that the user names and the table does not have.
    #[error("`{file}` has no column `{column}` (columns: {columns})")]
    NoSuchColumn {
        /// The file.
        file: String,
        /// The column named.
        column: String,
        /// The columns it has.
        columns: String,
    },
    /// More than one header could be meant.
    #[error("`{file}` has several columns that could be the {what}: {columns}")]
    SeveralColumns {
        /// The file.
        file: String,
        /// The kind of column.
        what: &'static str,
        /// The candidates.
        columns: String,
    },
    /// A row that cannot be read.
    #[error("{place}: {problem}")]
    Row {
        /// Where it is.
        place: Location,
        /// What is wrong with it.
        problem: RowProblem,
    },
}

/// What is wrong with a row of a table of costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowProblem {
    /// Not a row of this table.
    Shape(String),
    /// No day.
    Date(String),
    /// No plain number.
    Value(String),
    /// A currency other than that of the rows before, or than the stated one.
    Currency {
        /// The currency found.
        found: String,
        /// The one expected.
        expected: Currency,
    },
    /// The first credit of a day whose costs are below zero in sum.
    Negative {
        /// The series.
        id: String,
        /// The day.
        day: NaiveDate,
        /// Its sum.
        sum: Amount,
    },
    /// More series than make sense.
    TooManySeries,
    /// A sum does not fit.
    Money(MoneyError),
}

impl fmt::Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape(problem) => f.write_str(problem),
            Self::Date(text) => {
                write!(f, "date is `{text}` (expected such as 2026-11-20 or 2026-11-20T08:00:00Z)")
            }
            Self::Value(text) => {
                write!(f, "cost is `{text}` (expected a plain number such as 1234.50)")
            }
            Self::Currency { found, expected } => {
                write!(f, "currency is `{found}`, but that of the other costs is {expected}")
            }
            Self::Negative { id, day, sum } if id.is_empty() => {
                write!(f, "costs of {day} are {sum} in sum, and a forecast needs at least 0")
            }
            Self::Negative { id, day, sum } => {
                write!(
                    f,
                    "costs of `{id}` on {day} are {sum} in sum, and a forecast needs at least 0"
                )
            }
            Self::TooManySeries => write!(f, "more than {MOST_SERIES} different ids"),
            Self::Money(error) => write!(f, "{error}"),
        }
    }
}

/// Reads tables of costs and adds up the rows of each series and day.
///
/// # Errors
/// [`CostTableError`].
pub fn read_costs(
    inputs: &[Input],
    options: &CostTableOptions,
    progress: &Progress,
) -> Result<CostTable, CostTableError> {
    let mut reading = Reading::new(options);
    for input in inputs {
        let before = std::mem::take(&mut reading.costs);
        reading.table(input, progress)?;
        reading.join(before, input).map_err(|error| CostTableError::Row {
            place: Location { file: input.name(), line: 0 },
            problem: RowProblem::Money(error),
        })?;
    }
    reading.finish(inputs)
}

struct Reading<'a> {
    options: &'a CostTableOptions,
    currency: Option<Currency>,
    costs: DailyCosts,
    /// The first credit of a series and day.
    credits: BTreeMap<(String, NaiveDate), Location>,
    rows: u64,
    empty: u64,
    outside: u64,
    diagnostics: Diagnostics,
}

impl<'a> Reading<'a> {
    fn new(options: &'a CostTableOptions) -> Self {
        Self {
            options,
            currency: options.currency,
            costs: DailyCosts::default(),
            credits: BTreeMap::new(),
            rows: 0,
            empty: 0,
            outside: 0,
            diagnostics: Diagnostics::default(),
        }
    }

    fn table(&mut self, input: &Input, progress: &Progress) -> Result<(), CostTableError> {
        let file = input.name();
        let failed = |source| SourceError::Io { file: file.clone(), source };
        let opened = open(input, progress)?;
        let (head, stream) = peek(opened.stream, HEAD).map_err(failed)?;
        let not_a_table = |kind| CostTableError::NotATable { file: file.clone(), kind };
        match container(&head) {
            Container::Delimited => {}
            Container::Empty => return Ok(()),
            Container::JsonLines | Container::JsonDocument => return Err(not_a_table("JSON")),
            Container::Parquet => return Err(not_a_table("Parquet")),
            Container::Sqlite => return Err(not_a_table("SQLite")),
            Container::Zip => {
                let kind = "zip archive (unpack the table that you mean)";
                return Err(SourceError::Unsupported { file, kind }.into());
            }
            Container::Unsupported(kind) => {
                return Err(SourceError::Unsupported { file, kind }.into());
            }
        }
        // A table begins with a line of names; a file without any line end would be read whole.
        if u64::try_from(head.len()).is_ok_and(|n| n >= HEAD) && !head.contains(&b'\n') {
            return Err(not_a_table("one long line"));
        }
        let places = self.options.columns.locate(&file, &column_names(&head))?;
        let stream = skip_mark(&head, stream).map_err(failed)?;
        let dialect = Dialect::of(&head);
        let mut blocks = Blocks::of_rows(stream, Spares::default(), dialect.delimiter);
        while let Some(block) = blocks.next_block().map_err(failed)? {
            let mut found = Ok(());
            dialect.rows(&block, |line, row| {
                if found.is_err() {
                    return;
                }
                let place = || Location { file: file.clone(), line };
                let row = row.map_err(|skipped| RowProblem::Shape(skipped.message));
                found = row
                    .and_then(|row| self.row(&place, row, &places))
                    .map_err(|problem| CostTableError::Row { place: place(), problem });
            });
            found?;
        }
        // Half a table is no series: the days that are missing would count as cheap ones.
        match opened.cut.reason() {
            Some(reason) => Err(failed(std::io::Error::other(reason.to_owned())).into()),
            None => Ok(()),
        }
    }

    fn row(
        &mut self,
        place: &impl Fn() -> Location,
        row: &dyn Cells,
        places: &Places,
    ) -> Result<(), RowProblem> {
        let cell = |at: usize| row.cell(at).map(Cell::text).unwrap_or_default().into_owned();
        let (date, value) = (cell(places.date), cell(places.value));
        let day =
            day(&date, &self.options.calendar).ok_or_else(|| RowProblem::Date(shown(&date)))?;
        let start = self.options.calendar.day_start(day);
        if self.options.since.is_some_and(|s| start < s)
            || self.options.until.is_some_and(|u| start >= u)
        {
            self.outside += 1;
            return Ok(());
        }
        // Some consoles list every day, and leave the cost of a day without usage blank. What they
        // mean is for the user to say, as for days without a row.
        if value.is_empty() {
            self.empty += 1;
            return Ok(());
        }
        let cost = Amount::parse_rounded(&value).map_err(|error| match error {
            MoneyError::NotADecimal(_) => RowProblem::Value(shown(&value)),
            other => RowProblem::Money(other),
        })?;
        self.check_currency(places.stated, &places.currency.map(cell).unwrap_or_default())?;
        let id = places.id.map(cell).unwrap_or_default();
        if cost.is_negative() {
            self.credits.entry((id.clone(), day)).or_insert_with(place);
            let message = "costs below zero were taken off the other costs of their day";
            self.diagnostics.add(code::CREDITS_NETTED, message, Some(place()));
        }
        self.rows += 1;
        if self.costs.add(&id, day, cost).map_err(RowProblem::Money)? {
            let message = "rows of a day and series that had one before were added to it";
            self.diagnostics.add(code::SUMMED_ROWS, message, Some(place()));
        }
        if self.costs.series().len() > MOST_SERIES {
            return Err(RowProblem::TooManySeries);
        }
        Ok(())
    }

    /// One currency for all: the one that the user states, else the first that a table states.
    fn check_currency(&mut self, stated: Option<Currency>, cell: &str) -> Result<(), RowProblem> {
        let problem =
            |found: &str, expected| Err(RowProblem::Currency { found: shown(found), expected });
        let found = match (stated, cell.parse::<Currency>()) {
            (_, Ok(found)) => found,
            (Some(stated), Err(_)) if cell.is_empty() => stated,
            (None, Err(_)) if cell.is_empty() => return Ok(()),
            (_, Err(_)) => return problem(cell, self.currency.unwrap_or(Currency::USD)),
        };
        match self.currency.replace(found) {
            Some(expected) if expected != found => problem(found.as_str(), expected),
            _ => Ok(()),
        }
    }

    /// Adds what earlier tables had to what this one has.
    fn join(&mut self, earlier: DailyCosts, input: &Input) -> Result<(), MoneyError> {
        let mut doubled = 0;
        for (id, days) in earlier.series() {
            for (day, cost) in days {
                doubled += u64::from(self.costs.add(id, *day, *cost)?);
            }
        }
        if doubled > 0 {
            let message = format!(
                "`{}` has costs of days and series that an earlier file has too; they are added up",
                input.name()
            );
            self.diagnostics.add_many(code::OVERLAPPING_INPUTS, message, None, doubled);
        }
        Ok(())
    }

    fn finish(self, inputs: &[Input]) -> Result<CostTable, CostTableError> {
        if self.rows == 0 {
            let names: Vec<String> = inputs.iter().map(Input::name).collect();
            return Err(CostTableError::NoRows { file: names.join("`, `") });
        }
        let series: BTreeMap<&str, &BTreeMap<NaiveDate, Amount>> = self.costs.series().collect();
        for ((id, day), place) in &self.credits {
            let sum = series.get(id.as_str()).and_then(|days| days.get(day)).copied();
            if let Some(sum) = sum.filter(|sum| sum.is_negative()) {
                let problem = RowProblem::Negative { id: shown(id), day: *day, sum };
                return Err(CostTableError::Row { place: place.clone(), problem });
            }
        }
        Ok(CostTable {
            currency: self.currency.unwrap_or(Currency::USD),
            costs: self.costs,
            rows: self.rows,
            empty: self.empty,
            outside: self.outside,
            diagnostics: self.diagnostics,
        })
    }
}

/// A date, a wall-clock time of the reporting zone, an instant with an offset, or an epoch number.
fn day(text: &str, calendar: &Calendar) -> Option<NaiveDate> {
    if let Ok(date) = text.parse::<NaiveDate>() {
        return (text.len() == 10).then_some(date);
    }
    let wall = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    if let Some(wall) = wall {
        return Some(wall.date());
    }
    let epoch = || text.parse().ok().and_then(Timestamp::from_epoch_number);
    let instant = Timestamp::parse(text).ok().or_else(epoch)?;
    Some(calendar.date_of(instant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_all_notations() {
        let berlin = Calendar::named("Europe/Berlin").unwrap();
        let shown = |text: &str| day(text, &berlin).map(|d| d.to_string());
        for text in
            ["2026-11-20", "2026-11-20 23:30:00", "2026-11-19T23:30:00Z", "2026-11-20T01:00+01:00"]
        {
            assert_eq!(shown(text).as_deref(), Some("2026-11-20"), "{text}");
        }
        // 2026-11-20T00:00:00Z in seconds.
        assert_eq!(shown("1795132800").as_deref(), Some("2026-11-20"));
        for text in ["", "total", "20261120", "11/20/2026", "20.11.2026", "2026-11", "2026-11-31"] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
