//! `ui_messages.json` of Cline, Roo Code and Kilo Code.
//!
//! A message that says `api_req_started` carries JSON as text, with the counts of its request once
//! that is done. Input excludes what caches read and wrote, unless the request was made in OpenAI's
//! protocol. Roo Code and Kilo Code keep the model elsewhere.

use super::shared;
use crate::diagnostic::code;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::envelope::instant;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, Skipped, count_field};
use crate::source::resolve::{Counted, Includes, Stated, input_includes_cache};
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::dedup::RequestId;
use crate::usage::{CostKind, RecordGrain};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "cline",
    title: "`ui_messages.json` of Cline, Roo Code and Kilo Code",
    group: Group::Agent,
    grain: RecordGrain::Request,
    reads: &[Reads::Object { markers: &["say", "ask"], is: is_message, read }],
};

fn is_message(object: &Object<'_>) -> bool {
    let kind = object.text("type").is_none_or(|kind| kind == "say" || kind == "ask");
    object.has("ts") && kind
}

fn read(message: &Object<'_>, options: &ReadOptions) -> Outcome {
    const WHAT: &str = "request of Cline, Roo Code or Kilo Code";
    let says = message.text("say").unwrap_or_default();
    // Requests of messages that the user took back, summed.
    let is_sum = says == "deleted_api_reqs";
    if says != "api_req_started" && !is_sum {
        return shared::not_usage("messages of Cline and its kin that are not requests");
    }
    let text = message.text("text").unwrap_or_default();
    let request = Object::parse(text.as_bytes()).unwrap_or_default();
    if !request.has("tokensIn") {
        return Err(Skipped::new(
            code::NO_USAGE,
            "requests of Cline and its kin without counts, as those leave behind that were cut off",
        ));
    }
    let time = message.get("ts").and_then(|v| instant(&v));
    let time = time.ok_or_else(|| shared::missing_time(WHAT))?;
    let info = message.object("modelInfo").unwrap_or_default();
    let model = info.first_text(&["modelId"]).or_else(|| request.first_text(&["modelId", "model"]));
    let provider = info.text("providerId").unwrap_or_default();
    let sku = shared::sku(&provider, &model.unwrap_or_default(), WHAT, options)?;
    let split = split(&request, shared::cache_write(&sku))?;
    let mut record = shared::request(time, sku);
    if is_sum {
        record.grain = RecordGrain::Session;
        record.requests = 0;
    }
    record.reported_cost = shared::cost(request.get("cost"), "cost", CostKind::Estimate)?;
    let counts: Vec<String> = split.components.iter().map(|(_, n)| n.to_string()).collect();
    let identity = format!("{says} {} {} {}", time.nanos(), record.sku.model, counts.join(" "));
    record.request_id = Some(RequestId::new("cline", &identity, 0));
    shared::counted(record, split)
}

fn split(request: &Object<'_>, write: Component) -> Result<Splitter, Skipped> {
    let stated = match request.text("apiProtocol").as_deref() {
        Some("anthropic") => Stated::No,
        Some("openai") => Stated::Yes,
        _ => Stated::Unknown,
    };
    let counted = Counted {
        input: count_field!(request, "tokensIn"),
        output: count_field!(request, "tokensOut"),
        read: count_field!(request, "cacheReads"),
        written: count_field!(request, "cacheWrites"),
        total: None,
    };
    let mut split = Splitter::default();
    let cached = [(Component::InputCacheRead, counted.read), (write, counted.written)];
    if input_includes_cache(&counted, stated, Includes::No, &mut split.notes) {
        split.split(counted.input, Component::InputUncached, &cached);
    } else {
        split.put(Component::InputUncached, counted.input);
        cached.iter().for_each(|(component, count)| split.put(*component, *count));
    }
    split.put(Component::Output, counted.output);
    Ok(split)
}
