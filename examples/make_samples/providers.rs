//! The four request logs, each in the format of its provider.

use serde_json::{Value, json};

use crate::random::Random;
use crate::traffic::{Lines, MEDIA, OPERATIONS, SEARCH, SUPPORT, Traffic, day_of, iso};

/// The moves to new models: from the last day without the new one to the first without the old one.
const OPUS_MOVE: (u64, u64) = (day_of(9, 24), day_of(10, 8));
const HAIKU_MOVE: (u64, u64) = (day_of(10, 6), day_of(10, 20));

/// The `usage` of a Messages body: input, cache reads and the two cache writes do not overlap.
pub(crate) fn messages_usage(
    input: u64,
    cache_read: u64,
    [write_5m, write_1h]: [u64; 2],
    output: u64,
) -> Value {
    json!({
        "input_tokens": input,
        "cache_creation_input_tokens": write_5m + write_1h,
        "cache_read_input_tokens": cache_read,
        "cache_creation": {"ephemeral_5m_input_tokens": write_5m, "ephemeral_1h_input_tokens": write_1h},
        "output_tokens": output,
    })
}

/// Usage of a step of a conversation: most steps find their prompt in the cache and add to it.
pub(crate) fn conversation_usage(
    random: &mut Random,
    input: u64,
    context: u64,
    output: u64,
) -> Value {
    let hit = random.chance(70);
    let cache_read = if hit { random.around(context) } else { 0 };
    let written = random.around(if hit { context / 10 } else { context });
    let writes = if random.chance(20) { [0, written] } else { [written, 0] };
    messages_usage(random.around(input), cache_read, writes, random.around(output))
}

/// A gateway's log line around a Messages body, which itself carries no time.
fn anthropic_line(
    random: &mut Random,
    at: i64,
    model: &str,
    tier: &str,
    mut usage: Value,
) -> Value {
    if model == "claude-opus-5-5" {
        let thinking = random.share(usage["output_tokens"].as_u64().unwrap_or(0), 10, 50);
        usage["output_tokens_details"] = json!({"thinking_tokens": thinking});
    }
    if model.starts_with("claude-opus") && tier == "standard" && random.chance(8) {
        let searches = random.between(1, 4);
        usage["server_tool_use"] =
            json!({"web_search_requests": searches, "web_fetch_requests": 0});
    }
    usage["service_tier"] = json!(tier);
    usage["inference_geo"] = json!(match model {
        "claude-haiku-4-5-20251001" => "not_available",
        _ if random.chance(5) => "us",
        _ => "global",
    });
    json!({
        "timestamp": iso(at), "request_id": random.id("req_01"), "metadata": {"team": "support"},
        "response": {
            "id": random.id("msg_01"), "type": "message", "role": "assistant", "model": model,
            "content": [{"type": "text", "text": random.text()}], "stop_reason": "end_turn", "usage": usage,
        },
    })
}

/// Support: agents on Opus, small calls on Haiku, and a nightly batch. Both models are replaced.
pub(crate) fn anthropic_log(random: &mut Random) -> Lines {
    let agents = SUPPORT.lines(random, |random, day, at| {
        let model = random.moving(day, OPUS_MOVE, "claude-opus-5", "claude-opus-5-5");
        let usage = conversation_usage(random, 90_000, 400_000, 48_000);
        anthropic_line(random, at, model, "standard", usage)
    });
    let small_calls = Traffic { weekday: 3, ..SUPPORT }.lines(random, |random, day, at| {
        let model = random.moving(day, HAIKU_MOVE, "claude-haiku-4-5-20251001", "claude-haiku-5-5");
        let usage = conversation_usage(random, 6_000, 28_000, 900);
        anthropic_line(random, at, model, "standard", usage)
    });
    let batch = Traffic { weekday: 1, weekend: 100, spike: 1, nightly: true, ..SUPPORT }.lines(
        random,
        |random, day, at| {
            let model = random.moving(day, OPUS_MOVE, "claude-opus-5", "claude-opus-5-5");
            let usage = messages_usage(random.around(300_000), 0, [0, 0], random.around(45_000));
            anthropic_line(random, at, model, "batch", usage)
        },
    );
    [agents, small_calls, batch].concat()
}

/// A Responses body: cached and cache-written tokens are inside the input, reasoning is inside the
/// output.
fn responses_line(random: &mut Random, at: i64, model: &str, prompt: u64, answer: u64) -> Value {
    let tiers = [("flex", 12), ("priority", 6), ("default", 100)];
    let tier = tiers.iter().find(|tier| random.chance(tier.1)).map_or("default", |tier| tier.0);
    let long = tier == "default" && random.chance(4);
    let input = if long { random.between(275_000, 390_000) } else { random.around(prompt) };
    // OpenAI counts cached tokens in steps of 128.
    let cached = random.share(input, 0, 80) / 128 * 128;
    let writes = tier == "default" && random.chance(40);
    let written = if writes { random.share(input - cached, 20, 70) } else { 0 };
    let output = random.around(answer);
    json!({
        "id": random.id("resp_"), "object": "response", "created_at": at / 1000,
        "status": "completed", "model": model,
        "output": [{
            "type": "message", "role": "assistant",
            "content": [{"type": "output_text", "text": random.text()}],
        }],
        "usage": {
            "input_tokens": input,
            "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
            "output_tokens": output,
            "output_tokens_details": {"reasoning_tokens": random.share(output, 20, 70)},
            "total_tokens": input + output,
        },
        "service_tier": tier, "metadata": {"team": "search"},
    })
}

/// A Chat Completions body: the same inclusive counts under other names.
fn chat_line(random: &mut Random, at: i64) -> Value {
    let (prompt, completion) = (random.around(18_000), random.around(1_800));
    let cached = random.share(prompt, 0, 80) / 128 * 128;
    json!({
        "id": random.id("chatcmpl-"), "object": "chat.completion", "created": at / 1000,
        "model": "gpt-5-mini-2025-08-07",
        "choices": [{
            "index": 0, "message": {"role": "assistant", "content": random.text()}, "finish_reason": "stop",
        }],
        "usage": {
            "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": random.share(completion, 0, 60) / 64 * 64, "audio_tokens": 0,
            },
        },
        "service_tier": "default", "metadata": {"team": "search"},
    })
}

/// Search: raw bodies of three kinds of requests, two of them with changes of model.
pub(crate) fn openai_log(random: &mut Random) -> Lines {
    let questions = SEARCH.lines(random, |random, day, at| {
        let model = if day < day_of(10, 26) { "gpt-5.6-terra" } else { "gpt-6.1-terra" };
        responses_line(random, at, model, 105_000, 20_000)
    });
    let research = Traffic { weekday: 5, ..SEARCH }.lines(random, |random, day, at| {
        let model = match day {
            _ if day < day_of(9, 22) => "gpt-5.6-terra",
            _ if day < day_of(9, 29) => "gpt-6-sol",
            _ => "gpt-6.1-sol",
        };
        responses_line(random, at, model, 105_000, 45_000)
    });
    let labelling =
        Traffic { weekday: 2, ..SEARCH }.lines(random, |random, _, at| chat_line(random, at));
    [questions, research, labelling].concat()
}

/// Gemini's token counts by kind of content, without the zeros.
fn modalities(counts: &[(&str, u64)]) -> Value {
    let counts = counts.iter().filter(|count| count.1 > 0);
    counts.map(|(kind, tokens)| json!({"modality": kind, "tokenCount": tokens})).collect()
}

/// A gateway's log line around a Gemini body: cached tokens are inside the prompt, thoughts and the
/// results of tools are inside nothing, and counts of zero are left out.
fn gemini_line(random: &mut Random, at: i64, model: &str, prompt: u64, answer: u64) -> Value {
    let text = random.around(prompt);
    let heard = model.contains("flash") && random.chance(30);
    let audio = if heard { random.between(300, 3_600) * 32 } else { 0 };
    let image = if random.chance(25) { random.between(1, 12) * 1_120 } else { 0 };
    let cached = if random.chance(35) { random.share(text, 20, 70) } else { 0 };
    let tools = if random.chance(6) { random.between(400, 5_000) } else { 0 };
    let (candidates, thoughts) = (random.around(answer), random.around(answer / 2));
    let mut usage = json!({
        "promptTokenCount": text + audio + image,
        "cachedContentTokenCount": cached,
        "candidatesTokenCount": candidates,
        "toolUsePromptTokenCount": tools,
        "thoughtsTokenCount": thoughts,
        "totalTokenCount": text + audio + image + candidates + thoughts + tools,
        "promptTokensDetails": modalities(&[("TEXT", text), ("AUDIO", audio), ("IMAGE", image)]),
        "cacheTokensDetails": modalities(&[("TEXT", cached)]),
        "toolUsePromptTokensDetails": modalities(&[("TEXT", tools)]),
    });
    if let Some(fields) = usage.as_object_mut() {
        fields.retain(|_, value| *value != json!(0) && *value != json!([]));
    }
    let content = json!({"role": "model", "parts": [{"text": random.text()}]});
    json!({
        "timestamp": iso(at), "metadata": {"team": "media"},
        "response": {
            "candidates": [{"content": content, "finishReason": "STOP"}],
            "usageMetadata": usage, "modelVersion": model, "responseId": random.id(""),
        },
    })
}

/// Media: recordings and pictures on Flash, long documents on Pro.
pub(crate) fn gemini_log(random: &mut Random) -> Lines {
    let flash = MEDIA.lines(random, |random, _, at| {
        gemini_line(random, at, "gemini-3.6-flash", 250_000, 14_000)
    });
    let pro = Traffic { weekday: 4, ..MEDIA }.lines(random, |random, _, at| {
        gemini_line(random, at, "gemini-3.1-pro-preview", 170_000, 18_000)
    });
    [flash, pro].concat()
}

/// A gateway's log line around a Converse response, which names neither model, time nor id. What it
/// reads from a cache is not inside its input.
fn bedrock_line(random: &mut Random, at: i64, model: &str, prompt: u64, answer: u64) -> Value {
    let (input, output) = (random.around(prompt), random.around(answer));
    let cache_read = if random.chance(40) { random.share(prompt, 10, 30) } else { 0 };
    json!({
        "timestamp": iso(at), "requestId": random.uuid(), "region": "us-east-1", "modelId": model,
        "requestMetadata": {"team": "operations"},
        "response": {
            "output": {"message": {"role": "assistant", "content": [{"text": random.text()}]}},
            "stopReason": "end_turn",
            "usage": {
                "inputTokens": input, "outputTokens": output, "totalTokens": input + output + cache_read,
                "cacheReadInputTokens": cache_read, "cacheWriteInputTokens": 0,
            },
            "metrics": {"latencyMs": 400 + output * 7 + random.between(0, 900)},
        },
    })
}

/// Operations: steady work without growth.
pub(crate) fn bedrock_log(random: &mut Random) -> Lines {
    let reports = Traffic { weekday: 2, ..OPERATIONS }.lines(random, |random, _, at| {
        bedrock_line(random, at, "amazon.nova-pro-v1:0", 110_000, 3_500)
    });
    let alerts = OPERATIONS.lines(random, |random, _, at| {
        bedrock_line(random, at, "us.amazon.nova-2-lite-v1:0", 200_000, 9_000)
    });
    [reports, alerts].concat()
}
