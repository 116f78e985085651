//! `tokencast contract` and `tokencast init contract`, and what is derived from the keys of
//! contract files.

use serde_json::{Value, json};
use tokencast::contract::file::reference::reference;
use tokencast::contract::{self, ContractSource, template, templates};

use super::common::{Run, TestEnv, root};

const HEAD: &str = r#"schema = "tokencast.contract.v1"
id = "c"
issuer = "aws"
currency = "USD"
start = "2026-01-01"
end = "2028-01-01"
"#;

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

fn explained(text: &str, output: &str) -> Run {
    let env = TestEnv::new();
    env.file("c.toml", text);
    let run = env.run(&["contract", "explain", "c.toml", "--output", output]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    run
}

fn errors_of(schema: &Value, value: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).unwrap();
    validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

fn as_json(toml_text: &str) -> Value {
    let value: toml::Value = toml::from_str(toml_text).unwrap();
    serde_json::to_value(value).unwrap()
}

#[test]
fn the_schema_is_that_of_the_registry() {
    let written: Value = serde_json::from_str(&page("docs/schemas/contract.v1.json")).unwrap();
    assert_eq!(written, contract::schema(), "`tokencast contract schema` prints the new one");
    let printed = TestEnv::new().run(&["contract", "schema"]);
    assert_eq!(printed.stdout, page("docs/schemas/contract.v1.json"));
}

#[test]
fn the_reference_page_holds_every_key() {
    let text = page("docs/reference/contract-file.md");
    let tables = TestEnv::new().run(&["contract", "schema", "--tables"]).stdout;
    assert_eq!(tables, reference());
    assert!(text.ends_with(&tables), "`tokencast contract schema --tables` prints the new end");
    // The schema has the same keys.
    let schema = contract::schema();
    let mut count = 0;
    let defs = schema["$defs"].as_object().unwrap().values();
    for table in std::iter::once(&schema).chain(defs) {
        for key in table["properties"].as_object().into_iter().flatten().map(|(key, _)| key) {
            let named = [format!("`{key}`"), format!("`[[{key}]]`")];
            assert!(named.iter().any(|name| text.contains(name)), "{key}");
            count += 1;
        }
    }
    assert!(count > 150, "{count}");
}

#[test]
fn templates_follow_the_schema() {
    let schema = contract::schema();
    for (kind, _) in templates() {
        let errors = errors_of(&schema, &as_json(&template(kind).unwrap()));
        assert!(errors.is_empty(), "{kind}: {errors:?}");
    }
}

#[test]
fn what_is_of_a_wrong_kind_neither_takes() {
    let schema = contract::schema();
    for broken in [
        "foo = 1",
        "payment_days = \"30\"",
        "billing_period = \"monthly\"",
        "bills_usage = \"no\"",
        "decimal_places = 19",
        "scope = { model = \"x\" }",
        "scope = { models = [] }",
        "name = \" \"",
        "[[discount]]",
        "[[discount]]\nrate = 0.1",
        "[[discount]]\nrate = \"10\"",
        "[[discount]]\nrate = \"ten\"",
        "[[minimum]]\namount = \"-5\"\nperiod = \"month\"",
        "[[minimum]]\namount = \"5\"",
        "[discount]\nrate = \"0.1\"",
        "[[fixed_rate]]\ninput_per_mtoken = \"4\"",
        "[[seats]]\ncount = \"5\"\nprice = \"1\"\nperiod = \"month\"",
        "[[spend_commitment]]\nperiod = \"year\"\namounts = [5]",
        "[[credit]]\namount = \"5\"\nid = \"My credit\"",
        "[[capacity]]\nunit = \"PTU\"\ntable = \"azure\"\nunits = 15",
        "[[capacity]]\nunit = \"PTU\"\ntable = \"azure-ptu\"\nunits = 15\nload_profile = \"even\"",
    ] {
        let text = format!("{HEAD}{broken}\n");
        let source = ContractSource { name: "c.toml".into(), text: text.clone() };
        assert!(contract::load(&[source]).is_err(), "{broken}");
        assert!(!errors_of(&schema, &as_json(&text)).is_empty(), "{broken}");
    }
    assert!(errors_of(&schema, &as_json(HEAD)).is_empty());
}

#[test]
fn every_template_can_be_written_and_explained() {
    let env = TestEnv::new();
    let schema: Value =
        serde_json::from_str(&page("docs/schemas/contract-explain.v1.json")).unwrap();
    for (kind, _) in templates() {
        let file = format!("{kind}.toml");
        let run = env.run(&["init", "contract", kind, "--out", &file]);
        assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{}", run.stderr);
        let json = env.run(&["contract", "explain", &file, "-o", "json"]).json();
        let errors = errors_of(&schema, &json);
        assert!(errors.is_empty(), "{kind}: {errors:?}");
        assert_eq!(env.run(&["contract", "validate", &file]).status, 0);
    }
    let listed = env.run(&["init", "contract", "--list"]).stdout;
    assert!(templates().all(|(kind, about)| listed.contains(kind) && listed.contains(about)));
    let printed = env.run(&["init", "contract", "edp"]).stdout;
    assert_eq!(Some(printed), template("edp"));
}

#[test]
fn validate_says_how_many_terms_each_file_has() {
    let env = TestEnv::new();
    env.file("b.toml", HEAD);
    env.file("a.toml", format!("{}[[discount]]\nrate = \"0.1\"\n", HEAD.replace("\"c\"", "\"d\"")));
    let run = env.run(&["contract", "validate", "b.toml", "a.toml"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(run.stdout, "b.toml: contract `c`, 0 terms\na.toml: contract `d`, 1 term\n");
}

#[test]
fn a_cliff_is_a_warning_and_can_be_denied() {
    let env = TestEnv::new();
    let schedule = "[[discount_schedule]]\nmode = \"volume\"\nresets = \"year\"\ntiers = [{ above = \"0\", discount = \"0\" }, { above = \"10\", discount = \"0.5\" }]\n";
    env.file("c.toml", format!("{HEAD}{schedule}"));
    let run = env.run(&["contract", "validate", "c.toml"]);
    assert_eq!(run.status, 0);
    assert!(run.stderr.contains("falls by 5.00 when spend passes 10.00"), "{}", run.stderr);
    let denied = env.run(&["contract", "explain", "c.toml", "--deny", "volume-tier-cliff"]);
    assert_eq!(denied.status, 2);
}

#[test]
fn commitments_have_the_columns_of_focus() {
    let text = format!(
        "{HEAD}timezone = \"America/New_York\"\n[[spend_commitment]]\nperiod = \"year\"\namounts = [\"100\", \"200\"]\n"
    );
    let json = explained(&text, "json").json();
    let rows = json["commitments"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    let mut second = rows[1].clone();
    second["ContractCommitmentDescription"] = json!("");
    let expected = json!({
        "ContractId": "c",
        "ContractPeriodStart": "2026-01-01T05:00:00Z",
        "ContractPeriodEnd": "2028-01-01T05:00:00Z",
        "ContractCommitmentId": "c/spend_commitment-1",
        "ContractCommitmentCategory": "Spend",
        "ContractCommitmentType": "spend_commitment",
        "ContractCommitmentDescription": "",
        "ContractCommitmentPeriodStart": "2027-01-01T05:00:00Z",
        "ContractCommitmentPeriodEnd": "2028-01-01T05:00:00Z",
        "ContractCommitmentCost": "200.00",
        "ContractCommitmentQuantity": null,
        "ContractCommitmentUnit": null,
        "BillingCurrency": "USD",
    });
    assert_eq!(second, expected);
    let csv = explained(&text, "csv").stdout;
    let header: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    let columns: Vec<&String> = expected.as_object().unwrap().keys().collect();
    assert_eq!(header, columns);
    assert_eq!(csv.lines().count(), 3);
}

#[test]
fn units_are_commitments_of_usage() {
    let text = format!(
        "{HEAD}[[capacity]]\nid = \"units\"\nunit = \"unit\"\ntable = \"openai-scale\"\nmeter = [{{ counts = \"input\", units = 4, price = \"110\", per = \"day\" }}, {{ counts = \"output\", units = 4, price = \"36\", per = \"day\" }}]\nuntil = \"2026-01-31\"\n"
    );
    let json = explained(&text, "json").json();
    let shown: Vec<_> = json["commitments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["ContractCommitmentId"].as_str().unwrap(),
                row["ContractCommitmentCategory"].as_str().unwrap(),
                row["ContractCommitmentCost"].as_str().unwrap(),
                row["ContractCommitmentQuantity"].as_u64().unwrap(),
            )
        })
        .collect();
    // 30 days of 4 x 110 and of 4 x 36: 17,520 in all.
    assert_eq!(
        shown,
        [("c/units/input", "Usage", "13200.00", 4), ("c/units/output", "Usage", "4320.00", 4)]
    );
}

#[test]
fn explain_says_each_term_in_words_in_the_order_of_application() {
    let text = format!(
        "{HEAD}[[grant]]\namount = \"5\"\n[[minimum]]\namount = \"10\"\nperiod = \"month\"\n[[discount]]\nrate = \"0.125\"\nscope = {{ models = \"claude-*\" }}\n"
    );
    let run = explained(&text, "table");
    let at = |what: &str| run.stdout.find(what).unwrap_or_else(|| panic!("{what}\n{}", run.stdout));
    assert!(at("12.5 % off") < at("At least 10.00 USD is paid each calendar month"));
    assert!(at("At least 10.00") < at("Credit of 5.00 USD free from 2026-01-01"));
    assert!(run.stdout.contains("models claude-*") && run.stdout.contains("c.toml:12"));
    assert!(explained(&text, "markdown").stdout.contains("| 1 | c | discount-1 |"));
}

#[test]
fn folders_and_patterns_are_contracts_too() {
    let env = TestEnv::new();
    env.file("signed/a.toml", HEAD);
    env.file("signed/b.toml", HEAD.replace("\"c\"", "\"d\""));
    for argument in ["signed", "signed/*.toml"] {
        let run = env.run(&["contract", "validate", argument]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert!(run.stdout.contains("a.toml") && run.stdout.contains("b.toml"), "{}", run.stdout);
    }
    assert_eq!(env.run(&["contract", "explain", "nothing*.toml"]).status, 2);
}
