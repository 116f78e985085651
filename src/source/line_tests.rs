//! What is remembered of lines changes nothing that is read.

use std::path::Path;

use serde_json::{Value, json};
use walkdir::WalkDir;

use super::line::JsonReader;
use super::{LabelPolicy, ReadOptions};

/// What a reader makes of a line.
fn read(reader: &mut JsonReader<'_>, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let result = reader.read(1, text.as_bytes(), &mut |_, format, outcome| {
        found.push(format!("{format:?} {outcome:?}"));
    });
    result.unwrap();
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

/// The places of all scalars, as paths.
fn scalars(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
            fields.iter().for_each(|(k, v)| scalars(v, &format!("{path}/{}", escaped(k)), found));
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(at, item)| scalars(item, &format!("{path}/{at}"), found));
        }
        _ => found.push(path.to_owned()),
    }
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
        let mut places = Vec::new();
        scalars(&sample, "", &mut places);
        for (number, place) in places.iter().take(60).enumerate() {
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
