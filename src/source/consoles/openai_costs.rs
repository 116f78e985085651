//! OpenAI's costs by day: results of the organization costs API, and the dashboard's cost export.

use super::bucket::{Cells, Line, UNSPECIFIED, is_bucket, reported, results, sku};
use super::openai_usage::{LABELS, TIMES, row_period};
use crate::diagnostic::code;
use crate::period::Period;
use crate::source::ReadOptions;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, Skipped};
use crate::source::row::{Row, amount};
use crate::source::scan::Object;
use crate::usage::{CostKind, RecordGrain};

/// Results of the API, in pages or as bare buckets.
pub(super) const API: FormatInfo = FormatInfo {
    name: "openai-costs",
    title: "OpenAI organization costs API, pages or buckets",
    group: Group::Console,
    grain: RecordGrain::BillingLine,
    reads: &[Reads::Page { markers: &["results"], is, read }],
};

/// The dashboard's export.
pub(super) const CSV: FormatInfo = FormatInfo {
    name: "openai-costs-csv",
    title: "OpenAI dashboard cost exports",
    group: Group::Console,
    grain: RecordGrain::BillingLine,
    reads: &[Reads::Table {
        columns: &[&["starttime", "endtime", "amountvalue", "amountcurrency"]],
        read: read_row,
        usual: None,
    }],
};

fn is(bucket: &Object<'_>) -> bool {
    is_bucket(bucket, TIMES, |first| first.is_some_and(|result| result.has("amount")))
}

fn read(bucket: &Object<'_>, options: &ReadOptions) -> Vec<Outcome> {
    results(bucket, TIMES, options, |result, period, options| {
        let found = result.object("amount").unwrap_or_default();
        let value = found.get("value").and_then(|v| v.scalar()).unwrap_or_default();
        let currency = found.text("currency").unwrap_or_default();
        line(API.name, Cells::Json(result), period, [&*value, &*currency], options)
    })
}

fn read_row(row: &Row<'_>, options: &ReadOptions) -> Outcome {
    let cells = Cells::Table(row);
    let period = row_period(cells)?;
    let (value, currency) = (row.text("amountvalue"), row.text("amountcurrency"));
    line(CSV.name, cells, period, [&*value, &*currency], options)
}

fn line(
    format: &'static str,
    cells: Cells<'_, '_>,
    period: Period,
    [value, currency]: [&str; 2],
    options: &ReadOptions,
) -> Outcome {
    let cost = reported("amount.value", value, amount, currency, CostKind::Billed)?;
    let Some(cost) = cost else {
        return Err(Skipped::new(
            code::NOT_USAGE,
            "days without costs, which the export prints blank",
        ));
    };
    let item = cells.text("line_item");
    let mut labels = cells.labels(options, &LABELS);
    if options.labels.keeps("line_item") {
        labels.set("line_item", &item);
    }
    let line = Line {
        period,
        sku: sku("openai", model_of(&item), options).into(),
        id: cells.identity(format, period, |column| {
            ["amountvalue", "amountcurrency", "quantity"].contains(&column)
        }),
        labels: labels.into(),
    };
    line.cost(cost)
}

/// The model of a line item such as `gpt-5-nano, input_tokens`; an item of another form stands as
/// it is.
fn model_of(item: &str) -> &str {
    let model = item.rsplit_once(", ").map_or(item, |(model, _)| model).trim();
    if model.is_empty() { UNSPECIFIED } else { model }
}
