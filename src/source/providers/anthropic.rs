//! Anthropic Messages bodies, also as Bedrock InvokeModel and Vertex return them.
//!
//! Input, cache reads and cache writes are disjoint already. Where `iterations` are present the
//! top level is not the bill: compaction and advisor turns stand only there.

use std::sync::Arc;

use compact_str::CompactString;
use smallvec::SmallVec;

use super::bedrock::TIER_HEADER;
use super::openai::no_usage;
use crate::diagnostic::code;
use crate::sku::{Sku, service_tier};
use crate::source::ReadOptions;
use crate::source::draft::{Draft, Splitter};
use crate::source::envelope::Envelope;
use crate::source::outcome::{Note, Outcome, Records, Skipped, count_field, optional_count};
use crate::source::provider;
use crate::source::scan::{Object, Value};
use crate::source::usual::{Sum, Usual};
use crate::tokens::Component;

/// True for a Messages body with usage, or one that should have it.
pub(crate) fn is_messages(object: &Object<'_>, usage: Option<&Object<'_>>) -> bool {
    let kind = object.text("type");
    match usage {
        Some(usage) => {
            usage.has("input_tokens")
                && usage.has("output_tokens")
                && (usage.has("cache_read_input_tokens")
                    || usage.has("cache_creation_input_tokens")
                    || usage.has("server_tool_use")
                    || kind.as_ref().is_some_and(|t| t == "message")
                    || is_claude_line(object, usage))
                // The end of a stream states no model: its beginning does.
                && kind.is_none_or(|t| t != "message_delta")
        }
        None => {
            kind.is_some_and(|t| t == "message") && object.has("role") && object.has("model")
                || is_count(object)
        }
    }
}

/// True for counts under a Claude model's name without anything of OpenAI's shape: services that
/// imitate the API leave the cache counts out.
fn is_claude_line(object: &Object<'_>, usage: &Object<'_>) -> bool {
    !usage.has("input_tokens_details")
        && !usage.has("total_tokens")
        && object.text("model").is_some_and(|model| model.contains("claude"))
}

/// True for the answer of an endpoint that counts the tokens of a prompt without running it.
fn is_count(object: &Object<'_>) -> bool {
    object.has("input_tokens")
        && !object.has("output_tokens")
        && object.raw_keys().all(|key| {
            matches!(key, b"input_tokens" | b"object" | b"context_management" | b"timestamp")
        })
}

/// What nearly all bodies state.
pub(crate) const USUAL: Usual = Usual {
    components: &[
        (Component::InputUncached, "input_tokens", &[]),
        (Component::InputCacheRead, "cache_read_input_tokens", &[]),
        (Component::InputCacheWrite5m, "cache_creation.ephemeral_5m_input_tokens", &[]),
        (Component::InputCacheWrite1h, "cache_creation.ephemeral_1h_input_tokens", &[]),
        (Component::Output, "output_tokens", &["output_tokens_details.thinking_tokens"]),
        (Component::OutputReasoning, "output_tokens_details.thinking_tokens", &[]),
        (Component::ToolWebSearch, "server_tool_use.web_search_requests", &[]),
        (Component::ToolWebFetch, "server_tool_use.web_fetch_requests", &[]),
    ],
    sums: &[Sum {
        whole: "cache_creation_input_tokens",
        parts: &[
            "cache_creation.ephemeral_5m_input_tokens",
            "cache_creation.ephemeral_1h_input_tokens",
        ],
        is_needed: false,
    }],
    zeros: &[],
    tested: &[],
    aside: &["service_tier", "speed", "inference_geo"],
    silent: &[],
    ids: IDS,
    other_ids: &[OF_BEDROCK, OF_VERTEX],
    time: |_| TIME,
    fits: |_| true,
};

/// Keys of the id of a body, and its time.
const IDS: &[&str] = &["id", "request_id", "requestId"];
const TIME: &str = "created_at";

/// Reads a Messages body: one record, or one an iteration.
pub(crate) fn read(envelope: &Envelope<'_>, options: &ReadOptions) -> Outcome {
    let body = envelope.body();
    let usage = envelope.usage().ok_or_else(|| without_usage(body))?;
    read_turns(envelope, usage, turns(usage)?, options)
}

/// Why a body without usage has none.
fn without_usage(body: &Object<'_>) -> Skipped {
    if is_count(body) {
        let message = "answers of endpoints that only count tokens, which are not usage";
        return Skipped::new(code::NOT_USAGE, message);
    }
    no_usage(body)
}

/// The records of an answer's turns; what they were, the body and the line around it say.
pub(super) fn read_turns(
    envelope: &Envelope<'_>,
    usage: &Object<'_>,
    turns: Turns,
    options: &ReadOptions,
) -> Outcome {
    let origin = Origin::of(envelope.body());
    // An id that tells who answered is not among the names that lines have in common.
    let sku = match origin {
        Origin::Unsaid => envelope.sku(|| sku(envelope, usage, origin)),
        _ => sku(envelope, usage, origin).into(),
    };
    let id = envelope.text(IDS);
    let id = id.or_else(|| envelope.aws_request_id());
    let time = envelope.time(TIME);
    let mut records = Records::new();
    for (number, turn) in turns.into_iter().enumerate() {
        let mut sku = Arc::clone(&sku);
        if let Some(model) = turn.model.filter(|model| *model != sku.model) {
            Arc::make_mut(&mut sku).model = model;
        }
        let draft = Draft {
            sku,
            time,
            request_id: id.clone(),
            turn: number,
            components: turn.split.components,
            notes: turn.split.notes,
        };
        let mut found = draft.finish(envelope, options)?;
        // However many turns, it was one request.
        found[0].0.requests = u64::from(number == 0);
        records.extend(found);
    }
    Ok(records)
}

/// One billed turn of an answer.
#[derive(Debug)]
pub(crate) struct Turn {
    /// The model, where it differs from that of the answer.
    pub(crate) model: Option<CompactString>,
    pub(crate) split: Splitter,
}

/// The billed turns of an answer: nearly always one.
pub(crate) type Turns = SmallVec<[Turn; 1]>;

/// The billed turns of a usage object: its iterations, or itself.
pub(crate) fn turns(usage: &Object<'_>) -> Result<Turns, Skipped> {
    Ok(Counts::read(usage)?.turns())
}

/// What a usage object states, before it is split into components.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    whole: Level,
    iterations: Vec<Iteration>,
}

#[derive(Debug, Clone)]
struct Iteration {
    /// One of those that the top level sums.
    is_ordinary: bool,
    /// Where it differs from that of the answer.
    model: Option<CompactString>,
    level: Level,
}

/// The counts of the top level or of one iteration.
#[derive(Debug, Clone, Copy, Default)]
struct Level {
    input: u64,
    read: u64,
    written: Option<u64>,
    five_minutes: u64,
    one_hour: u64,
    output: u64,
    thinking: u64,
    /// Web searches and fetches; `None` if not stated.
    tools: Option<[u64; 2]>,
}

impl Counts {
    pub(super) fn read(usage: &Object<'_>) -> Result<Self, Skipped> {
        let iterations = usage.array("iterations").unwrap_or_default();
        let iterations = iterations.iter().filter_map(Value::object).map(|turn| {
            let kind = turn.text("type").unwrap_or_default();
            let model = turn.first_text(&["model"]);
            Ok(Iteration {
                is_ordinary: matches!(&*kind, "message" | "fallback_message"),
                model: model.map(|m| CompactString::new(m.strip_suffix(WINDOW_MARK).unwrap_or(&m))),
                level: Level::read(&turn)?,
            })
        });
        Ok(Self {
            iterations: iterations.collect::<Result<_, Skipped>>()?,
            whole: Level::read(usage)?,
        })
    }

    /// Takes up a later statement about the same answer: streams state growing counts, and some of
    /// them only at one end.
    pub(super) fn merge(&mut self, later: Self) {
        self.whole.merge(later.whole);
        if later.iterations.len() >= self.iterations.len() {
            self.iterations = later.iterations;
        }
    }

    /// The top level is the sum of the ordinary iterations; where it is not, the difference is
    /// noted. Iterations that carry no counts at all say nothing, and the top level stands.
    pub(super) fn turns(&self) -> Turns {
        let whole = self.whole.split();
        let mut turns = Turns::new();
        let mut ordinary = 0_u64;
        for iteration in &self.iterations {
            let mut level = iteration.level;
            if turns.is_empty() {
                // Tool fees stand at the top level, unless the turn states its own.
                level.tools = level.tools.or(self.whole.tools);
            }
            let split = level.split();
            if iteration.is_ordinary {
                ordinary = ordinary.saturating_add(split.components.tokens());
            }
            turns.push(Turn { model: iteration.model.clone(), split });
        }
        if turns.iter().all(|turn| turn.split.components.tokens() == 0) {
            turns.clear();
            turns.push(Turn { model: None, split: whole });
        } else if ordinary != whole.components.tokens() {
            turns[0].split.notes.set(Note::TotalMismatch);
        }
        turns
    }
}

impl Level {
    fn read(usage: &Object<'_>) -> Result<Self, Skipped> {
        let by_ttl = usage.object("cache_creation").unwrap_or_default();
        let details = usage.object("output_tokens_details").unwrap_or_default();
        let tools = match usage.object("server_tool_use") {
            Some(tools) => Some([
                count_field!(tools, "web_search_requests"),
                count_field!(tools, "web_fetch_requests"),
            ]),
            None => None,
        };
        Ok(Self {
            input: count_field!(usage, "input_tokens"),
            read: count_field!(usage, "cache_read_input_tokens"),
            written: optional_count!(usage, "cache_creation_input_tokens"),
            five_minutes: count_field!(by_ttl, "ephemeral_5m_input_tokens"),
            one_hour: count_field!(by_ttl, "ephemeral_1h_input_tokens"),
            output: count_field!(usage, "output_tokens"),
            thinking: count_field!(details, "thinking_tokens"),
            tools,
        })
    }

    fn merge(&mut self, later: Self) {
        self.input = self.input.max(later.input);
        self.read = self.read.max(later.read);
        self.written = self.written.max(later.written);
        self.five_minutes = self.five_minutes.max(later.five_minutes);
        self.one_hour = self.one_hour.max(later.one_hour);
        self.output = self.output.max(later.output);
        self.thinking = self.thinking.max(later.thinking);
        self.tools = match (self.tools, later.tools) {
            (Some(a), Some(b)) => Some([a[0].max(b[0]), a[1].max(b[1])]),
            (a, b) => a.or(b),
        };
    }

    /// Splits the counts into disjoint components.
    fn split(&self) -> Splitter {
        let mut splitter = Splitter::default();
        splitter.put(Component::InputUncached, self.input);
        splitter.put(Component::InputCacheRead, self.read);
        let by_parts = self.five_minutes.saturating_add(self.one_hour);
        let written = self.written.unwrap_or(0).max(by_parts);
        let less = self.written.is_some_and(|stated| stated < by_parts);
        splitter.notes.set_if(Note::TotalMismatch, less);
        // The split may be absent (old logs) or cover only some turns: what it leaves out is taken
        // as the default time to live, five minutes.
        let unsplit = written - by_parts;
        splitter.notes.set_if(Note::TtlAssumed, unsplit > 0);
        splitter.put(Component::InputCacheWrite5m, self.five_minutes.saturating_add(unsplit));
        splitter.put(Component::InputCacheWrite1h, self.one_hour);
        let thinking = [(Component::OutputReasoning, self.thinking)];
        splitter.split(self.output, Component::Output, &thinking);
        let [searches, fetches] = self.tools.unwrap_or_default();
        splitter.put(Component::ToolWebSearch, searches);
        splitter.put(Component::ToolWebFetch, fetches);
        splitter
    }
}

/// How ids begin that others than Anthropic give.
const OF_BEDROCK: &str = "msg_bdrk_";
const OF_VERTEX: &str = "msg_vrtx_";

/// Who answered, as the id of an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Unsaid,
    Bedrock,
    Vertex,
}

impl Origin {
    fn of(body: &Object<'_>) -> Self {
        match body.text("id") {
            Some(id) if id.starts_with(OF_BEDROCK) => Self::Bedrock,
            Some(id) if id.starts_with(OF_VERTEX) => Self::Vertex,
            _ => Self::Unsaid,
        }
    }
}

/// What is priced, as the body and the line around it say.
fn sku(envelope: &Envelope<'_>, usage: &Object<'_>, origin: Origin) -> Sku {
    let body = envelope.body();
    let own_model = body.first_text(&["model"]);
    let wrapper_model = envelope.wrapper_text(&["modelId", "model_id", "model"]);
    let wrapper_model = wrapper_model.or_else(|| envelope.model(&["modelId", "model"]));
    let is_bedrock_name = |name: &Option<_>| {
        name.as_ref().is_some_and(|m: &std::borrow::Cow<'_, str>| m.contains("anthropic.claude"))
    };
    let on_bedrock = origin == Origin::Bedrock
        || body.has("amazon-bedrock-invocationMetrics")
        || is_bedrock_name(&wrapper_model)
        || is_bedrock_name(&own_model)
        || envelope.is_from_aws();
    let mut sku = if on_bedrock {
        // Bedrock's id in the line around the body says where it ran; the body names only the model.
        let name = wrapper_model.or(own_model).unwrap_or_default();
        let found = provider::bedrock_model(&name);
        let mut sku = Sku::new("aws.bedrock", found.model);
        sku.endpoint = CompactString::new(found.endpoint);
        sku.region = CompactString::new(found.region);
        sku
    } else {
        let name = own_model.or(wrapper_model).unwrap_or_default();
        let on_vertex = origin == Origin::Vertex || name.contains("publishers/anthropic/");
        let provider = if on_vertex { "gcp.vertex_ai" } else { "anthropic" };
        Sku::new(provider, name.rsplit_once("/models/").map_or(&*name, |(_, last)| last))
    };
    strip_window(&mut sku);
    sku.service_tier = if envelope.is_batch_line() {
        CompactString::const_new("batch")
    } else {
        let tier = usage.text("service_tier");
        let in_header = || if on_bedrock { envelope.header(TIER_HEADER) } else { None };
        service_tier(&tier.or_else(in_header).unwrap_or_default())
    };
    if let Some(speed) = usage.first_text(&["speed"]) {
        sku.speed = CompactString::new(&speed);
    }
    // Old models print `not_available`: they have no residency choice and no premium.
    if let Some(geo) = usage.first_text(&["inference_geo"]).filter(|geo| geo != "not_available") {
        sku.endpoint = CompactString::new(&geo);
    }
    if let Some(region) = envelope.wrapper_text(&["region", "awsRegion", "aws_region", "location"])
    {
        sku.region = CompactString::new(&region);
        if sku.provider == "gcp.vertex_ai" {
            sku.endpoint = provider::vertex_endpoint(&region);
        }
    }
    sku
}

/// Agents mark the long context window in the name; the price goes by the prompt's length.
const WINDOW_MARK: &str = "[1m]";

/// Takes the mark off a model's name.
pub(crate) fn strip_window(sku: &mut Sku) {
    if let Some(name) = sku.model.strip_suffix(WINDOW_MARK) {
        sku.model = CompactString::new(name);
    }
}
