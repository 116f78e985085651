//! Claude Code's session logs.
//!
//! One answer is logged once a content block, with growing counts, and again wherever a session is
//! resumed or a side chain replays it. The message id is the same each time, so de-duplication by
//! it, keeping the largest counts, gives each answer once.

use compact_str::CompactString;

use super::shared;
use crate::diagnostic::code;
use crate::money::{Amount, Currency};
use crate::sku::{Sku, service_tier};
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::envelope::{instant, set_labels};
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Note, Outcome, Records, Skipped, count_field};
use crate::source::provider;
use crate::source::providers::anthropic;
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::dedup::RequestId;
use crate::usage::{CostKind, Labels, RecordGrain, ReportedCost, UsageRecord, UsageTime};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "claude-code",
    title: "Claude Code session logs",
    group: Group::Agent,
    grain: RecordGrain::Request,
    reads: &[Reads::Object {
        markers: &["sessionId", "leafUuid", "parentUuid", "messageId", "costUSD"],
        is: is_line,
        read,
    }],
};

/// True for any line of a session log, with usage or not.
pub(crate) fn is_line(object: &Object<'_>) -> bool {
    const TYPES: [&str; 10] = [
        "assistant",
        "user",
        "system",
        "summary",
        "progress",
        "file-history-snapshot",
        "queue-operation",
        "attachment",
        "custom-title",
        "last-prompt",
    ];
    let known = object.text("type").is_some_and(|t| TYPES.contains(&&*t));
    let session =
        ["sessionId", "leafUuid", "parentUuid", "messageId"].iter().any(|k| object.has(k));
    (known && session && !object.has("usageMetadata")) || is_oldest(object)
}

/// True for a line of the oldest versions, which kept the counts at the top level.
fn is_oldest(object: &Object<'_>) -> bool {
    object.has("costUSD") && object.has("inputTokens") && object.has("outputTokens")
}

/// Reads one line.
pub(crate) fn read(line: &Object<'_>, options: &ReadOptions) -> Outcome {
    let message = line.object("message").unwrap_or_default();
    if is_oldest(line) && !message.has("usage") {
        return read_oldest(line, &message, options);
    }
    let is_answer = line.says("type", "assistant");
    let Some(usage) = message.object("usage").filter(|_| is_answer) else {
        return Err(Skipped::new(
            code::NOT_USAGE,
            "lines of Claude Code sessions that are not answers",
        ));
    };
    let model = message.text("model").unwrap_or_default();
    if model == "<synthetic>" || line.get("isApiErrorMessage").is_some_and(|v| v.is_true()) {
        return Err(Skipped::new(
            code::NOT_USAGE,
            "Claude Code's own messages, which no model answered",
        ));
    }
    let Some(time) = line.get("timestamp").and_then(|v| instant(&v)) else {
        return Err(Skipped::new(code::MISSING_TIME, "Claude Code answer without a timestamp"));
    };
    let turns = anthropic::turns(&usage)?;
    if turns.iter().all(|turn| turn.split.components.is_empty()) {
        return Err(Skipped::new(
            code::NO_USAGE,
            "answers with all-zero usage, as tools write that only imitate the format",
        ));
    }
    let id = message.text("id").map(|id| CompactString::new(&id)).filter(|id| !id.is_empty());
    let sku = sku(&model, id.as_deref().unwrap_or_default(), &usage, options);
    let labels = labels(line, options);
    let mut records = Records::new();
    for (number, turn) in turns.into_iter().enumerate() {
        let mut sku = sku.clone();
        sku.model = turn.model.unwrap_or(sku.model);
        let request_id = id.as_ref().map(|id| RequestId::new(&sku.provider, id, number));
        let record = UsageRecord {
            time: UsageTime::At(time),
            grain: RecordGrain::Request,
            sku: sku.into(),
            context_tokens: None,
            requests: u64::from(number == 0),
            request_id,
            labels: labels.clone().into(),
            components: turn.split.components,
            reported_cost: if number == 0 { reported_cost(line) } else { None },
        };
        records.push((record, turn.split.notes));
    }
    Ok(records)
}

/// The oldest versions logged each answer once. Input excludes what caches read and wrote.
fn read_oldest(line: &Object<'_>, message: &Object<'_>, options: &ReadOptions) -> Outcome {
    const WHAT: &str = "Claude Code answer";
    let time = line.get("timestamp").and_then(|v| instant(&v));
    let time = time.ok_or_else(|| shared::missing_time(WHAT))?;
    let model = message.text("model").or_else(|| line.text("model")).unwrap_or_default();
    if model.is_empty() {
        return Err(shared::missing_model(WHAT));
    }
    let id = message.first_text(&["id"]).unwrap_or_default();
    let mut split = Splitter::default();
    let written = count_field!(line, "cacheCreationInputTokens");
    split.put(Component::InputUncached, count_field!(line, "inputTokens"));
    split.put(Component::InputCacheRead, count_field!(line, "cacheReadInputTokens"));
    split.put(Component::InputCacheWrite5m, written);
    split.notes.set_if(Note::TtlAssumed, written > 0);
    split.put(Component::Output, count_field!(line, "outputTokens"));
    let mut record = shared::request(time, sku(&model, &id, line, options));
    record.labels = labels(line, options).into();
    record.reported_cost = reported_cost(line);
    let known = Some(id).filter(|id| !id.is_empty());
    record.request_id = known.map(|id| RequestId::new(&record.sku.provider, &id, 0));
    shared::counted(record, split)
}

fn sku(model: &str, id: &str, usage: &Object<'_>, options: &ReadOptions) -> Sku {
    let mut sku = if id.starts_with("msg_bdrk_") || model.contains("anthropic.claude") {
        let found = provider::bedrock_model(model);
        let mut sku = Sku::new("aws.bedrock", found.model);
        sku.endpoint = CompactString::new(found.endpoint);
        sku.region = CompactString::new(found.region);
        sku
    } else if id.starts_with("msg_vrtx_") {
        Sku::new("gcp.vertex_ai", model)
    } else {
        Sku::new("anthropic", model)
    };
    if let Some(provider) = &options.provider {
        sku.provider = provider.clone();
    }
    anthropic::strip_window(&mut sku);
    sku.service_tier = service_tier(&usage.text("service_tier").unwrap_or_default());
    if let Some(speed) = usage.first_text(&["speed"]) {
        sku.speed = CompactString::new(&speed);
    }
    if let Some(geo) = usage.first_text(&["inference_geo"]).filter(|geo| geo != "not_available") {
        sku.endpoint = CompactString::new(&geo);
    }
    sku
}

fn labels(line: &Object<'_>, options: &ReadOptions) -> Labels {
    let mut labels = shared::project(line.text("cwd").as_deref(), options);
    if let Some(object) = line.object("labels") {
        set_labels(&mut labels, &object, &options.labels);
    }
    labels
}

/// Old versions wrote an estimate of the cost.
fn reported_cost(line: &Object<'_>) -> Option<ReportedCost> {
    let text = line.get("costUSD")?.scalar()?;
    let amount = Amount::parse_rounded(&text).ok()?;
    Some(ReportedCost { amount, currency: Currency::USD, kind: CostKind::Estimate })
}
