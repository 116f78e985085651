//! `tokencast backtest --series`, and the track record of daily costs.

use chrono::{Datelike, NaiveDate, Weekday};
use serde_json::Value;

use super::cmd_forecast_costs::{day, table};
use super::common::TestEnv;

fn json(env: &TestEnv, arguments: &[&str]) -> Value {
    let run = env.run(&[arguments, &["--series", "c.csv", "--output", "json"]].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    run.json()
}

fn backtest(env: &TestEnv, flags: &[&str]) -> Value {
    json(env, &[&["backtest"], flags].concat())
}

/// Costs by the number of days since the first, which is a Monday.
fn costs(days: u64, cost: impl Fn(i64) -> Option<&'static str>) -> String {
    let first = day("2026-08-03");
    table("2026-08-03", days, |date| {
        cost(date.signed_duration_since(first).num_days()).map(str::to_owned)
    })
}

#[test]
fn constant_costs_are_foretold_to_the_cent() {
    let env = TestEnv::new();
    env.file("c.csv", costs(90, |_| Some("10.07")));
    let report = backtest(&env, &[]);
    assert_eq!((&report["source"], &report["level"]), (&"costs".into(), &"group".into()));
    assert!(report["price_book"].is_null());
    // Windows of 30 days, 8 apart, with 28 days before the first: 90 - 30 = 60, 52, 44, 36, 28.
    assert_eq!(report["total"]["windows"], 5);
    assert_eq!(report["windows"][0]["origin"], "2026-08-31");
    for window in report["windows"].as_array().unwrap() {
        for name in ["actual", "median", "low_95", "high_95", "seasonal_naive", "run_rate"] {
            assert_eq!(window[name], "302.10", "{name}");
        }
        assert_eq!(window["unknown_days"], 0);
    }
    assert_eq!(report["total"]["totals"]["forecast"]["wape"], 0.0);
    assert_eq!(report["total"]["totals"]["intervals"]["coverage_80"], 1.0);
    // From September and October, the whole months with 28 days before them.
    let record = &json(&env, &["forecast"])["track_record"];
    assert_eq!((&record["windows_of"], &record["held_80"]), (&"month".into(), &2.into()));
    assert_eq!(record["windows"][1]["median"], "312.17");
    assert_eq!(record["median_error"], 0.0);
}

#[test]
fn weekends_without_rows_are_zero_or_not_known() {
    let env = TestEnv::new();
    let works = |date: NaiveDate| !matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    env.file("c.csv", table("2026-08-03", 82, |date| works(date).then(|| "0.60".to_owned())));
    // To Friday, October 23: windows from Saturday to Friday.
    let flags = ["--horizon", "7d", "--stride", "7", "--windows", "4"];
    let zero = backtest(&env, &[&flags[..], &["--missing-days", "zero"]].concat());
    assert_eq!((&zero["total"]["windows"], &zero["total"]["scored_days"]), (&4.into(), &28.into()));
    let days = &zero["total"]["days"];
    assert_eq!(days["seasonal_naive"]["wape"], 0.0);
    // 3 / 7 a day is off by 6/35 on five days and 3/7 on two: 12/7 a week of 3 spent.
    let run_rate = days["run_rate"]["wape"].as_f64().unwrap();
    assert!((run_rate - 12.0 / 21.0).abs() < 1e-6, "{run_rate}");
    // Where weekends are not known, nothing is said of them: the other five days are all equal.
    let unknown = backtest(&env, &flags);
    assert_eq!(unknown["total"]["scored_days"], 20);
    for window in unknown["windows"].as_array().unwrap() {
        assert_eq!((&window["days"], &window["unknown_days"]), (&7.into(), &2.into()));
        for name in ["actual", "median", "low_95", "high_95", "seasonal_naive", "run_rate"] {
            assert_eq!(window[name], "3.00", "{name}");
        }
    }
}

#[test]
fn unknown_days_are_in_no_sum_and_windows_of_them_are_left_out() {
    let env = TestEnv::new();
    let flags = ["--horizon", "14d", "--stride", "14"];
    env.file("c.csv", costs(60, |at| (at != 50).then_some("2.00")));
    let report = backtest(&env, &flags);
    let windows = report["windows"].as_array().unwrap();
    assert_eq!(windows.len(), 2);
    assert_eq!((&windows[0]["actual"], &windows[0]["unknown_days"]), (&"28.00".into(), &0.into()));
    // Thirteen known days of fourteen.
    assert_eq!((&windows[1]["actual"], &windows[1]["unknown_days"]), (&"26.00".into(), &1.into()));
    assert_eq!(
        (&windows[1]["median"], &windows[1]["run_rate"]),
        (&"26.00".into(), &"26.00".into())
    );
    assert_eq!(report["total"]["scored_days"], 27);
    let run = env.run(&[&["backtest", "--series", "c.csv"], &flags[..]].concat());
    assert!(
        run.stdout.contains("13 of 14") && run.stderr.contains("unknown-days"),
        "{}",
        run.stdout
    );
    // All of the first window: days 32 to 45.
    env.file("c.csv", costs(60, |at| (!(32..46).contains(&at)).then_some("2.00")));
    let report = backtest(&env, &flags);
    assert_eq!(report["total"]["windows"], 1);
    assert_eq!(report["windows"][0]["actual"], "28.00");
}

#[test]
fn nothing_is_known_of_what_came_later() {
    let env = TestEnv::new();
    let flags = ["--horizon", "14d", "--stride", "14", "--windows", "1", "--group-by", "id"];
    let text = |later: &str, more: &str| {
        let mut text = "date,id,cost\n".to_owned();
        for (at, date) in day("2026-08-03").iter_days().take(60).enumerate() {
            let cost = if at < 46 { format!("{}.5", 10 + at % 5) } else { later.to_owned() };
            text.push_str(&format!("{date},a,{cost}\n"));
            if at >= 50 {
                text.push_str(&format!("{date},b,{more}\n"));
            }
        }
        text
    };
    env.file("c.csv", text("11", "5.00"));
    let one = backtest(&env, &flags);
    env.file("c.csv", text("123456789.123456789", "0.000000001"));
    let other = backtest(&env, &flags);
    for name in ["median", "low_80", "high_95", "seasonal_naive", "run_rate"] {
        assert_eq!(one["windows"][0][name], other["windows"][0][name], "{name}");
    }
    // Fourteen days of 11, ten of 5.
    assert_eq!(one["windows"][0]["actual"], "204.00");
    // The id that did not exist yet was not foretold at all.
    let group = &one["groups"][1];
    assert_eq!(group["key"]["id"], "b");
    assert_eq!(group["totals"]["forecast"]["bias"], -1.0);
}

#[test]
fn ignored_days_happened_but_teach_nothing() {
    let env = TestEnv::new();
    env.file("c.csv", costs(60, |at| Some(if at == 40 || at == 50 { "90.00" } else { "2.00" })));
    let flags = ["--horizon", "14d", "--windows", "1", "--ignore", "2026-09-12,2026-09-22"];
    let window = &backtest(&env, &flags)["windows"][0];
    assert_eq!((&window["median"], &window["actual"]), (&"28.00".into(), &"116.00".into()));
    assert_eq!(window["unknown_days"], 0);
}

#[test]
fn too_little_history_is_undecided_and_has_no_record() {
    let env = TestEnv::new();
    env.file("c.csv", costs(40, |_| Some("1.00")));
    let run = env.run(&["backtest", "--series", "c.csv"]);
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert!(run.stderr.contains("history of 40 days is too short"), "{}", run.stderr);
    assert!(json(&env, &["forecast"])["track_record"].is_null());
}

#[test]
fn threads_do_not_matter() {
    let env = TestEnv::new();
    let digits = ["1.25", "2", "3.10", "1.75", "2.5"];
    env.file("c.csv", costs(70, |at| Some(digits[usize::try_from(at * at % 5).unwrap()])));
    let one = backtest(&env, &["--threads", "1", "--group-by", "id", "--horizon", "10d"]);
    let three = backtest(&env, &["--threads", "3", "--group-by", "id", "--horizon", "10d"]);
    assert_eq!(one, three);
    // A single id is the total.
    assert_eq!(one["groups"][0]["totals"], one["total"]["totals"]);
}

#[test]
fn costs_take_no_flags_of_usage() {
    let env = TestEnv::new();
    env.file("c.csv", costs(70, |_| Some("1")));
    for arguments in [
        &["c.csv"][..],
        &["--prices", "p.toml"],
        &["--level", "model"],
        &["--event", "2026-10-01:+30%"],
        &["--group-by", "model"],
        &["--stale-days", "9"],
    ] {
        let run = env.run(&[&["backtest", "--series", "c.csv"], arguments].concat());
        assert_eq!(run.status, 2, "{arguments:?} {}", run.stderr);
    }
    for arguments in [&[][..], &["u.jsonl", "--missing-days", "zero"]] {
        let run = env.run(&[&["backtest"], arguments].concat());
        assert_eq!(run.status, 2, "{arguments:?} {}", run.stderr);
    }
}
