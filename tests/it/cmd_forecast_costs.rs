//! `tokencast forecast --series` on daily costs whose future is known.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde_json::Value;

use super::common::{TestEnv, root};

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A table of one row a day; no row where there is no cost.
pub(super) fn table(first: &str, days: u64, cost: impl Fn(NaiveDate) -> Option<String>) -> String {
    let mut text = "date,cost\n".to_owned();
    for offset in 0..days {
        let date = day(first).checked_add_days(Days::new(offset)).unwrap();
        if let Some(cost) = cost(date) {
            text.push_str(&format!("{date},{cost}\n"));
        }
    }
    text
}

fn forecast(env: &TestEnv, arguments: &[&str]) -> Value {
    let run = env.run(&[&["forecast", "--output", "json"], arguments].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    run.json()
}

fn amount(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn constant_costs_go_on_to_the_cent() {
    let env = TestEnv::new();
    // 2026-10-01 to 2026-11-29.
    env.file("c.csv", table("2026-10-01", 60, |_| Some("10.07".to_owned())));
    let report = forecast(&env, &["--series", "c.csv"]);
    assert_eq!((&report["source"], &report["origin"]), (&"costs".into(), &"2026-11-30".into()));
    assert_eq!(report["total"]["mean"], "302.10");
    for value in report["total"]["quantiles"].as_object().unwrap().values() {
        assert_eq!(value, "302.10");
    }
    // 29 known days and one forecast.
    assert_eq!(report["months"][0]["actual"], "292.03");
    assert_eq!(report["months"][0]["quantiles"]["0.5"], "302.10");
    assert_eq!(report["run_rate"]["recent"]["projected"], "302.10");
    assert_eq!(report["run_rate"]["month_to_date"]["projected"], "302.10");
    assert_eq!(report["history"]["actual"], "604.20");
    assert!(report["price_book"].is_null());
}

#[test]
fn costs_on_weekdays_only() {
    let env = TestEnv::new();
    let weekday = |date: NaiveDate| {
        let works = !matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
        works.then(|| format!("{}.00", 42 + date.day() % 5))
    };
    // Rest of a period of 90 days: 2026-09-01 to 2026-10-30 known, 30 days to 2026-11-29 forecast.
    env.file("c.csv", table("2026-09-01", 60, weekday));
    let report = forecast(&env, &["--series", "c.csv", "--missing-days", "zero"]);
    let truth: f64 = day("2026-10-31")
        .iter_days()
        .take(30)
        .filter_map(weekday)
        .map(|cost| cost.parse::<f64>().unwrap())
        .sum();
    let total = &report["total"]["quantiles"];
    assert!((amount(&total["0.5"]) / truth - 1.0).abs() < 0.03, "{total} {truth}");
    assert!(amount(&total["0.1"]) <= truth && truth <= amount(&total["0.9"]), "{total} {truth}");
    // Without being told, the program does not know that nothing was spent on weekends.
    let run = env.run(&["forecast", "--series", "c.csv", "--output", "json"]);
    assert!(run.stderr.contains("(weekends only)"), "{}", run.stderr);
    let report = run.json();
    assert_eq!(report["history"]["unknown_days"], 16);
    assert_eq!(report["months"][0]["complete"], false, "a month with unknown days is not whole");
    assert!(amount(&report["total"]["quantiles"]["0.5"]) > 1.2 * truth);
}

#[test]
fn a_day_without_a_row_of_one_id_is_zero_where_others_have_one() {
    let env = TestEnv::new();
    let mut text = "Usage Date;Service;Amount;Currency\r\n".to_owned();
    for date in day("2026-10-01").iter_days().take(40) {
        text.push_str(&format!("{date};a;2.50;EUR\r\n"));
        if !matches!(date.weekday(), Weekday::Sat | Weekday::Sun) {
            text.push_str(&format!("{date};b;1.00;EUR\r\n"));
        }
    }
    env.file("c.csv", text);
    let report = forecast(&env, &["--series", "c.csv", "--group-by", "id", "--horizon", "10d"]);
    assert_eq!(report["currency"], "EUR");
    assert_eq!(report["history"]["unknown_days"], 0);
    let groups = report["groups"].as_array().unwrap();
    assert_eq!(groups[0]["key"]["id"], "a");
    assert_eq!(groups[0]["quantiles"]["0.975"], "25.00");
    let (b, total) = (amount(&groups[1]["mean"]), amount(&report["total"]["mean"]));
    assert!((b + 25.0 - total).abs() < 1e-9, "{b} {total}");
    // Eight weekdays from Tuesday 2026-11-10 to Thursday 2026-11-19.
    assert!((7.8..8.2).contains(&b), "{b}");
}

#[test]
fn rows_of_a_day_add_up_and_credits_come_off() {
    let env = TestEnv::new();
    let mut text = "day,value\n".to_owned();
    for date in day("2026-10-01").iter_days().take(30) {
        text.push_str(&format!("{date},7.00\n{date}T18:00:00,4.25\n{date},-1.25\n"));
    }
    env.file("c.csv", text);
    let run = env.run(&["forecast", "--series", "c.csv", "--horizon", "3d", "--output", "json"]);
    assert_eq!(run.json()["total"]["mean"], "30.00");
    for code in ["summed-rows", "credits-netted"] {
        assert!(run.stderr.contains(code), "{}", run.stderr);
    }
}

#[test]
fn the_day_that_is_not_over_costs_at_least_what_it_has() {
    let env = TestEnv::new();
    let mut text = table("2026-10-01", 40, |_| Some("2.00".to_owned()));
    text.push_str("2026-11-10,50.00\n");
    env.file("c.csv", text);
    let report = forecast(&env, &["--series", "c.csv", "--last-day", "partial", "--horizon", "2d"]);
    assert_eq!(report["origin"], "2026-11-10");
    assert_eq!(report["days"][0]["quantiles"]["0.025"], "50.00");
    assert_eq!(report["days"][1]["quantiles"]["0.975"], "2.00");
    assert_eq!(report["months"][0]["actual"], "18.00");
}

#[test]
fn tables_come_packed_from_standard_input_in_parts_and_cut_by_dates() {
    let env = TestEnv::new();
    let whole = table("2026-10-01", 40, |date| Some(format!("{}.5", date.day())));
    let plain = env.file("c.csv", &whole);
    let expected = forecast(&env, &["--series", "c.csv"]);
    let packed = zstd::encode_all(whole.as_bytes(), 0).unwrap();
    let run = env.run_with(
        &["forecast", "--series", "-", "--output", "json"],
        Some(packed.as_slice()),
        &[],
    );
    assert_eq!(run.json(), expected);
    // Two months in a file each.
    let october = table("2026-10-01", 31, |date| Some(format!("{}.5", date.day())));
    env.file("parts/1.csv", october);
    env.file("parts/2.csv", table("2026-11-01", 9, |date| Some(format!("{}.5", date.day()))));
    let parts = forecast(&env, &["--series", "parts"]);
    assert_eq!(parts["total"], expected["total"]);
    let run = env.run(&["forecast", "--series", "parts", "--series", plain.to_str().unwrap()]);
    assert!(run.stderr.contains("overlapping-inputs"), "{}", run.stderr);
    let cut = forecast(&env, &["--series", "c.csv", "--until", "2026-11-05"]);
    assert_eq!(cut["origin"], "2026-11-05");
    assert_eq!(cut["inputs"]["outside"], 5);
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let env = TestEnv::new();
    let costs = root().join("samples/series/costs.csv");
    let run = |seed: &str| {
        let costs = costs.to_str().unwrap();
        env.run(&["forecast", "--series", costs, "--seed", seed, "--output", "json"]).stdout
    };
    assert_eq!(run("3"), run("3"));
    assert_ne!(run("3"), run("4"));
}

#[test]
fn many_ids_are_forecast_one_after_the_other() {
    let env = TestEnv::new();
    let mut text = "date,id,cost\n".to_owned();
    for date in day("2026-11-01").iter_days().take(5) {
        (0..3_000).for_each(|id| text.push_str(&format!("{date},s{id},1\n")));
    }
    env.file("c.csv", text);
    let quick = ["--series", "c.csv", "--paths", "100", "--horizon", "2d"];
    assert_eq!(forecast(&env, &quick)["total"]["mean"], "6000.00");
    let run = env.run(&[
        "forecast",
        "--series",
        "c.csv",
        "--group-by",
        "id",
        "--paths",
        "2000",
        "--horizon",
        "60d",
    ]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("3000 groups do not fit"), "{}", run.stderr);
}

#[test]
fn costs_take_no_flags_of_usage() {
    let env = TestEnv::new();
    env.file("c.csv", table("2026-10-01", 30, |_| Some("1".to_owned())));
    for arguments in [
        &["c.csv"][..],
        &["--prices", "p.toml"],
        &["--map", "time=date"],
        &["--group-by", "model"],
        &["--known-at", "2026-11-01"],
    ] {
        let run = env.run(&[&["forecast", "--series", "c.csv"], arguments].concat());
        assert_eq!(run.status, 2, "{arguments:?} {}", run.stderr);
    }
    for arguments in
        [&[][..], &["u.jsonl", "--currency", "EUR"], &["u.jsonl", "--series-columns", "id="]]
    {
        let run = env.run(&[&["forecast"], arguments].concat());
        assert_eq!(run.status, 2, "{arguments:?} {}", run.stderr);
    }
}

#[test]
fn a_cost_table_among_logs_is_not_usage() {
    let env = TestEnv::new();
    let samples = root().join("samples");
    let (logs, series) = (samples.join("logs"), samples.join("series"));
    let both = ["cost", logs.to_str().unwrap(), series.to_str().unwrap(), "--strict"];
    let all = env.run(&both);
    let logs = env.run(&["cost", logs.to_str().unwrap(), "--strict"]);
    assert_eq!((all.status, all.stdout), (logs.status, logs.stdout));
    let costs = samples.join("series/costs.csv");
    let run = env.run(&["cost", costs.to_str().unwrap(), "--warn", "not-usage"]);
    assert_eq!(run.status, 3);
    assert!(run.stderr.contains("forecast --series"), "{}", run.stderr);
}
