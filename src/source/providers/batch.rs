//! Lines of batch files: the answers are provider bodies at batch price, the requests are prompts.
//!
//! Answers stand in any order and may lack what a body needs: Anthropic's and Bedrock's results
//! carry no time, Bedrock's no model.

use compact_str::CompactString;

use super::of_batch_line;
use crate::diagnostic::code;
use crate::sku::Sku;
use crate::source::ReadOptions;
use crate::source::envelope::instant;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Notes, Outcome, Skipped, count_field, one, optional_count};
use crate::source::provider;
use crate::source::scan::Object;
use crate::tokens::{Component, ComponentCounts};
use crate::usage::dedup::RequestId;
use crate::usage::{Labels, RecordGrain, UsageRecord, UsageTime};

/// Batch files in the order of detection.
pub(super) const ANTHROPIC: FormatInfo = batch(
    "anthropic-batch",
    "Anthropic Message Batches results",
    &[Reads::Object { markers: &["custom_id"], is: is_anthropic, read: read_anthropic }],
);
pub(super) const OPENAI: FormatInfo = batch(
    "openai-batch",
    "OpenAI Batch API output, also as Mistral and others write it",
    &[Reads::Object { markers: &["custom_id"], is: is_openai, read: read_openai }],
);
pub(super) const BEDROCK: FormatInfo = batch(
    "bedrock-batch",
    "Amazon Bedrock batch inference output",
    &[Reads::Object { markers: &["recordId"], is: is_bedrock, read: read_bedrock }],
);
pub(super) const GEMINI: FormatInfo = batch(
    "gemini-batch",
    "Gemini API batch output",
    &[Reads::Object { markers: &["key"], is: is_gemini, read: read_google }],
);
pub(super) const VERTEX: FormatInfo = batch(
    "vertex-batch",
    "Vertex AI batch prediction output",
    &[Reads::Object { markers: &["processed_time", "request"], is: is_vertex, read: read_google }],
);
pub(super) const MANIFEST: FormatInfo = FormatInfo {
    name: "bedrock-batch-manifest",
    title: "Amazon Bedrock batch inference manifests (manifest.json.out)",
    group: Group::Provider,
    grain: RecordGrain::Session,
    reads: &[Reads::Object {
        markers: &["totalRecordCount"],
        is: is_manifest,
        read: read_manifest,
    }],
};

const fn batch(name: &'static str, title: &'static str, reads: &'static [Reads]) -> FormatInfo {
    FormatInfo { name, title, group: Group::Provider, grain: RecordGrain::Request, reads }
}

fn is_anthropic(line: &Object<'_>) -> bool {
    line.has("result") || line.has("params")
}

fn read_anthropic(line: &Object<'_>, options: &ReadOptions) -> Outcome {
    let Some(result) = line.object("result") else { return Err(request()) };
    match result.text("type").as_deref() {
        Some("succeeded") => answer(line, options),
        Some("canceled" | "expired") => Err(Skipped::new(
            code::FAILED_REQUEST,
            "batch requests that were canceled or expired, which are not billed",
        )),
        _ => Err(failed()),
    }
}

fn is_openai(line: &Object<'_>) -> bool {
    line.has("response") || line.has("error") || line.has("body") && line.has("url")
}

fn read_openai(line: &Object<'_>, options: &ReadOptions) -> Outcome {
    if line.has("body") && !line.has("response") {
        return Err(request());
    }
    answer(line, options)
}

fn is_bedrock(line: &Object<'_>) -> bool {
    ["modelInput", "modelOutput", "error"].iter().any(|key| line.has(key))
}

fn read_bedrock(line: &Object<'_>, options: &ReadOptions) -> Outcome {
    if line.has("error") || line.has("modelOutput") {
        return answer(line, options);
    }
    Err(request())
}

/// A `key` stands in many a log: only a line with nothing that a log would add is taken.
fn is_gemini(line: &Object<'_>) -> bool {
    ["response", "error", "request"].iter().any(|key| line.get(key).is_some())
        && line.raw_keys().all(|key| {
            let written = [&b"key"[..], b"response", b"error", b"request", b"metadata"];
            // What a user adds, because the answer lacks it.
            let added = [&b"timestamp"[..], b"time", b"model", b"modelId"];
            written.contains(&key) || added.contains(&key)
        })
}

fn is_vertex(line: &Object<'_>) -> bool {
    let alone = || {
        line.raw_keys().all(|key| matches!(key, b"request" | b"key" | b"labels"))
            && line.object("request").is_some_and(|r| r.has("contents") || r.has("content"))
    };
    line.has("processed_time") && (line.has("request") || line.has("instance")) || alone()
}

fn read_google(line: &Object<'_>, options: &ReadOptions) -> Outcome {
    let status = line.text("status").unwrap_or_default();
    if line.object("error").is_some() || !status.is_empty() {
        return Err(failed());
    }
    if line.object("response").is_none() && !line.has("processed_time") {
        return Err(request());
    }
    answer(line, options)
}

/// The body in a line.
fn answer(line: &Object<'_>, options: &ReadOptions) -> Outcome {
    of_batch_line(line, options).unwrap_or_else(|| Err(failed()))
}

fn failed() -> Skipped {
    Skipped::new(code::FAILED_REQUEST, "batch requests that failed, without usage")
}

fn request() -> Skipped {
    Skipped::new(code::NOT_USAGE, "requests of batch files, which are prompts and not usage")
}

fn is_manifest(object: &Object<'_>) -> bool {
    object.has("inputTokenCount") && object.has("outputTokenCount")
}

/// Reads the totals of a job: another view of the lines of its output, so a grain of its own.
fn read_manifest(object: &Object<'_>, options: &ReadOptions) -> Outcome {
    let time = ["timestamp", "endTime", "submitTime"].iter().find_map(|key| object.get(key));
    let Some(time) = time.and_then(|value| instant(&value)) else {
        let message =
            "batch manifests, which carry neither time nor model (the lines of the output do)";
        return Err(Skipped::new(code::MISSING_TIME, message));
    };
    let Some(id) = object.first_text(&["modelId", "model"]) else {
        return Err(Skipped::new(code::MISSING_MODEL, "batch manifest without a model"));
    };
    let found = provider::bedrock_model(&id);
    let mut sku = Sku::new("aws.bedrock", found.model);
    sku.endpoint = CompactString::new(found.endpoint);
    sku.region = CompactString::new(found.region);
    sku.service_tier = CompactString::const_new("batch");
    if let Some(provider) = &options.provider {
        sku.provider = provider.clone();
    }
    let mut components = ComponentCounts::default();
    for (key, component) in [
        ("inputTokenCount", Component::InputUncached),
        ("cacheReadInputTokenCount", Component::InputCacheRead),
        ("cacheWriteInputTokenCount", Component::InputCacheWrite5m),
        ("outputTokenCount", Component::Output),
    ] {
        components.add(component, count_field!(object, key));
    }
    let processed = optional_count!(object, "processedRecordCount");
    let requests = match processed {
        Some(processed) => processed,
        None => count_field!(object, "totalRecordCount"),
    };
    let job = object.first_text(&["jobArn", "jobName"]).unwrap_or_default();
    let identity = format!("{job}\u{0}{time}\u{0}{}", sku.model);
    let record = UsageRecord {
        time: UsageTime::At(time),
        grain: RecordGrain::Session,
        request_id: Some(RequestId::new(MANIFEST.name, &identity, 0)),
        sku: sku.into(),
        context_tokens: None,
        requests,
        labels: Labels::default().into(),
        components,
        reported_cost: None,
    };
    Ok(one(record, Notes::default()))
}
