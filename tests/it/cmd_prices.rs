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

/// Models whose prices need a deployment, or are of other units than tokens, are listed too.
#[test]
fn list_has_every_model_with_a_price() {
    let env = TestEnv::new();
    let row = |name: &str, provider: &str| {
        let fixed = ["prices", "list", name, "--provider", provider, "-o", "json"];
        let json = env.run(&[&fixed[..], &["--at", "2026-11-20"]].concat()).json();
        let models = json["models"].as_array().unwrap().clone();
        models.into_iter().find(|m| m["model"] == name).unwrap()
    };
    let azure = row("gpt-5.4", "azure");
    assert_eq!(
        (&azure["input_per_mtok"], &azure["deployment"]),
        (&"2.50".into(), &"global_standard".into())
    );
    let rerank = row("rerank-v3.5", "cohere");
    assert_eq!(rerank["other_prices"][0]["key"], "search_unit_per_1000");
    assert_eq!(rerank["other_prices"][0]["price"], "2.00");
    assert_eq!(row("gpt-6.1-sol", "openai")["other_prices"], serde_json::json!([]));
}

#[test]
fn list_says_why_it_is_empty() {
    let env = TestEnv::new();
    for (arguments, error) in [
        (vec!["nothing-like-it"], "no model matches"),
        (vec!["gpt", "--provider", "nobody"], "no price book is of provider `nobody`"),
        (
            vec!["sonnet-5", "--at", "2020-01-01"],
            "no model of those that match has a standard price at 2020-01-01T00:00:00Z",
        ),
    ] {
        let run = env.run(&[&["prices", "list"], &arguments[..]].concat());
        assert!(run.status == 2 && run.stderr.contains(error), "{arguments:?}: {}", run.stderr);
    }
    let shouted = env.run(&["prices", "show", "CLAUDE-SONNET-5"]).stderr;
    assert!(
        shouted.contains("nearest names: ") && shouted.contains("claude-sonnet-5,"),
        "{shouted}"
    );
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

/// A price file of one provider.
pub(super) fn book(provider: &str, rest: &str) -> String {
    format!(
        "schema = \"tokencast.prices.v1\"\nprovider = \"{provider}\"\nname = \"Ours\"\ncurrency = \"USD\"\nchecked_on = \"2026-11-20\"\n{rest}"
    )
}

/// What `prices show` says of the entries of Claude Sonnet 5 that start on a day.
fn sonnet_5(from: &str, arguments: &[&str]) -> Vec<(String, String)> {
    let fixed = ["prices", "show", "claude-sonnet-5", "--provider", "anthropic", "-o", "json"];
    let shown = TestEnv::new().run(&[&fixed[..], arguments].concat()).json();
    let entries = shown["entries"].as_array().unwrap().iter();
    let text = |v: &serde_json::Value| v.as_str().unwrap_or("null").to_owned();
    entries
        .filter(|e| text(&e["effective_from"]).starts_with(from))
        .filter(|e| text(&e["condition"]) == "service_tier standard, speed standard")
        .map(|e| (text(&e["status"]), text(&e["withdrawn_on"])))
        .collect()
}

/// The rise of 2026-09-01 was announced on 2026-06-30 and taken back on 2026-08-10.
#[test]
fn show_says_what_was_known_then() {
    let rise = |arguments: &[&str]| sonnet_5("2026-09-01", arguments);
    let one = |status: &str, withdrawn: &str| vec![(status.to_owned(), withdrawn.to_owned())];
    assert_eq!(rise(&["--known-at", "2026-06-29"]), []);
    let july = ["--known-at", "2026-07-15", "--at"];
    assert_eq!(rise(&[&july[..], &["2026-07-15"]].concat()), one("announced", "null"));
    assert_eq!(rise(&[&july[..], &["2026-10-01"]].concat()), one("in force", "null"));
    // What it would have replaced had ended by then, as far as was known in July.
    let launch = sonnet_5("2026-06-30", &[&july[..], &["2026-10-01"]].concat());
    assert_eq!(launch, one("ended", "null"));
    for later in [&["--known-at", "2026-08-10"][..], &["--known-at", "2026-11-20"], &[]] {
        for at in ["2026-07-15", "2026-10-01"] {
            let asked = [later, &["--at", at]].concat();
            assert_eq!(rise(&asked), one("withdrawn", "2026-08-10T00:00:00Z"), "{asked:?}");
            assert_eq!(sonnet_5("2026-06-30", &asked), one("in force", "null"), "{asked:?}");
        }
    }
}

#[test]
fn show_does_not_know_an_end_before_it_is_announced() {
    let ends = |arguments: &[&str]| {
        let fixed = ["prices", "show", "o3-2025-04-16", "--provider", "openai", "-o", "json"];
        let shown = TestEnv::new().run(&[&fixed[..], arguments].concat()).json();
        let entries = shown["entries"].as_array().unwrap().clone();
        let first = entries.into_iter().find(|e| e["prices"][0]["price"] == "10.00").unwrap();
        (first["status"].clone(), first["effective_until"].clone())
    };
    let before = ends(&["--known-at", "2025-06-09", "--at", "2025-06-09"]);
    assert_eq!(before, ("in force".into(), serde_json::Value::Null));
    let after = ends(&["--known-at", "2025-06-10", "--at", "2025-06-10"]);
    assert_eq!(after, ("ended".into(), "2025-06-10T00:00:00Z".into()));
}

#[test]
fn show_and_explain_name_free_allowances() {
    let env = TestEnv::new();
    let fixed = ["gemini-2.5-pro", "--provider", "gcp.gemini"];
    let shown = env.run(&[&["prices", "show"], &fixed[..], &["-o", "json"]].concat()).json();
    let entries = shown["entries"].as_array().unwrap();
    let grounding = entries.iter().find(|e| e["prices"][0]["key"] == "grounding_per_1000").unwrap();
    let free = serde_json::json!({"quantity": 1500, "period": "day", "pool": null});
    assert_eq!(grounding["free_allowance"], free);
    let table = env.run(&[&["prices", "show"], &fixed[..]].concat()).stdout;
    assert!(table.contains("first 1,500 a day free"), "{table}");
    let asked = [&["prices", "explain"], &fixed[..], &["--component", "tool.grounding"]].concat();
    assert!(env.run(&asked).stdout.contains("first 1,500 a day free"));
}
