//! Threads of Amp.
//!
//! The ledger has an event a request; counts are disjoint. Older events leave out what caches read
//! and wrote: the message that an event leads to has it. Credits are not read as money.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::shared;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::envelope::instant;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, count_field, optional_count};
use crate::source::scan::{Object, Value};
use crate::tokens::Component;
use crate::usage::RecordGrain;
use crate::usage::dedup::RequestId;

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "amp",
    title: "threads of Amp",
    group: Group::Agent,
    grain: RecordGrain::Request,
    reads: &[Reads::Page { markers: &["usageLedger"], is: |_| true, read }],
};

fn read(thread: &Object<'_>, options: &ReadOptions) -> Vec<Outcome> {
    let id = thread.text("id").unwrap_or_default();
    let ledger = thread.object("usageLedger").unwrap_or_default();
    let events = ledger.array("events").unwrap_or_default();
    let messages = thread.array("messages").unwrap_or_default();
    let beside: Beside<'_> = messages
        .iter()
        .filter_map(Value::object)
        .filter_map(|m| Some((m.get("messageId")?.scalar()?, m.get("usage")?)))
        .collect();
    let events = events.iter().filter_map(Value::object).enumerate();
    events.map(|(number, e)| event(&e, &beside, &format!("{id} {number}"), options)).collect()
}

/// The usage that messages carry themselves, by their ids.
type Beside<'a> = BTreeMap<Cow<'a, str>, Value<'a>>;

/// One event of the ledger; `place` is its id if it has none of its own.
fn event(event: &Object<'_>, beside: &Beside<'_>, place: &str, options: &ReadOptions) -> Outcome {
    const WHAT: &str = "event of an Amp ledger";
    let Some(tokens) = event.object("tokens") else {
        return shared::not_usage("events of Amp ledgers without tokens");
    };
    let time = event.get("timestamp").and_then(|v| instant(&v));
    let time = time.ok_or_else(|| shared::missing_time(WHAT))?;
    let sku = shared::sku("", &event.text("model").unwrap_or_default(), WHAT, options)?;
    let leads_to = event.get("toMessageId").and_then(|v| v.scalar());
    let beside = leads_to.and_then(|id| beside.get(&id)?.object()).unwrap_or_default();
    let mut split = Splitter::default();
    split.put(Component::InputUncached, count_field!(tokens, "input"));
    let read = optional_count!(tokens, "cacheReadInputTokens");
    let written = optional_count!(tokens, "cacheCreationInputTokens");
    let read_beside = count_field!(beside, "cacheReadInputTokens");
    let written_beside = count_field!(beside, "cacheCreationInputTokens");
    split.put(Component::InputCacheRead, read.unwrap_or(read_beside));
    split.put(Component::InputCacheWrite5m, written.unwrap_or(written_beside));
    split.put(Component::Output, count_field!(tokens, "output"));
    let mut record = shared::request(time, sku);
    let id = event.first_text(&["id"]);
    record.request_id = Some(RequestId::new("amp", id.as_deref().unwrap_or(place), 0));
    shared::counted(record, split)
}
