//! `tokencast prices explain`.

use super::cmd_prices::book;
use super::common::{Run, TestEnv};

/// A component of an explanation.
fn explained(run: &Run, component: &str) -> serde_json::Value {
    let json = run.json();
    let all = json["components"].as_array().unwrap();
    all.iter().find(|c| c["component"] == component).unwrap_or_else(|| panic!("{json}")).clone()
}

fn explain(arguments: &[&str]) -> Run {
    let run = TestEnv::new().run(&[&["prices", "explain"], arguments, &["-o", "json"]].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    run
}

/// The reasons of everything that almost applied.
fn reasons(component: &serde_json::Value) -> Vec<String> {
    let others = component["others"].as_array().unwrap().iter();
    others
        .flat_map(|o| o["reasons"].as_array().unwrap())
        .map(|r| r.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn explain_shows_the_multiplier_and_its_place() {
    let run = explain(&[
        "claude-opus-5-5",
        "--provider",
        "anthropic",
        "--endpoint",
        "us",
        "--at",
        "2026-11-20",
    ]);
    let input = explained(&run, "input.uncached");
    // 4.00 in the book, times 1.1 for inference in the US.
    assert_eq!((&input["price"], &input["entry"]["price"]), (&"4.40".into(), &"4.00".into()));
    assert_eq!(input["multipliers"][0]["factor"], "1.1");
    assert_eq!(input["multipliers"][0]["location"], "pricing/anthropic.toml:11");
    let missed = reasons(&input);
    assert!(missed.contains(&"service_tier batch (asked: standard)".to_owned()), "{missed:?}");
    assert!(missed.contains(&"speed fast (asked: standard)".to_owned()), "{missed:?}");
    let without = explain(&["claude-opus-5-5", "--provider", "anthropic", "--at", "2026-11-20"]);
    let input = explained(&without, "input.uncached");
    assert_eq!(input["price"], "4.00");
    assert!(reasons(&input).contains(&"endpoint us (asked: none stated)".to_owned()));
}

#[test]
fn explain_follows_dated_aliases() {
    let model = |at: &str| explain(&["gpt-4o", "--provider", "openai", "--at", at]).json();
    let before = model("2024-10-01");
    assert_eq!(before["model"], "gpt-4o-2024-05-13");
    assert_eq!(before["alias"]["name"], "gpt-4o");
    assert_eq!(before["alias"]["effective_until"], "2024-10-02T00:00:00Z");
    assert_eq!(before["components"][0]["price"], "5.00");
    let after = model("2024-10-02");
    assert_eq!(
        (&after["model"], &after["components"][0]["price"]),
        (&"gpt-4o-2024-08-06".into(), &"2.50".into())
    );
}

#[test]
fn explain_says_what_almost_matched() {
    let run = explain(&[
        "gpt-4o-audio-preview",
        "--provider",
        "openai",
        "--tier",
        "batch",
        "--at",
        "2026-01-01",
        "--component",
        "output",
    ]);
    let output = explained(&run, "output");
    assert!(output["price"].is_null());
    assert!(output["unpriced"].as_str().unwrap().contains("service_tier `batch`"));
    assert_eq!(reasons(&output), ["service_tier standard (asked: batch)"]);
    assert_eq!(output["others"][0]["item"]["price"], "10.00");
    // Long prompts: the other band, and what takes its place.
    let long =
        explain(&["gpt-5.5", "--provider", "openai", "--context", "272001", "--at", "2026-11-01"]);
    let output = explained(&long, "output");
    assert_eq!(output["price"], "45.00");
    assert_eq!(reasons(&output)[0], "prompt under 272001 tokens (asked: 272001)");
}

#[test]
fn explain_takes_geographies_and_views_of_the_past() {
    let run = explain(&["us.anthropic.claude-sonnet-5", "--at", "2026-11-01"]).json();
    assert_eq!(
        (&run["model"], &run["asked"]["endpoint"]),
        (&"anthropic.claude-sonnet-5".into(), &"us".into())
    );
    // The rise to 3/15 was known from 2026-06-30 until it was taken back.
    let rise = |known: &[&str]| {
        let base = [
            "claude-sonnet-5",
            "--provider",
            "anthropic",
            "--at",
            "2026-09-10",
            "--component",
            "output",
        ];
        explained(&explain(&[&base[..], known].concat()), "output")
    };
    assert_eq!(rise(&["--known-at", "2026-07-15"])["price"], "15.00");
    let now = rise(&[]);
    assert_eq!(now["price"], "10.00");
    assert!(reasons(&now).contains(&"withdrawn on 2026-08-10".to_owned()), "{now}");
}

#[test]
fn explain_says_which_layer_wins() {
    let env = TestEnv::new();
    env.file(
        "own.toml",
        book(
            "anthropic",
            "[[model]]\nid = \"claude-opus-5-5\"\n[[model.price]]\ninput_per_mtok = \"3\"\n",
        ),
    );
    let run = env.run(&[
        "prices",
        "explain",
        "claude-opus-5-5",
        "--provider",
        "anthropic",
        "--prices",
        "own.toml",
        "-o",
        "json",
    ]);
    let input = explained(&run, "input.uncached");
    assert_eq!(
        (&input["price"], &input["entry"]["location"]),
        (&"3.00".into(), &"own.toml:8".into())
    );
    let lower = "of the bundled books, a lower layer than flag".to_owned();
    assert!(reasons(&input).contains(&lower), "{input}");
    let ambiguous = env.run(&["prices", "explain", "claude-opus-5"]);
    assert!(ambiguous.status == 2 && ambiguous.stderr.contains("--provider"));
    let wrong = env.run(&["prices", "explain", "gpt-4o", "--component", "inputs"]);
    assert!(wrong.status == 2 && wrong.stderr.contains("input.uncached"));
}
