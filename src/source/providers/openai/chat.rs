//! Chat Completions, legacy completions and embeddings, and compatible servers.
//!
//! Two exceptions are told by the stated total: xAI adds reasoning to the output, and Gemini's
//! compatible endpoint leaves thoughts out of it. Perplexity counts reasoning, citations and
//! searches beside both and in no total.

use super::{IDS, InputParts, draft, no_usage, only_event, sku, writes_stay_half_an_hour};
use crate::diagnostic::code;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::envelope::Envelope;
use crate::source::outcome::{Note, Outcome, Skipped, count_field, optional_count};
use crate::source::resolve::{Counted, Includes, Stated, input_includes_cache};
use crate::source::scan::{Object, Value};
use crate::source::usual::{Sum, Usual};
use crate::tokens::Component;

/// True for a body with Chat Completions usage, or one that should have it.
pub(crate) fn is_chat(object: &Object<'_>, usage: Option<&Object<'_>>) -> bool {
    match usage {
        Some(usage) => usage.has("prompt_tokens"),
        None => object.text("object").is_some_and(|o| {
            matches!(&*o, "chat.completion" | "chat.completion.chunk" | "text_completion")
        }),
    }
}

/// What nearly all bodies state. The total is needed, as it tells where the reasoning stands.
pub(crate) const USUAL: Usual = Usual {
    components: &[
        (
            Component::InputUncached,
            "prompt_tokens",
            &["prompt_tokens_details.cached_tokens", "prompt_tokens_details.cache_write_tokens"],
        ),
        (Component::InputCacheRead, "prompt_tokens_details.cached_tokens", &[]),
        (Component::InputCacheWrite30m, "prompt_tokens_details.cache_write_tokens", &[]),
        (Component::Output, "completion_tokens", &["completion_tokens_details.reasoning_tokens"]),
        (Component::OutputReasoning, "completion_tokens_details.reasoning_tokens", &[]),
    ],
    sums: &[Sum {
        whole: "total_tokens",
        parts: &["prompt_tokens", "completion_tokens"],
        is_needed: true,
    }],
    zeros: &["prompt_tokens_details.audio_tokens", "completion_tokens_details.audio_tokens"],
    tested: &[],
    aside: &[
        "completion_tokens_details.accepted_prediction_tokens",
        "completion_tokens_details.rejected_prediction_tokens",
    ],
    silent: &[],
    ids: IDS,
    other_ids: &[],
    time: |_| "created",
    fits: |sku| writes_stay_half_an_hour(sku) && !searches_unasked(&sku.model),
};

/// Reads a Chat Completions body.
pub(crate) fn read(envelope: &Envelope<'_>, options: &ReadOptions) -> Outcome {
    let body = envelope.body();
    let usage = envelope.usage().ok_or_else(|| without_usage(body))?;
    let sku = sku(envelope);
    let mut splitter = Splitter::default();
    let prompt = count_field!(usage, "prompt_tokens");
    let completion = count_field!(usage, "completion_tokens");
    let total = optional_count!(usage, "total_tokens");
    let input = input_parts(usage)?;
    let counted = Counted {
        input: prompt,
        output: completion,
        read: input.cached,
        written: input.written,
        total,
    };
    let stated = stated(usage, &counted)?;
    let includes = input_includes_cache(&counted, stated, Includes::Yes, &mut splitter.notes);
    let cached = input.cached.saturating_add(input.written);
    let whole = if includes { prompt } else { prompt.saturating_add(cached) };
    input.split(&mut splitter, whole, &sku);
    let missed = optional_count!(usage, "prompt_cache_miss_tokens");
    let splits = missed.is_none_or(|missed| missed.saturating_add(input.cached) == prompt);
    splitter.notes.set_if(Note::TotalMismatch, !splits);

    let beside = if includes { 0 } else { cached };
    output(usage, &sku.model, &sku.provider, completion, beside, &mut splitter)?;
    searches(usage, &sku.model, &mut splitter)?;
    seconds(usage, &mut splitter);
    draft(envelope, sku, splitter, "created").finish(envelope, options)
}

/// The parts of the prompt, under the names that compatible servers have for them.
fn input_parts(usage: &Object<'_>) -> Result<InputParts, Skipped> {
    let details = usage.object("prompt_tokens_details").unwrap_or_default();
    let mut input = InputParts::read(&details)?;
    let cached = [
        input.cached,
        count_field!(usage, "prompt_cache_hit_tokens"),
        count_field!(usage, "cached_tokens"),
        count_field!(usage, "num_cached_tokens"),
        count_field!(usage, "cache_read_input_tokens"),
    ];
    let written = [
        input.written,
        count_field!(details, "cache_creation_tokens"),
        count_field!(usage, "cache_creation_input_tokens"),
    ];
    input.cached = cached.into_iter().max().unwrap_or(0);
    let by_ttl = details
        .object("cache_creation_token_details")
        .or_else(|| usage.object("cache_creation"))
        .unwrap_or_default();
    input.by_ttl = [
        count_field!(by_ttl, "ephemeral_1h_input_tokens"),
        count_field!(by_ttl, "ephemeral_5m_input_tokens"),
    ];
    let by_parts = input.by_ttl[0].saturating_add(input.by_ttl[1]);
    input.written = written.into_iter().max().unwrap_or(0).max(by_parts);
    Ok(input)
}

/// Details are parts of the prompt. Gateways that name Anthropic's counts beside it may have copied
/// an input count without them: then the text of the details tells, if it is given.
fn stated(usage: &Object<'_>, counted: &Counted) -> Result<Stated, Skipped> {
    let copied =
        ["cache_read_input_tokens", "cache_creation_input_tokens"].iter().any(|k| usage.has(k));
    if !copied {
        return Ok(Stated::Yes);
    }
    let details = usage.object("prompt_tokens_details").unwrap_or_default();
    let text = optional_count!(details, "text_tokens");
    let cached = counted.read.saturating_add(counted.written);
    Ok(match text {
        Some(text) if text == counted.input => Stated::No,
        Some(text) if text.saturating_add(cached) == counted.input => Stated::Yes,
        _ => Stated::Unknown,
    })
}

/// Splits the completion; where reasoning stands, the stated total tells.
fn output(
    usage: &Object<'_>,
    model: &str,
    provider: &str,
    completion: u64,
    cached_beside: u64,
    splitter: &mut Splitter,
) -> Result<(), Skipped> {
    let details = usage.object("completion_tokens_details").unwrap_or_default();
    let in_details = optional_count!(details, "reasoning_tokens");
    let reasoning = in_details.unwrap_or(0).max(count_field!(usage, "reasoning_tokens"));
    let parts = [
        (Component::OutputAudio, count_field!(details, "audio_tokens")),
        (Component::OutputImage, count_field!(details, "image_tokens")),
    ];
    let prompt = count_field!(usage, "prompt_tokens");
    let sum = prompt.saturating_add(completion);
    let total = optional_count!(usage, "total_tokens").map(|total| {
        // A total of disjoint counts holds the cached tokens too.
        if total >= sum.saturating_add(cached_beside) { total - cached_beside } else { total }
    });
    let beyond = total.unwrap_or(sum).saturating_sub(sum);
    let in_no_total = in_details.is_none() && counts_beside(usage);
    let adds = beyond == reasoning || (total.is_none() && provider == "x_ai");
    if reasoning > 0 && (in_no_total || adds) {
        splitter.split(completion, Component::Output, &parts);
        splitter.put(Component::OutputReasoning, reasoning);
    } else {
        let inside = [(Component::OutputReasoning, reasoning), parts[0], parts[1]];
        splitter.split(completion, Component::Output, &inside);
        // Gemini's compatible endpoint has thoughts in the total alone.
        if model.contains("gemini") {
            splitter.put(Component::OutputReasoning, beyond);
        } else {
            splitter.notes.set_if(Note::TotalMismatch, beyond > 0);
        }
    }
    splitter.put(Component::OutputCitation, count_field!(usage, "citation_tokens"));
    splitter.notes.set_if(Note::TotalMismatch, total.is_some_and(|t| t > 0 && t < sum));
    Ok(())
}

/// True for Perplexity's usage.
fn counts_beside(usage: &Object<'_>) -> bool {
    ["citation_tokens", "num_search_queries", "search_context_size"].iter().any(|k| usage.has(k))
}

/// Searches that are charged by the call.
fn searches(usage: &Object<'_>, model: &str, splitter: &mut Splitter) -> Result<(), Skipped> {
    let tools = usage.object("server_tool_use").unwrap_or_default();
    let queries = optional_count!(usage, "num_search_queries");
    splitter.put(Component::ToolWebSearch, count_field!(tools, "web_search_requests"));
    if let Some(queries) = queries {
        splitter.put(Component::ToolWebSearch, queries);
    } else if let Some(size) = usage.first_text(&["search_context_size"]) {
        let component = match &*size {
            "low" => Component::ToolWebSearchLow,
            "high" => Component::ToolWebSearchHigh,
            _ => Component::ToolWebSearchMedium,
        };
        splitter.put(component, 1);
    } else if searches_unasked(model) {
        splitter.put(Component::ToolWebSearch, 1);
    }
    Ok(())
}

/// True for models that search before each answer; the usage does not say so.
fn searches_unasked(model: &str) -> bool {
    model.contains("-search-preview") || model.contains("-search-api")
}

/// Mistral states the length of sound that was sent.
fn seconds(usage: &Object<'_>, splitter: &mut Splitter) {
    let stated = usage.get("prompt_audio_seconds").and_then(|v| super::media::whole_seconds(&v));
    splitter.put(Component::MediaInputSeconds, stated.unwrap_or(0));
}

/// Why a body or chunk without usage has none. Of a stream only the last chunk has it: the others
/// print null, if the usage was asked for.
fn without_usage(body: &Object<'_>) -> Skipped {
    if body.text("object").is_none_or(|o| o != "chat.completion.chunk") {
        return no_usage(body);
    }
    let choices = body.array("choices").unwrap_or_default();
    let ends = choices.iter().filter_map(Value::object).any(|c| c.get("finish_reason").is_some());
    if ends && !body.has("usage") {
        return Skipped::new(
            code::NO_USAGE,
            "streams that end without usage in the last chunk (ask for it with include_usage)",
        );
    }
    only_event()
}
