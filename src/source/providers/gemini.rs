//! Gemini API and Vertex AI `generateContent` bodies.
//!
//! The prompt count includes cached tokens; thoughts and tool-use prompts stand beside it. Zero
//! fields are left out by the provider.

use std::sync::LazyLock;

use compact_str::CompactString;
use memchr::memmem::Finder;

use super::openai::no_usage;
use crate::diagnostic::code;
use crate::sku::{Sku, service_tier};
use crate::source::ReadOptions;
use crate::source::draft::{Draft, Splitter};
use crate::source::envelope::Envelope;
use crate::source::outcome::{Note, Outcome, Skipped, count_field};
use crate::source::provider;
use crate::source::scan::{Object, Value};
use crate::source::usual::{Sum, Usual};
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
                || is_count(object)
        }
    }
}

/// True for the answer of the endpoint that counts the tokens of a prompt without running it.
fn is_count(object: &Object<'_>) -> bool {
    ["totalTokens", "total_tokens"].iter().any(|key| object.has(key))
        && object.raw_keys().all(|key| {
            matches!(
                key,
                b"totalTokens"
                    | b"total_tokens"
                    | b"totalBillableCharacters"
                    | b"total_billable_characters"
                    | b"promptTokensDetails"
                    | b"prompt_tokens_details"
                    | b"cachedContentTokenCount"
                    | b"cached_content_token_count"
                    | b"cacheTokensDetails"
                    | b"cache_tokens_details"
                    | b"sdkHttpResponse"
                    | b"sdk_http_response"
            )
        })
}

/// Why a body without usage has none.
fn without_usage(body: &Object<'_>) -> Skipped {
    if is_count(body) {
        let message = "answers of endpoints that only count tokens, which are not usage";
        return Skipped::new(code::NOT_USAGE, message);
    }
    no_usage(body)
}

/// The two spellings of one field.
macro_rules! either {
    ($object:expr, $camel:literal, $snake:literal) => {{
        let camel = count_field!($object, $camel);
        if camel > 0 { camel } else { count_field!($object, $snake) }
    }};
}

/// What nearly all bodies state.
pub(crate) const USUAL: Usual = Usual {
    components: &[
        (Component::InputUncached, "promptTokenCount", &["cachedContentTokenCount"]),
        (Component::InputTool, "toolUsePromptTokenCount", &[]),
        (Component::InputCacheRead, "cachedContentTokenCount", &[]),
        (Component::Output, "candidatesTokenCount", &[]),
        (Component::OutputReasoning, "thoughtsTokenCount", &[]),
    ],
    sums: &[Sum {
        whole: "totalTokenCount",
        parts: &[
            "promptTokenCount",
            "toolUsePromptTokenCount",
            "candidatesTokenCount",
            "thoughtsTokenCount",
        ],
        is_needed: false,
    }],
    zeros: &[],
    tested: &[
        ("promptTokensDetails", is_text_alone),
        ("cacheTokensDetails", is_text_alone),
        ("candidatesTokensDetails", is_text_alone),
    ],
    aside: &["trafficType", "serviceTier"],
    silent: &[("candidates", ANY_GROUNDING)],
    ids: IDS,
    other_ids: &[],
    time: time_key,
    fits: |_| true,
};

/// Reads a `generateContent` body.
pub(crate) fn read(envelope: &Envelope<'_>, options: &ReadOptions) -> Outcome {
    let body = envelope.body();
    let usage = envelope.usage().ok_or_else(|| without_usage(body))?;
    let prompt = either!(usage, "promptTokenCount", "prompt_token_count");
    let cached = either!(usage, "cachedContentTokenCount", "cached_content_token_count");
    let tool = either!(usage, "toolUsePromptTokenCount", "tool_use_prompt_token_count");
    let mut output = either!(usage, "candidatesTokenCount", "candidates_token_count");
    if output == 0 {
        output = either!(usage, "responseTokenCount", "response_token_count");
    }
    let thoughts = either!(usage, "thoughtsTokenCount", "thoughts_token_count");
    let total = either!(usage, "totalTokenCount", "total_token_count");

    let mut in_prompt = Modalities::read(usage, "promptTokensDetails", "prompt_tokens_details")?;
    if in_prompt.is_empty() {
        // So the answers of embedding models spell it.
        in_prompt = Modalities::read(usage, "promptTokenDetails", "prompt_token_details")?;
    }
    let mut in_cache = Modalities::read(usage, "cacheTokensDetails", "cache_tokens_details")?;
    let mut in_output =
        Modalities::read(usage, "candidatesTokensDetails", "candidates_tokens_details")?;
    if in_output.is_empty() {
        in_output = Modalities::read(usage, "responseTokensDetails", "response_tokens_details")?;
    }
    let mut splitter = Splitter::default();
    splitter.notes.set_if(Note::Clamped, cached > prompt);
    let cached = cached.min(prompt);
    let mut fresh = in_prompt.less(&in_cache);
    if in_cache.is_empty() && cached > 0 {
        // What was cached is not told: what does not fit the fresh part must have been.
        let all = fresh;
        fresh = fresh.capped(prompt - cached);
        in_cache = all.less(&fresh);
    }
    splitter.split(cached, Component::InputCacheRead, &in_cache.as_components(&CACHED));
    splitter.split(prompt - cached, Component::InputUncached, &fresh.as_components(&UNCACHED));
    splitter.put(Component::InputTool, tool);
    splitter.split(output, Component::Output, &in_output.as_components(&OUTPUT));
    splitter.put(Component::OutputReasoning, thoughts);
    splitter.check_total((total > 0).then_some(total));
    let draft = draft(envelope, usage, splitter);
    grounded(body, draft).finish(envelope, options)
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
        let mut found = Self::default();
        let Some(details) = usage.get(camel).or_else(|| usage.get(snake)) else { return Ok(found) };
        if is_text_alone(details.raw()) {
            return Ok(found);
        }
        let details = details.array().unwrap_or_default();
        for detail in details.iter().filter_map(Value::object) {
            let at = match detail.text("modality").as_deref() {
                Some("AUDIO") => 0,
                Some("IMAGE") => 1,
                Some("VIDEO") => 2,
                Some("DOCUMENT") => 3,
                _ => continue,
            };
            let count = either!(detail, "tokenCount", "token_count");
            found.0[at] = found.0[at].saturating_add(count);
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

/// True for the details of nearly every answer, which name text and nothing else.
fn is_text_alone(details: &[u8]) -> bool {
    let rest = details.strip_prefix(br#"[{"modality":"TEXT""#);
    rest.is_some_and(|rest| memchr::memchr(b'{', rest).is_none())
}

/// How the metadata of an answer that is grounded begins, in either spelling.
const ANY_GROUNDING: &str = "\"grounding";
static GROUNDING: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(ANY_GROUNDING));

/// Grounding is told only by the candidates. From Gemini 3 on each query is billed, before that
/// each prompt that was grounded, however many queries it took.
fn grounded<'a>(body: &Object<'_>, mut draft: Draft<'a>) -> Draft<'a> {
    let candidates = body.get("candidates").filter(|v| v.mentions(&GROUNDING));
    let candidates = candidates.and_then(|v| v.array()).unwrap_or_default();
    let (mut queries, mut from_maps) = (0_u64, false);
    for candidate in candidates.iter().filter_map(Value::object) {
        let grounding = candidate
            .object("groundingMetadata")
            .or_else(|| candidate.object("grounding_metadata"))
            .unwrap_or_default();
        let list = |camel: &str, snake: &str| {
            let found = grounding.get(camel).or_else(|| grounding.get(snake));
            found.and_then(|v| v.array()).unwrap_or_default()
        };
        let found = list("webSearchQueries", "web_search_queries").len();
        queries = queries.saturating_add(u64::try_from(found).unwrap_or(u64::MAX));
        let chunks = list("groundingChunks", "grounding_chunks");
        from_maps |= chunks.iter().filter_map(Value::object).any(|c| c.get("maps").is_some());
    }
    let by_prompt = ["gemini-1", "gemini-2"].iter().any(|m| draft.sku.model.starts_with(m));
    let billed = if by_prompt { queries.min(1) } else { queries };
    draft.components.add(Component::ToolGrounding, billed);
    draft.components.add(Component::ToolMaps, u64::from(from_maps));
    draft
}

/// What is priced, as the body and the line around it say.
fn sku(envelope: &Envelope<'_>, usage: &Object<'_>) -> Sku {
    let name = envelope.model(&["modelVersion", "model_version", "model"]).unwrap_or_default();
    let traffic = usage.first_text(&["trafficType", "traffic_type"]);
    let body = envelope.body();
    let on_vertex = traffic.is_some()
        || body.has("createTime")
        || body.has("create_time")
        || name.contains("publishers/");
    let provider = if on_vertex { "gcp.vertex_ai" } else { "gcp.gemini" };
    let mut sku = Sku::new(provider, bare_model(&name));
    let tier = usage.first_text(&["serviceTier", "service_tier"]);
    let tier = tier.or_else(|| body.first_text(&["serviceTier", "service_tier"]));
    sku.service_tier = if envelope.is_batch_line() {
        CompactString::const_new("batch")
    } else {
        service_tier(&tier.or(traffic).unwrap_or_default())
    };
    if let Some(location) = envelope.wrapper_text(&["location", "region"]) {
        sku.endpoint = provider::vertex_endpoint(&location);
        sku.region = CompactString::new(&location);
    }
    sku
}

/// Keys of the id of a body.
const IDS: &[&str] = &["responseId", "response_id", "requestId", "request_id"];

/// The key of the time in a body.
fn time_key(body: &Object<'_>) -> &'static str {
    if body.has("createTime") { "createTime" } else { "create_time" }
}

fn draft<'a>(envelope: &Envelope<'a>, usage: &Object<'_>, splitter: Splitter) -> Draft<'a> {
    Draft {
        sku: envelope.sku(|| sku(envelope, usage)),
        time: envelope.time(time_key(envelope.body())),
        request_id: envelope.text(IDS),
        turn: 0,
        components: splitter.components,
        notes: splitter.notes,
    }
}

/// A model without the collection that it is listed in: `models/`, or a publisher's on Vertex AI.
pub(super) fn bare_model(name: &str) -> &str {
    name.rsplit_once("models/").map_or(name, |(_, last)| last)
}
