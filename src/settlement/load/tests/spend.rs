//! Reserved spend.

use super::*;

fn reserve(amount_text: &str, minutes: u32, discount: &str) -> TermKind {
    TermKind::ReservedSpend(ReservedSpend {
        amount: amount(amount_text),
        price: amount(amount_text),
        minutes,
        discount: discount.parse().unwrap(),
        load_profile: None,
    })
}

/// Prompt tokens worth so many cents at list.
fn cents(minute: i64, count: u64) -> Row {
    row(minute, &[part(InputUncached, count * 1_000, "10")])
}

#[test]
fn spend_above_the_reserve_is_invoiced() {
    for (worth, invoiced) in [(275, "0.75"), (120, "0"), (200, "0")] {
        let outcome = settle_one(reserve("2.00", 1, "0"), &[cents(0, worth)]);
        assert_eq!(outcome.invoiced.list, amount(invoiced), "{worth}");
        // Contracted prices are half of list in these tests.
        assert_eq!(outcome.invoiced.contracted, amount(invoiced).mean_of(2), "{worth}");
        assert_eq!(outcome.one_use().periods_over, u64::from(worth == 275));
    }
}

#[test]
fn an_unused_minute_does_not_help_the_next() {
    let outcome = settle_one(reserve("2.00", 1, "0"), &[cents(0, 100), cents(1, 300)]);
    assert_eq!(outcome.invoiced.list, amount("1"));
}

#[test]
fn an_hour_with_a_discount() {
    // 15.00 at list is 10.80 after 28 %: 7.20 of it is reserved, a third is left, 5.00 at list.
    let rows = [cents(0, 500), cents(59, 1_000), cents(60, 1_000)];
    let outcome = settle_one(reserve("7.20", 60, "0.28"), &rows);
    assert_eq!(outcome.invoiced.list, amount("5"));
    let used = outcome.one_use();
    assert_eq!((used.periods_over, used.periods_loaded), (1, 2));
    assert_eq!(used.peak_millionths, 1_500_000);
    // 24 hours of 7.20; 7.20 and 7.20 used.
    assert_eq!(used.offered[0] / used.profiles[0].load[0], 12);
}

#[test]
fn deferred_tiers_are_out_unless_named() {
    let mut batch = profile("a");
    batch.sku.service_tier = "batch".into();
    let with = |scope: Scope| {
        let term = Term { scope, ..term(reserve("2.00", 1, "0")) };
        settle(&[contract(vec![term])], &[batch.clone()], &[cents(0, 100)]).invoiced.list
    };
    assert_eq!(with(Scope::default()), amount("1"));
    let named = Scope { service_tiers: Patterns::new(["batch"]), ..Scope::default() };
    assert_eq!(with(named), Amount::ZERO);
}

#[test]
fn usage_without_a_price_goes_on() {
    let free = PricedPart { list: None, contracted: None, ..part(InputUncached, 150, "1") };
    let outcome = settle_one(reserve("2.00", 1, "0"), &[row(0, &[free])]);
    assert_eq!((outcome.tokens(), outcome.invoiced.unpriced), ((0, 150, 0), 150 * MILLION));
}

#[test]
fn minutes_of_an_hour_meet_the_next_term_in_order() {
    // The hour keeps 1.00 of 4.00: of 100,000 and 300,000 tokens three quarters go on, 75,000 and
    // 225,000, to a capacity of 100,000 a minute.
    let contracts = [
        contract(vec![term(reserve("1.00", 60, "0"))]),
        contract(vec![term(TermKind::Capacity(tokens_a_minute(100_000)))]),
    ];
    let rows = [cents(0, 100), cents(1, 300)];
    let outcome = settle(&contracts, &[profile("a")], &rows);
    assert_eq!(outcome.invoiced.tokens, 125_000 * MILLION);
    assert_eq!(outcome.invoiced.list, amount("1.25"));
}
