//! `tokencast formats` and `tokencast formats detect`.

use serde_json::Value;

use super::common::{TestEnv, record, root};

#[test]
fn every_format_is_listed_in_every_form() {
    let env = TestEnv::new();
    let json = env.run(&["formats", "-o", "json"]).json();
    let formats = json["formats"].as_array().unwrap();
    assert_eq!(formats.len(), tokencast::source::Format::all().count());
    let named = |name: &str| formats.iter().find(|f| f["name"] == name).unwrap();
    assert_eq!(named("claude-code")["group"], "agents");
    assert_eq!(named("anthropic")["grain"], "request");
    assert_eq!(
        (&named("map")["detected"], named("map")["containers"].to_string()),
        (&Value::Bool(false), "[\"JSON\",\"CSV\",\"Parquet\"]".to_owned())
    );
    let csv = env.run(&["formats", "-o", "csv"]).stdout;
    assert_eq!(csv.lines().count(), formats.len() + 1);
    let page = env.run(&["formats", "-o", "html"]);
    assert_eq!(page.status, 2);
}

fn body(usage: &str) -> String {
    format!(
        r#"{{"timestamp":"2026-07-01T10:00:00Z","response":{{"model":"m","usage":{{{usage}}}}}}}"#
    )
}

#[test]
fn a_mixed_file_shows_what_and_why() {
    let env = TestEnv::new();
    let items = [
        body("\"prompt_tokens\":1,\"completion_tokens\":2"),
        body("\"inputTokens\":1,\"outputTokens\":2"),
        body("\"prompt_tokens\":3,\"completion_tokens\":2"),
        "{\"when\":1,\"secret\":\"value\"}".to_owned(),
        "not json".to_owned(),
        record("2026-07-01T10:00:00Z", "openai", "gpt-5.5", 1, 1),
    ];
    env.file("mixed.jsonl", items.join("\n"));
    let json = env.run(&["formats", "detect", "mixed.jsonl", "-o", "json"]).json();
    let file = &json["files"][0];
    assert_eq!(
        (file["container"].as_str(), file["unknown"].as_u64(), file["invalid"].as_u64()),
        (Some("JSON lines"), Some(1), Some(1))
    );
    let seen: Vec<(&str, u64, &str)> = file["formats"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            (f["name"].as_str().unwrap(), f["count"].as_u64().unwrap(), f["why"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        seen,
        [
            (
                "openai-chat",
                2,
                "response body inside an object with usage of `prompt_tokens`, `completion_tokens`"
            ),
            (
                "bedrock-converse",
                1,
                "response body inside an object with usage of `inputTokens`, `outputTokens`"
            ),
            ("tokencast", 1, "key `components`"),
        ]
    );
    let advice = file["advice"][0].as_str().unwrap();
    assert!(advice.contains("`when`, `secret`") && advice.contains("--map"), "{advice}");
    assert!(!advice.contains("value"));
}

#[test]
fn only_the_first_objects_are_looked_at() {
    let env = TestEnv::new();
    let line = record("2026-07-01T10:00:00Z", "openai", "gpt-5.5", 1, 1) + "\n";
    env.file("long.jsonl", line.repeat(1_000));
    env.file("array.json", format!("{{\"data\":[{}]}}", vec![line.trim(); 1_000].join(",\n")));
    let json = env.run(&["formats", "detect", "long.jsonl", "array.json", "-o", "json"]).json();
    for file in json["files"].as_array().unwrap() {
        assert_eq!(file["formats"][0]["count"], 400, "{file}");
    }
}

#[test]
fn tables_and_files_of_no_format_say_what_to_do() {
    let env = TestEnv::new();
    env.file("t.csv", "When;Model;In\n1;2;3\n");
    env.file("costs.csv", "date,cost\n2026-07-01,5\n");
    env.file("empty.json", "");
    let run = env.run(&["formats", "detect", "t.csv", "costs.csv", "empty.json"]);
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert!(
        run.stdout.contains("a table with columns `When`, `Model`, `In` is of no known format")
    );
    assert!(run.stdout.contains("`forecast --series` reads them"));
    assert!(run.stdout.contains("empty.json: nothing to read."));
}

#[test]
fn cases_of_formats_are_told_by_the_same_detection() {
    let cases = root().join("tests/formats");
    let run = TestEnv::new().run(&["formats", "detect", cases.to_str().unwrap(), "-o", "json"]);
    let json = run.json();
    let mut told = 0;
    for file in json["files"].as_array().unwrap() {
        let path = file["file"].as_str().unwrap();
        let inside = path.split("tests/formats/").nth(1).unwrap();
        let format = inside.split('/').next().unwrap();
        if inside.contains("/input.")
            && file["formats"].as_array().unwrap().iter().any(|f| f["name"] == format)
        {
            told += 1;
        }
    }
    assert!(told > 0, "{json}");
}
