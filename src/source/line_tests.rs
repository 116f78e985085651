//! What is remembered of lines changes nothing that is read.

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};
use walkdir::WalkDir;

use super::format::Format;
use super::line::JsonReader;
use super::outcome::{Notes, Outcome, one};
use super::{LabelPolicy, ReadOptions};

/// What a reader makes of a line.
fn read(reader: &mut JsonReader<'_>, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut show = |format: Option<Format>, outcome: Outcome| {
        found.push(format!("{format:?} {outcome:?}"));
    };
    let known = reader.read(1, text.as_bytes(), &mut |_, format, outcome| show(format, outcome));
    if let Some((format, record)) = known.unwrap() {
        show(Some(format), Ok(one(record, Notes::default())));
    }
    found
}

/// The objects of every sample of a format, each in one line.
fn samples() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats");
    let mut found = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let Ok(text) = std::fs::read_to_string(entry.unwrap().path()) else { continue };
        let documents = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
        found.extend(documents.map_while(Result::ok).filter(Value::is_object));
    }
    found
}

/// The places of all values inside one, as paths.
fn places(value: &Value, path: &str, found: &mut Vec<String>) {
    let mut inside = |key: &str, value: &Value| {
        let path = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
        found.push(path.clone());
        places(value, &path, found);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| inside(key, value)),
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(at, item)| inside(&at.to_string(), item));
        }
        _ => {}
    }
}

/// The places of all scalars.
fn scalars(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    places(value, "", &mut found);
    found.retain(|place| !matches!(value.pointer(place), Some(Value::Object(_) | Value::Array(_))));
    found
}

#[test]
fn lines_read_as_if_each_were_the_first() {
    let others = [
        json!("batch"),
        json!("msg_bdrk_1"),
        json!("msg_vrtx_1"),
        json!("gen-1"),
        json!("us.anthropic.claude-haiku-4-5"),
        json!("openai/gpt-5"),
        json!("message_delta"),
        json!("2026-01-02T03:04:05Z"),
        json!(1_790_000_000),
        json!(7),
        json!(0.25),
        json!(true),
        Value::Null,
    ];
    let samples = samples();
    assert!(samples.len() > 200, "{} samples", samples.len());
    let options = ReadOptions { labels: LabelPolicy::All, ..ReadOptions::default() };
    let mut changed = 0;
    for sample in samples {
        let whole = sample.to_string();
        if whole.len() > 20_000 {
            continue;
        }
        let mut remembers = JsonReader::by_line(&options);
        let first = read(&mut remembers, &whole);
        for _ in 0..3 {
            assert_eq!(read(&mut remembers, &whole), first, "{whole}");
        }
        for (number, place) in scalars(&sample).iter().take(60).enumerate() {
            // Every other value at some place, and several at each.
            for other in others.iter().skip(number % 3).step_by(3) {
                let mut line = sample.clone();
                *line.pointer_mut(place).unwrap() = other.clone();
                let line = line.to_string();
                let alone = read(&mut JsonReader::by_line(&options), &line);
                for _ in 0..2 {
                    assert_eq!(read(&mut remembers, &line), alone, "{place} in {line}");
                }
                changed += usize::from(alone != first);
            }
            if number % 8 == 0 {
                remembers.next_batch();
                assert_eq!(read(&mut remembers, &whole), first, "{whole}");
            }
        }
    }
    assert!(changed > 1_000, "{changed} changes that matter");
}

/// Models of the kinds of bodies; of some, no body is a usual one.
const MODELS: [[&str; 4]; 4] = [
    ["gpt-5", "claude-opus-5", "gemini-3-pro", "gpt-4o-search-preview"],
    ["gpt-5", "claude-opus-5", "gpt-5-mini", "o5"],
    ["claude-opus-5", "claude-haiku-4-5", "claude-opus-5[1m]", "c"],
    ["gemini-3-pro", "gemini-2.5-pro", "g", "models/x"],
];

/// A body of one of the formats that have usual ones, with counts that add up.
fn usual(kind: usize, model: usize, counts: [u64; 6]) -> Value {
    let [cached, written, fresh, reasoning, answer, calls] = counts;
    let (input, output) = (cached + written + fresh, reasoning + answer);
    let id = format!("id-{cached}-{answer}");
    match kind {
        0 => json!({
            "id": id, "object": "chat.completion", "created": 1_790_000_000 + calls,
            "model": MODELS[kind][model],
            "usage": {
                "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
                "prompt_tokens_details": {
                    "cached_tokens": cached, "cache_write_tokens": written, "audio_tokens": 0
                },
                "completion_tokens_details": {
                    "reasoning_tokens": reasoning, "accepted_prediction_tokens": calls
                }
            }
        }),
        1 => json!({
            "id": id, "object": "response", "created_at": 1_790_000_000 + calls,
            "model": MODELS[kind][model],
            "output": [{"type": "message", "text": "a call"}],
            "usage": {
                "input_tokens": input, "output_tokens": output, "total_tokens": input + output,
                "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
                "output_tokens_details": {"reasoning_tokens": reasoning}
            }
        }),
        2 => json!({
            "time": "2026-10-01T10:00:00Z",
            "response": {
                "id": id, "type": "message",
                "model": MODELS[kind][model],
                "usage": {
                    "input_tokens": fresh, "output_tokens": output,
                    "cache_read_input_tokens": cached, "cache_creation_input_tokens": written,
                    "cache_creation": {
                        "ephemeral_5m_input_tokens": written - written / 2,
                        "ephemeral_1h_input_tokens": written / 2
                    },
                    "output_tokens_details": {"thinking_tokens": reasoning},
                    "server_tool_use": {"web_search_requests": calls}, "service_tier": "standard"
                }
            }
        }),
        _ => json!({
            "timestamp": "2026-10-01T10:00:00.5Z",
            "response": {
                "responseId": id,
                "modelVersion": MODELS[kind][model],
                "candidates": [{"content": {"parts": [{"text": "no grounding"}]}}],
                "usageMetadata": {
                    "promptTokenCount": cached + fresh, "cachedContentTokenCount": cached,
                    "toolUsePromptTokenCount": written, "candidatesTokenCount": answer,
                    "thoughtsTokenCount": reasoning,
                    "totalTokenCount": cached + fresh + written + answer + reasoning,
                    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": cached + fresh}]
                }
            }
        }),
    }
}

/// Something else in the place of a value, by number.
fn odd(number: usize) -> Option<Value> {
    let odd = [
        json!(0),
        json!(3),
        json!(u64::MAX),
        json!(-1),
        json!(2.0),
        json!(0.5),
        json!("12"),
        json!(""),
        json!("msg_bdrk_01"),
        json!("a \"quoted\" id"),
        json!("[{\"modality\":\"AUDIO\"}]"),
        json!([{"modality": "AUDIO", "tokenCount": 3}]),
        json!([{"type": "web_search_call"}, {"groundingMetadata": {"webSearchQueries": ["q"]}}]),
        json!({"cached_tokens": 2}),
        Value::Null,
    ];
    odd.get(number).cloned()
}

/// Fields that other bodies have.
const MORE: [&str; 6] = [
    "surprise_tokens",
    "cache_read_input_tokens",
    "prompt_cache_hit_tokens",
    "reasoning_tokens",
    "iterations",
    "usage",
];

/// A line with something else in one place, or without it, with a field more, or a key twice.
fn changed(line: &Value, place: &str) -> Vec<String> {
    let mut found: Vec<Value> = (0..)
        .map_while(odd)
        .map(|odd| {
            let mut line = line.clone();
            *line.pointer_mut(place).unwrap() = odd;
            line
        })
        .collect();
    let (parent, key) = place.rsplit_once('/').unwrap();
    if line.pointer(parent).is_some_and(Value::is_object) {
        let mut line = line.clone();
        line.pointer_mut(parent).unwrap().as_object_mut().unwrap().shift_remove(key);
        found.push(line);
    }
    if line.pointer(place).is_some_and(Value::is_object) {
        found.extend(MORE.map(|key| {
            let mut line = line.clone();
            let fields = line.pointer_mut(place).unwrap().as_object_mut().unwrap();
            fields.insert(key.to_owned(), json!(3));
            line
        }));
    }
    let mut found: Vec<String> = found.iter().map(Value::to_string).collect();
    if let Some(Value::Object(fields)) = line.pointer(place) {
        // An object twice, each time with some of its fields: the last one counts.
        for (name, value) in fields {
            let whole = format!("\"{key}\":{}", Value::Object(fields.clone()));
            let part = format!("\"{key}\":{}", json!({ name: value }));
            found.push(line.to_string().replace(&whole, &format!("{whole},{part}")));
        }
    }
    found
        .push(line.to_string().replace(&format!("\"{key}\":"), &format!("\"{key}\":1,\"{key}\":")));
    found
}

#[test]
fn what_is_unusual_in_a_body_is_seen() {
    let options = ReadOptions::default();
    let mut unlike = 0;
    for kind in 0..4 {
        let line = usual(kind, 0, [400, 30, 2_000, 60, 500, 2]);
        let whole = line.to_string();
        let mut found = Vec::new();
        places(&line, "", &mut found);
        for place in found {
            let mut remembers = JsonReader::by_line(&options);
            let first = read(&mut remembers, &whole);
            assert_eq!(read(&mut remembers, &whole), first, "{whole}");
            assert!(remembers.knows(&whole), "{whole}");
            for line in changed(&line, &place) {
                let alone = read(&mut JsonReader::by_line(&options), &line);
                for _ in 0..3 {
                    assert_eq!(read(&mut remembers, &line), alone, "{line}");
                }
                unlike += usize::from(alone != first);
            }
            assert_eq!(read(&mut remembers, &whole), first, "{whole}");
        }
    }
    assert!(unlike > 600, "{unlike} changes that matter");
}

proptest! {
    #[test]
    fn usual_bodies_read_as_any_other(
        kind in 0_usize..4,
        model in 0_usize..4,
        counts in proptest::collection::vec(
            proptest::array::uniform6(prop_oneof![Just(0_u64), 0_u64..50, 0_u64..9_000_000]),
            1..6,
        ),
    ) {
        let options = ReadOptions::default();
        let mut remembers = JsonReader::by_line(&options);
        let unusual = kind == 0 && (model == 1 || model == 3) || kind == 1 && model == 1;
        for (number, counts) in counts.into_iter().cycle().take(6).enumerate() {
            let line = usual(kind, model, counts).to_string();
            let alone = read(&mut JsonReader::by_line(&options), &line);
            prop_assert_eq!(read(&mut remembers, &line), alone, "{}", line);
            if number > 0 {
                prop_assert_eq!(remembers.knows(&line), !unusual, "{}", line);
            }
        }
    }
}
