//! Each rule of contract files, by what is said where it is broken.

use super::*;
use crate::contract::{Anchor, Every, Fixing};
use crate::money::Rounding;

mod terms;

const HEAD: &str = r#"schema = "tokencast.contract.v1"
id = "c"
issuer = "aws"
currency = "USD"
start = "2026-01-01"
end = "2028-01-01"
"#;

fn source(name: &str, text: &str) -> ContractSource {
    ContractSource { name: name.into(), text: text.into() }
}

/// One contract with the usual head.
fn contract(terms: &str) -> Contract {
    let text = format!("{HEAD}{terms}");
    load(&[source("c.toml", &text)]).unwrap_or_else(|e| panic!("{e}")).0.remove(0)
}

/// What is said about terms below the usual head, without file and line.
fn said(terms: &str) -> Vec<String> {
    said_of(&format!("{HEAD}{terms}"))
}

fn said_of(text: &str) -> Vec<String> {
    match load(&[source("c.toml", text)]) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.problems.into_iter().map(|p| p.message).collect(),
    }
}

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().unwrap()
}

#[test]
fn the_head_has_its_defaults() {
    let c = contract("");
    assert_eq!((c.id.as_str(), c.name.as_str(), c.issuer.as_str()), ("c", "c", "aws"));
    assert_eq!((c.billing, c.billing_anchor), (Every::Month, Anchor::Calendar));
    assert_eq!((c.payment_days, c.precedence, c.bills_usage), (30, 100, true));
    assert_eq!((c.line_rounding.places, c.line_rounding.rounding), (2, Rounding::HalfUp));
    assert_eq!((c.fixing, c.place.line, c.calendar.name()), (Fixing::PeriodEnd, 2, "UTC"));
    assert_eq!(c.term.start.to_string(), "2026-01-01T00:00:00Z");
    assert_eq!(c.term.end.to_string(), "2028-01-01T00:00:00Z");
}

#[test]
fn the_head_says_otherwise() {
    let text = r#"schema = "tokencast.contract.v1"
id = "c"
issuer = "aws"
currency = "JPY"
start = "2026-01-31"
term_months = 1
timezone = "Asia/Tokyo"
billing_period = "quarter"
billing_anchor = "start"
rounding = "down"
fx_fixing = "contract-start"
bills_usage = false
"#;
    let c = load(&[source("c.toml", text)]).unwrap().0.remove(0);
    assert_eq!(c.line_rounding.places, 0);
    assert_eq!(c.term.start.to_string(), "2026-01-30T15:00:00Z");
    assert_eq!(c.calendar.date_of(c.term.end), day("2026-02-28"));
    assert_eq!((c.billing, c.billing_anchor), (Every::Quarter, Anchor::Start));
    assert!(!c.bills_usage && c.fixing == Fixing::ContractStart);
}

#[test]
fn every_problem_of_every_file_is_said_with_its_line() {
    let one = "id = \"a\"\nissuer = 5\nfoo = 1\n";
    let two = format!("{HEAD}[[discount]]\nrate = 0.1\n[[discounts]]\n");
    let errors = load(&[source("one.toml", one), source("two.toml", &two)]).unwrap_err();
    let shown: Vec<String> = errors.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "one.toml:1: file has no `schema`",
            "one.toml:1: file has no `currency`",
            "one.toml:1: file has no `start`",
            "one.toml:1: file has neither `end` nor `term_months`",
            "one.toml:2: `issuer` is an integer, expected a string",
            "one.toml:3: unknown key `foo`",
            "two.toml:8: `rate` is a bare number, expected a decimal string (hint: write `rate = \"0.1\"`)",
            "two.toml:9: unknown key `discounts` (hint: did you mean `discount`?)",
        ]
    );
}

#[test]
fn contracts_come_by_precedence_then_by_file() {
    let with = |id: &str, precedence: u32| {
        let head = HEAD.replace("\"c\"", &format!("\"{id}\""));
        source(&format!("{id}.toml"), &format!("{head}precedence = {precedence}\n"))
    };
    let (found, _) = load(&[with("x", 100), with("b", 5), with("a", 100)]).unwrap();
    let ids: Vec<&str> = found.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(ids, ["b", "x", "a"]);
    let errors = load(&[with("x", 1), with("x", 2)]).unwrap_err();
    assert_eq!(errors.problems[0].message, "contract `x` is also at x.toml:2");
}

#[test]
fn terms_keep_the_order_of_the_file_and_count_by_kind() {
    let c = contract(
        r#"[[grant]]
amount = "5"
[[discount]]
rate = "0.1"
[[minimum]]
amount = "5"
period = "month"
from = "2026-02-01"
until = "2026-03-01"
[[discount]]
rate = "0.2"
"#,
    );
    let shown: Vec<_> = c.terms.iter().map(|t| (t.id.as_str(), t.place.line)).collect();
    assert_eq!(shown, [("grant-1", 7), ("discount-1", 9), ("minimum-1", 11), ("discount-2", 16)]);
    assert_eq!(c.terms[2].days, (day("2026-02-01"), day("2026-03-01")));
    assert_eq!(c.terms[0].days, (day("2026-01-01"), day("2028-01-01")));
}

#[test]
fn broken_heads() {
    let with = |from: &str, to: &str| said_of(&HEAD.replace(from, to));
    assert_eq!(with("2028", "2025"), ["`end` 2025-01-01 is not after `start` 2026-01-01"]);
    assert_eq!(with("\"2028-01-01\"", "2028-01-01"), ["`end` is a bare date, expected a string"]);
    assert_eq!(
        with("2028-01-01", "2028-02-30"),
        ["`2028-02-30` is not a date for `end` (expected `2026-11-20`)"]
    );
    assert_eq!(
        with("USD", "dollars"),
        ["`dollars` is not a currency code (expected three letters such as `USD`)"]
    );
    assert_eq!(
        with("\"c\"", "\"My deal\""),
        ["`My deal` is no `id`: expected lowercase letters, digits, `-` and `_`"]
    );
    assert_eq!(
        with("contract.v1", "contract.v2"),
        ["`schema` is `tokencast.contract.v2`, expected `tokencast.contract.v1`"]
    );
    assert_eq!(
        said("timezone = \"Mars\"\n"),
        ["`Mars` is not a time zone (expected an IANA name such as `Europe/Berlin` or `UTC`)"]
    );
    assert_eq!(said("term_months = 3\n"), ["`end` and `term_months` exclude each other"]);
    assert_eq!(
        said("decimal_places = 19\n"),
        ["`decimal_places` is 19, expected a number from 0 to 18"]
    );
    assert_eq!(
        said("billing_period = \"monthly\"\n"),
        ["unknown `billing_period` `monthly`, expected day, week, month, quarter, year, term"]
    );
    assert_eq!(
        said("scope = { models = [\"a*b\", \"x\", \"x\"] }\n"),
        ["`a*b` has a `*` that is not at its end", "`x` is listed twice"]
    );
    assert_eq!(said_of("a = \n").len(), 1);
}

#[test]
fn terms_stay_inside_the_contract_and_have_names_of_their_own() {
    let with = |more: &str| said(&format!("[[discount]]\nrate = \"0.1\"\n{more}\n"));
    assert_eq!(
        with("from = \"2025-12-31\""),
        ["`from` 2025-12-31 is outside the contract, 2026-01-01 to before 2028-01-01"]
    );
    assert_eq!(
        with("until = \"2028-01-02\""),
        ["`until` 2028-01-02 is after the end of the contract 2028-01-01"]
    );
    assert_eq!(
        with("until = \"2026-01-01\""),
        ["`until` 2026-01-01 is not after the first day 2026-01-01"]
    );
    assert_eq!(with("until = \"2028-01-01\""), [""; 0]);
    assert_eq!(
        with("[[minimum]]\nid = \"discount-1\"\namount = \"1\"\nperiod = \"year\""),
        ["term `discount-1` is also at line 7"]
    );
}

#[test]
fn templates_with_a_line_left_out_or_doubled_never_panic() {
    let mut errors = 0;
    for (kind, _) in crate::contract::templates() {
        let text = crate::contract::template(kind).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let meant = |at: &usize| !lines[*at].is_empty() && !lines[*at].starts_with('#');
        for at in (0..lines.len()).filter(meant) {
            let mut without = lines.clone();
            without.remove(at);
            let mut doubled = lines.clone();
            doubled.insert(at, lines[at]);
            for changed in [without, doubled] {
                let source = source("t.toml", &changed.join("\n"));
                let Err(found) = load(&[source]) else { continue };
                let last = changed.len() as u64;
                assert!(found.problems.iter().all(|p| (1..=last).contains(&p.location.line)));
                errors += 1;
            }
        }
    }
    assert!(errors > 100, "{errors}");
}
