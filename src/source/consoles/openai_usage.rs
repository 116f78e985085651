//! OpenAI's usage by bucket: results of the organization usage API, and the dashboard's export of the
//! same columns.
//!
//! Input includes what the cache served and what was written to it; the figures of text, sound and
//! pictures are of the fresh part, the `cached` ones of the cached part. Reasoning is inside the
//! output and not told.

use compact_str::CompactString;

use super::bucket::{Cells, Line, between, is_bucket, results, sku};
use crate::diagnostic::code;
use crate::period::Period;
use crate::sku::service_tier;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Note, Outcome, Skipped};
use crate::source::row::{Names, Row};
use crate::source::scan::Object;
use crate::source::usual_rows::UsualRows;
use crate::tokens::Component;
use crate::usage::RecordGrain;

/// Fields of a bucket's time.
pub(super) const TIMES: [&str; 2] = ["start_time", "end_time"];

/// Results of the API, in pages or as bare buckets.
pub(super) const API: FormatInfo = FormatInfo {
    name: "openai-usage",
    title: "OpenAI organization usage API, pages or buckets",
    group: Group::Console,
    grain: RecordGrain::Bucket,
    reads: &[
        Reads::Page { markers: &["results"], is, read },
        // The last page of any list: times without usage.
        Reads::Object {
            markers: &["has_more"],
            is: |page| page.array("data").is_some_and(|items| items.is_empty()),
            read: |_, _| Err(Skipped::new(code::NOT_USAGE, "pages without anything in them")),
        },
    ],
};

/// The dashboard's export. A table with the four columns of time alone has no usage in it.
pub(super) const CSV: FormatInfo = FormatInfo {
    name: "openai-usage-csv",
    title: "OpenAI dashboard usage exports",
    group: Group::Console,
    grain: RecordGrain::Bucket,
    reads: &[Reads::Table {
        columns: &[
            &["starttime", "endtime", "nummodelrequests"],
            &["starttime", "endtime", "starttimeiso", "endtimeiso"],
        ],
        read: read_row,
        usual: Some(&USUAL),
    }],
};

fn is(bucket: &Object<'_>) -> bool {
    is_bucket(bucket, TIMES, |first| first.is_none_or(|result| !result.has("amount")))
}

fn read(bucket: &Object<'_>, options: &ReadOptions) -> Vec<Outcome> {
    results(bucket, TIMES, options, |result, period, options| {
        usage(API.name, Cells::Json(result), period, options)
    })
}

fn read_row(row: &Row<'_>, options: &ReadOptions) -> Outcome {
    let cells = Cells::Table(row);
    let period = row_period(cells)?;
    usage(CSV.name, cells, period, options)
}

/// The bucket of a row, by its epoch columns: the others lose their offset in some exports.
pub(super) fn row_period(cells: Cells<'_, '_>) -> Result<Period, Skipped> {
    between(cells, &["start_time", "start_time_iso"], &["end_time", "end_time_iso"])
}

/// The columns that a SKU is told by: the first tells the kind of a result.
const OF_SKU: [&str; 4] = ["object", "model", "batch", "service_tier"];

/// The columns of each label.
pub(super) const LABELS: [(&str, &[&str]); 5] = [
    ("project", &["project_id", "project_name"]),
    ("project_name", &["project_name"]),
    ("user", &["user_id", "user_email"]),
    ("api_key", &["api_key_id"]),
    ("organization", &["organization_id", "organization_name"]),
];

/// True for a column that is no dimension.
fn is_figure(column: &str) -> bool {
    const OTHERS: [&str; 5] = ["images", "characters", "seconds", "usagebytes", "computeunits"];
    ["input", "output", "num"].iter().any(|start| column.starts_with(start))
        || OTHERS.contains(&column)
}

/// What rows of models that read and write text alone state.
const USUAL: UsualRows = UsualRows {
    period: TIMES,
    requests: "num_model_requests",
    components: &[
        (Component::InputUncached, "input_tokens", &["input_cached_tokens"]),
        (Component::InputCacheRead, "input_cached_tokens", &[]),
        (Component::Output, "output_tokens", &[]),
    ],
    sums: &[("input_tokens", &["input_uncached_tokens", "input_cached_tokens"])],
    is_figure,
    of_sku: &OF_SKU,
    of_labels: &LABELS,
};

/// What a result counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Tokens: completions, embeddings, moderations.
    Tokens,
    /// One count of one component.
    Count(&'static str, Component),
    WebSearches,
    /// Bytes, which no component counts.
    VectorStores,
}

/// The kind of a result, by its own word or, in tables, by its columns.
fn kind(cells: Cells<'_, '_>) -> Option<(&'static str, Kind)> {
    // The word in `organization.usage.WORD.result`, and the column of its count.
    const KINDS: [(&str, &str, Kind); 10] = [
        ("completions", "input_tokens", Kind::Tokens),
        ("embeddings", "input_tokens", Kind::Tokens),
        ("moderations", "input_tokens", Kind::Tokens),
        ("images", "images", Kind::Count("images", Component::MediaOutputImages)),
        (
            "audio_speeches",
            "characters",
            Kind::Count("characters", Component::MediaInputCharacters),
        ),
        ("audio_transcriptions", "seconds", Kind::Count("seconds", Component::MediaInputSeconds)),
        (
            "code_interpreter_sessions",
            "num_sessions",
            Kind::Count("num_sessions", Component::ToolCodeExecution),
        ),
        ("vector_stores", "usage_bytes", Kind::VectorStores),
        ("web_searches", "context_level", Kind::WebSearches),
        (
            "file_searches",
            "vector_store_id",
            Kind::Count("num_requests", Component::ToolFileSearch),
        ),
    ];
    let object = cells.text("object");
    let found = if object.is_empty() {
        KINDS.iter().find(|(_, column, _)| cells.has(column))
    } else {
        let word =
            object.strip_prefix("organization.usage.").and_then(|w| w.strip_suffix(".result"));
        KINDS.iter().find(|(name, _, _)| word == Some(name))
    };
    found.map(|(name, _, kind)| (*name, *kind))
}

fn usage(
    format: &'static str,
    cells: Cells<'_, '_>,
    period: Period,
    options: &ReadOptions,
) -> Outcome {
    if cells.is_blank() {
        return Err(Skipped::new(
            code::NOT_USAGE,
            "days without usage, which the export prints blank",
        ));
    }
    let Some((name, kind)) = kind(cells) else {
        let message = "results of a kind of OpenAI usage that is not known";
        return Err(Skipped::new(code::UNKNOWN_RECORD, message));
    };
    let mut split = Splitter::default();
    let mut requests = cells.count_or_zero("num_model_requests")?;
    match kind {
        Kind::Tokens => tokens(cells, &mut split)?,
        Kind::Count(column, component) => split.put(component, cells.count_or_zero(column)?),
        Kind::WebSearches => {
            split.put(
                web_search(&cells.text("context_level")),
                cells.count_or_zero("num_requests")?,
            );
        }
        Kind::VectorStores => {
            let message = "stored bytes of vector stores, which no component counts";
            return Err(Skipped::new(code::UNKNOWN_RECORD, message));
        }
    }
    let is_tool =
        matches!(kind, Kind::WebSearches | Kind::Count("num_sessions" | "num_requests", _));
    let model = cells.text("model");
    if model.is_empty() && !is_tool {
        if split.components.is_empty() && requests == 0 {
            return Err(Skipped::new(code::NOT_USAGE, "buckets without usage"));
        }
        let message = "buckets without a model: export OpenAI usage grouped by model";
        return Err(Skipped::new(code::MISSING_MODEL, message));
    }
    if is_tool {
        // These requests stand among the completions already.
        requests = 0;
    }
    let Names { sku, labels } = cells.names(options, &OF_SKU, &LABELS, || {
        // Tools are used beside models; where a result names none, its kind stands for it.
        let mut sku = sku("openai", if model.is_empty() { name } else { &model }, options);
        sku.service_tier = if cells.text("batch").eq_ignore_ascii_case("true") {
            CompactString::const_new("batch")
        } else {
            service_tier(&cells.text("service_tier"))
        };
        sku
    });
    let line = Line { period, sku, id: cells.identity(format, period, is_figure), labels };
    line.usage(requests, None, split, None)
}

fn tokens(cells: Cells<'_, '_>, split: &mut Splitter) -> Result<(), Skipped> {
    let count = |column: &'static str| cells.count_or_zero(column);
    let whole = count("input_tokens")?;
    let cached = count("input_cached_tokens")?;
    let written = count("input_cache_write_tokens")?;
    let in_cache = cached.saturating_add(written);
    let fresh = whole.saturating_sub(in_cache);
    split.notes.set_if(Note::Clamped, in_cache > whole);
    if let Some(stated) = cells.count("input_uncached_tokens")? {
        split.notes.set_if(Note::TotalMismatch, stated != fresh);
    }
    let audio = count("input_audio_tokens")?;
    let image = count("input_image_tokens")?;
    if let Some(text) = cells.count("input_text_tokens")?.filter(|text| *text > 0) {
        let sum = text.saturating_add(audio).saturating_add(image);
        split.notes.set_if(Note::TotalMismatch, sum != fresh);
    }
    split.split(
        fresh,
        Component::InputUncached,
        &[(Component::InputUncachedAudio, audio), (Component::InputUncachedImage, image)],
    );
    split.split(
        cached,
        Component::InputCacheRead,
        &[
            (Component::InputCacheReadAudio, count("input_cached_audio_tokens")?),
            (Component::InputCacheReadImage, count("input_cached_image_tokens")?),
        ],
    );
    split.put(Component::InputCacheWrite30m, written);
    split.split(
        count("output_tokens")?,
        Component::Output,
        &[
            (Component::OutputAudio, count("output_audio_tokens")?),
            (Component::OutputImage, count("output_image_tokens")?),
        ],
    );
    Ok(())
}

fn web_search(level: &str) -> Component {
    match level.to_ascii_lowercase().as_str() {
        "low" => Component::ToolWebSearchLow,
        "medium" => Component::ToolWebSearchMedium,
        "high" => Component::ToolWebSearchHigh,
        _ => Component::ToolWebSearch,
    }
}
