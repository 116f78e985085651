//! Events that `codex exec --json` prints.
//!
//! A turn's usage is its own, not the sum so far. The events carry neither model nor time; a program
//! that records them may add both.

use super::shared;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::envelope::instant;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, count_field};
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::RecordGrain;

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "codex-exec",
    title: "events of `codex exec --json`",
    group: Group::Agent,
    grain: RecordGrain::Request,
    reads: &[Reads::Object { markers: &["type"], is: is_event, read }],
};

fn is_event(object: &Object<'_>) -> bool {
    const TYPES: [&str; 7] = [
        "thread.started",
        "turn.started",
        "turn.completed",
        "turn.failed",
        "item.started",
        "item.updated",
        "item.completed",
    ];
    object.text("type").is_some_and(|t| TYPES.contains(&&*t))
}

fn read(event: &Object<'_>, options: &ReadOptions) -> Outcome {
    let is_finished = event.says("type", "turn.completed");
    let Some(usage) = event.object("usage").filter(|_| is_finished) else {
        return shared::not_usage("events of `codex exec` that are not finished turns");
    };
    let what = "turn of `codex exec`, which prints none,";
    let time = event.get("timestamp").and_then(|v| instant(&v));
    let time = time.ok_or_else(|| shared::missing_time(what))?;
    let sku = shared::sku("", &event.text("model").unwrap_or_default(), what, options)?;
    let mut split = Splitter::default();
    let cached = [
        (Component::InputCacheRead, count_field!(usage, "cached_input_tokens")),
        (shared::cache_write(&sku), count_field!(usage, "cache_write_input_tokens")),
    ];
    split.split(count_field!(usage, "input_tokens"), Component::InputUncached, &cached);
    let reasoning = count_field!(usage, "reasoning_output_tokens");
    let output = count_field!(usage, "output_tokens");
    split.split(output, Component::Output, &[(Component::OutputReasoning, reasoning)]);
    shared::counted(shared::request(time, sku), split)
}
