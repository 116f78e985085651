//! Writes a large log for the ingest benchmark: bodies of four APIs, mixed, ninety days, twelve
//! models, five teams, about 700 bytes a line, one line in a hundred an exact copy of an earlier one.
//!
//! `cargo run --release --example make_bench_log LINES OUT.jsonl`. The same number of lines gives the
//! same bytes on every run.

use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::{env, fmt};

use chrono::{DateTime, SecondsFormat, TimeDelta};

/// 2026-08-22T00:00:00Z in milliseconds since 1970.
const START_MS: u64 = 1_787_356_800_000;
const SPAN_MS: u64 = 90 * 86_400_000;

/// How many earlier lines a copy is chosen from.
const KEPT_LINES: u64 = 64;

const TEAMS: [&str; 5] = ["support", "search", "media", "operations", "research"];
const CHAT_MODELS: [&str; 3] = ["gpt-5-mini-2025-08-07", "gpt-4.1-2025-04-14", "gpt-4o-2024-08-06"];
const RESPONSES_MODELS: [&str; 3] = ["gpt-5.6-terra", "gpt-5.6-luna", "gpt-5.6-sol"];
const CLAUDE_MODELS: [&str; 3] = ["claude-opus-5", "claude-sonnet-5", "claude-haiku-4-5-20251001"];
const GEMINI_MODELS: [&str; 3] = ["gemini-3.6-flash", "gemini-3.1-pro-preview", "gemini-2.5-pro"];

/// What the answers are cut from: it makes the lines as long as real short answers do.
const PROSE: &str = "The report lists the open items of the week in order of age. Most of them wait for a \
    second reading, and two were closed by the last release. The table below gives the number of each \
    kind, the day it came in and the day it is due. Nothing here needs a decision before the next \
    meeting; the items marked late are handled first, then the rest in the order of the list. A short \
    note at the end explains how the numbers were counted and which sources were left out this time.";

/// SplitMix64. It never repeats a number within its period, so its numbers also serve as unique ids.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.index(choices.len())]
    }

    fn index(&mut self, length: usize) -> usize {
        usize::from(u16::try_from(self.below(1 << 16)).unwrap_or(0)) % length
    }

    /// The beginning of the prose, 60 to 459 bytes of it.
    fn prose(&mut self) -> &'static str {
        PROSE.get(..60 + self.index(400)).unwrap_or(PROSE)
    }
}

/// A Chat Completions body: cached tokens inside the prompt, reasoning inside the completion.
fn chat(line: &mut String, random: &mut Random, at_ms: u64) -> fmt::Result {
    let (prompt, completion) = (200 + random.below(20_000), 1 + random.below(2_000));
    let (cached, reasoning) = (random.below(prompt) / 128 * 128, random.below(completion));
    let (id, created, total) = (random.next(), at_ms / 1000, prompt + completion);
    let (model, team, text) = (random.pick(&CHAT_MODELS), random.pick(&TEAMS), random.prose());
    write!(
        line,
        r#"{{"id":"chatcmpl-{id:016x}","object":"chat.completion","created":{created},"model":"{model}","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":{prompt},"completion_tokens":{completion},"total_tokens":{total},"prompt_tokens_details":{{"cached_tokens":{cached},"audio_tokens":0}},"completion_tokens_details":{{"reasoning_tokens":{reasoning},"audio_tokens":0}}}},"service_tier":"default","metadata":{{"team":"{team}"}}}}"#
    )
}

/// A Responses body: the same inclusive counts, and cache writes inside the input.
fn responses(line: &mut String, random: &mut Random, at_ms: u64) -> fmt::Result {
    let (input, output) = (200 + random.below(60_000), 1 + random.below(6_000));
    let cached = random.below(input) / 128 * 128;
    let written = random.below(input - cached);
    let (id, created, total) = (random.next(), at_ms / 1000, input + output);
    let (model, team, text) = (random.pick(&RESPONSES_MODELS), random.pick(&TEAMS), random.prose());
    let (reasoning, tier) =
        (random.below(output), random.pick(&["default", "default", "flex", "priority"]));
    write!(
        line,
        r#"{{"id":"resp_{id:016x}","object":"response","created_at":{created},"status":"completed","model":"{model}","output":[{{"type":"message","role":"assistant","content":[{{"type":"output_text","text":"{text}"}}]}}],"usage":{{"input_tokens":{input},"input_tokens_details":{{"cached_tokens":{cached},"cache_write_tokens":{written}}},"output_tokens":{output},"output_tokens_details":{{"reasoning_tokens":{reasoning}}},"total_tokens":{total}}},"service_tier":"{tier}","metadata":{{"team":"{team}"}}}}"#
    )
}

/// A gateway's line around a Messages body, whose counts do not overlap.
fn messages(line: &mut String, random: &mut Random, at_ms: u64) -> fmt::Result {
    let (input, output, read) =
        (1 + random.below(8_000), 1 + random.below(4_000), random.below(90_000));
    let (write_5m, write_1h) = (random.below(6_000), random.below(3_000));
    let (id, request, written) = (random.next(), random.next(), write_5m + write_1h);
    let (model, team, text) = (random.pick(&CLAUDE_MODELS), random.pick(&TEAMS), random.prose());
    let (time, tier) = (iso(at_ms), random.pick(&["standard", "standard", "standard", "batch"]));
    write!(
        line,
        r#"{{"timestamp":"{time}","request_id":"req_{request:016x}","metadata":{{"team":"{team}"}},"response":{{"id":"msg_{id:016x}","type":"message","role":"assistant","model":"{model}","content":[{{"type":"text","text":"{text}"}}],"stop_reason":"end_turn","usage":{{"input_tokens":{input},"cache_creation_input_tokens":{written},"cache_read_input_tokens":{read},"cache_creation":{{"ephemeral_5m_input_tokens":{write_5m},"ephemeral_1h_input_tokens":{write_1h}}},"output_tokens":{output},"service_tier":"{tier}","inference_geo":"global"}}}}}}"#
    )
}

/// A gateway's line around a Gemini body: cached tokens inside the prompt, thoughts beside the answer.
fn gemini(line: &mut String, random: &mut Random, at_ms: u64) -> fmt::Result {
    let (prompt, candidates) = (200 + random.below(50_000), 1 + random.below(3_000));
    let (cached, thoughts) = (1 + random.below(prompt), 1 + random.below(2_000));
    let (id, time, total) = (random.next(), iso(at_ms), prompt + candidates + thoughts);
    let (model, team, text) = (random.pick(&GEMINI_MODELS), random.pick(&TEAMS), random.prose());
    write!(
        line,
        r#"{{"timestamp":"{time}","metadata":{{"team":"{team}"}},"response":{{"candidates":[{{"content":{{"role":"model","parts":[{{"text":"{text}"}}]}},"finishReason":"STOP","index":0}}],"usageMetadata":{{"promptTokenCount":{prompt},"candidatesTokenCount":{candidates},"totalTokenCount":{total},"cachedContentTokenCount":{cached},"promptTokensDetails":[{{"modality":"TEXT","tokenCount":{prompt}}}],"thoughtsTokenCount":{thoughts}}},"modelVersion":"{model}","responseId":"{id:016x}"}}}}"#
    )
}

fn iso(at_ms: u64) -> String {
    let time = DateTime::UNIX_EPOCH + TimeDelta::milliseconds(at_ms.cast_signed());
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn write_log(count: u64, out: &mut impl std::io::Write) -> Result<(), Box<dyn Error>> {
    let mut random = Random(7);
    let mut kept: Vec<String> = Vec::new();
    let mut line = String::new();
    for number in 0..count {
        if !kept.is_empty() && random.below(100) == 0 {
            let copy = random.index(kept.len());
            out.write_all(kept[copy].as_bytes())?;
            continue;
        }
        line.clear();
        let at_ms = START_MS + number * SPAN_MS / count;
        match random.below(4) {
            0 => chat(&mut line, &mut random, at_ms)?,
            1 => responses(&mut line, &mut random, at_ms)?,
            2 => messages(&mut line, &mut random, at_ms)?,
            _ => gemini(&mut line, &mut random, at_ms)?,
        }
        line.push('\n');
        out.write_all(line.as_bytes())?;
        if number < KEPT_LINES {
            kept.push(line.clone());
        } else {
            let replaced = random.index(kept.len());
            kept[replaced].clone_from(&line);
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [count, path] = arguments.as_slice() else {
        return Err("usage: make_bench_log LINES OUT.jsonl".into());
    };
    let count =
        count.parse().map_err(|error| format!("invalid number of lines '{count}': {error}"))?;
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    write_log(count, &mut out)?;
    out.flush()?;
    Ok(())
}
