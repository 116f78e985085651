//! The walk-throughs: what their pages show is what the program prints, and their figures are
//! those of an independent calculation from the sample files, with the prices written out here.

#![expect(clippy::cast_precision_loss, reason = "counts of tokens as floats, to the cent")]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::common::{TestEnv, root};

fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs/guides/walkthroughs").join(name)).unwrap()
}

/// Runs the commands of a page that go over several lines and compares what they print. A line of
/// `...` stands for lines that the page leaves out; blank lines do not count. Commands on one line
/// are run with those of all other pages.
fn check_excerpts(name: &str) -> usize {
    let text = page(name);
    let mut count = 0;
    for block in text.split("```console\n").skip(1) {
        let mut lines = block.split("```").next().unwrap().lines();
        let mut command = lines.next().unwrap().to_owned();
        if !command.ends_with('\\') {
            continue;
        }
        while command.ends_with('\\') {
            command.pop();
            command.push_str(lines.next().unwrap());
        }
        let arguments = command.strip_prefix("$ tokencast ").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_tokencast"))
            .args(arguments.split_whitespace())
            .current_dir(root())
            .env_clear()
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let mut rest = printed.lines().filter(|l| !l.is_empty() && !l.starts_with("Prices: book"));
        let mut left_out = false;
        for line in lines.filter(|l| !l.is_empty()) {
            if line == "..." {
                left_out = true;
            } else if left_out {
                assert!(rest.any(|l| l == line), "{name}: {command}: not printed: {line}");
                left_out = false;
            } else {
                assert_eq!(rest.next(), Some(line), "{name}: {command}");
            }
        }
        assert!(left_out || rest.next().is_none(), "{name}: {command}: more is printed");
        count += 1;
    }
    count
}

#[test]
fn seats_to_tokens_prints_what_the_page_says() {
    assert_eq!(check_excerpts("seats-to-tokens.md"), 2);
}

#[test]
fn ten_years_prints_what_the_page_says() {
    assert_eq!(check_excerpts("ten-year-commitment.md"), 2);
}

#[test]
fn another_model_prints_what_the_page_says() {
    assert_eq!(check_excerpts("claude-to-nova-or-gemini.md"), 1);
}

#[test]
fn provisioned_throughput_prints_what_the_page_says() {
    assert_eq!(check_excerpts("provisioned-throughput.md"), 2);
}

#[test]
fn machines_print_what_the_page_says() {
    assert_eq!(check_excerpts("trainium-or-bedrock.md"), 2);
}

#[test]
fn every_page_is_in_the_index() {
    let index = page("README.md");
    for entry in fs::read_dir(root().join("docs/guides/walkthroughs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "README.md" || index.contains(&format!("({name})")), "{name}");
    }
}

/// A bucket of a sample of usage.
struct Bucket {
    month: String,
    /// Uncached input, cached input and output.
    tokens: [u128; 3],
}

fn buckets(name: &str) -> Vec<Bucket> {
    let text = fs::read_to_string(root().join("samples/usage").join(name)).unwrap();
    let parse = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap();
        let count = |key: &str| u128::from(value["components"][key].as_u64().unwrap_or(0));
        Bucket {
            month: value["start"].as_str().unwrap()[..7].to_owned(),
            tokens: ["input.uncached", "input.cache_read", "output"].map(count),
        }
    };
    text.lines().map(parse).collect()
}

/// List cost at prices in micro-dollars for a million tokens, so in millionths of a millionth of a dollar.
fn list(bucket: &Bucket, prices: [u128; 3]) -> u128 {
    bucket.tokens.iter().zip(prices).map(|(tokens, price)| tokens * price).sum()
}

/// Cents, rounded half up, of an amount in millionths of a millionth of a dollar.
fn cents(picodollars: u128) -> String {
    let cents = (picodollars + 5_000_000_000) / 10_000_000_000;
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// A float that is an amount with two places.
fn assert_amount(found: &Value, expected: f64) {
    let amount: f64 = found.as_str().unwrap().parse().unwrap();
    assert!((amount - expected).abs() < 0.011, "{amount} is not {expected:.4}");
}

fn path(name: &str) -> String {
    Path::new("samples").join(name).to_str().map(|p| format!("{}/{p}", root().display())).unwrap()
}

fn json(env: &TestEnv, arguments: &[&str]) -> Value {
    let arguments: Vec<String> = arguments
        .iter()
        .map(|a| a.strip_prefix("samples/").map_or_else(|| (*a).to_owned(), path))
        .collect();
    let mut all: Vec<&str> = arguments.iter().map(String::as_str).collect();
    all.extend(["--output", "json"]);
    let run = env.run(&all);
    assert_eq!(run.status, 0, "{}", run.stderr);
    run.json()
}

fn scenario<'v>(report: &'v Value, name: &str) -> &'v Value {
    let all = report["scenarios"].as_array().unwrap();
    all.iter().find(|s| s["name"] == name).unwrap_or_else(|| panic!("no `{name}`: {report}"))
}

#[test]
fn invoices_after_the_move_are_usage_at_list_price_and_seats() {
    let env = TestEnv::new();
    let usage = buckets("seats.jsonl");
    // Sonnet 4.6: 3, 0.30 and 15 USD a million.
    let month = |name: &str| -> u128 {
        let of_month = usage.iter().filter(|b| b.month == name);
        of_month.map(|b| list(b, [3_000_000, 300_000, 15_000_000])).sum()
    };
    let settled = |contract: &str| {
        let fixed = ["cost", "samples/usage/seats.jsonl", "--since", "2026-06-01", "--contract"];
        json(&env, &[&fixed[..], &[contract]].concat())
    };
    let new = settled("samples/contracts/seats-and-tokens.toml");
    // 120 seats at 20 USD; 30 more from the 15th of July on, for 17 of its 31 days.
    let dollar = 1_000_000_000_000;
    let fees = [2_400 * dollar, 2_400 * dollar + 600 * dollar * 17 / 31, 3_000 * dollar];
    let old = settled("samples/contracts/seats-renewed.toml");
    let (old_fees, seats) = (fees.map(|f| f * 10), [120, 150, 150]);
    for (at, name) in ["2026-06", "2026-07", "2026-08"].into_iter().enumerate() {
        let billed = cents(month(name) + fees[at]);
        assert_eq!(new["invoices"][at]["billed_cost"], billed.as_str(), "{name}");
        // Each seat includes 180 USD, an added one from its day on in full; usage is 10 % off.
        let beyond = (month(name) * 9 / 10).saturating_sub(seats[at] * 180 * dollar);
        let billed: f64 = cents(old_fees[at] + beyond).parse().unwrap();
        // Lines are rounded one by one.
        let found: f64 = old["invoices"][at]["billed_cost"].as_str().unwrap().parse().unwrap();
        assert!((found - billed).abs() < 0.03, "{name}: {found} is not {billed}");
    }
    assert_eq!(cents(month("2026-06")), "24961.01");
}

#[test]
fn fees_are_certain_and_usage_is_not() {
    let env = TestEnv::new();
    let report = json(
        &env,
        &[
            "compare",
            "samples/usage/seats.jsonl",
            "--until",
            "2026-06-01",
            "--scenario",
            "samples/scenarios/seats-to-tokens.toml",
            "--paths",
            "100",
            "--decide-by",
            "billed",
        ],
    );
    // 2,400 + 2,400 + 30 x 20 x 17/31 + 10 x 3,000.
    let fee = 35_129.03;
    let at = |name: &str, quantile: &str| -> f64 {
        let text = scenario(&report, name)["billed"]["quantiles"][quantile].as_str().unwrap();
        text.parse().unwrap()
    };
    for quantile in ["0.1", "0.5", "0.9", "0.95"] {
        let difference = at("tokens", quantile) - at("base", quantile);
        assert!((difference - fee).abs() < 0.011, "{difference}");
    }
    // 24,000 + 24,000 + 30 x 200 x 17/31 + 10 x 30,000.
    assert_amount(&scenario(&report, "old-seats")["effective"]["quantiles"]["0.1"], 351_290.32);
}

/// Two months of the same usage on each day.
fn constant(provider: &str, model: &str, components: &str) -> String {
    let first: chrono::NaiveDate = "2026-09-01".parse().unwrap();
    first
        .iter_days()
        .take(61)
        .map(|day| {
            format!(
                "{{\"schema\":\"tokencast.usage.v1\",\"start\":\"{day}T00:00:00Z\",\"end\":\"{}T00:00:00Z\",\"provider\":\"{provider}\",\"model\":\"{model}\",\"requests\":1000,\"components\":{{{components}}}}}\n",
                day + chrono::Days::new(1)
            )
        })
        .collect()
}

#[test]
fn a_year_of_a_commitment_costs_the_larger_of_usage_and_commitment() {
    let env = TestEnv::new();
    // 20 trillion tokens in and 2 out a day: 2.76 million USD each, at 0.138 and 1.38 a million.
    let tokens = "\"input.uncached\":20000000000000,\"output\":2000000000000";
    env.file("u.jsonl", constant("self_hosted", "house-model", tokens));
    let report = json(
        &env,
        &[
            "compare",
            "u.jsonl",
            "--prices",
            "samples/prices/laboratory.toml",
            "--scenario",
            "samples/scenarios/ten-years.toml",
            "--horizon",
            "2028-10-31",
            "--paths",
            "100",
        ],
    );
    let mean = |name: &str| &scenario(&report, name)["effective"]["mean"];
    // Years of 365 and 366 days at 5.52 million: 2,014.80 and 2,020.32 million.
    assert_amount(mean("base"), 4_035_120_000.0);
    // 35 % off is 1,309.62 and 1,313.21, below 1,500 and 2,200.
    assert_amount(mean("100-billion"), 3_700_000_000.0);
    // What two years lack is owed after them, beyond the horizon.
    assert_amount(mean("100-billion-carried"), 2_622_828_000.0);
    // 30 % off is 1,410.36, above 1,050, and 1,414.22, below 1,540.
    assert_amount(mean("70-billion"), 2_950_360_000.0);
    // 25 % off is above 750 and 1,100 in both years.
    assert_amount(mean("50-billion"), 3_026_340_000.0);
}

#[test]
fn a_swap_counts_the_tokens_of_the_other_tokenizer() {
    let env = TestEnv::new();
    let tokens = "\"input.uncached\":1000000,\"input.cache_read\":4000000,\"input.cache_write.5m\":500000,\"output\":100000";
    env.file("u.jsonl", constant("anthropic", "claude-opus-5-5", tokens));
    let report = json(
        &env,
        &[
            "compare",
            "u.jsonl",
            "--scenario",
            "samples/scenarios/claude-to-nova-or-gemini.toml",
            "--horizon",
            "2026-12-31",
            "--paths",
            "100",
            "--allow",
            "idle-change",
        ],
    );
    let mean = |name: &str| &scenario(&report, name)["effective"]["mean"];
    let days = 61.0;
    // 1 x 4 + 4 x 0.20 + 0.5 x 5 + 0.1 x 20 USD a day.
    let opus = 9.30;
    assert_amount(mean("base"), days * opus);
    // Nova Pro at 0.80, 0.20 and 3.20; what is written to its cache costs 0.80.
    let nova = 0.82 * (0.8 + 4.0 * 0.2 + 0.5 * 0.8 + 0.1 * 3.2);
    assert_amount(mean("nova-40"), days * (0.6 * opus + 0.4 * nova));
    let uncached = 0.82 * (5.5 * 0.8 + 0.1 * 3.2);
    assert_amount(mean("nova-40-uncached"), days * (0.6 * opus + 0.4 * uncached));
    // Gemini 4 Argon at 2, 0.10 and 10 in November, twice that in December; writing is no extra.
    let argon = 1.5 * 2.0 + 4.0 * 0.1 + 0.1 * 10.0;
    for (name, ratio) in [("gemini-40", 1.19 / 1.47), ("gemini-40-prose", 0.63)] {
        let gemini = 0.4 * ratio * argon * (30.0 + 31.0 * 2.0);
        assert_amount(mean(name), days * 0.6 * opus + gemini);
    }
}

/// What is above a capacity each half-hour: the cost of its tokens and the minutes, where half of
/// the minutes of an hour have 120 % of its mean and the others 80 %.
fn above(capacity: f64, load: f64, cost: f64) -> (f64, f64) {
    let half = |part: f64| {
        let load = load * part;
        let above = (load - capacity).max(0.0);
        (cost * part / 2.0 * above / load, if above > 0.0 { 30.0 } else { 0.0 })
    };
    let (busy, quiet) = (half(1.2), half(0.8));
    (busy.0 + quiet.0, busy.1 + quiet.1)
}

#[test]
fn units_serve_up_to_their_rate_and_the_rest_is_billed_by_token() {
    let env = TestEnv::new();
    let usage = buckets("agents.jsonl");
    for units in [30.0, 45.0, 60.0, 90.0] {
        let contract = format!("samples/contracts/agents-ptu-{units}.toml");
        let report = json(
            &env,
            &[
                "cost",
                "samples/usage/agents.jsonl",
                "--contract",
                &contract,
                "--since",
                "2026-10-04",
                "--until",
                "2026-11-01",
            ],
        );
        let (mut spilled, mut minutes) = (0.0, 0.0);
        for bucket in &usage {
            let cost = list(bucket, [1_750_000, 175_000, 14_000_000]) as f64 / 1e12;
            let load = (bucket.tokens[0] + 8 * bucket.tokens[2]) as f64 / 60.0;
            let (cost, over) = above(units * 3_400.0, load, cost);
            spilled += cost;
            minutes += over;
        }
        // 28 of the 31 days of October.
        let fee = units * 221.0 * 28.0 / 31.0;
        assert_amount(&report["totals"][0]["billed_cost"], spilled + fee);
        assert_eq!(report["capacities"][0]["minutes_over"].as_f64(), Some(minutes), "{report}");
    }
}

#[test]
fn machines_serve_up_to_their_speed_and_the_rest_goes_to_bedrock() {
    const HOURS: [f64; 24] = [
        4., 3., 3., 3., 3., 4., 5., 6., 8., 9., 10., 10., 9., 10., 10., 10., 10., 9., 8., 7., 6.,
        5., 5., 4.,
    ];
    let env = TestEnv::new();
    let usage = buckets("open-model.jsonl");
    for (name, machines, price, speed) in [
        ("trainium-on-demand", 4.0, 35.76, 1.0),
        ("trainium-3", 3.0, 22.0, 1.0),
        ("trainium-6", 6.0, 22.0, 1.0),
        ("trainium-3-twice-as-fast", 3.0, 22.0, 2.0),
    ] {
        let contract = format!("samples/contracts/{name}.toml");
        let report = json(
            &env,
            &[
                "cost",
                "samples/usage/open-model.jsonl",
                "--contract",
                &contract,
                "--since",
                "2026-10-01",
                "--until",
                "2026-11-01",
            ],
        );
        let total: f64 = HOURS.iter().sum();
        let mut spilled = 0.0;
        for bucket in usage.iter().filter(|b| b.month == "2026-10") {
            let cost = list(bucket, [720_000, 0, 720_000]) as f64 / 1e12;
            let [input, _, output] = bucket.tokens.map(|t| t as f64);
            let seconds = (input / 30_000.0 + output / 3_000.0) / speed;
            for hour in HOURS {
                let share = hour / total;
                spilled += above(machines * 0.8, seconds * share / 3_600.0, cost * share).0;
            }
        }
        let fee = 744.0 * machines * price;
        assert_amount(&report["totals"][0]["billed_cost"], spilled + fee);
    }
}
