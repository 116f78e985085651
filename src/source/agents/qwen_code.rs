//! Chats of Qwen Code.
//!
//! The lines look like Claude Code's and carry Gemini's `usageMetadata`. Behind it stand models of
//! many makers: thoughts are inside the output or beside it, as the stated total tells.

use compact_str::CompactString;

use super::shared;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::envelope::instant;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, count_field, optional_count};
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::RecordGrain;
use crate::usage::dedup::RequestId;

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "qwen-code",
    title: "chats of Qwen Code",
    group: Group::Agent,
    grain: RecordGrain::Request,
    reads: &[Reads::Object { markers: &["usageMetadata"], is: is_answer, read }],
};

fn is_answer(object: &Object<'_>) -> bool {
    object.has("sessionId") && object.object("usageMetadata").is_some()
}

fn read(line: &Object<'_>, options: &ReadOptions) -> Outcome {
    const WHAT: &str = "answer in a Qwen Code chat";
    let usage = line.object("usageMetadata").unwrap_or_default();
    let time = line.get("timestamp").and_then(|v| instant(&v));
    let time = time.ok_or_else(|| shared::missing_time(WHAT))?;
    let sku = shared::sku("", &line.text("model").unwrap_or_default(), WHAT, options)?;
    let prompt = count_field!(usage, "promptTokenCount");
    let cached = count_field!(usage, "cachedContentTokenCount");
    let output = count_field!(usage, "candidatesTokenCount");
    let thoughts = count_field!(usage, "thoughtsTokenCount");
    let tool = count_field!(usage, "toolUsePromptTokenCount");
    let total = optional_count!(usage, "totalTokenCount");
    let mut split = Splitter::default();
    split.split(prompt, Component::InputUncached, &[(Component::InputCacheRead, cached)]);
    split.put(Component::InputTool, tool);
    let inside = total == Some(prompt.saturating_add(output).saturating_add(tool));
    if inside {
        split.split(output, Component::Output, &[(Component::OutputReasoning, thoughts)]);
    } else {
        split.put(Component::Output, output);
        split.put(Component::OutputReasoning, thoughts);
    }
    split.check_total(total);
    let mut record = shared::request(time, sku);
    record.labels = shared::project(line.text("cwd").as_deref(), options).into();
    let session = CompactString::new(line.text("sessionId").unwrap_or_default());
    let id = line.first_text(&["uuid"]);
    record.request_id = id.map(|id| RequestId::new("qwen-code", &format!("{session} {id}"), 0));
    shared::counted(record, split)
}
