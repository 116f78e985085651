//! Times, zones and periods.

use chrono::{Days, NaiveDate};

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[test]
fn iso_forms() {
    let same = [
        "2026-11-20T12:00:00Z",
        "2026-11-20 12:00:00",
        "2026-11-20T13:00:00+01:00",
        "2026-11-20T05:30:00.000-0630",
        "2026-11-20 12:00:00.000000 UTC",
        "2026-11-20T12:00",
    ];
    for text in same {
        assert_eq!(at(text).to_string(), "2026-11-20T12:00:00Z", "{text}");
    }
    assert_eq!(at("2026-11-20").to_string(), "2026-11-20T00:00:00Z");
    assert_eq!(at("2023-11-16 18:17:03.9799600").to_string(), "2023-11-16T18:17:03.97996Z");
    assert_eq!(at("1970-01-01").nanos(), 0);
    for text in ["", "2026-13-01", "2026-02-29", "20261120", "2026-11-20T25:00:00Z", "12/31/2026"] {
        assert!(Timestamp::parse(text).is_err(), "{text}");
    }
}

#[test]
fn iso_agrees_with_chrono_over_four_centuries() {
    let mut day = NaiveDate::from_ymd_opt(1700, 1, 1).unwrap();
    while day < NaiveDate::from_ymd_opt(2200, 1, 1).unwrap() {
        assert_eq!(at(&day.to_string()), Timestamp::from_utc_date(day));
        day = day + Days::new(17);
    }
}

#[test]
fn epoch_units_by_magnitude() {
    let expected = at("2026-11-20T12:00:00Z");
    for number in
        [1_795_176_000, 1_795_176_000_000, 1_795_176_000_000_000, 1_795_176_000_000_000_000]
    {
        assert_eq!(Timestamp::from_epoch_number(number), Some(expected), "{number}");
    }
    assert_eq!(Timestamp::from_epoch_number(45), None);
}

#[test]
fn days_of_a_zone_with_clock_changes() {
    let berlin = Calendar::named("europe/berlin").unwrap();
    let spring = NaiveDate::from_ymd_opt(2026, 3, 29).unwrap();
    let autumn = NaiveDate::from_ymd_opt(2026, 10, 25).unwrap();
    assert_eq!(berlin.day(spring).nanos(), 23 * HOUR_NANOS);
    assert_eq!(berlin.day(autumn).nanos(), 25 * HOUR_NANOS);
    // Beirut skips midnight on this day: the day starts at 01:00 local.
    let beirut = Calendar::named("Asia/Beirut").unwrap();
    let skipped = NaiveDate::from_ymd_opt(2026, 3, 29).unwrap();
    assert_eq!(beirut.day(skipped).nanos(), 23 * HOUR_NANOS);
}

#[test]
fn half_open() {
    let period = Period::new(at("2026-11-20"), at("2026-11-21")).unwrap();
    assert!(period.contains(at("2026-11-20")));
    assert!(!period.contains(at("2026-11-21")));
    assert!(!period.is_split_by(at("2026-11-20")));
    assert!(Period::new(at("2026-11-20"), at("2026-11-20")).is_err());
}

#[test]
fn grains_and_zones() {
    let (from, until) = (at("2026-01-01"), at("2026-12-31"));
    assert!(Calendar::UTC.aligns_with(Grain::Hour, from, until));
    let kolkata = Calendar::named("Asia/Kolkata").unwrap();
    assert!(!kolkata.aligns_with(Grain::Hour, from, until));
    assert!(kolkata.aligns_with(Grain::QuarterHour, from, until));
}
