//! OpenAI Chat Completions and Responses bodies, and the many providers that answer in their shape.
//!
//! Input counts include cached and cache-written tokens, output counts include reasoning. Two
//! exceptions are told by the stated total: xAI adds reasoning to the output, and Gemini's
//! compatible endpoint leaves thoughts out of it.

use compact_str::CompactString;

use crate::diagnostic::code;
use crate::sku::{Sku, service_tier};
use crate::source::ReadOptions;
use crate::source::envelope::{Draft, Envelope, Splitter};
use crate::source::outcome::{Note, Outcome, Skipped, count_field, optional_count};
use crate::source::provider;
use crate::source::scan::Object;
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

/// True for a body with Responses usage, or one that should have it.
pub(crate) fn is_responses(object: &Object<'_>, usage: Option<&Object<'_>>) -> bool {
    match usage {
        Some(usage) => {
            usage.has("input_tokens")
                && (usage.has("input_tokens_details") || usage.has("total_tokens"))
                && !usage.has("cache_read_input_tokens")
        }
        None => object.text("object").is_some_and(|o| o == "response"),
    }
}

/// Reads a Chat Completions body.
pub(crate) fn read_chat(envelope: &Envelope<'_>, options: &ReadOptions) -> Outcome {
    let body = envelope.body();
    let usage = envelope.usage().ok_or_else(|| no_usage(body))?;
    let prompt_details = usage.object("prompt_tokens_details").unwrap_or_default();
    let completion_details = usage.object("completion_tokens_details").unwrap_or_default();
    let prompt = count_field!(usage, "prompt_tokens");
    let completion = count_field!(usage, "completion_tokens");
    let cached = [
        count_field!(prompt_details, "cached_tokens"),
        count_field!(usage, "prompt_cache_hit_tokens"),
        count_field!(usage, "cached_tokens"),
        count_field!(usage, "num_cached_tokens"),
    ];
    let input = InputParts {
        cached: cached.into_iter().max().unwrap_or(0),
        written: count_field!(prompt_details, "cache_write_tokens"),
        audio: count_field!(prompt_details, "audio_tokens"),
        image: count_field!(prompt_details, "image_tokens"),
    };
    let reasoning = count_field!(completion_details, "reasoning_tokens")
        .max(count_field!(usage, "reasoning_tokens"));
    let parts = [
        (Component::OutputAudio, count_field!(completion_details, "audio_tokens")),
        (Component::OutputImage, count_field!(completion_details, "image_tokens")),
    ];
    let total = count_field!(usage, "total_tokens");
    let sku = sku(envelope);
    let mut splitter = Splitter::default();
    input.split(&mut splitter, prompt, &sku);
    let beyond = total.saturating_sub(prompt.saturating_add(completion));
    let hides_thoughts = sku.model.contains("gemini");
    if beyond > 0 && beyond == reasoning {
        splitter.split(completion, Component::Output, &parts);
        splitter.put(Component::OutputReasoning, reasoning);
    } else {
        let inside = [(Component::OutputReasoning, reasoning), parts[0], parts[1]];
        splitter.split(completion, Component::Output, &inside);
        if hides_thoughts {
            splitter.put(Component::OutputReasoning, beyond);
        } else {
            splitter.notes.set_if(Note::TotalMismatch, beyond > 0);
        }
    }
    splitter.put(Component::OutputCitation, count_field!(usage, "citation_tokens"));
    let short = total > 0 && total < prompt.saturating_add(completion);
    splitter.notes.set_if(Note::TotalMismatch, short);
    draft(envelope, sku, splitter, "created").finish(envelope, options)
}

/// Reads a Responses body.
pub(crate) fn read_responses(envelope: &Envelope<'_>, options: &ReadOptions) -> Outcome {
    let body = envelope.body();
    let usage = envelope.usage().ok_or_else(|| no_usage(body))?;
    let input_details = usage
        .object("input_tokens_details")
        .or_else(|| usage.object("input_token_details"))
        .unwrap_or_default();
    let output_details = usage
        .object("output_tokens_details")
        .or_else(|| usage.object("output_token_details"))
        .unwrap_or_default();
    let whole_input = count_field!(usage, "input_tokens");
    let whole_output = count_field!(usage, "output_tokens");
    let input = InputParts {
        cached: count_field!(input_details, "cached_tokens"),
        written: count_field!(input_details, "cache_write_tokens"),
        audio: count_field!(input_details, "audio_tokens"),
        image: count_field!(input_details, "image_tokens"),
    };
    let output_parts = [
        (Component::OutputReasoning, count_field!(output_details, "reasoning_tokens")),
        (Component::OutputAudio, count_field!(output_details, "audio_tokens")),
        (Component::OutputImage, count_field!(output_details, "image_tokens")),
    ];
    let total = optional_count!(usage, "total_tokens");
    let sku = sku(envelope);
    let mut splitter = Splitter::default();
    input.split(&mut splitter, whole_input, &sku);
    splitter.split(whole_output, Component::Output, &output_parts);
    splitter.check_total(total);
    count_tool_calls(body, &mut splitter);
    draft(envelope, sku, splitter, "created_at").finish(envelope, options)
}

#[derive(Debug)]
struct InputParts {
    cached: u64,
    written: u64,
    audio: u64,
    image: u64,
}

impl InputParts {
    fn split(&self, splitter: &mut Splitter, whole: u64, sku: &Sku) {
        // OpenAI keeps written prompts for half an hour; Anthropic behind a compatible gateway for
        // five minutes unless its own split says otherwise.
        let written = if sku.provider == "anthropic" {
            Component::InputCacheWrite5m
        } else {
            Component::InputCacheWrite30m
        };
        // Sound and pictures may themselves be cached: what the cache served is counted first.
        let fresh = whole.saturating_sub(self.cached).saturating_sub(self.written);
        let audio = self.audio.min(fresh);
        let image = self.image.min(fresh - audio);
        let parts = [
            (Component::InputCacheRead, self.cached),
            (written, self.written),
            (Component::InputUncachedAudio, audio),
            (Component::InputUncachedImage, image),
        ];
        splitter.split(whole, Component::InputUncached, &parts);
    }
}

/// Fees of built-in tools are told only by the output items.
fn count_tool_calls(body: &Object<'_>, splitter: &mut Splitter) {
    let items = body.get("output").filter(|v| v.mentions("_call"));
    let items = items.and_then(|v| v.array()).unwrap_or_default();
    for item in items.iter().filter_map(crate::source::scan::Value::object) {
        let component = match item.text("type").as_deref() {
            // Opening a page that a search found is not another search.
            Some("web_search_call") => {
                let action = item.object("action").and_then(|a| a.text("type"));
                if action.is_some_and(|a| a != "search") {
                    continue;
                }
                Component::ToolWebSearch
            }
            Some("file_search_call") => Component::ToolFileSearch,
            Some("code_interpreter_call") => Component::ToolCodeExecution,
            _ => continue,
        };
        splitter.put(component, 1);
    }
}

fn sku(envelope: &Envelope<'_>) -> Sku {
    let model = envelope.text(&["model"]).unwrap_or_default();
    let body = envelope.body();
    let provider = if body.has("prompt_filter_results") {
        CompactString::const_new("azure.ai.openai")
    } else if body.has("x_groq") {
        CompactString::const_new("groq")
    } else {
        provider::of_model(&model)
    };
    let mut sku = Sku::new(&provider, &model);
    sku.service_tier = match envelope.is_batch_line() {
        true => CompactString::const_new("batch"),
        false => service_tier(&body.text("service_tier").unwrap_or_default()),
    };
    sku.endpoint = envelope
        .wrapper_text(&["data_residency", "endpoint_region"])
        .map_or_else(Default::default, |t| CompactString::new(&t));
    sku
}

fn draft<'a>(envelope: &Envelope<'a>, sku: Sku, splitter: Splitter, time_key: &str) -> Draft<'a> {
    Draft {
        sku,
        time: envelope.time(time_key),
        request_id: envelope.text(&["id", "request_id", "requestId"]),
        turn: 0,
        components: splitter.components,
        notes: splitter.notes,
    }
}

/// Why a body of a known shape holds no usage.
pub(crate) fn no_usage(body: &Object<'_>) -> Skipped {
    let failed = body.object("error").is_some()
        || body.text("status").is_some_and(|s| matches!(&*s, "failed" | "cancelled"));
    if failed {
        Skipped::new(code::FAILED_REQUEST, "failed requests without usage")
    } else {
        Skipped::new(
            code::NO_USAGE,
            "responses without usage, as streams leave behind that were not asked for it",
        )
    }
}
