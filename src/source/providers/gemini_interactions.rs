//! Bodies of Gemini's Interactions API.
//!
//! Its names are new and little seen, and Vertex AI documents them in camel case too, which was not
//! seen and is not read. Whether the input includes cached tokens and the output includes thoughts
//! is told by the stated total, and where that does not tell, it is said.

use super::gemini::bare_model;
use super::openai::{no_usage, only_event};
use crate::sku::{Sku, service_tier};
use crate::source::ReadOptions;
use crate::source::draft::{Draft, Splitter};
use crate::source::envelope::Envelope;
use crate::source::outcome::{Note, Outcome, Skipped, count_field, optional_count};
use crate::source::resolve::{Counted, Includes, Stated, input_includes_cache};
use crate::source::scan::{Object, Value};
use crate::tokens::Component;

/// True for an interaction with usage, or one that should have it.
pub(crate) fn is_interaction(object: &Object<'_>, usage: Option<&Object<'_>>) -> bool {
    match usage {
        Some(usage) => usage.has("total_input_tokens") && usage.has("total_output_tokens"),
        None => object.says("object", "interaction"),
    }
}

/// Reads an interaction.
pub(crate) fn read(envelope: &Envelope<'_>, options: &ReadOptions) -> Outcome {
    let body = envelope.body();
    let usage = envelope.usage().ok_or_else(|| {
        let runs = body.says("status", "in_progress");
        if runs { only_event() } else { no_usage(body) }
    })?;
    let mut splitter = Splitter::default();
    let tool = count_field!(usage, "total_tool_use_tokens");
    let thoughts = count_field!(usage, "total_thought_tokens")
        .max(count_field!(usage, "total_reasoning_tokens"));
    let total = optional_count!(usage, "total_tokens").filter(|total| *total > 0);
    let counted = Counted {
        input: count_field!(usage, "total_input_tokens"),
        output: count_field!(usage, "total_output_tokens"),
        read: count_field!(usage, "total_cached_tokens"),
        written: 0,
        // Of the total only input, output and what the cache served are compared.
        total: total.map(|total| total.saturating_sub(thoughts).saturating_sub(tool)),
    };
    let includes =
        input_includes_cache(&counted, Stated::Unknown, Includes::Yes, &mut splitter.notes);
    let fresh = if includes { counted.input.saturating_sub(counted.read) } else { counted.input };
    let cached = if includes { counted.read.min(counted.input) } else { counted.read };
    splitter.split(fresh, Component::InputUncached, &modalities(usage, "input", &UNCACHED)?);
    splitter.put(Component::InputCacheRead, cached);
    splitter.put(Component::InputTool, tool);
    let in_output = modalities(usage, "output", &OUTPUT)?;
    let all = fresh.saturating_add(cached).saturating_add(tool).saturating_add(counted.output);
    if thoughts > 0 && total == Some(all) {
        let inside = [(Component::OutputReasoning, thoughts), in_output[0], in_output[1]];
        splitter.split(counted.output, Component::Output, &inside);
    } else {
        splitter.split(counted.output, Component::Output, &in_output);
        splitter.put(Component::OutputReasoning, thoughts);
    }
    splitter.check_total(total);
    let tools = usage.array("grounding_tool_count").unwrap_or_default();
    for tool in tools.iter().filter_map(Value::object) {
        let kind = tool.text("type").unwrap_or_default().to_ascii_lowercase();
        let from =
            if kind.contains("maps") { Component::ToolMaps } else { Component::ToolGrounding };
        splitter.put(from, count_field!(tool, "count"));
    }
    splitter.notes.set_if(Note::TotalMismatch, total.is_none() && thoughts > 0);
    draft(envelope, splitter).finish(envelope, options)
}

const UNCACHED: [Component; 2] = [Component::InputUncachedAudio, Component::InputUncachedImage];
const OUTPUT: [Component; 2] = [Component::OutputAudio, Component::OutputImage];

/// Sound and pictures of one side, without what the cache served of them.
fn modalities(
    usage: &Object<'_>,
    side: &str,
    names: &[Component; 2],
) -> Result<[(Component, u64); 2], Skipped> {
    let mut found = [(names[0], 0_u64), (names[1], 0_u64)];
    let list = |side: &str| {
        let key = format!("{side}_tokens_by_modality");
        usage.array(&key).unwrap_or_default()
    };
    for (parts, adds) in [(list(side), true), (list("cached"), false)] {
        if !adds && side != "input" {
            continue;
        }
        for part in parts.iter().filter_map(Value::object) {
            let at = match part.text("modality").unwrap_or_default().to_ascii_lowercase().as_str() {
                "audio" => 0,
                "image" => 1,
                _ => continue,
            };
            let count: u64 = count_field!(part, "tokens");
            let sum = &mut found[at].1;
            *sum = if adds { sum.saturating_add(count) } else { sum.saturating_sub(count) };
        }
    }
    Ok(found)
}

fn draft<'a>(envelope: &Envelope<'a>, splitter: Splitter) -> Draft<'a> {
    let name = envelope.model(&["model"]).unwrap_or_default();
    let mut sku = Sku::new("gcp.gemini", bare_model(&name));
    sku.service_tier = service_tier(&envelope.body().text("service_tier").unwrap_or_default());
    Draft {
        sku: sku.into(),
        time: envelope.time("created"),
        request_id: envelope.text(&["id", "request_id", "requestId"]),
        turn: 0,
        components: splitter.components,
        notes: splitter.notes,
    }
}
