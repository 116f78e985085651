//! `tokencast explain`: the lines of a figure add up to it, their entries are where they are said to
//! be, and contract steps are those of invoices worked by hand.

use std::collections::BTreeMap;

use serde_json::Value;
use tokencast::money::Amount;
use tokencast::price_book::PriceKey;
use tokencast::tokens::Component;

use super::common::{Run, TestEnv, record, root};

fn sample(name: &str) -> String {
    root().join("samples").join(name).to_str().unwrap().to_owned()
}

fn run(env: &TestEnv, arguments: &[&str]) -> Run {
    env.run(&[&["explain"], arguments].concat())
}

fn json(env: &TestEnv, arguments: &[&str]) -> Value {
    let run = run(env, &[arguments, &["--output", "json", "--quiet"]].concat());
    assert_eq!(run.status, 0, "{arguments:?}: {}", run.stderr);
    run.json()
}

fn atto(value: &Value) -> i128 {
    value.as_str().unwrap().parse::<Amount>().unwrap().atto()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

/// A quantity in 10^-20 of a unit, which every share of 2^20 is a whole number of.
fn quantity(text: &str) -> i128 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<20}").parse().unwrap()
}

/// The sum of all lines and steps, each part with its weight, in 10^-18; and how many were added.
fn sum_of_lines(report: &Value) -> (i128, usize) {
    let (mut sum, mut lines) = (0, 0);
    for part in array(&report["parts"]) {
        let mut of_part = 0;
        for charge in array(&part["charges"]) {
            of_part += atto(&charge["cost"]);
            lines += 1;
        }
        for step in array(&part["steps"]) {
            of_part += atto(&step["change"]);
            lines += 1;
        }
        let weight = |key: &str| i128::from(part["weight"][key].as_i64().unwrap());
        sum += of_part * weight("numerator") / weight("denominator");
    }
    (sum, lines)
}

/// Every figure that a report has, by the command itself, against the lines of its explanation.
fn check_figures(env: &TestEnv, arguments: &[&str], figures: &[&str], least_lines: usize) {
    let report = env.run(&[arguments, &["--output", "json", "--quiet"]].concat());
    let report = report.json();
    for figure in figures {
        let explained = json(env, &[arguments, &["--figure", figure]].concat());
        let wanted = atto(report.pointer(figure).unwrap_or_else(|| panic!("{figure}")));
        assert_eq!(atto(&explained["value"]), wanted, "{figure}");
        let (sum, lines) = sum_of_lines(&explained);
        // A path is rounded for each series and day, at the 18th place.
        let most = atto(&explained["proof"]["tolerance"]);
        assert!((sum - wanted).abs() <= most + 4 && most < 1_000_000, "{figure}: {sum} {wanted}");
        assert!(lines >= least_lines, "{figure}: {lines}");
        check_prices(&explained);
    }
}

/// Quantity times price is the cost of every line.
fn check_prices(explained: &Value) {
    for charge in array(&explained["parts"]).iter().flat_map(|part| array(&part["charges"])) {
        let units = quantity(charge["quantity"].as_str().unwrap());
        let whole = i128::from(charge["price_for"].as_i64().unwrap());
        let price = atto(&charge["price"]);
        // In 10^-20 of a unit and 10^-18 of a dollar for a million: too long for one product.
        let per_unit = price / whole;
        assert_eq!(per_unit * whole, price, "{charge}");
        let unit = 10_i128.pow(20);
        let cost = (units / unit) * per_unit
            + (units % unit) * (per_unit / 1_000_000) / (unit / 1_000_000);
        assert!((cost - atto(&charge["cost"])).abs() <= 1, "{charge}");
    }
}

/// Runs `--list --prove`; gives the number of figures and those whose lines leave anything over.
fn proven(env: &TestEnv, arguments: &[&str]) -> (usize, Vec<String>) {
    let list = json(env, &[arguments, &["--list", "--prove"]].concat());
    let figures = array(&list["figures"]);
    let money = figures.iter().filter(|figure| figure["kind"] == "money");
    let left = money.filter(|figure| {
        let proof = &figure["proof"];
        // A thousand paths of thirty series and days are rounded this often at most.
        atto(&proof["difference"]).abs() > 1_000 || proof["holds"] != true
    });
    (figures.len(), left.map(|figure| figure.to_string()).collect())
}

#[test]
fn every_figure_of_cost_is_the_sum_of_its_lines() {
    let env = TestEnv::new();
    let logs = sample("logs");
    let (count, left) = proven(&env, &["cost", &logs, "-g", "provider,team"]);
    assert!(count > 20 && left.is_empty(), "{count} {left:?}");
    let figures = ["/totals/billed_cost", "/totals/list_cost", "/groups/2/billed_cost"];
    check_figures(&env, &["cost", &logs], &figures, 5);
    check_figures(&env, &["cost", &logs, "-g", "month"], &["/groups/1/billed_cost"], 50);
}

#[test]
fn every_figure_of_settlements_is_the_sum_of_its_lines() {
    let env = TestEnv::new();
    for (usage, contracts) in [
        ("enterprise", &["enterprise-edp", "claude-private-pricing"][..]),
        ("seats", &["seats-and-tokens"]),
        ("laboratory", &["ten-year-ramp"]),
        ("throughput", &["provisioned-throughput"]),
    ] {
        let usage = sample(&format!("usage/{usage}.jsonl"));
        let mut arguments = vec!["cost".to_owned(), usage];
        for contract in contracts {
            arguments.extend(["--contract".into(), sample(&format!("contracts/{contract}.toml"))]);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (count, left) = proven(&env, &arguments);
        assert!(count > 20 && left.is_empty(), "{count} {left:?}");
        let figures = ["/totals/0/billed_cost", "/totals/0/effective_cost", "/cash/0/billed_cost"];
        check_figures(&env, &arguments, &figures, 1);
    }
}

#[test]
fn every_figure_of_a_forecast_is_the_sum_of_its_lines() {
    let env = TestEnv::new();
    let logs = sample("logs");
    let arguments =
        ["forecast", &logs, "--horizon", "2d", "--paths", "100", "-g", "speed", "--budget", "900"];
    let (count, left) = proven(&env, &arguments);
    assert!(count > 30 && left.is_empty(), "{count} {left:?}");
    let figures =
        ["/total/quantiles/0.5", "/months/0/mean", "/groups/0/quantiles/0.9", "/days/1/mean"];
    check_figures(&env, &arguments, &figures, 10);
    check_figures(&env, &arguments, &["/run_rate/recent/projected", "/history/actual"], 10);
    let costs = sample("series/costs.csv");
    let (count, left) =
        proven(&env, &["forecast", "--series", &costs, "--paths", "100", "--horizon", "2d"]);
    assert!(count > 20 && left.is_empty(), "{count} {left:?}");
}

#[test]
fn every_figure_of_budgets_and_scenarios_is_the_sum_of_its_lines() {
    let env = TestEnv::new();
    let (logs, budgets) = (sample("logs"), sample("budget.toml"));
    let check = ["check", &logs, "--budgets", &budgets, "--paths", "100"];
    let (count, left) = proven(&env, &check);
    assert!(count > 20 && left.is_empty(), "{count} {left:?}");
    check_figures(&env, &check, &["/budgets/2/headroom", "/forecast/quantiles/0.9"], 10);
    let scenarios = sample("scenarios.toml");
    let compare = ["compare", &logs, "--scenario", &scenarios, "--horizon", "2d", "--paths", "100"];
    let (count, left) = proven(&env, &compare);
    assert!(count > 40 && left.is_empty(), "{count} {left:?}");
    let figures = ["/scenarios/1/difference/quantiles/0.5", "/scenarios/2/effective/mean"];
    check_figures(&env, &compare, &figures, 10);
}

/// The keys of the table that a place is in.
fn table_at(place: &str) -> BTreeMap<String, String> {
    let (file, line) = place.rsplit_once(':').unwrap();
    let text = std::fs::read_to_string(root().join(file)).unwrap();
    let line: usize = line.parse().unwrap();
    let lines: Vec<&str> = text.lines().skip(line - 1).collect();
    assert!(lines[0].starts_with('['), "{place}: {}", lines[0]);
    let table = lines[1..].iter().take_while(|line| !line.starts_with('['));
    let pairs = table.filter_map(|line| line.split_once(" = "));
    pairs.map(|(key, value)| (key.to_owned(), value.trim_matches('"').to_owned())).collect()
}

#[test]
fn entries_are_where_they_are_said_to_be() {
    let env = TestEnv::new();
    let logs = sample("logs");
    let explained = json(&env, &["cost", &logs]);
    let charges = array(&explained["parts"][0]["charges"]);
    assert!(charges.len() > 100);
    let mut factors = 0;
    for charge in charges {
        let entry = &charge["entry"];
        let table = table_at(entry["location"].as_str().unwrap());
        let priced = charge["rated_as"].as_str().or_else(|| charge["component"].as_str()).unwrap();
        let key = PriceKey::of(Component::from_name(priced).unwrap()).name;
        let written: Amount = table[key].parse().unwrap();
        assert_eq!(written.atto(), atto(&entry["price"]), "{charge}");
        // The price of the line is that of the entry times its factors.
        let mut price = written;
        for multiplier in array(&charge["multipliers"]) {
            let table = table_at(multiplier["location"].as_str().unwrap());
            assert_eq!(table["factor"], multiplier["factor"].as_str().unwrap());
            price = price.checked_mul(table["factor"].parse().unwrap()).unwrap();
            factors += 1;
        }
        assert_eq!(price.atto(), atto(&charge["price"]), "{charge}");
        assert_eq!(entry["checked_on"].as_str().unwrap().len(), 10);
    }
    assert!(factors > 0);
}

const BOOK: &str = r#"schema = "tokencast.prices.v1"
provider = "acme"
name = "Acme"
currency = "USD"
checked_on = "2026-06-01"
[[model]]
id = "m"
[[model.price]]
input_per_mtok = "1"
"#;

const DEAL: &str = r#"schema = "tokencast.contract.v1"
id = "deal"
issuer = "acme"
currency = "USD"
start = "2026-01-01"
end = "2027-01-01"
[[fixed_rate]]
id = "rate"
input_per_mtok = "0.9"
[[discount]]
id = "tenth"
rate = "0.1"
[[credit]]
id = "lot"
amount = "30"
price = "24"
"#;

fn deal() -> TestEnv {
    let env = TestEnv::new();
    env.file("book.toml", BOOK);
    env.file("deal.toml", DEAL);
    let used = record("2026-01-10T12:00:00Z", "acme", "m", 100_000_000, 0);
    let unknown = record("2026-01-10T13:00:00Z", "acme", "other", 7, 0);
    env.file("u.jsonl", format!("{used}\n{unknown}"));
    env
}

const WITH_DEAL: [&str; 8] =
    ["cost", "u.jsonl", "--prices", "book.toml", "--stale-days", "9999", "--contract", "deal.toml"];

/// Kind, term, line of the contract file, before and after of each step.
fn steps(explained: &Value) -> Vec<(String, String, String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let shown = |step: &Value| {
        let [kind, term, place, before, after] =
            ["kind", "term", "location", "before", "after"].map(|key| text(&step[key]));
        (kind, term, place, before, after)
    };
    array(&explained["parts"][0]["steps"]).iter().map(shown).collect()
}

#[test]
fn contract_steps_are_those_worked_by_hand() {
    let env = deal();
    let step = |kind: &str, term: &str, line: u32, before: &str, after: &str| {
        let place = format!("deal.toml:{line}");
        (kind.to_owned(), term.to_owned(), place, before.to_owned(), after.to_owned())
    };
    let figure = |name: &str| json(&env, &[&WITH_DEAL[..], &["--figure", name]].concat());
    // 100 million at 1 a million; 0.9 by contract; a tenth off 90; 30 of credit, which cost 24.
    let billed = figure("/totals/0/billed_cost");
    assert_eq!(billed["value"], "75.00");
    assert_eq!(billed["parts"][0]["charged"], "100.00");
    let to_pay = [
        step("unit price", "rate", 7, "100.00", "90.00"),
        step("discount", "tenth", 10, "90.00", "81.00"),
        step("credit", "lot", 13, "81.00", "51.00"),
        step("purchase", "lot", 13, "51.00", "75.00"),
    ];
    assert_eq!(steps(&billed), to_pay);
    // As a cost, 30 of credit are 24.
    let effective = figure("/groups/0/effective_cost");
    assert_eq!(effective["value"], "75.00");
    let cost = [
        step("unit price", "rate", 7, "100.00", "90.00"),
        step("discount", "tenth", 10, "90.00", "81.00"),
        step("credit", "lot", 13, "81.00", "75.00"),
    ];
    assert_eq!(steps(&effective), cost);
    assert_eq!(steps(&figure("/groups/0/list_cost")), []);
    // The line of the discount, by model.
    let discount = figure("/invoices/0/lines/1/billed_cost");
    assert_eq!(discount["value"], "-9.00");
    assert_eq!(steps(&discount), [step("discount", "tenth", 10, "0.00", "-9.00")]);
    assert_eq!(discount["parts"][0]["steps"][0]["description"], "acme/m");
}

#[test]
fn usage_without_a_price_is_listed_beside() {
    let env = deal();
    for arguments in [&WITH_DEAL[..], &WITH_DEAL[..6]] {
        let found = json(&env, arguments);
        let unpriced = array(&found["parts"][0]["unpriced"]);
        assert_eq!(unpriced.len(), 1);
        assert_eq!(unpriced[0]["model"], "other");
        assert_eq!(unpriced[0]["units"], 7);
    }
    let table = run(&env, &[&WITH_DEAL[..6], &["--quiet"]].concat());
    assert!(
        table
            .stdout
            .contains("Not in the figure, without a price: 7 input.uncached of acme/other.")
    );
    assert!(table.stdout.contains("Proof: sum of 1 line = 100.00 = the figure, exactly."));
}

#[test]
fn the_known_part_of_a_month_is_what_cost_says_of_its_days() {
    let env = TestEnv::new();
    let logs = sample("logs");
    let arguments = ["forecast", &logs, "--paths", "100", "--figure", "/months/0/actual"];
    let known = json(&env, &arguments);
    let cost = ["cost", &logs, "--since", "2026-11-01", "--until", "2026-11-20", "-o", "json"];
    let cost = env.run(&cost).json();
    assert_eq!(known["parts"][0]["proof"]["sum"], cost["totals"]["billed_cost"]);
}

#[test]
fn a_median_of_an_even_number_of_paths_is_half_of_each_neighbour() {
    let env = TestEnv::new();
    let logs = sample("logs");
    let budget = ["forecast", &logs, "--paths", "100", "--horizon", "5d", "--budget", "740"];
    let median = json(&env, &budget);
    let parts = array(&median["parts"]);
    assert_eq!(parts.len(), 2);
    for (part, rank) in parts.iter().zip([50, 51]) {
        assert_eq!(part["weight"]["numerator"], 1);
        assert_eq!(part["weight"]["denominator"], 2);
        assert!(part["name"].as_str().unwrap().contains(&format!("number {rank} of 100")));
    }
    let over = json(&env, &[&budget[..], &["--figure", "/budgets/0/over/probability"]].concat());
    let report = env.run(&[&budget[..], &["-o", "json", "-q"]].concat()).json();
    let share = report["budgets"][0]["over"]["probability"].as_f64().unwrap();
    let counted = over["counted"].as_f64().unwrap();
    assert!((counted / 100.0 - share).abs() < 1e-9 && (0.05..0.95).contains(&share));
    let around = array(&over["around"]);
    let above = around.iter().filter(|path| atto(&path["total"]) > atto(&over["threshold"]));
    assert_eq!((around.len(), above.count()), (10, 5));
}

#[test]
fn a_difference_has_the_lines_of_both_scenarios() {
    let env = TestEnv::new();
    let logs = sample("logs");
    let swap = "claude-opus-5-5=claude-sonnet-5:60%";
    let figure = "/scenarios/1/difference/mean";
    let compare = ["compare", &logs, "--swap", swap, "--horizon", "5d", "--paths", "100"];
    let found = json(&env, &[&compare[..], &["--figure", figure]].concat());
    let weights: Vec<i64> = array(&found["parts"])
        .iter()
        .map(|part| part["weight"]["numerator"].as_i64().unwrap())
        .collect();
    assert_eq!(weights, [1, -1]);
    let tokens = |part: usize, model: &str| -> i128 {
        let all = array(&found["parts"][part]["charges"]).iter();
        let mine = all.filter(|c| c["model"] == model && c["component"] == "output");
        mine.map(|c| quantity(c["quantity"].as_str().unwrap())).sum()
    };
    // 60 of 100 tokens move, on each path and day rounded to whole ones.
    let moved = tokens(0, "claude-sonnet-5") - tokens(1, "claude-sonnet-5");
    let all = tokens(1, "claude-opus-5-5");
    assert!((moved * 10 - all * 6).abs() < all / 1_000, "{moved} of {all}");
    assert!(moved > 0);
}

#[test]
fn wrong_figures_say_what_there_is() {
    let env = deal();
    let fails = |figure: &str, words: &[&str]| {
        let run = run(&env, &[&WITH_DEAL[..], &["--quiet", "--figure", figure]].concat());
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{figure}");
        for word in words {
            assert!(run.stderr.contains(word), "{figure}: {}", run.stderr);
        }
    };
    fails("totals", &["`totals` is no JSON Pointer", "/totals/billed_cost"]);
    fails("/totals/0/bild_cost", &["`/totals/0` has no `bild_cost`", "billed_cost"]);
    fails("/totals/7/billed_cost", &["`/totals` has one element, 0"]);
    fails("/totals/0", &["is no single figure", "/totals/0/billed_cost"]);
    fails("/credits/0/amount", &["cannot be explained: it is a balance"]);
    fails("/groups/0/requests", &["it is a count of usage"]);
    fails("/totals/0/currency/x", &["is a figure and has no parts"]);
    let html = run(&env, &[&WITH_DEAL[..], &["--output", "html"]].concat());
    assert_eq!(html.status, 2);
    let list = run(&env, &[&WITH_DEAL[..], &["--list", "--quiet", "-o", "csv"]].concat());
    assert!(list.stdout.starts_with("figure,value,what\n/totals/0/list_cost,100.00,"));
}

#[test]
fn csv_has_every_line_and_step() {
    let env = deal();
    let run = run(&env, &[&WITH_DEAL[..], &["--quiet", "-o", "csv"]].concat());
    let rows: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(rows.len(), 1 + 1 + 4);
    assert!(rows[1].contains(",charge,acme,m,") && rows[1].ends_with(",100.00,USD"), "{}", rows[1]);
    assert!(
        rows[2].contains(",step,") && rows[2].ends_with(",100.00,90.00,-10.00,USD"),
        "{}",
        rows[2]
    );
    let columns = rows[0].split(',').count();
    assert!(rows.iter().all(|row| row.split(',').count() >= columns));
}
