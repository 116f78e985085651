//! Anthropic's costs by day: results of the admin API's cost report, in cents, and the cost export of
//! the console, in dollars that are rounded to cents row by row.

use super::anthropic::{LABELS, modify};
use super::anthropic_usage::TIMES;
use super::bucket::{Cells, Line, UNSPECIFIED, is_bucket, reported, results, sku, utc_day};
use crate::diagnostic::code;
use crate::period::Period;
use crate::source::ReadOptions;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, Skipped};
use crate::source::row::{Row, amount, cents};
use crate::source::scan::Object;
use crate::usage::{CostKind, RecordGrain, ReportedCost};

/// Results of the API, in pages or as bare buckets.
pub(super) const API: FormatInfo = FormatInfo {
    name: "anthropic-costs",
    title: "Anthropic admin API, cost report",
    group: Group::Console,
    grain: RecordGrain::BillingLine,
    reads: &[Reads::Page { markers: &["results"], is, read }],
};

/// The console's export.
pub(super) const CSV: FormatInfo = FormatInfo {
    name: "anthropic-costs-csv",
    title: "Anthropic console cost exports",
    group: Group::Console,
    grain: RecordGrain::BillingLine,
    reads: &[Reads::Table {
        columns: &[&["usagedateutc", "costusd"]],
        read: read_row,
        usual: None,
    }],
};

fn is(bucket: &Object<'_>) -> bool {
    is_bucket(bucket, TIMES, |first| first.is_some_and(|result| result.has("amount")))
}

fn read(bucket: &Object<'_>, options: &ReadOptions) -> Vec<Outcome> {
    results(bucket, TIMES, options, |result, period, options| {
        let cells = Cells::Json(result);
        let (value, currency) = (cells.text("amount"), cells.text("currency"));
        let currency = if currency.is_empty() { "USD" } else { &*currency };
        let cost = reported("amount", &value, cents, currency, CostKind::Billed)?;
        line(API.name, cells, period, cost, options)
    })
}

fn read_row(row: &Row<'_>, options: &ReadOptions) -> Outcome {
    let period = utc_day("usage_date_utc", &row.text("usagedateutc"))?;
    let cost = reported("cost_usd", &row.text("costusd"), amount, "USD", CostKind::Billed)?;
    line(CSV.name, Cells::Table(row), period, cost, options)
}

fn line(
    format: &'static str,
    cells: Cells<'_, '_>,
    period: Period,
    cost: Option<ReportedCost>,
    options: &ReadOptions,
) -> Outcome {
    let Some(cost) = cost else {
        return Err(Skipped::new(code::NOT_USAGE, "lines without a cost"));
    };
    // Searches and sessions have no model; their description says what they are.
    let model = cells.first_text(&["model", "description", "cost_type"]);
    let mut sku = sku("anthropic", if model.is_empty() { UNSPECIFIED } else { &model }, options);
    modify(&mut sku, cells);
    let mut labels = cells.labels(options, &LABELS);
    for label in ["cost_type", "token_type"] {
        if options.labels.keeps(label) {
            labels.set(label, &cells.text(label));
        }
    }
    let line = Line {
        period,
        sku: sku.into(),
        // The status of a key may change between two exports.
        id: cells.identity(format, period, |column| {
            ["amount", "costusd", "listpriceusd", "apikeystatus"].contains(&column)
        }),
        labels: labels.into(),
    };
    line.cost(cost)
}
