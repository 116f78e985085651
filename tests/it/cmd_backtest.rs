//! `tokencast backtest`, and the short form beside a forecast.

use chrono::{Datelike, Days, NaiveDate};
use serde_json::Value;

use super::common::{TestEnv, record};

fn log(days: u64, tokens: impl Fn(u64, NaiveDate) -> u64) -> String {
    let first = NaiveDate::from_ymd_opt(2026, 8, 3).unwrap();
    let mut lines = Vec::new();
    for offset in 0..days {
        let date = first.checked_add_days(Days::new(offset)).unwrap();
        for time in ["12:00:00", "23:30:00"] {
            let half = tokens(offset, date) / 2;
            lines.push(record(
                &format!("{date}T{time}Z"),
                "anthropic",
                "claude-sonnet-4-5",
                half,
                0,
            ));
        }
    }
    lines.join("\n")
}

fn backtest(env: &TestEnv, flags: &[&str]) -> Value {
    let mut all = vec!["backtest", "u.jsonl", "--output", "json"];
    all.extend(flags);
    let run = env.run(&all);
    assert_eq!(run.status, 0, "{}", run.stderr);
    run.json()
}

#[test]
fn constant_usage_is_foretold_without_error() {
    let env = TestEnv::new();
    env.file("u.jsonl", log(90, |_, _| 200_000));
    let report = backtest(&env, &[]);
    // Windows of 30 days, 8 apart, with 28 days before the first: 90 - 30 = 60, 52, 44, 36, 28.
    assert_eq!(report["total"]["windows"], 5);
    assert_eq!(report["windows"][0]["origin"], "2026-08-31");
    for window in report["windows"].as_array().unwrap() {
        for name in ["actual", "median", "low_95", "high_95", "seasonal_naive", "run_rate"] {
            // 30 days of 0.2 million tokens at 3 USD.
            assert_eq!(window[name], "18.00", "{name}");
        }
    }
    let totals = &report["total"]["totals"];
    assert_eq!(
        (&totals["forecast"]["wape"], &totals["forecast"]["bias"]),
        (&0.0.into(), &0.0.into())
    );
    assert_eq!(totals["intervals"]["coverage_80"], 1.0);
}

#[test]
fn plain_rules_are_scored_as_by_hand() {
    let env = TestEnv::new();
    // 200,000 tokens on weekdays and none at weekends: 0.60 USD and 0 USD. From a Monday.
    let is_weekday = |d: NaiveDate| d.weekday().number_from_monday() <= 5;
    env.file("u.jsonl", log(84, |_, d| if is_weekday(d) { 200_000 } else { 0 }));
    let report = backtest(&env, &["--horizon", "7d", "--stride", "7", "--windows", "4"]);
    assert_eq!(report["total"]["windows"], 4);
    let days = &report["total"]["days"];
    // As a week before: no error. Run rate: 3 / 7 a day, off by 6/35 on five days and 3/7 on two:
    // 12/7 a week of 3 spent.
    assert_eq!(days["seasonal_naive"]["wape"], 0.0);
    let run_rate = days["run_rate"]["wape"].as_f64().unwrap();
    assert!((run_rate - 12.0 / 21.0).abs() < 1e-6, "{run_rate}");
    assert_eq!(report["total"]["totals"]["run_rate"]["wape"], 0.0);
}

#[test]
fn months_are_windows_too() {
    let env = TestEnv::new();
    env.file("u.jsonl", log(90, |_, _| 200_000));
    let report = backtest(&env, &["--horizon", "month"]);
    // 2026-08-03 to 2026-10-31: of the whole months only those with 28 days before them.
    let origins: Vec<&str> = report["windows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| w["origin"].as_str().unwrap())
        .collect();
    assert_eq!(origins, ["2026-09-01", "2026-10-01"]);
    assert_eq!(report["windows"][1]["actual"], "18.60");
}

#[test]
fn too_little_history_is_undecided() {
    let env = TestEnv::new();
    env.file("u.jsonl", log(40, |_, _| 200_000));
    let run = env.run(&["backtest", "u.jsonl"]);
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert!(
        run.stderr.contains("history of 40 days is too short for a backtest (at least 58"),
        "{}",
        run.stderr
    );
}

#[test]
fn groups_are_scored_and_threads_do_not_matter() {
    let env = TestEnv::new();
    let report = env.samples_json(&["backtest", "--group-by", "provider", "--paths", "200"]);
    assert_eq!(report["groups"].as_array().unwrap().len(), 4);
    let again = env.samples_json(&["backtest", "--group-by", "provider", "--paths", "200"]);
    assert_eq!(report, again);
}

#[test]
fn forecasts_carry_their_record() {
    let env = TestEnv::new();
    let report = env.samples_json(&["forecast", "--paths", "500"]);
    let record = &report["track_record"];
    let windows = record["windows"].as_array().unwrap();
    assert!(windows.len() >= 2, "{record}");
    let held = windows.iter().filter(|w| w["held_80"] == true).count();
    assert_eq!(record["held_80"].as_u64().unwrap(), held as u64);
}

#[test]
fn drivers_add_up_to_the_difference() {
    let env = TestEnv::new();
    let report = env.samples_json(&["forecast", "--paths", "500"]);
    let drivers = &report["drivers"];
    let amount = |v: &Value| v.as_str().unwrap().parse::<f64>().unwrap();
    let steps: f64 =
        drivers["steps"].as_array().unwrap().iter().map(|s| amount(&s["change"])).sum();
    let difference = amount(&drivers["next"]) - amount(&drivers["previous"]);
    assert!((steps - difference).abs() < 1e-6, "{drivers}");
}
