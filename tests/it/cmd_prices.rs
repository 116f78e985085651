//! `tokencast prices`.

use super::common::TestEnv;

#[test]
fn list_at_a_date() {
    let env = TestEnv::new();
    let at = |date: &str| {
        let run = env.run(&[
            "prices",
            "list",
            "gemini-3.6-flash",
            "--provider",
            "gcp.gemini",
            "--at",
            date,
            "--output",
            "json",
        ]);
        run.json()["models"][0]["input_per_mtok"].clone()
    };
    assert_eq!((at("2026-12-31"), at("2027-01-01")), ("0.75".into(), "1.50".into()));
}

#[test]
fn show_names_every_entry_and_where_it_is_written() {
    let env = TestEnv::new();
    let shown = env
        .run(&["prices", "show", "claude-sonnet-5", "--provider", "anthropic", "--output", "json"])
        .json();
    let entries = shown["entries"].as_array().unwrap();
    let withdrawn = entries.iter().filter(|e| e["status"] == "withdrawn").count();
    assert!(withdrawn > 0 && entries.len() > withdrawn);
    assert!(
        entries
            .iter()
            .all(|e| e["location"].as_str().unwrap().starts_with("pricing/anthropic.toml:"))
    );
    assert!(entries.iter().all(|e| e["source"].is_string()));
}

#[test]
fn unknown_and_ambiguous_models() {
    let env = TestEnv::new();
    let typo = env.run(&["prices", "show", "claude-opus-55"]);
    assert_eq!(typo.status, 2);
    assert!(typo.stderr.contains("claude-opus-5-5"), "{}", typo.stderr);
    let several = env.run(&["prices", "show", "claude-opus-5"]);
    assert!(several.stderr.contains("--provider"), "{}", several.stderr);
    assert_eq!(env.run(&["prices", "list", "nothing-like-it"]).status, 2);
}

#[test]
fn books_of_an_organisation_come_between() {
    let env = TestEnv::new();
    let book = |price: &str| {
        format!(
            "schema = \"tokencast.prices.v1\"\nprovider = \"anthropic\"\nname = \"Ours\"\ncurrency = \"USD\"\nchecked_on = \"2026-11-20\"\n[[model]]\nid = \"claude-opus-5-5\"\n[[model.price]]\ninput_per_mtok = \"{price}\"\n"
        )
    };
    env.file("org.toml", book("3"));
    env.file("flag.toml", book("2"));
    let input = |run: super::common::Run| run.json()["models"][0]["input_per_mtok"].clone();
    let list = ["prices", "list", "claude-opus-5-5", "--provider", "anthropic", "--output", "json"];
    let org = [("TOKENCAST_PRICES", "org.toml")];
    assert_eq!(input(env.run(&list)), "4.00");
    assert_eq!(input(env.run_with(&list, None, &org)), "3.00");
    let flagged = [&list[..], &["--prices", "flag.toml"]].concat();
    assert_eq!(input(env.run_with(&flagged, None, &org)), "2.00");
}

#[test]
fn completions_and_man_pages() {
    let env = TestEnv::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = env.run(&["completions", shell]);
        assert!(run.status == 0 && run.stdout.contains("forecast"), "{shell}");
    }
    assert_eq!(env.run(&["man", "pages"]).status, 0);
    assert!(env.path("pages/tokencast-forecast.1").exists());
}

/// A component of an explanation.
fn explained(run: &super::common::Run, component: &str) -> serde_json::Value {
    let json = run.json();
    let all = json["components"].as_array().unwrap();
    all.iter().find(|c| c["component"] == component).unwrap_or_else(|| panic!("{json}")).clone()
}

fn explain(arguments: &[&str]) -> super::common::Run {
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

/// A price file of one provider.
fn book(provider: &str, rest: &str) -> String {
    format!(
        "schema = \"tokencast.prices.v1\"\nprovider = \"{provider}\"\nname = \"Ours\"\ncurrency = \"USD\"\nchecked_on = \"2026-11-20\"\n{rest}"
    )
}

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
        super::common::record("2026-11-01T00:00:00Z", "groq", "llama-3.3-70b-versatile", 10, 10),
        super::common::record("2026-11-10T00:00:00Z", "groq", "llama-3.3-70b-versatile", 10, 10),
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
