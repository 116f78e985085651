//! Load that waits.

use super::*;

fn queue(minutes: u32, spills: bool) -> TermKind {
    let spill = spills.then(crate::contract::terms::SpillTo::default);
    let overflow = Overflow::Queue { minutes, spill };
    TermKind::Capacity(Capacity { overflow, ..tokens_a_minute(100) })
}

#[test]
fn the_oldest_are_served_first() {
    // 50 wait; then the 50 are served and 50 new ones wait: nothing waits longer than a minute.
    let outcome = settle_one(queue(1, true), &[prompt(0, 150), prompt(1, 100)]);
    assert_eq!(outcome.tokens(), (250, 0, 0));
    assert_eq!(outcome.one_use().longest_wait_minutes, 1);
    assert_eq!(outcome.one_use().periods_over, 1);
}

#[test]
fn what_waits_too_long_spills() {
    // 250: 100 at once, 100 a minute later, 50 after two.
    let outcome = settle_one(queue(1, true), &[prompt(0, 250)]);
    assert_eq!(outcome.tokens(), (200, 50, 0));
    assert_eq!(outcome.invoiced.list, amount("0.0005"));
    let outcome = settle_one(queue(2, true), &[prompt(0, 250)]);
    assert_eq!(outcome.tokens(), (250, 0, 0));
    assert_eq!(outcome.one_use().longest_wait_minutes, 2);
    let outcome = settle_one(queue(1, false), &[prompt(0, 250), prompt(9, 10)]);
    assert_eq!(outcome.tokens(), (210, 0, 50));
    assert_eq!(outcome.one_use().profiles[0].unserved, 50 * MILLION);
}

#[test]
fn what_spills_late_meets_the_next_term_then() {
    // In minute 1 the 50 that waited too long meet 60 for 80.
    let contracts = [
        contract(vec![Term {
            scope: Scope { models: Patterns::new(["a"]), ..Scope::default() },
            ..term(queue(1, true))
        }]),
        contract(vec![term(TermKind::Capacity(tokens_a_minute(80)))]),
    ];
    let rows = [prompt(0, 250), Row { profile: 1, ..prompt(1, 60) }];
    let outcome = settle(&contracts, &[profile("a"), profile("b")], &rows);
    assert_eq!(outcome.tokens().1, 30);
}

#[test]
fn the_cost_of_what_waits_stays_with_its_arrival() {
    // The last minute of the first day: served in the first of the second.
    let outcome = settle_one(queue(5, true), &[prompt(1_439, 150)]);
    assert_eq!(outcome.tokens(), (150, 0, 0));
    assert_eq!(outcome.result.uses[0].profiles[0].served, 150 * MILLION);
    assert!(outcome.result.uses[1].profiles.is_empty());
}

#[test]
fn what_waits_at_the_end_is_not_served() {
    // The last minute of the window.
    let outcome = settle_one(queue(5, true), &[prompt(2_879, 150)]);
    assert_eq!(outcome.tokens(), (100, 0, 50));
    // The 50 of the minute before take the room of 50 new ones.
    let outcome = settle_one(queue(5, true), &[prompt(2_878, 150), prompt(2_879, 100)]);
    assert_eq!(outcome.tokens(), (200, 0, 50));
    // At the end of the term it spills.
    let ends = Term { days: (day("2026-06-01"), day("2026-06-02")), ..term(queue(5, true)) };
    let outcome = settle(&[contract(vec![ends])], &[profile("a")], &[prompt(1_439, 150)]);
    assert_eq!(outcome.tokens(), (100, 50, 0));
    assert_eq!(outcome.one_use().longest_wait_minutes, 1);
}

#[test]
fn tools_do_not_wait() {
    let parts = [part(InputUncached, 150, "10"), part(ToolWebSearch, 3, "10000")];
    let outcome = settle_one(queue(1, true), &[row(0, &parts)]);
    assert_eq!(outcome.tokens(), (150, 3, 0));
    assert_eq!(outcome.served[&TermRef { contract: 0, term: 0 }].requests, 4 * MILLION);
}

#[test]
fn tokens_that_weigh_nothing_wait_in_line_too() {
    let cached = row(1, &[part(InputCacheRead, 70, "1")]);
    let outcome = settle_one(queue(1, true), &[prompt(0, 250), cached.clone()]);
    // In minute 1 the older ones take all the room, so the cached tokens come in minute 2.
    assert_eq!(outcome.tokens(), (270, 50, 0));
    let alone = settle_one(queue(1, true), &[cached]);
    assert_eq!((alone.tokens(), alone.one_use().longest_wait_minutes), ((70, 0, 0), 0));
}
