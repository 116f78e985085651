//! The model call of a span, under all the names that it has had.
//!
//! Current names: OpenTelemetry's GenAI conventions, whose input includes cached tokens and whose
//! output includes reasoning. Older instrumentations of Anthropic passed its exclusive input on.

use std::borrow::Cow;

use super::attributes::Attributes;
use crate::diagnostic::code;
use crate::period::Timestamp;
use crate::sku::{Sku, service_tier};
use crate::source::ReadOptions;
use crate::source::gateways::call::{Call, LabelSet, Tokens, dollars, sku};
use crate::source::gateways::fields::Fields;
use crate::source::gateways::tree::Held;
use crate::source::outcome::Skipped;
use crate::source::resolve::Counted;
use crate::usage::CostKind;
use crate::usage::dedup::RequestId;

const INPUT: [&str; 9] = [
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.usage.input_tokens",
    "llm.usage.prompt_tokens",
    "llm.token_count.prompt",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
    "ai.usage.tokens",
    "embedding.token_count.prompt",
];
const OUTPUT: [&str; 7] = [
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.usage.output_tokens",
    "llm.usage.completion_tokens",
    "llm.token_count.completion",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
];
const TOTAL: [&str; 4] = [
    "gen_ai.usage.total_tokens",
    "llm.usage.total_tokens",
    "llm.token_count.total",
    "ai.usage.totalTokens",
];
const READ: [&str; 8] = [
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.input_tokens.cached",
    "gen_ai.usage.cached_tokens",
    "llm.usage.cache_read_input_tokens",
    "llm.token_count.prompt_details.cache_read",
    "ai.usage.inputTokenDetails.cacheReadTokens",
    "ai.usage.cachedInputTokens",
];
const WRITTEN: [&str; 8] = [
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.input_tokens.cache_write",
    "llm.usage.cache_creation_input_tokens",
    "llm.token_count.prompt_details.cache_write",
    "ai.usage.inputTokenDetails.cacheWriteTokens",
    "anthropic.usage.cache_creation_input_tokens",
];
const REASONING: [&str; 7] = [
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "gen_ai.usage.output_tokens.reasoning",
    "llm.usage.reasoning_tokens",
    "llm.token_count.completion_details.reasoning",
    "ai.usage.outputTokenDetails.reasoningTokens",
    "ai.usage.reasoningTokens",
];
const MODEL: [&str; 9] = [
    "gen_ai.response.model",
    "ai.response.model",
    "llm.response.model",
    "gen_ai.request.model",
    "llm.request.model",
    "llm.model_name",
    "embedding.model_name",
    "ai.model.id",
    "gen_ai.model",
];
const PROVIDER: [&str; 6] = [
    "gen_ai.provider.name",
    "gen_ai.system",
    "llm.provider",
    "llm.system",
    "llm.vendor",
    "ai.model.provider",
];

/// What a span says of model usage.
pub(super) enum Says {
    /// A call with its counts.
    Usage(Held),
    /// A call, but no counts.
    Lacks(Skipped),
    /// Nothing.
    Nothing,
}

/// A span, wherever it stands.
#[derive(Clone, Copy)]
pub(super) struct Span<'s> {
    pub(super) attributes: &'s Attributes,
    pub(super) time: Option<Timestamp>,
    pub(super) failed: bool,
    /// Trace and span, which stand for the request if its answer has no id.
    pub(super) ids: [&'s str; 2],
}

impl Span<'_> {
    /// Reads the call; `labels` gives those of the resource.
    pub(super) fn read<'o>(
        &self,
        labels: LabelSet<'o>,
        options: &'o ReadOptions,
    ) -> Result<Says, Skipped> {
        let all = self.attributes;
        if all.first_count(&INPUT)?.is_none() && all.first_count(&OUTPUT)?.is_none() {
            return Ok(self.without_usage());
        }
        let Some(time) = self.time else {
            return Err(Skipped::new(code::MISSING_TIME, "span without a start time"));
        };
        let mut sku = sku(&provider(all), &all.first(&MODEL), options)?;
        sku.service_tier = service_tier(&all.first(&[
            "openai.response.service_tier",
            "gen_ai.openai.response.service_tier",
            "gen_ai.response.service_tier",
        ]));
        let tokens = tokens(all)?;
        let cost = all.amount(&[
            "gen_ai.usage.cost",
            "operation.cost",
            "llm.cost.total",
            "gen_ai.cost.total_cost",
        ])?;
        let own = all
            .labels(labels, options)
            .put("session", &all.first(&["gen_ai.conversation.id", "session.id"]))
            .put("user", &all.first(&["user.id", "enduser.id"]))
            .put("agent", &all.first(&["gen_ai.agent.name"]));
        let call = Call {
            time,
            request_id: self.id(&sku, 0),
            split: tokens.split(&sku),
            labels: own.finish(),
            cost: dollars(cost, CostKind::Estimate),
            sku,
        };
        let (record, notes) = call.record();
        let mut records = vec![(record, notes)];
        if let Some(compaction) = compaction(all)? {
            let mut more = records[0].0.clone();
            let split = compaction.split(&more.sku);
            more.components = split.components;
            more.requests = 0;
            more.request_id = self.id(&more.sku, 1);
            more.reported_cost = None;
            records.push((more, split.notes));
        }
        Ok(Says::Usage(Held { records, version: 0 }))
    }

    fn id(&self, sku: &Sku, turn: usize) -> Option<RequestId> {
        let response =
            self.attributes.first(&["gen_ai.response.id", "ai.response.id", "llm.response.id"]);
        let [trace, span] = self.ids;
        let id = match &*response {
            "" if span.is_empty() => return None,
            "" => Cow::Owned(format!("{trace}/{span}")),
            _ => response,
        };
        Some(RequestId::new(&sku.provider, &id, turn))
    }

    /// A call of a model should have usage; tools, agents and everything else need not.
    fn without_usage(&self) -> Says {
        let all = self.attributes;
        let operation = all.first(&["gen_ai.operation.name", "llm.request.type"]);
        let is_call = match &*operation {
            "chat" | "text_completion" | "completion" | "generate_content" | "embeddings"
            | "embedding" => true,
            "" => all.first(&["openinference.span.kind"]) == "LLM",
            _ => false,
        };
        if !is_call || !all.has_any(&MODEL) {
            return Says::Nothing;
        }
        Says::Lacks(if self.failed || all.has_any(&["error.type"]) {
            Skipped::new(code::FAILED_REQUEST, "failed requests without usage")
        } else {
            Skipped::new(
                code::NO_USAGE,
                "spans of model calls without usage, as VS Code Copilot and streams write them",
            )
        })
    }
}

/// Vercel names the API after the provider: `openai.responses`, `google.vertex.chat`.
fn provider(all: &Attributes) -> Cow<'_, str> {
    let stated = all.first(&PROVIDER);
    let by_vercel = all.first(&["ai.model.provider"]) == stated;
    match stated.split_once('.') {
        Some(("google", rest)) if by_vercel && rest.starts_with("vertex") => "vertex_ai".into(),
        Some((name, _)) if by_vercel => Cow::Owned(name.to_owned()),
        _ => stated,
    }
}

fn tokens(all: &Attributes) -> Result<Tokens, Skipped> {
    let ttl = |time: &str| -> Result<u64, Skipped> {
        let name = format!("cache_creation.ephemeral_{time}_input_tokens");
        let [a, b] = ["anthropic.usage.", "gen_ai.usage."].map(|prefix| format!("{prefix}{name}"));
        all.count_of(&[a.as_str(), b.as_str()])
    };
    Ok(Tokens {
        counted: Counted {
            input: all.count_of(&INPUT)?,
            output: all.count_of(&OUTPUT)?,
            read: all.count_of(&READ)?,
            written: all.count_of(&WRITTEN)?,
            total: all.first_count(&TOTAL)?,
        },
        written_5m: ttl("5m")?,
        written_1h: ttl("1h")?,
        reasoning: all.count_of(&REASONING)?,
        input_audio: all.count_of(&["llm.token_count.prompt_details.audio"])?,
        output_audio: all.count_of(&["llm.token_count.completion_details.audio"])?,
        ..Tokens::default()
    })
}

/// Anthropic bills the compaction of a conversation beside the usage of the answer.
fn compaction(all: &Attributes) -> Result<Option<Tokens>, Skipped> {
    let of = |part: &str| -> Result<u64, Skipped> {
        let name = format!("anthropic.usage.compaction.{part}");
        all.count_of(&[name.as_str()])
    };
    let counted = Counted {
        input: of("input_tokens")?,
        output: of("output_tokens")?,
        read: of("cache_read_input_tokens")?,
        written: of("cache_creation_input_tokens")?,
        total: None,
    };
    let none = counted == Counted::default();
    let usual = crate::source::resolve::Includes::No;
    Ok((!none).then_some(Tokens { counted, usual, ..Tokens::default() }))
}
