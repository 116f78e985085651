//! Amazon Bedrock Converse bodies.
//!
//! The body carries neither model, id nor time: the line around it does. Input excludes what the
//! cache read or wrote.

use compact_str::CompactString;

use super::openai::{no_usage, only_event};
use crate::diagnostic::code;
use crate::sku::{Sku, service_tier};
use crate::source::ReadOptions;
use crate::source::draft::{Draft, Splitter};
use crate::source::envelope::Envelope;
use crate::source::outcome::{Note, Outcome, Skipped, count_field, optional_count};
use crate::source::provider;
use crate::source::scan::{Object, Value};
use crate::tokens::Component;

/// The header in which InvokeModel states the tier that served.
pub(super) const TIER_HEADER: &str = "x-amzn-bedrock-service-tier";

/// True for a body with Converse usage, or one that should have it.
pub(crate) fn is_converse(object: &Object<'_>, usage: Option<&Object<'_>>) -> bool {
    match usage {
        Some(usage) => {
            usage.has("inputTokens")
                && (usage.has("outputTokens") || usage.has("totalTokens"))
                // SDKs of others that spell their counts this way include cached tokens.
                && !["cachedInputTokens", "reasoningTokens", "inputTokenDetails"]
                    .iter()
                    .any(|key| usage.has(key))
        }
        None => {
            object.has("stopReason") && object.has("output") || is_event(object) || is_count(object)
        }
    }
}

/// True for an event of a stream other than the one with the usage.
fn is_event(object: &Object<'_>) -> bool {
    object.raw_keys().any(|key| {
        matches!(
            key,
            b"messageStart"
                | b"messageStop"
                | b"contentBlockStart"
                | b"contentBlockDelta"
                | b"contentBlockStop"
        )
    })
}

/// True for the answer of the operation that counts the tokens of a prompt without running it.
fn is_count(object: &Object<'_>) -> bool {
    object.has("inputTokens")
        && object.raw_keys().all(|key| matches!(key, b"inputTokens" | b"ResponseMetadata"))
}

/// Why a body without usage has none.
fn without_usage(body: &Object<'_>) -> Skipped {
    if is_count(body) {
        let message = "answers of endpoints that only count tokens, which are not usage";
        return Skipped::new(code::NOT_USAGE, message);
    }
    if is_event(body) { only_event() } else { no_usage(body) }
}

/// Reads a Converse body.
pub(crate) fn read(envelope: &Envelope<'_>, options: &ReadOptions) -> Outcome {
    let usage = envelope.usage().ok_or_else(|| without_usage(envelope.body()))?;
    let mut splitter = Splitter::default();
    splitter.put(Component::InputUncached, count_field!(usage, "inputTokens"));
    // The `...TokenCount` twins carry the same numbers: one of the two is read, never both.
    let read = count_field!(usage, "cacheReadInputTokens")
        .max(count_field!(usage, "cacheReadInputTokenCount"));
    let written = count_field!(usage, "cacheWriteInputTokens")
        .max(count_field!(usage, "cacheWriteInputTokenCount"));
    splitter.put(Component::InputCacheRead, read);
    let mut one_hour = 0_u64;
    let mut five_minutes = 0_u64;
    // A time to live may stand there several times.
    let details = usage.array("cacheDetails").unwrap_or_default();
    for detail in details.iter().filter_map(Value::object) {
        let count: u64 = count_field!(detail, "inputTokens");
        match detail.text("ttl").as_deref() {
            Some("1h") => one_hour = one_hour.saturating_add(count),
            _ => five_minutes = five_minutes.saturating_add(count),
        }
    }
    let by_parts = one_hour.saturating_add(five_minutes);
    let whole = written.max(by_parts);
    splitter.notes.set_if(Note::TtlAssumed, whole > by_parts);
    splitter.split(
        whole,
        Component::InputCacheWrite5m,
        &[(Component::InputCacheWrite1h, one_hour)],
    );
    splitter.put(Component::Output, count_field!(usage, "outputTokens"));
    splitter.check_total(optional_count!(usage, "totalTokens"));
    let tools = usage.object("serverToolUsage").unwrap_or_default();
    for (key, component) in [
        ("webSearchRequests", Component::ToolWebSearch),
        ("webFetchRequests", Component::ToolWebFetch),
    ] {
        splitter.put(component, count_field!(tools, key));
    }
    draft(envelope, splitter).finish(envelope, options)
}

/// What is priced, as the body and the line around it say.
fn sku(envelope: &Envelope<'_>) -> Sku {
    let body = envelope.body();
    let id = envelope.model(&["modelId", "model_id", "model"]).unwrap_or_default();
    let found = provider::bedrock_model(&id);
    let mut sku = Sku::new("aws.bedrock", found.model);
    sku.endpoint = CompactString::new(found.endpoint);
    sku.region = envelope
        .text(&["region", "awsRegion", "aws_region"])
        .map_or_else(|| found.region.into(), |r| CompactString::new(&r));
    // Latency-optimised inference has prices of its own.
    let latency = body.object("performanceConfig").and_then(|p| p.text("latency"));
    if latency.is_some_and(|latency| latency == "optimized") {
        sku.speed = CompactString::const_new("optimized");
    }
    // In a stream it stands beside the usage.
    let tier = body.object("serviceTier").and_then(|t| t.text("type"));
    let tier = tier.or_else(|| envelope.header(TIER_HEADER)).unwrap_or_default();
    sku.service_tier = if found.provisioned {
        CompactString::const_new("provisioned")
    } else if envelope.is_batch_line() {
        CompactString::const_new("batch")
    } else {
        service_tier(&tier)
    };
    sku
}

pub(super) fn draft<'a>(envelope: &Envelope<'a>, splitter: Splitter) -> Draft<'a> {
    let id = envelope.text(&["requestId", "request_id", "id"]);
    let id = id.or_else(|| envelope.header("x-amzn-requestid"));
    Draft {
        sku: envelope.sku(|| sku(envelope)),
        time: envelope.time("timestamp"),
        request_id: id.or_else(|| envelope.aws_request_id()),
        turn: 0,
        components: splitter.components,
        notes: splitter.notes,
    }
}
