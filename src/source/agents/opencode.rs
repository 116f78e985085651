//! Messages of OpenCode, in its database and in the JSON files of older versions. Kilo's program
//! for the terminal keeps the same tables.
//!
//! All counts are disjoint; reasoning stands beside the output. A forked session holds copies of
//! messages under new ids, so a message is known by what it says of itself.

use super::shared;
use crate::diagnostic::code;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::envelope::instant;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, Skipped, count_field, optional_count};
use crate::source::row::Row;
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::dedup::RequestId;
use crate::usage::{CostKind, RecordGrain};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "opencode",
    title: "messages of OpenCode: its SQLite database, or JSON files of older versions",
    group: Group::Agent,
    grain: RecordGrain::Request,
    reads: &[
        Reads::Object { markers: &["sessionID", "projectID"], is: is_stored, read },
        Reads::Database {
            table: ("message", &["id", "session_id", "data"]),
            query: "SELECT data FROM message ORDER BY id",
            read: read_row,
        },
        Reads::Database {
            table: ("session_message", &["id", "session_id", "type", "data"]),
            query: "SELECT data FROM session_message WHERE type = 'assistant' ORDER BY id",
            read: read_row,
        },
    ],
};

/// What one answer is called in messages.
const WHAT: &str = "OpenCode answer";

/// True for a stored message, for a part of one, and for a session.
fn is_stored(object: &Object<'_>) -> bool {
    let is_session = || object.text("id").is_some_and(|id| id.starts_with("ses_"));
    if object.has("sessionID") {
        ["role", "messageID", "part", "tokens", "providerID"].iter().any(|key| object.has(key))
    } else {
        is_session()
    }
}

fn read_row(row: &Row<'_>, options: &ReadOptions) -> Outcome {
    let data = row.text("data");
    match Object::parse(data.as_bytes()) {
        Ok(message) => read(&message, options),
        Err(_) => {
            let message = "rows of an OpenCode database whose data is not valid JSON";
            Err(Skipped::new(code::INVALID_LINE, message))
        }
    }
}

fn read(message: &Object<'_>, options: &ReadOptions) -> Outcome {
    if message.object("part").is_some_and(|part| part.has("tokens")) {
        return Err(shared::missing_model("step that `opencode run` prints"));
    }
    // Steps repeat, part by part, what the message sums up.
    let is_answer = message.text("role").is_none_or(|role| role == "assistant");
    let is_message = is_answer && !message.has("messageID") && !message.has("part");
    let Some(tokens) = message.object("tokens").filter(|_| is_message) else {
        return shared::not_usage("parts of OpenCode's storage that are not answers");
    };
    let split = split(&tokens)?;
    if message.object("error").is_some() && split.components.is_empty() {
        return Err(Skipped::new(code::FAILED_REQUEST, "OpenCode answers that failed"));
    }
    let times = message.object("time").unwrap_or_default();
    let time = times.get("created").and_then(|v| instant(&v));
    let time = time.ok_or_else(|| shared::missing_time(WHAT))?;
    let nested = message.object("model").unwrap_or_default();
    let model = message.first_text(&["modelID"]).or_else(|| nested.first_text(&["id", "modelID"]));
    let provider = message.first_text(&["providerID"]).or_else(|| nested.text("providerID"));
    let (model, provider) = (model.unwrap_or_default(), provider.unwrap_or_default());
    let sku = shared::sku(&provider, &model, WHAT, options)?;
    let mut record = shared::request(time, sku);
    let path = message.object("path").unwrap_or_default();
    // Outside a repository the root is that of the file system.
    let root = path.text("root").filter(|root| !shared::last_part(root).is_empty());
    let directory = root.or_else(|| path.text("cwd"));
    record.labels = shared::project(directory.as_deref(), options).into();
    // Computed from a price list; 0 under subscriptions.
    record.reported_cost = shared::cost(message.get("cost"), "cost", CostKind::Estimate)?;
    let printed = |value: Option<crate::source::scan::Value<'_>>| {
        value.map(|v| String::from_utf8_lossy(v.raw()).into_owned()).unwrap_or_default()
    };
    let counts: Vec<String> = split.components.iter().map(|(_, n)| n.to_string()).collect();
    let identity = format!(
        "{} {} {provider} {model} {}",
        printed(times.get("created")),
        printed(times.get("completed")),
        counts.join(" ")
    );
    record.request_id = Some(RequestId::new("opencode", &identity, 0));
    shared::counted(record, split)
}

fn split(tokens: &Object<'_>) -> Result<Splitter, Skipped> {
    let cache = tokens.object("cache").unwrap_or_default();
    let mut split = Splitter::default();
    split.put(Component::InputUncached, count_field!(tokens, "input"));
    split.put(Component::InputCacheRead, count_field!(cache, "read"));
    split.put(Component::InputCacheWrite5m, count_field!(cache, "write"));
    split.put(Component::Output, count_field!(tokens, "output"));
    split.put(Component::OutputReasoning, count_field!(tokens, "reasoning"));
    split.check_total(optional_count!(tokens, "total"));
    Ok(split)
}
