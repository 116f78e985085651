//! Boundaries, calendars, aliases, layers and views of the past.

use super::*;

#[test]
fn a_price_changes_at_the_instant() {
    // o3 went from 10 to 2 on 2025-06-10 (section 3).
    let book = book(
        r#"
[[model]]
id = "m"
[[model.price]]
effective_from = "2025-04-16"
effective_until = "2025-06-10"
input_per_mtok = "10"
[[model.price]]
effective_from = "2025-06-10"
input_per_mtok = "2"
"#,
    );
    let rates = book.rates(&sku(), ANY, None);
    let edge = at("2025-06-10").nanos();
    let price = |nanos| input(&rates, moment(Timestamp::from_nanos(nanos)));
    assert_eq!([price(edge - 1), price(edge), price(edge + 1)], ["10.00", "2.00", "2.00"]);
    assert_eq!(
        input(&rates, period("2025-06-09T23:00:00Z", "2025-06-10T01:00:00Z")),
        "price of `input.uncached` changes at 2025-06-10T00:00:00Z, inside the period of the usage"
    );
    assert_eq!(input(&rates, period("2025-06-09", "2025-06-10")), "10.00");
    assert_eq!(
        input(&rates, period("2025-04-15", "2025-04-16")),
        "no price for `input.uncached` in force at 2025-04-15T00:00:00Z"
    );
}

#[test]
fn a_new_entry_with_the_same_price_is_no_change() {
    let book = book(
        r#"
[[model]]
id = "m"
[[model.price]]
effective_until = "2026-01-01"
input_per_mtok = "2"
output_per_mtok = "10"
[[model.price]]
effective_from = "2026-01-01"
input_per_mtok = "2.00"
output_per_mtok = "11"
"#,
    );
    let rates = book.rates(&sku(), ANY, None);
    let days = period("2025-12-31", "2026-01-02");
    assert_eq!(input(&rates, days), "2.00");
    assert!(matches!(
        rates.at(Component::Output, days),
        Err(Unpriced::PeriodStraddlesChange { edge, .. }) if edge == at("2026-01-01")
    ));
}

#[test]
fn prices_by_the_clock() {
    // DeepSeek V4 Pro: input 1.32 at peak and .66 else (section 3); 2026-10-01 is a holiday,
    // 2026-10-02 a Friday, 2026-10-03 a Saturday. 03:30 to 04:30 leaves the window at 04:00.
    let book = book(
        r#"
[[calendar]]
name = "peak"
timezone = "UTC"
hours = ["01:00-04:00", "06:00-10:00", "22:30-00:30"]
weekdays = ["mon", "tue", "wed", "thu", "fri"]
holidays = ["2026-10-01"]
[[model]]
id = "m"
[[model.price]]
when = { calendar = "peak" }
input_per_mtok = "1.32"
output_per_mtok = "2"
[[model.price]]
when = { outside_calendar = "peak" }
input_per_mtok = "0.66"
output_per_mtok = "2"
"#,
    );
    let rates = book.rates(&sku(), ANY, None);
    let price = |start: &str, end: &str| input(&rates, period(start, end));
    assert_eq!(price("2026-10-02T01:00:00Z", "2026-10-02T04:00:00Z"), "1.32");
    assert_eq!(price("2026-10-02T04:00:00Z", "2026-10-02T06:00:00Z"), "0.66");
    assert_eq!(price("2026-10-01T01:00:00Z", "2026-10-01T02:00:00Z"), "0.66");
    assert_eq!(price("2026-10-02T22:30:00Z", "2026-10-03T00:00:00Z"), "1.32");
    assert_eq!(price("2026-10-03T00:00:00Z", "2026-10-05T00:00:00Z"), "0.66");
    assert_eq!(price("2026-10-02T00:00:00Z", "2026-10-02T00:30:00Z"), "1.32");
    assert_eq!(
        price("2026-10-02T03:30:00Z", "2026-10-02T04:30:00Z"),
        "price of `input.uncached` changes at 2026-10-02T04:00:00Z, inside the period of the usage"
    );
    assert!(rates.at(Component::Output, period("2026-10-02", "2026-10-03")).is_ok());
    let friday = period("2026-10-02", "2026-10-03");
    let half_hours = [at("2026-10-02T00:30:00Z"), at("2026-10-02T22:30:00Z")];
    assert_eq!(book.time_edges(friday), half_hours);
}

#[test]
fn an_alias_means_another_model_later() {
    // gpt-4o meant gpt-4o-2024-05-13 at 5 until 2024-10-02, then gpt-4o-2024-08-06 at 2.50.
    let book = book(
        r#"
[[model]]
id = "gpt-4o-2024-05-13"
aliases = [{ name = "gpt-4o", effective_from = "2024-05-13", effective_until = "2024-10-02" }]
[[model.price]]
input_per_mtok = "5"
[[model]]
id = "gpt-4o-2024-08-06"
aliases = [{ name = "gpt-4o", effective_from = "2024-10-02" }]
[[model.price]]
effective_from = "2024-08-06"
input_per_mtok = "2.5"
"#,
    );
    let rates = book.rates(&Sku::new("anthropic", "gpt-4o"), ANY, None);
    let edge = at("2024-10-02").nanos();
    let price = |nanos| input(&rates, moment(Timestamp::from_nanos(nanos)));
    assert_eq!([price(edge - 1), price(edge), price(edge + 1)], ["5.00", "2.50", "2.50"]);
    assert!(
        price(at("2024-05-12").nanos()).starts_with("no price for `input.uncached` in force at")
    );
    let id = |text: &str| book.find_model("anthropic", "gpt-4o", at(text)).map(|m| m.id.as_str());
    assert_eq!(id("2024-05-12"), None);
    assert_eq!(id("2024-10-01"), Some("gpt-4o-2024-05-13"));
    assert_eq!(id("2024-10-02"), Some("gpt-4o-2024-08-06"));
    assert!(book.find_model("anthropic", "gpt-4", at("2024-10-02")).is_none());
}

const LIST: &str = r#"
[[multiplier]]
factor = "1.1"
when = { endpoint = "us" }
[[model]]
id = "m"
maker = "anthropic"
[[model.price]]
input_per_mtok = "2"
output_per_mtok = "10"
[[model.price]]
when = { endpoint = "us", region = "r" }
input_per_mtok = "3"
"#;

#[test]
fn higher_layers_win() {
    let organisation = r#"
[[model]]
id = "m"
aliases = ["house-model"]
[[model.price]]
effective_from = "2026-06-01"
input_per_mtok = "1.5"
[[model]]
id = "own"
[[model.price]]
input_per_mtok = "0.1"
"#;
    let flag = "[[multiplier]]\nfactor = \"0.5\"\n";
    // The order in which sources are given does not matter.
    let sources = [
        source(Layer::Flag, flag),
        source(Layer::Organisation, organisation),
        source(Layer::Bundled, LIST),
    ];
    let book = load(&sources);
    let us =
        Sku { endpoint: "us".into(), region: "r".into(), ..Sku::new("anthropic", "house-model") };
    let rates = book.rates(&us, ANY, None);
    let price = |component, day: &str| {
        rates.at(component, moment(at(day))).map(|r| r.unit_price.per(6).unwrap().to_string())
    };
    // Before: bundled 3 × 1.1 × 0.5 = 1.65. After: 1.5 × 0.5, the bundled factor does not touch it.
    assert_eq!(price(Component::InputUncached, "2026-05-31"), Ok("1.65".to_owned()));
    assert_eq!(price(Component::InputUncached, "2026-06-01"), Ok("0.75".to_owned()));
    // Not in the organisation's book: bundled 10 × 1.1 × 0.5.
    assert_eq!(price(Component::Output, "2026-06-01"), Ok("5.50".to_owned()));
    let model = book.find_model("anthropic", "house-model", at("2026-06-01")).unwrap();
    assert_eq!((model.id.as_str(), model.entries.len()), ("m", 3));
    assert_eq!(model.maker.as_deref(), Some("anthropic"));
    assert_eq!(book.models().count(), 2);
}

/// Sonnet 5 (section 2): 2/10, a rise to 3/15 announced for 2026-09-01 and taken back.
const SONNET: &str = r#"
[[model]]
id = "m"
[[model.price]]
effective_from = "2026-06-30"
input_per_mtok = "2"
output_per_mtok = "10"
[[model.price]]
effective_from = "2026-09-01"
announced_on = "2026-06-30"
withdrawn_on = "2026-08-20"
input_per_mtok = "3"
output_per_mtok = "15"
"#;

#[test]
fn a_rise_taken_back() {
    let book = book(SONNET);
    let october = period("2026-10-01", "2026-11-01");
    let price = |known_at: Option<&str>| {
        let rates = book.rates(&sku(), ANY, known_at.map(at));
        let price = |c| rates.at(c, october).unwrap().unit_price.per(6).unwrap().to_string();
        (price(Component::InputUncached), price(Component::Output))
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(price(Some("2026-07-15")), pair("3.00", "15.00"));
    assert_eq!(price(Some("2026-08-25")), pair("2.00", "10.00"));
    assert_eq!(price(None), pair("2.00", "10.00"));
    let rates = book.rates(&sku(), ANY, Some(at("2026-06-01")));
    assert_eq!(
        input(&rates, october),
        "no price for `input.uncached` in force at 2026-10-01T00:00:00Z, as known at 2026-06-01T00:00:00Z"
    );
}

#[test]
fn a_price_goes_on_in_views_before_its_successor_was_known() {
    // Gemini 4 (section 2): 2 until 2026-12-01, then 4; here announced on 2026-11-01.
    let book = book(
        r#"
[[model]]
id = "m"
[[model.price]]
effective_from = "2026-08-01"
effective_until = "2026-12-01"
input_per_mtok = "2"
[[model.price]]
effective_from = "2026-12-01"
effective_until = "2027-06-01"
announced_on = "2026-11-01"
input_per_mtok = "4"
[[model.price]]
when = { service_tier = "batch" }
effective_from = "2026-12-01"
announced_on = "2026-08-01"
input_per_mtok = "1"
"#,
    );
    let price = |known_at: Option<&str>, day: &str| {
        input(&book.rates(&sku(), ANY, known_at.map(at)), moment(at(day)))
    };
    assert_eq!(price(Some("2026-10-31"), "2027-01-01"), "2.00");
    assert_eq!(price(Some("2026-11-01"), "2027-01-01"), "4.00");
    assert_eq!(price(None, "2027-01-01"), "4.00");
    assert_eq!(price(None, "2026-11-30"), "2.00");
    // The second end has no successor: it stands.
    assert!(price(Some("2026-11-01"), "2027-06-01").starts_with("no price for"));
}

#[test]
fn periods_without_any_price() {
    let book = book(SONNET);
    let rates = book.rates(&sku(), ANY, None);
    assert!(matches!(
        rates.at(Component::Output, period("2026-06-29", "2026-07-01")),
        Err(Unpriced::PeriodStraddlesChange { edge, .. }) if edge == at("2026-06-30")
    ));
    assert!(matches!(
        rates.at(Component::Output, period("2026-06-01", "2026-06-30")),
        Err(Unpriced::NoPriceAtThatTime { .. })
    ));
}
