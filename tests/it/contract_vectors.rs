//! Hand-worked settlements: contracts and usage in, exact invoices and balances out.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use tokencast::money::Amount;

use super::common::{TestEnv, files_below, root};

/// One family of terms.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    /// A price book for all its vectors.
    book: String,
    vector: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    /// What rule it is for.
    name: String,
    /// The work, by hand.
    worked: String,
    /// Texts of contract files.
    contracts: Vec<String>,
    /// Lines of `tokencast.usage.v1`.
    usage: String,
    /// Exchange rates as CSV.
    fx: Option<String>,
    since: Option<String>,
    until: Option<String>,
    /// Every invoice that asks for something; others may only hold costs without money.
    invoices: Vec<Invoice>,
    /// Sums of all invoices of a currency.
    #[serde(default)]
    totals: Vec<Total>,
    #[serde(default)]
    commitments: Vec<Commitment>,
    #[serde(default)]
    credits: Vec<Credit>,
    #[serde(default)]
    capacity: Vec<Capacity>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Invoice {
    issuer: String,
    currency: String,
    /// First day and first day after the billing period.
    start: String,
    end: String,
    due: Option<String>,
    total: String,
    /// Sums of its lines by category; absent: only the total is stated.
    #[serde(default)]
    lines: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Total {
    currency: String,
    list: Option<String>,
    contracted: Option<String>,
    effective: Option<String>,
    billed: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Commitment {
    /// The term, and the day at whose start this is its state; of which period, where two end then.
    id: String,
    on: String,
    start: Option<String>,
    committed: Option<String>,
    retired: Option<String>,
    remaining: Option<String>,
    excess: Option<String>,
    shortfall: Option<String>,
    prepaid: Option<String>,
    drawn: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credit {
    id: String,
    lot: u64,
    on: String,
    drawn: Option<String>,
    lapsed: Option<String>,
    remaining: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Capacity {
    id: String,
    /// First day after the billing period.
    on: String,
    served: Option<u64>,
    spilled: Option<u64>,
    unserved: Option<u64>,
    minutes_over: Option<u64>,
    longest_wait_minutes: Option<u64>,
    fee: Option<String>,
    effective_per_mtok: Option<String>,
}

#[test]
fn every_contract_vector_gives_its_invoices() {
    let mut vectors = Vec::new();
    for path in files_below(&root().join("tests/vectors/contracts")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let family: Family =
            toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        vectors.extend(family.vector.into_iter().map(|vector| (family.book.clone(), vector)));
    }
    assert!(vectors.len() >= 290, "{} vectors", vectors.len());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let failed: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> = vectors
            .chunks(vectors.len().div_ceil(threads))
            .map(|part| {
                scope.spawn(|| part.iter().filter_map(|(b, v)| failure(b, v)).collect::<Vec<_>>())
            })
            .collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "{} vectors\n{}", failed.len(), failed.join("\n\n"));
}

/// Every amount of these settlements is the sum of the lines and steps that explain it. Some vectors of
/// each family are enough.
#[test]
fn explanations_of_vectors_add_up() {
    for path in files_below(&root().join("tests/vectors/contracts")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let family: Family = toml::from_str(&text).unwrap();
        for vector in family.vector.iter().step_by(12) {
            let (env, mut arguments) = prepared(&family.book, vector);
            arguments.insert(0, "explain".to_owned());
            arguments.extend(["--list", "--prove"].map(str::to_owned));
            let run = env.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(run.status, 0, "{}: {}", vector.name, run.stderr);
            for figure in run.json()["figures"].as_array().unwrap() {
                assert_eq!(figure["proof"]["difference"], "0.00", "{}: {figure}", vector.name);
            }
        }
    }
}

/// The files of a vector, and the arguments that settle it.
fn prepared(book: &str, vector: &Vector) -> (TestEnv, Vec<String>) {
    let env = TestEnv::new();
    env.file("usage.jsonl", &vector.usage);
    env.file("book.toml", book);
    let fixed = ["cost", "usage.jsonl", "--prices", "book.toml", "--output", "json", "--quiet"];
    let mut arguments: Vec<String> = fixed.map(str::to_owned).into();
    for (number, text) in vector.contracts.iter().enumerate() {
        let name = format!("c{}.toml", number + 1);
        env.file(&name, text);
        arguments.extend(["--contract".to_owned(), name]);
    }
    if let Some(rates) = &vector.fx {
        env.file("fx.csv", rates);
        arguments.extend(["--fx", "fx.csv"].map(str::to_owned));
    }
    for (flag, day) in [("--since", &vector.since), ("--until", &vector.until)] {
        arguments.extend(day.iter().flat_map(|day| [flag.to_owned(), day.clone()]));
    }
    (env, arguments)
}

/// What is wrong with the result of a vector; `None` if it is right.
fn failure(book: &str, vector: &Vector) -> Option<String> {
    let (env, arguments) = prepared(book, vector);
    let run = env.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let mut wrong = Vec::new();
    match serde_json::from_str::<Value>(&run.stdout) {
        Ok(report) => compare(vector, &report, &mut wrong),
        Err(_) => wrong.push(format!("exit {}: {}", run.status, run.stderr)),
    }
    if run.status != 0 && wrong.is_empty() {
        wrong.push(format!("exit {}: {}", run.status, run.stderr));
    }
    (!wrong.is_empty())
        .then(|| format!("{}: {}\n  {}", vector.name, vector.worked, wrong.join("\n  ")))
}

fn compare(vector: &Vector, report: &Value, wrong: &mut Vec<String>) {
    let found = rows(report, "invoices");
    for expected in &vector.invoices {
        let same = |found: &&Value| {
            found["issuer"] == *expected.issuer
                && found["currency"] == *expected.currency
                && found["start"] == *expected.start
                && found["end"] == *expected.end
        };
        match found.iter().find(same) {
            Some(found) => compare_invoice(expected, found, wrong),
            None => wrong.push(format!("no invoice of {} for {}", expected.issuer, expected.start)),
        }
    }
    let more = found.iter().filter(|i| asks(i)).count();
    if more > vector.invoices.len() {
        let named: Vec<String> = found.iter().filter(|i| asks(i)).map(shown).collect();
        wrong.push(format!("more invoices than expected: {}", named.join("; ")));
    }
    for total in &vector.totals {
        let at = rows(report, "totals").iter().find(|t| t["currency"] == *total.currency);
        let at = at.unwrap_or(&Value::Null);
        for (name, expected) in [
            ("list_cost", &total.list),
            ("contracted_cost", &total.contracted),
            ("effective_cost", &total.effective),
            ("billed_cost", &total.billed),
        ] {
            check(&format!("total {name}"), expected.as_deref(), &at[name], wrong);
        }
    }
    compare_balances(vector, report, wrong);
}

/// True if an invoice has a line with money on it.
fn asks(invoice: &Value) -> bool {
    rows(invoice, "lines").iter().any(|line| amount(&line["billed_cost"]) != Some(Amount::ZERO))
}

fn shown(invoice: &Value) -> String {
    let part = |name: &str| invoice[name].as_str().unwrap_or_default().to_owned();
    format!("{} {} {} {}", part("issuer"), part("start"), part("billed_cost"), part("currency"))
}

fn compare_invoice(expected: &Invoice, found: &Value, wrong: &mut Vec<String>) {
    let of = format!("{} {}", expected.issuer, expected.start);
    check(&format!("{of} total"), Some(&expected.total), &found["billed_cost"], wrong);
    if let Some(due) = &expected.due
        && found["due"] != **due
    {
        wrong.push(format!("{of} due: expected {due}, found {}", found["due"]));
    }
    let mut sums: BTreeMap<String, Amount> = BTreeMap::new();
    let mut all = Amount::ZERO;
    for line in rows(found, "lines") {
        let billed = amount(&line["billed_cost"]).unwrap();
        all = all.checked_add(billed).unwrap();
        let sum = sums.entry(line["category"].as_str().unwrap().to_owned()).or_default();
        *sum = sum.checked_add(billed).unwrap();
    }
    if Some(all) != amount(&found["billed_cost"]) {
        wrong.push(format!("{of}: lines add up to {all}, the invoice is {}", found["billed_cost"]));
    }
    if expected.lines.is_empty() {
        return;
    }
    let wanted: BTreeMap<String, Amount> =
        expected.lines.iter().map(|(c, a)| (c.clone(), a.parse().unwrap())).collect();
    sums.retain(|category, sum| *sum != Amount::ZERO || wanted.contains_key(category));
    if sums != wanted {
        wrong.push(format!("{of} lines: expected {}, found {}", list(&wanted), list(&sums)));
    }
}

fn compare_balances(vector: &Vector, report: &Value, wrong: &mut Vec<String>) {
    for expected in &vector.commitments {
        let period = |s: &&Value| {
            s["term"] == *expected.id && expected.start.as_ref().is_none_or(|d| s["start"] == **d)
        };
        let series = rows(report, "burn_down").iter().filter(period);
        let at = series.flat_map(|s| rows(s, "balances")).find(|b| b["on"] == *expected.on);
        let at = at.unwrap_or(&Value::Null);
        for (name, amount) in [
            ("committed", &expected.committed),
            ("retired", &expected.retired),
            ("remaining", &expected.remaining),
            ("excess", &expected.excess),
            ("shortfall", &expected.shortfall),
            ("prepaid", &expected.prepaid),
            ("drawn", &expected.drawn),
        ] {
            let what = format!("{} on {} {name}", expected.id, expected.on);
            check(&what, amount.as_deref(), &at[name], wrong);
        }
    }
    for expected in &vector.credits {
        let lot = |c: &&Value| c["term"] == *expected.id && c["lot"] == expected.lot;
        let lots = rows(report, "credits").iter().filter(lot);
        let at = lots.flat_map(|c| rows(c, "balances")).find(|b| b["on"] == *expected.on);
        let at = at.unwrap_or(&Value::Null);
        for (name, amount) in [
            ("drawn", &expected.drawn),
            ("lapsed", &expected.lapsed),
            ("remaining", &expected.remaining),
        ] {
            let what = format!("{} lot {} on {} {name}", expected.id, expected.lot, expected.on);
            check(&what, amount.as_deref(), &at[name], wrong);
        }
    }
    for expected in &vector.capacity {
        let of = |c: &&Value| c["term"] == *expected.id && c["end"] == *expected.on;
        let at = rows(report, "capacities").iter().find(of).unwrap_or(&Value::Null);
        for (name, count) in [
            ("served_tokens", expected.served),
            ("spilled_tokens", expected.spilled),
            ("unserved_tokens", expected.unserved),
            ("minutes_over", expected.minutes_over),
            ("longest_wait_minutes", expected.longest_wait_minutes),
        ] {
            if count.is_some() && at[name].as_u64() != count {
                wrong.push(format!("{name}: expected {count:?}, found {}", at[name]));
            }
        }
        check("fee", expected.fee.as_deref(), &at["fee"], wrong);
        let each = expected.effective_per_mtok.as_deref();
        check("effective_per_mtok", each, &at["effective_per_mtok"], wrong);
    }
}

fn rows<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn amount(value: &Value) -> Option<Amount> {
    value.as_str()?.parse().ok()
}

fn list(sums: &BTreeMap<String, Amount>) -> String {
    sums.iter().map(|(c, a)| format!("{c} {a}")).collect::<Vec<_>>().join(", ")
}

fn check(what: &str, expected: Option<&str>, found: &Value, wrong: &mut Vec<String>) {
    let Some(expected) = expected else { return };
    if Some(expected.parse().unwrap()) != amount(found) {
        wrong.push(format!("{what}: expected {expected}, found {found}"));
    }
}
