//! Changes of `tokencast compare` that take ratios, terms or rates from elsewhere, against figures
//! worked by hand: 10 million tokens of `m` a day at a dollar a million, in March and April 2026.

use std::fmt::Write;

use serde_json::{Value, json};

use super::cmd_compare::{BOOK, TENTH, constant, contract, env, json, run, scenario};
use super::common::{TestEnv, root};

/// A file of one scenario.
fn one(name: &str, changes: &str) -> String {
    format!("schema = \"tokencast.scenario.v1\"\n[[scenario]]\nname = \"{name}\"\n{changes}")
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap_or_else(|| panic!("{value}")).parse().unwrap()
}

fn mean(report: &Value, name: &str) -> f64 {
    number(&scenario(report, name)["effective"]["mean"])
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-4, "{found} is not {expected}");
}

/// Kind and amount of every driver.
fn drivers(report: &Value, name: &str) -> Vec<(String, f64)> {
    let all = scenario(report, name)["drivers"].as_array().unwrap().iter();
    all.map(|d| (d["kind"].as_str().unwrap().to_owned(), number(&d["amount"]))).collect()
}

#[track_caller]
fn assert_drivers(report: &Value, name: &str, expected: &[(&str, f64)]) {
    let found = drivers(report, name);
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((kind, amount), (expected_kind, expected)) in found.iter().zip(expected) {
        assert_eq!(kind, expected_kind, "{found:?}");
        near(*amount, *expected);
    }
}

fn with_tokenizers(of_m: &str, of_small: &str) -> TestEnv {
    let env = constant(&[]);
    let named = |id: &str, name: &str| format!("id = \"{id}\"\ntokenizer = \"{name}\"");
    let book = BOOK.replace("id = \"m\"", &named("m", of_m));
    env.file("book.toml", book.replace("id = \"small\"", &named("small", of_small)));
    env
}

#[test]
fn a_swap_without_ratios_takes_those_of_the_table() {
    let env = with_tokenizers("claude-2024", "o200k_base");
    let report = json(&env, &["--swap", "m=small"]);
    // 610 at 0.4 of the price; 1.20 tokens (1.09 to 1.24) become one.
    near(mean(&report, "swap m=small"), 244.0 / 1.20);
    assert_drivers(
        &report,
        "swap m=small",
        &[("price", -366.0), ("tokens per text", 244.0 / 1.20 - 244.0)],
    );
    let swap = scenario(&report, "swap m=small");
    let ratio = &swap["token_ratios"][0];
    assert_eq!(ratio["from"], json!({"provider": "acme", "model": "m"}));
    assert_eq!(ratio["input"]["ratio"], 0.833_333);
    assert_eq!(
        (&ratio["input"]["low"], &ratio["input"]["high"]),
        (&json!(0.806_452), &json!(0.917_431))
    );
    assert_eq!(ratio["input"]["basis"], "table");
    assert_eq!(ratio["input"]["tokenizers"], json!(["claude-2024", "o200k_base"]));
    near(number(&swap["token_ratio_band"]["low"]), 244.0 / 1.24 - 244.0 / 1.20);
    near(number(&swap["token_ratio_band"]["high"]), 244.0 / 1.09 - 244.0 / 1.20);
    let found = report["diagnostics"].to_string();
    assert!(found.contains("token-ratio-estimated") && !found.contains("token-ratio-assumed"));
}

#[test]
fn a_tokenizer_that_was_measured_by_itself_goes_before_the_quotient() {
    let env = with_tokenizers("claude-2026", "claude-2024");
    let report = json(&env, &["--swap", "m=small"]);
    near(mean(&report, "swap m=small"), 244.0 / 1.30);
}

#[test]
fn the_same_tokenizer_needs_no_ratio_and_an_unmeasured_one_is_assumed() {
    for (of_small, finding) in [("claude-2024", None), ("nova", Some("token-ratio-assumed"))] {
        let report = json(&with_tokenizers("claude-2024", of_small), &["--swap", "m=small"]);
        assert_drivers(&report, "swap m=small", &[("price", -366.0)]);
        let found = report["diagnostics"].to_string();
        assert_eq!(found.contains("token-ratio"), finding.is_some(), "{found}");
        assert!(finding.is_none_or(|code| found.contains(code)));
        assert_eq!(scenario(&report, "swap m=small")["token_ratio_band"], Value::Null);
    }
}

#[test]
fn what_is_stated_goes_before_the_table() {
    let changes = "[[scenario.change]]\nkind = \"swap\"\nfrom = \"m\"\nto = \"small\"\ntoken_ratio_input = \"1\"\n";
    let env = with_tokenizers("claude-2024", "o200k_base");
    env.file("s.toml", one("stated", changes));
    let report = json(&env, &["--scenario", "s.toml"]);
    near(mean(&report, "stated"), 244.0);
    let ratio = &scenario(&report, "stated")["token_ratios"][0];
    assert_eq!(
        (&ratio["input"]["basis"], &ratio["output"]["basis"]),
        (&json!("stated"), &json!("table"))
    );
}

#[test]
fn a_swap_step_by_step() {
    // A day: 8 million uncached, 2 million read from the cache, 1 million answered.
    let first: chrono::NaiveDate = "2026-01-04".parse().unwrap();
    let mut logs = String::new();
    for day in first.iter_days().take(56) {
        writeln!(
            logs,
            r#"{{"time":"{day}T23:30:00Z","provider":"acme","model":"m","components":{{"input.uncached":8000000,"input.cache_read":2000000,"output":1000000}}}}"#
        )
        .unwrap();
    }
    let changes = "[[scenario.change]]\nkind = \"swap\"\nfrom = \"m\"\nto = \"small\"\ntoken_ratio_input = \"1.25\"\ntoken_ratio_output = \"1\"\noutput_ratio = \"0.5\"\nkeep_cache = false\n\
        [[scenario.change]]\nkind = \"move\"\nservice_tier = \"batch\"\n";
    let env = env(&logs, &[("s.toml", one("steps", changes))]);
    let cached = |price: &str, read: &str| format!("{price}\ncache_read_per_mtok = \"{read}\"");
    let book = BOOK
        .replace("output_per_mtok = \"5\"", &cached("output_per_mtok = \"5\"", "0.1"))
        .replace("output_per_mtok = \"2\"", &cached("output_per_mtok = \"2\"", "0.04"));
    let batch = "[[model.price]]\nwhen = { service_tier = \"batch\" }\ninput_per_mtok = \"0.2\"\noutput_per_mtok = \"1\"\ncache_read_per_mtok = \"0.02\"\n";
    env.file("book.toml", format!("{book}{batch}"));
    let report = json(&env, &["--scenario", "s.toml"]);
    // Of 61 days: 8 + 0.2 + 5; 3.2 + 0.08 + 2; 4 + 2; 5 + 2; 5 + 1; half of it.
    near(mean(&report, "base"), 61.0 * 13.2);
    assert_drivers(
        &report,
        "steps",
        &[
            ("price", 61.0 * (5.28 - 13.2)),
            ("cache", 61.0 * (6.0 - 5.28)),
            ("tokens per text", 61.0),
            ("answer length", -61.0),
            ("tier", -183.0),
        ],
    );
    near(mean(&report, "steps"), 183.0);
}

const OTHER: &str = r#"schema = "tokencast.prices.v1"
provider = "other"
name = "Other"
currency = "USD"
checked_on = "2026-06-01"
[[model]]
id = "m2"
[[model.price]]
input_per_mtok = "2"
output_per_mtok = "10"
"#;

/// The first exit of a scenario.
fn leaving<'v>(report: &'v Value, name: &str) -> &'v Value {
    &scenario(report, name)["leaving"][0]
}

#[test]
fn leaving_a_provider_costs_what_the_contract_still_asks_for() {
    let terms = "[scope]\nproviders = \"acme\"\n[[discount]]\nrate = \"0.2\"\n[[spend_commitment]]\nperiod = \"month\"\namounts = [\"270\"]\nshortfall = \"paid\"\n";
    let env = constant(&[("commit.toml", contract("commit", terms))]);
    env.file("other.toml", OTHER);
    let common = ["--contract", "commit.toml", "--prices", "other.toml"];
    let with = |fallback: &str| json(&env, &[&common[..], &["--fallback", fallback]].concat());
    let report = with("acme=other/m2");
    // 610 become 1220.
    let base = leaving(&report, "base");
    assert_eq!((&base["provider"], &base["to"]), (&json!("acme"), &json!(["other/m2"])));
    near(number(&base["added"]["mean"]), 610.0);
    assert_eq!(base["token_ratios"][0]["input"]["basis"], "assumed");
    // 540 with the commitment; without usage it asks for 540 all the same, beside 1220.
    near(mean(&report, "commit"), 540.0);
    let locked = leaving(&report, "commit");
    near(number(&locked["added"]["mean"]), 1220.0);
    near(number(&locked["added"]["quantiles"]["0.1"]), 1220.0);
    // What is not stated, or has no price, is not known.
    let of_other_model = with("acme/small=other/m2");
    assert_eq!(leaving(&of_other_model, "base")["lacks"], json!(["a fallback for m"]));
    let unpriced = with("acme=other/m3");
    assert_eq!(
        leaving(&unpriced, "base")["lacks"],
        json!(["a price for input.uncached of other/m3"])
    );
    for report in [of_other_model, unpriced, json(&env, &common)] {
        assert_eq!(leaving(&report, "base")["added"], Value::Null);
    }
    let text = run(&env, &common).stdout;
    assert!(text.contains("is not known without a stated equivalent: --fallback"), "{text}");
}

#[test]
fn a_model_has_its_own_fallback_before_that_of_its_provider() {
    let file = "schema = \"tokencast.scenario.v1\"\n[[fallback]]\nfrom = \"acme\"\nto = \"other/none\"\n[[fallback]]\nfrom = \"acme/m\"\nto = \"other/m2\"\ntoken_ratio_input = \"0.75\"\ntoken_ratio_output = \"1\"\n";
    let env = constant(&[("s.toml", file.to_owned())]);
    env.file("other.toml", OTHER);
    let report = json(&env, &["--scenario", "s.toml", "--prices", "other.toml"]);
    // 610 become 1220 times 0.75.
    near(number(&leaving(&report, "base")["added"]["mean"]), 915.0 - 610.0);
    let twice = ["--scenario", "s.toml", "--fallback", "acme=other/m2"];
    let failed = run(&env, &twice);
    assert!(failed.status == 2 && failed.stderr.contains("`acme` has another fallback already"));
}

fn seats(removal: &str) -> String {
    let terms = format!(
        "[[seats]]\ncount = 10\nprice = \"20\"\nperiod = \"month\"\nincluded_amount_per_seat = \"100\"\nremoval = \"{removal}\"\n"
    );
    contract("old", &terms)
}

#[test]
fn from_seats_to_tokens() {
    let change = "contracts = \"old.toml\"\n[[scenario.change]]\nkind = \"billing\"\nto = \"tokens\"\ncontract = \"old\"\nfrom_date = \"2026-03-11\"\n";
    for (removal, expected) in [
        // Two fees of 200; one and April by token; 10 of 31 days, 21 days and April by token.
        ("renewal", 400.0),
        ("next-period", 500.0),
        ("immediate", 200.0 * 10.0 / 31.0 + 210.0 + 300.0),
    ] {
        let env = constant(&[("old.toml", seats(removal)), ("s.toml", one("tokens", change))]);
        let report = json(&env, &["--scenario", "s.toml"]);
        let found = mean(&report, "tokens");
        assert!((found - expected).abs() < 0.01, "{removal}: {found} is not {expected}");
        let amounts = drivers(&report, "tokens");
        assert_eq!(amounts[0], ("contract".to_owned(), -210.0));
        assert!(amounts.len() == 2 && (amounts[1].1 - (expected - 400.0)).abs() < 0.01);
    }
}

#[test]
fn from_tokens_to_seats() {
    let change = |day: &str| {
        format!(
            "contracts = \"plain.toml\"\n[[scenario.change]]\nkind = \"billing\"\nto = \"seats\"\nfrom_date = \"{day}\"\nseats = {{ count = 10, price = \"20\", period = \"month\", included_amount_per_seat = \"25\" }}\n"
        )
    };
    let env = constant(&[("plain.toml", contract("plain", ""))]);
    env.file("s.toml", one("seats", &change("2026-04-01")));
    let report = json(&env, &["--scenario", "s.toml"]);
    // March by token; in April 200 for seats and what 250 do not cover of 300.
    near(mean(&report, "seats"), 310.0 + 200.0 + 50.0);
    let terms = &scenario(&report, "seats")["changed_terms"];
    assert_eq!(*terms, json!(["`seats-1` of `plain` begins on 2026-04-01"]));
    // After the end of the contract there is nothing to change.
    env.file("s.toml", one("seats", &change("2027-04-01")));
    let report = json(&env, &["--scenario", "s.toml"]);
    assert!(report["diagnostics"].to_string().contains("touches no term of its contracts"));
    env.file(
        "s.toml",
        one("seats", &change("2026-04-01").replace("contracts = \"plain.toml\"\n", "")),
    );
    let failed = run(&env, &["--scenario", "s.toml"]);
    assert!(
        failed.status == 2 && failed.stderr.contains("the scenario has 0"),
        "{}",
        failed.stderr
    );
}

const RATES: &str =
    "date,from,to,rate\n2026-01-01,USD,EUR,0.9\n2026-01-01,EUR,USD,1.2\n2026-04-01,EUR,USD,1.1\n";

#[test]
fn invoices_in_another_currency_are_converted_by_their_day() {
    let deal = contract("c", TENTH).replace("\"USD\"", "\"EUR\"");
    let env = constant(&[("c.toml", deal), ("fx.csv", RATES.to_owned())]);
    let report = json(&env, &["--contract", "c.toml", "--fx", "fx.csv"]);
    // 310 x 0.9 x 0.9 EUR at 1.2, and 300 x 0.9 x 0.9 EUR at 1.1.
    near(mean(&report, "c"), 301.32 + 267.30);
    let c = scenario(&report, "c");
    near(number(&c["billed"]["mean"]), 568.62);
    near(number(&c["providers"]["acme"]), 568.62);
    assert_eq!((&c["beside_usage"], &c["cash"]["2026-05"]), (&json!("0.00"), &json!("568.62")));
    let rates: Vec<&Value> =
        c["exchange_rates"].as_array().unwrap().iter().map(|r| &r["rate"]).collect();
    assert_eq!(rates, ["0.9", "1.2", "1.1"]);
    let text = run(&env, &["--contract", "c.toml", "--fx", "fx.csv"]).stdout;
    assert!(
        text.contains("EUR to USD at 1.1 (2026-04-01); the last rate of a pair is held"),
        "{text}"
    );
    // Without the way back there is no figure.
    env.file("fx.csv", "date,from,to,rate\n2026-01-01,USD,EUR,0.9\n");
    let failed = run(&env, &["--contract", "c.toml", "--fx", "fx.csv"]);
    let expected = "scenario `c` has no exchange rate from EUR to USD on or before 2026-03-31";
    assert!(failed.status == 2 && failed.stderr.contains(expected), "{}", failed.stderr);
    assert!(failed.stderr.contains("--fx FILE"));
    assert!(run(&env, &["--contract", "c.toml"]).stderr.contains("from USD to EUR"));
}

#[test]
fn exchange_rates_of_a_scenario_alone() {
    let fx = |rest: &str| {
        format!(
            "contracts = \"c.toml\"\n[[scenario.change]]\nkind = \"fx\"\nfrom = \"EUR\"\nto = \"USD\"\n{rest}\n"
        )
    };
    let deal = contract("c", TENTH).replace("\"USD\"", "\"EUR\"");
    let env = constant(&[("c.toml", deal), ("fx.csv", RATES.to_owned())]);
    let of = |change: &str| {
        env.file("s.toml", one("s", change));
        json(&env, &["--scenario", "s.toml", "--fx", "fx.csv"])
    };
    let report = of(&fx("rate = \"1\"\nfrom_date = \"2026-04-01\""));
    near(mean(&report, "s"), 301.32 + 243.0);
    assert_drivers(&report, "s", &[("contract", 568.62 - 610.0), ("fx", -24.30)]);
    near(mean(&of(&fx("factor = \"0.5\"")), "s"), 284.31);
    // A rate that only the change states comes before the contract that needs it.
    env.file("fx.csv", "date,from,to,rate\n2026-01-01,USD,EUR,0.9\n");
    let report = of(&fx("rate = \"1\""));
    near(mean(&report, "s"), 251.1 + 243.0);
    assert_drivers(&report, "s", &[("fx", 0.0), ("contract", 494.1 - 610.0)]);
    let other = fx("rate = \"1\"").replace("\"EUR\"", "\"GBP\"");
    env.file("s.toml", one("s", &other.replace("contracts = \"c.toml\"\n", "")));
    let report = json(&env, &["--scenario", "s.toml"]);
    assert!(report["diagnostics"].to_string().contains("converts no amount of the horizon"));
}

#[test]
fn a_scenario_file_to_begin_with() {
    let env = constant(&[]);
    let written = env.run(&["init", "scenario", "--out", "s.toml"]);
    assert_eq!(written.status, 0, "{}", written.stderr);
    assert_eq!(
        env.run(&["init", "scenario"]).stdout,
        std::fs::read_to_string(env.path("s.toml")).unwrap()
    );
    let report = json(&env, &["--scenario", "s.toml"]);
    assert!(mean(&report, "example") > 610.0);
    let again = env.run(&["init", "scenario", "--out", "s.toml"]);
    assert!(again.status == 2 && again.stderr.contains("exists already"), "{}", again.stderr);
}

#[test]
fn the_schema_of_scenario_files_is_that_of_their_keys() {
    let printed = TestEnv::new().run(&["init", "scenario", "--schema"]);
    let page = |name: &str| std::fs::read_to_string(root().join(name)).unwrap();
    let expected = page("docs/schemas/scenario.v1.json");
    assert_eq!(printed.stdout, expected, "`tokencast init scenario --schema` prints the new one");
    let reference = page("docs/reference/scenario-file.md");
    for key in
        tokencast::scenario::file::KEYS.iter().chain(tokencast::scenario::file::FALLBACK_KEYS)
    {
        assert!(reference.contains(&format!("`{}`", key.name)), "{}", key.name);
    }
}

/// Prompts of which the tokens are counted by another program: words of prose, and a line of Chinese.
const PROSE: &str = "The wheels of a tricycle are counted once more, whatever they were before.";
const CHINESE: &str = "三轮车有几个轮子？它们为什么不会倒下？";

#[test]
fn a_ratio_measured_on_a_corpus_goes_before_the_table() {
    use tiktoken_rs::{cl100k_base, o200k_base};
    let tokens = |text: &str| {
        let of = [o200k_base().unwrap(), cl100k_base().unwrap()];
        of.map(|bpe| f64::from(u32::try_from(bpe.encode_ordinary(text).len()).unwrap()))
    };
    let ([old, new], [old_chinese, new_chinese]) = (tokens(PROSE), tokens(CHINESE));
    assert!(old_chinese < new_chinese);
    let env = with_tokenizers("o200k_base", "cl100k_base");
    env.file("prompts.jsonl", format!("{{\"text\":\"{PROSE}\"}}\n{{\"text\":\"{CHINESE}\"}}\n"));
    let measure =
        ["count", "prompts.jsonl", "--model", "gpt-4o,gpt-4", "--token-ratios-out", "r.toml"];
    let run = env.run(&measure);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let more = ["--swap", "m=small", "--token-ratios", "r.toml"];
    let report = json(&env, &more);
    // 610 at 0.4 of the price, times what the whole corpus has; the table says 0.99.
    let ratio = (new + new_chinese) / (old + old_chinese);
    near(mean(&report, "swap m=small"), 244.0 * (ratio * 1e6).round() / 1e6);
    let used = &scenario(&report, "swap m=small")["token_ratios"][0]["input"];
    assert_eq!((&used["basis"], &used["file"]), (&json!("measured"), &json!("r.toml")));
    assert_eq!((&used["low"], &used["content"]), (&used["high"], &Value::Null));
    assert_eq!(used["tokenizers"], json!(["o200k_base", "cl100k_base"]));
    // Counted exactly: nothing is estimated.
    assert!(
        !report["diagnostics"].to_string().contains("token-ratio"),
        "{}",
        report["diagnostics"]
    );
    assert_eq!(scenario(&report, "swap m=small")["token_ratio_band"], Value::Null);
    // Of one kind of text; of a kind that the corpus does not have it is that of all of it.
    for (content, ratio) in
        [("cjk", new_chinese / old_chinese), ("prose", new / old), ("numbers", ratio)]
    {
        let changes = format!(
            "[[scenario.change]]\nkind = \"swap\"\nfrom = \"m\"\nto = \"small\"\ncontent = \"{content}\"\n"
        );
        env.file("s.toml", one("kind", &changes));
        let report = json(&env, &["--scenario", "s.toml", "--token-ratios", "r.toml"]);
        near(mean(&report, "kind"), 244.0 * (ratio * 1e6).round() / 1e6);
        let used = &scenario(&report, "kind")["token_ratios"][0]["output"];
        let known = content != "numbers";
        assert_eq!(used["content"], if known { json!(content) } else { Value::Null });
    }
}

#[test]
fn a_measured_estimate_has_its_band_and_says_so() {
    let env = with_tokenizers("o200k_base", "claude-2026");
    // Eight words, each one token: 8 * 1.78 = 14.24 are 14 tokens, within a quarter rounded up: 10 to 18.
    env.file("p.txt", "one two three four five six seven eight");
    let measure =
        ["count", "p.txt", "--model", "claude-opus-5,gpt-4o", "--token-ratios-out", "r.toml"];
    assert_eq!(env.run(&measure).status, 0);
    let report = json(&env, &["--swap", "m=small", "--token-ratios", "r.toml"]);
    near(mean(&report, "swap m=small"), 244.0 * 14.0 / 8.0);
    let swap = scenario(&report, "swap m=small");
    let used = &swap["token_ratios"][0]["input"];
    assert_eq!((&used["low"], &used["high"]), (&json!(1.25), &json!(2.25)));
    near(number(&swap["token_ratio_band"]["high"]), 244.0 * (18.0 - 14.0) / 8.0);
    let found = report["diagnostics"].to_string();
    assert!(found.contains("token-ratio-estimated") && found.contains("`r.toml`"), "{found}");
}

#[test]
fn ratios_that_cannot_be_measured_or_read_are_errors() {
    let env = with_tokenizers("o200k_base", "cl100k_base");
    env.file("p.txt", "one two");
    let count = |model: &str, out: &str| {
        env.run(&["count", "p.txt", "--model", model, "--token-ratios-out", out])
    };
    let one = count("gpt-4o,gpt-4o-mini", "r.toml");
    assert_eq!(one.status, 2);
    assert!(one.stderr.contains("one tokenizer or none"), "{}", one.stderr);
    assert_eq!(count("gpt-4o,gpt-4", "p.txt").status, 2);
    assert!(!env.path("r.toml").exists());
    env.file("r.toml", "schema = \"tokencast.tokenizers.v1\"\nbase = \"a\"\n");
    let broken = run(&env, &["--swap", "m=small", "--token-ratios", "r.toml"]);
    assert_eq!(broken.status, 2);
    assert!(broken.stderr.contains("r.toml:1: file has no `checked_on`"), "{}", broken.stderr);
}
