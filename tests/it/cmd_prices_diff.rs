//! `tokencast prices diff`.

use super::cmd_prices::book;
use super::common::TestEnv;

/// Models of a diff, each once, with all changes in percent.
fn changed(diff: &serde_json::Value) -> Vec<(String, String)> {
    let rows = diff["prices"].as_array().unwrap().iter();
    let mut found: Vec<_> = rows
        .map(|r| (r["model"].as_str().unwrap().to_owned(), r["change_percent"].to_string()))
        .collect();
    found.dedup();
    found
}

#[test]
fn diff_lists_exactly_the_rises() {
    let env = TestEnv::new();
    let diff = |from: &str, to: &str| env.run(&["prices", "diff", from, to, "-o", "json"]).json();
    let doubled = |models: &[&str]| -> Vec<(String, String)> {
        models.iter().map(|m| ((*m).to_owned(), "\"100.00\"".to_owned())).collect()
    };
    let january = diff("2026-12-31", "2027-01-01");
    assert_eq!(
        changed(&january),
        doubled(&["gemini-3.6-flash", "gemini-3.7-flash", "gemini-3.8-flash"])
    );
    let first = &january["prices"][0];
    assert_eq!((&first["old"], &first["new"]), (&"0.75".into(), &"1.50".into()));
    assert_eq!(
        first["new_entry"]["location"].as_str().unwrap().split(':').next(),
        Some("pricing/gemini.toml")
    );
    // Both of the Gemini API and of Vertex.
    let december = diff("2026-11-30", "2026-12-01");
    let both = ["gemini-4-argon", "gemini-4-carbon", "gemini-4-argon", "gemini-4-carbon"];
    assert_eq!(changed(&december), doubled(&both));
    assert_eq!(changed(&diff("2026-11-20", "2026-11-20")), []);
    let one = env.run(&[
        "prices",
        "diff",
        "2026-11-30",
        "2026-12-01",
        "argon",
        "--provider",
        "gemini",
        "-o",
        "csv",
    ]);
    assert_eq!(one.stdout.lines().count(), 1 + 5, "{}", one.stdout);
}

#[test]
fn diff_of_models_and_factors() {
    let env = TestEnv::new();
    // Claude Opus 4.6 and the factor for inference in the US came on 2026-02-05.
    let run = env.run(&[
        "prices",
        "diff",
        "2026-02-04",
        "2026-02-05",
        "--provider",
        "anthropic",
        "-o",
        "json",
    ]);
    let json = run.json();
    let appearing = json["models_appearing"].as_array().unwrap();
    assert!(appearing.iter().any(|m| m["model"] == "claude-opus-4-6"), "{json}");
    assert_eq!(json["multipliers"][0]["new"], "1.1");
    assert!(json["multipliers"][0]["old"].is_null());
}

#[test]
fn diff_of_a_file() {
    let env = TestEnv::new();
    env.file(
        "own.toml",
        book(
            "anthropic",
            "[[model]]\nid = \"claude-opus-5-5\"\n[[model.price]]\ninput_per_mtok = \"3\"\n",
        ),
    );
    let json = env.run(&["prices", "diff", "own.toml", "-o", "json"]).json();
    let rows = json["prices"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{json}");
    assert_eq!((&rows[0]["old"], &rows[0]["new"]), (&"4.00".into(), &"3.00".into()));
    assert_eq!(rows[0]["change_percent"], "-25.00");
    assert_eq!(rows[0]["new_entry"]["location"], "own.toml:8");
    for wrong in
        [&["2026-11-20"][..], &["nowhere.toml"], &["2026-01-01", "soon"], &["own.toml", "a", "b"]]
    {
        let run = env.run(&[&["prices", "diff"], wrong].concat());
        assert_eq!(run.status, 2, "{wrong:?}");
    }
}
