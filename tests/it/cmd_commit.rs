//! `tokencast commit` on usage that is the same every day, against figures worked by hand: 10 million
//! tokens of `m` a day at a dollar a million, 3,650 dollars in the year of the contract.

use std::fmt::Write;

use serde_json::Value;

use super::common::{Run, TestEnv, record};

const BOOK: &str = r#"schema = "tokencast.prices.v1"
provider = "acme"
name = "Acme"
currency = "USD"
checked_on = "2026-06-01"
[[model]]
id = "m"
[[model.price]]
input_per_mtok = "1"
output_per_mtok = "5"
"#;

const HEAD: &str = "schema = \"tokencast.contract.v1\"\nid = \"deal\"\nissuer = \"acme\"\ncurrency = \"USD\"\nstart = \"2026-03-01\"\nend = \"2027-03-01\"\n";
const COMMITMENT: &str = "[[discount]]\nid = \"off\"\nrate = \"0.1\"\n[[spend_commitment]]\nid = \"annual\"\nperiod = \"year\"\namounts = [\"5000\"]\nshortfall = \"paid\"\n";
const CAPACITY: &str = "[[capacity]]\nid = \"cap\"\nunit = \"box\"\nunits = 2\nprice = \"0.03\"\nper = \"hour\"\nload_profile = \"flat\"\n[[capacity.rate]]\nmodels = \"m\"\ntokens_per_minute = \"1000\"\n";

/// Eight weeks to the end of February.
fn env(files: &[(&str, &str)]) -> TestEnv {
    let first: chrono::NaiveDate = "2026-01-04".parse().unwrap();
    let mut usage = String::new();
    for day in first.iter_days().take(56) {
        let line = record(&format!("{day}T23:30:00Z"), "acme", "m", 10_000_000, 0);
        writeln!(usage, "{line}").unwrap();
    }
    let env = TestEnv::new();
    env.file("book.toml", BOOK);
    env.file("u.jsonl", &usage);
    for (name, terms) in files {
        env.file(name, format!("{HEAD}{terms}"));
    }
    env
}

fn run(env: &TestEnv, arguments: &[&str]) -> Run {
    let fixed = ["commit", "u.jsonl", "--prices", "book.toml", "--stale-days", "9999"];
    env.run(&[&fixed[..], &["--paths", "100", "--horizon", "12m"], arguments].concat())
}

fn figures(env: &TestEnv, arguments: &[&str]) -> Value {
    let found = run(env, &[arguments, &["--output", "json"]].concat());
    assert_eq!(found.status, 0, "{}", found.stderr);
    found.json()
}

/// 3650 without a discount; 2,000: 5 % off is 3467.50; 3,000: 10 % off is 3285; 4,000 is 4,000, because a
/// fifth off leaves 2920.
#[test]
fn an_offer_makes_steps() {
    let env = env(&[("deal.toml", COMMITMENT)]);
    let offer = ["--contract", "deal.toml", "--discount-at", "2000=5%,3000=10%,4000=20%"];
    let found = figures(&env, &offer);
    let size = &found["sizes"][0];
    assert_eq!(size["term"], "deal/annual");
    assert_eq!(
        (&size["best"], &size["stated"]),
        (&Value::from("3000.00"), &Value::from("5000.00"))
    );
    assert_eq!(found["best"]["objective"], "3285.00");
    let at = |wanted: &str| {
        let curve = size["curve"].as_array().unwrap();
        curve.iter().find(|point| point["size"] == wanted).unwrap().clone()
    };
    assert_eq!(at("0.00")["cost"]["mean"], "3650.00");
    assert_eq!(at("2000.00")["cost"]["mean"], "3467.50");
    assert_eq!(at("4000.00")["cost"]["mean"], "4000.00");
    // Of 4,000 USD 2920 are used; of a need of 3285 USD 285 are beyond 3,000.
    assert_eq!(at("4000.00")["fit"]["unused"], 0.27);
    assert_eq!(at("4000.00")["fit"]["shortfall"], 1.0);
    assert_eq!(at("3000.00")["fit"]["beyond"], 0.086_758);
    assert_eq!(at("3000.00")["fit"]["overage"], 1.0);
    let others = found["alternatives"].as_array().unwrap();
    let of = |name: &str| others.iter().find(|other| other["name"] == name).unwrap();
    // The contract as written: 5,000 committed, whatever the discount. Without it list prices.
    assert_eq!(of("as written")["cost"]["mean"], "5000.00");
    assert_eq!(of("as written")["more"]["mean"], "1715.00");
    assert_eq!(of("without")["cost"]["mean"], "3650.00");
    // Every day was the same, so the past says the same.
    assert_eq!(of("look-back")["sizes"], Value::from(vec!["3000.00"]));
    assert_eq!(of("look-back")["more"]["mean"], "0.00");
}

/// A box serves 1,000 tokens a minute for 262.80 a year, worth 525.60 by token. Of 6,944 a minute the
/// seventh box still serves 944, worth 496.40; the eighth none. Seven cost 1839.60.
#[test]
fn capacity_is_bought_by_the_unit() {
    let env = env(&[("cap.toml", CAPACITY)]);
    let found = figures(&env, &["--contract", "cap.toml", "--size", "cap=4..9"]);
    let size = &found["sizes"][0];
    assert_eq!((&size["best"], &size["unit"]), (&Value::from("7.00"), &Value::from("box")));
    assert_eq!(found["best"]["objective"], "1839.60");
    let curve = size["curve"].as_array().unwrap();
    let six = curve.iter().find(|point| point["size"] == "6.00").unwrap();
    // 6 x 262.80, and 944.44 tokens a minute by token: 496.40.
    assert_eq!(six["cost"]["mean"], "2073.20");
    assert_eq!(six["fit"]["beyond"], 0.136);
    let only = figures(&env, &["--contract", "cap.toml", "--size", "cap=2..10:4"]);
    let sizes = only["sizes"][0]["curve"].as_array().unwrap().iter();
    let sizes: Vec<_> = sizes.map(|point| point["size"].as_str().unwrap().to_owned()).collect();
    assert_eq!(sizes, ["2.00", "6.00", "10.00"]);
}

#[test]
fn sizes_are_named_and_bounded() {
    let both = format!("{COMMITMENT}{CAPACITY}");
    let env = env(&[("both.toml", &both), ("plain.toml", "[[discount]]\nrate = \"0.1\"\n")]);
    for (arguments, message) in [
        (&["--contract", "both.toml"][..], "several terms have a size: deal/annual, deal/cap"),
        (&["--contract", "plain.toml"], "no term of these contracts has a size to choose"),
        (&["--contract", "both.toml", "--size", "anual"], "no term with a size is named `anual`"),
        (&["--contract", "both.toml", "--size", "cap=9..2"], "2.00 is not above 9.00"),
        (&["--contract", "both.toml", "--size", "cap=1..2.5"], "box are whole numbers"),
        (&["--contract", "both.toml", "--size", "cap", "--size", "deal/cap"], "is there twice"),
        (&["--contract", "both.toml", "--size", "annual", "--discount-at", "5%"], "is no step"),
        (&["--contract", "both.toml", "--size", "cap", "--minimise", "p12"], "is no objective"),
        (&["--contract", "gone.toml"], "failed to read contract `gone.toml`"),
    ] {
        let found = run(&env, arguments);
        assert_eq!(found.status, 2, "{arguments:?}");
        assert!(found.stderr.contains(message), "{arguments:?}: {}", found.stderr);
        assert!(found.stdout.is_empty());
    }
}

#[test]
fn no_usage_is_undecided() {
    let env = env(&[("deal.toml", COMMITMENT)]);
    env.file("u.jsonl", "");
    let found = run(&env, &["--contract", "deal.toml"]);
    assert_eq!(found.status, 3, "{}", found.stderr);
}

/// The same bytes with any number of threads.
#[test]
fn threads_change_nothing() {
    let env = env(&[("deal.toml", COMMITMENT)]);
    let asked = ["--contract", "deal.toml", "--size", "annual=0..6000:1000"];
    let one = run(&env, &[&asked[..], &["--threads", "1"]].concat());
    let two = run(&env, &[&asked[..], &["--threads", "2"]].concat());
    assert_eq!(one.status, 0, "{}", one.stderr);
    assert_eq!(one.stdout, two.stdout);
}

/// What a swap leaves is sized the same whether its ratio is stated or was measured on a corpus.
#[test]
fn ratios_measured_on_a_corpus_are_those_of_a_swap() {
    let env = env(&[("deal.toml", COMMITMENT)]);
    let named = |id: &str, tokenizer: &str| {
        format!("[[model]]\nid = \"{id}\"\ntokenizer = \"{tokenizer}\"\n")
    };
    let book = BOOK.replace("[[model]]\nid = \"m\"\n", &named("m", "o200k_base"));
    let second = named("n", "cl100k_base")
        + "[[model.price]]\ninput_per_mtok = \"1\"\noutput_per_mtok = \"5\"\n";
    env.file("book.toml", book + &second);
    let row = |name: &str, ratio: &str| {
        format!(
            "[[tokenizer]]\nname = \"{name}\"\nratio = \"{ratio}\"\nlow = \"{ratio}\"\nhigh = \"{ratio}\"\nbasis = \"exact\"\nsource = \"s\"\n"
        )
    };
    let head = "schema = \"tokencast.tokenizers.v1\"\nbase = \"o200k_base\"\nchecked_on = \"2026-11-20\"\n";
    env.file("r.toml", format!("{head}{}{}", row("o200k_base", "1"), row("cl100k_base", "1.25")));
    let sized = |stated: &str, more: &[&str]| {
        let swap = format!(
            "schema = \"tokencast.scenario.v1\"\n[[scenario]]\nname = \"swap\"\ncontracts = [\"deal.toml\"]\n[[scenario.change]]\nkind = \"swap\"\nfrom = \"m\"\nto = \"n\"\n{stated}"
        );
        env.file("s.toml", swap);
        let mut found = figures(&env, &[&["--scenario", "s.toml"], more].concat());
        found["diagnostics"] = Value::Null;
        found
    };
    let stated = sized("token_ratio_input = \"1.25\"\ntoken_ratio_output = \"1.25\"\n", &[]);
    assert_eq!(sized("", &["--token-ratios", "r.toml"]), stated);
    assert_ne!(sized("", &[]), stated);
}
