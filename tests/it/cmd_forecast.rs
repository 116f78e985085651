//! `tokencast forecast` on histories whose truth is known.

use chrono::{Days, NaiveDate};
use serde_json::Value;

use super::common::{TestEnv, record};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// One record at noon and one late in the evening of each day, so that days look complete.
fn log(first: NaiveDate, days: u64, model: (&str, &str), tokens: impl Fn(u64) -> u64) -> String {
    let mut lines = Vec::new();
    for offset in 0..days {
        let date = first.checked_add_days(Days::new(offset)).unwrap();
        for time in ["12:00:00", "23:30:00"] {
            lines.push(record(&format!("{date}T{time}Z"), model.0, model.1, tokens(offset) / 2, 0));
        }
    }
    lines.join("\n")
}

fn amount(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

const SOL: (&str, &str) = ("openai", "gpt-6.1-sol");

#[test]
fn constant_usage_has_no_spread() {
    let env = TestEnv::new();
    // 1,000,000 tokens a day in two prompts of 500,000 would be long: 200,000 a day are short.
    env.file("u.jsonl", log(day("2026-10-01"), 40, SOL, |_| 200_000));
    let report = env.run(&["forecast", "u.jsonl", "--output", "json", "--horizon", "10d"]).json();
    assert_eq!(report["origin"], "2026-11-10");
    // 10 days * 0.2 Mtok * 2 USD.
    for value in report["total"]["quantiles"].as_object().unwrap().values() {
        assert_eq!(value, "4.00");
    }
    assert_eq!(report["total"]["mean"], "4.00");
}

#[test]
fn a_dated_price_change_doubles_the_days_after_it() {
    let env = TestEnv::new();
    env.file(
        "u.jsonl",
        log(day("2026-11-01"), 45, ("gcp.gemini", "gemini-3.6-flash"), |_| 2_000_000),
    );
    let report =
        env.run(&["forecast", "u.jsonl", "--output", "json", "--horizon", "2027-01-05"]).json();
    for found in report["days"].as_array().unwrap() {
        let expected = if found["day"].as_str().unwrap() < "2027-01-01" { "1.50" } else { "3.00" };
        assert_eq!(found["quantiles"]["0.5"], expected, "{}", found["day"]);
    }
    let months = report["months"].as_array().unwrap();
    assert_eq!(months[0]["month"], "2026-12");
    // 15 known days of December and 16 forecast ones, at 1.50 USD each.
    assert_eq!((&months[0]["actual"], &months[0]["mean"]), (&"22.50".into(), &"46.50".into()));
}

#[test]
fn a_price_rise_that_was_called_off_is_seen_only_from_before() {
    let env = TestEnv::new();
    env.file(
        "u.jsonl",
        log(day("2026-07-01"), 30, ("anthropic", "claude-sonnet-5"), |_| 1_000_000),
    );
    let mean = |known_at: &str| {
        let run = env.run(&[
            "forecast",
            "u.jsonl",
            "--output",
            "json",
            "--horizon",
            "2026-09-02",
            "--known-at",
            known_at,
        ]);
        run.json()["days"].as_array().unwrap().last().unwrap()["mean"].clone()
    };
    assert_eq!((mean("2026-07-15"), mean("2026-11-20")), ("3.00".into(), "2.00".into()));
}

#[test]
fn weekdays_only() {
    let env = TestEnv::new();
    let is_weekday = |offset: u64| !matches!((offset + 3) % 7, 5 | 6); // 2026-10-01 is a Thursday
    env.file(
        "u.jsonl",
        log(day("2026-10-01"), 60, SOL, |o| {
            if is_weekday(o) { 440_000 + (o * 7_919) % 40_000 } else { 0 }
        }),
    );
    let report = env
        .run(&[
            "forecast",
            "u.jsonl",
            "--output",
            "json",
            "--horizon",
            "30d",
            "--last-day",
            "complete",
        ])
        .json();
    // Mean of 440,000 + 0..40,000 is about 460,000 tokens, 0.92 USD a weekday; 22 weekdays from
    // Monday 2026-11-30 to 2026-12-29.
    let total = amount(&report["total"]["quantiles"]["0.5"]);
    assert!((total / (22.0 * 0.92) - 1.0).abs() < 0.03, "{total}");
    let sunday =
        report["days"].as_array().unwrap().iter().find(|d| d["day"] == "2026-12-06").unwrap();
    assert!(amount(&sunday["quantiles"]["0.9"]) < 0.1, "{sunday}");
}

#[test]
fn quantiles_are_ordered_and_nested() {
    let env = TestEnv::new();
    let report = env.samples_json(&["forecast", "--levels", "0.5,0.8,0.95"]);
    let spreads = report["days"]
        .as_array()
        .unwrap()
        .iter()
        .chain(report["months"].as_array().unwrap())
        .chain([&report["total"]]);
    for spread in spreads {
        let values: Vec<f64> = ["0.025", "0.1", "0.25", "0.5", "0.75", "0.9", "0.975"]
            .iter()
            .map(|p| amount(&spread["quantiles"][p]))
            .collect();
        assert!(values.is_sorted(), "{values:?}");
    }
}

#[test]
fn the_same_input_and_seed_give_the_same_bytes() {
    let env = TestEnv::new();
    let samples = super::common::root().join("samples/logs");
    let run = |seed: &str, threads: &str| {
        env.run(&[
            "forecast",
            samples.to_str().unwrap(),
            "--output",
            "json",
            "--seed",
            seed,
            "--threads",
            threads,
        ])
        .stdout
    };
    assert_eq!(run("5", "1"), run("5", "4"));
    assert_ne!(run("5", "1"), run("6", "1"));
}

#[test]
fn groups_of_a_forecast_share_their_paths() {
    let env = TestEnv::new();
    let grouped = env.samples_json(&["forecast", "--group-by", "provider"]);
    let whole = env.samples_json(&["forecast"]);
    assert_eq!(grouped["total"], whole["total"], "grouping changes nothing in all");
    let sum: f64 = grouped["groups"].as_array().unwrap().iter().map(|g| amount(&g["mean"])).sum();
    assert!((sum - amount(&whole["total"]["mean"])).abs() < 1e-9);
}

#[test]
fn a_day_that_is_not_over_is_completed() {
    let env = TestEnv::new();
    let mut text = log(day("2026-10-01"), 40, SOL, |_| 200_000);
    // Ten times a usual day by nine in the morning: the forecast of that day cannot be below it.
    text.push('\n');
    text.push_str(
        &record("2026-11-10T08:30:00Z", "openai", "gpt-6.1-sol", 200_000, 0)
            .repeat(10)
            .replace("}{", "}\n{"),
    );
    env.file("u.jsonl", text);
    let run = env.run(&["forecast", "u.jsonl", "--output", "json", "--horizon", "2d"]);
    let report = run.json();
    assert!(run.stderr.contains("partial-last-day"), "{}", run.stderr);
    assert_eq!(report["origin"], "2026-11-10");
    assert_eq!(report["days"][0]["quantiles"]["0.025"], "4.00");
    assert!(amount(&report["days"][1]["quantiles"]["0.5"]) < 1.0);
}

#[test]
fn too_little_history_is_undecided() {
    let env = TestEnv::new();
    env.file("two.jsonl", log(day("2026-11-01"), 2, SOL, |_| 1_000));
    let run = env.run(&["forecast", "two.jsonl"]);
    assert_eq!((run.status, run.stdout.as_str()), (3, ""));
    assert!(run.stderr.contains("at least 3"), "{}", run.stderr);
    env.file("five.jsonl", log(day("2026-11-01"), 5, SOL, |_| 1_000));
    let run = env.run(&["forecast", "five.jsonl"]);
    assert!(run.status == 0 && run.stderr.contains("short-history"), "{}", run.stderr);
}

#[test]
fn wrong_horizons_and_levels_are_refused() {
    let env = TestEnv::new();
    env.file("u.jsonl", log(day("2026-11-01"), 20, SOL, |_| 1_000));
    for arguments in [
        ["--horizon", "soon"],
        ["--horizon", "2026-11-01"],
        ["--levels", "80"],
        ["--group-by", "day"],
        ["--paths", "7"],
    ] {
        let run = env.run(&[&["forecast", "u.jsonl"][..], &arguments].concat());
        assert_eq!(run.status, 2, "{arguments:?}");
        assert!(run.stderr.contains("error:"), "{}", run.stderr);
    }
}

#[test]
fn peak_hours_are_priced_by_the_hours_of_the_usage() {
    let env = TestEnv::new();
    let mut lines = Vec::new();
    for offset in 0..35 {
        let date = day("2026-10-12").checked_add_days(Days::new(offset)).unwrap();
        for time in ["02:00:00", "12:00:00", "23:30:00"] {
            let tokens = if time == "23:30:00" { 0 } else { 1_000_000 };
            lines.push(record(
                &format!("{date}T{time}Z"),
                "deepseek",
                "deepseek-v4-pro",
                tokens,
                0,
            ));
        }
    }
    env.file("u.jsonl", lines.join("\n"));
    let report = env.run(&["forecast", "u.jsonl", "--output", "json", "--horizon", "7d"]).json();
    // 2026-11-16 is a Monday. On weekdays 1.32 at 02:00 (peak) and 0.66 at 12:00, on weekends twice
    // 0.66: 5 * 1.98 + 2 * 1.32, by hand.
    assert_eq!(report["origin"], "2026-11-16");
    assert_eq!(report["total"]["quantiles"]["0.5"], "12.54");
}

#[test]
fn usage_whose_price_ends_is_named_and_left_out() {
    let env = TestEnv::new();
    // Opus 4.8 in fast mode has no price from 2026-11-30 on.
    let text = log(day("2026-10-01"), 50, ("anthropic", "claude-opus-4-8"), |_| 1_000_000);
    env.file("u.jsonl", text.replace("\"components\"", "\"speed\":\"fast\",\"components\""));
    let run = env.run(&["forecast", "u.jsonl", "--output", "json", "--horizon", "2026-12-05"]);
    assert!(run.stderr.contains("from 2026-11-30 on"), "{}", run.stderr);
    let report = run.json();
    // Ten days at 10 USD before it ends, six days of a million tokens after.
    assert_eq!(report["total"]["mean"], "100.00");
    assert_eq!(report["unpriced"]["units"], 6_000_000);
}
