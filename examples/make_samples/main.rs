//! Writes the logs under `samples/`: ninety days, 2026-08-22 to 2026-11-19, of a made-up company that
//! calls Claude, GPT, Gemini and Nova, each in the format its provider really uses. And the daily
//! costs of another company, as a console exports them, usage for the contracts, and requests with what was billed for
//! them.
//!
//! `cargo run --example make_samples [FOLDER]`. Every number comes from a seeded generator and from
//! whole-number arithmetic, so each run writes the same bytes on every machine.

mod claude_code;
mod costs;
mod providers;
mod random;
mod requests;
mod traffic;
mod usage;

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use crate::claude_code::session;
use crate::providers::{anthropic_log, bedrock_log, gemini_log, openai_log};
use crate::random::Random;
use crate::traffic::Lines;

/// Writes lines in the order of time.
fn write(path: &Path, mut lines: Lines) -> Result<(), Box<dyn Error>> {
    lines.sort_by_key(|line| line.0);
    let text: String = lines.iter().map(|line| format!("{}\n", line.1)).collect();
    Ok(fs::write(path, text)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args().nth(1).unwrap_or_else(|| "samples".to_owned());
    let logs = Path::new(&folder).join("logs");
    let sessions = logs.join("claude-code");
    fs::create_dir_all(&sessions)?;
    // Every log has its own seed, so a change to one leaves the others as they are.
    write(&logs.join("anthropic.jsonl"), anthropic_log(&mut Random(1)))?;
    write(&logs.join("openai.jsonl"), openai_log(&mut Random(2)))?;
    write(&logs.join("gemini.jsonl"), gemini_log(&mut Random(3)))?;
    write(&logs.join("bedrock.jsonl"), bedrock_log(&mut Random(4)))?;
    let mut random = Random(5);
    for (number, day) in [62, 67, 73, 80, 86, 89].into_iter().enumerate() {
        let (id, lines) = session(&mut random, number, day);
        write(&sessions.join(id).with_extension("jsonl"), lines)?;
    }
    let series = Path::new(&folder).join("series");
    fs::create_dir_all(&series)?;
    fs::write(series.join("costs.csv"), costs::costs(&mut Random(6)))?;
    let buckets = Path::new(&folder).join("usage");
    fs::create_dir_all(&buckets)?;
    fs::write(buckets.join("enterprise.jsonl"), usage::enterprise(&mut Random(7)))?;
    fs::write(buckets.join("seats.jsonl"), usage::seats(&mut Random(8)))?;
    fs::write(buckets.join("throughput.jsonl"), usage::throughput(&mut Random(9)))?;
    fs::write(buckets.join("laboratory.jsonl"), usage::laboratory(&mut Random(10)))?;
    fs::write(buckets.join("laboratory-days.jsonl"), usage::laboratory_days(&mut Random(11)))?;
    fs::write(buckets.join("agents.jsonl"), usage::agents(&mut Random(12)))?;
    fs::write(buckets.join("open-model.jsonl"), usage::open_model(&mut Random(13)))?;
    let pairs = Path::new(&folder).join("requests");
    fs::create_dir_all(&pairs)?;
    Ok(fs::write(pairs.join("assistant.jsonl"), requests::requests(&mut Random(14)))?)
}
