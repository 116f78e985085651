//! The log that Claude Code keeps of a session.

use serde_json::{Value, json};

use crate::providers::{conversation_usage, messages_usage};
use crate::random::Random;
use crate::traffic::{DAY_MS, FIRST_MIDNIGHT, HOUR_MS, Lines, iso};

/// One call as Claude Code logs it: a line per content block, all with the ids of the call, and only
/// the last one with the full count of output tokens.
fn call_lines(random: &mut Random, model: &str, sidechain: bool) -> Vec<Value> {
    let (id, request) = (random.id("msg_01"), random.id("req_01"));
    let whole = conversation_usage(random, 300, 90_000, 1_600);
    let mut partial = whole.clone();
    partial["output_tokens"] = json!(random.between(1, 12));
    let tool = json!({"type": "tool_use", "id": random.id("toolu_"), "name": "Read", "input": {"file_path": "a.rs"}});
    let blocks = [
        (json!({"type": "thinking", "thinking": "", "signature": ""}), &partial, Value::Null),
        (json!({"type": "text", "text": random.text()}), &partial, Value::Null),
        (tool, &whole, json!("tool_use")),
    ];
    let line = |(block, usage, stop): (Value, &Value, Value)| {
        json!({
            "type": "assistant", "isSidechain": sidechain, "requestId": request,
            "message": {
                "id": id, "type": "message", "role": "assistant", "model": model, "content": [block],
                "stop_reason": stop, "usage": usage,
            },
        })
    };
    blocks.into_iter().map(line).collect()
}

/// A Claude Code session and its id. The third repeats an answer in a sidechain under a new request
/// id, the fifth has the line that Claude Code writes itself after an error of the API.
pub(crate) fn session(random: &mut Random, number: usize, day: u64) -> (String, Lines) {
    let mut steps = Vec::new();
    for step in 0..6 {
        let sidechain = step == 2;
        let prompt = json!({"role": "user", "content": "Go on."});
        steps.push(json!({"type": "user", "isSidechain": sidechain, "message": prompt}));
        let model = if sidechain { "claude-haiku-5-5" } else { "claude-opus-5-5" };
        let call = call_lines(random, model, sidechain);
        let mut replay = call[2].clone();
        steps.extend(call);
        if (number, step) == (2, 4) {
            replay["isSidechain"] = json!(true);
            replay["requestId"] = json!(random.id("req_01"));
            steps.push(replay);
        }
    }
    if number == 4 {
        let text = json!([{"type": "text", "text": "API Error: Overloaded"}]);
        let usage = messages_usage(0, 0, [0, 0], 0);
        let message = json!({
            "id": random.uuid(), "type": "message", "role": "assistant", "model": "<synthetic>", "content": text,
            "stop_reason": "stop_sequence", "usage": usage,
        });
        steps.push(json!({
            "type": "assistant", "isSidechain": false, "isApiErrorMessage": true, "message": message,
        }));
    }
    let id = random.uuid();
    let mut at = FIRST_MIDNIGHT + (day * DAY_MS + random.between(8, 15) * HOUR_MS).cast_signed();
    let summary = json!({"type": "summary", "summary": "Fix a test", "leafUuid": random.uuid()});
    let mut lines = vec![(at, summary)];
    let mut parent = Value::Null;
    for mut line in steps {
        at += random.between(900, 60_000).cast_signed();
        let own = json!({
            "parentUuid": parent, "uuid": random.uuid(), "timestamp": iso(at), "sessionId": id,
            "cwd": "/srv/app", "gitBranch": "main", "version": "2.1.40",
        });
        parent = own["uuid"].clone();
        if let (Some(all), Value::Object(own)) = (line.as_object_mut(), own) {
            all.extend(own);
        }
        lines.push((at, line));
    }
    (id, lines)
}
