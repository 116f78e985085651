//! Anthropic Messages bodies, also as Bedrock InvokeModel and Vertex return them.
//!
//! Input, cache reads and cache writes are disjoint already. Where `iterations` are present the
//! top level is not the bill: compaction and advisor turns stand only there.

use compact_str::CompactString;
use smallvec::SmallVec;

use super::openai::no_usage;
use crate::sku::{Sku, service_tier};
use crate::source::ReadOptions;
use crate::source::envelope::{Draft, Envelope, Splitter};
use crate::source::outcome::{Note, Outcome, Records, Skipped, count_field, optional_count};
use crate::source::provider;
use crate::source::scan::{Object, Value};
use crate::tokens::Component;

/// True for a Messages body with usage, or one that should have it.
pub(crate) fn is_messages(object: &Object<'_>, usage: Option<&Object<'_>>) -> bool {
    match usage {
        Some(usage) => {
            usage.has("input_tokens")
                && usage.has("output_tokens")
                && (usage.has("cache_read_input_tokens")
                    || usage.has("cache_creation_input_tokens")
                    || usage.has("server_tool_use")
                    || object.text("type").is_some_and(|t| t == "message")
                    || object.text("model").is_some_and(|m| m.starts_with("claude")))
        }
        None => {
            object.text("type").is_some_and(|t| t == "message")
                && object.has("role")
                && object.has("model")
        }
    }
}

/// Reads a Messages body: one record, or one an iteration.
pub(crate) fn read(envelope: &Envelope<'_>, options: &ReadOptions) -> Outcome {
    let body = envelope.body();
    let usage = envelope.usage().ok_or_else(|| no_usage(body))?;
    let sku = sku(envelope, usage);
    let id = envelope.text(&["id", "request_id", "requestId"]);
    let time = envelope.time("created_at");
    let mut records = Records::new();
    for (number, turn) in turns(usage)?.into_iter().enumerate() {
        let mut sku = sku.clone();
        sku.model = turn.model.unwrap_or(sku.model);
        let draft = Draft {
            sku,
            time,
            request_id: id.clone(),
            turn: number,
            components: turn.split.components,
            notes: turn.split.notes,
        };
        let mut found = draft.finish(envelope, options)?;
        // However many turns, it was one request.
        found.iter_mut().for_each(|(record, _)| record.requests = u64::from(number == 0));
        records.extend(found);
    }
    Ok(records)
}

/// One billed turn of an answer.
#[derive(Debug)]
pub(crate) struct Turn {
    /// The model, where it differs from that of the answer.
    pub(crate) model: Option<CompactString>,
    pub(crate) split: Splitter,
}

/// The billed turns of a usage object: its iterations, or itself.
///
/// The top level is the sum of the ordinary iterations; where it is not, the difference is noted.
/// Iterations that carry no counts at all say nothing, and the top level stands.
pub(crate) fn turns(usage: &Object<'_>) -> Result<SmallVec<[Turn; 1]>, Skipped> {
    let whole = split(usage)?;
    let iterations = usage.get("iterations").and_then(|v| v.array()).unwrap_or_default();
    let mut turns: SmallVec<[Turn; 1]> = SmallVec::new();
    let mut ordinary = 0_u64;
    for turn in iterations.iter().filter_map(Value::object) {
        let mut split = split(&turn)?;
        let kind = turn.text("type").unwrap_or_default();
        if matches!(&*kind, "message" | "fallback_message") {
            ordinary = ordinary.saturating_add(split.components.tokens());
        }
        // Tool fees stand at the top level, unless the turn states its own.
        if turns.is_empty() && !turn.has("server_tool_use") {
            tool_calls(usage, &mut split)?;
        }
        let model = turn.first_text(&["model"]);
        let model = model.map(|m| CompactString::new(m.strip_suffix(WINDOW_MARK).unwrap_or(&m)));
        turns.push(Turn { model, split });
    }
    let says_nothing = turns.iter().all(|turn| turn.split.components.tokens() == 0);
    if says_nothing {
        turns.clear();
        turns.push(Turn { model: None, split: whole });
    } else if ordinary != whole.components.tokens() {
        turns[0].split.notes.set(Note::TotalMismatch);
    }
    Ok(turns)
}

/// Splits one usage object into disjoint components.
fn split(usage: &Object<'_>) -> Result<Splitter, Skipped> {
    let mut splitter = Splitter::default();
    splitter.put(Component::InputUncached, count_field!(usage, "input_tokens"));
    splitter.put(Component::InputCacheRead, count_field!(usage, "cache_read_input_tokens"));
    let by_ttl = usage.object("cache_creation").unwrap_or_default();
    let five_minutes = count_field!(by_ttl, "ephemeral_5m_input_tokens");
    let one_hour = count_field!(by_ttl, "ephemeral_1h_input_tokens");
    let stated = optional_count!(usage, "cache_creation_input_tokens");
    let by_parts = five_minutes.saturating_add(one_hour);
    let written = stated.unwrap_or(0).max(by_parts);
    let less = stated.is_some_and(|stated| stated < by_parts);
    splitter.notes.set_if(Note::TotalMismatch, less);
    // The split may be absent (old logs) or cover only some turns: what it leaves out is taken as
    // the default time to live, five minutes.
    let unsplit = written - five_minutes - one_hour;
    splitter.notes.set_if(Note::TtlAssumed, unsplit > 0);
    splitter.put(Component::InputCacheWrite5m, five_minutes + unsplit);
    splitter.put(Component::InputCacheWrite1h, one_hour);
    let details = usage.object("output_tokens_details").unwrap_or_default();
    let thinking = count_field!(details, "thinking_tokens");
    let output = count_field!(usage, "output_tokens");
    splitter.split(output, Component::Output, &[(Component::OutputReasoning, thinking)]);
    tool_calls(usage, &mut splitter)?;
    Ok(splitter)
}

fn tool_calls(usage: &Object<'_>, splitter: &mut Splitter) -> Result<(), Skipped> {
    let tools = usage.object("server_tool_use").unwrap_or_default();
    splitter.put(Component::ToolWebSearch, count_field!(tools, "web_search_requests"));
    splitter.put(Component::ToolWebFetch, count_field!(tools, "web_fetch_requests"));
    Ok(())
}

fn sku(envelope: &Envelope<'_>, usage: &Object<'_>) -> Sku {
    let body = envelope.body();
    let own_model = body.first_text(&["model"]);
    let wrapper_model = envelope.wrapper_text(&["modelId", "model_id", "model"]);
    let id = body.text("id").unwrap_or_default();
    let on_bedrock = id.starts_with("msg_bdrk_")
        || wrapper_model.as_ref().is_some_and(|m| m.contains("anthropic.claude"));
    let mut sku = if on_bedrock {
        // Bedrock's id in the line around the body says where it ran; the body names only the model.
        let name = wrapper_model.or(own_model).unwrap_or_default();
        let found = provider::bedrock_model(&name);
        let mut sku = Sku::new("aws.bedrock", found.model);
        sku.endpoint = CompactString::new(found.endpoint);
        sku.region = CompactString::new(found.region);
        sku
    } else {
        let provider = if id.starts_with("msg_vrtx_") { "gcp.vertex_ai" } else { "anthropic" };
        Sku::new(provider, &own_model.or(wrapper_model).unwrap_or_default())
    };
    strip_window(&mut sku);
    sku.service_tier = if envelope.is_batch_line() {
        CompactString::const_new("batch")
    } else {
        service_tier(&usage.text("service_tier").unwrap_or_default())
    };
    if let Some(speed) = usage.first_text(&["speed"]) {
        sku.speed = CompactString::new(&speed);
    }
    // Old models print `not_available`: they have no residency choice and no premium.
    if let Some(geo) = usage.first_text(&["inference_geo"]).filter(|geo| geo != "not_available") {
        sku.endpoint = CompactString::new(&geo);
    }
    if let Some(region) = envelope.wrapper_text(&["region", "awsRegion", "aws_region", "location"])
    {
        sku.region = CompactString::new(&region);
    }
    sku
}

/// Agents mark the long context window in the name; the price goes by the prompt's length.
const WINDOW_MARK: &str = "[1m]";

/// Takes the mark off a model's name.
pub(crate) fn strip_window(sku: &mut Sku) {
    if let Some(name) = sku.model.strip_suffix(WINDOW_MARK) {
        sku.model = CompactString::new(name);
    }
}
