//! Each format's arithmetic, on bodies in its exact schema; expectations worked by hand.

use super::line::{readings, records_of};
use super::outcome::{Note, Notes};
use super::{InputIncludesCache, LabelPolicy, Mapping, ReadOptions};
use crate::diagnostic::{Code, code};
use crate::tokens::{Component, ComponentCounts};
use crate::usage::dedup::RequestId;
use crate::usage::{UsageRecord, UsageTime};

fn one(text: &str) -> (UsageRecord, Notes) {
    let mut records = records_of(text, &ReadOptions::default());
    assert_eq!(records.len(), 1);
    records.remove(0)
}

fn counts(items: &[(&str, u64)]) -> ComponentCounts {
    items.iter().map(|(name, n)| (Component::from_name(name).unwrap(), *n)).collect()
}

fn skipped(text: &str) -> (Code, String) {
    match readings(text, &ReadOptions::default()).unwrap().remove(0).1 {
        Err(skipped) => (skipped.code, skipped.message),
        Ok(records) => panic!("{records:?}"),
    }
}

#[test]
fn openai_chat_splits_inclusive_counts() {
    // 4020 = 8 fresh + 4012 written; a GPT-5.6 cache write is inside the prompt.
    let (record, notes) = one(
        r#"{"id":"chatcmpl-1","object":"chat.completion","created":1785542400,"model":"gpt-5.6-sol","service_tier":"default",
        "usage":{"prompt_tokens":4020,"completion_tokens":40,"total_tokens":4060,"prompt_tokens_details":{"audio_tokens":0,"cache_write_tokens":4012,"cached_tokens":0},
        "completion_tokens_details":{"reasoning_tokens":30,"audio_tokens":0}}}"#,
    );
    assert_eq!(
        record.components,
        counts(&[
            ("input.uncached", 8),
            ("input.cache_write.30m", 4012),
            ("output", 10),
            ("output.reasoning", 30)
        ])
    );
    assert_eq!(
        (record.sku.provider.as_str(), record.sku.service_tier.as_str()),
        ("openai", "standard")
    );
    assert_eq!(record.time.start().to_string(), "2026-08-01T00:00:00Z");
    assert_eq!(
        (record.request_id, record.context()),
        (Some(RequestId::new("openai", "chatcmpl-1", 0)), Some(4020))
    );
    assert_eq!(notes, Notes::default());
}

#[test]
fn chat_totals_tell_where_reasoning_stands() {
    let body = |p: u64, c: u64, t: u64, r: u64| {
        format!(
            r#"{{"id":"x","created":1785542400,"model":"grok-4.7","usage":{{"prompt_tokens":{p},"completion_tokens":{c},"total_tokens":{t},"completion_tokens_details":{{"reasoning_tokens":{r}}}}}}}"#
        )
    };
    // xAI: total = prompt + completion + reasoning, so reasoning is added.
    assert_eq!(
        one(&body(10, 5, 22, 7)).0.components,
        counts(&[("input.uncached", 10), ("output", 5), ("output.reasoning", 7)])
    );
    // OpenAI: total = prompt + completion, so reasoning is inside.
    assert_eq!(
        one(&body(10, 9, 19, 7)).0.components,
        counts(&[("input.uncached", 10), ("output", 2), ("output.reasoning", 7)])
    );
    // Gemini's compatible endpoint hides thoughts: 30 - 10 - 9 = 11 billable tokens.
    let hidden = body(10, 9, 30, 0).replace("grok-4.7", "gemini-3.6-flash");
    assert_eq!(
        one(&hidden).0.components,
        counts(&[("input.uncached", 10), ("output", 9), ("output.reasoning", 11)])
    );
    // Anywhere else a total that is too large is a mismatch, not usage.
    let (record, notes) = one(&body(10, 9, 30, 0));
    assert_eq!(record.components, counts(&[("input.uncached", 10), ("output", 9)]));
    assert!(notes.has(Note::TotalMismatch));
    assert!(one(&body(10, 9, 12, 0)).1.has(Note::TotalMismatch));
}

#[test]
fn openai_responses_and_tool_calls() {
    let (record, _) = one(
        r#"{"id":"resp_1","object":"response","created_at":1785542400.5,"model":"gpt-6.1-sol","service_tier":"flex","metadata":{"team":"search","trace":"t-1"},
        "output":[{"type":"web_search_call","action":{"type":"search"}},{"type":"web_search_call","action":{"type":"open_page"}},{"type":"message"}],
        "usage":{"input_tokens":1000,"input_tokens_details":{"cached_tokens":400,"cache_write_tokens":100},"output_tokens":50,"output_tokens_details":{"reasoning_tokens":20},"total_tokens":1050}}"#,
    );
    assert_eq!(
        record.components,
        counts(&[
            ("input.uncached", 500),
            ("input.cache_read", 400),
            ("input.cache_write.30m", 100),
            ("output", 30),
            ("output.reasoning", 20),
            ("tool.web_search", 1)
        ])
    );
    assert_eq!(record.sku.service_tier, "flex");
    assert_eq!(record.labels.get("team"), Some("search"));
    assert_eq!(
        record.labels.get("trace"),
        None,
        "only well-known labels are kept unless asked for"
    );
    assert_eq!(record.time.start().to_string(), "2026-08-01T00:00:00.5Z");
}

#[test]
fn anthropic_is_disjoint_and_splits_writes_by_time_to_live() {
    let (record, notes) = one(
        r#"{"timestamp":"2026-11-20T12:00:00Z","response":{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-5-5",
        "usage":{"input_tokens":100,"cache_read_input_tokens":2000,"cache_creation_input_tokens":700,"cache_creation":{"ephemeral_5m_input_tokens":500,"ephemeral_1h_input_tokens":200},
        "output_tokens":50,"output_tokens_details":{"thinking_tokens":20},"service_tier":"standard","inference_geo":"us","speed":"fast","server_tool_use":{"web_search_requests":3,"web_fetch_requests":1}}}}"#,
    );
    assert_eq!(
        record.components,
        counts(&[
            ("input.uncached", 100),
            ("input.cache_read", 2000),
            ("input.cache_write.5m", 500),
            ("input.cache_write.1h", 200),
            ("output", 30),
            ("output.reasoning", 20),
            ("tool.web_search", 3),
            ("tool.web_fetch", 1)
        ])
    );
    assert_eq!((record.sku.endpoint.as_str(), record.sku.speed.as_str()), ("us", "fast"));
    assert_eq!(record.context(), Some(2800));
    assert_eq!(notes, Notes::default());
}

#[test]
fn anthropic_without_a_split_assumes_five_minutes_and_says_so() {
    let (record, notes) = one(
        r#"{"timestamp":"2026-11-20T12:00:00Z","response":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5","usage":{"input_tokens":1,"cache_creation_input_tokens":700,"output_tokens":5}}}"#,
    );
    assert_eq!(
        record.components,
        counts(&[("input.uncached", 1), ("input.cache_write.5m", 700), ("output", 5)])
    );
    assert!(notes.has(Note::TtlAssumed));
}

#[test]
fn anthropic_iterations_replace_the_top_level() {
    // Top level 2390 = 1128 + 1262; the advisor's 2518 stand only in the iterations.
    let records = records_of(
        r#"{"timestamp":"2026-11-20T12:00:00Z","response":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5",
        "usage":{"input_tokens":2390,"output_tokens":121,"server_tool_use":{"web_search_requests":1},"iterations":[{"type":"message","input_tokens":1128,"output_tokens":110},
        {"type":"advisor_message","model":"claude-opus-4-8","input_tokens":2518,"output_tokens":22},{"type":"message","input_tokens":1262,"output_tokens":11}]}}}"#,
        &ReadOptions::default(),
    );
    let id = |turn| RequestId::new("anthropic", "msg_1", turn);
    let seen: Vec<_> = records
        .iter()
        .map(|(r, _)| (r.sku.model.as_str(), r.components.tokens(), r.request_id.unwrap()))
        .collect();
    assert_eq!(
        seen,
        [
            ("claude-sonnet-5", 1238, id(0)),
            ("claude-opus-4-8", 2540, id(1)),
            ("claude-sonnet-5", 1273, id(2))
        ]
    );
    assert_eq!(
        records.iter().map(|(r, _)| r.components.get(Component::ToolWebSearch)).sum::<u64>(),
        1
    );
}

#[test]
fn gemini_thoughts_and_tools_stand_beside_the_prompt() {
    // 17 + 201 + 213 + 119 = 550.
    let (record, notes) = one(
        r#"{"timestamp":"2026-11-20T12:00:00Z","response":{"responseId":"r1","modelVersion":"gemini-2.5-pro","usageMetadata":{"promptTokenCount":17,"candidatesTokenCount":201,
        "thoughtsTokenCount":213,"toolUsePromptTokenCount":119,"totalTokenCount":550}}}"#,
    );
    assert_eq!(
        record.components,
        counts(&[
            ("input.uncached", 17),
            ("input.tool", 119),
            ("output", 201),
            ("output.reasoning", 213)
        ])
    );
    assert_eq!(notes, Notes::default());
}

#[test]
fn gemini_modalities_leave_text_as_the_rest() {
    // Prompt 417 with IMAGE 66: text is 351. Cached 100 of text, so 251 fresh text.
    let (record, _) = one(
        r#"{"timestamp":"2026-11-20T12:00:00Z","response":{"responseId":"r1","modelVersion":"gemini-3.6-flash","usageMetadata":{"promptTokenCount":417,"cachedContentTokenCount":100,
        "candidatesTokenCount":1780,"totalTokenCount":2197,"promptTokensDetails":[{"modality":"IMAGE","tokenCount":66}],"cacheTokensDetails":[{"modality":"TEXT","tokenCount":100}],
        "candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":1120}]}}}"#,
    );
    assert_eq!(
        record.components,
        counts(&[
            ("input.uncached", 251),
            ("input.uncached.image", 66),
            ("input.cache_read", 100),
            ("output", 660),
            ("output.image", 1120)
        ])
    );
}

#[test]
fn bedrock_converse_takes_model_and_endpoint_from_the_line() {
    let (record, notes) = one(
        r#"{"timestamp":"2026-11-20T12:00:00Z","requestId":"q1","region":"us-east-1","modelId":"us.amazon.nova-2-lite-v1:0","requestMetadata":{"team":"ops"},
        "response":{"output":{"message":{}},"stopReason":"end_turn","usage":{"cacheDetails":[{"inputTokens":7270,"ttl":"5m"}],"cacheReadInputTokens":0,"cacheWriteInputTokenCount":7270,
        "cacheWriteInputTokens":7270,"inputTokens":13,"outputTokens":4,"totalTokens":7287}}}"#,
    );
    assert_eq!(
        record.components,
        counts(&[("input.uncached", 13), ("input.cache_write.5m", 7270), ("output", 4)])
    );
    assert_eq!(
        (record.sku.model.as_str(), record.sku.endpoint.as_str(), record.sku.region.as_str()),
        ("amazon.nova-2-lite-v1:0", "us", "us-east-1")
    );
    assert_eq!(record.labels.get("team"), Some("ops"));
    assert_eq!(notes, Notes::default());
}

#[test]
fn claude_code_lines() {
    let answer = r#"{"type":"assistant","sessionId":"s","uuid":"u","timestamp":"2026-11-20T12:00:00.000Z","requestId":"req_1","cwd":"/srv/app","message":{"id":"msg_1","model":"claude-opus-5-5","role":"assistant","content":[{"type":"text","text":"usage"}],"usage":{"input_tokens":3,"cache_read_input_tokens":900,"output_tokens":9}}}"#;
    let (record, _) = one(answer);
    assert_eq!(
        record.components,
        counts(&[("input.uncached", 3), ("input.cache_read", 900), ("output", 9)])
    );
    assert_eq!(
        (record.request_id, record.labels.get("project")),
        (Some(RequestId::new("anthropic", "msg_1", 0)), Some("app"))
    );
    assert_eq!(skipped(r#"{"type":"summary","summary":"x","leafUuid":"u"}"#).0, code::NOT_USAGE);
    assert_eq!(skipped(&answer.replace("claude-opus-5-5", "<synthetic>")).0, code::NOT_USAGE);
    // iFlow writes the same shape with zeros: that is "no usage", not zero cost.
    let zeros = answer
        .replace("\"input_tokens\":3", "\"input_tokens\":0")
        .replace("900", "0")
        .replace("\"output_tokens\":9", "\"output_tokens\":0");
    assert_eq!(skipped(&zeros).0, code::NO_USAGE);
}

#[test]
fn canonical_records() {
    let (record, _) = one(
        r#"{"start":"2026-11-20","end":"2026-11-21","provider":"anthropic","model":"claude-opus-5-5","service_tier":"batch","requests":12,"context_tokens":300,"labels":{"team":"a"},
        "components":{"input.uncached":1200,"output":800},"reported_cost":{"amount":"1.25","currency":"USD","kind":"billed"}}"#,
    );
    assert!(matches!(record.time, UsageTime::Bucket(_)));
    assert_eq!(
        (record.requests, record.context(), record.sku.service_tier.as_str()),
        (12, Some(300), "batch")
    );
    assert_eq!(record.reported_cost.unwrap().amount.to_string(), "1.25");
    let bad = |text: &str| skipped(text);
    assert_eq!(bad(r#"{"provider":"openai","model":"m","components":{}}"#).0, code::MISSING_TIME);
    assert!(
        bad(r#"{"time":"2026-11-20","provider":"openai","model":"m","components":{"input":1}}"#)
            .1
            .contains("`input`")
    );
    assert!(
        bad(r#"{"time":"2026-11-20","provider":"openai","model":"m","components":{"output":-1}}"#)
            .1
            .contains("`-1`")
    );
    assert!(
        bad(r#"{"time":"2026-11-20","provider":"openai","model":"m","modle":"x","components":{}}"#)
            .1
            .contains("`modle`")
    );
    assert!(
        bad(r#"{"time":"yesterday","provider":"openai","model":"m","components":{}}"#)
            .1
            .contains("yesterday")
    );
}

#[test]
fn batch_outputs_are_batch_tier() {
    let openai = r#"{"id":"batch_req_1","custom_id":"a","response":{"status_code":200,"request_id":"r","body":{"id":"chatcmpl-1","object":"chat.completion","created":1785542400,"model":"gpt-5.6-sol","usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}},"error":null}"#;
    assert_eq!(one(openai).0.sku.service_tier, "batch");
    let anthropic = r#"{"custom_id":"a","timestamp":"2026-11-20T12:00:00Z","result":{"type":"succeeded","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5","usage":{"input_tokens":1,"output_tokens":5,"service_tier":"batch"}}}}"#;
    assert_eq!(one(anthropic).0.sku.service_tier, "batch");
}

#[test]
fn what_is_not_usage_is_named() {
    assert_eq!(
        skipped(
            r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","usage":null}"#
        )
        .0,
        code::NO_USAGE
    );
    assert_eq!(skipped(r#"{"error":{"type":"overloaded_error"}}"#).0, code::FAILED_REQUEST);
    assert_eq!(skipped(r#"{"hello":"world"}"#).0, code::UNKNOWN_RECORD);
    assert_eq!(skipped(r#"{"id":"c","model":"gpt-5","usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}"#).0, code::MISSING_TIME);
    assert_eq!(skipped(r#"{"id":"c","created":1785542400,"model":"gpt-5","usage":{"prompt_tokens":-5,"completion_tokens":1}}"#).0, code::INVALID_FIELD);
}

#[test]
fn an_array_of_bodies_gives_one_record_each() {
    let body = r#"{"id":"c","created":1785542400,"model":"gpt-5","usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}"#;
    assert_eq!(records_of(&format!("[{body},{body}]"), &ReadOptions::default()).len(), 2);
    assert_eq!(
        records_of(&format!("{{\"data\":[{body},{body}]}}"), &ReadOptions::default()).len(),
        2
    );
}

fn mapped(pairs: &str, includes: InputIncludesCache, row: &str) -> (UsageRecord, Notes) {
    let mapping = Mapping::parse(&[pairs.to_owned()], includes).unwrap();
    let options = ReadOptions {
        mapping: Some(mapping),
        labels: LabelPolicy::Default,
        ..ReadOptions::default()
    };
    records_of(row, &options).remove(0)
}

#[test]
fn mappings_resolve_what_input_includes() {
    let pairs =
        "time=t,model=m,input=i,output=o,cache_read=r,total=n,label.team=who,provider=@openai";
    let row = |i: u64, o: u64, r: u64, n: &str| {
        format!(
            r#"{{"t":"2026-11-20T12:00:00Z","m":"x","i":{i},"o":{o},"r":{r},"n":{n},"who":"a"}}"#
        )
    };
    let auto = InputIncludesCache::Auto;
    // total 150 = 100 + 50: inclusive, 40 fresh.
    let (record, notes) = mapped(pairs, auto, &row(100, 50, 60, "150"));
    assert_eq!(
        record.components,
        counts(&[("input.uncached", 40), ("input.cache_read", 60), ("output", 50)])
    );
    assert_eq!(
        (notes, record.labels.get("team"), record.sku.provider.as_str()),
        (Notes::default(), Some("a"), "openai")
    );
    // total 210 = 100 + 50 + 60: exclusive.
    let (record, _) = mapped(pairs, auto, &row(100, 50, 60, "210"));
    assert_eq!(
        record.components,
        counts(&[("input.uncached", 100), ("input.cache_read", 60), ("output", 50)])
    );
    // No total and input below cache: only exclusive is possible.
    let (record, _) = mapped(pairs, auto, &row(10, 50, 60, "null"));
    assert_eq!(record.components.get(Component::InputUncached), 10);
    // Nothing tells: inclusive, and said so.
    assert!(mapped(pairs, auto, &row(100, 50, 60, "null")).1.has(Note::InclusiveAssumed));
    let (record, _) = mapped(pairs, InputIncludesCache::No, &row(100, 50, 60, "null"));
    assert_eq!(record.components.get(Component::InputUncached), 100);
}

#[test]
fn mappings_that_cannot_work_are_refused() {
    let error = |pairs: &str| {
        Mapping::parse(&[pairs.to_owned()], InputIncludesCache::Auto).unwrap_err().to_string()
    };
    assert!(error("time=t,modle=m,input=i").contains("did you mean `model`"));
    assert!(error("time=t,input=i").contains("`model` is not mapped"));
    assert!(error("model=m,input=i").contains("`time` is not mapped"));
    assert!(error("time=t,model=m").contains("no token field"));
    assert!(error("time=t,time=u,model=m,input=i").contains("mapped twice"));
    assert!(error("time").contains("not `field=column`"));
}
