//! `tokencast compare` on usage that is the same every day, against figures worked by hand: 10 million
//! tokens of `m` a day at a dollar a million.

use std::fmt::Write;

use serde_json::Value;

use super::common::{Run, TestEnv, record};

pub(super) const BOOK: &str = r#"schema = "tokencast.prices.v1"
provider = "acme"
name = "Acme"
currency = "USD"
checked_on = "2026-06-01"
[[model]]
id = "m"
[[model.price]]
input_per_mtok = "1"
output_per_mtok = "5"
[[model]]
id = "small"
[[model.price]]
input_per_mtok = "0.4"
output_per_mtok = "2"
"#;

pub(super) fn contract(id: &str, rest: &str) -> String {
    format!(
        "schema = \"tokencast.contract.v1\"\nid = \"{id}\"\nissuer = \"acme\"\ncurrency = \"USD\"\nstart = \"2026-03-01\"\nend = \"2027-03-01\"\n{rest}"
    )
}

pub(super) const TENTH: &str = "[[discount]]\nrate = \"0.1\"\n";
const FLAT: &str = "[[flat_fee]]\namount = \"100\"\nperiod = \"month\"\n";

/// Eight weeks to the end of February.
fn usage(tokens: impl Fn(u64) -> u64) -> String {
    let first: chrono::NaiveDate = "2026-01-04".parse().unwrap();
    let mut text = String::new();
    for (at, day) in (0..56).zip(first.iter_days()) {
        let line = record(&format!("{day}T23:30:00Z"), "acme", "m", tokens(at), 0);
        writeln!(text, "{line}").unwrap();
    }
    text
}

pub(super) fn env(usage: &str, files: &[(&str, String)]) -> TestEnv {
    let env = TestEnv::new();
    env.file("book.toml", BOOK);
    env.file("u.jsonl", usage);
    for (name, text) in files {
        env.file(name, text);
    }
    env
}

pub(super) fn run(env: &TestEnv, arguments: &[&str]) -> Run {
    let fixed = ["compare", "u.jsonl", "--prices", "book.toml", "--stale-days", "9999"];
    let horizon = if arguments.contains(&"--horizon") { &[][..] } else { &["--horizon", "2m"] };
    env.run(&[&fixed[..], horizon, &["--paths", "100"], arguments].concat())
}

pub(super) fn json(env: &TestEnv, arguments: &[&str]) -> Value {
    let run = run(env, &[arguments, &["--output", "json"]].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    run.json()
}

/// A scenario by name.
pub(super) fn scenario<'v>(report: &'v Value, name: &str) -> &'v Value {
    let all = report["scenarios"].as_array().unwrap();
    all.iter().find(|s| s["name"] == name).unwrap_or_else(|| panic!("no `{name}`: {report}"))
}

pub(super) fn constant(files: &[(&str, String)]) -> TestEnv {
    env(&usage(|_| 10_000_000), files)
}

#[test]
fn deals_on_constant_usage() {
    let commit = format!(
        "{}[[spend_commitment]]\nperiod = \"month\"\namounts = [\"270\"]\nshortfall = \"paid\"\n",
        "[[discount]]\nrate = \"0.2\"\n"
    );
    let env = constant(&[
        ("tenth.toml", contract("tenth", TENTH)),
        ("flat.toml", contract("flat", FLAT)),
        ("commit.toml", contract("commit", &commit)),
    ]);
    let deals =
        ["--contract", "tenth.toml", "--contract", "flat.toml", "--contract", "commit.toml"];
    let report = json(&env, &deals);
    let mean = |name: &str| scenario(&report, name)["effective"]["mean"].as_str().unwrap();
    // March has 31 days and April 30. What a commitment of 270 lacks is paid: 248 and 240 were used.
    assert_eq!([mean("base"), mean("tenth"), mean("flat")], ["610.00", "549.00", "200.00"]);
    assert_eq!(mean("commit"), "540.00");
    let commit = scenario(&report, "commit");
    assert_eq!(commit["billed"]["quantiles"]["0.95"], "540.00");
    assert_eq!(commit["difference"]["mean"], "-70.00");
    assert_eq!(commit["regret"], "340.00");
    assert_eq!(
        (&commit["providers"]["acme"], &commit["beside_usage"]),
        (&"488.00".into(), &"52.00".into())
    );
    assert_eq!(commit["cash"]["2026-05"], "540.00");
    assert_eq!(scenario(&report, "flat")["cheapest"], 1.0);
    // 610 times the volume is 200, and 540.
    let even = |name: &str| scenario(&report, name)["break_even"]["volume_factor"].as_f64();
    assert!((even("flat").unwrap() / (200.0 / 610.0) - 1.0).abs() < 0.001);
    assert!((even("commit").unwrap() / (540.0 / 610.0) - 1.0).abs() < 0.001);
    assert_eq!(even("tenth"), None);
}

#[test]
fn chances_sum_to_one_and_a_contract_without_terms_is_the_base() {
    let swinging = usage(|day| 10_000_000 + day * 7_919_000 % 6_000_000);
    let env = env(
        &swinging,
        &[
            ("nothing.toml", contract("nothing", "")),
            ("flat.toml", contract("flat", "[[flat_fee]]\namount = \"380\"\nperiod = \"month\"\n")),
        ],
    );
    let report = json(&env, &["--contract", "nothing.toml", "--contract", "flat.toml"]);
    let all = report["scenarios"].as_array().unwrap();
    let chances: f64 = all.iter().map(|s| s["cheapest"].as_f64().unwrap()).sum();
    assert!((chances - 1.0).abs() < 1e-5, "{chances}");
    let (base, nothing) = (scenario(&report, "base"), scenario(&report, "nothing"));
    for key in ["effective", "billed", "cash", "regret", "cheapest", "p95_less_p50"] {
        assert_eq!(base[key], nothing[key], "{key}");
    }
    assert_eq!(nothing["difference"]["mean"], "0.00");
    // A fee takes the spread away.
    assert_ne!(base["p95_less_p50"], "0.00");
    assert_eq!(scenario(&report, "flat")["p95_less_p50"], "0.00");
}

#[test]
fn the_median_is_that_of_the_forecast() {
    let env = env(
        &usage(|day| 10_000_000 + day * 7_919_000 % 6_000_000),
        &[("c.toml", contract("c", ""))],
    );
    let report = json(&env, &["--contract", "c.toml"]);
    let forecast = env.run(&[
        "forecast",
        "u.jsonl",
        "--prices",
        "book.toml",
        "--stale-days",
        "9999",
        "--horizon",
        "2m",
        "--paths",
        "100",
        "--output",
        "json",
    ]);
    let number = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
    let theirs = number(&forecast.json()["total"]["quantiles"]["0.5"]);
    let ours = number(&scenario(&report, "base")["effective"]["quantiles"]["0.5"]);
    // Cells are rounded to whole tokens, leaves by day: less than a millionth.
    assert!((ours / theirs - 1.0).abs() < 1e-6, "{ours} {theirs}");
}

#[test]
fn threads_change_nothing() {
    let env = env(
        &usage(|day| 10_000_000 + day * 7_919_000 % 6_000_000),
        &[("c.toml", contract("c", TENTH))],
    );
    let with =
        |threads: &str| json(&env, &["--contract", "c.toml", "--threads", threads]).to_string();
    assert_eq!(with("1"), with("3"));
}

#[test]
fn a_commitment_that_goes_on_is_said() {
    let terms =
        "[[spend_commitment]]\nperiod = \"year\"\namounts = [\"2700\"]\nshortfall = \"paid\"\n";
    let env = constant(&[("year.toml", contract("year", terms))]);
    let found = run(&env, &["--contract", "year.toml"]);
    assert!(found.stderr.contains("open-commitment"), "{}", found.stderr);
    // 2700 less 610 that were used.
    assert!(found.stderr.contains("2090.00 USD still to be spent"), "{}", found.stderr);
}

#[test]
fn names_are_checked() {
    let env = constant(&[("c.toml", contract("c", TENTH))]);
    for (arguments, text) in [
        (&[][..], "nothing to compare"),
        (&["--contract", "c.toml", "--contract", "c.toml"], "two scenarios have the name `c`"),
        (&["--contract", "x=c.toml", "--base", "y"], "there are: base, x"),
        (&["--contract", "c.toml", "--discount-rate", "8"], "`8` is no rate"),
    ] {
        let found = run(&env, arguments);
        assert_eq!(found.status, 2, "{}", found.stderr);
        assert!(found.stderr.contains(text), "{}", found.stderr);
    }
}

const SCENARIOS: &str = r#"schema = "tokencast.scenario.v1"

[[scenario]]
name = "small"

[[scenario.change]]
kind = "swap"
from = "m"
to = "small"
share = "0.5"
from_date = "2026-04-01"
token_ratio_input = "1.25"
token_ratio_output = "1"

[[scenario]]
name = "grown"
contracts = ["tenth.toml"]

[[scenario.change]]
kind = "event"
event = "2026-04-01:+50%"

[[scenario.change]]
kind = "price_shock"
factor = "1.2"
from_date = "2026-04-16"

[[scenario.change]]
kind = "move"
service_tier = "batch"
scope = { model = "nothing" }
"#;

#[test]
fn changes_in_their_order() {
    let env = constant(&[
        ("deals/tenth.toml", contract("tenth", TENTH)),
        ("deals/s.toml", SCENARIOS.to_owned()),
    ]);
    let report = json(&env, &["--scenario", "deals/s.toml"]);
    let mean = |name: &str| scenario(&report, name)["effective"]["mean"].as_str().unwrap();
    // March 310, April 150 and half of 300 with a quarter more tokens at 0.4.
    assert_eq!(mean("small"), "535.00");
    // March 310; April 15 x 15 and 15 x 15 x 1.2; a tenth off.
    assert_eq!(mean("grown"), "724.50");
    let drivers: Vec<(String, String)> = scenario(&report, "grown")["drivers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| {
            let text = |key: &str| d[key].as_str().unwrap().to_owned();
            (text("kind") + ": " + &text("change"), text("amount"))
        })
        .collect();
    let expected = [
        ("volume: volume: event 2026-04-01:+50%", "150.00"),
        ("price: price_shock x1.2", "45.00"),
        ("tier: move 100% to batch (model=nothing)", "0.00"),
        ("contract: contracts: tenth", "-80.50"),
    ];
    assert_eq!(drivers, expected.map(|(change, amount)| (change.to_owned(), amount.to_owned())));
    let found = report["diagnostics"].to_string();
    assert!(found.contains("idle-change") && !found.contains("token-ratio-assumed"), "{found}");
}

#[test]
fn what_has_no_price_is_never_the_cheapest() {
    let env = constant(&[]);
    let report = json(&env, &["--swap", "m=unknown:50%", "--swap", "acme/m=small:40%"]);
    let lacking = scenario(&report, "swap m=unknown:50%");
    assert_eq!(lacking["unpriced"], serde_json::json!(["input.uncached of acme/unknown"]));
    assert_eq!((&lacking["difference"], &lacking["regret"]), (&Value::Null, &Value::Null));
    assert_eq!(lacking["cheapest"], 0.0);
    // 60 % of 610, and 40 % of it at 0.4.
    let small = scenario(&report, "swap acme/m=small:40%");
    assert_eq!((&small["effective"]["mean"], &small["cheapest"]), (&"463.60".into(), &1.0.into()));
    assert_eq!(run(&env, &["--swap", "m=unknown", "--strict"]).status, 2);
}

#[test]
fn a_price_shock_holds_for_what_moves_there_later() {
    let changes = r#"schema = "tokencast.scenario.v1"
[[scenario]]
name = "both"
[[scenario.change]]
kind = "price_shock"
factor = "2"
scope = { model = "small" }
[[scenario.change]]
kind = "swap"
from = "m"
to = "small"
token_ratio_input = "1"
token_ratio_output = "1"
"#;
    let env = constant(&[("s.toml", changes.to_owned())]);
    let report = json(&env, &["--scenario", "s.toml"]);
    assert_eq!(scenario(&report, "both")["effective"]["mean"], "488.00");
}

#[test]
fn more_cache_hits_by_hand() {
    // 8 million uncached and 2 million read from the cache a day; half of both are to be read.
    let first: chrono::NaiveDate = "2026-01-04".parse().unwrap();
    let mut logs = String::new();
    for day in first.iter_days().take(56) {
        writeln!(
            logs,
            r#"{{"time":"{day}T23:30:00Z","provider":"acme","model":"m","components":{{"input.uncached":8000000,"input.cache_read":2000000}}}}"#
        )
        .unwrap();
    }
    let book = BOOK.replace("output_per_mtok = \"5\"", "cache_read_per_mtok = \"0.1\"");
    let text = "schema = \"tokencast.scenario.v1\"\n[[scenario]]\nname = \"hits\"\n[[scenario.change]]\nkind = \"cache_hit\"\ntarget = \"0.5\"\n";
    let env = env(&logs, &[("s.toml", text.to_owned())]);
    env.file("book.toml", book);
    let report = json(&env, &["--scenario", "s.toml"]);
    let mean = |name: &str| scenario(&report, name)["effective"]["mean"].as_str().unwrap();
    // 61 days of 8 + 0.2, and of 5 + 0.5.
    assert_eq!([mean("base"), mean("hits")], ["500.20", "335.50"]);
}

#[test]
fn what_capacity_does_not_serve_is_priced_where_it_goes() {
    let terms = r#"[[capacity]]
id = "one"
unit = "PTU"
units = 1
price = "0.2"
per = "hour"
overflow = "spill"
load_profile = "flat"
spill_to = { model = "small" }
[[capacity.rate]]
models = "m"
tokens_per_minute = "1"
"#;
    let env = constant(&[("c.toml", contract("c", terms))]);
    let report = json(&env, &["--contract", "c.toml", "--horizon", "2026-03-31"]);
    // 744 hours at 0.2; 31 days of 10 million less 1440 tokens at 0.4.
    assert_eq!(scenario(&report, "c")["billed"]["mean"], "272.78");
}
