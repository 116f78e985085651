//! Expectations are worked by hand; where prices are real, research/pricing.md is the source.

use super::*;
use crate::price_book::{BookSource, Layer, PriceBook};

mod over_time;

const HEAD: &str = r#"
schema = "tokencast.prices.v1"
provider = "anthropic"
name = "Anthropic API"
currency = "USD"
checked_on = "2026-11-20"
"#;

fn source(layer: Layer, body: &str) -> BookSource {
    BookSource { name: format!("{layer}.toml"), text: format!("{HEAD}{body}"), layer }
}

fn load(sources: &[BookSource]) -> PriceBook {
    PriceBook::load(sources).unwrap_or_else(|errors| panic!("{errors}")).0
}

fn book(body: &str) -> PriceBook {
    load(&[source(Layer::Bundled, body)])
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn period(start: &str, end: &str) -> Period {
    Period::new(at(start), at(end)).unwrap()
}

/// One nanosecond.
fn moment(start: Timestamp) -> Period {
    Period::new(start, Timestamp::from_nanos(start.nanos() + 1)).unwrap()
}

const ANY: ContextBand = ContextBand::Known { from: 0, until: None };

fn exactly(tokens: u64) -> ContextBand {
    ContextBand::Known { from: tokens, until: Some(tokens + 1) }
}

/// Price per million of standard input in a period, or the reason as text.
fn input(rates: &SkuRates<'_>, period: Period) -> String {
    match rates.at(Component::InputUncached, period) {
        Ok(rate) => rate.unit_price.per(6).unwrap().to_string(),
        Err(reason) => reason.to_string(),
    }
}

fn sku() -> Sku {
    Sku::new("anthropic", "m")
}

const NOV: (&str, &str) = ("2026-11-01", "2026-11-02");

#[test]
fn whole_request_thresholds() {
    // Anthropic: above 200,000 (section 4); xAI: at 200,000 and above.
    let over = book(
        r#"
[[model]]
id = "m"
[[model.price]]
input_per_mtok = "3"
[[model.price]]
when = { context_over = 200000 }
input_per_mtok = "6"
"#,
    );
    let at_least = book(
        r#"
[[model]]
id = "m"
[[model.price]]
when = { context_under = 200000 }
input_per_mtok = "2"
[[model.price]]
when = { context_at_least = 200000 }
input_per_mtok = "4"
"#,
    );
    let november = period(NOV.0, NOV.1);
    let price =
        |book: &PriceBook, tokens| input(&book.rates(&sku(), exactly(tokens), None), november);
    assert_eq!([199_999, 200_000, 200_001].map(|n| price(&over, n)), ["3.00", "3.00", "6.00"]);
    assert_eq!([199_999, 200_000, 200_001].map(|n| price(&at_least, n)), ["2.00", "4.00", "4.00"]);
    assert_eq!(over.context_edges(), [200_001]);
    assert_eq!(at_least.context_edges(), [200_000]);
    assert_eq!(
        input(&over.rates(&sku(), ANY, None), november),
        "price of `input.uncached` changes at prompts of 200001 tokens, inside the context band of the usage"
    );
    for (book, lowest) in [(&over, "3.00"), (&at_least, "2.00")] {
        let rates = book.rates(&sku(), ContextBand::Unknown, None);
        let rate = rates.at(Component::InputUncached, november).unwrap();
        assert!(rate.context_assumed);
        assert_eq!(rate.unit_price.per(6).unwrap().to_string(), lowest);
    }
}

#[test]
fn bands_with_one_price_need_no_threshold() {
    let book = book(
        r#"
[[model]]
id = "m"
[[model.price]]
input_per_mtok = "3"
output_per_mtok = "9"
[[model.price]]
when = { context_over = 200000 }
input_per_mtok = "3"
"#,
    );
    let rates = book.rates(&sku(), ANY, None);
    assert_eq!(input(&rates, period(NOV.0, NOV.1)), "3.00");
    let unknown = book.rates(&sku(), ContextBand::Unknown, None);
    assert!(!unknown.at(Component::Output, period(NOV.0, NOV.1)).unwrap().context_assumed);
}

#[test]
fn no_tier_falls_back_to_standard() {
    let book = book(
        r#"
[[price]]
when = { service_tier = "*", speed = "*" }
web_search_per_1000 = "10"
[[model]]
id = "m"
[[model.price]]
input_per_mtok = "2"
[[model.price]]
when = { service_tier = "batch" }
input_per_mtok = "1"
"#,
    );
    let november = period(NOV.0, NOV.1);
    let price = |sku: &Sku| input(&book.rates(sku, ANY, None), november);
    let tier = |tier: &str| Sku { service_tier: tier.into(), ..sku() };
    assert_eq!(price(&tier("batch")), "1.00");
    for missing in ["flex", "priority", "provisioned", "weird"] {
        let expected = format!(
            "no price for `input.uncached` under service_tier `{missing}`, speed `standard`"
        );
        assert_eq!(price(&tier(missing)), expected);
    }
    let fast = Sku { speed: "fast".into(), ..sku() };
    assert_eq!(
        price(&fast),
        "no price for `input.uncached` under service_tier `standard`, speed `fast`"
    );
    // A fee for every tier does apply.
    let rates = book.rates(&tier("priority"), ANY, None);
    let fee = rates.at(Component::ToolWebSearch, november).unwrap();
    assert_eq!(fee.unit_price.checked_cost(3).unwrap().to_string(), "0.03");
}

#[test]
fn unknown_is_told_from_unpriced() {
    let book = book("[[model]]\nid = \"m\"\n[[model.price]]\ninput_per_mtok = \"2\"\n");
    let november = period(NOV.0, NOV.1);
    let stranger = Sku::new("anthropic", "m-2");
    assert_eq!(
        input(&book.rates(&stranger, ANY, None), november),
        "no price book knows model `m-2` of provider `anthropic`"
    );
    assert!(matches!(
        book.rates(&Sku::new("openai", "m"), ANY, None).at(Component::Output, november),
        Err(Unpriced::UnknownModel { .. })
    ));
    let rates = book.rates(&sku(), ANY, None);
    let reason = rates.at(Component::InputUncachedAudio, november).unwrap_err();
    assert_eq!(reason.to_string(), "no price for `input.uncached.audio` of this model");
    // Pictures are billed as text.
    let rate = rates.at(Component::InputUncachedImage, november).unwrap();
    assert_eq!((rate.rated_as, rate.entry.origin.location.line), (Component::InputUncached, 9));
}

#[test]
fn more_when_keys_win_and_models_before_the_book() {
    let book = book(
        r#"
[[price]]
when = { service_tier = "*", endpoint = "us", region = "r" }
input_per_mtok = "9"
[[model]]
id = "m"
[[model.price]]
input_per_mtok = "2"
[[model.price]]
when = { endpoint = ["us", "eu"] }
input_per_mtok = "3"
[[model.price]]
when = { endpoint = "us", region = "r" }
input_per_mtok = "4"
"#,
    );
    let price = |endpoint: &str, region: &str| {
        let sku = Sku { endpoint: endpoint.into(), region: region.into(), ..sku() };
        input(&book.rates(&sku, ANY, None), period(NOV.0, NOV.1))
    };
    assert_eq!(price("", ""), "2.00");
    assert_eq!(price("eu", "r"), "3.00");
    assert_eq!(price("us", ""), "3.00");
    assert_eq!(price("us", "r"), "4.00");
}

#[test]
fn multipliers_are_exact_and_only_for_tokens() {
    // Anthropic's ×1.1 for processing in the US; 0.0025 is the smallest price (section 8).
    // 0.0025 × 1.1 = 0.00275 a million = 0.00000000275 a token; × 1.2 = 0.0033 a million.
    let book = book(
        r#"
[[multiplier]]
factor = "1.1"
when = { endpoint = ["us", "apac"] }
[[multiplier]]
factor = "1.2"
when = { endpoint = "apac", service_tier = "batch" }
models = ["m"]
components = ["input.uncached", "tool.web_search"]
[[multiplier]]
factor = "5"
models = ["other"]
[[model]]
id = "m"
[[model.price]]
when = { service_tier = "*" }
input_per_mtok = "0.0025"
output_per_mtok = "0.0025"
web_search_per_1000 = "10"
[[model]]
id = "other"
"#,
    );
    let november = period(NOV.0, NOV.1);
    let price = |endpoint: &str, tier: &str, component: Component| {
        let sku = Sku { endpoint: endpoint.into(), service_tier: tier.into(), ..sku() };
        let rate = book.rates(&sku, ANY, None).at(component, november).unwrap();
        (rate.unit_price.per(6).unwrap().to_string(), rate.multipliers.len())
    };
    let expect = |text: &str, count| (text.to_owned(), count);
    assert_eq!(price("", "", Component::InputUncached), expect("0.0025", 0));
    assert_eq!(price("us", "batch", Component::InputUncached), expect("0.00275", 1));
    assert_eq!(price("apac", "batch", Component::InputUncached), expect("0.0033", 2));
    assert_eq!(price("apac", "batch", Component::InputUncachedImage), expect("0.0033", 2));
    assert_eq!(price("apac", "batch", Component::Output), expect("0.00275", 1));
    assert_eq!(price("us", "batch", Component::ToolWebSearch), expect("10000.00", 0));
    assert_eq!(price("apac", "batch", Component::ToolWebSearch), expect("12000.00", 1));
}

#[test]
fn a_product_that_would_round_is_no_price() {
    let book = book(
        r#"
[[multiplier]]
factor = "0.5"
[[model]]
id = "m"
[[model.price]]
input_per_mtok = "0.000000000001"
output_per_mtok = "0.000000000002"
"#,
    );
    let rates = book.rates(&sku(), ANY, None);
    let november = period(NOV.0, NOV.1);
    let component = Component::InputUncached;
    assert_eq!(rates.at(component, november), Err(Unpriced::Inexact { component }));
    assert!(rates.at(Component::Output, november).is_ok());
}
