//! Settings of Droid sessions, which hold what the session has used so far.
//!
//! Counts are taken as disjoint, thinking beside the output. Only the time at which the session
//! chose its provider is known, near its start.

use super::shared;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::envelope::instant;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, count_field};
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::RecordGrain;
use crate::usage::dedup::RequestId;

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "droid",
    title: "session settings of Droid (Factory)",
    group: Group::Agent,
    grain: RecordGrain::Session,
    reads: &[Reads::Object { markers: &["tokenUsage"], is: is_settings, read }],
};

fn is_settings(object: &Object<'_>) -> bool {
    // Events of a usage API have a kind and a time of their own.
    !object.has("kind")
        && !object.has("timestamp")
        && object.object("tokenUsage").is_some_and(|usage| usage.has("inputTokens"))
}

fn read(settings: &Object<'_>, options: &ReadOptions) -> Outcome {
    const WHAT: &str = "session of Droid";
    let usage = settings.object("tokenUsage").unwrap_or_default();
    let mut split = Splitter::default();
    split.put(Component::InputUncached, count_field!(usage, "inputTokens"));
    split.put(Component::InputCacheRead, count_field!(usage, "cacheReadTokens"));
    split.put(Component::InputCacheWrite5m, count_field!(usage, "cacheCreationTokens"));
    split.put(Component::Output, count_field!(usage, "outputTokens"));
    split.put(Component::OutputReasoning, count_field!(usage, "thinkingTokens"));
    let time = settings.get("providerLockTimestamp").and_then(|v| instant(&v));
    let time = time.ok_or_else(|| shared::missing_time(WHAT))?;
    let model = settings.text("model").unwrap_or_default();
    let provider = settings.text("providerLock").unwrap_or_default();
    let mut record = shared::session(time, None, shared::sku(&provider, &model, WHAT, options)?);
    // The id stands in the file's name alone; the millisecond of the start is as good.
    let identity = format!("{} {model}", time.nanos());
    record.request_id = Some(RequestId::new("droid", &identity, 0));
    shared::counted(record, split)
}
