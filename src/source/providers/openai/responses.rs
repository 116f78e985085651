//! Responses and Realtime bodies and the events that carry them.
//!
//! Fees of built-in tools are told only by the output items. Realtime spells the details in the
//! singular and bills the whole conversation again with each response: counts are per response.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::{IDS, InputParts, draft, no_usage, only_event, sku, writes_stay_half_an_hour};
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::envelope::Envelope;
use crate::source::outcome::{Outcome, Skipped, count_field, optional_count};
use crate::source::provider;
use crate::source::scan::{Object, Value};
use crate::source::usual::{Sum, Usual};
use crate::tokens::Component;

/// True for a body with Responses usage, or one that should have it.
pub(crate) fn is_responses(object: &Object<'_>, usage: Option<&Object<'_>>) -> bool {
    match usage {
        Some(usage) => {
            usage.has("input_tokens")
                && (usage.has("input_tokens_details")
                    || usage.has("total_tokens")
                    || is_openai_line(object, usage))
                && !usage.has("cache_read_input_tokens")
                && !usage.has("cache_creation_input_tokens")
        }
        None => {
            object.says("object", "response")
                || object.text("type").is_some_and(|t| t.starts_with("response."))
                    && !object.has("response")
        }
    }
}

/// True for counts without details that stand beside the name of a model of OpenAI.
fn is_openai_line(object: &Object<'_>, usage: &Object<'_>) -> bool {
    usage.has("output_tokens")
        && object.text("model").is_some_and(|model| provider::of_model(&model) == "openai")
}

/// True for the response of a Realtime session, or another event of one.
pub(crate) fn is_realtime(object: &Object<'_>, usage: Option<&Object<'_>>) -> bool {
    const EVENTS: [&str; 5] = [
        "session.",
        "conversation.",
        "input_audio_buffer.",
        "output_audio_buffer.",
        "rate_limits.",
    ];
    match usage {
        Some(usage) => usage.has("input_token_details") && !usage.has("type"),
        None => {
            object.says("object", "realtime.response")
                || object.has("event_id")
                    && object.text("type").is_some_and(|t| EVENTS.iter().any(|e| t.starts_with(e)))
        }
    }
}

/// What nearly all bodies state.
pub(crate) const USUAL: Usual = Usual {
    components: &[
        (
            Component::InputUncached,
            "input_tokens",
            &["input_tokens_details.cached_tokens", "input_tokens_details.cache_write_tokens"],
        ),
        (Component::InputCacheRead, "input_tokens_details.cached_tokens", &[]),
        (Component::InputCacheWrite30m, "input_tokens_details.cache_write_tokens", &[]),
        (Component::Output, "output_tokens", &["output_tokens_details.reasoning_tokens"]),
        (Component::OutputReasoning, "output_tokens_details.reasoning_tokens", &[]),
    ],
    sums: &[Sum {
        whole: "total_tokens",
        parts: &["input_tokens", "output_tokens"],
        is_needed: false,
    }],
    zeros: &[],
    tested: &[],
    aside: &[],
    silent: &[("output", ANY_CALL)],
    ids: IDS,
    other_ids: &[],
    time: |_| "created_at",
    fits: writes_stay_half_an_hour,
};

/// Reads a Responses body.
pub(crate) fn read(envelope: &Envelope<'_>, options: &ReadOptions) -> Outcome {
    let body = envelope.body();
    let usage = envelope.usage().ok_or_else(|| without_usage(body))?;
    let details = |plural: &str, singular: &str| {
        usage.object(plural).or_else(|| usage.object(singular)).unwrap_or_default()
    };
    let in_input = details("input_tokens_details", "input_token_details");
    let in_output = details("output_tokens_details", "output_token_details");
    let output_parts = [
        (Component::OutputReasoning, count_field!(in_output, "reasoning_tokens")),
        (Component::OutputAudio, count_field!(in_output, "audio_tokens")),
        (Component::OutputImage, count_field!(in_output, "image_tokens")),
    ];
    let sku = sku(envelope);
    let mut splitter = Splitter::default();
    let input = InputParts::read(&in_input)?;
    input.split(&mut splitter, count_field!(usage, "input_tokens"), &sku);
    splitter.split(count_field!(usage, "output_tokens"), Component::Output, &output_parts);
    splitter.check_total(optional_count!(usage, "total_tokens"));
    tool_calls(body, &mut splitter);
    draft(envelope, sku, splitter, "created_at").finish(envelope, options)
}

/// Why a body or an event without usage has none.
fn without_usage(body: &Object<'_>) -> Skipped {
    let is_event = body.text("object").is_none();
    let runs = body.text("status").is_some_and(|s| matches!(&*s, "queued" | "in_progress"));
    if is_event || runs { only_event() } else { no_usage(body) }
}

/// What the type of every call of a tool ends in.
const ANY_CALL: &str = "_call";
static CALL: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(ANY_CALL));

/// Counts the calls of built-in tools that ran.
fn tool_calls(body: &Object<'_>, splitter: &mut Splitter) {
    let items = body.get("output").filter(|v| v.mentions(&CALL));
    let items = items.and_then(|v| v.array()).unwrap_or_default();
    let mut containers = BTreeSet::new();
    for item in items.iter().filter_map(Value::object) {
        if item.says("status", "failed") {
            continue;
        }
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
            // Billed by the container, in which several calls may run.
            Some("code_interpreter_call") => {
                if item.text("container_id").is_some_and(|id| !containers.insert(id)) {
                    continue;
                }
                Component::ToolCodeExecution
            }
            // Billed by another model's tokens, which the response does not tell: one picture each
            // keeps it in sight.
            Some("image_generation_call") => Component::MediaOutputImages,
            _ => continue,
        };
        splitter.put(component, 1);
    }
}
