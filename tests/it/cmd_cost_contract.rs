//! `tokencast cost --contract`, against invoices worked by hand. Tokens of `m` of `acme` cost a
//! dollar a million.

use serde_json::Value;

use super::common::{Run, TestEnv, record};

const BOOK: &str = r#"schema = "tokencast.prices.v1"
provider = "acme"
name = "Acme"
currency = "USD"
checked_on = "2026-06-01"
[[model]]
id = "m"
aliases = ["m-2026"]
maker = "acme labs"
[[model.price]]
input_per_mtok = "1"
[[model]]
id = "other"
[[model.price]]
input_per_mtok = "1"
"#;

/// A contract of all of 2026.
fn contract(id: &str, issuer: &str, rest: &str) -> String {
    format!(
        "schema = \"tokencast.contract.v1\"\nid = \"{id}\"\nissuer = \"{issuer}\"\ncurrency = \"USD\"\nstart = \"2026-01-01\"\nend = \"2027-01-01\"\n{rest}"
    )
}

/// Usage of `m` on days, in dollars.
fn usage(days: &[(&str, u64)]) -> String {
    let line = |(day, dollars): &(&str, u64)| {
        record(&format!("{day}T12:00:00Z"), "acme", "m", dollars * 1_000_000, 0)
    };
    days.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// January and February: 100 and 50 dollars.
fn two_months() -> String {
    usage(&[("2026-01-10", 100), ("2026-02-10", 50)])
}

fn env(usage: &str, contracts: &[(&str, String)]) -> TestEnv {
    let env = TestEnv::new();
    env.file("book.toml", BOOK);
    env.file("u.jsonl", usage);
    for (name, text) in contracts {
        env.file(name, text);
    }
    env
}

fn run(env: &TestEnv, arguments: &[&str]) -> Run {
    let fixed = ["cost", "u.jsonl", "--prices", "book.toml", "--stale-days", "9999"];
    env.run(&[&fixed[..], arguments].concat())
}

fn json(env: &TestEnv, arguments: &[&str]) -> Value {
    let run = run(env, &[arguments, &["--output", "json"]].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    run.json()
}

/// Issuer, first day, whether complete and billed amount of each invoice.
fn invoices(report: &Value) -> Vec<(String, String, bool, String)> {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let shown = |invoice: &Value| {
        let complete = invoice["complete"].as_bool().unwrap();
        (text(&invoice["issuer"]), text(&invoice["start"]), complete, text(&invoice["billed_cost"]))
    };
    report["invoices"].as_array().unwrap().iter().map(shown).collect()
}

fn invoice(
    issuer: &str,
    start: &str,
    complete: bool,
    billed: &str,
) -> (String, String, bool, String) {
    (issuer.to_owned(), start.to_owned(), complete, billed.to_owned())
}

/// Category and billed amount of the lines of an invoice.
fn lines(report: &Value, invoice: usize) -> Vec<(String, String)> {
    let lines = report["invoices"][invoice]["lines"].as_array().unwrap().iter();
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    lines.map(|line| (text(&line["category"]), text(&line["billed_cost"]))).collect()
}

fn line(category: &str, billed: &str) -> (String, String) {
    (category.to_owned(), billed.to_owned())
}

const TENTH: &str = "[[discount]]\nrate = \"0.1\"\n";

#[test]
fn a_discount_and_a_month_that_is_not_over() {
    let env = env(&two_months(), &[("c.toml", contract("c", "acme", TENTH))]);
    let report = json(&env, &["--contract", "c.toml"]);
    // 100 and 50 less a tenth.
    assert_eq!(
        invoices(&report),
        [
            invoice("acme", "2026-01-01", true, "90.00"),
            invoice("acme", "2026-02-01", false, "45.00"),
        ]
    );
    assert_eq!(report["schema"], "tokencast.settlement.v1");
    assert_eq!(lines(&report, 0), [line("usage", "100.00"), line("discount", "-10.00")]);
    assert_eq!(report["window"]["end"], "2026-02-11T00:00:00Z");
    assert_eq!(report["totals"][0]["list_cost"], "150.00");
    assert_eq!(report["totals"][0]["contracted_cost"], "135.00");
    // Billing months end on the 1st; payment is due 30 days later.
    assert_eq!(report["cash"][0]["month"], "2026-03");
    assert_eq!(report["cash"][0]["billed_cost"], "135.00");
    let whole = json(&env, &["--contract", "c.toml", "--until", "2026-03-01"]);
    assert!(invoices(&whole).iter().all(|invoice| invoice.2));
}

#[test]
fn groups_have_four_columns_and_months() {
    let env = env(&two_months(), &[("c.toml", contract("c", "acme", TENTH))]);
    let report = json(&env, &["--contract", "c.toml", "--group-by", "month,model"]);
    let february = &report["groups"][1];
    assert_eq!(february["key"]["month"], "2026-02");
    assert_eq!(
        (&february["list_cost"], &february["billed_cost"]),
        (&"50.00".into(), &"45.00".into())
    );
    assert_eq!(february["tokens"]["input.uncached"], 50_000_000);
    for fine in ["hour", "day", "week", "component"] {
        let refused = run(&env, &["--contract", "c.toml", "--group-by", fine]);
        assert_eq!(refused.status, 2);
        assert!(refused.stderr.contains(&format!("--group-by {fine}")), "{}", refused.stderr);
        assert!(refused.stderr.contains("hint: group by month"), "{}", refused.stderr);
    }
}

#[test]
fn a_commitment_is_settled_at_the_end_of_its_year() {
    let edp = format!("{TENTH}[[spend_commitment]]\nperiod = \"year\"\namount = \"1000\"\n");
    let env = env(&two_months(), &[("edp.toml", contract("edp", "aws", &edp))]);
    // 90 and 45 count; 865 lack.
    let year = ["--contract", "edp.toml", "--since", "2026-01-01", "--until", "2027-01-01"];
    let report = json(&env, &year);
    let last = report["invoices"].as_array().unwrap().len() - 1;
    assert_eq!(report["invoices"][last]["start"], "2026-12-01");
    assert_eq!(lines(&report, last), [line("shortfall", "865.00")]);
    assert_eq!(report["totals"][0]["billed_cost"], "1000.00");
    let balances = report["burn_down"][0]["balances"].as_array().unwrap();
    assert_eq!(balances.len(), 12);
    let shown = |at: usize| {
        let of = |key: &str| balances[at][key].as_str().unwrap().to_owned();
        (of("on"), of("retired"), of("remaining"))
    };
    assert_eq!(shown(0), ("2026-02-01".into(), "90.00".into(), "910.00".into()));
    assert_eq!(shown(1), ("2026-03-01".into(), "135.00".into(), "865.00".into()));
    assert_eq!(balances[11]["closed"], true);
    assert_eq!(balances[11]["shortfall"], "865.00");
    // One day before its end nothing is due yet.
    let before = json(&env, &[&year[..5], &["2026-12-31"]].concat());
    assert_eq!(before["totals"][0]["billed_cost"], "135.00");
}

#[test]
fn credit_pays_and_costs_what_it_was_bought_for() {
    let terms = "[[credit]]\namount = \"100\"\nbonus = \"20\"\n";
    let env = env(&two_months(), &[("c.toml", contract("c", "acme", terms))]);
    let report = json(&env, &["--contract", "c.toml", "--until", "2026-03-01"]);
    // January: bought for 100, pays 100 of 120. February: pays the last 20 of 50.
    assert_eq!(
        invoices(&report),
        [
            invoice("acme", "2026-01-01", true, "100.00"),
            invoice("acme", "2026-02-01", true, "30.00"),
        ]
    );
    assert_eq!(lines(&report, 1), [line("usage", "50.00"), line("credit", "-20.00")]);
    let lot = &report["credits"][0];
    assert_eq!((&lot["amount"], &lot["price"]), (&"120.00".into(), &"100.00".into()));
    assert_eq!(lot["balances"][0]["remaining"], "20.00");
    assert_eq!(lot["balances"][1]["remaining"], "0.00");
    // 120 of credit cost 100, and 30 are paid beside it.
    assert_eq!(report["totals"][0]["effective_cost"], "130.00");
}

#[test]
fn another_currency_needs_a_dated_rate_and_stays_apart() {
    let scoped = "[scope]\nmodels = [\"m\"]\n";
    let euro = contract("c", "acme", scoped).replace("\"USD\"", "\"EUR\"");
    let lines = [
        usage(&[("2026-01-10", 100)]),
        record("2026-01-11T00:00:00Z", "acme", "other", 7_000_000, 0),
    ];
    let env = env(&lines.join("\n"), &[("c.toml", euro)]);
    let arguments = ["--contract", "c.toml", "--until", "2026-02-01"];
    let missing = run(&env, &arguments);
    assert_eq!(missing.status, 2);
    for part in ["no exchange rate from USD to EUR", "2026-01-31", "c.toml:", "--fx FILE"] {
        assert!(missing.stderr.contains(part), "{}", missing.stderr);
    }
    env.file("fx.csv", "date,from,to,rate\n2026-01-30,USD,EUR,0.5\n2026-02-02,USD,EUR,0.9\n");
    let with_rate = [&arguments[..], &["--fx", "fx.csv"]].concat();
    let report = json(&env, &with_rate);
    // The latest rate on or before the last day of the month.
    let totals: Vec<(&Value, &Value)> = report["totals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|total| (&total["currency"], &total["billed_cost"]))
        .collect();
    assert_eq!(totals, [(&"EUR".into(), &"50.00".into()), (&"USD".into(), &"7.00".into())]);
    let shown = run(&env, &with_rate).stdout;
    assert!(shown.contains("Converted at 1 USD = 0.5 EUR of 2026-01-30."), "{shown}");
}

#[test]
fn contracts_stack_in_the_order_of_their_precedence() {
    let below = "precedence = 1\nbills_usage = false\n[scope]\nmodels = [\"m\"]\n[[discount]]\nrate = \"0.2\"\n";
    let above = format!(
        "precedence = 2\n{TENTH}[[spend_commitment]]\nperiod = \"year\"\namount = \"1000\"\n"
    );
    let contracts = [
        ("deals/a-edp.toml", contract("edp", "aws", &above)),
        ("deals/b-private.toml", contract("private", "aws", below)),
    ];
    let env = env(&usage(&[("2026-01-10", 100)]), &contracts);
    // 100 less a fifth is 80, less a tenth is 72; the second contract invoices and counts that.
    for given in ["deals", "deals/*.toml"] {
        let report = json(&env, &["--contract", given, "--until", "2026-02-01"]);
        assert_eq!(report["contracts"][0]["id"], "private", "{given}");
        assert_eq!(invoices(&report), [invoice("aws", "2026-01-01", true, "72.00")]);
        assert_eq!(report["burn_down"][0]["contract"], "edp");
        assert_eq!(report["burn_down"][0]["balances"][0]["retired"], "72.00");
    }
}

#[test]
fn tables_markdown_and_csv() {
    let env = env(&two_months(), &[("c.toml", contract("c", "acme", TENTH))]);
    let table = run(&env, &["--contract", "c.toml", "--lines"]);
    assert_eq!((table.status, table.stderr.as_str()), (0, ""));
    let kept: Vec<&str> = table.stdout.lines().filter(|l| !l.starts_with("Prices:")).collect();
    insta::assert_snapshot!(kept.join("\n"), @r"
    Settled from 2026-01-01 to 2026-02-10 under c (2 records from 1 file)

     invoice of   period           due          lines     list   billed   currency
    ───────────────────────────────────────────────────────────────────────────────
     acme         2026-01          2026-03-03       2   100.00    90.00   USD
     acme         2026-02 so far   2026-03-31       2    50.00    45.00   USD

     lines of   period    category   term           model   description             quantity     list   contracted   effective   billed   currency
    ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
     acme       2026-01   usage                     m       tokens        100,000,000 tokens   100.00        90.00       90.00   100.00   USD
     acme       2026-01   discount   c/discount-1           10 % off                             0.00         0.00        0.00   -10.00   USD
     acme       2026-02   usage                     m       tokens         50,000,000 tokens    50.00        45.00       45.00    50.00   USD
     acme       2026-02   discount   c/discount-1           10 % off                             0.00         0.00        0.00    -5.00   USD

     total in     list   contracted   effective   billed
    ─────────────────────────────────────────────────────
     USD        150.00       135.00      135.00   135.00

     cash due in   billed   currency
    ─────────────────────────────────
     2026-03       135.00   USD

     provider   model   requests        tokens   unpriced tokens     list   contracted   effective   billed   currency
    ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────
     acme       m              2   150,000,000                 0   150.00       135.00      135.00   135.00   USD

    So far, because they go on after 2026-02-10: acme 2026-02; what is due at their end is not in them.
    Settled from 2026-01-01 on, where the month of the first usage begins (--since); fees and periods before are not in it.
    ");
    let markdown = run(&env, &["--contract", "c.toml", "--output", "markdown"]).stdout;
    assert!(
        markdown.contains("| acme | 2026-02 so far | 2026-03-31 | 2 | 50.00 | 45.00 | USD |"),
        "{markdown}"
    );
    assert!(markdown.contains("\n- So far, because they go on after 2026-02-10: acme 2026-02;"));
    let csv = run(&env, &["--contract", "c.toml", "--output", "csv"]).stdout;
    insta::assert_snapshot!(csv, @r"
    issuer,start,end,due,complete,category,contract,term,provider,model,description,quantity,unit,list_cost,contracted_cost,effective_cost,billed_cost,currency,fx_from,fx_to,fx_date,fx_rate
    acme,2026-01-01,2026-02-01,2026-03-03,true,usage,,,acme,m,tokens,100000000,tokens,100.00,90.00,90.00,100.00,USD,,,,
    acme,2026-01-01,2026-02-01,2026-03-03,true,discount,c,discount-1,,,10 % off,,,0.00,0.00,0.00,-10.00,USD,,,,
    acme,2026-02-01,2026-03-01,2026-03-31,false,usage,,,acme,m,tokens,50000000,tokens,50.00,45.00,45.00,50.00,USD,,,,
    acme,2026-02-01,2026-03-01,2026-03-31,false,discount,c,discount-1,,,10 % off,,,0.00,0.00,0.00,-5.00,USD,,,,
    ");
}

#[test]
fn without_contracts_nothing_is_settled() {
    let env = env(&two_months(), &[]);
    let report = json(&env, &["--group-by", "day"]);
    assert_eq!(report["schema"], "tokencast.cost.v1");
    assert_eq!(report["totals"]["billed_cost"], "150.00");
    for flag in [&["--fx", "fx.csv"][..], &["--lines"]] {
        let refused = run(&env, flag);
        assert_eq!(refused.status, 2);
        assert!(refused.stderr.contains("--contract"), "{}", refused.stderr);
    }
}

const CAPACITY: &str = r#"[[capacity]]
unit = "unit"
units = 1
price = "2"
per = "hour"
rate = [{ models = ["m"], tokens_per_minute = "400000" }]
"#;

fn provisioned() -> String {
    usage(&[("2026-01-10", 1)])
        .replace("\"components\"", "\"service_tier\":\"provisioned\",\"components\"")
}

#[test]
fn capacity_is_settled_by_the_minute_and_what_spills_at_standard_tier() {
    let env = env(&provisioned(), &[("c.toml", contract("c", "acme", CAPACITY))]);
    let day = ["--since", "2026-01-10", "--until", "2026-01-11", "--contract", "c.toml"];
    let run = run(&env, &[&day[..], &["--strict", "--output", "json"]].concat());
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let report = run.json();
    // A million tokens in one minute, of which 400,000 have room; 24 hours at 2.
    let capacity = &report["capacities"][0];
    assert_eq!(capacity["served_tokens"], 400_000);
    assert_eq!(capacity["spilled_tokens"], 600_000);
    assert_eq!(capacity["peak_used"], "2.50");
    assert_eq!((&capacity["fee"], &capacity["minutes_over"]), (&"48.00".into(), &1.into()));
    assert_eq!(capacity["effective_per_mtok"], "120.00");
    assert_eq!(report["totals"][0]["billed_cost"], "48.60");
    assert_eq!(report["unpriced"]["tokens"], 0);
    // Without the contract nothing prices the tier.
    assert_eq!(super::common::TestEnv::run(&env, &["cost", "u.jsonl"]).status, 3);
}

#[test]
fn what_spills_without_a_price_is_a_finding_and_another_model_can_take_it() {
    let tuned = provisioned().replace("\"m\"", "\"tuned\"");
    let terms = |spill: &str| {
        let terms = CAPACITY.replace("models = [\"m\"]", "models = [\"tuned\"]");
        contract("c", "acme", &format!("{terms}{spill}"))
    };
    let contracts =
        [("alone.toml", terms("")), ("other.toml", terms("spill_to = { model = \"m-2026\" }\n"))];
    let env = env(&tuned, &contracts);
    let day = ["--since", "2026-01-10", "--until", "2026-01-11", "--output", "json"];
    let alone = run(&env, &[&day[..], &["--contract", "alone.toml"]].concat());
    assert_eq!(alone.status, 0, "{}", alone.stderr);
    assert!(
        alone.stderr.contains("warning[unpriced-usage]: `tuned` of `acme`"),
        "{}",
        alone.stderr
    );
    assert_eq!(alone.json()["unpriced"]["tokens"], 600_000);
    assert_eq!(alone.json()["totals"][0]["billed_cost"], "48.00");
    // 600,000 tokens at the price of the other model.
    let other = run(&env, &[&day[..], &["--contract", "other.toml", "--strict"]].concat());
    assert_eq!((other.status, other.stderr.as_str()), (0, ""));
    assert_eq!(other.json()["totals"][0]["billed_cost"], "48.60");
}

#[test]
fn a_rollup_by_the_hour_is_spread_and_said_so() {
    let env = env(&provisioned(), &[("c.toml", contract("c", "acme", CAPACITY))]);
    let made = env.run(&["rollup", "u.jsonl", "--prices", "book.toml", "--out", "u.parquet"]);
    assert_eq!(made.status, 0, "{}", made.stderr);
    let run = env.run(&[
        "cost",
        "u.parquet",
        "--prices",
        "book.toml",
        "--stale-days",
        "9999",
        "--contract",
        "c.toml",
        "--since",
        "2026-01-10",
        "--until",
        "2026-01-11",
        "--output",
        "json",
    ]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("warning[load-profile-assumed]"), "{}", run.stderr);
    // A million tokens over an hour always have room.
    assert_eq!(run.json()["capacities"][0]["served_tokens"], 1_000_000);
}

#[test]
fn labels_that_only_a_contract_names_are_kept() {
    let scoped = format!("[scope]\nlabels = {{ cost_unit = [\"research\"] }}\n{TENTH}");
    let labelled = |unit: &str| {
        let label = format!("\"labels\":{{\"cost_unit\":\"{unit}\"}},\"components\"");
        usage(&[("2026-01-10", 100)]).replace("\"components\"", &label)
    };
    let lines = [labelled("research"), labelled("sales")].join("\n");
    let env = env(&lines, &[("c.toml", contract("c", "broker", &scoped))]);
    let report = json(&env, &["--contract", "c.toml", "--until", "2026-02-01"]);
    assert_eq!(
        invoices(&report),
        [
            invoice("acme", "2026-01-01", true, "100.00"),
            invoice("broker", "2026-01-01", true, "90.00"),
        ]
    );
}

#[test]
fn the_window_begins_with_the_month_of_the_contracts_time_zone() {
    let zone = format!("timezone = \"America/New_York\"\n{TENTH}");
    let env = env(&two_months(), &[("c.toml", contract("c", "acme", &zone))]);
    let report = json(&env, &["--contract", "c.toml"]);
    assert_eq!(report["window"]["start"], "2026-01-01T05:00:00Z");
    assert_eq!(report["window"]["end"], "2026-02-11T05:00:00Z");
}

#[test]
fn days_of_the_window_are_those_of_the_contract() {
    let zone = "timezone = \"Europe/Berlin\"\n[[flat_fee]]\namount = \"310\"\nperiod = \"month\"\n";
    let lines = [
        record("2026-01-31T22:45:00Z", "acme", "m", 3_000_000, 0),
        record("2026-01-31T23:15:00Z", "acme", "m", 5_000_000, 0),
    ];
    let env = env(&lines.join("\n"), &[("c.toml", contract("c", "acme", zone))]);
    // In UTC the fee of January falls due an hour before the window, and that of February inside it.
    let window = ["--contract", "c.toml", "--since", "2026-01-01", "--until", "2026-02-01"];
    let report = json(&env, &window);
    assert_eq!(report["window"]["start"], "2025-12-31T23:00:00Z");
    assert_eq!(invoices(&report), [invoice("acme", "2026-01-01", true, "310.00")]);
    let in_utc = json(&env, &[&window[..], &["--timezone", "UTC"]].concat());
    assert_eq!(in_utc["window"]["start"], "2026-01-01T00:00:00Z");
}

#[test]
fn charge_periods_are_as_fine_as_the_contracts_time_zone_needs() {
    let zone = "timezone = \"Asia/Kolkata\"\n";
    // February begins at 18:30 UTC there.
    let lines = [
        record("2026-01-31T18:15:00Z", "acme", "m", 3_000_000, 0),
        record("2026-01-31T18:45:00Z", "acme", "m", 5_000_000, 0),
    ];
    let env = env(&lines.join("\n"), &[("c.toml", contract("c", "acme", zone))]);
    let report = json(&env, &["--contract", "c.toml"]);
    assert_eq!(
        invoices(&report),
        [invoice("acme", "2026-01-01", true, "3.00"), invoice("acme", "2026-02-01", false, "5.00"),]
    );
}

#[test]
fn usage_without_a_price_is_beside_every_total() {
    let lines = [two_months(), record("2026-01-12T00:00:00Z", "acme", "unheard", 5, 0)];
    let env = env(&lines.join("\n"), &[("c.toml", contract("c", "acme", TENTH))]);
    let table = run(&env, &["--contract", "c.toml"]);
    assert_eq!(table.status, 0);
    assert!(table.stderr.contains("warning[unknown-model]"), "{}", table.stderr);
    assert!(
        table.stdout.contains("Not in any total: 5 tokens without a price."),
        "{}",
        table.stdout
    );
    assert_eq!(run(&env, &["--contract", "c.toml", "--strict"]).status, 2);
    let nothing = record("2026-01-12T00:00:00Z", "acme", "unheard", 5, 0);
    env.file("u.jsonl", nothing);
    assert_eq!(run(&env, &["--contract", "c.toml"]).status, 3);
    env.file("u.jsonl", "");
    assert_eq!(run(&env, &["--contract", "c.toml"]).status, 3);
}

#[test]
fn wrong_files_are_errors_with_their_lines_and_are_never_replaced() {
    let wrong = contract("c", "acme", "[[discout]]\nrate = \"0.1\"\n");
    let env = env(&two_months(), &[("c.toml", wrong), ("good.toml", contract("g", "acme", TENTH))]);
    let refused = run(&env, &["--contract", "c.toml"]);
    assert_eq!(refused.status, 2);
    assert!(
        refused.stderr.contains("c.toml:7") && refused.stderr.contains("discount"),
        "{}",
        refused.stderr
    );
    env.file("fx.csv", "date,from,to,rate\n2026-13-30,USD,EUR,0.5\n");
    let refused = run(&env, &["--contract", "good.toml", "--fx", "fx.csv"]);
    assert!(refused.status == 2 && refused.stderr.contains("fx.csv:2"), "{}", refused.stderr);
    let refused = run(&env, &["--contract", "good.toml", "--out", "good.toml"]);
    assert!(
        refused.status == 2 && refused.stderr.contains("one of the inputs"),
        "{}",
        refused.stderr
    );
    for missing in ["none.toml", "none/*.toml"] {
        let refused = run(&env, &["--contract", missing]);
        assert!(refused.status == 2 && refused.stderr.contains(missing), "{}", refused.stderr);
    }
}
