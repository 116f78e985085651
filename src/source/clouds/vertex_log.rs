//! The request-response logging table of Vertex AI, as BigQuery extracts it.
//!
//! It is a sample of the requests, not a ledger: how large a one is set for the endpoint and not
//! written into the table.

use std::borrow::Cow;
use std::fmt::Write;

use super::gcp_wording::VERTEX;
use crate::diagnostic::code;
use crate::source::ReadOptions;
use crate::source::envelope::Envelope;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Note, Outcome, Skipped};
use crate::source::providers::{anthropic, gemini};
use crate::source::scan::{Object, Value};
use crate::usage::RecordGrain;

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "vertex-log",
    title: "Vertex AI request-response logging tables, which are samples",
    group: Group::Cloud,
    grain: RecordGrain::Request,
    reads: &[Reads::Object { markers: &["full_response"], is: is_row, read }],
};

fn is_row(row: &Object<'_>) -> bool {
    row.has("full_response") && ["logging_time", "deployed_model_id"].iter().any(|k| row.has(k))
}

fn read(row: &Object<'_>, options: &ReadOptions) -> Outcome {
    let response = row.get("full_response");
    // A JSON column is extracted as text or as it is.
    let text = response.and_then(|v| v.text());
    let response = match &text {
        Some(text) => Some(Value::new(text.as_bytes())),
        None => response,
    };
    let Some(body) = response.and_then(|value| last_with_usage(&value)) else {
        let message = "rows of Vertex AI's log whose answer carries no usage";
        return Err(Skipped::new(code::NO_USAGE, message));
    };
    // The row as the line that the readers of bodies know.
    let line = as_line(row, &body);
    let Ok(outer) = Object::parse(line.as_bytes()) else {
        let message = "rows of Vertex AI's log whose answer is not valid JSON";
        return Err(Skipped::new(code::INVALID_LINE, message));
    };
    let found = Envelope::find(outer, |body, usage| {
        if gemini::is_generate_content(body, usage) {
            Some(gemini::read as fn(&Envelope<'_>, &ReadOptions) -> Outcome)
        } else if anthropic::is_messages(body, usage) {
            Some(anthropic::read as fn(&Envelope<'_>, &ReadOptions) -> Outcome)
        } else {
            None
        }
    });
    let Ok((envelope, read)) = found else {
        let message = "rows of Vertex AI's log with answers of another shape";
        return Err(Skipped::new(code::UNKNOWN_RECORD, message));
    };
    let mut records = read(&envelope, options)?;
    records.iter_mut().for_each(|(_, notes)| notes.set(Note::Sampled));
    Ok(records)
}

/// The answer, or of the chunks of a stream the last one with usage, which is that of all.
fn last_with_usage<'a>(value: &Value<'a>) -> Option<Value<'a>> {
    let has_usage = |value: &Value<'_>| {
        value.object().is_some_and(|o| o.has("usageMetadata") || o.has("usage"))
    };
    match value.array() {
        Some(chunks) => chunks.into_iter().rev().find(has_usage),
        None => Some(*value).filter(has_usage),
    }
}

fn as_line(row: &Object<'_>, body: &Value<'_>) -> String {
    let mut line = format!("{{\"provider\":\"{VERTEX}\"");
    let scalar = |key: &str| row.get(key).and_then(|v| v.scalar());
    // `publishers/google/models/gemini-2.5-flash`, or the name alone.
    let model = scalar("model");
    let model = model.as_deref().and_then(|m| m.rsplit('/').next()).map(Cow::Borrowed);
    // `projects/p/locations/us-east5/endpoints/e`
    let endpoint = row.text("endpoint").unwrap_or_default();
    let location = endpoint.split('/').skip_while(|part| *part != "locations").nth(1);
    for (key, value) in [
        ("timestamp", scalar("logging_time")),
        ("model", model),
        ("request_id", scalar("request_id")),
        ("location", location.map(Cow::Borrowed)),
    ] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let quoted = serde_json::Value::from(&*value);
            let _ = write!(line, ",\"{key}\":{quoted}");
        }
    }
    let _ = write!(line, ",\"response\":{}}}", String::from_utf8_lossy(body.raw()));
    line
}
