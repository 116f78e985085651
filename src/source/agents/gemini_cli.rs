//! Chats of Gemini CLI, and the statistics of its runs without a terminal.
//!
//! Input includes cached tokens; thoughts and results of tools stand beside output and input. A chat
//! kept as lines prints a message again when it changes, and the last print counts.

use compact_str::CompactString;
use indexmap::IndexMap;

use super::shared;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::envelope::instant;
use crate::source::format::{Emit, FormatInfo, Group, Reads, Session};
use crate::source::outcome::{Notes, Outcome, Skipped, count_field, one, optional_count};
use crate::source::scan::{Object, Value};
use crate::tokens::Component;
use crate::usage::dedup::RequestId;
use crate::usage::{RecordGrain, UsageRecord};

/// The format of chats.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "gemini-cli",
    title: "chats of Gemini CLI",
    group: Group::Agent,
    grain: RecordGrain::Request,
    reads: &[
        Reads::Page { markers: &["messages"], is: is_chat, read: read_chat },
        Reads::Session {
            markers: &["projectHash", "tokens", "content", "$set", "$rewindTo"],
            is: is_line,
            start: || Box::<Chat>::default(),
        },
    ],
};

/// The format of statistics.
pub(crate) const STATS: FormatInfo = FormatInfo {
    name: "gemini-cli-stats",
    title: "statistics of a run of `gemini --output-format json`",
    group: Group::Agent,
    grain: RecordGrain::Session,
    reads: &[Reads::Page { markers: &["stats"], is: is_stats, read: read_stats }],
};

/// True for a whole chat in one object.
fn is_chat(object: &Object<'_>) -> bool {
    object.has("projectHash") || (object.has("sessionId") && object.has("startTime"))
}

/// True for a line of a chat: its head, a message, or a change of the head.
fn is_line(object: &Object<'_>) -> bool {
    const OTHER: [&str; 4] = ["user", "info", "error", "warning"];
    let kind = object.text("type").unwrap_or_default();
    let is_message = || object.has("id") && object.has("timestamp");
    match &*kind {
        "" => ["projectHash", "$set", "$rewindTo"].iter().any(|key| object.has(key)),
        "gemini" => is_message(),
        // Lines of other agents carry a session or a role.
        kind => {
            OTHER.contains(&kind)
                && is_message()
                && !["sessionId", "message", "role"].iter().any(|key| object.has(key))
        }
    }
}

fn read_chat(chat: &Object<'_>, options: &ReadOptions) -> Vec<Outcome> {
    let session = chat.text("sessionId").unwrap_or_default();
    let messages = chat.array("messages").unwrap_or_default();
    messages.iter().filter_map(Value::object).map(|m| message(&m, &session, options)).collect()
}

/// One message of a chat.
fn message(message: &Object<'_>, session: &str, options: &ReadOptions) -> Outcome {
    const WHAT: &str = "answer in a Gemini CLI chat";
    let is_answer = message.says("type", "gemini");
    let Some(tokens) = message.object("tokens").filter(|_| is_answer) else {
        return shared::not_usage("messages of Gemini CLI chats that carry no tokens");
    };
    let time = message.get("timestamp").and_then(|v| instant(&v));
    let time = time.ok_or_else(|| shared::missing_time(WHAT))?;
    let model = message.text("model").unwrap_or_default();
    let sku = shared::sku("gcp.gemini", &model, WHAT, options)?;
    let split = split(&tokens, ["input", "output"])?;
    let mut record = shared::request(time, sku);
    let id = message.first_text(&["id"]);
    record.request_id = id.map(|id| RequestId::new("gemini-cli", &format!("{session} {id}"), 0));
    shared::counted(record, split)
}

fn split(tokens: &Object<'_>, names: [&'static str; 2]) -> Result<Splitter, Skipped> {
    let mut split = Splitter::default();
    let cached = count_field!(tokens, "cached");
    let input = count_field!(tokens, names[0]);
    split.split(input, Component::InputUncached, &[(Component::InputCacheRead, cached)]);
    split.put(Component::InputTool, count_field!(tokens, "tool"));
    split.put(Component::Output, count_field!(tokens, names[1]));
    split.put(Component::OutputReasoning, count_field!(tokens, "thoughts"));
    split.check_total(optional_count!(tokens, "total"));
    Ok(split)
}

/// Messages that are held back at once; a chat rarely has a thousand. More are handed on, and
/// prints that still follow are merged with them as copies are.
const HELD: usize = 50_000;

/// A chat of lines: the answers whose last print may yet come.
#[derive(Debug, Default)]
struct Chat {
    session: CompactString,
    held: IndexMap<CompactString, (u64, UsageRecord, Notes)>,
}

impl Session for Chat {
    fn object(
        &mut self,
        line: u64,
        object: &Object<'_>,
        options: &ReadOptions,
        emit: &mut Emit<'_>,
    ) {
        if let Some(session) = object.first_text(&["sessionId"]) {
            self.session = CompactString::new(&session);
        }
        let id = object.first_text(&["id"]).map(|id| CompactString::new(&id));
        match (message(object, &self.session, options), id) {
            (Ok(records), Some(id)) => {
                for (record, notes) in records {
                    self.held.insert(id.clone(), (line, record, notes));
                }
            }
            (outcome, _) => emit(line, outcome),
        }
        if self.held.len() >= HELD {
            self.finish(options, emit);
        }
    }

    fn finish(&mut self, _options: &ReadOptions, emit: &mut Emit<'_>) {
        for (_, (line, record, notes)) in self.held.drain(..) {
            emit(line, Ok(one(record, notes)));
        }
    }
}

fn is_stats(object: &Object<'_>) -> bool {
    object.object("stats").is_some_and(|stats| stats.object("models").is_some())
}

/// A run has one sum for each model.
fn read_stats(run: &Object<'_>, options: &ReadOptions) -> Vec<Outcome> {
    let models = run.object("stats").and_then(|stats| stats.object("models")).unwrap_or_default();
    models
        .iter()
        .filter_map(|(model, data)| Some((model, data.object()?)))
        .map(|(model, data)| model_stats(run, &model, &data, options))
        .collect()
}

fn model_stats(run: &Object<'_>, model: &str, data: &Object<'_>, options: &ReadOptions) -> Outcome {
    const WHAT: &str = "run of Gemini CLI, which prints none,";
    let tokens = data.object("tokens").unwrap_or_default();
    let time = run.get("timestamp").and_then(|v| instant(&v));
    let time = time.ok_or_else(|| shared::missing_time(WHAT))?;
    let split = split(&tokens, ["prompt", "candidates"])?;
    let sku = shared::sku("gcp.gemini", model, WHAT, options)?;
    let mut record = shared::session(time, None, sku);
    let api = data.object("api").unwrap_or_default();
    record.requests = count_field!(api, "totalRequests");
    let session = run.first_text(&["session_id", "sessionId"]);
    record.request_id =
        session.map(|id| RequestId::new("gemini-cli-stats", &format!("{id} {model}"), 0));
    shared::counted(record, split)
}
