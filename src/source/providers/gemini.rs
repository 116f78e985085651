//! Gemini API and Vertex AI `generateContent` bodies.
//!
//! The prompt count includes cached tokens; thoughts and tool-use prompts stand beside it. Zero
//! fields are left out by the provider.

use compact_str::CompactString;

use super::openai::no_usage;
use crate::sku::{Sku, service_tier};
use crate::source::ReadOptions;
use crate::source::envelope::{Draft, Envelope, Splitter};
use crate::source::outcome::{Outcome, Skipped, count_field};
use crate::source::scan::{Object, Value};
use crate::tokens::Component;

/// True for a body with `usageMetadata`, in either spelling, or one that should have it.
pub(crate) fn is_generate_content(object: &Object<'_>, usage: Option<&Object<'_>>) -> bool {
    match usage {
        Some(usage) => {
            ["promptTokenCount", "prompt_token_count", "totalTokenCount", "total_token_count"]
                .iter()
                .any(|k| usage.has(k))
        }
        None => {
            object.has("candidates") && (object.has("modelVersion") || object.has("model_version"))
        }
    }
}

/// The two spellings of one field.
macro_rules! either {
    ($object:expr, $camel:literal, $snake:literal) => {{
        let camel = count_field!($object, $camel);
        if camel > 0 { camel } else { count_field!($object, $snake) }
    }};
}

/// Reads a `generateContent` body.
pub(crate) fn read(envelope: &Envelope<'_>, options: &ReadOptions) -> Outcome {
    let body = envelope.body();
    let usage = envelope.usage().ok_or_else(|| no_usage(body))?;
    let prompt = either!(usage, "promptTokenCount", "prompt_token_count");
    let cached = either!(usage, "cachedContentTokenCount", "cached_content_token_count");
    let tool = either!(usage, "toolUsePromptTokenCount", "tool_use_prompt_token_count");
    let mut output = either!(usage, "candidatesTokenCount", "candidates_token_count");
    if output == 0 {
        output = either!(usage, "responseTokenCount", "response_token_count");
    }
    let thoughts = either!(usage, "thoughtsTokenCount", "thoughts_token_count");
    let total = either!(usage, "totalTokenCount", "total_token_count");

    let in_prompt = Modalities::read(usage, "promptTokensDetails", "prompt_tokens_details")?;
    let in_cache = Modalities::read(usage, "cacheTokensDetails", "cache_tokens_details")?;
    let mut in_output =
        Modalities::read(usage, "candidatesTokensDetails", "candidates_tokens_details")?;
    if in_output.is_empty() {
        in_output = Modalities::read(usage, "responseTokensDetails", "response_tokens_details")?;
    }
    let mut splitter = Splitter::default();
    let cached = cached.min(prompt);
    splitter.split(cached, Component::InputCacheRead, &in_cache.as_components(&CACHED));
    let fresh = in_prompt.less(&in_cache).capped(prompt - cached);
    splitter.split(prompt - cached, Component::InputUncached, &fresh.as_components(&UNCACHED));
    splitter.put(Component::InputTool, tool);
    splitter.split(output, Component::Output, &in_output.as_components(&OUTPUT));
    splitter.put(Component::OutputReasoning, thoughts);
    splitter.check_total((total > 0).then_some(total));
    count_searches(body, &mut splitter);
    draft(envelope, usage, splitter).finish(envelope, options)
}

const UNCACHED: [Component; 4] = [
    Component::InputUncachedAudio,
    Component::InputUncachedImage,
    Component::InputUncachedVideo,
    Component::InputUncachedDocument,
];
const CACHED: [Component; 4] = [
    Component::InputCacheReadAudio,
    Component::InputCacheReadImage,
    Component::InputCacheReadVideo,
    Component::InputCacheReadDocument,
];
const OUTPUT: [Component; 4] =
    [Component::OutputAudio, Component::OutputImage, Component::OutputVideo, Component::Output];

/// Tokens of sound, pictures, video and documents; what is left of a count is text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Modalities([u64; 4]);

impl Modalities {
    fn read(usage: &Object<'_>, camel: &str, snake: &str) -> Result<Self, Skipped> {
        let details = usage
            .get(camel)
            .or_else(|| usage.get(snake))
            .and_then(|v| v.array())
            .unwrap_or_default();
        let mut found = Self::default();
        for detail in details.iter().filter_map(Value::object) {
            let at = match detail.text("modality").as_deref() {
                Some("AUDIO") => 0,
                Some("IMAGE") => 1,
                Some("VIDEO") => 2,
                Some("DOCUMENT") => 3,
                _ => continue,
            };
            let count = either!(detail, "tokenCount", "token_count");
            found.0[at] += count;
        }
        Ok(found)
    }

    fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }

    /// The prompt's details include what the cache served.
    fn less(&self, cached: &Self) -> Self {
        let mut left = *self;
        for (count, part) in left.0.iter_mut().zip(cached.0) {
            *count = count.saturating_sub(part);
        }
        left
    }

    /// Cut so that together they are at most `whole`: without cache details the cached share of
    /// each modality is not known, and text is taken as cached first only as far as it goes.
    fn capped(&self, whole: u64) -> Self {
        let mut left = whole;
        let mut capped = *self;
        for count in &mut capped.0 {
            *count = (*count).min(left);
            left -= *count;
        }
        capped
    }

    fn as_components(&self, names: &[Component; 4]) -> [(Component, u64); 4] {
        [(names[0], self.0[0]), (names[1], self.0[1]), (names[2], self.0[2]), (names[3], self.0[3])]
    }
}

/// Grounding is billed by the query and told only by the candidates.
fn count_searches(body: &Object<'_>, splitter: &mut Splitter) {
    let candidates = body.get("candidates").filter(|v| v.mentions("groundingMetadata"));
    let candidates = candidates.and_then(|v| v.array()).unwrap_or_default();
    for candidate in candidates.iter().filter_map(Value::object) {
        let queries =
            candidate.object("groundingMetadata").and_then(|g| g.get("webSearchQueries")?.array());
        let queries = queries.map_or(0, |q| u64::try_from(q.len()).unwrap_or(u64::MAX));
        splitter.put(Component::ToolGrounding, queries);
    }
}

fn draft<'a>(envelope: &Envelope<'a>, usage: &Object<'_>, splitter: Splitter) -> Draft<'a> {
    let model = envelope.text(&["modelVersion", "model_version", "model"]).unwrap_or_default();
    let traffic = usage.first_text(&["trafficType", "traffic_type"]);
    let on_vertex = traffic.is_some() || envelope.body().has("createTime");
    let provider = if on_vertex { "gcp.vertex_ai" } else { "gcp.gemini" };
    let mut sku = Sku::new(provider, model.strip_prefix("models/").unwrap_or(&model));
    let tier = usage.first_text(&["serviceTier", "service_tier"]).or(traffic).unwrap_or_default();
    sku.service_tier = if envelope.is_batch_line() {
        CompactString::const_new("batch")
    } else {
        service_tier(&tier)
    };
    if let Some(location) = envelope.wrapper_text(&["location", "region"]) {
        sku.endpoint =
            CompactString::const_new(if location == "global" { "global" } else { "regional" });
        sku.region = CompactString::new(&location);
    }
    Draft {
        sku,
        time: envelope.time("createTime"),
        request_id: envelope.text(&["responseId", "response_id", "requestId", "request_id"]),
        turn: 0,
        components: splitter.components,
        notes: splitter.notes,
    }
}
