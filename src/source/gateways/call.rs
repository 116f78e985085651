//! A model call as gateways and tracers log it: names and counts that they took over from many
//! providers, brought into one meaning.

use compact_str::CompactString;

use crate::diagnostic::code;
use crate::money::{Amount, Currency};
use crate::period::{DAY_NANOS, Period, Timestamp};
use crate::sku::Sku;
use crate::source::draft::Splitter;
use crate::source::envelope::set_labels;
use crate::source::outcome::{Note, Notes, Outcome, Skipped, one};
use crate::source::resolve::{Counted, Includes, Stated, input_includes_cache};
use crate::source::scan::Object;
use crate::source::{LabelPolicy, ReadOptions, provider};
use crate::tokens::Component;
use crate::usage::dedup::RequestId;
use crate::usage::{CostKind, Labels, RecordGrain, ReportedCost, UsageRecord, UsageTime};

/// Token counts as they stand in a log, before it is known what includes what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tokens {
    pub(crate) counted: Counted,
    /// Whether the record says that the input includes cached tokens.
    pub(crate) stated: Stated,
    /// What the input usually means.
    pub(crate) usual: Includes,
    /// The part of what was written to a cache that is kept five minutes.
    pub(crate) written_5m: u64,
    /// The part of what was written to a cache that is kept an hour.
    pub(crate) written_1h: u64,
    pub(crate) reasoning: u64,
    /// True where reasoning is known to stand beside the output, as Gemini counts.
    pub(crate) reasoning_beside: bool,
    pub(crate) input_audio: u64,
    pub(crate) output_audio: u64,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            counted: Counted::default(),
            stated: Stated::Unknown,
            usual: Includes::Yes,
            written_5m: 0,
            written_1h: 0,
            reasoning: 0,
            reasoning_beside: false,
            input_audio: 0,
            output_audio: 0,
        }
    }
}

impl Tokens {
    /// Splits the counts into disjoint components.
    pub(crate) fn split(&self, sku: &Sku) -> Splitter {
        let mut splitter = Splitter::default();
        let by_ttl = self.written_5m.saturating_add(self.written_1h);
        let mut counted = self.counted;
        counted.written = counted.written.max(by_ttl);
        let mut doubt = Notes::default();
        let includes = input_includes_cache(&counted, self.stated, self.usual, &mut doubt);
        splitter
            .notes
            .set_if(Note::InclusiveAssumed, doubt.has(Note::InclusiveAssumed) && may_exclude(sku));
        let unsplit = counted.written - by_ttl.min(counted.written);
        let for_half_an_hour = matches!(&*sku.provider, "openai" | "azure.ai.openai");
        splitter.notes.set_if(Note::TtlAssumed, unsplit > 0 && !for_half_an_hour);
        let rest = if for_half_an_hour {
            Component::InputCacheWrite30m
        } else {
            Component::InputCacheWrite5m
        };
        let cached = counted.read.saturating_add(counted.written);
        let whole = if includes { counted.input } else { counted.input.saturating_add(cached) };
        let audio = self.input_audio.min(whole.saturating_sub(cached));
        let parts = [
            (Component::InputCacheRead, counted.read),
            (Component::InputCacheWrite5m, self.written_5m),
            (Component::InputCacheWrite1h, self.written_1h),
            (rest, unsplit),
            (Component::InputUncachedAudio, audio),
        ];
        splitter.split(whole, Component::InputUncached, &parts);
        self.split_output(whole, &mut splitter);
        splitter.check_total(match counted.total {
            // A total that leaves the cache out, as gateways print that copy an exclusive input.
            Some(total) if !includes && total == counted.input.saturating_add(counted.output) => {
                None
            }
            total => total,
        });
        splitter
    }

    /// Reasoning is part of the output, unless the total or its size say that it stands beside.
    fn split_output(&self, input: u64, splitter: &mut Splitter) {
        let output = self.counted.output;
        let beside = self.reasoning_beside
            || self.reasoning > output
            || (self.reasoning > 0
                && self.counted.total
                    == Some(input.saturating_add(output).saturating_add(self.reasoning)));
        let whole = if beside { output.saturating_add(self.reasoning) } else { output };
        let parts = [
            (Component::OutputReasoning, self.reasoning),
            (Component::OutputAudio, self.output_audio),
        ];
        splitter.split(whole, Component::Output, &parts);
    }
}

/// True where instrumentations are known to pass on an input without what caches read and wrote.
fn may_exclude(sku: &Sku) -> bool {
    sku.model.contains("claude")
        || matches!(&*sku.provider, "anthropic" | "aws.bedrock" | provider::UNKNOWN)
}

/// Who bills and which model answered, from the names that a gateway prints.
pub(crate) fn sku(stated: &str, model: &str, options: &ReadOptions) -> Result<Sku, Skipped> {
    if model.is_empty() {
        return Err(Skipped::new(code::MISSING_MODEL, "record without a model name"));
    }
    let model = bare_model(model);
    let provider = match &options.provider {
        Some(provider) => provider.clone(),
        None if stated.is_empty() => provider::of_model(model),
        None => provider::canonical(stated),
    };
    // `openai/gpt-5` of OpenAI is `gpt-5`; `openai/gpt-oss-120b` of Groq is Groq's own name.
    let bare = match model.split_once('/') {
        Some((prefix, rest)) if provider::canonical(prefix) == provider => rest,
        _ => model,
    };
    let mut sku = Sku::new(&provider, bare);
    if provider == "aws.bedrock" {
        set_bedrock(&mut sku, bare);
    }
    provider::take_prefix(&mut sku);
    Ok(sku)
}

/// A model name without the path of Google's resources.
fn bare_model(name: &str) -> &str {
    let is_path = ["models/", "publishers/", "projects/"].iter().any(|p| name.starts_with(p));
    match name.rsplit_once("models/") {
        Some((_, bare)) if is_path && !bare.is_empty() => bare,
        _ => name,
    }
}

/// Gateways put the API and the region before Bedrock's id: `converse/us-west-2/us.amazon.nova-lite-v1:0`.
fn set_bedrock(sku: &mut Sku, name: &str) {
    let name = ["converse/", "invoke/", "converse_like/"]
        .iter()
        .find_map(|api| name.strip_prefix(api))
        .unwrap_or(name);
    let (region, id) = match name.split_once('/') {
        Some((region, id))
            if !name.starts_with("arn:") && region.ends_with(|c: char| c.is_ascii_digit()) =>
        {
            (region, id)
        }
        _ => ("", name),
    };
    let found = provider::bedrock_model(id);
    sku.model = found.model.into();
    sku.endpoint = found.endpoint.into();
    sku.region = if found.region.is_empty() { region } else { found.region }.into();
    if found.provisioned {
        sku.service_tier = CompactString::const_new("provisioned");
    }
}

/// A cost in US dollars.
pub(crate) fn dollars(amount: Option<Amount>, kind: CostKind) -> Option<ReportedCost> {
    amount.map(|amount| ReportedCost { amount, currency: Currency::USD, kind })
}

/// The identity of a request; none without an id.
pub(crate) fn request_id(sku: &Sku, id: &str) -> Option<RequestId> {
    (!id.is_empty()).then(|| RequestId::new(&sku.provider, id, 0))
}

/// The identity of a bucket: a later export of it, with other counts, is the same bucket.
pub(crate) fn bucket_id(format: &str, dimensions: &[&str]) -> RequestId {
    RequestId::new(format, &dimensions.join("\u{1f}"), 0)
}

/// The day in UTC that begins at a time.
pub(crate) fn day(start: Timestamp) -> Result<UsageTime, Skipped> {
    let end = start.nanos().checked_add(DAY_NANOS).map(Timestamp::from_nanos);
    let period = end.and_then(|end| Period::new(start, end).ok());
    period
        .map(UsageTime::Bucket)
        .ok_or_else(|| Skipped::bad_field("date", &start.to_string(), "a day in range"))
}

/// Collects the labels that the policy keeps.
#[derive(Debug)]
pub(crate) struct LabelSet<'o> {
    labels: Labels,
    policy: &'o LabelPolicy,
}

impl<'o> LabelSet<'o> {
    pub(crate) fn new(options: &'o ReadOptions) -> Self {
        Self { labels: Labels::default(), policy: &options.labels }
    }

    /// Sets a label; an empty value says nothing.
    pub(crate) fn put(mut self, name: &str, value: &str) -> Self {
        if !value.is_empty() && self.policy.keeps(name) {
            self.labels.set(name, value);
        }
        self
    }

    /// Sets every scalar of an object.
    pub(crate) fn put_all(mut self, object: &Object<'_>) -> Self {
        if !self.policy.keeps_nothing() {
            set_labels(&mut self.labels, object, self.policy);
        }
        self
    }

    pub(crate) fn finish(self) -> Labels {
        self.labels
    }
}

/// One request.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) sku: Sku,
    pub(crate) time: Timestamp,
    pub(crate) request_id: Option<RequestId>,
    pub(crate) labels: Labels,
    pub(crate) split: Splitter,
    pub(crate) cost: Option<ReportedCost>,
}

impl Call {
    /// The record.
    pub(crate) fn record(self) -> (UsageRecord, Notes) {
        let record = UsageRecord {
            time: UsageTime::At(self.time),
            grain: RecordGrain::Request,
            sku: self.sku.into(),
            context_tokens: None,
            requests: 1,
            request_id: self.request_id,
            labels: self.labels.into(),
            components: self.split.components,
            reported_cost: self.cost,
        };
        (record, self.split.notes)
    }

    /// The record, as what a line gives.
    pub(crate) fn outcome(self) -> Outcome {
        let (record, notes) = self.record();
        Ok(one(record, notes))
    }
}
