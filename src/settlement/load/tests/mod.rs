//! Load by hand: what each kind of term serves of which minute.

mod capacity;
mod queue;
mod spend;
mod spread;
mod whole;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::config::EntryRef;
use crate::contract::terms::{
    Capacity, CapacityKind, CapacityMeter, CapacityRate, LoadProfile, Overflow, ReservedSpend,
    Share, Side, UnitSteps,
};
use crate::contract::{Anchor, Every, Fixing, LineRounding, Patterns, Scope};
use crate::money::{Currency, Rounding};
use crate::period::{Calendar, DAY_NANOS};
use crate::sku::Sku;
use crate::usage::Labels;
use Component::{InputCacheRead, InputUncached, Output, ToolWebSearch};

fn place_in_file() -> EntryRef {
    EntryRef { file: Arc::from("contract.toml"), line: 7 }
}

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

/// A contract of June 2026 with some terms.
fn contract(terms: Vec<Term>) -> Contract {
    let calendar = Calendar::UTC;
    Contract {
        id: "azure".into(),
        name: "Azure".into(),
        issuer: "azure".into(),
        place: place_in_file(),
        currency: Currency::USD,
        calendar,
        term: Period { start: at("2026-06-01"), end: at("2026-07-01") },
        billing: Every::Month,
        billing_anchor: Anchor::Calendar,
        payment_days: 30,
        precedence: 100,
        line_rounding: LineRounding { places: 2, rounding: Rounding::HalfUp },
        fixing: Fixing::default(),
        bills_usage: true,
        scope: Scope::default(),
        terms,
    }
}

fn term(kind: TermKind) -> Term {
    Term {
        id: "term-1".into(),
        place: place_in_file(),
        days: (day("2026-06-01"), day("2026-07-01")),
        scope: Scope::default(),
        kind,
    }
}

fn meter(side: Side, units: u64) -> CapacityMeter {
    let units = UnitSteps(vec![(day("2026-06-01"), units)]);
    CapacityMeter { side, units, price: None, reserved: None }
}

/// A rate for every model, of so many tokens a minute and unit; weights in tenths.
fn rate(per_minute: u64, tenths: &[(Component, u64)]) -> CapacityRate {
    let share = |n: u64| Share { numerator: n, denominator: per_minute * 10 };
    CapacityRate {
        models: Patterns::new(["*"]),
        context_from: 0,
        shares: tenths.iter().map(|(c, n)| (*c, share(*n))).collect(),
        source: None,
    }
}

fn units(meters: Vec<CapacityMeter>, rates: Vec<CapacityRate>) -> Capacity {
    Capacity {
        kind: CapacityKind::Provisioned,
        unit: "PTU".into(),
        meters,
        deployable: Vec::new(),
        rates,
        ceiling: crate::money::Factor::ONE,
        overflow: Overflow::Spill(None),
        load_profile: None,
    }
}

/// Capacity for so many prompt tokens a minute.
fn tokens_a_minute(tokens: u64) -> Capacity {
    units(vec![meter(Side::All, tokens)], vec![rate(1, &[(InputUncached, 10)])])
}

fn profile(model: &str) -> UsageProfile {
    UsageProfile {
        sku: Sku::new("azure", model),
        model_id: None,
        maker: None,
        labels: Labels::default(),
        context_from: 0,
    }
}

/// A row of the period from so many minutes after the first of June on.
#[derive(Debug, Clone)]
struct Row {
    minute: i64,
    minutes: i64,
    profile: u32,
    parts: Vec<PricedPart>,
}

/// A part at a list price for a million; the contracted one is half of it.
fn part(component: Component, quantity: u64, per_million: &str) -> PricedPart {
    let list = crate::money::UnitPrice::parse_per(per_million, 6).unwrap();
    let list = list.checked_cost(quantity).unwrap();
    let half = list.checked_ratio(1, 2).unwrap();
    PricedPart { component, quantity, list: Some(list), contracted: Some(half) }
}

fn row(minute: i64, parts: &[PricedPart]) -> Row {
    Row { minute, minutes: 1, profile: 0, parts: parts.to_vec() }
}

/// Prompt tokens at 10 a million.
fn prompt(minute: i64, quantity: u64) -> Row {
    row(minute, &[part(InputUncached, quantity, "10")])
}

/// Sums of what went to the sink.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Sum {
    tokens: i128,
    requests: i128,
    list: Amount,
    contracted: Amount,
    unpriced: i128,
    spilled_by: Vec<TermRef>,
}

struct Outcome {
    served: BTreeMap<TermRef, Sum>,
    invoiced: Sum,
    stopped: Sum,
    result: LoadResult,
}

impl Outcome {
    /// Tokens, rounded down, served by all terms, invoiced and stopped.
    fn tokens(&self) -> (i128, i128, i128) {
        let served = self.served.values().map(|s| s.tokens).sum::<i128>();
        (served / MILLION, self.invoiced.tokens / MILLION, self.stopped.tokens / MILLION)
    }

    fn one_use(&self) -> &LoadUse {
        &self.result.uses[0]
    }

    fn found(&self, code: crate::diagnostic::Code) -> u64 {
        self.result.findings.count(code)
    }
}

/// Runs rows through contracts, in a window of the first two days of June.
fn settle(contracts: &[Contract], profiles: &[UsageProfile], rows: &[Row]) -> Outcome {
    let edges = [at("2026-06-01"), at("2026-06-02"), at("2026-06-03")];
    let mut stage = LoadStage::new(contracts, profiles, &edges).unwrap();
    let (mut served, mut invoiced, mut stopped) =
        (BTreeMap::<TermRef, Sum>::new(), Sum::default(), Sum::default());
    let mut sink = |portion: Portion<'_>| {
        let sum = match portion.fate {
            Fate::Served(term) => served.entry(term).or_default(),
            Fate::Invoiced => &mut invoiced,
            Fate::Stopped(_) => &mut stopped,
        };
        sum.tokens += portion.parts.iter().map(|p| p.quantity).sum::<i128>();
        sum.requests += portion.requests;
        sum.list = sum.list.checked_add(portion.list)?;
        sum.contracted = sum.contracted.checked_add(portion.contracted)?;
        let unpriced = portion.parts.iter().filter(|p| p.contracted.is_none());
        sum.unpriced += unpriced.map(|p| p.quantity).sum::<i128>();
        sum.spilled_by.extend(portion.parts.iter().filter_map(|p| p.spilled_by));
        Ok(())
    };
    let start = at("2026-06-01").nanos();
    for row in rows {
        let from = start + row.minute * MINUTE_NANOS;
        let until = from + row.minutes * MINUTE_NANOS;
        let period =
            Period { start: Timestamp::from_nanos(from), end: Timestamp::from_nanos(until) };
        let parts = row.parts.iter().copied();
        let row = LoadRow { period, profile: row.profile, requests: 4 };
        stage.add(row, parts, &mut sink).unwrap();
    }
    let result = stage.finish(&mut sink).unwrap();
    assert_eq!(DAY_NANOS / MINUTE_NANOS, 1_440);
    Outcome { served, invoiced, stopped, result }
}

/// The same with one term and one profile.
fn settle_one(kind: TermKind, rows: &[Row]) -> Outcome {
    settle(&[contract(vec![term(kind)])], &[profile("gpt-5.2")], rows)
}
