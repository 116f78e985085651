//! Verdicts and exit codes of `tokencast check` on usage whose truth is known.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::common::{Run, TestEnv};

const SOL: (&str, &str) = ("openai", "gpt-6.1-sol");

/// Two records a day, the last late in the evening, so that days look complete. 200,000 tokens a
/// day at 2 USD a million are 0.40 USD.
pub(crate) fn days(first: &str, count: u64, model: (&str, &str), team: &str) -> String {
    let first: NaiveDate = first.parse().unwrap();
    let mut text = String::new();
    for offset in 0..count {
        let day = first.checked_add_days(Days::new(offset)).unwrap();
        for time in ["12:00:00", "23:30:00"] {
            text.push_str(&format!(
                "{{\"time\":\"{day}T{time}Z\",\"provider\":\"{}\",\"model\":\"{}\",\"components\":{{\"input.uncached\":100000}},\"labels\":{{\"team\":\"{team}\"}}}}\n",
                model.0, model.1
            ));
        }
    }
    text
}

/// 2026-10-01 to 2026-11-19: 20.00 USD, 7.60 of them in November. The month comes to 12.00.
pub(crate) fn constant() -> TestEnv {
    let env = TestEnv::new();
    env.file("u.jsonl", days("2026-10-01", 50, SOL, "search"));
    env
}

fn check(env: &TestEnv, arguments: &[&str]) -> Run {
    env.run(&[&["check", "u.jsonl", "--paths", "200"], arguments].concat())
}

fn budgets(env: &TestEnv, arguments: &[&str]) -> (i32, Vec<Value>) {
    let run = check(env, &[&["-o", "json"], arguments].concat());
    (run.status, run.json()["budgets"].as_array().unwrap().clone())
}

fn verdict(env: &TestEnv, arguments: &[&str]) -> (i32, String) {
    let (status, found) = budgets(env, arguments);
    let verdicts: Vec<&str> = found.iter().map(|b| b["verdict"].as_str().unwrap()).collect();
    (status, verdicts.join(" "))
}

#[test]
fn a_budget_that_is_just_enough_is_within_and_one_cent_less_is_at_risk() {
    let env = constant();
    let (status, found) = budgets(&env, &["--budget", "12"]);
    let found = &found[0];
    assert_eq!((status, &found["verdict"]), (0, &json!("within")));
    assert_eq!((&found["actual"], &found["mean"]), (&json!("7.60"), &json!("12.00")));
    assert_eq!(found["quantiles"], json!({"0.1": "12.00", "0.5": "12.00", "0.9": "12.00"}));
    assert_eq!(found["over"]["probability"], 0.0);
    assert_eq!((&found["headroom"], &found["breaks_on"]), (&json!("0.00"), &json!(null)));
    assert_eq!((&found["period"], &found["id"]), (&json!("2026-11"), &json!("all/month")));
    let (status, found) = budgets(&env, &["--budget", "11.99"]);
    let found = &found[0];
    assert_eq!((status, &found["verdict"]), (1, &json!("at-risk")));
    assert_eq!(found["over"]["probability"], 1.0);
    assert_eq!((&found["headroom"], &found["breaks_on"]), (&json!("-0.01"), &json!("2026-11-30")));
    assert_eq!((&found["breaks_from"], &found["used_up_on"]), (&json!("2026-11-30"), &json!(null)));
}

#[test]
fn what_is_known_to_be_over_is_exceeded() {
    let env = constant();
    // 19 days of 0.40 are 7.60: reached is not over.
    let (status, found) = budgets(&env, &["--budget", "7.60"]);
    assert_eq!((status, &found[0]["verdict"]), (1, &json!("at-risk")));
    assert_eq!(found[0]["breaks_on"], "2026-11-20");
    let (status, found) = budgets(&env, &["--budget", "7.59", "--probability", "1"]);
    assert_eq!((status, &found[0]["verdict"]), (1, &json!("exceeded")));
    assert_eq!(found[0]["used_up_on"], "2026-11-19");
}

#[test]
fn a_day_that_is_not_over_counts_for_what_is_exceeded() {
    let env = TestEnv::new();
    let mut text = days("2026-10-01", 50, SOL, "search");
    // 5 Mtok in the morning of the 20th: 10 USD more.
    for hour in 0..5 {
        text.push_str(&format!(
            "{{\"time\":\"2026-11-20T0{hour}:00:00Z\",\"provider\":\"openai\",\"model\":\"gpt-5-mini-2025-08-07\",\"components\":{{\"output\":1000000}}}}\n"
        ));
    }
    env.file("u.jsonl", text);
    let (status, found) = budgets(&env, &["--budget", "17.59"]);
    assert_eq!((status, &found[0]["verdict"]), (1, &json!("exceeded")));
    assert_eq!(
        (&found[0]["actual"], &found[0]["used_up_on"]),
        (&json!("7.60"), &json!("2026-11-20"))
    );
}

#[test]
fn quarters_and_years_are_judged_to_their_end_whatever_the_horizon() {
    let env = constant();
    // 92 days of 0.40 are 36.80; the quarter began with the history.
    assert_eq!(verdict(&env, &["--budget", "36.80/quarter"]), (0, "within".to_owned()));
    let (status, found) = budgets(&env, &["--budget", "36.79/quarter", "--horizon", "1d"]);
    assert_eq!((status, &found[0]["period"]), (1, &json!("2026-Q4")));
    assert_eq!(
        (&found[0]["verdict"], &found[0]["breaks_on"]),
        (&json!("at-risk"), &json!("2026-12-31"))
    );
    // What was spent before October is not known, unless it is said that nothing was.
    let (status, found) = budgets(&env, &["--budget", "40/year"]);
    assert_eq!((status, &found[0]["verdict"]), (3, &json!("undecided")));
    assert_eq!(found[0]["doubts"][0]["kind"], "history-starts-later");
    let complete = ["--budget", "36.80/year", "--complete-history"];
    assert_eq!(verdict(&env, &complete), (0, "within".to_owned()));
    // What is missing can only add: a budget that breaks without it is broken.
    assert_eq!(verdict(&env, &["--budget", "36.79/year"]), (1, "at-risk".to_owned()));
    assert_eq!(verdict(&env, &["--budget", "19.99/year"]), (1, "exceeded".to_owned()));
}

#[test]
fn later_periods_are_judged_as_far_as_the_horizon_completes_them() {
    let env = constant();
    // December has 31 days: 12.40.
    let (status, found) = budgets(&env, &["--budget", "12", "--horizon", "2m"]);
    let shown: Vec<_> = found.iter().map(|b| (&b["period"], &b["verdict"])).collect();
    assert_eq!(
        shown,
        [(&json!("2026-11"), &json!("within")), (&json!("2026-12"), &json!("at-risk"))]
    );
    assert_eq!(status, 1);
    assert_eq!(verdict(&env, &["--budget", "12", "--horizon", "30d"]), (0, "within".to_owned()));
    // 11 days of 0.40 are the total to the end of the month.
    assert_eq!(verdict(&env, &["--budget", "4.40/total"]), (0, "within".to_owned()));
    assert_eq!(verdict(&env, &["--budget", "4.39/total"]), (1, "at-risk".to_owned()));
}

#[test]
fn a_scope_is_judged_by_its_own_usage() {
    let env = constant();
    // Ads began on 2026-11-10 and ended on the 15th: 2.40 USD, and nothing since.
    env.file("ads.jsonl", days("2026-11-10", 6, SOL, "ads"));
    let arguments = [
        "check",
        "u.jsonl",
        "ads.jsonl",
        "-o",
        "json",
        "--paths",
        "200",
        "--budget",
        "team=search@12",
        "--budget",
        "team=ads@2.39",
    ];
    let run = env.run(&arguments);
    let found = run.json()["budgets"].clone();
    assert_eq!((&found[0]["verdict"], &found[0]["mean"]), (&json!("within"), &json!("12.00")));
    assert_eq!(found[0]["scope"], json!({"team": ["search"]}));
    assert_eq!((&found[1]["verdict"], &found[1]["actual"]), (&json!("exceeded"), &json!("2.40")));
    assert_eq!(run.json()["forecast"]["actual"], "10.00");
    // The same scope with other budgets beside it, or none, has the same figures.
    let alone = env.run(&arguments[..9]).json();
    assert_eq!(alone["budgets"][0], found[0]);
}

#[test]
fn a_scope_without_usage_or_with_too_little_is_undecided() {
    let env = constant();
    let (status, found) = budgets(&env, &["--budget", "team=serach@1000"]);
    assert_eq!((status, &found[0]["verdict"]), (3, &json!("undecided")));
    assert_eq!(found[0]["doubts"][0]["kind"], "idle-scope");
    let run = check(&env, &["--budget", "team=serach@1000"]);
    assert!(run.stderr.contains("warning[idle-budget]: budget `team=serach/month` judges nothing: no usage of `team=serach`"), "{}", run.stderr);
    // Two days of a new team, 0.80 USD, are no history.
    env.file("new.jsonl", days("2026-11-18", 2, SOL, "new"));
    for (budget, status, expected) in [
        ("team=new@1000", 3, "undecided"),
        ("team=new@0.79", 1, "exceeded"),
        ("team=new@0.80", 3, "undecided"),
    ] {
        let run = env.run(&[
            "check",
            "u.jsonl",
            "new.jsonl",
            "-o",
            "json",
            "--paths",
            "200",
            "--budget",
            budget,
        ]);
        let found = &run.json()["budgets"][0];
        assert_eq!((run.status, &found["verdict"]), (status, &json!(expected)), "{budget}");
        assert_eq!(found["doubts"][0]["kind"], "too-short");
        assert_eq!((&found["actual"], &found["mean"]), (&json!("0.80"), &json!(null)));
    }
}

#[test]
fn too_little_history_and_no_usage_are_undecided_but_exceeded_is_exceeded() {
    let env = TestEnv::new();
    env.file("u.jsonl", days("2026-11-18", 2, SOL, "search"));
    assert_eq!(verdict(&env, &["--budget", "1000"]), (3, "undecided".to_owned()));
    assert_eq!(verdict(&env, &["--budget", "0.79"]), (1, "exceeded".to_owned()));
    env.file("u.jsonl", "");
    let run = check(&env, &["--budget", "1000", "-o", "json"]);
    assert_eq!((run.status, &run.json()["gate"]["outcome"]), (3, &json!("undecided")));
    assert_eq!((&run.json()["forecast"], &run.json()["origin"]), (&json!(null), &json!(null)));
    assert!(run.stderr.contains("error: budget gate undecided: 1 undecided"), "{}", run.stderr);
}

#[test]
fn usage_without_a_price_is_undecided_never_within() {
    let env = constant();
    let mut text = days("2026-10-01", 50, SOL, "search");
    text.push_str(&days("2026-10-01", 50, ("openai", "no-such-model"), "search"));
    env.file("u.jsonl", text);
    let (status, found) = budgets(&env, &["--budget", "12"]);
    assert_eq!((status, &found[0]["verdict"]), (3, &json!("undecided")));
    assert_eq!(
        found[0]["doubts"],
        json!([{"kind": "unpriced", "message": "10000000 of 20000000 units have no price (set --max-unpriced)"}])
    );
    // What is broken without it is broken.
    assert_eq!(verdict(&env, &["--budget", "11.99"]), (1, "at-risk".to_owned()));
    let half = ["--budget", "12", "--max-unpriced", "0.5"];
    assert_eq!(verdict(&env, &half), (0, "within".to_owned()));
    let less = ["--budget", "12", "--max-unpriced", "0.4999"];
    assert_eq!(verdict(&env, &less), (3, "undecided".to_owned()));
    // Without any price there is nothing to judge by.
    env.file("u.jsonl", days("2026-10-01", 50, ("openai", "no-such-model"), "search"));
    let all = ["--budget", "12", "--max-unpriced", "1"];
    assert_eq!(verdict(&env, &all), (3, "undecided".to_owned()));
}

#[test]
fn the_worst_budget_that_may_fail_decides() {
    let env = constant();
    let budget = |id: &str, amount: &str, more: &str| {
        format!("[[budget]]\nid = \"{id}\"\namount = \"{amount}\"\ncurrency = \"USD\"\n{more}\n")
    };
    let head = "schema = \"tokencast.budget.v1\"\n";
    let (good, bad, idle) = (
        budget("good", "20", ""),
        budget("bad", "9", ""),
        budget("idle", "1", "scope = { team = \"x\" }"),
    );
    let warn = "action = \"warn\"";
    for (budgets, status, outcome) in [
        (vec![good.clone()], 0, "passed"),
        (vec![good.clone(), bad.clone()], 1, "violated"),
        (vec![good.clone(), idle.clone()], 3, "undecided"),
        (vec![idle.clone(), bad], 1, "violated"),
        (vec![good.clone(), budget("bad", "9", warn)], 0, "passed"),
        (
            vec![good, budget("idle", "1", &format!("{warn}\nscope = {{ team = \"x\" }}"))],
            0,
            "passed",
        ),
    ] {
        env.file("b.toml", format!("{head}{}", budgets.concat()));
        let run = check(&env, &["--budgets", "b.toml", "-o", "json"]);
        assert_eq!(run.status, status, "{budgets:?}");
        let gate = &run.json()["gate"];
        assert_eq!((&gate["outcome"], &gate["exit_code"]), (&json!(outcome), &json!(status)));
        let run = check(&env, &["--budgets", "b.toml", "-o", "json", "--warn-only"]);
        assert_eq!(run.status, 0);
        assert_eq!(
            (&run.json()["gate"]["outcome"], &run.json()["gate"]["exit_code"]),
            (&json!(outcome), &json!(0))
        );
        assert_eq!(run.stderr.contains("because of --warn-only"), status != 0, "{}", run.stderr);
    }
}

#[test]
fn the_probability_allowed_decides_and_few_paths_are_no_proof() {
    let env = TestEnv::new();
    let samples = super::common::root().join("samples/series/costs.csv");
    let run = |more: &[&str]| {
        let base =
            ["check", "--series", samples.to_str().unwrap(), "-o", "json", "--budget", "3300"];
        let run = env.run(&[&base, more].concat());
        (run.status, run.json()["budgets"][0].clone())
    };
    let (status, found) = run(&[]);
    let share = found["over"]["probability"].as_f64().unwrap();
    assert!((0.08..0.14).contains(&share), "{share}");
    // It is the chance that `forecast` shows.
    let same =
        ["forecast", "--series", samples.to_str().unwrap(), "-o", "json", "--budget", "3300"];
    let shown = env.run(&[&same[..], &["--horizon", "eom"]].concat()).json();
    assert_eq!(shown["budgets"][0]["over"]["probability"], found["over"]["probability"]);
    assert_eq!((status, &found["verdict"]), (0, &json!("within")));
    assert!(found["breaks_from"].as_str() <= found["breaks_on"].as_str());
    let (status, found) = run(&["--probability", "0.05"]);
    assert_eq!((status, &found["verdict"], &found["close"]), (1, &json!("at-risk"), &json!(false)));
    // The share itself is allowed, the upper end of its interval is not.
    let just = format!("{share:.4}");
    let (status, found) = run(&["--probability", &just]);
    assert_eq!((status, &found["verdict"], &found["close"]), (1, &json!("at-risk"), &json!(true)));
    let (status, _) = run(&["--probability", "0"]);
    assert_eq!(status, 1);
}

#[test]
fn daily_costs_are_judged_and_their_gaps_are_not_within() {
    let env = TestEnv::new();
    let first: NaiveDate = "2026-10-01".parse().unwrap();
    let rows = |skip: usize| -> String {
        let all = first.iter_days().take(60).enumerate().filter(|(at, _)| *at != skip);
        all.map(|(_, day)| format!("{day},10.00\n")).collect()
    };
    env.file("c.csv", format!("date,cost\n{}", rows(99)));
    let check = |more: &[&str]| {
        let run = env.run(&[&["check", "--series", "c.csv", "-o", "json"], more].concat());
        (run.status, run.json()["budgets"][0]["verdict"].as_str().unwrap().to_owned())
    };
    assert_eq!(check(&["--budget", "300"]), (0, "within".to_owned()));
    assert_eq!(check(&["--budget", "299.99"]), (1, "at-risk".to_owned()));
    // The 10th of November is missing.
    env.file("c.csv", format!("date,cost\n{}", rows(40)));
    assert_eq!(check(&["--budget", "300"]), (3, "undecided".to_owned()));
    assert_eq!(check(&["--budget", "300", "--missing-days", "zero"]), (0, "within".to_owned()));
    let max = ["check", "--series", "c.csv", "--budget", "5", "--max-unpriced", "0.1"];
    assert!(env.run(&max).stderr.contains("cannot be used with '--max-unpriced <SHARE>'"));
    let run = env.run(&["check", "--series", "c.csv", "--budget", "team=a@5"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("daily costs cannot tell what is `team=a`"), "{}", run.stderr);
}

#[test]
fn daily_costs_have_ids_as_scopes() {
    let env = TestEnv::new();
    let first: NaiveDate = "2026-10-01".parse().unwrap();
    // Voice: 10.00 a day to 2026-11-29. Chat: 2.00 a day from 2026-11-10 to 2026-11-15.
    let mut text = String::from("date,cost,id\n");
    for (at, day) in first.iter_days().take(60).enumerate() {
        text.push_str(&format!("{day},10.00,voice\n"));
        if (40..46).contains(&at) {
            text.push_str(&format!("{day},2.00,chat\n"));
        }
    }
    env.file("c.csv", text);
    let budgets = ["id=voice@300", "id=chat@11.99", "id=vioce@1"];
    let mut arguments = vec!["check", "--series", "c.csv", "-o", "json", "--paths", "200"];
    budgets.iter().for_each(|budget| arguments.extend(["--budget", budget]));
    let run = env.run(&arguments);
    let found = run.json()["budgets"].clone();
    let shown: Vec<_> = (0..3)
        .map(|at| (&found[at]["verdict"], &found[at]["actual"], &found[at]["period"]))
        .collect();
    let november = json!("2026-11");
    assert_eq!(
        shown,
        [
            (&json!("within"), &json!("290.00"), &november),
            (&json!("exceeded"), &json!("12.00"), &november),
            (&json!("undecided"), &json!("0.00"), &november)
        ]
    );
    assert_eq!(run.json()["forecast"]["actual"], "302.00");
}

#[test]
fn wrong_flags_and_files_are_errors() {
    let env = constant();
    env.file("b.toml", "schema = \"tokencast.budget.v1\"\n[[budget]]\nid = \"a\"\namount = \"1\"\ncurrency = \"EUR\"\n");
    env.file("old.json", "{\"schema\":\"tokencast.forecast.v1\"}");
    for (arguments, expected) in [
        (
            &["--budgets", "b.toml"][..],
            "b.toml:2: budget `a` of 1.00 EUR cannot be compared with a forecast in USD",
        ),
        (&["--budgets", "none.toml"], "failed to read budget file `none.toml`"),
        (&[], "no budget to judge"),
        (&["--budget", "1", "--probability", "2"], "--probability: `2` is no share"),
        (
            &["--budget", "1", "--baseline", "old.json"],
            "schema is `tokencast.forecast.v1`, expected `tokencast.check.v1`",
        ),
        (&["--budget", "1", "--also", "pdf=x"], "--also: `pdf=x` is no FORM=FILE"),
        (&["--budget", "1", "--also", "csv=u.jsonl"], "output `u.jsonl` is one of the inputs"),
        (&["--budget", "1", "--out", "a", "--also", "csv=a"], "two results go to `a`"),
        (&["--budget", "1", "--marker", "a-->b"], "is no marker"),
        (&["--budget", "1", "--horizon", "2026-11-01"], "horizon ends before"),
    ] {
        let run = check(&env, arguments);
        assert_eq!(run.status, 2, "{arguments:?} {}", run.stderr);
        assert!(run.stderr.contains(expected), "{expected}\n{}", run.stderr);
    }
}

#[test]
fn a_denied_finding_is_an_error_and_writes_no_file() {
    let env = constant();
    let run = check(
        &env,
        &["--budget", "team=x@1", "--deny", "idle-budget", "--also", "json=a.json", "--warn-only"],
    );
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("error[idle-budget]"), "{}", run.stderr);
    assert!(!env.path("a.json").exists());
}

#[test]
fn a_launch_counts_for_the_scopes_that_it_is_in() {
    let env = constant();
    // 1,000,000 tokens a day at 2 USD a million, from 2026-11-21 on: 10 days.
    let launch = "2026-11-21:openai/gpt-6.1-sol:input.uncached=1000000";
    let (_, found) = budgets(
        &env,
        &["--launch", launch, "--budget", "provider=openai@32", "--budget", "team=search@12"],
    );
    let shown: Vec<_> = found.iter().map(|b| (&b["verdict"], &b["mean"])).collect();
    assert_eq!(shown, [(&json!("within"), &json!("32.00")), (&json!("within"), &json!("12.00"))]);
}
