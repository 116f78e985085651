//! Known events, planned growth and launches, days to ignore, and the level of a forecast.

use chrono::{Days, NaiveDate};
use serde_json::Value;

use super::common::{TestEnv, record};

/// 200,000 prompt tokens a day cost 0.40 USD with this model.
const SOL: (&str, &str) = ("openai", "gpt-6.1-sol");

fn first() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 10, 1).unwrap()
}

/// Forty days from 2026-10-01 with two records each, the last late in the evening. The forecast
/// begins on 2026-11-10.
fn log(model: (&str, &str), tokens: impl Fn(NaiveDate) -> u64) -> String {
    let mut lines = Vec::new();
    for offset in 0..40 {
        let date = first().checked_add_days(Days::new(offset)).unwrap();
        for time in ["12:00:00", "23:30:00"] {
            let half = tokens(date) / 2;
            if half > 0 {
                lines.push(record(&format!("{date}T{time}Z"), model.0, model.1, half, 0));
            }
        }
    }
    lines.join("\n")
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn amount(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

/// Ten days of forecast from constant usage of 200,000 tokens, with further flags.
fn ten_days(env: &TestEnv, flags: &[&str]) -> Value {
    let mut all = vec!["forecast", "u.jsonl", "--output", "json", "--horizon", "10d"];
    all.extend(flags);
    let run = env.run(&all);
    assert_eq!(run.status, 0, "{}", run.stderr);
    run.json()
}

fn constant() -> TestEnv {
    let env = TestEnv::new();
    env.file("u.jsonl", log(SOL, |_| 200_000));
    env
}

fn median(report: &Value) -> &Value {
    &report["total"]["quantiles"]["0.5"]
}

#[test]
fn an_event_raises_the_days_after_it() {
    // Five days at 0.40 and five at 0.60.
    let report = ten_days(&constant(), &["--event", "2026-11-15:+50%"]);
    for value in report["total"]["quantiles"].as_object().unwrap().values() {
        assert_eq!(value, "5.00");
    }
}

#[test]
fn a_range_ends_and_a_stop_stops() {
    // Two of ten days at 0.20.
    let report = ten_days(&constant(), &["--event", "2026-11-12..2026-11-13:x0.5"]);
    assert_eq!(median(&report), "3.60");
    let report = ten_days(&constant(), &["--event", "model=gpt-6.1-sol@2026-11-15:stop"]);
    assert_eq!(median(&report), "2.00");
}

#[test]
fn a_ramp_builds_up() {
    // Factors 1.2, 1.4, 1.6, 1.8 and six times 2: 18 times 0.40.
    let report = ten_days(&constant(), &["--event", "2026-11-10:+100%:5d"]);
    assert!((amount(median(&report)) - 7.2).abs() < 1e-5, "{}", median(&report));
}

#[test]
fn usage_inside_of_an_event_is_not_taken_for_more() {
    let env = TestEnv::new();
    // Doubled in the last nine days by an event that goes on for five more.
    env.file("u.jsonl", log(SOL, |d| if d >= day("2026-11-01") { 400_000 } else { 200_000 }));
    let report = ten_days(&env, &["--event", "2026-11-01..2026-11-14:x2"]);
    // Five days at 0.80 and five at 0.40.
    assert_eq!(median(&report), "6.00");
}

#[test]
fn an_event_that_touches_nothing_is_a_finding() {
    let env = constant();
    let run = env.run(&["forecast", "u.jsonl", "--event", "model=gpt-5@2026-11-15:+50%"]);
    assert_eq!(run.status, 0);
    assert!(run.stderr.contains("warning[idle-event]"), "{}", run.stderr);
}

#[test]
fn ignored_days_are_unknown() {
    let env = TestEnv::new();
    env.file("u.jsonl", log(SOL, |d| if d == day("2026-11-05") { 90_000_000 } else { 200_000 }));
    let report = ten_days(&env, &["--ignore", "2026-11-05"]);
    for value in report["total"]["quantiles"].as_object().unwrap().values() {
        assert_eq!(value, "4.00");
    }
}

#[test]
fn planned_growth_is_compound_from_the_first_week() {
    let report = ten_days(&constant(), &["--grow", "7%/week"]);
    // Days 0 to 3 at the level of the first week, then six days of growth by 1.07^(1/7).
    let daily = 1.07_f64.powf(1.0 / 7.0);
    let expected = 0.4 * (4.0 + (1..=6).map(|k| daily.powi(k)).sum::<f64>());
    assert!((amount(median(&report)) - expected).abs() < 1e-4, "{}", median(&report));
}

#[test]
fn a_launch_adds_its_usage() {
    // Five days of 100,000 tokens at 2 USD a million.
    let launch = "2026-11-15:openai/gpt-6.1-sol:input.uncached=100_000";
    let report = ten_days(&constant(), &["--launch", launch]);
    assert_eq!(median(&report), "5.00");
    // With a range around it the median stays.
    let uncertain = format!("{launch}:x0.5..x2");
    let report = ten_days(&constant(), &["--launch", &uncertain]);
    let quantile = |p: &str| amount(&report["total"]["quantiles"][p]);
    assert!((quantile("0.5") - 5.0).abs() < 0.02, "{report}");
    assert!(
        (quantile("0.1") - 4.5).abs() < 0.05 && (quantile("0.9") - 6.0).abs() < 0.1,
        "{report}"
    );
}

#[test]
fn a_launch_without_a_price_is_not_free() {
    let env = constant();
    let launch = "2026-11-15:openai/gpt-77:input.uncached=100000";
    let run = env.run(&["forecast", "u.jsonl", "--launch", launch, "--horizon", "10d"]);
    assert!(run.stderr.contains("no price for `input.uncached` of `gpt-77`"), "{}", run.stderr);
}

#[test]
fn wrong_plans_are_refused() {
    let env = constant();
    for flags in [
        ["--event", "2026-11-15"],
        ["--event", "2026-11-15:+150"],
        ["--grow", "8%"],
        ["--launch", "2026-11-15:gpt-5:output=1"],
        ["--ignore", "yesterday"],
    ] {
        let run = env.run(&["forecast", "u.jsonl", flags[0], flags[1]]);
        assert_eq!(run.status, 2, "{flags:?}: {}", run.stderr);
        assert!(run.stderr.contains(flags[1]), "{}", run.stderr);
    }
}

#[test]
fn a_migration_between_models_is_followed_and_sums() {
    let env = TestEnv::new();
    let moved = day("2026-10-31");
    // One million prompt tokens a day, at first by Sonnet 4.5 (3 USD), for ten days by Sonnet 5
    // (2 USD): the same family.
    let old = log(("anthropic", "claude-sonnet-4-5"), |d| if d < moved { 1_000_000 } else { 0 });
    let new = log(("anthropic", "claude-sonnet-5"), |d| if d < moved { 0 } else { 1_000_000 });
    env.file("u.jsonl", format!("{old}\n{new}"));
    let report = ten_days(&env, &["--group-by", "model", "--level", "family"]);
    let total = amount(&report["total"]["mean"]);
    assert!((total - 20.0).abs() < 0.6, "{total}");
    let groups: f64 = report["groups"].as_array().unwrap().iter().map(|g| amount(&g["mean"])).sum();
    assert!((groups - total).abs() < 1e-9, "{groups} {total}");
}

#[test]
fn every_level_adds_up_to_its_groups() {
    for level in ["total", "provider", "family", "model", "group"] {
        let env = TestEnv::new();
        let report = env.samples_json(&[
            "forecast",
            "--group-by",
            "model",
            "--level",
            level,
            "--paths",
            "200",
        ]);
        assert_eq!(report["model"]["level"], level);
        let sum: f64 =
            report["groups"].as_array().unwrap().iter().map(|g| amount(&g["mean"])).sum();
        let total = amount(&report["total"]["mean"]);
        assert!((sum / total - 1.0).abs() < 1e-12, "{level}: {sum} {total}");
    }
}

/// The change of a driver in USD.
fn driver(report: &Value, name: &str) -> f64 {
    let steps = report["drivers"]["steps"].as_array().unwrap();
    amount(&steps.iter().find(|s| s["driver"] == name).unwrap()["change"])
}

#[test]
fn drivers_tell_a_price_from_an_event() {
    let env = constant();
    // Ten days at 0.40 each before and after; half of the days after get half as much again.
    let report = ten_days(&env, &["--event", "2026-11-15:+50%"]);
    assert!((driver(&report, "events") - 1.0).abs() < 1e-6, "{}", report["drivers"]);
    for name in ["calendar", "volume", "mix", "units_per_request", "model_mix", "price", "other"] {
        assert!(driver(&report, name).abs() < 1e-6, "{name}: {}", report["drivers"]);
    }
    // 1,000,000 prompt tokens a day by a model whose price doubles from 0.75 to 1.50 on
    // 2027-01-01: the forecast of ten days from 2026-12-27 has five of them.
    let first = day("2026-11-17");
    let mut lines = Vec::new();
    for date in first.iter_days().take(40) {
        for time in ["12:00:00", "23:30:00"] {
            let time = format!("{date}T{time}Z");
            lines.push(record(&time, "gcp.gemini", "gemini-3.6-flash", 500_000, 0));
        }
    }
    env.file("u.jsonl", lines.join("\n"));
    let report = ten_days(&env, &[]);
    assert_eq!(report["origin"], "2026-12-27");
    assert!((driver(&report, "price") - 3.75).abs() < 1e-6, "{}", report["drivers"]);
    assert!(driver(&report, "volume").abs() < 1e-6, "{}", report["drivers"]);
}

#[test]
fn drivers_tell_requests_from_their_size() {
    let env = TestEnv::new();
    // Two requests a day; in the last ten days each is half as long again, and one more comes.
    let first = first();
    let mut lines = Vec::new();
    for (date, offset) in first.iter_days().take(60).zip(0..) {
        let (size, times): (u64, &[&str]) = if offset < 50 {
            (100_000, &["12:00:00", "23:30:00"])
        } else {
            (150_000, &["12:00:00", "18:00:00", "23:30:00"])
        };
        for time in times {
            lines.push(record(&format!("{date}T{time}Z"), SOL.0, SOL.1, size, 0));
        }
    }
    env.file("u.jsonl", lines.join("\n"));
    let run = env.run(&["forecast", "u.jsonl", "--output", "json", "--horizon", "20d"]);
    let report = run.json();
    // 20 days of 2026-11-10 to 11-29 cost 10 * 0.40 + 10 * 0.90 = 13.00; the next cost about
    // 20 * 0.90 = 18.00. Requests were 50 and will be 60: 13 * 0.2 = 2.60. The rest is their size.
    assert_eq!(report["drivers"]["previous"], "13.00");
    let (volume, size) = (driver(&report, "volume"), driver(&report, "units_per_request"));
    let next = amount(&report["drivers"]["next"]);
    assert!((next - 18.0).abs() < 0.4, "{next}");
    assert!((volume - 2.6).abs() < 0.5 && (size - 2.4).abs() < 0.7, "{}", report["drivers"]);
}

#[test]
fn days_of_23_and_25_hours_are_days() {
    let env = TestEnv::new();
    // Ten requests an hour of the clock in Berlin, across 2026-10-25, which has 25 hours, and to
    // 2027-03-28, which has 23.
    let mut lines = Vec::new();
    for date in day("2026-10-01").iter_days().take(45) {
        for hour in 0..24 {
            lines.push(record(&format!("{date}T{hour:02}:30:00Z"), SOL.0, SOL.1, 10_000, 0));
        }
    }
    env.file("u.jsonl", lines.join("\n"));
    let berlin =
        ["forecast", "u.jsonl", "-o", "json", "--timezone", "Europe/Berlin", "--horizon", "30d"];
    let report = env.run(&berlin).json();
    let total = amount(&report["total"]["quantiles"]["0.5"]);
    // 240,000 tokens a day at 2 USD a million, whatever the clock does.
    assert!((total - 30.0 * 0.48).abs() < 0.15, "{total}");
}

#[test]
fn a_model_that_was_only_used_on_ignored_days_is_left_out() {
    let env = TestEnv::new();
    let other = log(("openai", "gpt-5"), |d| if d == day("2026-11-05") { 500_000 } else { 0 });
    env.file("u.jsonl", format!("{}\n{other}", log(SOL, |_| 200_000)));
    let report = ten_days(&env, &["--ignore", "2026-11-05", "--level", "model"]);
    assert_eq!(median(&report), "4.00");
    // Nothing but ignored days is no history.
    let flags = ["forecast", "u.jsonl", "--ignore", "2026-10-01..2026-11-30"];
    let run = env.run(&flags);
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert!(run.stderr.contains("too little history"), "{}", run.stderr);
}
