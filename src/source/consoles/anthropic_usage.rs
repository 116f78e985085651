//! Anthropic's usage by bucket: results of the admin API's usage report for Messages, and the token
//! export of the console. Their counts are disjoint; thinking is inside the output and not told.

use super::anthropic::{LABELS, context_tokens, modify};
use super::bucket::{Cells, Line, is_bucket, results, sku, utc_day};
use crate::diagnostic::code;
use crate::period::Period;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Note, Outcome, Skipped, count_field};
use crate::source::row::Row;
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::RecordGrain;

/// Fields of a bucket's time.
pub(super) const TIMES: [&str; 2] = ["starting_at", "ending_at"];

/// Results of the API, in pages or as bare buckets.
pub(super) const API: FormatInfo = FormatInfo {
    name: "anthropic-usage",
    title: "Anthropic admin API, usage report for Messages",
    group: Group::Console,
    grain: RecordGrain::Bucket,
    reads: &[Reads::Page { markers: &["results"], is, read }],
};

/// The console's export.
pub(super) const CSV: FormatInfo = FormatInfo {
    name: "anthropic-usage-csv",
    title: "Anthropic console token exports",
    group: Group::Console,
    grain: RecordGrain::Bucket,
    reads: &[Reads::Table {
        columns: &[&["usagedateutc", "usageinputtokensnocache"]],
        read: read_row,
        usual: None,
    }],
};

fn is(bucket: &Object<'_>) -> bool {
    is_bucket(bucket, TIMES, |first| first.is_none_or(|result| !result.has("amount")))
}

fn read(bucket: &Object<'_>, options: &ReadOptions) -> Vec<Outcome> {
    results(bucket, TIMES, options, read_result)
}

fn read_result(result: &Object<'_>, period: Period, options: &ReadOptions) -> Outcome {
    let writes = result.object("cache_creation").unwrap_or_default();
    let tools = result.object("server_tool_use").unwrap_or_default();
    let mut split = Splitter::default();
    let counts = [
        (Component::InputUncached, count_field!(result, "uncached_input_tokens")),
        (Component::InputCacheRead, count_field!(result, "cache_read_input_tokens")),
        (Component::InputCacheWrite5m, count_field!(writes, "ephemeral_5m_input_tokens")),
        (Component::InputCacheWrite1h, count_field!(writes, "ephemeral_1h_input_tokens")),
        (Component::Output, count_field!(result, "output_tokens")),
        (Component::ToolWebSearch, count_field!(tools, "web_search_requests")),
    ];
    counts.into_iter().for_each(|(component, count)| split.put(component, count));
    // Without the split there would be one figure for both times to live.
    let unsplit = count_field!(result, "cache_creation_input_tokens");
    if !result.has("cache_creation") && unsplit > 0 {
        split.put(Component::InputCacheWrite5m, unsplit);
        split.notes.set(Note::TtlAssumed);
    }
    finish(API.name, Cells::Json(result), "model", period, split, options)
}

fn read_row(row: &Row<'_>, options: &ReadOptions) -> Outcome {
    let period = utc_day("usage_date_utc", &row.text("usagedateutc"))?;
    let mut split = Splitter::default();
    for (component, column) in [
        (Component::InputUncached, "usageinputtokensnocache"),
        (Component::InputCacheRead, "usageinputtokenscacheread"),
        (Component::InputCacheWrite5m, "usageinputtokenscachewrite5m"),
        (Component::InputCacheWrite1h, "usageinputtokenscachewrite1h"),
        (Component::Output, "usageoutputtokens"),
        (Component::ToolWebSearch, "websearchcount"),
    ] {
        split.put(component, row.count_or_zero(column)?);
    }
    finish(CSV.name, Cells::Table(row), "model_version", period, split, options)
}

fn finish(
    format: &'static str,
    cells: Cells<'_, '_>,
    model: &'static str,
    period: Period,
    split: Splitter,
    options: &ReadOptions,
) -> Outcome {
    let model = cells.text(model);
    if model.is_empty() && split.components.is_empty() {
        return Err(Skipped::new(code::NOT_USAGE, "buckets without usage"));
    }
    if model.is_empty() {
        let message = "buckets without a model: export Anthropic usage grouped by model";
        return Err(Skipped::new(code::MISSING_MODEL, message));
    }
    let mut sku = sku("anthropic", &model, options);
    modify(&mut sku, cells);
    let line = Line {
        period,
        sku: sku.into(),
        id: cells.identity(format, period, |column| {
            ["tokens", "websearch"].iter().any(|part| column.contains(part))
        }),
        labels: cells.labels(options, &LABELS).into(),
    };
    // Reports have no number of requests.
    line.usage(0, context_tokens(&cells.text("context_window"), &model), split, None)
}
