//! Price tables of other tools, as texts made for one rule each, made up at random, or damaged.

use proptest::prelude::*;
use tokencast::price_book::import::{self, ImportError, Options};
use tokencast::price_book::{BookSource, Layer, PriceBook};
use tokencast::tokens::Component as C;

use super::prices_import::{Ask, NOV, SHORT, price, sample};

fn options() -> Options {
    Options { checked_on: Some("2026-11-20".parse().unwrap()), ..Options::default() }
}

fn load_text(name: &str, text: &str) -> PriceBook {
    let imported = import::import(name, text, &options()).unwrap();
    let source = |b: &import::ImportedBook| BookSource {
        name: b.file_name.clone(),
        text: b.text.clone(),
        layer: Layer::Flag,
    };
    PriceBook::load(&imported.books.iter().map(source).collect::<Vec<_>>()).unwrap().0
}

/// The last price of the list whose constraint holds is the one: a time of day listed before a
/// dated price ends with it, one listed after it goes on.
#[test]
fn genai_prices_dates_and_times_together() {
    let yaml = |first: &str, second: &str| {
        format!(
            "id: acme\nmodels:\n- id: m\n  prices:\n  - prices: {{input_mtok: 1}}\n{first}{second}"
        )
    };
    let dated = "  - constraint: {start_date: 2026-01-01}\n    prices: {input_mtok: 2}\n";
    let timed = "  - constraint: {start_time: '09:00:00+08:00', end_time: '12:00:00+08:00'}\n    prices: {input_mtok: 4}\n";
    let input = |book: &PriceBook, at| {
        price(book, Ask { sku: "acme m", tokens: SHORT, at }, C::InputUncached, 6)
    };
    let times = [
        "2025-12-31T00:59:59Z",
        "2025-12-31T01:00:00Z",
        "2026-01-01T03:59:59Z",
        "2026-01-01T04:00:00Z",
    ];
    let goes_on = load_text("a.yml", &yaml(dated, timed));
    assert_eq!(times.map(|at| input(&goes_on, at)), ["1", "4", "4", "2"]);
    let ends = load_text("a.yml", &yaml(timed, dated));
    assert_eq!(times.map(|at| input(&ends, at)), ["1", "4", "2", "2"]);
}

#[test]
fn genai_prices_with_units() {
    let text = r#"{"units": {}, "providers": [{"id": "openai", "models": [{"id": "m", "match": {"equals": "m"},
        "prices": {"input_mtok": 1, "cache_write_mtok": 1.25, "output_reasoning_mtok": 3, "web_searches_kcount": 10,
                   "input_audio_hours": 0.36}}]}]}"#;
    let book = load_text("v3.json", text);
    let of = |c, power| price(&book, Ask { sku: "openai m", tokens: SHORT, at: NOV }, c, power);
    assert_eq!(of(C::InputCacheWrite30m, 6), "1.25");
    assert_eq!(of(C::OutputReasoning, 6), "3");
    assert_eq!(of(C::ToolWebSearch, 3), "10");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever the mix of keys, fields and prices, a book that is written loads.
    #[test]
    fn litellm_books_load(
        models in prop::collection::vec(
            (
                prop::sample::select(vec![
                    "", "azure/", "azure/eu/", "azure/global/", "bedrock/us-east-1/", "us.", "global.",
                ]),
                prop::sample::select(vec!["azure", "bedrock", "openai", "vertex_ai-x", "", " "]),
                prop::collection::vec(
                    (
                        prop::sample::select(vec![
                            "input_cost_per_token", "output_cost_per_token", "cache_creation_input_token_cost",
                            "output_cost_per_reasoning_token", "input_cost_per_character",
                        ]),
                        prop::sample::select(vec!["", "_above_128k_tokens", "_above_200k_tokens", "_above_1hr"]),
                        prop::sample::select(vec!["", "_flex", "_priority", "_batches"]),
                        prop::sample::select(vec!["1e-6", "2e-6", "0", "1e-30", "1e30", "-1", "\"x\"", "null"]),
                    ),
                    1..12,
                ),
                prop::sample::select(vec!["1.1", "1e40", "0", "1.123456789012"]),
            ),
            1..8,
        )
    ) {
        let entries: Vec<String> = models
            .iter()
            .map(|(prefix, provider, fields, uplift)| {
                let fields: Vec<String> =
                    fields.iter().map(|(f, over, tier, v)| format!("\"{f}{over}{tier}\": {v}")).collect();
                format!(
                    "\"{prefix}a.m\": {{\"litellm_provider\": \"{provider}\", \"max_input_tokens\": 1e18, \"regional_processing_uplift_multiplier_us\": {uplift}, {}}}",
                    fields.join(", ")
                )
            })
            .collect();
        let result = import::import("x.json", &format!("{{{}}}", entries.join(",")), &options());
        prop_assert!(!matches!(result, Err(ImportError::Refused(..))), "{result:?}");
    }

    /// Damaged files give an error or less, never a panic or a book that does not load.
    #[test]
    fn damaged_files_do_no_harm(
        file in prop::sample::select(vec![
            "litellm.json", "genai-prices.json", "genai-prices.yml", "models-dev.json", "llm-prices-historical.json",
        ]),
        at in 0.0..1.0f64,
        with in prop::sample::select(vec!["", "\"", "{", "-", "9", ":", "\n", "null", "e", "\u{e9}"]),
    ) {
        let text = std::fs::read_to_string(sample(file)).unwrap();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a file")]
        let place = (text.len() as f64 * at) as usize;
        prop_assume!(text.is_char_boundary(place) && text.is_char_boundary(place + 1));
        let damaged = format!("{}{with}{}", &text[..place], &text[place + 1..]);
        let result = import::import(file, &damaged, &options());
        prop_assert!(!matches!(result, Err(ImportError::Refused(..))), "{result:?}");
    }
}

#[test]
fn hostile_names_stay_text() {
    let text = r#"{"a\"\n[[model]]": {"litellm_provider": "../x", "input_cost_per_token": 1e-6},
        "azure/m": {"litellm_provider": "azure", "input_cost_per_token": 1e-6, "input_cost_per_token_above_128k_tokens": 2e-6},
        "azure/global/m": {"litellm_provider": "azure", "input_cost_per_token": 3e-6},
        "azure/eu/m": {"litellm_provider": "azure", "input_cost_per_token": -1}}"#;
    let options = Options {
        checked_on: Some("2026-11-20".parse().unwrap()),
        source: Some("a\n[[x]] \"b\"".to_owned()),
        ..Options::default()
    };
    let imported = import::import("x", text, &options).unwrap();
    let names: Vec<&str> = imported.books.iter().map(|b| b.file_name.as_str()).collect();
    assert_eq!(names, ["x.toml", "azure-openai.toml"]);
    let reasons: Vec<&str> = imported.not_carried.iter().map(|n| n.reason).collect();
    assert_eq!(reasons.len(), 2, "{reasons:?}");
}
