//! `tokencast rollup` and its files as inputs.

use super::common::{TestEnv, root};

fn samples() -> String {
    root().join("samples/logs").to_str().unwrap().to_owned()
}

#[test]
fn parts_merge_to_the_whole() {
    let env = TestEnv::new();
    let part = |name: &str| format!("{}/{name}", samples());
    for (out, inputs) in [
        ("whole.parquet", vec![samples()]),
        ("a.parquet", vec![part("anthropic.jsonl"), part("claude-code")]),
        ("b.parquet", vec![part("openai.jsonl"), part("gemini.jsonl"), part("bedrock.jsonl")]),
    ] {
        let mut arguments: Vec<&str> = vec!["rollup", "--out", out];
        arguments.extend(inputs.iter().map(String::as_str));
        let run = env.run(&arguments);
        assert_eq!(run.status, 0, "{}", run.stderr);
    }
    assert_eq!(env.run(&["rollup", "b.parquet", "a.parquet", "--out", "merged.parquet"]).status, 0);
    let read = |name: &str| std::fs::read(env.path(name)).unwrap();
    assert_eq!(read("merged.parquet"), read("whole.parquet"), "the same bytes");
    let cost = |input: &str| {
        env.run(&["cost", input, "--output", "json", "--group-by", "day,model,team"]).json()
    };
    let (from_logs, from_rollup) = (cost(&samples()), cost("whole.parquet"));
    assert_eq!(from_logs["totals"], from_rollup["totals"]);
    assert_eq!(from_logs["groups"], from_rollup["groups"]);
}

#[test]
fn rollups_cut_differently_do_not_merge() {
    let env = TestEnv::new();
    let input = samples();
    assert_eq!(env.run(&["rollup", &input, "--out", "hour.parquet"]).status, 0);
    assert_eq!(
        env.run(&["rollup", &input, "--grain", "15m", "--out", "quarter.parquet"]).status,
        0
    );
    let run = env.run(&["cost", "hour.parquet", "quarter.parquet"]);
    assert_eq!(run.status, 2);
    assert!(
        run.stderr.contains("different grains") && run.stderr.contains("hint:"),
        "{}",
        run.stderr
    );
    let zone = env.run(&["cost", "hour.parquet", "--timezone", "Asia/Kolkata"]);
    assert_eq!(zone.status, 2);
    assert!(zone.stderr.contains("--grain 15m"), "{}", zone.stderr);
}

#[test]
fn nothing_is_written_where_there_is_nothing_to_write() {
    let env = TestEnv::new();
    env.file("empty.jsonl", "");
    let run = env.run(&["rollup", "empty.jsonl", "--out", "x.parquet"]);
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert!(!env.path("x.parquet").exists());
    let input = samples();
    let unwritable = env.run(&["rollup", &input, "--out", "no/such/folder/x.parquet"]);
    assert_eq!(unwritable.status, 2);
    assert!(unwritable.stderr.contains("no/such/folder"), "{}", unwritable.stderr);
}

#[test]
fn usage_that_is_there_twice_is_noticed() {
    let env = TestEnv::new();
    let input = samples();
    assert_eq!(env.run(&["rollup", &input, "--out", "whole.parquet"]).status, 0);
    let both = env.run(&["cost", "whole.parquet", &input]);
    assert!(both.stderr.contains("overlapping-inputs"), "{}", both.stderr);
    std::fs::copy(env.path("whole.parquet"), env.path("copy.parquet")).unwrap();
    let copies = env.run(&["cost", "whole.parquet", "copy.parquet"]);
    assert!(copies.stderr.contains("overlapping-inputs"), "{}", copies.stderr);
}

#[test]
fn flags_that_a_rollup_has_settled_are_refused() {
    let env = TestEnv::new();
    let input = samples();
    assert_eq!(env.run(&["rollup", &input, "--out", "whole.parquet"]).status, 0);
    for flags in [["--provider", "openai"], ["--labels", "none"]] {
        let run = env.run(&[&["cost", "whole.parquet"][..], &flags].concat());
        assert!(run.status == 2 && run.stderr.contains(flags[0]), "{}", run.stderr);
    }
    let finer = env.run(&["rollup", "whole.parquet", "--grain", "1m", "--out", "fine.parquet"]);
    assert!(finer.status == 2 && finer.stderr.contains("--grain"), "{}", finer.stderr);
}

#[test]
fn a_damaged_rollup_is_called_damaged() {
    let env = TestEnv::new();
    let input = samples();
    assert_eq!(env.run(&["rollup", &input, "--out", "whole.parquet"]).status, 0);
    let bytes = std::fs::read(env.path("whole.parquet")).unwrap();
    env.file("cut.parquet", &bytes[..bytes.len() / 2]);
    let run = env.run(&["cost", "cut.parquet"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("failed to read rollup `cut.parquet`"), "{}", run.stderr);
}

#[test]
fn what_was_left_out_stays_known() {
    let env = TestEnv::new();
    env.file(
        "u.jsonl",
        format!(
            "{}\nnot json\n",
            super::common::record("2026-11-18T12:00:00Z", "openai", "gpt-6.1-sol", 1, 1)
        ),
    );
    assert_eq!(env.run(&["rollup", "u.jsonl", "--out", "u.parquet"]).status, 0);
    let report = env.run(&["cost", "u.parquet", "--output", "json"]).json();
    assert_eq!(
        (&report["inputs"]["records"], &report["inputs"]["skipped"]),
        (&1.into(), &1.into())
    );
}
