//! Errors as users see them: what failed, why, and what to do. The only place that maps library
//! errors to hints.

use anyhow::Error;
use chrono::NaiveDate;

use crate::money::Currency;
use crate::projection::ProjectionError;
use crate::rating::RatingError;
use crate::rollup::RollupError;
use crate::scenario::ScenarioError;
use crate::settlement::SettleError;
use crate::source::SourceError;
use crate::source::cost_table::{CostTableError, RowProblem};

use super::exit::ExitStatus;

/// An error with what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) hint: Option<String>,
    pub(crate) status: ExitStatus,
}

impl Failure {
    /// An error with a hint of its own.
    pub(crate) fn with_hint(error: impl Into<Error>, hint: impl Into<String>) -> Self {
        Self { error: error.into(), hint: Some(hint.into()), status: ExitStatus::Error }
    }
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let hint = hint_for(&error);
        let status = match error.downcast_ref::<ProjectionError>() {
            Some(
                ProjectionError::NoUsage
                | ProjectionError::TooShort { .. }
                | ProjectionError::TooShortToTest { .. }
                | ProjectionError::CoarseBuckets(_),
            ) => ExitStatus::Undecided,
            _ => match error.downcast_ref::<CostTableError>() {
                Some(CostTableError::NoRows { .. }) => ExitStatus::Undecided,
                _ => ExitStatus::Error,
            },
        };
        Self { error, hint, status }
    }
}

fn hint_for(error: &Error) -> Option<String> {
    if let Some(source) = error.downcast_ref::<SourceError>() {
        return source_hint(source).map(str::to_owned);
    }
    if let Some(table) = error.downcast_ref::<CostTableError>() {
        return cost_table_hint(table).map(str::to_owned);
    }
    if let Some(RollupError::EdgesDiffer(_)) = error.downcast_ref::<RollupError>() {
        return Some(
            "`tokencast rollup LOGS --out FILE` with the same --prices and --grain for every part"
                .to_owned(),
        );
    }
    if let Some(settling) = error.downcast_ref::<SettleError>() {
        return settle_hint(settling);
    }
    match error.downcast_ref::<ScenarioError>() {
        Some(ScenarioError::Settle { source, .. }) => return settle_hint(source),
        Some(ScenarioError::Rating(rating)) => return rating_hint(rating),
        Some(ScenarioError::NoRate { from, to, on, .. }) => {
            return Some(rate_hint(*from, *to, *on));
        }
        _ => {}
    }
    if let Some(rating) = error.downcast_ref::<RatingError>() {
        return rating_hint(rating);
    }
    match error.downcast_ref::<ProjectionError>() {
        Some(ProjectionError::TooShort { .. }) => {
            Some("give it more days; `tokencast cost` shows what any usage cost".to_owned())
        }
        Some(ProjectionError::TooShortToTest { .. }) => {
            Some("name shorter windows, such as --horizon 7d, or read more days of logs".to_owned())
        }
        Some(ProjectionError::CoarseBuckets(_)) => {
            Some("export usage with daily or hourly buckets".to_owned())
        }
        Some(ProjectionError::EmptyHorizon { .. }) => Some("name a later --horizon".to_owned()),
        Some(ProjectionError::TooManyGroups { .. }) => {
            Some("leave out --group-by, or lower --paths or --horizon".to_owned())
        }
        Some(ProjectionError::TooManyParts(_)) => {
            Some("lower --paths or --horizon; capacity terms need a row a day".to_owned())
        }
        _ => None,
    }
}

fn rating_hint(error: &RatingError) -> Option<String> {
    match error {
        RatingError::BandStraddles { .. } => Some("the rollup was made with other price books; `tokencast rollup LOGS --out FILE` makes a new one".to_owned()),
        _ => None,
    }
}

fn settle_hint(error: &SettleError) -> Option<String> {
    match error {
        SettleError::Rating(rating) => rating_hint(rating),
        SettleError::NoRate { from, to, on, .. } => Some(rate_hint(*from, *to, *on)),
        SettleError::OtherCurrency { other, .. } => {
            Some(format!("state the term in {other}, in a contract of that currency"))
        }
        SettleError::Money(_) | SettleError::CountOverflow | SettleError::Load(_) => None,
    }
}

fn rate_hint(from: Currency, to: Currency, on: NaiveDate) -> String {
    format!(
        "give one with --fx FILE: a CSV with the columns `date,from,to,rate` and a row such as `{on},{from},{to},RATE`"
    )
}

fn source_hint(error: &SourceError) -> Option<&'static str> {
    match error {
        SourceError::NotFound(_) => Some("check the path; quote patterns such as 'logs/*.jsonl'"),
        SourceError::EmptyFolder(_) => Some(
            "folders are searched for .jsonl, .ndjson, .json, .log, .csv, .tsv, .parquet, .db, .sqlite, .zip, .gz and .zst files; name other files one by one",
        ),
        SourceError::NoSuchColumn { .. } => Some(
            "map the columns that the table has: --map time=COLUMN,model=COLUMN,input=COLUMN,output=COLUMN",
        ),
        SourceError::NeverFound { .. } => Some(
            "nested fields are written with dots, as in usage.input_tokens; leave out what the log does not have",
        ),
        SourceError::Unsupported { .. } => Some("`tokencast formats` lists what is read"),
        SourceError::Io { source, .. } if crate::source::is_out_of_proportion(source) => {
            Some("unpack it yourself and read the result, if it is what it should be")
        }
        SourceError::BadPattern { .. }
        | SourceError::Io { .. }
        | SourceError::Parquet { .. }
        | SourceError::Database { .. } => None,
    }
}

fn cost_table_hint(error: &CostTableError) -> Option<&'static str> {
    match error {
        CostTableError::Source(source) => source_hint(source),
        CostTableError::BadPair(_) | CostTableError::NamedTwice(_) => None,
        CostTableError::NotATable { kind: "JSON", .. } => {
            Some("usage logs are read without --series: `tokencast forecast FILE`")
        }
        CostTableError::NotATable { .. } => Some("export a CSV with a date and a cost in each row"),
        CostTableError::NoRows { .. } => Some("export a period that has costs"),
        CostTableError::NoColumn { .. }
        | CostTableError::NoSuchColumn { .. }
        | CostTableError::SeveralColumns { .. } => Some(
            "name the columns: --series-columns date=COLUMN,value=COLUMN,id=COLUMN (id= for none)",
        ),
        CostTableError::Row { problem, .. } => row_hint(problem),
    }
}

fn row_hint(problem: &RowProblem) -> Option<&'static str> {
    match problem {
        RowProblem::Shape(_) | RowProblem::Value(_) => Some(
            "export plain numbers: a point before the decimals, no thousands separators, no currency signs",
        ),
        RowProblem::Date(_) => {
            Some("remove rows that are no day, such as totals, and write days year first")
        }
        RowProblem::Currency { .. } => {
            Some("forecast each currency by itself; --currency is for tables that state none")
        }
        RowProblem::Negative { .. } => Some(
            "leave credits and refunds out of the export, or put them on the days they belong to",
        ),
        RowProblem::TooManySeries => {
            Some("name a column with fewer values: --series-columns id=COLUMN, or id= for none")
        }
        RowProblem::Money(_) => None,
    }
}
