//! The wire files of Kimi's programs for the terminal.
//!
//! Counts are disjoint. Kimi CLI prints the usage of a step with its status and no model; Kimi Code
//! prints a record of usage a request, whose model may be a word of its settings: then the model is
//! that of the request before it.

use compact_str::CompactString;

use super::shared;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::envelope::instant;
use crate::source::format::{Emit, FormatInfo, Group, Reads, Session};
use crate::source::outcome::{Outcome, Skipped, count_field};
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::RecordGrain;
use crate::usage::dedup::RequestId;

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "kimi",
    title: "wire files of Kimi CLI and Kimi Code",
    group: Group::Agent,
    grain: RecordGrain::Request,
    reads: &[Reads::Session {
        markers: &["message", "protocol_version", "usageScope", "time"],
        is: is_line,
        start: || Box::<Wire>::default(),
    }],
};

/// Who bills Kimi.
const PROVIDER: &str = "moonshot_ai";

/// True for a line of either program: the head, a message with a payload, or a typed event.
fn is_line(object: &Object<'_>) -> bool {
    const EVENTS: [&str; 6] = ["usage.", "llm.", "turn.", "step.", "tool.", "agent."];
    match object.text("type").as_deref() {
        Some("metadata") => object.has("protocol_version"),
        Some(kind) => object.has("time") && EVENTS.iter().any(|start| kind.starts_with(start)),
        None => {
            object.has("timestamp")
                && object.object("message").is_some_and(|m| m.has("type") && m.has("payload"))
        }
    }
}

/// A file as far as it is read: the model of the last request.
#[derive(Debug, Default)]
struct Wire {
    model: CompactString,
}

impl Session for Wire {
    fn object(
        &mut self,
        line: u64,
        object: &Object<'_>,
        options: &ReadOptions,
        emit: &mut Emit<'_>,
    ) {
        let model = concrete(object);
        let outcome = match object.text("type").as_deref() {
            Some("llm.request") => {
                if let Some(model) = model {
                    self.model = model;
                }
                shared::not_usage("lines of Kimi's wire files that carry no usage")
            }
            Some("usage.record") => {
                record(object, &model.unwrap_or_else(|| self.model.clone()), options)
            }
            Some(_) => shared::not_usage("lines of Kimi's wire files that carry no usage"),
            None => status(object, options),
        };
        emit(line, outcome);
    }
}

/// A model's name; `__name__` is a reference to the settings.
fn concrete(object: &Object<'_>) -> Option<CompactString> {
    let model = object.first_text(&["model"])?;
    let model = model.strip_prefix("kimi-code/").unwrap_or(&model);
    let is_reference = model.starts_with("__") && model.ends_with("__");
    (!is_reference).then(|| CompactString::new(model))
}

/// A record of Kimi Code. Those of a whole session repeat those of its turns.
fn record(line: &Object<'_>, model: &str, options: &ReadOptions) -> Outcome {
    const WHAT: &str = "record of Kimi Code";
    if line.text("usageScope").is_none_or(|scope| scope != "turn") {
        return shared::not_usage("sums in Kimi's wire files over a whole session");
    }
    let usage = line.object("usage").unwrap_or_default();
    let split = split(&usage, ["inputOther", "inputCacheRead", "inputCacheCreation"])?;
    let time = line.get("time").and_then(|v| instant(&v));
    let time = time.ok_or_else(|| shared::missing_time(WHAT))?;
    let record = shared::request(time, shared::sku(PROVIDER, model, WHAT, options)?);
    shared::counted(record, split)
}

/// A status of Kimi CLI.
fn status(line: &Object<'_>, options: &ReadOptions) -> Outcome {
    const WHAT: &str = "status of Kimi CLI, which prints none,";
    let message = line.object("message").unwrap_or_default();
    let payload = message.object("payload").unwrap_or_default();
    let Some(usage) = payload.object("token_usage") else {
        return shared::not_usage("lines of Kimi's wire files that carry no usage");
    };
    let split = split(&usage, ["input_other", "input_cache_read", "input_cache_creation"])?;
    let time = line.get("timestamp").and_then(|v| instant(&v));
    let time = time.ok_or_else(|| shared::missing_time(WHAT))?;
    let model = payload.first_text(&["model"]).unwrap_or_default();
    let mut record = shared::request(time, shared::sku(PROVIDER, &model, WHAT, options)?);
    let id = payload.first_text(&["message_id"]);
    record.request_id = id.map(|id| RequestId::new("kimi", &id, 0));
    shared::counted(record, split)
}

fn split(usage: &Object<'_>, names: [&'static str; 3]) -> Result<Splitter, Skipped> {
    let mut split = Splitter::default();
    split.put(Component::InputUncached, count_field!(usage, names[0]));
    split.put(Component::InputCacheRead, count_field!(usage, names[1]));
    split.put(Component::InputCacheWrite5m, count_field!(usage, names[2]));
    split.put(Component::Output, count_field!(usage, "output"));
    Ok(split)
}
