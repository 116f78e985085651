//! The forms of `tokencast check`: each read by a reader of its own.

use std::fs;

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Value, json};

use super::cmd_check::constant;
use super::common::{Run, TestEnv, root};

/// 7.60 of 12.00 are spent: within, at-risk, exceeded with a warning only, undecided.
const BUDGETS: &str = r#"schema = "tokencast.budget.v1"

[[budget]]
id = "good"
amount = "12.00"
currency = "USD"

[[budget]]
id = "tight"
amount = "11.00"
currency = "USD"
owner = "a|b <c>"
notes = "50 % of\n::the year"

[[budget]]
id = "small"
amount = "5.00"
currency = "USD"
action = "warn"

[[budget]]
id = "idle"
amount = "5.00"
currency = "USD"
scope = { team = "a: b, 100 %" }
"#;

fn gated() -> TestEnv {
    let env = constant();
    env.file("ci/b.toml", BUDGETS);
    env
}

fn check(env: &TestEnv, arguments: &[&str]) -> Run {
    let base = ["check", "u.jsonl", "--budgets", "ci/b.toml", "--paths", "200", "-q"];
    env.run(&[&base, arguments].concat())
}

#[test]
fn table_and_markdown_say_the_same() {
    let env = gated();
    let table = check(&env, &[]);
    assert_eq!(table.status, 1);
    for expected in [
        "The gate is violated: 1 exceeded, 1 at-risk, 1 undecided, 1 within.",
        "2026-11-01 to 2026-11-30: 7.60 USD spent, 12.00 USD expected (80 %: 12.00 to 12.00).",
        " tight    2026-11   at-risk                11.00     7.60    12.00      12.00       12.00      -1.00   100 % ± 0.7      20 %   2026-11-28   2026-11-28",
        " small    2026-11   exceeded (warn)         5.00     7.60    12.00      12.00       12.00      -7.00          over      20 %   2026-11-13   2026-11-13",
        "tight 2026-11: at-risk: over with 100 % ± 0.7, allowed 20 %; if it breaks, on 2026-11-28. 7.60 USD spent, 12.00 USD expected (80 %: 12.00 to 12.00) of 11.00 USD. Owner: a|b <c>.",
        "small 2026-11: exceeded: 5.00 USD were used up on 2026-11-13.",
        "idle 2026-11: undecided: no usage is in its scope.",
        // A line of a pipeline's own would be one of its commands.
        " Owner: a|b <c>. 50 % of ::the year\n",
    ] {
        assert!(table.stdout.contains(expected), "{expected}\n{}", table.stdout);
    }
    let text = check(&env, &["-o", "markdown"]).stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], ["<!-- tokencast-check -->", "### ❌ tokencast check: violated"]);
    assert!(text.contains("| tight | 2026-11 | at-risk | 11.00 | 7.60 | 12.00 |"), "{text}");
    assert!(text.contains(" Owner: a|b &lt;c>. 50 % of ::the year\n"), "{text}");
    let text = check(&env, &["-o", "markdown", "--marker", "prod/eu", "--warn-only"]).stdout;
    assert!(text.starts_with("<!-- tokencast-check:prod/eu -->\n"), "{text}");
    assert!(text.contains("- --warn-only: the exit code is 0 whatever the verdicts.\n"), "{text}");
    let good = env.run(&["check", "u.jsonl", "--budget", "12", "-o", "markdown", "--paths", "200"]);
    assert!(good.stdout.contains("\n### ✅ tokencast check: passed\n"), "{}", good.stdout);
}

#[test]
fn csv_has_exact_figures() {
    let text = check(&gated(), &["-o", "csv"]).stdout;
    let mut lines = text.lines();
    assert_eq!(
        lines.next().unwrap(),
        "budget,scope,per,period,action,verdict,amount,actual,mean,p0.1,p0.5,p0.9,headroom,over,standard_error,allowed,used_up_on,breaks_from,breaks_on,doubts,currency"
    );
    let rows: Vec<&str> = lines.collect();
    assert_eq!(
        rows[2],
        "small,all usage,month,2026-11,warn,exceeded,5.00,7.60,12.00,12.00,12.00,12.00,-7.00,1.0000,0.0000,0.2,2026-11-13,2026-11-13,2026-11-13,,USD"
    );
    assert_eq!(
        rows[3],
        "idle,\"team=a: b, 100 %\",month,2026-11,fail,undecided,5.00,0.00,,,,,,,,0.2,,,,idle-scope,USD"
    );
}

#[test]
fn json_follows_its_schema() {
    let schema = fs::read_to_string(root().join("docs/schemas/check.v1.json")).unwrap();
    let schema =
        jsonschema::validator_for(&serde_json::from_str::<Value>(&schema).unwrap()).unwrap();
    let valid = |value: &Value| {
        let errors: Vec<String> =
            schema.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
    };
    let env = gated();
    valid(&check(&env, &["-o", "json", "--out", "base.json"]).json_of(&env, "base.json"));
    valid(&check(&env, &["-o", "json", "--baseline", "base.json", "--budget", "1/total"]).json());
    env.file("u.jsonl", "");
    valid(&check(&env, &["-o", "json", "--baseline", "base.json"]).json());
    let costs = root().join("samples/series/costs.csv");
    let run = env.run(&[
        "check",
        "--series",
        costs.to_str().unwrap(),
        "--budget",
        "9/year",
        "-o",
        "json",
    ]);
    valid(&run.json());
}

impl Run {
    fn json_of(&self, env: &TestEnv, file: &str) -> Value {
        let text = fs::read_to_string(env.path(file)).unwrap_or_else(|e| panic!("{e}: {self:?}"));
        serde_json::from_str(&text).unwrap()
    }
}

#[test]
fn sarif_is_valid_and_has_what_is_not_within() {
    let schema = fs::read_to_string(root().join("tests/data/sarif-schema-2.1.0.json")).unwrap();
    // A bracket that only regular expressions of ECMAScript take as it is.
    let schema = schema.replace("{2}]?$", "{2}\\\\]?$");
    let schema =
        jsonschema::validator_for(&serde_json::from_str::<Value>(&schema).unwrap()).unwrap();
    let env = gated();
    let log = check(&env, &["-o", "sarif"]).json();
    let errors: Vec<String> =
        schema.iter_errors(&log).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    // The schema tells what is wrong, too.
    let mut wrong = log.clone();
    wrong["runs"][0]["results"][0]["level"] = json!("loud");
    assert!(!schema.is_valid(&wrong));
    let run = &log["runs"][0];
    assert_eq!(run["invocations"][0]["exitCode"], 1);
    let shown: Vec<_> = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| {
            let place = &r["locations"][0]["physicalLocation"];
            (
                r["ruleId"].as_str().unwrap(),
                r["level"].as_str().unwrap(),
                place["artifactLocation"]["uri"].as_str().unwrap(),
                place["region"]["startLine"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("budget-at-risk", "error", "ci/b.toml", 8),
            ("budget-exceeded", "warning", "ci/b.toml", 15),
            ("budget-undecided", "error", "ci/b.toml", 21)
        ]
    );
    for result in run["results"].as_array().unwrap() {
        let at = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][at]["id"], result["ruleId"]);
    }
    assert_eq!(run["results"][0]["partialFingerprints"], json!({"budget/v1": "tight 2026-11"}));
    let flag =
        env.run(&["check", "u.jsonl", "--budget", "1", "-o", "sarif", "--paths", "200"]).json();
    assert!(schema.is_valid(&flag));
    assert!(flag["runs"][0]["results"][0].get("locations").is_none());
}

/// Name, attributes, and the text inside.
type Element = (String, Vec<(String, String)>, String);

fn elements(xml: &str) -> Vec<Element> {
    let mut reader = Reader::from_str(xml);
    let mut found: Vec<Element> = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) | Event::Empty(start) => {
                let name = String::from_utf8(start.name().as_ref().to_vec()).unwrap();
                let attributes = start.attributes().map(|a| {
                    let a = a.unwrap();
                    let key = String::from_utf8(a.key.as_ref().to_vec()).unwrap();
                    (key, a.unescape_value().unwrap().into_owned())
                });
                found.push((name, attributes.collect(), String::new()));
            }
            Event::Text(text) => {
                if let Some(last) = found.last_mut() {
                    last.2.push_str(&text.decode().unwrap());
                }
            }
            Event::GeneralRef(entity) => {
                let entity = entity.decode().unwrap().into_owned();
                let text =
                    quick_xml::escape::unescape(&format!("&{entity};")).unwrap().into_owned();
                if let Some(last) = found.last_mut() {
                    last.2.push_str(&text);
                }
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

#[test]
fn junit_is_read_back() {
    let env = gated();
    let xml = check(&env, &["-o", "junit"]).stdout;
    let found = elements(&xml);
    let of = |name: &str| found.iter().filter(|e| e.0 == name).collect::<Vec<_>>();
    let attribute = |element: &Element, key: &str| {
        element.1.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone()).unwrap_or_default()
    };
    for suite in [of("testsuites")[0], of("testsuite")[0]] {
        let counts = ["tests", "failures", "errors", "skipped"].map(|key| attribute(suite, key));
        assert_eq!(counts, ["4", "1", "1", "0"]);
    }
    let names: Vec<String> = of("testcase").iter().map(|e| attribute(e, "name")).collect();
    assert_eq!(names, ["good 2026-11", "tight 2026-11", "small 2026-11", "idle 2026-11"]);
    let failure = of("failure")[0];
    assert_eq!(attribute(failure, "type"), "at-risk");
    assert!(attribute(failure, "message").starts_with("at-risk: over with 100 %"), "{xml}");
    assert!(failure.2.trim().ends_with("of 11.00 USD."), "{:?}", failure.2);
    assert_eq!(attribute(of("error")[0], "type"), "undecided");
    // A budget that only warns passes and says why not.
    assert!(of("system-out")[1].2.contains("exceeded: 5.00 USD were used up"), "{xml}");
    let calm = elements(&check(&env, &["-o", "junit", "--warn-only"]).stdout);
    assert!(calm.iter().all(|e| e.0 != "failure" && e.0 != "error"));
    // What XML would take for markup comes back as it was.
    env.file(
        "ci/b.toml",
        BUDGETS.replace("team = \"a: b, 100 %\"", "\"<&\\\"x>\" = \"\\u0007]]>\""),
    );
    let xml = check(&env, &["-o", "junit"]).stdout;
    assert!(elements(&xml).len() >= 10, "{xml}");
}

#[test]
fn annotations_have_the_documented_form() {
    let text = check(&gated(), &["-o", "github"]).stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(
        lines[0].starts_with(
            "::notice file=ci/b.toml,line=3,title=Budget good 2026-11::within: over with 0 %25 ± "
        ),
        "{text}"
    );
    assert_eq!(
        lines[1],
        "::error file=ci/b.toml,line=8,title=Budget tight 2026-11::at-risk: over with 100 %25 ± 0.7, allowed 20 %25; if it breaks, on 2026-11-28. 7.60 USD spent, 12.00 USD expected (80 %25: 12.00 to 12.00) of 11.00 USD."
    );
    assert!(lines[2].starts_with("::warning file=ci/b.toml,line=15,"), "{text}");
    assert!(lines[3].starts_with("::error file=ci/b.toml,line=21,"), "{text}");
    // The name of a budget of a flag is its scope.
    let env = constant();
    let run = ["check", "u.jsonl", "-q", "-o", "github", "--paths", "200", "--warn-only"];
    let budget = ["--budget", "team=a: b@1", "--budget", "model=x,team=50%@1"];
    let text = env.run(&[&run[..], &budget].concat()).stdout;
    assert!(
        text.starts_with("::warning title=Budget team=a%3A b/month 2026-11::undecided"),
        "{text}"
    );
    assert!(text.contains("::warning title=Budget model=x%2Cteam=50%25/month 2026-11::"), "{text}");
}

#[test]
fn several_results_in_one_run() {
    let env = gated();
    env.file("summary.md", "before\n");
    let run = check(
        &env,
        &[
            "-o",
            "github",
            "--also",
            "sarif=a.sarif",
            "--also",
            "junit=a.xml",
            "--also",
            "json=a.json",
            "--also",
            "table=a.txt",
            "--step-summary",
            "summary.md",
        ],
    );
    assert_eq!(run.status, 1);
    assert!(run.stdout.starts_with("::notice "));
    let read = |name: &str| fs::read_to_string(env.path(name)).unwrap();
    assert_eq!(read("a.sarif"), check(&env, &["-o", "sarif"]).stdout);
    assert_eq!(read("a.xml"), check(&env, &["-o", "junit"]).stdout);
    assert_eq!(read("a.json"), check(&env, &["-o", "json"]).stdout);
    assert_eq!(read("a.txt"), check(&env, &[]).stdout);
    let markdown = check(&env, &["-o", "markdown"]).stdout;
    assert_eq!(read("summary.md"), format!("before\n{markdown}\n"));
    // A place that cannot be written is an error.
    let run = check(&env, &["--also", "json=no/such/folder/a.json"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("failed to write `no/such/folder/a.json`"), "{}", run.stderr);
}

#[test]
fn a_baseline_stands_beside_every_figure() {
    let env = gated();
    let base = ["check", "u.jsonl", "--paths", "200", "-q", "--warn-only"];
    let budgets = ["--budget", "12", "--budget", "team=search@12"];
    let run = env.run(&[&base[..], &budgets, &["-o", "json", "--out", "base.json"]].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    // A quarter more on every day: 0.10 of 0.40 USD, 15.00 instead of 12.00.
    let more = super::cmd_check::days("2026-10-01", 50, ("openai", "gpt-6.1-sol"), "search")
        .replace("100000", "25000");
    env.file("more.jsonl", more);
    let now = ["more.jsonl", "--baseline", "base.json", "--budget", "20", "--budget", "team=ads@5"];
    let json = env.run(&[&base[..], &now, &["-o", "json"]].concat()).json();
    assert_eq!(
        json["forecast"]["change"],
        json!({"status": "compared", "median": "12.00", "difference": "3.00", "percent": "25.00"})
    );
    assert_eq!(
        json["budgets"][0]["change"],
        json!({"status": "compared", "median": "12.00", "difference": "3.00", "percent": "25.00", "amount": "12.00", "verdict": "within"})
    );
    assert_eq!(json["budgets"][1]["change"], json!({"status": "new"}));
    assert_eq!(json["baseline"], json!({"file": "base.json", "origin": "2026-11-20"}));
    let said = |form: &str| env.run(&[&base[..], &now, &["-o", form]].concat()).stdout;
    for form in ["table", "markdown", "github", "junit"] {
        let text = said(form).replace("%25", "%");
        assert!(text.contains("+25.0 % since the baseline of 2026-11-20."), "{form}\n{text}");
    }
    assert!(said("sarif").contains("New since the baseline of 2026-11-20."));
    assert!(said("csv").contains(",USD,12.00,25.00\n"), "{}", said("csv"));
    // Other days cannot be compared.
    let json = env.run(&[&base[..], &now, &["-o", "json", "--horizon", "2m"]].concat()).json();
    assert_eq!(json["forecast"]["change"], json!({"status": "not-comparable"}));
    assert_eq!(json["budgets"][0]["change"]["status"], "compared");
    assert_eq!(json["budgets"][1]["period"], "2026-12");
    assert_eq!(json["budgets"][1]["change"], json!({"status": "not-comparable"}));
}

#[test]
fn the_template_is_a_budget_file() {
    let env = constant();
    let run = env.run(&["check", "--print-template"]);
    assert_eq!(run.status, 0);
    env.file("t.toml", &run.stdout);
    let run = env.run(&["check", "u.jsonl", "--budgets", "t.toml", "--paths", "200"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
}
