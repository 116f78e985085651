//! Reports of settlements made by hand.

use super::text::days;
use super::*;
use crate::diagnostic::{Diagnostics, SeverityPolicy, code};
use crate::money::{Amount, Currency};
use crate::period::{Period, Timestamp};
use crate::rating::Costs;
use crate::report::Style;
use crate::settlement::{
    CapacityUse, CommitmentBalance, CostShare, CreditBalance, FxUsed, Invoice, Line, LineCategory,
    LineQuantity, TermRef,
};
use crate::sku::{ContextBand, Sku};
use crate::tokens::Component;
use crate::usage::Labels;

const TERM: TermRef = TermRef { contract: 0, term: 0 };

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().unwrap()
}

fn units(text: &str) -> Amount {
    text.parse().unwrap()
}

fn columns(list: &str, contracted: &str, effective: &str, billed: &str) -> Costs {
    Costs {
        list_cost: units(list),
        contracted_cost: units(contracted),
        effective_cost: units(effective),
        billed_cost: units(billed),
    }
}

fn contracts() -> Vec<Contract> {
    let text = r#"schema = "tokencast.contract.v1"
id = "edp"
name = "Enterprise agreement"
issuer = "aws"
currency = "EUR"
start = "2026-01-01"
end = "2027-01-01"
[[spend_commitment]]
id = "year"
period = "year"
amount = "1000"
"#;
    let source =
        crate::contract::ContractSource { name: "edp.toml".to_owned(), text: text.to_owned() };
    crate::contract::load(&[source]).unwrap().0
}

fn invoice(complete: bool) -> Invoice {
    let usage = Line {
        category: LineCategory::Usage,
        term: None,
        provider: "aws.bedrock".to_owned(),
        model: "nova".to_owned(),
        description: "tokens".to_owned(),
        quantity: Some(LineQuantity { number: "1234567".to_owned(), unit: "tokens".to_owned() }),
        costs: columns("100", "90", "90", "100"),
        fx: Some(FxUsed {
            from: Currency::USD,
            to: "EUR".parse().unwrap(),
            rate: "0.92".parse().unwrap(),
            date: day("2026-01-30"),
        }),
    };
    let discount = Line {
        category: LineCategory::Discount,
        term: Some(TERM),
        provider: String::new(),
        model: String::new(),
        description: "10 % off".to_owned(),
        quantity: None,
        costs: columns("0", "0", "0", "-10"),
        fx: None,
    };
    Invoice {
        issuer: "aws".to_owned(),
        currency: "EUR".parse().unwrap(),
        days: (day("2026-01-01"), day("2026-02-01")),
        due: day("2026-03-03"),
        complete,
        lines: vec![usage, discount],
        costs: columns("100", "90", "90", "90"),
    }
}

fn settlement(complete: bool) -> Settlement {
    let window = Period {
        start: Timestamp::parse("2026-01-01").unwrap(),
        end: Timestamp::parse("2026-02-01").unwrap(),
    };
    let currency = "EUR".parse().unwrap();
    Settlement {
        window: Some(window),
        included: Vec::new(),
        invoices: vec![invoice(complete)],
        commitments: vec![CommitmentBalance {
            term: TERM,
            days: (day("2026-01-01"), day("2027-01-01")),
            on: day("2026-02-01"),
            currency,
            committed: units("1000"),
            retired: units("90"),
            remaining: units("910"),
            excess: Amount::ZERO,
            shortfall: Amount::ZERO,
            prepaid: Amount::ZERO,
            drawn: Amount::ZERO,
            closed: false,
        }],
        credits: vec![CreditBalance {
            term: TERM,
            lot: 1,
            on: day("2026-02-01"),
            days: (day("2026-01-01"), None),
            currency,
            amount: units("50"),
            price: units("40"),
            drawn: units("20"),
            lapsed: Amount::ZERO,
            remaining: units("30"),
        }],
        capacities: vec![CapacityUse {
            term: TERM,
            days: (day("2026-01-01"), day("2026-02-01")),
            currency,
            fee: units("700"),
            used_millionths: 412_500,
            peak_millionths: 1_250_000,
            minutes_over: 1_200,
            minutes_loaded: 9_000,
            served: 100_000_000,
            spilled: 5,
            unserved: 0,
            longest_wait_minutes: 0,
            effective_per_mtok: Some(units("7")),
        }],
        shares: vec![CostShare {
            profile: 0,
            period: window,
            currency,
            requests: 3,
            components: [(Component::Output, 1_000)].into_iter().collect(),
            costs: columns("100", "90", "90", "90"),
            unpriced: [(Component::InputUncached, 7)].into_iter().collect(),
        }],
        steps: None,
        diagnostics: Diagnostics::default(),
    }
}

fn report(settlement: &Settlement) -> SettlementReport {
    let profiles = [Profile {
        sku: Sku::new("aws.bedrock", "nova"),
        grain: crate::usage::RecordGrain::Request,
        context: ContextBand::Unknown,
        labels: Labels::default(),
    }];
    let settled = Settled {
        settlement,
        contracts: &contracts(),
        profiles: &profiles,
        dimensions: &[Dimension::Month, Dimension::Model],
        calendar: &Calendar::UTC,
        window_assumed: true,
    };
    let mut found = Diagnostics::default();
    found.add(code::TTL_ASSUMED, "cache writes were taken as five minutes", None);
    let book =
        PriceBookFacts { version: "0123456789abcdef".to_owned(), checked_on: None, known_at: None };
    let facts = InputFacts { files: 1, records: 3, ..InputFacts::default() };
    SettlementReport::new(settled, facts, found.resolve(&SeverityPolicy::default()), book).unwrap()
}

#[test]
fn periods_have_the_names_of_months_quarters_and_years() {
    for (from, until, name) in [
        ("2026-02-01", "2026-03-01", "2026-02"),
        ("2026-04-01", "2026-07-01", "2026-Q2"),
        ("2026-02-01", "2026-05-01", "2026-02-01 to 2026-04-30"),
        ("2026-01-01", "2027-01-01", "2026"),
        ("2026-05-01", "2027-05-01", "2026-05-01 to 2027-04-30"),
        ("2026-01-15", "2026-02-15", "2026-01-15 to 2026-02-14"),
    ] {
        assert_eq!(days(day(from), day(until)), name);
    }
}

#[test]
fn every_table() {
    let report = report(&settlement(false));
    let tables: Vec<String> =
        report.grids(true).iter().map(|grid| grid.render(Style::Markdown).unwrap()).collect();
    insta::assert_snapshot!(tables.join("\n"), @r"
    | invoice of | period | due | lines | list | billed | currency |
    | --- | --- | --- | ---: | ---: | ---: | --- |
    | aws | 2026-01 so far | 2026-03-03 | 2 | 100.00 | 90.00 | EUR |

    | lines of | period | category | term | model | description | quantity | list | contracted | effective | billed | currency |
    | --- | --- | --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: | --- |
    | aws | 2026-01 | usage |  | nova | tokens | 1,234,567 tokens | 100.00 | 90.00 | 90.00 | 100.00 | EUR |
    | aws | 2026-01 | discount | edp/year |  | 10 % off |  | 0.00 | 0.00 | 0.00 | -10.00 | EUR |

    | total in | list | contracted | effective | billed |
    | --- | ---: | ---: | ---: | ---: |
    | **EUR** | **100.00** | **90.00** | **90.00** | **90.00** |

    | commitment | period | at end of | committed | retired | used | remaining | excess | shortfall | currency |
    | --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |
    | edp/year | 2026 | 2026-01-31 | 1,000.00 | 90.00 | 9.0 % | 910.00 | 0.00 | 0.00 | EUR |

    | credit | lot | at end of | amount | paid | drawn | lapsed | remaining | lapses on | currency |
    | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | --- | --- |
    | edp/year | 1 | 2026-01-31 | 50.00 | 40.00 | 20.00 | 0.00 | 30.00 |  | EUR |

    | capacity | period | mean used | peak | minutes over | served | spilled | unserved | fee | per million | currency |
    | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |
    | edp/year | 2026-01 | 41.2 % | 125.0 % | 1,200 | 100,000,000 | 5 | 0 | 700.00 | 7.00 | EUR |

    | cash due in | billed | currency |
    | --- | ---: | --- |
    | 2026-03 | 90.00 | EUR |

    | month | model | requests | tokens | unpriced tokens | list | contracted | effective | billed | currency |
    | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |
    | 2026-01 | nova | 3 | 1,007 | 7 | 100.00 | 90.00 | 90.00 | 90.00 | EUR |
    ");
}

#[test]
fn tables_without_rows_and_lines_that_nobody_asked_for_are_left_out() {
    let empty = Settlement { invoices: vec![invoice(true)], ..Settlement::default() };
    let names: Vec<String> =
        report(&empty).grids(false).iter().map(|grid| grid.columns[0].0.clone()).collect();
    assert_eq!(names, ["invoice of", "total in", "cash due in"]);
}

#[test]
fn sentences_say_what_is_not_complete_what_was_converted_and_what_was_assumed() {
    let (head, notes) = report(&settlement(false)).sentences();
    assert_eq!(
        head,
        "Settled from 2026-01-01 to 2026-01-31 under Enterprise agreement (edp) (3 records from 1 file)"
    );
    insta::assert_snapshot!(notes.join("\n"), @r"
    Not in any total: 7 tokens without a price.
    So far, because they go on after 2026-01-31: aws 2026-01; what is due at their end is not in them.
    Settled from 2026-01-01 on, where the month of the first usage begins (--since); fees and periods before are not in it.
    Converted at 1 USD = 0.92 EUR of 2026-01-30.
    Assumed: cache writes were taken as five minutes.
    Prices: book 0123456789ab.
    ");
    let (_, notes) = report(&settlement(true)).sentences();
    assert!(!notes.iter().any(|note| note.starts_with("So far")), "{notes:?}");
}

#[test]
fn csv_has_every_line_exactly() {
    let csv = report(&settlement(true)).csv_grid().render(Style::Csv).unwrap();
    insta::assert_snapshot!(csv, @r"
    issuer,start,end,due,complete,category,contract,term,provider,model,description,quantity,unit,list_cost,contracted_cost,effective_cost,billed_cost,currency,fx_from,fx_to,fx_date,fx_rate
    aws,2026-01-01,2026-02-01,2026-03-03,true,usage,,,aws.bedrock,nova,tokens,1234567,tokens,100.00,90.00,90.00,100.00,EUR,USD,EUR,2026-01-30,0.92
    aws,2026-01-01,2026-02-01,2026-03-03,true,discount,edp,year,,,10 % off,,,0.00,0.00,0.00,-10.00,EUR,,,,
    ");
}

#[test]
fn usage_without_any_price_and_without_fees_is_told_from_settled_usage() {
    let mut unpriced = settlement(true);
    assert!(!report(&unpriced).is_without_prices());
    unpriced.shares[0].components = ComponentCounts::default();
    assert!(!report(&unpriced).is_without_prices(), "there are fees");
    unpriced.invoices.clear();
    assert!(report(&unpriced).is_without_prices());
}
