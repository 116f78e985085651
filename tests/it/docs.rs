//! Documentation that cannot drift: examples are run, pages are checked for completeness, JSON
//! results against their schemas.

use std::fs;
use std::process::Command;

use serde_json::Value;
use tokencast::diagnostic;
use tokencast::price_book::PRICE_KEYS;
use tokencast::source::mapping;
use tokencast::tokens::Component;

use super::common::{TestEnv, files_below, root};

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Runs the `$ tokencast ...` of each console block of a page at the root of the repository and
/// compares what it prints. Commands on files that the repository does not have are left out.
fn check_console_blocks(name: &str) -> usize {
    let text = page(name);
    let mut count = 0;
    for block in text.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        let (command, expected) = block.split_once('\n').unwrap();
        let Some(arguments) = command.strip_prefix("$ tokencast ") else { continue };
        let on_repository = arguments.contains(" samples") || arguments.starts_with("prices ");
        if !on_repository || arguments.ends_with('\\') || expected.contains("\n$ ") {
            continue;
        }
        let output = Command::new(env!("CARGO_BIN_EXE_tokencast"))
            .args(arguments.split_whitespace())
            .current_dir(root())
            .env_clear()
            .output()
            .unwrap();
        let found = String::from_utf8(output.stdout).unwrap();
        assert_eq!(without_digest(&found), without_digest(expected), "{name}: {command}");
        count += 1;
    }
    count
}

/// The digest of the price books changes with every price; the examples need not.
fn without_digest(text: &str) -> String {
    let mut parts = text.split("Prices: book ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |joined, part| {
        format!("{joined}Prices: book {}", part.get(12..).unwrap_or_default())
    })
}

#[test]
fn examples_print_what_the_pages_say() {
    assert!(check_console_blocks("README.md") >= 3);
    for path in files_below(&root().join("docs")) {
        if path.extension().is_some_and(|e| e == "md") {
            check_console_blocks(path.strip_prefix(root()).unwrap().to_str().unwrap());
        }
    }
}

#[test]
fn the_two_commands_are_those_of_ci() {
    let readme = page("README.md");
    assert!(readme.contains("cargo run --release --locked -- forecast samples/logs"));
    assert!(readme.contains("\ncargo test --locked "));
    assert!(page(".ci/run").contains("\ncargo test --locked\n"));
}

#[test]
fn every_finding_has_a_section_and_every_section_a_finding() {
    let text = page("docs/reference/diagnostics.md");
    let sections: Vec<&str> =
        text.lines().filter_map(|l| l.strip_prefix("## ")).map(|l| l.trim_matches('`')).collect();
    let codes: Vec<&str> = diagnostic::ALL.iter().map(|c| c.name()).collect();
    assert_eq!(sections, codes);
}

#[test]
fn reference_pages_name_everything() {
    let usage = page("docs/reference/usage-format.md");
    for component in Component::ALL {
        assert!(usage.contains(&format!("`{component}`")), "usage-format.md lacks {component}");
    }
    let prices = page("docs/reference/price-file.md");
    for key in PRICE_KEYS {
        assert!(prices.contains(key.name), "price-file.md lacks {}", key.name);
    }
    let mapping_page = page("docs/reference/mapping.md");
    for (field, _) in mapping::FIELDS {
        assert!(mapping_page.contains(&format!("`{field}`")), "mapping.md lacks {field}");
    }
    let costs = page("docs/reference/cost-series.md");
    for (_, _, headers) in tokencast::source::COST_COLUMNS {
        for header in headers {
            assert!(costs.contains(&format!("`{header}`")), "cost-series.md lacks {header}");
        }
    }
    let scenarios = page("docs/reference/scenario-file.md");
    for key in tokencast::scenario::file::KEYS {
        assert!(
            scenarios.contains(&format!("`{}`", key.name)),
            "scenario-file.md lacks {}",
            key.name
        );
    }
}

/// The overview and the pages of the groups.
fn format_pages() -> String {
    let mut text = page("docs/reference/formats.md");
    let groups = root().join("docs/reference/formats");
    if groups.is_dir() {
        for path in files_below(&groups) {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    text
}

#[test]
fn every_format_is_described_and_listed() {
    let pages = format_pages();
    for name in tokencast::source::Format::all().map(tokencast::source::Format::name) {
        assert!(pages.contains(&format!("`{name}`")), "no page describes {name}");
    }
    let list = TestEnv::new().run(&["formats", "--output", "markdown"]);
    assert_eq!(list.status, 0, "{}", list.stderr);
    let table: Vec<&str> = list.stdout.lines().filter(|l| l.starts_with('|')).collect();
    let overview = page("docs/reference/formats.md");
    let between = overview.split("<!-- tokencast formats -->\n").nth(1).unwrap();
    let between = between.split("\n<!-- end -->").next().unwrap();
    assert_eq!(between, table.join("\n"), "put the table of `tokencast formats -o markdown` there");
}

fn validator(name: &str) -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(&page(&format!("docs/schemas/{name}.json"))).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn assert_valid(schema: &str, value: &Value) {
    let validator = validator(schema);
    let errors: Vec<String> =
        validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{schema}: {}", errors.join("\n"));
}

#[test]
fn results_follow_their_schemas() {
    let env = TestEnv::new();
    assert_valid("cost.v1", &env.samples_json(&["cost", "--group-by", "day,model,team"]));
    assert_valid("cost.v1", &env.samples_json(&["cost", "--group-by", "component"]));
    assert_valid(
        "forecast.v1",
        &env.samples_json(&["forecast", "--group-by", "provider", "--horizon", "5d"]),
    );
    assert_valid("formats.v1", &env.run(&["formats", "-o", "json"]).json());
    let samples = root().join("samples");
    let detect = ["formats", "detect", samples.to_str().unwrap(), "-o", "json"];
    assert_valid("formats-detect.v1", &env.run(&detect).json());
    let costs = root().join("samples/series/costs.csv");
    let series = ["forecast", "--series", costs.to_str().unwrap(), "--output", "json"];
    let more = ["--group-by", "id", "--budget", "2600", "--budget", "1/year", "--horizon", "5m"];
    assert_valid("forecast.v1", &env.run(&[&series[..], &more].concat()).json());
    let again = ["backtest", "--series", costs.to_str().unwrap(), "--output", "json"];
    let more = ["--group-by", "id", "--horizon", "14d", "--windows", "2"];
    assert_valid("backtest.v1", &env.run(&[&again[..], &more].concat()).json());
    assert_valid(
        "backtest.v1",
        &env.samples_json(&[
            "backtest",
            "--group-by",
            "provider",
            "--horizon",
            "7d",
            "--windows",
            "2",
            "--level",
            "total",
        ]),
    );
    env.file("odd.jsonl", "{\"hello\":1}\nnot json\n");
    assert_valid("cost.v1", &env.run(&["cost", "odd.jsonl", "--output", "json"]).json());
    assert_valid(
        "prices-list.v1",
        &env.run(&["prices", "list", "--all", "--output", "json"]).json(),
    );
    for (provider, model) in
        [("anthropic", "claude-sonnet-5"), ("openai", "gpt-4o"), ("deepseek", "deepseek-v4-pro")]
    {
        let shown = env.run(&[
            "prices",
            "show",
            model,
            "--provider",
            provider,
            "--output",
            "json",
            "--at",
            "2026-11-20",
        ]);
        assert_valid("prices-show.v1", &shown.json());
    }
}

#[test]
fn settlements_follow_their_schema() {
    let env = TestEnv::new();
    let samples = |name: &str| root().join("samples").join(name).to_str().unwrap().to_owned();
    for (contracts, usage) in [
        (
            &["contracts/enterprise-edp.toml", "contracts/claude-private-pricing.toml"][..],
            "enterprise",
        ),
        (&["contracts/seats-and-tokens.toml"], "seats"),
        (&["contracts/ten-year-ramp.toml"], "laboratory"),
    ] {
        let usage = samples(&format!("usage/{usage}.jsonl"));
        let mut arguments =
            vec!["cost".to_owned(), usage, "--output".to_owned(), "json".to_owned()];
        for contract in contracts {
            arguments.extend(["--contract".to_owned(), samples(contract)]);
        }
        let run = env.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert_valid("settlement.v1", &run.json());
    }
}

#[test]
fn comparisons_follow_their_schema() {
    let env = TestEnv::new();
    let euro = "schema = \"tokencast.contract.v1\"\nid = \"euro\"\nissuer = \"anthropic\"\ncurrency = \"EUR\"\nstart = \"2026-01-01\"\nend = \"2028-01-01\"\n";
    let contract = env.file("euro.toml", euro).display().to_string();
    let fx =
        env.file("fx.csv", "date,from,to,rate\n2026-01-01,USD,EUR,0.9\n2026-01-01,EUR,USD,1.1\n");
    let fx = fx.display().to_string();
    let swap = ["compare", "--swap", "claude-opus-5-5=openai/gpt-6-sol:60%", "--horizon", "20d"];
    let more = ["--swap", "gpt-6-sol=unknown", "--paths", "100", "--discount-rate", "0.08"];
    let deal = ["--contract", &contract, "--fx", &fx];
    let exit = ["--fallback", "anthropic=aws.bedrock/amazon.nova-pro-v1:0:no-tools"];
    let report = env.samples_json(&[&swap[..], &more, &deal, &exit].concat());
    assert_valid("compare.v1", &report);
    let scenarios = report["scenarios"].as_array().unwrap();
    assert!(scenarios[0]["leaving"][0]["added"].is_object(), "{}", scenarios[0]["leaving"]);
    for key in ["token_ratios", "exchange_rates"] {
        assert!(scenarios.iter().any(|s| s[key].as_array().is_some_and(|all| !all.is_empty())));
    }
}

#[test]
fn plans_follow_their_schema() {
    let env = TestEnv::new();
    let offer = root().join("samples/contracts/claude-commitment.toml");
    let fixed = ["commit", "--contract", offer.to_str().unwrap(), "--size", "annual=0..8000:4000"];
    let more = ["--horizon", "2027-11-30", "--paths", "100"];
    assert_valid("commit.v1", &env.samples_json(&[&fixed[..], &more].concat()));
}

#[test]
fn explanations_follow_their_schema() {
    let env = TestEnv::new();
    let few = ["--paths", "100", "--horizon", "5d"];
    let json = |arguments: &[&str]| env.samples_json(&[&["explain"], arguments].concat());
    assert_valid("explain.v1", &json(&["cost", "--figure", "/groups/1/billed_cost"]));
    assert_valid("explain.v1", &json(&["cost", "--list", "--prove"]));
    assert_valid("explain.v1", &json(&[&["forecast"], &few[..]].concat()));
    let over = ["--budget", "800", "--figure", "/budgets/0/over/probability"];
    assert_valid("explain.v1", &json(&[&["forecast"], &few[..], &over].concat()));
    let samples = |name: &str| root().join("samples").join(name).to_str().unwrap().to_owned();
    let usage = samples("usage/enterprise.jsonl");
    let deal = samples("contracts/enterprise-edp.toml");
    let settled = ["explain", "cost", &usage, "--contract", &deal, "--output", "json"];
    assert_valid("explain.v1", &env.run(&settled).json());
}

#[test]
fn counts_follow_their_schema() {
    let env = TestEnv::new();
    let prompts = root().join("samples/prompts").display().to_string();
    let models = "gpt-5-mini,claude-opus-5,gpt-6-sol,grok-4.3";
    assert_valid(
        "count.v1",
        &env.run(&["count", &prompts, "--model", models, "--output", "json"]).json(),
    );
    let usage = root().join("samples/logs/openai.jsonl").display().to_string();
    let fit = root().join("samples/requests/calibration.toml").display().to_string();
    let more = ["--output-from", &usage, "--calibration", &fit, "--output", "json"];
    assert_valid(
        "count.v1",
        &env.run(&[&["count", &prompts, "--model", models][..], &more].concat()).json(),
    );
    env.file("odd.jsonl", "{\"hello\":1}\n");
    let odd = ["count", "odd.jsonl", "--model", "gpt-4o", "--output", "json"];
    assert_valid("count.v1", &env.run(&odd).json());
}

#[test]
fn diffs_follow_their_schema() {
    let env = TestEnv::new();
    let sample = |name: &str| root().join("samples").join(name).display().to_string();
    let (before, after) = (sample("prompt-change/before"), sample("prompt-change/after"));
    let map = sample("prompt-change/traffic.toml");
    let run = ["diff", &before, &after, "--model", "claude-opus-5-5,gpt-6-sol", "-o", "json"];
    let limits = ["--max-increase", "5%", "--max-increase", "1USD/request"];
    assert_valid("diff.v1", &env.run(&[&run[..], &limits].concat()).json());
    let logs = sample("logs");
    let traffic = ["--map", &map, "--traffic", &logs];
    assert_valid("diff.v1", &env.run(&[&run[..], &limits, &traffic].concat()).json());
    assert_valid("diff.v1", &env.run(&[&run[..], &["--service-tier", "nothing"]].concat()).json());
}

#[test]
fn calibrations_follow_their_schema() {
    let env = TestEnv::new();
    let log = root().join("samples/requests/assistant.jsonl").display().to_string();
    assert_valid("calibrate.v1", &env.run(&["calibrate", &log, "--output", "json"]).json());
    let other = root().join("samples/logs/openai.jsonl").display().to_string();
    assert_valid("calibrate.v1", &env.run(&["calibrate", &other, "--output", "json"]).json());
}

#[test]
fn price_commands_follow_their_schemas() {
    let env = TestEnv::new();
    let table = root().join("tests/data/import/litellm.json");
    let import = [
        "prices",
        "import",
        table.to_str().unwrap(),
        "--checked-on",
        "2026-11-20",
        "--out",
        "books",
        "-o",
        "json",
    ];
    assert_valid("prices-import.v1", &env.run(&import).json());
    let json =
        |arguments: &[&str]| env.run(&[&["prices"], arguments, &["-o", "json"]].concat()).json();
    for explain in [
        &["claude-opus-5-5", "--provider", "anthropic", "--endpoint", "us"][..],
        &["gpt-4o", "--provider", "openai", "--at", "2024-10-01"],
        &["us.anthropic.claude-sonnet-5", "--tier", "flex", "--context", "250000"],
    ] {
        assert_valid("prices-explain.v1", &json(&[&["explain"], explain].concat()));
    }
    assert_valid("prices-diff.v1", &json(&["diff", "2026-02-01", "2026-11-20"]));
    assert_valid("prices-validate.v1", &json(&["validate"]));
    env.file("odd.toml", "schema = 1\n");
    assert_valid("prices-validate.v1", &json(&["validate", "odd.toml"]));
}

#[test]
fn usage_of_the_tests_follows_its_schema() {
    let validator = validator("usage.v1");
    let mut count = 0;
    for path in files_below(&root().join("tests/vectors")) {
        let file: toml::Value = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        for vector in file["vector"].as_array().unwrap() {
            for line in
                vector["usage"].as_str().unwrap().lines().filter(|l| l.contains("\"components\""))
            {
                let value: Value = serde_json::from_str(line).unwrap();
                assert!(validator.is_valid(&value), "{line}");
                count += 1;
            }
        }
    }
    assert!(count > 20, "{count}");
}
