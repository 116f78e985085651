//! The bundled books against an independent table of price facts: every row must come back at the
//! start, in the middle and just before the end of its period.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use tokencast::money::UnitPrice;
use tokencast::period::{DAY_NANOS, Period, Timestamp};
use tokencast::price_book::{PriceBook, SkuRates};
use tokencast::sku::{ContextBand, Sku};
use tokencast::tokens::Component;

use super::common::root;

#[derive(Debug, Deserialize)]
struct Fact {
    /// Number of the price record that it is from; none where it follows from a rule.
    fact: Option<u32>,
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
    let windows: &[(i64, i64)] = if fact.calendar_note.ends_with(" peak") {
        &[(60, 240), (360, 600)]
    } else {
        &[(990, 1470)]
    };
    let inside = fact.calendar_note.starts_with("inside");
    let mut found = Vec::new();
    for day in wednesdays(from, middle, last) {
        for (start, end) in windows.iter().map(|(s, e)| (day + s * MINUTE, day + e * MINUTE)) {
            found.extend(if inside {
                [start, i64::midpoint(start, end), end - 1]
            } else {
                [start - 1, end, end + MINUTE]
            });
        }
    }
    found.retain(|at| from.nanos() <= *at && *at < until.nanos());
    assert!(!found.is_empty(), "{fact:?}");
    found.into_iter().map(Timestamp::from_nanos).collect()
}

const MINUTE: i64 = DAY_NANOS / 1_440;

/// The starts of Wednesdays about the start, the middle and the end of a period: working days of
/// the calendars, whose windows are minutes after midnight UTC.
fn wednesdays(from: Timestamp, middle: Timestamp, last: Timestamp) -> Vec<i64> {
    let week = 7 * DAY_NANOS;
    let one = Timestamp::parse("2026-01-14").unwrap().nanos();
    let before = |at: Timestamp| one + (at.nanos() - one).div_euclid(week) * week;
    let holiday = Timestamp::parse("2026-10-07").unwrap().nanos();
    let mut days = vec![before(from) + week, before(middle), before(last)];
    days.retain(|day| *day != holiday);
    days.dedup();
    days
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

/// A price record that the books do not hold, and why.
#[derive(Debug, Deserialize)]
struct LeftOut {
    fact: u32,
    provider: String,
    reason: String,
}

/// How many price records were collected.
const FACTS: u32 = 5_970;

#[test]
fn every_fact_is_looked_up_or_left_out_for_a_reason() {
    let rows = |name: &str| csv::Reader::from_path(root().join("tests/data").join(name)).unwrap();
    let facts = rows("price_facts.csv").into_deserialize::<Fact>().map(Result::unwrap);
    let looked_up: BTreeSet<u32> = facts.filter_map(|f| f.fact).collect();
    let left_out: Vec<LeftOut> =
        rows("price_facts_left_out.csv").into_deserialize().map(Result::unwrap).collect();
    let mut all = looked_up.clone();
    for row in &left_out {
        assert!(all.insert(row.fact), "both looked up and left out: {row:?}");
    }
    assert!(all.into_iter().eq(1..=FACTS));
    // The counts that the page on the books gives.
    let page = std::fs::read_to_string(root().join("pricing/README.md")).unwrap();
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &left_out {
        assert!(!row.provider.is_empty(), "{row:?}");
        *reasons.entry(&row.reason).or_default() += 1;
    }
    let stated: BTreeMap<&str, usize> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" | "))
        .filter_map(|(reason, rest)| Some((reason, rest.split_once(" | ")?.0.parse().ok()?)))
        .collect();
    assert_eq!(stated, reasons);
    let thousands = |n: usize| format!("{},{:03}", n / 1_000, n % 1_000);
    let sentence = format!(
        "Of {} collected price records {} are in the books and {} are not",
        thousands(FACTS as usize),
        thousands(looked_up.len()),
        left_out.len()
    );
    assert!(page.replace('\n', " ").contains(&sentence), "{sentence}");
}
