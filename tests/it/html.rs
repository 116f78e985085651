//! `--output html`: well-formed, self-contained, safe, and with the figures of the JSON.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

use super::common::{Run, TestEnv, record, root};

/// Elements without content, by HTML.
const VOID: [&str; 1] = ["meta"];

#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    /// The text directly inside.
    text: String,
    /// Names of the elements around it.
    around: Vec<String>,
}

impl Element {
    fn get(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

/// Every element; fails where a strict reader of XML would.
fn elements(page: &str) -> Vec<Element> {
    let page = page.strip_prefix("<!DOCTYPE html>\n").unwrap();
    let mut reader = Reader::from_str(page);
    let mut found: Vec<Element> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    loop {
        let event = reader.read_event().unwrap();
        match &event {
            Event::Start(start) | Event::Empty(start) => {
                let name = String::from_utf8(start.name().as_ref().to_vec()).unwrap();
                let around = open.iter().map(|at| found[*at].name.clone()).collect();
                let mut attributes = BTreeMap::new();
                for attribute in start.attributes() {
                    let attribute = attribute.unwrap();
                    let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
                    let value = attribute.unescape_value().unwrap().into_owned();
                    assert!(attributes.insert(key, value).is_none());
                }
                found.push(Element { name, attributes, text: String::new(), around });
                if matches!(event, Event::Start(_)) {
                    open.push(found.len() - 1);
                }
            }
            Event::End(_) => {
                open.pop().unwrap();
            }
            Event::Text(text) => {
                let text = text.decode().unwrap();
                assert!(!text.contains('<'), "{text}");
                if let Some(at) = open.last() {
                    found[*at].text.push_str(&text);
                }
            }
            Event::GeneralRef(entity) => {
                let name = entity.decode().unwrap();
                let text = quick_xml::escape::unescape(&format!("&{name};")).unwrap().into_owned();
                found[*open.last().unwrap()].text.push_str(&text);
            }
            Event::Eof => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(open.is_empty());
    found
}

/// What holds of every page.
fn checked(page: &str) -> Vec<Element> {
    let found = elements(page);
    let of = |name: &'static str| found.iter().filter(move |e| e.name == name);
    for word in ["http:", "https:", "<script", "<link", "@import", "src=", "javascript:"] {
        assert!(!page.to_lowercase().contains(word), "{word}");
    }
    let mut ids: Vec<&str> =
        found.iter().map(|e| e.get("id")).filter(|id| !id.is_empty()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id twice");
    for element in &found {
        let attributes = element.attributes.keys();
        assert!(!attributes.clone().any(|name| name.starts_with("on") || name == "style"));
        let in_svg = element.around.iter().any(|name| name == "svg");
        let own = format!("<{}/>", element.name);
        assert!(in_svg || VOID.contains(&element.name.as_str()) || !page.contains(&own));
        for name in element.get("aria-labelledby").split_whitespace() {
            assert!(ids.contains(&name), "{name}");
        }
        if let Some(target) = element.get("href").strip_prefix('#') {
            assert!(ids.contains(&target), "{target}");
        }
    }
    assert_eq!(
        [of("h1").count(), of("main").count(), of("title").filter(|e| e.around.len() == 2).count()],
        [1, 1, 1]
    );
    assert!(of("meta").any(|e| e.get("name") == "viewport"));
    let style = &of("style").next().unwrap().text;
    for rule in ["@media print", "prefers-color-scheme: dark", "max-width: 40rem"] {
        assert!(style.contains(rule), "{rule}");
    }
    // Each table has a caption and heads with a scope; each picture texts and a table beside it.
    assert_eq!(of("table").count(), of("caption").count());
    assert!(of("th").all(|e| ["row", "col"].contains(&e.get("scope"))));
    let pictures = of("svg").filter(|e| e.get("role") == "img").count();
    assert_eq!(pictures, of("figure").count());
    assert_eq!(pictures, of("desc").filter(|e| !e.text.is_empty()).count());
    let beside = of("table").filter(|e| e.around.iter().any(|name| name == "figure")).count();
    assert_eq!(pictures, beside);
    // Nothing is drawn beyond the picture.
    for svg in of("svg").filter(|e| e.get("role") == "img") {
        assert!(svg.get("viewBox").starts_with("0 0 520 "));
    }
    for element in found.iter().filter(|e| e.around.iter().any(|name| name == "figure")) {
        for (name, value) in &element.attributes {
            if ["x", "x1", "x2", "cx"].contains(&name.as_str()) {
                let at: f64 = value.parse().unwrap();
                assert!((0.0..=520.0).contains(&at), "{element:?}");
            }
        }
    }
    found
}

fn page(env: &TestEnv, arguments: &[&str]) -> Vec<Element> {
    let run = html(env, arguments);
    assert!(run.stdout.starts_with("<!DOCTYPE html>"), "{}", run.stderr);
    checked(&run.stdout)
}

fn html(env: &TestEnv, arguments: &[&str]) -> Run {
    env.run(&[arguments, &["--output", "html"]].concat())
}

fn json(env: &TestEnv, arguments: &[&str]) -> Value {
    env.run(&[arguments, &["--output", "json"]].concat()).json()
}

fn with<'a>(found: &'a [Element], attribute: &'a str) -> Vec<&'a Element> {
    found.iter().filter(|e| e.attributes.contains_key(attribute)).collect()
}

fn sample(name: &str) -> String {
    root().join("samples").join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_fan_has_the_figures_of_the_forecast() {
    let env = TestEnv::new();
    let logs = sample("logs");
    let arguments = [
        "forecast",
        &logs,
        "--horizon",
        "eom",
        "--budget",
        "500",
        "--group-by",
        "provider",
        "--paths",
        "200",
    ];
    let (found, report) = (page(&env, &arguments), json(&env, &arguments));
    let days = report["days"].as_array().unwrap();
    let drawn = with(&found, "data-median");
    assert_eq!(drawn.len(), days.len());
    for (element, day) in drawn.iter().zip(days) {
        assert_eq!(element.get("data-day"), day["day"]);
        let names = ["data-median", "data-low-0", "data-high-0", "data-low-1", "data-high-1"];
        for (name, quantile) in names.iter().zip(["0.5", "0.1", "0.9", "0.025", "0.975"]) {
            assert_eq!(element.get(name), day["quantiles"][quantile], "{name}");
        }
    }
    // Known days are those that `cost` gives.
    let cost = json(&env, &["cost", &logs, "--group-by", "day"]);
    let known: BTreeMap<&str, &str> = cost["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|g| (g["key"]["day"].as_str().unwrap(), g["billed_cost"].as_str().unwrap()))
        .collect();
    let shown = with(&found, "data-known");
    assert_eq!(shown.len(), 28);
    assert!(shown.iter().all(|e| known[e.get("data-day")] == e.get("data-known")));
    // Rows of budgets, then of months and the horizon, then of groups.
    let points: Vec<&str> =
        with(&found, "data-point").iter().map(|e| e.get("data-point")).collect();
    let medians = |of: &Value| -> Vec<String> {
        let all = of.as_array().unwrap().iter();
        all.map(|one| one["quantiles"]["0.5"].as_str().unwrap().to_owned()).collect()
    };
    let mut expected = medians(&report["budgets"]);
    expected.extend(medians(&report["months"]));
    expected.push(report["total"]["quantiles"]["0.5"].as_str().unwrap().to_owned());
    expected.extend(medians(&report["groups"]));
    assert_eq!(points, expected);
    assert_eq!(with(&found, "data-limit")[0].get("data-limit"), "500.00");
    let means = report["groups"].as_array().unwrap().iter().map(|g| g["mean"].as_str().unwrap());
    let stacked: Vec<&str> =
        with(&found, "data-amount").iter().map(|e| e.get("data-amount")).collect();
    assert_eq!(stacked, means.collect::<Vec<_>>());
}

#[test]
fn columns_have_the_costs_of_groups() {
    let env = TestEnv::new();
    let mut log = String::new();
    for (day, model, output) in [
        ("01", "gpt-5.2", 3_000_000),
        ("01", "claude-opus-5", 1_000_000),
        ("02", "gpt-5.2", 500_000),
    ] {
        let provider = if model.starts_with("gpt") { "openai" } else { "anthropic" };
        let time = format!("2026-11-{day}T10:00:00Z");
        log += &(record(&time, provider, model, 0, output) + "\n");
    }
    env.file("u.jsonl", log);
    let arguments = ["cost", "u.jsonl", "--group-by", "day,model"];
    let (found, report) = (page(&env, &arguments), json(&env, &arguments));
    let mut drawn: Vec<[&str; 3]> = with(&found, "data-amount")
        .iter()
        .map(|e| ["data-column", "data-series", "data-amount"].map(|name| e.get(name)))
        .collect();
    drawn.sort_unstable();
    let groups = report["groups"].as_array().unwrap();
    let expected: Vec<[&str; 3]> = groups
        .iter()
        .map(|g| {
            [&g["key"]["day"], &g["key"]["model"], &g["billed_cost"]].map(|v| v.as_str().unwrap())
        })
        .collect();
    assert_eq!(drawn, expected);
    assert_eq!(drawn.len(), 3);
    let bars = page(&env, &["cost", "u.jsonl", "--group-by", "model"]);
    let bars: Vec<&str> = with(&bars, "data-bar").iter().map(|e| e.get("data-bar")).collect();
    let report = json(&env, &["cost", "u.jsonl", "--group-by", "model"]);
    let costs: Vec<&str> = report["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|g| g["billed_cost"].as_str().unwrap())
        .collect();
    assert_eq!(bars, costs);
}

#[test]
fn settlements_show_commitments_and_invoices() {
    let env = TestEnv::new();
    let (usage, contract) =
        (sample("usage/enterprise.jsonl"), sample("contracts/enterprise-edp.toml"));
    let arguments = ["cost", &usage, "--contract", &contract];
    let (found, report) = (page(&env, &arguments), json(&env, &arguments));
    let drawn = with(&found, "data-amount");
    let series = |name: &str| -> Vec<&str> {
        drawn
            .iter()
            .filter(|e| e.get("data-series") == name)
            .map(|e| e.get("data-amount"))
            .collect()
    };
    let balances = report["burn_down"][0]["balances"].as_array().unwrap();
    let retired: Vec<&str> = balances.iter().map(|b| b["retired"].as_str().unwrap()).collect();
    assert!(retired.len() >= 12);
    assert_eq!(series("retired"), retired);
    let billed: Vec<&str> = report["cash"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["billed_cost"].as_str().unwrap())
        .collect();
    assert_eq!(series("billed"), billed);
    // The parts of the first invoice, exactly those of its lines.
    let lines = report["invoices"][0]["lines"].as_array().unwrap();
    let discounts: Vec<&Value> = lines.iter().filter(|l| l["category"] == "discount").collect();
    assert!(!discounts.is_empty());
    assert!(series("discount")[0].starts_with('-'));
    let throughput =
        [sample("usage/throughput.jsonl"), sample("contracts/provisioned-throughput.toml")];
    let arguments = ["cost", &throughput[0], "--contract", &throughput[1]];
    let (found, report) = (page(&env, &arguments), json(&env, &arguments));
    let capacity = with(&found, "data-mark")[0];
    assert_eq!(capacity.get("data-bar"), report["capacities"][0]["mean_used"]);
    assert_eq!(capacity.get("data-mark"), report["capacities"][0]["peak_used"]);
    assert_eq!(capacity.get("data-limit"), "1.00");
}

#[test]
fn backtests_and_checks_have_pages_too() {
    let env = TestEnv::new();
    let costs = sample("series/costs.csv");
    let arguments = ["backtest", "--series", &costs, "--horizon", "14d", "--windows", "3"];
    let (found, report) = (page(&env, &arguments), json(&env, &arguments));
    let windows = report["windows"].as_array().unwrap();
    let drawn = with(&found, "data-mark");
    assert_eq!(drawn.len(), windows.len());
    for (element, window) in drawn.iter().zip(windows) {
        let names =
            ["data-mark", "data-point", "data-low-0", "data-high-0", "data-low-1", "data-high-1"];
        let keys = ["actual", "median", "low_80", "high_80", "low_95", "high_95"];
        for (name, key) in names.iter().zip(keys) {
            assert_eq!(element.get(name), window[key], "{name}");
        }
    }
    let arguments = ["check", "--series", &costs, "--budget", "2600", "--paths", "200"];
    let (found, report) = (page(&env, &arguments), json(&env, &arguments));
    let row = with(&found, "data-limit")[0];
    assert_eq!(row.get("data-limit"), report["budgets"][0]["amount"]);
    assert_eq!(row.get("data-bar"), report["budgets"][0]["actual"]);
    assert_eq!(row.get("data-point"), report["budgets"][0]["quantiles"]["0.5"]);
    let also = env.run(&[&arguments[..], &["--also", "html=gate.html"]].concat());
    assert_eq!(also.status, 1, "{}", also.stderr);
    checked(&std::fs::read_to_string(env.path("gate.html")).unwrap());
}

#[test]
fn comparisons_show_every_scenario() {
    let env = TestEnv::new();
    let (logs, scenarios) = (sample("logs/anthropic.jsonl"), sample("scenarios.toml"));
    let mut arguments = vec!["compare", &logs, "--scenario", &scenarios, "--horizon", "eom"];
    arguments.extend(["--paths", "100"]);
    let (found, report) = (page(&env, &arguments), json(&env, &arguments));
    let scenarios = report["scenarios"].as_array().unwrap();
    let names: Vec<&str> = scenarios.iter().map(|s| s["name"].as_str().unwrap()).collect();
    let of = |name: &str, attribute: &'static str| -> Vec<&str> {
        let rows = with(&found, attribute).into_iter();
        let mine: Vec<&Element> = rows.filter(|e| e.get("data-name") == name).collect();
        mine.into_iter().map(|e| e.get(attribute)).collect()
    };
    for scenario in scenarios {
        let name = scenario["name"].as_str().unwrap();
        for kind in ["effective", "billed"] {
            let quantiles = &scenario[kind]["quantiles"];
            let row = format!("{name}, {kind}");
            for (attribute, quantile) in [
                ("data-low-0", "0.1"),
                ("data-point", "0.5"),
                ("data-high-0", "0.9"),
                ("data-mark", "0.95"),
            ] {
                assert_eq!(of(&row, attribute), [quantiles[quantile].as_str().unwrap()], "{row}");
            }
        }
        let mean = scenario["difference"]["mean"].as_str().unwrap_or("0.00");
        assert_eq!(of(name, "data-point"), [mean]);
        let chance: f64 = of(name, "data-bar")[0].parse().unwrap();
        assert!((chance - scenario["cheapest"].as_f64().unwrap()).abs() < 1e-9, "{name}");
        for driver in scenario["drivers"].as_array().unwrap() {
            let [kind, change] = ["kind", "change"].map(|key| driver[key].as_str().unwrap());
            assert_eq!(
                of(&format!("{kind}: {change}"), "data-bar"),
                [driver["amount"].as_str().unwrap()]
            );
        }
    }
    // Cash stands side by side, month by month; of providers, one column a scenario.
    let drawn = with(&found, "data-amount");
    for (month, _) in scenarios[0]["cash"].as_object().unwrap() {
        let mine = drawn.iter().filter(|e| e.get("data-column") == month);
        let found: Vec<[&str; 2]> =
            mine.map(|e| [e.get("data-series"), e.get("data-amount")]).collect();
        let expected: Vec<[&str; 2]> = scenarios
            .iter()
            .map(|s| [s["name"].as_str().unwrap(), s["cash"][month].as_str().unwrap()])
            .collect();
        assert_eq!(found, expected, "{month}");
    }
    let nova: Vec<&str> = drawn
        .iter()
        .filter(|e| e.get("data-column") == names[1] && e.get("data-series") == "aws.bedrock")
        .map(|e| e.get("data-amount"))
        .collect();
    assert_eq!(nova, [scenarios[1]["providers"]["aws.bedrock"].as_str().unwrap()]);
}

#[test]
fn hostile_names_stay_text() {
    let env = TestEnv::new();
    let hostile = "</td><script>alert('x')</script>\" onload=\"y & <b>";
    let mut log = String::new();
    for day in 1..=20 {
        log += &serde_json::json!({
            "time": format!("2026-11-{day:02}T10:00:00Z"), "provider": "openai", "model": "gpt-5.2",
            "labels": {"team": hostile}, "components": {"output": 1_000_000 + day},
        })
        .to_string();
        log.push('\n');
    }
    env.file("u.jsonl", log);
    for command in [
        &["cost", "u.jsonl", "--group-by", "team"][..],
        &["cost", "u.jsonl", "--group-by", "day,team"],
        &["forecast", "u.jsonl", "--group-by", "team", "--paths", "100"],
    ] {
        let found = page(&env, command);
        assert!(found.iter().any(|e| e.text == hostile), "{command:?}");
    }
}

#[test]
fn pages_are_the_same_bytes_and_refused_where_there_are_none() {
    let env = TestEnv::new();
    let costs = sample("series/costs.csv");
    let arguments = ["forecast", "--series", &costs, "--horizon", "40d", "--paths", "200"];
    assert_eq!(html(&env, &arguments).stdout, html(&env, &arguments).stdout);
    let contract = sample("contracts/enterprise-edp.toml");
    for command in [&["prices", "list", "opus"][..], &["contract", "explain", &contract]] {
        let refused = html(&env, command);
        assert_eq!((refused.status, refused.stdout.as_str()), (2, ""), "{command:?}");
        assert!(refused.stderr.contains("error: --output html: this command has no page"));
    }
    env.file("t.json", "{}");
    let import = ["prices", "import", "t.json", "--out", "b.toml"];
    assert!(html(&env, &import).stderr.contains("has no page"));
    assert!(!env.path("b.toml").exists());
}
