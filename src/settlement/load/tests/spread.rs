//! Usage that is known by the hour or the day.

use super::*;
use crate::diagnostic::code;

const FLAT: LoadProfile = LoadProfile { hours: [1; 24], peak_percent: 100 };

fn with(load_profile: Option<LoadProfile>) -> TermKind {
    TermKind::Capacity(Capacity { load_profile, ..tokens_a_minute(100) })
}

fn long(minute: i64, minutes: i64, tokens: u64) -> Row {
    Row { minutes, ..prompt(minute, tokens) }
}

#[test]
fn an_hour_flat_and_with_peaks() {
    // 100 a minute flat; with peaks half of the minutes have 150, of which 100 are served, and the
    // others 50.
    let rows = [long(0, 60, 6_000)];
    assert_eq!(settle_one(with(Some(FLAT)), &rows).tokens(), (6_000, 0, 0));
    let peaks = LoadProfile { peak_percent: 150, ..FLAT };
    let outcome = settle_one(with(Some(peaks)), &rows);
    assert_eq!(outcome.tokens(), (4_500, 1_500, 0));
    let used = outcome.one_use();
    assert_eq!((used.periods_over, used.periods_loaded), (30, 60));
    assert_eq!(used.peak_millionths, 1_500_000);
    assert_eq!(outcome.found(code::LOAD_PROFILE_ASSUMED), 0);
}

#[test]
fn a_day_by_its_hours() {
    // 3,000 in the hour from 10, 50 a minute; 9,000 in the next, 150 a minute, of which 6,000 fit.
    let mut hours = [0; 24];
    (hours[10], hours[11]) = (1, 3);
    let outcome =
        settle_one(with(Some(LoadProfile { hours, peak_percent: 100 })), &[long(0, 1_440, 12_000)]);
    assert_eq!(outcome.tokens(), (9_000, 3_000, 0));
    assert_eq!((outcome.one_use().periods_over, outcome.one_use().periods_loaded), (60, 120));
    // In another time zone the same hours come at another time, but as often.
    let calendar = Calendar::named("Asia/Kolkata").unwrap();
    let kind = with(Some(LoadProfile { hours, peak_percent: 100 }));
    let there = Contract { calendar, ..contract(vec![term(kind)]) };
    let outcome = settle(&[there], &[profile("a")], &[long(0, 1_440, 12_000)]);
    assert_eq!(outcome.tokens(), (9_000, 3_000, 0));
}

#[test]
fn what_is_assumed_is_said() {
    // An hour: peaks of 150 %. A day: weights 1 and 4, 15 + 36 = 51 in all; 51,000 tokens are 1,000
    // and 4,000 an hour, with peaks of 25 and 100 a minute, so all fit.
    let outcome = settle_one(with(None), &[long(0, 60, 6_000), long(60, 60, 6_000)]);
    assert_eq!(outcome.tokens(), (9_000, 3_000, 0));
    assert_eq!(outcome.found(code::LOAD_PROFILE_ASSUMED), 2);
    let fits = settle_one(with(None), &[long(0, 1_440, 51_000)]);
    assert_eq!((fits.tokens(), fits.one_use().peak_millionths), ((51_000, 0, 0), 1_000_000));
    // Twice as much: the peak minutes of office hours have 200 and lose 100 each, 9 x 30 of them.
    let over = settle_one(with(None), &[long(0, 1_440, 102_000)]);
    assert_eq!(over.tokens(), (75_000, 27_000, 0));
    assert_eq!(over.one_use().periods_over, 270);
    assert_eq!(settle_one(with(None), &[prompt(0, 1)]).found(code::LOAD_PROFILE_ASSUMED), 0);
}

#[test]
fn a_step_inside_a_row_changes_the_rest_of_it() {
    let mut capacity = tokens_a_minute(100);
    capacity.meters[0].units.0.push((day("2026-06-02"), 0));
    capacity.load_profile = Some(FLAT);
    let calendar = Calendar::named("Asia/Kolkata").unwrap();
    let there = Contract { calendar, ..contract(vec![term(TermKind::Capacity(capacity))]) };
    // Midnight in Kolkata is 18:30 UTC, in the middle of this hour.
    let outcome = settle(&[there], &[profile("a")], &[long(18 * 60, 60, 6_000)]);
    assert_eq!(outcome.tokens(), (3_000, 3_000, 0));
}

#[test]
fn lengths_are_set_against_the_capacity_one_by_one() {
    let rows = [prompt(0, 100), long(0, 60, 6_000), prompt(1, 100)];
    let outcome = settle_one(with(Some(FLAT)), &rows);
    assert_eq!(outcome.tokens(), (6_200, 0, 0));
    assert_eq!(outcome.found(code::MIXED_LOAD_GRAIN), 1);
    assert_eq!(settle_one(with(Some(FLAT)), &rows[1..2]).found(code::MIXED_LOAD_GRAIN), 0);
}

#[test]
fn in_a_queue_busy_minutes_wait_for_quiet_ones() {
    let peaks = LoadProfile { peak_percent: 150, ..FLAT };
    let overflow = Overflow::Queue { minutes: 1, spill: None };
    let capacity = Capacity { overflow, load_profile: Some(peaks), ..tokens_a_minute(100) };
    let rows = [long(0, 60, 6_000), long(60, 60, 7_000)];
    let outcome = settle_one(TermKind::Capacity(capacity), &rows);
    assert_eq!(outcome.tokens(), (12_000, 0, 1_000));
    assert_eq!(outcome.one_use().longest_wait_minutes, 1);
}

#[test]
fn hours_that_are_reserved_have_no_peaks_inside() {
    let reserved = ReservedSpend {
        amount: amount("0.06"),
        price: amount("0.06"),
        minutes: 60,
        discount: "0".parse().unwrap(),
        load_profile: Some(LoadProfile { peak_percent: 150, ..FLAT }),
    };
    // 6,000 tokens at 10 a million are 0.06; a day of them 1.44, twice that 2.88.
    let kind = || TermKind::ReservedSpend(reserved);
    assert_eq!(settle_one(kind(), &[long(0, 60, 6_000)]).invoiced.list, Amount::ZERO);
    assert_eq!(settle_one(kind(), &[long(0, 1_440, 144_000)]).invoiced.list, Amount::ZERO);
    let over = settle_one(kind(), &[long(0, 1_440, 288_000)]);
    assert_eq!(over.invoiced.list, amount("1.44"));
    assert_eq!((over.one_use().periods_over, over.one_use().periods_loaded), (24, 24));
    // Minutes and hours add up in their hour: no length is by itself.
    let both = settle_one(kind(), &[prompt(0, 3_000), long(0, 60, 6_000)]);
    assert_eq!(both.invoiced.list, amount("0.03"));
    assert_eq!(both.found(code::MIXED_LOAD_GRAIN), 0);
}
