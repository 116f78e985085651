//! OpenAI's old usage endpoint, `/v1/usage?date=`: one object a day with an array for each kind.
//!
//! Tokens are summed over five minutes, from `aggregation_timestamp` on. Prompts include what the
//! cache served.

use super::bucket::{Cells, Line, sku};
use crate::diagnostic::code;
use crate::period::{NANOS, Period, Timestamp};
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::envelope::instant;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, Skipped, count_field};
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::RecordGrain;

/// The format: the answer of the endpoint, or its rows by themselves.
pub(super) const FORMAT: FormatInfo = FormatInfo {
    name: "openai-usage-legacy",
    title: "OpenAI's old usage endpoint, `/v1/usage`",
    group: Group::Console,
    grain: RecordGrain::Bucket,
    reads: &[Reads::Page {
        markers: &["n_context_tokens_total", "whisper_api_data", "dalle_api_data", "tts_api_data"],
        is: |_| true,
        read,
    }],
};

/// A bucket of five minutes.
const BUCKET_NANOS: i64 = 300 * NANOS;

/// An array of the answer.
struct Rows {
    array: &'static str,
    model: &'static str,
    time: &'static str,
    requests: &'static str,
    /// The count and its component; tokens have several.
    count: Option<(&'static str, Component)>,
}

const fn rows(array: &'static str, count: &'static str, component: Component) -> Rows {
    Rows {
        array,
        model: "model_id",
        time: "timestamp",
        requests: "num_requests",
        count: Some((count, component)),
    }
}

const TOKENS: Rows = Rows {
    array: "data",
    model: "snapshot_id",
    time: "aggregation_timestamp",
    requests: "n_requests",
    count: None,
};
const ROWS: [Rows; 3] = [
    rows("dalle_api_data", "num_images", Component::MediaOutputImages),
    rows("whisper_api_data", "num_seconds", Component::MediaInputSeconds),
    rows("tts_api_data", "num_characters", Component::MediaInputCharacters),
];

fn read(answer: &Object<'_>, options: &ReadOptions) -> Vec<Outcome> {
    if answer.has("n_context_tokens_total") {
        return vec![read_row(answer, &TOKENS, options)];
    }
    let mut found = Vec::new();
    for kind in std::iter::once(&TOKENS).chain(&ROWS) {
        let items = answer.array(kind.array).unwrap_or_default();
        found.extend(items.iter().map(|item| match item.object() {
            Some(row) => read_row(&row, kind, options),
            None => Err(Skipped::new(code::UNKNOWN_RECORD, "rows of usage that are no objects")),
        }));
    }
    for array in ["ft_data", "assistant_code_interpreter_data", "retrieval_storage_data"] {
        let items = answer.array(array).unwrap_or_default();
        let message = format!("rows of `{array}`, which are not read");
        found.extend(items.iter().map(|_| Err(Skipped::new(code::UNKNOWN_RECORD, &*message))));
    }
    if found.is_empty() {
        found.push(Err(Skipped::new(code::NOT_USAGE, "days without usage")));
    }
    found
}

fn read_row(row: &Object<'_>, kind: &Rows, options: &ReadOptions) -> Outcome {
    let Some(start) = row.get(kind.time).and_then(|v| instant(&v)) else {
        let message = format!("bucket without `{}`", kind.time);
        return Err(Skipped::new(code::MISSING_TIME, message));
    };
    let end = Timestamp::from_nanos(start.nanos().saturating_add(BUCKET_NANOS));
    let period = Period { start, end };
    let mut split = Splitter::default();
    if let Some((field, component)) = kind.count {
        split.put(component, count_field!(row, field));
    } else {
        let cached = count_field!(row, "n_cached_context_tokens_total");
        let whole = count_field!(row, "n_context_tokens_total");
        split.split(whole, Component::InputUncached, &[(Component::InputCacheRead, cached)]);
        split.put(Component::Output, count_field!(row, "n_generated_tokens_total"));
    }
    let cells = Cells::Json(row);
    let model = cells.first_text(&[kind.model, "model"]);
    if model.is_empty() {
        return Err(Skipped::new(code::MISSING_MODEL, format!("bucket without `{}`", kind.model)));
    }
    let line = Line {
        period,
        sku: sku("openai", &model, options).into(),
        id: cells.identity(FORMAT.name, period, |column| {
            column.starts_with("num")
                || (column.starts_with('n') && column.ends_with("total"))
                || column == "nrequests"
        }),
        labels: cells
            .labels(
                options,
                &[
                    ("project", &["project_id", "project_name"]),
                    ("organization", &["organization_id", "organization_name"]),
                    ("user", &["user_id", "email"]),
                    ("api_key", &["api_key_id", "api_key_name"]),
                ],
            )
            .into(),
    };
    line.usage(count_field!(row, kind.requests), None, split, None)
}
