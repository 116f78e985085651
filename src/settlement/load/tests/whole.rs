//! Nothing is lost and nothing is made.

use proptest::prelude::*;

use super::*;

/// Every kind of term, one after the other.
fn every_kind(minutes: u32, spills: bool) -> Vec<Contract> {
    let weights = [(InputUncached, 10), (InputCacheRead, 1), (Output, 50)];
    let apart = vec![meter(Side::Input, 3), meter(Side::Output, 7)];
    let spill = spills.then(crate::contract::terms::SpillTo::default);
    let queue = Capacity {
        overflow: Overflow::Queue { minutes, spill },
        ceiling: "0.37".parse().unwrap(),
        ..units(vec![meter(Side::All, 11)], vec![rate(13, &weights)])
    };
    let reserved = |minutes| {
        TermKind::ReservedSpend(ReservedSpend {
            amount: amount("0.0007"),
            price: amount("0.0005"),
            minutes,
            discount: "0.28".parse().unwrap(),
            load_profile: None,
        })
    };
    let only = Scope { models: Patterns::new(["b", "c"]), ..Scope::default() };
    vec![
        contract(vec![
            term(TermKind::Capacity(units(apart, vec![rate(17, &weights)]))),
            Term { scope: only, ..term(TermKind::Capacity(queue)) },
        ]),
        contract(vec![term(reserved(60)), term(reserved(1))]),
        contract(vec![term(TermKind::Capacity(Capacity {
            overflow: Overflow::Throttle,
            ..tokens_a_minute(150)
        }))]),
    ]
}

fn totals(rows: &[Row]) -> Sum {
    let mut sum = Sum::default();
    for row in rows {
        sum.requests += 4 * MILLION;
        for part in &row.parts {
            sum.tokens += i128::from(part.quantity) * MILLION;
            sum.list = sum.list.checked_add(part.list.unwrap_or_default()).unwrap();
            let contracted = part.contracted.unwrap_or_default();
            sum.contracted = sum.contracted.checked_add(contracted).unwrap();
        }
    }
    sum
}

fn all(outcome: &Outcome) -> Sum {
    let parts = outcome.served.values().chain([&outcome.invoiced, &outcome.stopped]);
    parts.fold(Sum::default(), |sum, part| Sum {
        tokens: sum.tokens + part.tokens,
        requests: sum.requests + part.requests,
        list: sum.list.checked_add(part.list).unwrap(),
        contracted: sum.contracted.checked_add(part.contracted).unwrap(),
        ..Sum::default()
    })
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let price = prop::sample::select(vec!["10", "0.125", "3.3333"]);
    let component =
        prop::sample::select(vec![InputUncached, InputCacheRead, Output, ToolWebSearch]);
    let part = (component, 0_u64..900, price, any::<bool>()).prop_map(|(c, n, price, priced)| {
        let part = part(c, n, price);
        if priced { part } else { PricedPart { list: None, contracted: None, ..part } }
    });
    let length = prop::sample::select(vec![1, 1, 1, 1, 15, 60, 1_440]);
    let row = (0_i64..240, length, 0_u32..3, prop::collection::vec(part, 1..4)).prop_map(
        |(minute, minutes, profile, parts)| Row {
            minute: minute / minutes * minutes,
            minutes,
            profile,
            parts,
        },
    );
    prop::collection::vec(row, 0..40).prop_map(|mut rows| {
        rows.sort_by_key(|r| (r.minute, r.minutes, r.profile));
        rows
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn served_spilled_and_stopped_are_the_whole(
        rows in rows(), minutes in 0_u32..4, spills in any::<bool>(),
    ) {
        let profiles = ["a", "b", "c"].map(profile);
        let outcome = settle(&every_kind(minutes, spills), &profiles, &rows);
        prop_assert_eq!(all(&outcome), totals(&rows));
    }
}

#[test]
fn a_row_in_two_halves_costs_the_same() {
    let whole = [row(0, &[part(InputUncached, 200_002, "1.75"), part(Output, 20_002, "14")])];
    let half = [part(InputUncached, 100_001, "1.75"), part(Output, 10_001, "14")];
    let halves = [row(0, &half), row(0, &half)];
    let kind = || {
        let weights = [(InputUncached, 10), (Output, 80)];
        TermKind::Capacity(units(vec![meter(Side::All, 77)], vec![rate(3_400, &weights)]))
    };
    let (one, two) = (settle_one(kind(), &whole), settle_one(kind(), &halves));
    let difference = one.invoiced.list.checked_sub(two.invoiced.list).unwrap().atto();
    assert!(difference.abs() <= 2, "{difference}");
    assert!((one.invoiced.tokens - two.invoiced.tokens).abs() <= 2);
    assert!(one.invoiced.tokens > 1_000 * MILLION);
}
