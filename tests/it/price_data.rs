//! The bundled books against an independent table of price facts: every row must come back at the
//! start, in the middle and just before the end of its period.

use serde::Deserialize;
use tokencast::money::UnitPrice;
use tokencast::period::{DAY_NANOS, Period, Timestamp};
use tokencast::price_book::{PriceBook, SkuRates};
use tokencast::sku::{ContextBand, Sku};
use tokencast::tokens::Component;

use super::common::root;

#[derive(Debug, Deserialize)]
struct Fact {
    provider: String,
    model: String,
    endpoint: String,
    region: String,
    deployment: String,
    service_tier: String,
    speed: String,
    context_tokens: Option<u64>,
    calendar_note: String,
    component: String,
    effective_from: String,
    effective_until: String,
    price: String,
    unit_power: u32,
    #[serde(rename = "confidence")]
    _confidence: String,
}

/// Before any price: facts without a start hold since ever.
const LONG_AGO: &str = "2023-01-01";
/// Facts without an end are asked for up to here.
const FAR_AHEAD: &str = "2028-01-01";

#[test]
fn every_fact_is_in_the_books() {
    let (book, _) = PriceBook::bundled().unwrap();
    let mut reader = csv::Reader::from_path(root().join("tests/data/price_facts.csv")).unwrap();
    let mut checked = 0;
    let mut wrong = Vec::new();
    for fact in reader.deserialize() {
        let fact: Fact = fact.unwrap();
        let (sku, band) = usage_of(&fact);
        let rates = book.rates(&sku, band, None);
        for instant in instants(&fact) {
            checked += 1;
            if let Err(error) = check(&rates, &fact, instant) {
                wrong.push(format!("{instant}: {error}: {fact:?}"));
            }
        }
    }
    assert!(checked > 15_000, "{checked} look-ups");
    assert!(
        wrong.is_empty(),
        "{} of {checked} wrong, such as\n{}",
        wrong.len(),
        wrong[..wrong.len().min(5)].join("\n")
    );
}

fn instants(fact: &Fact) -> Vec<Timestamp> {
    let at = |text: &str, default: &str| {
        Timestamp::parse(if text.is_empty() { default } else { text }).unwrap()
    };
    let (from, until) = (at(&fact.effective_from, LONG_AGO), at(&fact.effective_until, FAR_AHEAD));
    let last = Timestamp::from_nanos(until.nanos() - 1);
    let middle = Timestamp::from_nanos(from.nanos() + (until.nanos() - from.nanos()) / 2);
    if fact.calendar_note.is_empty() {
        return vec![from, middle, last];
    }
    // Peak hours are 01-04 and 06-10 UTC on working days, the older discount 16:30-00:30 UTC:
    // instants of a Wednesday (14 January 2026 was one) inside and outside of both.
    let inside = fact.calendar_note.starts_with("inside");
    let is_peak = fact.calendar_note.ends_with(" peak");
    let hour = match (inside, is_peak) {
        (true, true) | (false, false) => 2,
        (true, false) => 18,
        (false, true) => 12,
    };
    let wednesday = Timestamp::parse("2026-01-14").unwrap().nanos();
    let weeks = (middle.nanos() - wednesday).div_euclid(7 * DAY_NANOS);
    let day = wednesday + weeks * 7 * DAY_NANOS + hour * DAY_NANOS / 24;
    let found = Timestamp::from_nanos(day);
    if found < from || found >= until { Vec::new() } else { vec![found] }
}

fn usage_of(fact: &Fact) -> (Sku, ContextBand) {
    let mut sku = Sku::new(&fact.provider, &fact.model);
    sku.endpoint = fact.endpoint.as_str().into();
    sku.region = fact.region.as_str().into();
    sku.deployment = fact.deployment.as_str().into();
    sku.service_tier = fact.service_tier.as_str().into();
    sku.speed = fact.speed.as_str().into();
    let tokens = fact.context_tokens.unwrap_or(1_000);
    (sku, ContextBand::Known { from: tokens, until: Some(tokens + 1) })
}

fn check(rates: &SkuRates<'_>, fact: &Fact, instant: Timestamp) -> Result<(), String> {
    let component = Component::from_name(&fact.component).ok_or("no such component")?;
    let period = Period { start: instant, end: Timestamp::from_nanos(instant.nanos() + 1) };
    let rate = rates.at(component, period).map_err(|e| e.to_string())?;
    let expected = UnitPrice::parse_per(&fact.price, fact.unit_power).map_err(|e| e.to_string())?;
    if rate.unit_price == expected {
        Ok(())
    } else {
        Err(format!("{:?} instead of {expected:?}", rate.unit_price))
    }
}
