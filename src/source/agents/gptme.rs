//! Conversations of gptme.
//!
//! Times carry no zone and are local. Whether input includes what caches read and wrote depends on
//! the provider behind it, so it is told record by record.

use super::shared;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, count_field};
use crate::source::resolve::{Counted, Includes, Stated, input_includes_cache};
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::{CostKind, RecordGrain};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "gptme",
    title: "conversations of gptme",
    group: Group::Agent,
    grain: RecordGrain::Request,
    reads: &[Reads::Object { markers: &["role"], is: is_message, read }],
};

/// True for a message with its time; answers have metadata beside it.
fn is_message(object: &Object<'_>) -> bool {
    object.has("content")
        && object.has("timestamp")
        && !["type", "model", "usage", "message"].iter().any(|key| object.has(key))
}

fn read(message: &Object<'_>, options: &ReadOptions) -> Outcome {
    const WHAT: &str = "answer in a gptme conversation";
    let metadata = message.object("metadata").unwrap_or_default();
    let Some(usage) = metadata.object("usage") else {
        return shared::not_usage("messages of gptme conversations without usage");
    };
    let mut split = Splitter::default();
    let time = shared::zoned(message, "timestamp", &mut split.notes);
    let time = time.ok_or_else(|| shared::missing_time(WHAT))?;
    let model = metadata.text("model").unwrap_or_default();
    let sku = shared::sku("", &model, WHAT, options)?;
    let counted = Counted {
        input: count_field!(usage, "input_tokens"),
        output: count_field!(usage, "output_tokens"),
        read: count_field!(usage, "cache_read_tokens"),
        written: count_field!(usage, "cache_creation_tokens"),
        total: None,
    };
    let usual = if model.contains("claude") { Includes::No } else { Includes::Yes };
    let includes = input_includes_cache(&counted, Stated::Unknown, usual, &mut split.notes);
    let cached =
        [(Component::InputCacheRead, counted.read), (shared::cache_write(&sku), counted.written)];
    if includes {
        split.split(counted.input, Component::InputUncached, &cached);
    } else {
        split.put(Component::InputUncached, counted.input);
        cached.iter().for_each(|(component, count)| split.put(*component, *count));
    }
    split.put(Component::Output, counted.output);
    let mut record = shared::request(time, sku);
    record.reported_cost = shared::cost(metadata.get("cost"), "cost", CostKind::Estimate)?;
    shared::counted(record, split)
}
