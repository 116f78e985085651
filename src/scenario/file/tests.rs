//! Scenario files as they are read, and what is wrong with them.

use super::*;

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
"#;
    let source = format!("schema = \"{SCHEMA}\"\n[[scenario]]\nname = \"a\"\n{text}");
    let found = read("s.toml", &source).unwrap();
    let labels: Vec<&str> = found[0].changes.iter().map(|c| c.label.as_str()).collect();
    assert_eq!(
        labels,
        [
            "growth 8%/month",
            "swap 40% openai/gpt-5 to aws.bedrock/amazon.nova-pro-v1:0 (team=search)",
            "move 100% to batch",
            "cache_hit 70%",
            "price_shock x1.25",
        ]
    );
    let Change::Reroute(swap) = &found[0].changes[1].change else { panic!() };
    assert_eq!(swap.leaves, Some((Some("openai".to_owned()), "gpt-5".to_owned())));
    assert!((swap.output_ratio - 0.6).abs() < 1e-12 && !swap.keep_cache);
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
