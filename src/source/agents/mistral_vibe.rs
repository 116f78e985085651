//! Sessions of Mistral Vibe: `meta.json`, and the single files of its first version.
//!
//! Prompts include what caches served.

use super::shared;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, count_field};
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::RecordGrain;
use crate::usage::dedup::RequestId;

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "mistral-vibe",
    title: "sessions of Mistral Vibe",
    group: Group::Agent,
    grain: RecordGrain::Session,
    reads: &[Reads::Object { markers: &["stats", "metadata"], is: is_session, read }],
};

fn stats<'a>(meta: &Object<'a>) -> Option<Object<'a>> {
    meta.object("stats").filter(|stats| stats.has("session_prompt_tokens"))
}

/// The first version kept the same under `metadata`, beside the messages.
fn is_session(object: &Object<'_>) -> bool {
    stats(object).is_some() || object.object("metadata").is_some_and(|m| stats(&m).is_some())
}

fn read(file: &Object<'_>, options: &ReadOptions) -> Outcome {
    const WHAT: &str = "session of Mistral Vibe";
    let first = file.object("metadata").filter(|m| stats(m).is_some());
    let meta = first.as_ref().unwrap_or(file);
    let stats = stats(meta).unwrap_or_default();
    let cached = count_field!(stats, "session_cached_tokens");
    let prompt = count_field!(stats, "session_prompt_tokens");
    let mut split = Splitter::default();
    split.split(prompt, Component::InputUncached, &[(Component::InputCacheRead, cached)]);
    split.put(Component::Output, count_field!(stats, "session_completion_tokens"));
    if split.components.is_empty() {
        return shared::not_usage("sessions of Mistral Vibe without a request");
    }
    let start = shared::zoned(meta, "start_time", &mut split.notes);
    let start = start.ok_or_else(|| shared::missing_time(WHAT))?;
    let end = shared::zoned(meta, "end_time", &mut split.notes);
    let config = meta.object("config").unwrap_or_default();
    let model = config.first_text(&["active_model"]);
    let model = model.or_else(|| meta.first_text(&["active_model", "model"])).unwrap_or_default();
    let mut record = shared::session(start, end, shared::sku("", &model, WHAT, options)?);
    let environment = meta.object("environment").unwrap_or_default();
    let directory = environment.text("working_directory");
    record.labels = shared::project(directory.as_deref(), options).into();
    let id = meta.first_text(&["session_id"]);
    record.request_id = id.map(|id| RequestId::new("mistral-vibe", &id, 0));
    shared::counted(record, split)
}
