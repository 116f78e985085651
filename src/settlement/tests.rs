//! Contracts built by hand against invoices worked by hand.

use chrono::NaiveDate;

use super::*;
use crate::config::EntryRef;
use crate::contract::terms::*;
use crate::contract::{
    Anchor, Contract, Every, Fixing, FxTable, LineRounding, Patterns, Scope, Term, TermKind,
};
use crate::money::{Amount, Currency, Rounding, UnitPrice};
use crate::period::{Calendar, Period, Timestamp};
use crate::sku::Sku;
use crate::tokens::Component;
use crate::usage::Labels;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn units(text: &str) -> Amount {
    text.parse().unwrap()
}

fn place() -> EntryRef {
    EntryRef { file: "c.toml".into(), line: 1 }
}

fn contract(id: &str, from: &str, until: &str, kinds: Vec<TermKind>) -> Contract {
    let days = (day(from), day(until));
    let term = |(number, kind): (usize, TermKind)| Term {
        id: format!("{}-{}", kind.name(), number + 1).into(),
        place: place(),
        days,
        scope: Scope::default(),
        kind,
    };
    Contract {
        id: id.into(),
        name: id.to_owned(),
        issuer: "aws".into(),
        place: place(),
        currency: Currency::USD,
        calendar: Calendar::UTC,
        term: Period { start: at(from), end: at(until) },
        billing: Every::Month,
        billing_anchor: Anchor::Calendar,
        payment_days: 30,
        precedence: 100,
        line_rounding: LineRounding { places: 2, rounding: Rounding::HalfUp },
        fixing: Fixing::PeriodEnd,
        bills_usage: true,
        scope: Scope::default(),
        terms: kinds.into_iter().enumerate().map(term).collect(),
    }
}

struct OneDollar;

impl ListPrices for OneDollar {
    fn list_price(&self, _: u32, _: Component, _: Timestamp) -> Option<UnitPrice> {
        UnitPrice::parse_per("1", 0).ok()
    }
}

fn profile(provider: &str, model: &str) -> UsageProfile {
    UsageProfile {
        sku: Sku::new(provider, model),
        model_id: None,
        maker: None,
        labels: Labels::default(),
        context_from: 0,
    }
}

/// Settles usage of one model whose tokens cost a dollar each: the count is the list cost.
fn settled(contracts: &[Contract], usage: &[(&str, u64)], from: &str, until: &str) -> Settlement {
    let profiles = [profile("aws.bedrock", "m1")];
    let fx = FxTable::default();
    let setup = Setup {
        contracts,
        profiles: &profiles,
        prices: &OneDollar,
        fx: &fx,
        currency: Currency::USD,
        window: Period { start: at(from), end: at(until) },
    };
    let mut settler = Settler::new(setup).unwrap();
    let dollar = UnitPrice::parse_per("1", 0).unwrap();
    for (when, quantity) in usage {
        let start = at(when);
        let period = Period { start, end: Timestamp::from_nanos(start.nanos() + 1) };
        let prices = Some(TokenPrices { list: dollar, own: dollar });
        let part = PricedUsage { component: Component::Output, quantity: *quantity, prices };
        settler.add(UsageRow { period, profile: 0, requests: 1, usage: &[part] }).unwrap();
    }
    let settlement = settler.finish().unwrap();
    assert_totals_agree(setup, usage, &settlement);
    settlement
}

/// The short way to totals comes to the same: every case worked by hand is one for it, too.
fn assert_totals_agree(setup: Setup<'_>, usage: &[(&str, u64)], settlement: &Settlement) {
    let terms = Terms::new(setup).unwrap();
    let mut cells: Vec<PricedCell> = Vec::new();
    for (when, quantity) in usage {
        let Some(stretch) = terms.stretch_of(at(when)) else { continue };
        if cells.last().is_none_or(|last| last.stretch != stretch) {
            cells.push(PricedCell { stretch, ..PricedCell::default() });
        }
        let cell = cells.last_mut().unwrap();
        let cost = Amount::from_units(i64::try_from(*quantity).unwrap());
        cell.list = cell.list.checked_add(cost).unwrap();
        cell.contracted = cell.list;
        (cell.tokens, cell.requests) = (cell.tokens + quantity, cell.requests + 1);
    }
    let totals = terms.totals(&cells, false).unwrap();
    let mut short: Vec<_> =
        totals.invoices.iter().map(|i| (i.due, i.currency, i.costs.billed_cost)).collect();
    let mut long: Vec<_> =
        settlement.invoices.iter().map(|i| (i.due, i.currency, i.costs.billed_cost)).collect();
    short.sort();
    long.sort();
    assert_eq!(short, long);
    let effective = |costs: Vec<crate::rating::Costs>| {
        Amount::checked_sum(costs.iter().map(|c| c.effective_cost)).unwrap()
    };
    let short = effective(totals.invoices.iter().map(|i| i.costs).collect());
    assert_eq!(short, effective(settlement.invoices.iter().map(|i| i.costs).collect()));
    let shares = effective(settlement.shares.iter().map(|s| s.costs).collect());
    assert_eq!(totals.effective[0].unwrap_or_default(), shares);
}

fn line(settlement: &Settlement, category: LineCategory) -> Amount {
    let lines = settlement.invoices.iter().flat_map(|i| &i.lines);
    let mine = lines.filter(|line| line.category == category);
    Amount::checked_sum(mine.map(|line| line.costs.billed_cost)).unwrap()
}

fn billed(settlement: &Settlement) -> Amount {
    Amount::checked_sum(settlement.invoices.iter().map(|i| i.costs.billed_cost)).unwrap()
}

fn commitment(every: Every, amounts: &[&str]) -> SpendCommitment {
    SpendCommitment {
        every,
        anchor: Anchor::Start,
        amounts: amounts.iter().map(|a| units(a)).collect(),
        milestones: Vec::new(),
        prorate: true,
        measured_on: Measure::Contracted,
        eligible: Vec::new(),
        payment: Payment::Arrears,
        shortfall: Shortfall::Paid,
        rollover: None,
        overage_factor: None,
        true_up: None,
        opening: None,
    }
}

#[test]
fn an_edp_year_with_marketplace() {
    // List 3.6 M less 10 % is 3.24 M; of 1.6 M marketplace 25 % of 5 M count, 1.25 M; retired
    // 4.49 M, so 0.51 M lacks; cash is 3.24 + 1.6 + 0.51 = 5.35 M.
    let marketplace = OtherSpend {
        category: "marketplace".into(),
        amount: units("1600000"),
        every: None,
        anchor: Anchor::Calendar,
        discounted: false,
    };
    let mut edp = commitment(Every::Year, &["5000000"]);
    edp.eligible.push(Eligible {
        category: Some("marketplace".into()),
        scope: Scope::default(),
        share: "1".parse().unwrap(),
        cap: Some("0.25".parse().unwrap()),
    });
    let terms = vec![
        TermKind::Discount(Discount { rate: "0.1".parse().unwrap() }),
        TermKind::OtherSpend(marketplace),
        TermKind::SpendCommitment(edp),
    ];
    let contracts = [contract("edp", "2026-01-01", "2029-01-01", terms)];
    let usage = [("2026-02-10", 1_800_000), ("2026-09-10", 1_800_000)];
    let done = settled(&contracts, &usage, "2026-01-01", "2027-01-01");
    assert_eq!(line(&done, LineCategory::Usage), units("3600000"));
    assert_eq!(line(&done, LineCategory::Discount), units("-360000"));
    assert_eq!(line(&done, LineCategory::Shortfall), units("510000"));
    assert_eq!(billed(&done), units("5350000"));
    let last = done.commitments.last().unwrap();
    assert_eq!((last.retired, last.remaining, last.closed), (units("4490000"), units("0"), true));
}

#[test]
fn a_shortfall_that_comes_back_as_credit() {
    // 2.5 M of 3 M: 0.5 M is invoiced and pays for the first usage of the second year.
    let macc = SpendCommitment {
        milestones: vec![
            Milestone { by: day("2027-01-01"), cumulative: units("3000000") },
            Milestone { by: day("2028-01-01"), cumulative: units("7000000") },
        ],
        shortfall: Shortfall::Credited { expires_after_months: None },
        ..commitment(Every::Term, &[])
    };
    let contracts =
        [contract("macc", "2026-01-01", "2029-01-01", vec![TermKind::SpendCommitment(macc)])];
    let usage = [("2026-05-01", 2_500_000), ("2027-02-01", 600_000), ("2027-06-01", 3_900_000)];
    let done = settled(&contracts, &usage, "2026-01-01", "2028-01-01");
    assert_eq!(line(&done, LineCategory::Shortfall), units("500000"));
    assert_eq!(line(&done, LineCategory::Credit), units("-500000"));
    // 2.5 + 0.5 paid + 0.1 + 3.9 = 7.0: the second milestone is met.
    assert_eq!(billed(&done), units("7000000"));
    let effective = done.invoices.iter().map(|i| i.costs.effective_cost);
    assert_eq!(Amount::checked_sum(effective).unwrap(), units("7000000"));
}

#[test]
fn paid_in_advance_and_drawn() {
    // 1,200 a year in four parts; 900 is used, 300 is lost.
    let prepaid = SpendCommitment {
        payment: Payment::Instalments(Every::Quarter),
        ..commitment(Every::Year, &["1200"])
    };
    let contracts =
        [contract("c", "2026-01-01", "2027-01-01", vec![TermKind::SpendCommitment(prepaid)])];
    let usage = [("2026-01-05", 500), ("2026-11-05", 400)];
    let done = settled(&contracts, &usage, "2026-01-01", "2027-01-01");
    assert_eq!(line(&done, LineCategory::Purchase), units("1200"));
    assert_eq!(line(&done, LineCategory::Drawdown), units("-900"));
    assert_eq!(billed(&done), units("1200"));
    let effective = done.invoices.iter().map(|i| i.costs.effective_cost);
    assert_eq!(Amount::checked_sum(effective).unwrap(), units("1200"));
}

#[test]
fn a_provider_discount_under_a_cloud_commitment() {
    // The provider's 20 % first, so 800 of 1,000 counts towards the cloud's 900: 100 lacks.
    let mut inner = contract(
        "claude",
        "2026-01-01",
        "2027-01-01",
        vec![TermKind::Discount(Discount { rate: "0.2".parse().unwrap() })],
    );
    inner.precedence = 10;
    inner.scope.models = Patterns::new(["m1"]);
    let outer = contract(
        "edp",
        "2026-01-01",
        "2027-01-01",
        vec![TermKind::SpendCommitment(commitment(Every::Year, &["900"]))],
    );
    let done = settled(&[inner, outer], &[("2026-03-01", 1_000)], "2026-01-01", "2027-01-01");
    assert_eq!(line(&done, LineCategory::Shortfall), units("100"));
    assert_eq!(billed(&done), units("900"));
}

#[test]
fn usage_without_a_contract_is_invoiced_by_its_provider() {
    let done = settled(&[], &[("2026-03-01", 7), ("2026-04-01", 8)], "2026-03-01", "2026-05-01");
    let shown: Vec<_> = done
        .invoices
        .iter()
        .map(|i| (i.issuer.as_str(), i.days.0, i.due, i.costs.billed_cost, i.complete))
        .collect();
    assert_eq!(
        shown,
        [
            ("aws.bedrock", day("2026-03-01"), day("2026-05-01"), units("7"), true),
            ("aws.bedrock", day("2026-04-01"), day("2026-05-31"), units("8"), true),
        ]
    );
}

#[test]
fn credits_are_drawn_in_their_order_and_lapse() {
    // A grant of 50 first, then the lot that lapses first; 30 of it lapse.
    let credit = |amount: &str, price: &str, order, expires: Option<&str>| {
        TermKind::Credit(Credit {
            amount: units(amount),
            price: units(price),
            bought_on: day("2026-01-01"),
            expires_on: expires.map(day),
            order,
            repeats: None,
            expires_after_months: None,
            recharge: None,
            when_empty: WhenEmpty::Invoiced,
        })
    };
    let terms = vec![
        credit("100", "100", 1, None),
        credit("60", "60", 1, Some("2026-03-01")),
        credit("50", "0", 0, None),
    ];
    let contracts = [contract("c", "2026-01-01", "2027-01-01", terms)];
    let usage = [("2026-02-01", 80), ("2026-04-01", 130)];
    let done = settled(&contracts, &usage, "2026-01-01", "2026-05-01");
    let last: Vec<_> = done
        .credits
        .iter()
        .filter(|b| b.on == day("2026-05-01"))
        .map(|b| (b.term.term, b.drawn, b.lapsed, b.remaining))
        .collect();
    assert_eq!(
        last,
        [
            (0, units("100"), units("0"), units("0")),
            (1, units("30"), units("30"), units("0")),
            (2, units("50"), units("0"), units("0")),
        ]
    );
    // 160 for the lots, and 30 that nothing pays for.
    assert_eq!(billed(&done), units("190"));
}
