//! DeepSeek's export of a month: a table of amounts and one of costs.
//!
//! Amounts come in long form: one row a day, model, key and kind of token, and one more for each
//! price that held in the day. Each row is a bucket of its own; the rollup sums them. Days begin
//! where the account's time zone has midnight, in Beijing unless it is set otherwise: the rows say
//! so, and their buckets cannot be cut into other days.

use super::bucket::{Cells, Line, between, reported, sku, utc_day};
use crate::diagnostic::code;
use crate::period::Period;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, Skipped};
use crate::source::row::{Row, amount};
use crate::tokens::Component;
use crate::usage::{CostKind, RecordGrain};

/// The table of amounts.
pub(super) const USAGE: FormatInfo = FormatInfo {
    name: "deepseek-usage-csv",
    title: "DeepSeek exports, table of amounts",
    group: Group::Console,
    grain: RecordGrain::Bucket,
    reads: &[Reads::Table {
        columns: &[&["model", "apikeyname", "type", "price", "amount"]],
        read: read_amount,
        usual: None,
    }],
};

/// The table of costs.
pub(super) const COSTS: FormatInfo = FormatInfo {
    name: "deepseek-costs-csv",
    title: "DeepSeek exports, table of costs",
    group: Group::Console,
    grain: RecordGrain::BillingLine,
    reads: &[Reads::Table {
        columns: &[&["model", "wallettype", "cost", "currency"]],
        read: read_cost,
        usual: None,
    }],
};

const LABELS: [(&str, &[&str]); 2] =
    [("api_key", &["api_key_name", "api_key"]), ("user", &["user_id"])];

/// Newer exports print both ends of a day with their offset, older ones a date in UTC.
fn period(row: &Row<'_>) -> Result<Period, Skipped> {
    if row.has("starttimeiso") {
        between(Cells::Table(row), &["start_time_iso"], &["end_time_iso"])
    } else {
        utc_day("utc_date", &row.text("utcdate"))
    }
}

fn line(
    format: &'static str,
    row: &Row<'_>,
    is_figure: fn(&str) -> bool,
    options: &ReadOptions,
) -> Result<Line, Skipped> {
    let period = period(row)?;
    let cells = Cells::Table(row);
    let model = row.text("model");
    if model.is_empty() {
        return Err(Skipped::new(code::MISSING_MODEL, "row without a model"));
    }
    Ok(Line {
        period,
        sku: sku("deepseek", &model, options).into(),
        id: cells.identity(format, period, is_figure),
        labels: cells.labels(options, &LABELS).into(),
    })
}

fn read_amount(row: &Row<'_>, options: &ReadOptions) -> Outcome {
    let count = row.count_or_zero("amount")?;
    let mut split = Splitter::default();
    let mut requests = 0;
    match &*row.text("type") {
        "input_cache_hit_tokens" => split.put(Component::InputCacheRead, count),
        "input_cache_miss_tokens" => split.put(Component::InputUncached, count),
        "output_tokens" => split.put(Component::Output, count),
        "request_count" => requests = count,
        // A whole input beside its parts, say, must not be added to them.
        other => {
            let expected = "a kind of token of which nothing is counted twice, or request_count";
            return Err(Skipped::bad_field("type", other, expected));
        }
    }
    // Rows that differ in price are parts of the day.
    let line = line(USAGE.name, row, |column| column == "amount", options)?;
    line.usage(requests, None, split, None)
}

fn read_cost(row: &Row<'_>, options: &ReadOptions) -> Outcome {
    // What the provider gave away is used up, but not paid.
    let is_gift = row.text("wallettype").eq_ignore_ascii_case("granted");
    let kind = if is_gift { CostKind::Notional } else { CostKind::Billed };
    let cost = reported("cost", &row.text("cost"), amount, &row.text("currency"), kind)?;
    let Some(cost) = cost else {
        return Err(Skipped::new(code::NOT_USAGE, "lines without a cost"));
    };
    line(COSTS.name, row, |column| column == "cost", options)?.cost(cost)
}
