//! Log events of model calls: OTLP-JSON, and events one an object as agents write them to files.
//!
//! Each program counts in its own way: Claude Code without what caches read and wrote, Gemini CLI
//! with thoughts and tool prompts beside, Codex with cached tokens and reasoning inside.

use super::attributes::{Attributes, Resource};
use super::names::{Says, Span};
use super::traces::list;
use crate::diagnostic::code;
use crate::period::Timestamp;
use crate::source::ReadOptions;
use crate::source::envelope::instant;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::gateways::call::{Call, LabelSet, Tokens, dollars, sku};
use crate::source::gateways::fields::Fields;
use crate::source::outcome::{Note, Outcome, Records, Skipped, one};
use crate::source::resolve::{Counted, Stated};
use crate::source::row;
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::dedup::RequestId;
use crate::usage::{CostKind, RecordGrain};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "otlp-logs",
    title: "OpenTelemetry log events of model calls (OTLP-JSON, flat)",
    group: Group::Gateway,
    grain: RecordGrain::Request,
    reads: &[
        Reads::Page { markers: &["resourceLogs", "resource_logs"], is: |_| true, read: read_page },
        Reads::Object { markers: &["attributes"], is: is_event, read: read_flat },
    ],
};

/// Reads an event that carries usage.
type ReadEvent = fn(&Event<'_>, LabelSet<'_>, &ReadOptions) -> Outcome;

/// Events that carry usage, with what reads them.
const EVENTS: [(&str, ReadEvent); 4] = [
    ("claude_code.api_request", claude_code),
    ("gemini_cli.api_response", gemini_cli),
    ("codex.sse_event", codex),
    ("gen_ai.client.inference.operation.details", inference),
];

struct Event<'e> {
    attributes: &'e Attributes,
    time: Option<Timestamp>,
}

/// The name of an event: its own, that of its attributes, or its body.
fn name_of(record: &Object<'_>, attributes: &Attributes) -> String {
    let stated = record.first(&["eventName", "event_name"]);
    let body = record.nested("body");
    let of_body = body.object().first(&["stringValue"]).into_owned();
    let candidates = [
        stated.into_owned(),
        attributes.first(&["event.name"]).into_owned(),
        of_body,
        record.first(&["body", "_body", "name"]).into_owned(),
    ];
    let known = |name: &&String| EVENTS.iter().any(|(event, _)| event == name);
    candidates.iter().find(known).unwrap_or(&candidates[1]).clone()
}

fn is_event(object: &Object<'_>) -> bool {
    let name = name_of(object, &Attributes::of(object.get("attributes")));
    // A name alone, as of Claude Code's `api_request`, is too little.
    EVENTS.iter().any(|(event, _)| *event == name)
}

fn read_page(object: &Object<'_>, options: &ReadOptions) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for of_resource in list(object, &["resourceLogs", "resource_logs"]) {
        let resource = Resource::of(&of_resource);
        let scopes = list(&of_resource, &["scopeLogs", "scope_logs", "instrumentationLibraryLogs"]);
        for record in scopes.iter().flat_map(|scope| list(scope, &["logRecords", "log_records"])) {
            outcomes.push(read_record(&record, resource.labels(options), options));
        }
    }
    outcomes
}

fn read_flat(object: &Object<'_>, options: &ReadOptions) -> Outcome {
    read_record(object, LabelSet::new(options), options)
}

fn read_record(record: &Object<'_>, labels: LabelSet<'_>, options: &ReadOptions) -> Outcome {
    let attributes = Attributes::of(record.get("attributes"));
    let name = name_of(record, &attributes);
    let Some((_, read)) = EVENTS.iter().find(|(event, _)| *event == name) else {
        return Err(Skipped::new(code::NOT_USAGE, "log events that tell of no model usage"));
    };
    let own = attributes.first(&["event.timestamp"]);
    let stamps = ["timeUnixNano", "time_unix_nano", "observedTimeUnixNano", "timestamp", "time"];
    let time =
        row::instant(&own).or_else(|| stamps.iter().find_map(|key| instant(&record.get(key)?)));
    let event = Event { attributes: &attributes, time };
    let labels = attributes
        .labels(labels, options)
        .put("session", &attributes.first(&["session.id", "conversation.id"]))
        .put("user", &attributes.first(&["user.id", "user.account_uuid", "user.account_id"]));
    read(&event, labels, options)
}

impl Event<'_> {
    fn time(&self) -> Result<Timestamp, Skipped> {
        self.time.ok_or_else(|| {
            Skipped::new(code::MISSING_TIME, "log event of a model call without a time")
        })
    }

    /// An id of the call, else session and place or time: what tells an event from its copies.
    fn id(&self, provider: &str, keys: &[&str]) -> Option<RequestId> {
        let stated = self.attributes.first(keys);
        if !stated.is_empty() {
            return Some(RequestId::new(provider, &stated, 0));
        }
        let session = self.attributes.first(&["session.id", "conversation.id"]);
        if session.is_empty() {
            return None;
        }
        let sequence = self.attributes.first(&["event.sequence"]);
        let time = self.time.map_or(0, Timestamp::nanos);
        Some(RequestId::new(provider, &format!("{session}/{sequence}/{time}"), 0))
    }
}

fn claude_code(event: &Event<'_>, labels: LabelSet<'_>, options: &ReadOptions) -> Outcome {
    let all = event.attributes;
    let mut sku = sku("anthropic", &all.first(&["model"]), options)?;
    crate::source::providers::anthropic::strip_window(&mut sku);
    if all.first(&["speed"]) == "fast" {
        sku.speed = "fast".into();
    }
    let tokens = Tokens {
        counted: Counted {
            input: all.count_of(&["input_tokens"])?,
            output: all.count_of(&["output_tokens"])?,
            read: all.count_of(&["cache_read_tokens"])?,
            written: all.count_of(&["cache_creation_tokens"])?,
            total: None,
        },
        stated: Stated::No,
        ..Tokens::default()
    };
    let cost = match all.amount(&["cost_usd"])? {
        Some(cost) => Some(cost),
        None => micros(all)?,
    };
    Call {
        time: event.time()?,
        request_id: event.id(&sku.provider, &["request_id"]),
        split: tokens.split(&sku),
        labels: labels.finish(),
        cost: dollars(cost, CostKind::Estimate),
        sku,
    }
    .outcome()
}

/// Newer versions print the cost in millionths too.
fn micros(all: &Attributes) -> Result<Option<crate::money::Amount>, Skipped> {
    let micros = all.amount(&["cost_usd_micros"])?;
    Ok(micros.map(|amount| crate::money::Amount::from_atto(amount.atto() / 1_000_000)))
}

fn gemini_cli(event: &Event<'_>, labels: LabelSet<'_>, options: &ReadOptions) -> Outcome {
    let all = event.attributes;
    let auth = all.first(&["auth_type"]);
    let provider = if auth.contains("vertex") { "gcp.vertex_ai" } else { "gcp.gemini" };
    let sku = sku(provider, &all.first(&["model"]), options)?;
    let tool = all.count_of(&["tool_token_count"])?;
    let total = all.first_count(&["total_token_count"])?.filter(|total| *total > 0);
    let tokens = Tokens {
        counted: Counted {
            input: all.count_of(&["input_token_count"])?,
            output: all.count_of(&["output_token_count"])?,
            read: all.count_of(&["cached_content_token_count"])?,
            written: 0,
            total: total.map(|total| total.saturating_sub(tool)),
        },
        stated: Stated::Yes,
        reasoning: all.count_of(&["thoughts_token_count"])?,
        reasoning_beside: true,
        ..Tokens::default()
    };
    let mut split = tokens.split(&sku);
    split.put(Component::InputTool, tool);
    split.notes.set_if(Note::Subscription, auth.contains("oauth"));
    Call {
        time: event.time()?,
        request_id: event.id(&sku.provider, &["response_id"]),
        split,
        labels: labels.finish(),
        cost: None,
        sku,
    }
    .outcome()
}

fn codex(event: &Event<'_>, labels: LabelSet<'_>, options: &ReadOptions) -> Outcome {
    let all = event.attributes;
    if all.first_count(&["input_token_count"])?.is_none() {
        let message = "events of Codex streams that carry no usage";
        return Err(Skipped::new(code::NOT_USAGE, message));
    }
    let sku = sku("openai", &all.first(&["model"]), options)?;
    let tokens = Tokens {
        counted: Counted {
            input: all.count_of(&["input_token_count"])?,
            output: all.count_of(&["output_token_count"])?,
            read: all.count_of(&["cached_token_count"])?,
            written: 0,
            total: None,
        },
        stated: Stated::Yes,
        reasoning: all.count_of(&["reasoning_token_count"])?,
        ..Tokens::default()
    };
    let mut split = tokens.split(&sku);
    let by_plan = all.first(&["auth_mode"]).eq_ignore_ascii_case("chatgpt");
    split.notes.set_if(Note::Subscription, by_plan);
    Call {
        time: event.time()?,
        request_id: event.id(&sku.provider, &["response_id", "response.id"]),
        split,
        labels: labels.finish(),
        cost: None,
        sku,
    }
    .outcome()
}

/// The event of the conventions carries the attributes of a span.
fn inference(event: &Event<'_>, labels: LabelSet<'_>, options: &ReadOptions) -> Outcome {
    let span =
        Span { attributes: event.attributes, time: event.time, failed: false, ids: ["", ""] };
    match span.read(labels, options)? {
        Says::Usage(held) => Ok(held
            .records
            .into_iter()
            .flat_map(|(record, notes)| one(record, notes))
            .collect::<Records>()),
        Says::Lacks(skipped) => Err(skipped),
        Says::Nothing => Err(Skipped::new(code::NO_USAGE, "events of model calls without usage")),
    }
}
