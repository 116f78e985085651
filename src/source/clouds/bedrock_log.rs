//! Amazon Bedrock's model invocation log: one object a request, as S3 keeps it and as CloudWatch
//! wraps it.
//!
//! The input count excludes what caches read and wrote. How long a cache write is kept stands only
//! inside the logged answer, which is a message or an array of the chunks of a stream; the cache
//! counters of a stream may stand only in the metrics of its last chunk.

use std::borrow::Cow;

use compact_str::CompactString;
use memchr::memmem;

use crate::diagnostic::code;
use crate::sku::{Sku, service_tier};
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::envelope::{instant, set_labels};
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Note, Outcome, Records, Skipped, optional_count};
use crate::source::provider;
use crate::source::providers::anthropic;
use crate::source::scan::{Object, Value};
use crate::tokens::Component;
use crate::usage::dedup::RequestId;
use crate::usage::{Labels, RecordGrain, UsageRecord, UsageTime};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "bedrock-log",
    title: "Amazon Bedrock model invocation logs, from S3 or CloudWatch",
    group: Group::Cloud,
    grain: RecordGrain::Request,
    reads: &[
        Reads::Object { markers: &["schemaType"], is: is_entry, read },
        Reads::Object { markers: &["message", "@message"], is: is_event, read: read_event },
        Reads::Page { markers: &["events", "logEvents", "results"], is: is_page, read: read_page },
    ],
};

const SCHEMA_TYPE: &str = "ModelInvocationLog";
/// Keys under which CloudWatch keeps an entry as text.
const MESSAGE_KEYS: [&str; 2] = ["message", "@message"];
/// Keys under which CloudWatch keeps the events of a page.
const PAGE_KEYS: [&str; 3] = ["events", "logEvents", "results"];

fn is_entry(object: &Object<'_>) -> bool {
    object.text("schemaType").is_some_and(|t| t == SCHEMA_TYPE)
}

fn mentions_schema(value: &Value<'_>) -> bool {
    memmem::find(value.raw(), SCHEMA_TYPE.as_bytes()).is_some()
}

fn is_event(object: &Object<'_>) -> bool {
    MESSAGE_KEYS.iter().find_map(|key| object.string(key)).is_some_and(|v| mentions_schema(&v))
}

fn is_page(object: &Object<'_>) -> bool {
    let list = PAGE_KEYS.iter().find_map(|key| object.get(key));
    list.is_some_and(|v| v.raw().starts_with(b"[") && mentions_schema(&v))
}

fn read_event(event: &Object<'_>, options: &ReadOptions) -> Outcome {
    read_text(event.first_text(&MESSAGE_KEYS), options)
}

/// Reads an entry that stands as text in a string.
fn read_text(text: Option<Cow<'_, str>>, options: &ReadOptions) -> Outcome {
    let text = text.unwrap_or_default();
    match Object::parse(text.as_bytes()) {
        Ok(entry) if is_entry(&entry) => read(&entry, options),
        Ok(_) => Err(Skipped::new(code::NOT_USAGE, "CloudWatch events of other logs")),
        Err(_) => {
            let message = "CloudWatch events whose message is no whole entry of Bedrock's log";
            Err(Skipped::new(code::INVALID_LINE, message))
        }
    }
}

fn read_page(page: &Object<'_>, options: &ReadOptions) -> Vec<Outcome> {
    let list = PAGE_KEYS.iter().find_map(|key| page.array(key)).unwrap_or_default();
    list.iter()
        .map(|item| match item.object() {
            Some(event) => read_event(&event, options),
            // Logs Insights gives each event as an array of named fields.
            None => {
                let fields = item.array().unwrap_or_default();
                let text = fields.iter().filter_map(Value::object).find_map(|field| {
                    let is_message = field.text("field").is_some_and(|name| name == "@message");
                    field.text("value").filter(|_| is_message)
                });
                read_text(text, options)
            }
        })
        .collect()
}

/// Reads one entry.
fn read(entry: &Object<'_>, options: &ReadOptions) -> Outcome {
    let input = entry.object("input").unwrap_or_default();
    let output = entry.object("output").unwrap_or_default();
    let mut answer = Answer::default();
    answer.log(&input, &output)?;
    let body = output.get("outputBodyJson");
    for chunk in body.iter().flat_map(chunks) {
        answer.chunk(&chunk)?;
    }
    if entry.first_text(&["errorCode"]).is_some() && answer.output.unwrap_or(0) == 0 {
        return Err(Skipped::new(code::FAILED_REQUEST, "failed requests in Bedrock's log"));
    }
    if answer.input.is_none() && answer.output.is_none() {
        let message = "entries of Bedrock's log without token counts";
        return Err(Skipped::new(code::NO_USAGE, message));
    }
    let Some(time) = entry.get("timestamp").and_then(|v| instant(&v)) else {
        return Err(Skipped::new(code::MISSING_TIME, "entries of Bedrock's log without a time"));
    };
    let id = entry.first_text(&["requestId"]);
    let sku = sku(entry, &input, &answer, options)?;
    let labels = labels(entry, options);
    let mut records = Records::new();
    for (number, turn) in answer.turns()?.into_iter().enumerate() {
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
            reported_cost: None,
        };
        records.push((record, turn.split.notes));
    }
    Ok(records)
}

/// The objects of a logged answer: itself, or the chunks of its stream.
fn chunks<'a>(body: &Value<'a>) -> Vec<Object<'a>> {
    match body.array() {
        Some(items) => items.iter().filter_map(Value::object).collect(),
        None => body.object().into_iter().collect(),
    }
}

/// What the log and the answer say about one request. The same numbers stand in several places, and
/// the early chunks of a stream carry lower ones: of each the largest counts.
#[derive(Debug, Default)]
struct Answer<'a> {
    input: Option<u64>,
    output: Option<u64>,
    read: Option<u64>,
    written: Option<u64>,
    five_minutes: Option<u64>,
    one_hour: Option<u64>,
    thinking: Option<u64>,
    total: Option<u64>,
    tier: Option<Cow<'a, str>>,
    /// Usage whose turns are billed one by one.
    iterated: Option<Object<'a>>,
}

/// Takes the larger of what is known and what a field says.
macro_rules! raise {
    ($known:expr, $object:expr, $($key:literal),+) => {
        $($known = $known.max(optional_count!($object, $key));)+
    };
}

impl<'a> Answer<'a> {
    /// The counters beside the bodies.
    fn log(&mut self, input: &Object<'a>, output: &Object<'a>) -> Result<(), Skipped> {
        raise!(self.input, input, "inputTokenCount");
        raise!(self.read, input, "cacheReadInputTokenCount");
        raise!(self.written, input, "cacheWriteInputTokenCount");
        raise!(self.output, output, "outputTokenCount");
        Ok(())
    }

    /// An answer, or a chunk of one.
    fn chunk(&mut self, chunk: &Object<'a>) -> Result<(), Skipped> {
        if let Some(metrics) = chunk.object("amazon-bedrock-invocationMetrics") {
            raise!(self.input, metrics, "inputTokenCount");
            raise!(self.output, metrics, "outputTokenCount");
            raise!(self.read, metrics, "cacheReadInputTokenCount");
            raise!(self.written, metrics, "cacheWriteInputTokenCount");
        }
        // Titan's embeddings.
        raise!(self.input, chunk, "inputTextTokenCount");
        self.tier = tier_of(chunk).or(self.tier.take());
        self.usage(chunk)?;
        for key in ["message", "metadata"] {
            if let Some(inner) = chunk.object(key) {
                self.tier = tier_of(&inner).or(self.tier.take());
                self.usage(&inner)?;
            }
        }
        Ok(())
    }

    /// The usage of Anthropic's messages and of Converse.
    fn usage(&mut self, holder: &Object<'a>) -> Result<(), Skipped> {
        let Some(usage) = holder.object("usage") else { return Ok(()) };
        raise!(self.input, usage, "input_tokens", "inputTokens");
        raise!(self.output, usage, "output_tokens", "outputTokens");
        raise!(self.read, usage, "cache_read_input_tokens", "cacheReadInputTokens");
        raise!(self.written, usage, "cache_creation_input_tokens", "cacheWriteInputTokens");
        raise!(self.total, usage, "totalTokens");
        if let Some(by_ttl) = usage.object("cache_creation") {
            raise!(self.five_minutes, by_ttl, "ephemeral_5m_input_tokens");
            raise!(self.one_hour, by_ttl, "ephemeral_1h_input_tokens");
        }
        let (mut five_minutes, mut one_hour) = (0_u64, 0_u64);
        let details = usage.array("cacheDetails").unwrap_or_default();
        for detail in details.iter().filter_map(Value::object) {
            let count = optional_count!(detail, "inputTokens").unwrap_or(0);
            let is_hour = detail.text("ttl").is_some_and(|ttl| ttl == "1h");
            let kept = if is_hour { &mut one_hour } else { &mut five_minutes };
            *kept = kept.saturating_add(count);
        }
        self.five_minutes = self.five_minutes.max(Some(five_minutes));
        self.one_hour = self.one_hour.max(Some(one_hour));
        if let Some(details) = usage.object("output_tokens_details") {
            raise!(self.thinking, details, "thinking_tokens");
        }
        if usage.array("iterations").is_some_and(|turns| !turns.is_empty()) {
            self.iterated = Some(usage);
        }
        Ok(())
    }

    /// The billed turns: nearly always one.
    fn turns(&self) -> Result<Vec<anthropic::Turn>, Skipped> {
        if let Some(usage) = &self.iterated {
            return Ok(anthropic::turns(usage)?.into_vec());
        }
        let count = |known: Option<u64>| known.unwrap_or(0);
        let (written, one_hour) = (count(self.written), count(self.one_hour));
        let by_ttl = count(self.five_minutes).saturating_add(one_hour);
        let mut split = Splitter::default();
        split.put(Component::InputUncached, count(self.input));
        split.put(Component::InputCacheRead, count(self.read));
        split.notes.set_if(Note::TtlAssumed, written > by_ttl);
        split.split(
            written.max(by_ttl),
            Component::InputCacheWrite5m,
            &[(Component::InputCacheWrite1h, one_hour)],
        );
        let thinking = [(Component::OutputReasoning, count(self.thinking))];
        split.split(count(self.output), Component::Output, &thinking);
        split.check_total(self.total);
        Ok(vec![anthropic::Turn { model: None, split }])
    }
}

/// The tier that a body states: Converse's, Anthropic's or OpenAI's spelling.
fn tier_of<'a>(body: &Object<'a>) -> Option<Cow<'a, str>> {
    let usage = || body.object("usage")?.first_text(&["service_tier"]);
    let object = || body.object("serviceTier")?.first_text(&["type"]);
    object().or_else(|| body.first_text(&["service_tier", "serviceTier"])).or_else(usage)
}

fn sku(
    entry: &Object<'_>,
    input: &Object<'_>,
    answer: &Answer<'_>,
    options: &ReadOptions,
) -> Result<Sku, Skipped> {
    let Some(id) = entry.first_text(&["modelId"]) else {
        return Err(Skipped::new(code::MISSING_MODEL, "entries of Bedrock's log without a model"));
    };
    let found = provider::bedrock_model(&id);
    let mut sku = Sku::new("aws.bedrock", found.model);
    // An application inference profile hides the model and where it is served: its own name, which
    // no price book knows, is all there is.
    if !id.contains(":application-inference-profile/") {
        sku.endpoint = CompactString::new(found.endpoint);
    }
    // The price goes by the region of the call, not by `inferenceRegion`, where it was served.
    sku.region = entry
        .first_text(&["region"])
        .map_or_else(|| CompactString::new(found.region), |region| CompactString::new(&region));
    sku.service_tier = if found.provisioned {
        CompactString::const_new("provisioned")
    } else {
        let asked = || input.get("inputBodyJson").and_then(|v| v.object());
        let asked = || asked().and_then(|body| tier_of(&body));
        service_tier(&answer.tier.clone().or_else(asked).unwrap_or_default())
    };
    if let Some(provider) = &options.provider {
        sku.provider = provider.clone();
    }
    Ok(sku)
}

fn labels(entry: &Object<'_>, options: &ReadOptions) -> Labels {
    let mut labels = Labels::default();
    if options.labels.keeps_nothing() {
        return labels;
    }
    let identity = entry.object("identity").unwrap_or_default();
    for (label, value) in [
        ("account", entry.first_text(&["accountId"])),
        ("inference_region", entry.first_text(&["inferenceRegion"])),
        ("operation", entry.first_text(&["operation"])),
        ("user", identity.first_text(&["arn"])),
    ] {
        if options.labels.keeps(label)
            && let Some(value) = value
        {
            labels.set(label, &value);
        }
    }
    if let Some(stated) = entry.object("requestMetadata") {
        set_labels(&mut labels, &stated, &options.labels);
    }
    labels
}
