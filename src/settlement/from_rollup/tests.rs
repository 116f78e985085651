//! Prices of usage as settlement gets them, against price books of three prices.

use super::*;
use crate::config::EntryRef;
use crate::contract::terms::{CapacityKind, CapacityRate};
use crate::contract::{Anchor, Every, Fixing, LineRounding, Patterns, Scope};
use crate::money::{Factor, Rounding};
use crate::period::{Calendar, Grain};
use crate::price_book::{BookSource, Layer};
use crate::rollup::{Edges, RollupBuilder};
use crate::usage::{Labels, UsageRecord, UsageTime};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn books(own: Option<&str>) -> PriceBook {
    let text = |price: &str| {
        format!(
            "schema = \"tokencast.prices.v1\"\nprovider = \"p\"\nname = \"P\"\ncurrency = \"USD\"\nchecked_on = \"2026-01-01\"\n[[model]]\nid = \"m-1\"\naliases = [\"m-latest\"]\nmaker = \"acme\"\n[[model.price]]\ninput_per_mtok = \"{price}\"\n"
        )
    };
    let mut sources =
        vec![BookSource { name: "list.toml".into(), text: text("2"), layer: Layer::Bundled }];
    sources.extend(own.map(|price| BookSource {
        name: "own.toml".into(),
        text: text(price),
        layer: Layer::Organisation,
    }));
    PriceBook::load(&sources).unwrap().0
}

fn rollup(records: &[(&str, &str, &str)]) -> Rollup {
    let edges = Edges { grain: Grain::Hour, context: Vec::new(), times: Vec::new() };
    let mut builder = RollupBuilder::new(edges);
    for (time, model, tier) in records {
        let mut sku = Sku::new("p", model);
        sku.service_tier = (*tier).into();
        builder
            .add(UsageRecord {
                time: UsageTime::At(at(time)),
                grain: crate::usage::RecordGrain::Request,
                sku: sku.into(),
                context_tokens: None,
                requests: 1,
                request_id: None,
                labels: Labels::default().into(),
                components: [(Component::InputUncached, 1_000_000)].into_iter().collect(),
                reported_cost: None,
            })
            .unwrap();
    }
    builder.finish()
}

fn capacity(overflow: Overflow) -> Contract {
    let days = ("2026-01-10".parse().unwrap(), "2026-02-01".parse().unwrap());
    let place = EntryRef { file: "c.toml".into(), line: 1 };
    let rate = CapacityRate {
        models: Patterns::default(),
        context_from: 0,
        shares: Vec::new(),
        source: None,
    };
    let term = Term {
        id: "capacity-1".into(),
        place: place.clone(),
        days,
        scope: Scope::default(),
        kind: TermKind::Capacity(Capacity {
            kind: CapacityKind::Provisioned,
            unit: "unit".into(),
            meters: Vec::new(),
            deployable: Vec::new(),
            rates: vec![rate],
            ceiling: Factor::ONE,
            overflow,
            load_profile: None,
        }),
    };
    Contract {
        id: "c".into(),
        name: "c".into(),
        issuer: "p".into(),
        place,
        currency: Currency::USD,
        calendar: Calendar::UTC,
        term: Period { start: at("2026-01-10"), end: at("2026-02-01") },
        billing: Every::Month,
        billing_anchor: Anchor::Calendar,
        payment_days: 30,
        precedence: 100,
        line_rounding: LineRounding { places: 2, rounding: Rounding::HalfUp },
        fixing: Fixing::PeriodEnd,
        bills_usage: true,
        scope: Scope::default(),
        terms: vec![term],
    }
}

fn shown(rated: &RatedRollup<'_>, rollup: &Rollup) -> Vec<Option<(String, String)>> {
    let mut usage = Vec::new();
    let price = |row: &RollupRow| {
        rated.price(row, &mut usage).unwrap();
        let per = |price: UnitPrice| price.per(6).unwrap().to_string();
        usage[0].prices.map(|prices| (per(prices.list), per(prices.own)))
    };
    rollup.rows().iter().map(price).collect()
}

fn pair(list: &str, own: &str) -> Option<(String, String)> {
    Some((list.to_owned(), own.to_owned()))
}

#[test]
fn list_prices_stay_those_of_the_bundled_books() {
    let rollup = rollup(&[("2026-01-05T10:00:00Z", "m-latest", "standard")]);
    let (bundled, with_own) = (books(None), books(Some("1.5")));
    for (book, expected) in [(&bundled, pair("2.00", "2.00")), (&with_own, pair("2.00", "1.50"))] {
        let rated = RatedRollup::new(&rollup, book, None, &[]).unwrap();
        assert_eq!(shown(&rated, &rollup), [expected]);
        let profile = &rated.profiles()[0];
        assert_eq!(
            (profile.model_id.as_deref(), profile.maker.as_deref()),
            (Some("m-1"), Some("acme"))
        );
        let base = rated.list_price(0, Component::InputUncached, at("2025-01-01")).unwrap();
        assert_eq!(base.per(6).unwrap().to_string(), "2.00");
    }
}

#[test]
fn what_is_above_a_capacity_has_the_price_of_where_it_goes_while_the_term_lasts() {
    let usage = rollup(&[
        ("2026-01-09T23:00:00Z", "m-1", "provisioned"),
        ("2026-01-10T00:00:00Z", "m-1", "provisioned"),
        ("2026-01-10T00:00:00Z", "tuned", "provisioned"),
        ("2026-02-01T00:00:00Z", "m-1", "provisioned"),
    ]);
    let book = books(None);
    let same = [capacity(Overflow::Spill(None))];
    let rated = RatedRollup::new(&usage, &book, None, &same).unwrap();
    // A model of one's own has no price by token, and outside of the term nothing is spilled.
    assert_eq!(shown(&rated, &usage), [None, pair("2.00", "2.00"), None, None]);
    let to = SpillTo { model: Some("m-latest".into()), ..SpillTo::default() };
    let other = [capacity(Overflow::Queue { minutes: 5, spill: Some(to) })];
    let rated = RatedRollup::new(&usage, &book, None, &other).unwrap();
    let spilled = || pair("2.00", "2.00");
    assert_eq!(shown(&rated, &usage), [None, spilled(), spilled(), None]);
    assert_eq!(rated.served_by_capacity(), [true, true]);
}
