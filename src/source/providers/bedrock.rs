//! Amazon Bedrock Converse bodies.
//!
//! The body carries neither model, id nor time: the line around it does. Input excludes what the
//! cache read or wrote.

use compact_str::CompactString;

use super::openai::no_usage;
use crate::sku::{Sku, service_tier};
use crate::source::ReadOptions;
use crate::source::envelope::{Draft, Envelope, Splitter};
use crate::source::outcome::{Note, Outcome, count_field, optional_count};
use crate::source::provider;
use crate::source::scan::{Object, Value};
use crate::tokens::Component;

/// True for a body with Converse usage, or one that should have it.
pub(crate) fn is_converse(object: &Object<'_>, usage: Option<&Object<'_>>) -> bool {
    match usage {
        Some(usage) => usage.has("inputTokens"),
        None => object.has("stopReason") && object.has("output"),
    }
}

/// Reads a Converse body.
pub(crate) fn read(envelope: &Envelope<'_>, options: &ReadOptions) -> Outcome {
    let body = envelope.body();
    let usage = envelope.usage().ok_or_else(|| no_usage(body))?;
    let mut splitter = Splitter::default();
    splitter.put(Component::InputUncached, count_field!(usage, "inputTokens"));
    // The `...TokenCount` twins carry the same numbers: one of the two is read, never both.
    let read = count_field!(usage, "cacheReadInputTokens")
        .max(count_field!(usage, "cacheReadInputTokenCount"));
    let written = count_field!(usage, "cacheWriteInputTokens")
        .max(count_field!(usage, "cacheWriteInputTokenCount"));
    splitter.put(Component::InputCacheRead, read);
    let mut one_hour = 0;
    let mut five_minutes = 0;
    let details = usage.get("cacheDetails").and_then(|v| v.array()).unwrap_or_default();
    for detail in details.iter().filter_map(Value::object) {
        let count: u64 = count_field!(detail, "inputTokens");
        match detail.text("ttl").as_deref() {
            Some("1h") => one_hour += count,
            _ => five_minutes += count,
        }
    }
    let whole = written.max(one_hour + five_minutes);
    splitter.notes.set_if(Note::TtlAssumed, whole > one_hour + five_minutes);
    splitter.split(
        whole,
        Component::InputCacheWrite5m,
        &[(Component::InputCacheWrite1h, one_hour)],
    );
    splitter.put(Component::Output, count_field!(usage, "outputTokens"));
    splitter.check_total(optional_count!(usage, "totalTokens"));
    draft(envelope, splitter).finish(envelope, options)
}

fn draft<'a>(envelope: &Envelope<'a>, splitter: Splitter) -> Draft<'a> {
    let id = envelope.text(&["modelId", "model_id", "model"]).unwrap_or_default();
    let found = provider::bedrock_model(&id);
    let mut sku = Sku::new("aws.bedrock", found.model);
    sku.endpoint = CompactString::new(found.endpoint);
    sku.region = envelope
        .text(&["region", "awsRegion", "aws_region"])
        .map_or_else(|| found.region.into(), |r| CompactString::new(&r));
    let tier =
        envelope.body().object("serviceTier").and_then(|t| t.text("type")).unwrap_or_default();
    sku.service_tier = if found.provisioned {
        CompactString::const_new("provisioned")
    } else if envelope.is_batch_line() {
        CompactString::const_new("batch")
    } else {
        service_tier(&tier)
    };
    Draft {
        sku,
        time: envelope.time("timestamp"),
        request_id: envelope.text(&["requestId", "request_id", "id"]),
        turn: 0,
        components: splitter.components,
        notes: splitter.notes,
    }
}
