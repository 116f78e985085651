//! Sessions of pi, and of programs made from it such as OpenClaw.
//!
//! Counts are disjoint. A session made from another holds copies of its entries, with their ids and
//! times.

use compact_str::CompactString;

use super::shared;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::envelope::instant;
use crate::source::format::{Emit, FormatInfo, Group, Reads, Session};
use crate::source::outcome::{Outcome, count_field, optional_count};
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::dedup::RequestId;
use crate::usage::{CostKind, RecordGrain};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "pi",
    title: "sessions of pi, and of programs made from it",
    group: Group::Agent,
    grain: RecordGrain::Request,
    reads: &[Reads::Session {
        markers: &["cwd", "parentId", "message"],
        is: is_entry,
        start: || Box::<Entries>::default(),
    }],
};

/// True for the head of a session and for its entries, which have an id and a parent.
fn is_entry(object: &Object<'_>) -> bool {
    const OTHER: [&str; 8] = [
        "model_change",
        "thinking_level_change",
        "compaction",
        "branch_summary",
        "custom",
        "custom_message",
        "label",
        "session_info",
    ];
    match object.text("type").as_deref() {
        Some("session") => object.has("id") && object.has("timestamp") && object.has("cwd"),
        Some("message") => {
            object.has("timestamp") && object.object("message").is_some_and(|m| m.has("role"))
        }
        Some(kind) => OTHER.contains(&kind) && object.has("parentId") && object.has("timestamp"),
        None => false,
    }
}

/// A session as far as it is read: where it works.
#[derive(Debug, Default)]
struct Entries {
    directory: CompactString,
}

impl Session for Entries {
    fn object(
        &mut self,
        line: u64,
        object: &Object<'_>,
        options: &ReadOptions,
        emit: &mut Emit<'_>,
    ) {
        if object.says("type", "session") {
            self.directory = CompactString::new(object.text("cwd").unwrap_or_default());
        }
        emit(line, entry(object, &self.directory, options));
    }
}

fn entry(entry: &Object<'_>, directory: &str, options: &ReadOptions) -> Outcome {
    const WHAT: &str = "answer in a pi session";
    let message = entry.object("message").unwrap_or_default();
    let is_answer = message.text("role").is_some_and(|role| role == "assistant");
    let Some(usage) = message.object("usage").filter(|_| is_answer) else {
        return shared::not_usage("entries of pi sessions that are not answers");
    };
    let time = entry.get("timestamp").or_else(|| message.get("timestamp"));
    let time = time.and_then(|v| instant(&v));
    let time = time.ok_or_else(|| shared::missing_time(WHAT))?;
    let (provider, model) = (message.text("provider"), message.text("model"));
    let sku =
        shared::sku(&provider.unwrap_or_default(), &model.unwrap_or_default(), WHAT, options)?;
    let mut split = Splitter::default();
    split.put(Component::InputUncached, count_field!(usage, "input"));
    split.put(Component::InputCacheRead, count_field!(usage, "cacheRead"));
    split.put(shared::cache_write(&sku), count_field!(usage, "cacheWrite"));
    split.put(Component::Output, count_field!(usage, "output"));
    split.check_total(optional_count!(usage, "totalTokens"));
    let mut record = shared::request(time, sku);
    record.labels = shared::project(Some(directory), options).into();
    let cost = usage.object("cost").and_then(|cost| cost.get("total"));
    record.reported_cost = shared::cost(cost, "cost.total", CostKind::Estimate)?;
    let id = entry.first_text(&["id"]);
    record.request_id = id.map(|id| RequestId::new("pi", &format!("{id} {}", time.nanos()), 0));
    shared::counted(record, split)
}
