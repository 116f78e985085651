//! Month ends, run rates and budgets of `tokencast forecast`.

use serde_json::{Value, json};

use super::common::{TestEnv, root};

/// 10.00 a day from 2026-10-01 to 2026-11-29.
fn constant(env: &TestEnv) {
    let first: chrono::NaiveDate = "2026-10-01".parse().unwrap();
    let rows: String = first.iter_days().take(60).map(|d| format!("{d},10.00\n")).collect();
    env.file("c.csv", format!("date,cost\n{rows}"));
}

fn budgets(env: &TestEnv, arguments: &[&str]) -> Vec<Value> {
    let run = env.run(&[&["forecast", "--series", "c.csv", "-o", "json"], arguments].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    run.json()["budgets"].as_array().unwrap().clone()
}

fn samples(arguments: &[&str]) -> Value {
    let costs = root().join("samples/series/costs.csv");
    let base = ["forecast", "--series", costs.to_str().unwrap(), "-o", "json"];
    TestEnv::new().run(&[&base, arguments].concat()).json()
}

#[test]
fn a_budget_of_25_days_is_used_up_on_the_25th() {
    let env = TestEnv::new();
    constant(&env);
    let found = &budgets(&env, &["--budget", "250/total", "--levels", "0.8"])[0];
    assert_eq!(found["over"]["probability"], 1.0);
    // The horizon begins on 2026-11-30.
    let by = json!({"0.1": "2026-12-24", "0.5": "2026-12-24", "0.9": "2026-12-24"});
    assert_eq!(found["used_up_by"], by);
    assert_eq!(
        (&found["period"], &found["actual"]),
        (&json!("2026-11-30 to 2026-12-29"), &json!("0.00"))
    );
    assert!(found["used_up_on"].is_null());
}

#[test]
fn a_budget_that_is_just_enough_holds() {
    let env = TestEnv::new();
    constant(&env);
    let found = budgets(&env, &["--budget", "300/total", "--budget", "299.99/total"]);
    assert_eq!(found[0]["over"]["probability"], 0.0);
    assert!(found[0]["used_up_by"].as_object().unwrap().values().all(Value::is_null));
    assert_eq!(found[1]["over"]["probability"], 1.0);
    assert_eq!(found[1]["used_up_by"]["0.5"], "2026-12-29");
}

#[test]
fn what_is_spent_counts_and_may_be_too_much_already() {
    let env = TestEnv::new();
    constant(&env);
    let found = budgets(&env, &["--budget", "250", "--horizon", "eoy"]);
    assert_eq!(found.len(), 2);
    // 290.00 on 29 days of November: the 25th took the last cent.
    assert_eq!((&found[0]["period"], &found[0]["actual"]), (&json!("2026-11"), &json!("290.00")));
    assert_eq!(found[0]["used_up_on"], "2026-11-25");
    assert_eq!(found[0]["over"], json!({"probability": 1.0, "standard_error": 0.0}));
    assert_eq!((&found[1]["period"], &found[1]["used_up_on"]), (&json!("2026-12"), &json!(null)));
    assert_eq!(found[1]["used_up_by"]["0.025"], "2026-12-25");
    // The quarter is known from its first day: 600.00 and 32 days of 10.00.
    let found = &budgets(&env, &["--budget", "915 USD/quarter", "--horizon", "eoq"])[0];
    assert_eq!((&found["period"], &found["complete"]), (&json!("2026-Q4"), &json!(true)));
    assert_eq!(
        (&found["mean"], &found["used_up_by"]["0.5"]),
        (&json!("920.00"), &json!("2026-12-31"))
    );
    // The year is not: nothing is known of what was spent before October.
    let found = &budgets(&env, &["--budget", "1000/year", "--horizon", "eoy"])[0];
    assert_eq!((&found["period"], &found["complete"]), (&json!("2026"), &json!(false)));
}

#[test]
fn the_chance_of_going_over_is_that_of_the_quantiles() {
    let quantiles = samples(&[])["total"]["quantiles"].clone();
    for (probability, chance) in [("0.025", 0.975), ("0.1", 0.9), ("0.5", 0.5), ("0.9", 0.1)] {
        let budget = format!("{}/total", quantiles[probability].as_str().unwrap());
        let found = &samples(&["--budget", &budget])["budgets"][0];
        let over = found["over"]["probability"].as_f64().unwrap();
        assert!((over - chance).abs() <= 0.001, "{probability}: {over}");
        let by = &found["used_up_by"];
        assert_eq!(by["0.9"].is_string(), chance >= 0.9, "{by}");
        assert!(by["0.025"].is_string(), "{by}");
    }
    // Half of 2,000 paths: sqrt(0.25 / 2004).
    let budget = format!("{}/total", quantiles["0.5"].as_str().unwrap());
    let found = &samples(&["--budget", &budget])["budgets"][0]["over"];
    assert_eq!(found["standard_error"], 0.0112);
}

#[test]
fn tables_say_it_in_words() {
    let env = TestEnv::new();
    constant(&env);
    let run =
        env.run(&["forecast", "--series", "c.csv", "--budget", "250", "--budget", "301/total"]);
    assert_eq!(run.status, 0, "a budget is shown, not judged");
    for expected in [
        "2026-11: 290.00 USD spent on 29 days, 300.00 USD expected by 2026-11-30 (80 %: 300.00 to 300.00).",
        "Straight on it would be 300.00 USD at the mean of the 28 days before, 300.00 USD at the mean of the 29 days of the month so far.",
        "████████████████████████████ │ ████████████████████████████  by day, known and median; the highest bar is 10.00 USD",
        "by day, USD: • known, ━ median, ▓ 80 %, ░ 95 %\n",
        " 10 ┤••••••••••••••│━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━\n  9 ┤              │\n",
        "     11-16          11-30                        12-29\n",
        "over   2026-11-25",
        "<1 %   not by 2026-12-29",
    ] {
        assert!(run.stdout.contains(expected), "{expected}\n{}", run.stdout);
    }
    let run = env.run(&["forecast", "--series", "c.csv", "--budget", "285", "--output", "csv"]);
    let last = run.stdout.lines().last().unwrap();
    // To 2026-12-29, when 29 days of 10.00 are above 285.00.
    assert_eq!(
        last,
        "budget,2026-12,0.00,290.00,290.00,290.00,290.00,290.00,290.00,USD,285.00,1.0000,2026-12-29,2026-12-29,2026-12-29,2026-12-29,2026-12-29"
    );
}

#[test]
fn a_month_that_the_history_begins_in_says_since_when() {
    let env = TestEnv::new();
    let rows: String = (10..=20).map(|d| format!("2026-11-{d},{}\n", d % 2 * 8)).collect();
    env.file("c.csv", format!("date,cost\n{rows}"));
    let text = env.run(&["forecast", "--series", "c.csv", "--horizon", "1d"]).stdout;
    assert!(text.contains("2026-11: 40.00 USD spent on 11 days since 2026-11-10,"), "{text}");
    assert!(text.contains("; --horizon eom forecasts its end"), "{text}");
    assert!(text.contains("▁█▁█▁█▁█▁█▁ │ "), "{text}");
    let markdown = env.run(&["forecast", "--series", "c.csv", "-o", "markdown"]).stdout;
    assert!(!markdown.contains(['█', '┤']), "{markdown}");
}

#[test]
fn quarters_and_years_are_listed_when_the_horizon_reaches_their_end() {
    let kinds = |horizon: &str| {
        let costs = root().join("samples/series/costs.csv");
        let arguments =
            ["forecast", "--series", costs.to_str().unwrap(), "-o", "csv", "--horizon", horizon];
        let text = TestEnv::new().run(&arguments).stdout;
        let kinds = text.lines().filter_map(|l| l.split_once(','));
        let mut kinds: Vec<String> = kinds
            .map(|(k, _)| k.to_owned())
            .filter(|k| !["day", "kind"].contains(&k.as_str()))
            .collect();
        kinds.dedup();
        kinds.join(" ")
    };
    assert_eq!(kinds("eom"), "month total");
    assert_eq!(kinds("eoq"), "month quarter year total");
    assert_eq!(kinds("4m"), "month quarter year total");
    let report = samples(&["--horizon", "4m"]);
    assert_eq!(report["quarters"][0]["quarter"], "2026-Q4");
    assert_eq!(report["quarters"][0]["complete"], true);
    assert_eq!(report["quarters"][1]["complete"], false);
    assert_eq!(report["years"][0]["year"], "2026");
}

#[test]
fn budgets_of_usage_work_the_same_and_in_its_currency_only() {
    let env = TestEnv::new();
    let report = env.samples_json(&["forecast", "--budget", "1 USD"]);
    assert_eq!(report["source"], "usage");
    assert_eq!(report["budgets"][0]["used_up_on"], "2026-11-01");
    let samples = root().join("samples/logs");
    for (budget, expected) in [
        ("900 EUR", "cannot be compared with a forecast in USD"),
        ("900/week", "`week` is no period"),
        ("$900", "is not a decimal number"),
        ("0", "is no budget"),
    ] {
        let run = env.run(&["forecast", samples.to_str().unwrap(), "--budget", budget]);
        assert_eq!(run.status, 2);
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    }
}
