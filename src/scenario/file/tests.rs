//! Scenario files as they are read, and what is wrong with them.

use super::*;
use crate::scenario::change::Change;

fn problems(changes: &str) -> Vec<String> {
    let text = format!("schema = \"{SCHEMA}\"\n[[scenario]]\nname = \"a\"\n{changes}");
    match read("s.toml", &text) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.problems.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn every_kind_is_read() {
    let text = r#"
[[scenario.change]]
kind = "growth"
growth = "8%/month"
[[scenario.change]]
kind = "swap"
scope = { team = "search" }
from = "openai/gpt-5"
to = "aws.bedrock/amazon.nova-pro-v1:0"
share = "0.4"
token_ratio_input = "1.1"
token_ratio_output = "1.2"
output_ratio = "0.5"
keep_cache = false
[[scenario.change]]
kind = "move"
service_tier = "batch"
[[scenario.change]]
kind = "cache_hit"
target = "0.7"
[[scenario.change]]
kind = "price_shock"
factor = "1.25"
from_date = "2027-01-01"
[[scenario.change]]
kind = "billing"
to = "tokens"
contract = "old"
from_date = "2027-01-01"
[[scenario.change]]
kind = "billing"
to = "seats"
from_date = "2027-02-01"
seats = { count = 10, price = "30", period = "month" }
[[scenario.change]]
kind = "fx"
from = "USD"
to = "EUR"
rate = "0.9"
from_date = "2027-01-01"
"#;
    let source = format!("schema = \"{SCHEMA}\"\n[[scenario]]\nname = \"a\"\n{text}");
    let found = read("s.toml", &source).unwrap();
    let found = found.scenarios;
    let labels: Vec<&str> = found[0].changes.iter().map(|c| c.label.as_str()).collect();
    assert_eq!(
        labels,
        [
            "growth 8%/month",
            "swap 40% openai/gpt-5 to aws.bedrock/amazon.nova-pro-v1:0 (team=search)",
            "move 100% to batch",
            "cache_hit 70%",
            "price_shock x1.25",
            "billing to tokens of old from 2027-01-01",
            "billing to seats from 2027-02-01",
            "fx USD to EUR 0.9 from 2027-01-01",
        ]
    );
    let Change::Reroute(swap) = &found[0].changes[1].change else { panic!() };
    assert_eq!(swap.leaves, Some((Some("openai".to_owned()), "gpt-5".to_owned())));
    assert_eq!((swap.input_ratio, swap.output_ratio), (Some(1.1), Some(1.2)));
    assert!((swap.length - 0.5).abs() < 1e-12 && !swap.keep_cache);
}

#[test]
fn problems_have_lines() {
    for (changes, expected) in [
        ("[[scenario.change]]\nkind = \"swop\"", "s.toml:5: unknown `kind` `swop`"),
        ("[[scenario.change]]\nkind = \"swap\"\nto = \"b\"", "s.toml:4: `swap` has no `from`"),
        (
            "[[scenario.change]]\nkind = \"growth\"\nfactor = \"2\"",
            "s.toml:6: unknown key `factor`",
        ),
        (
            "[[scenario.change]]\nkind = \"cache_hit\"\ntarget = \"1.5\"",
            "s.toml:6: `target` is `1.5`",
        ),
        (
            "[[scenario.change]]\nkind = \"price_shock\"\nfactor = 2",
            "s.toml:6: `factor` is a bare number",
        ),
        ("[[scenario.change]]\nkind = \"move\"", "s.toml:4: `move` has no `provider`"),
        (
            "[[scenario.change]]\nkind = \"billing\"\nto = \"tokens\"",
            "s.toml:4: `billing` has no `from_date`",
        ),
        (
            "[[scenario.change]]\nkind = \"billing\"\nto = \"seats\"\nfrom_date = \"2027-01-01\"",
            "s.toml:4: `billing` has no `seats`",
        ),
        (
            "[[scenario.change]]\nkind = \"billing\"\nto = \"seats\"\nfrom_date = \"2027-01-01\"\nseats = { count = 1 }",
            "s.toml:8: `seats` has no `price`",
        ),
        (
            "[[scenario.change]]\nkind = \"fx\"\nfrom = \"USD\"\nto = \"EUR\"",
            "s.toml:4: `fx` has neither `rate` nor `factor`",
        ),
        (
            "[[scenario.change]]\nkind = \"fx\"\nfrom = \"USD\"\nto = \"EUR\"\nrate = \"0\"",
            "s.toml:8: `rate` is `0`, expected above 0",
        ),
        (
            "[[fallback]]\nfrom = \"p\"\nto = \"p/m\"",
            "s.toml:4: a fallback of `p` goes to another provider",
        ),
        ("colour = 1", "s.toml:4: unknown key `colour`"),
    ] {
        let found = problems(changes);
        assert!(found.iter().any(|p| p.starts_with(expected)), "{changes}: {found:?}");
    }
}

#[test]
fn swaps_are_typed() {
    let swap = parse_swap("a=p/b:1:60%@2027-01-01").unwrap();
    assert_eq!(swap.to.model.as_deref(), Some("b:1"));
    assert!((swap.share - 0.6).abs() < 1e-12);
    for text in ["", "a", "a=", "a=b:x%", "a=b:101%", "a=b@soon"] {
        assert!(parse_swap(text).is_err(), "{text}");
    }
}

#[test]
fn fallbacks_are_typed() {
    let found = parse_fallback("a=b/m:1").unwrap();
    assert_eq!((found.provider.as_str(), found.model, found.to.as_str()), ("a", None, "b/m:1"));
    let Change::Reroute(bare) = parse_fallback("a=b/m:1:no-tools").unwrap().stated.change else {
        panic!()
    };
    assert_eq!(bare.to.model.as_deref(), Some("m:1"));
    assert!(bare.keep_cache && !bare.keep_tools);
    assert_eq!(parse_fallback("a/x/y=b").unwrap().model.as_deref(), Some("x/y"));
    for text in ["", "a", "a=", "=b", "a=a/m"] {
        assert!(parse_fallback(text).is_err(), "{text}");
    }
}

/// The template with the signs taken away from what is no remark.
fn whole_template() -> String {
    let is_key = |line: &str| line.starts_with("[[") || line.contains(" = ");
    let bare = |line: &str| match line.strip_prefix("# ").filter(|rest| is_key(rest)) {
        Some(key) => key.to_owned(),
        None => line.to_owned(),
    };
    template().lines().map(bare).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_template_is_a_scenario_file_that_lists_every_key() {
    let found = read("t.toml", &template()).unwrap();
    assert_eq!(found.scenarios[0].changes.len(), 1);
    let text = whole_template();
    for key in KEYS.iter().chain(FALLBACK_KEYS).filter(|key| key.name != "kind") {
        assert!(text.contains(&format!("\n{} = {}", key.name, key.example)), "{}", key.name);
    }
    // One of the two keys of a rate excludes the other.
    let text = text.replace("\nfactor = \"0.9\"", "");
    let found = read("t.toml", &text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    assert_eq!((found.scenarios[0].changes.len(), found.fallbacks.len()), (KINDS.len(), 1));
}

#[test]
fn the_template_follows_the_schema() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for text in [template(), whole_template()] {
        let value: toml::Value = toml::from_str(&text).unwrap();
        let value = serde_json::to_value(value).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
}

#[test]
fn what_is_of_a_wrong_kind_neither_takes() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for broken in [
        "colour = 1",
        "[[scenario.change]]\nkind = \"swop\"",
        "[[scenario.change]]\nkind = \"swap\"\nto = \"b\"",
        "[[scenario.change]]\nkind = \"move\"\nregion = 1",
        "[[scenario.change]]\nkind = \"cache_hit\"\ntarget = \"1.5\"",
        "[[scenario.change]]\nkind = \"cache_hit\"\ntarget = \"0.5\"\nfactor = \"1\"",
        "[[scenario.change]]\nkind = \"price_shock\"\nfactor = 2",
        "[[scenario.change]]\nkind = \"growth\"",
        "[[scenario.change]]\nkind = \"billing\"\nto = \"coins\"\nfrom_date = \"2027-01-01\"",
        "[[scenario.change]]\nkind = \"fx\"\nfrom = \"USD\"",
        "[[fallback]]\nfrom = \"p\"",
    ] {
        let text = format!("schema = \"{SCHEMA}\"\n[[scenario]]\nname = \"a\"\n{broken}\n");
        assert!(read("s.toml", &text).is_err(), "{broken}");
        let value: toml::Value = toml::from_str(&text).unwrap();
        assert!(!validator.is_valid(&serde_json::to_value(value).unwrap()), "{broken}");
    }
}
