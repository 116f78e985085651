//! `tokencast prices validate`, and the age of prices.

use super::cmd_prices::book;
use super::common::{TestEnv, record};

#[test]
fn bundled_books_are_clean() {
    let run = TestEnv::new().run(&["prices", "validate", "--strict", "-o", "json"]);
    let json = run.json();
    assert_eq!(
        (run.status, &json["errors"], &json["warnings"]),
        (0, &0.into(), &0.into()),
        "{json}"
    );
    // Tables that were not checked for long are known, and said.
    assert!(
        json["findings"].as_array().unwrap().iter().all(|f| f["kind"] == "stale-book"),
        "{json}"
    );
}

const ODD_BOOK: &str = r#"
[[model]]
id = "alpha-2"
maker = "one"
family = "alpha"
aliases = ["alpha-3"]
[[model.price]]
effective_from = "2026-01-01"
effective_until = "2026-02-01"
input_per_mtok = "1"
cache_read_per_mtok = "2"
[[model.price]]
effective_from = "2026-03-01"
input_per_mtok = "1"
[[model.price]]
when = { service_tier = "batch" }
input_per_mtok = "1.5"
output_per_mtok = "1"
[[model.price]]
effective_from = "2026-03-01"
when = { endpoint = "eu" }
output_reasoning_per_mtok = "9000"
[[model]]
id = "beta"
maker = "two"
family = "alpha"
[[model.price]]
input_per_mtok = "0.000002"
[[model]]
id = "gamma"
[[model.price]]
effective_until = "2026-01-01"
input_per_mtok = "1"
[[model.price]]
effective_from = "2026-01-01"
input_per_mtok = "0.001"
[[model]]
id = "delta"
[[model.price]]
when = { service_tier = "flex" }
expected = ["missing-standard"]
input_per_mtok = "1"
"#;

#[test]
fn validate_finds_each_kind() {
    let env = TestEnv::new();
    env.file("odd.toml", book("odd", ODD_BOOK));
    let run = env.run(&["prices", "validate", "odd.toml", "--at", "2027-03-01", "-o", "csv"]);
    assert_eq!(run.status, 2);
    let found: Vec<String> = run
        .stdout
        .lines()
        .filter(|l| l.contains("odd.toml"))
        .map(|l| l.split(',').take(3).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(found, ODD_FINDINGS);
    let warnings = env.run(&["prices", "validate", "--strict", "--stale-days", "5000"]);
    assert_eq!((warnings.status, warnings.stdout.contains("nothing found")), (0, true));
}

/// Level, kind and place, in the order of the file; the flex price of `delta` is expected.
const ODD_FINDINGS: [&str; 11] = [
    "note stale-book odd.toml:2",
    "warning odd-alias odd.toml:11",
    "warning cache-read-above-input odd.toml:12",
    "warning gap odd.toml:17",
    "warning missing-standard odd.toml:20",
    "warning batch-above-standard odd.toml:20",
    "warning suspect-price odd.toml:24",
    "warning missing-base odd.toml:24",
    "warning odd-family odd.toml:29",
    "error unit-slip odd.toml:32",
    "error unit-slip odd.toml:39",
];

#[test]
fn validate_lists_every_load_error() {
    let env = TestEnv::new();
    env.file("broken.toml", book("odd", "[[model]]\nid = \"a\"\n[[model.price]]\ninputs_per_mtok = \"1\"\n[[model.price]]\ninput_per_mtok = 9\nexpected = [\"gaps\"]\n"));
    let run = env.run(&["prices", "validate", "broken.toml", "-o", "json"]);
    assert_eq!(run.status, 2);
    let findings = run.json()["findings"].clone();
    let places: Vec<&str> =
        findings.as_array().unwrap().iter().map(|f| f["location"].as_str().unwrap()).collect();
    assert_eq!(places, ["broken.toml:9", "broken.toml:11", "broken.toml:12"], "{findings}");
    assert!(findings.as_array().unwrap().iter().all(|f| f["kind"] == "invalid-book"));
}

#[test]
fn prices_go_stale_by_the_check_of_the_book_that_sets_them() {
    let env = TestEnv::new();
    let usage = [
        record("2026-11-01T00:00:00Z", "groq", "llama-3.3-70b-versatile", 10, 10),
        record("2026-11-10T00:00:00Z", "groq", "llama-3.3-70b-versatile", 10, 10),
    ];
    env.file("usage.jsonl", usage.join("\n"));
    let says = |more: &[&str]| env.run(&[&["cost", "usage.jsonl"], more].concat()).stderr;
    // Groq's table was checked on 2026-07-24: 100 and 109 days before.
    let all = says(&[]);
    assert!(all.contains("`groq` were last checked on 2026-07-24, up to 109 days"), "{all}");
    assert!(all.contains("(2 times)"), "{all}");
    let one = says(&["--stale-days", "100"]);
    assert!(one.contains("(limit 100)") && !one.contains("times"), "{one}");
    assert_eq!(says(&["--stale-days", "109"]), "");
    // An own book checked in November prices the input, but not the output.
    let input =
        "[[model]]\nid = \"llama-3.3-70b-versatile\"\n[[model.price]]\ninput_per_mtok = \"1\"\n";
    env.file("own.toml", book("groq", input));
    assert!(says(&["--prices", "own.toml"]).contains("2026-07-24"));
    env.file("own.toml", book("groq", &format!("{input}output_per_mtok = \"2\"\n")));
    assert_eq!(says(&["--prices", "own.toml"]), "");
}
