//! The samples: read, counted and priced whole. The expected counts were summed by another program
//! straight from the JSON, Claude Code answers once an id with the largest counts.

use super::common::{TestEnv, root};

const TOKENS: [(&str, u64); 10] = [
    ("input.cache_read", 288_272_067),
    ("input.cache_write.1h", 25_023_372),
    ("input.cache_write.30m", 7_213_785),
    ("input.cache_write.5m", 107_201_141),
    ("input.tool", 110_384),
    ("input.uncached", 303_869_858),
    ("input.uncached.audio", 4_637_696),
    ("input.uncached.image", 922_880),
    ("output", 61_719_808),
    ("output.reasoning", 23_498_055),
];

#[test]
fn counts_are_those_of_an_independent_sum() {
    let report = TestEnv::new().samples_json(&["cost"]);
    let totals = &report["totals"];
    assert_eq!(totals["requests"], 3_055);
    let tokens = totals["tokens"].as_object().unwrap();
    assert_eq!(tokens.len(), TOKENS.len());
    for (name, count) in TOKENS {
        assert_eq!(tokens[name], count, "{name}");
    }
    assert_eq!(totals["other"]["tool.web_search"], 132);
}

#[test]
fn everything_is_priced_and_nothing_is_odd() {
    let report = TestEnv::new().samples_json(&["cost", "--strict"]);
    assert_eq!(report["totals"]["unpriced"]["records"], 0);
    assert_eq!(report["inputs"]["skipped"], 0);
    // What the sources of the Bedrock table say ends in July 2026, and that is said.
    let found: Vec<_> =
        report["diagnostics"].as_array().unwrap().iter().map(|d| &d["code"]).collect();
    assert_eq!(found, ["stale-price"], "{}", report["diagnostics"]);
}

#[test]
fn samples_are_small_enough_to_read() {
    let bytes: u64 = super::common::files_below(&root().join("samples"))
        .iter()
        .map(|p| p.metadata().unwrap().len())
        .sum();
    assert!(bytes < 2_500_000, "{bytes}");
}
