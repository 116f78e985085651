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
