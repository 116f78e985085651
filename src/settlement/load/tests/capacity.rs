//! Units of capacity: rates, meters, ceilings, steps.

use super::*;

/// gpt-5.2: 3,400 tokens a minute and PTU, a response token counts eight times, cached ones not.
fn ptu(count: u64) -> TermKind {
    let weights = [(InputUncached, 10), (Output, 80), (InputCacheRead, 0)];
    TermKind::Capacity(units(vec![meter(Side::All, count)], vec![rate(3_400, &weights)]))
}

#[test]
fn provisioned_units_of_the_documented_example() {
    // 1,000 requests of 200 and 20 tokens: 200,000 + 8 x 20,000 = 360,000, which is 105.88 PTU.
    let rows = [row(0, &[part(InputUncached, 200_000, "1.75"), part(Output, 20_000, "14")])];
    let enough = settle_one(ptu(106), &rows);
    assert_eq!(enough.tokens(), (220_000, 0, 0));
    assert_eq!(enough.served[&TermRef { contract: 0, term: 0 }].list, amount("0.63"));
    assert_eq!(enough.served[&TermRef { contract: 0, term: 0 }].requests, 4 * MILLION);
    // 105 PTU hold 357,000: 3 of 360 parts of everything spill. 220,000 x 3/360 = 1833.33;
    // 0.63 x 3/360 = 0.00525.
    let short = settle_one(ptu(105), &rows);
    assert_eq!(short.invoiced.tokens, 1_833_333_334);
    assert_eq!(short.invoiced.list, amount("0.00525"));
    assert_eq!(short.invoiced.contracted, amount("0.002625"));
    assert_eq!(short.invoiced.requests, 33_333);
    let used = short.one_use();
    assert_eq!((used.periods_over, used.periods_loaded), (1, 1));
    // 360 / 357.
    assert_eq!(used.peak_millionths, 1_008_403);
    // Of 1,440 minutes one was full.
    assert_eq!(used.offered[0] / used.profiles[0].load[0], 1_440);
    assert_eq!((used.segment, short.result.uses.len()), (0, 2));
}

#[test]
fn cached_prompts_take_nothing_but_spill_alike() {
    // 100,000 + 8 x 20,000 = 260,000, which is 76.47 PTU.
    let parts = [
        part(InputUncached, 100_000, "1.75"),
        part(InputCacheRead, 100_000, "0.175"),
        part(Output, 20_000, "14"),
    ];
    assert_eq!(settle_one(ptu(77), &[row(0, &parts)]).tokens(), (220_000, 0, 0));
    // 76 PTU hold 258,400: of 220,000 tokens 1,600/260,000 spill, 1353.8.
    let short = settle_one(ptu(76), &[row(0, &parts)]);
    assert_eq!(short.tokens(), (218_646, 1_353, 0));
}

#[test]
fn burndown_of_the_documented_example() {
    // 10 requests a second of 2,500 uncached, 500 cached and 500 response tokens at 675 a second
    // and GSU: 50,500 tokens a second, which is 74.8 GSU.
    let gsu = |count| {
        let weights = [(InputUncached, 10), (InputCacheRead, 1), (Output, 50)];
        TermKind::Capacity(units(vec![meter(Side::All, count)], vec![rate(40_500, &weights)]))
    };
    let rows = [row(
        0,
        &[
            part(InputUncached, 1_500_000, "1"),
            part(InputCacheRead, 300_000, "0.1"),
            part(Output, 300_000, "5"),
        ],
    )];
    assert_eq!(settle_one(gsu(75), &rows).tokens().1, 0);
    // 74 GSU hold 2,997,000 of 3,030,000: 33/3030 of 2,100,000 tokens are 22,871.3.
    assert_eq!(settle_one(gsu(74), &rows).tokens().1, 22_871);
}

#[test]
fn long_prompts_take_more() {
    let short = rate(30_000, &[(InputUncached, 10)]);
    let long = CapacityRate { context_from: 200_001, ..rate(30_000, &[(InputUncached, 20)]) };
    let kind = || {
        let rates = vec![short.clone(), long.clone()];
        TermKind::Capacity(units(vec![meter(Side::All, 1)], rates))
    };
    let profiles = [profile("gemini"), UsageProfile { context_from: 200_001, ..profile("gemini") }];
    let spilled = |profile: u32, tokens: u64| {
        let rows = [Row { profile, ..prompt(0, tokens) }];
        settle(&[contract(vec![term(kind())])], &profiles, &rows).invoiced.tokens
    };
    assert_eq!(spilled(0, 30_000), 0);
    assert_eq!(spilled(1, 15_000), 0);
    // 20,000 x 2 = 40,000: a quarter spills.
    assert_eq!(spilled(1, 20_000), 5_000 * MILLION);
}

#[test]
fn input_and_output_are_metered_apart() {
    // A unit of input is 30,000 tokens a minute, one of output 2,500.
    let both = CapacityRate {
        shares: vec![
            (InputUncached, Share { numerator: 1, denominator: 30_000 }),
            (Output, Share { numerator: 1, denominator: 2_500 }),
        ],
        ..rate(1, &[])
    };
    let rows = [row(0, &[part(InputUncached, 40_000, "2"), part(Output, 2_500, "8")])];
    let meters = vec![meter(Side::Input, 1), meter(Side::Output, 1)];
    let scale = units(meters, vec![both.clone()]);
    let outcome = settle_one(TermKind::Capacity(scale), &rows);
    // A quarter of the input is over, so a quarter of the requests spill: 10,000 tokens at 2 a million
    // and 625 at 8.
    assert_eq!(outcome.invoiced.tokens, 10_625 * MILLION);
    assert_eq!(outcome.invoiced.list, amount("0.025"));
    let load = outcome.one_use().profiles[0].load;
    assert_eq!((load[0], 3 * load[1] == 4 * load[2]), (0, true));
    // With a meter for input alone, output is not served.
    let only = units(vec![meter(Side::Input, 2)], vec![both]);
    let outcome = settle_one(TermKind::Capacity(only), &rows);
    assert_eq!(outcome.invoiced.tokens, 2_500 * MILLION);
    assert!(outcome.invoiced.spilled_by.is_empty());
}

#[test]
fn tools_are_never_served() {
    let rows = [row(0, &[part(InputUncached, 5, "10"), part(ToolWebSearch, 3, "10000")])];
    let outcome = settle_one(TermKind::Capacity(tokens_a_minute(5)), &rows);
    assert_eq!(outcome.tokens(), (5, 3, 0));
    assert_eq!(outcome.invoiced.list, amount("0.03"));
    assert!(outcome.invoiced.spilled_by.is_empty());
}

#[test]
fn a_ceiling_keeps_room_free() {
    let low = Capacity { ceiling: "0.7".parse().unwrap(), ..tokens_a_minute(100) };
    let outcome = settle_one(TermKind::Capacity(low), &[prompt(0, 70), prompt(1, 100)]);
    assert_eq!(outcome.tokens(), (140, 30, 0));
    assert_eq!(outcome.one_use().periods_over, 1);
}

#[test]
fn throttled_load_is_not_invoiced() {
    let strict = Capacity { overflow: Overflow::Throttle, ..tokens_a_minute(100) };
    let outcome = settle_one(TermKind::Capacity(strict), &[prompt(0, 150)]);
    assert_eq!(outcome.tokens(), (100, 0, 50));
    assert_eq!(outcome.stopped.list, amount("0.0005"));
    assert_eq!(outcome.one_use().profiles[0].unserved, 50 * MILLION);
}

#[test]
fn what_one_has_no_room_for_the_next_serves() {
    let first = contract(vec![term(TermKind::Capacity(tokens_a_minute(100)))]);
    let second = contract(vec![term(TermKind::Capacity(tokens_a_minute(30)))]);
    let outcome = settle(&[first, second], &[profile("gpt-5.2")], &[prompt(0, 150)]);
    let by = |contract| TermRef { contract, term: 0 };
    assert_eq!(outcome.served[&by(0)].tokens, 100 * MILLION);
    assert_eq!(outcome.served[&by(1)].tokens, 30 * MILLION);
    assert_eq!(outcome.invoiced.tokens, 20 * MILLION);
    assert_eq!(outcome.invoiced.spilled_by, [by(1)]);
    let spilled: Vec<_> = outcome.result.uses.iter().flat_map(|u| &u.profiles).collect();
    assert_eq!(spilled.iter().map(|p| p.spilled / MILLION).collect::<Vec<_>>(), [50, 20]);
}

#[test]
fn units_change_at_midnight_of_the_contract() {
    let mut capacity = tokens_a_minute(100);
    capacity.meters[0].units.0.push((day("2026-06-02"), 200));
    let calendar = Calendar::named("America/New_York").unwrap();
    let here = Contract { calendar, ..contract(vec![term(TermKind::Capacity(capacity))]) };
    // Midnight in New York is 04:00 UTC: minute 1,440 + 240.
    let rows = [prompt(1_679, 200), prompt(1_680, 200)];
    let outcome = settle(&[here], &[profile("gpt-5.2")], &rows);
    assert_eq!(outcome.tokens(), (300, 100, 0));
    // The first day of the window lacks four hours; the second has 4 at 100 and 20 at 200.
    let offered: Vec<_> = outcome.result.uses.iter().map(|u| u.offered[0] / MILLION).collect();
    assert_eq!(offered, [20 * 60 * 100, 4 * 60 * 100 + 20 * 60 * 200]);
}

#[test]
fn usage_out_of_scope_or_term_is_left_alone() {
    let scope = Scope { models: Patterns::new(["gpt-5.2"]), ..Scope::default() };
    let days = (day("2026-06-02"), day("2026-07-01"));
    let mine = Term { scope, days, ..term(TermKind::Capacity(tokens_a_minute(100))) };
    let profiles = [profile("gpt-5.2"), profile("other")];
    let contracts = [contract(vec![mine])];
    let stage = LoadStage::new(&contracts, &profiles, &[]).unwrap();
    assert!(stage.concerns(0) && !stage.concerns(1) && !stage.concerns(9));
    // The first minute is before the term.
    let rows = [prompt(0, 10), prompt(1_440, 10), Row { profile: 1, ..prompt(1_440, 10) }];
    let outcome = settle(&contracts, &profiles, &rows);
    assert_eq!(outcome.tokens(), (10, 20, 0));
    assert_eq!(outcome.result.uses.len(), 1);
}

#[test]
fn models_without_a_price_are_unpriced_only_above_the_capacity() {
    let free = PricedPart { list: None, contracted: None, ..part(InputUncached, 150, "1") };
    let outcome = settle_one(TermKind::Capacity(tokens_a_minute(100)), &[row(0, &[free])]);
    assert_eq!(outcome.tokens(), (100, 50, 0));
    assert_eq!(outcome.invoiced.unpriced, 50 * MILLION);
}

#[test]
fn models_share_a_unit_exactly() {
    // 1,700 of 3,400 and 2,375 of 4,750 are one unit; a token more of either is not.
    let for_model = |model: &str, per_minute| CapacityRate {
        models: Patterns::new([model]),
        ..rate(per_minute, &[(InputUncached, 10)])
    };
    let rates = || vec![for_model("gpt-5.2", 3_400), for_model("gpt-5", 4_750)];
    let kind = || TermKind::Capacity(units(vec![meter(Side::All, 1)], rates()));
    // One of them goes by an alias.
    let alias = UsageProfile { model_id: Some("gpt-5".into()), ..profile("my-gpt") };
    let profiles = [profile("gpt-5.2"), alias, profile("no-rate")];
    let spilled = |one, other| {
        let rows = [prompt(0, one), Row { profile: 1, ..prompt(0, other) }];
        settle(&[contract(vec![term(kind())])], &profiles, &rows).invoiced.tokens
    };
    assert_eq!(spilled(1_700, 2_375), 0);
    assert!(spilled(1_701, 2_375) > 0 && spilled(1_700, 2_376) > 0);
    let contracts = [contract(vec![term(kind())])];
    assert!(!LoadStage::new(&contracts, &profiles, &[]).unwrap().concerns(2));
}

#[test]
fn without_units_nothing_is_served() {
    let rows = [row(0, &[part(InputUncached, 5, "10"), part(InputCacheRead, 9, "1")])];
    let outcome = settle_one(TermKind::Capacity(tokens_a_minute(0)), &rows);
    assert_eq!(outcome.tokens(), (0, 14, 0));
    assert_eq!((outcome.one_use().periods_over, outcome.one_use().peak_millionths), (1, 0));
}

#[test]
fn requests_go_where_their_prompts_go() {
    // A meter for output alone stops half of the output, but no request.
    let strict = Capacity {
        overflow: Overflow::Throttle,
        ..units(vec![meter(Side::Output, 100)], vec![rate(1, &[(Output, 10)])])
    };
    let rows = [row(0, &[part(InputUncached, 5, "10"), part(Output, 200, "10")])];
    let outcome = settle_one(TermKind::Capacity(strict), &rows);
    assert_eq!(outcome.tokens(), (100, 5, 100));
    assert_eq!((outcome.invoiced.requests, outcome.stopped.requests), (4 * MILLION, 0));
}

#[test]
fn rates_without_a_common_unit_are_refused() {
    let odd = |model: &str, denominator| CapacityRate {
        models: Patterns::new([model]),
        shares: vec![(InputUncached, Share { numerator: 1, denominator })],
        ..rate(1, &[])
    };
    let rates = vec![odd("a", u64::MAX), odd("b", u64::MAX - 1), odd("c", u64::MAX - 2)];
    let contracts =
        [contract(vec![term(TermKind::Capacity(units(vec![meter(Side::All, 1)], rates)))])];
    let profiles = ["a", "b", "c"].map(profile);
    let refused = LoadStage::new(&contracts, &profiles, &[]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "load of `term-1` of contract `azure` is too large to count exactly"
    );
    // Rates of models that are not used do not count.
    assert!(LoadStage::new(&contracts, &profiles[..1], &[]).is_ok());
}
