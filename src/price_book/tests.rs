use super::*;
use crate::diagnostic::{SeverityPolicy, code};

fn source(layer: Layer, name: &str, text: &str) -> BookSource {
    BookSource { name: name.to_owned(), text: text.to_owned(), layer }
}

const SMALL: &str = r#"schema = "tokencast.prices.v1"
provider = "openai"
name = "OpenAI API"
currency = "USD"
checked_on = "2026-11-20"
[[model]]
id = "gpt-5.6-sol"
aliases = ["gpt-5.6"]
[[model.price]]
effective_from = "2026-07-09T12:30:00Z"
input_per_mtok = "5"
[[model.price]]
when = { context_over = 272000 }
input_per_mtok = "10"
[[model.price]]
when = { service_tier = "batch", context_up_to = 272000 }
input_per_mtok = "2.5"
[[model]]
id = "gpt-5.6-luna"
[[model]]
id = "o3"
"#;

#[test]
fn bundled_books_have_no_problem_and_no_finding() {
    let (book, found) = PriceBook::bundled().unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(found.resolve(&SeverityPolicy::default()), []);
    assert_eq!(book.providers().count(), bundled::BUNDLED.len());
    assert_eq!(book.version().digest.len(), 32);
    for model in book.models() {
        assert!(!model.entries.is_empty(), "{} has no price", model.id);
        assert!(model.maker.is_some() && model.family.is_some(), "{}", model.id);
    }
    for entry in book.providers().flat_map(ProviderBook::all_entries) {
        assert!(entry.origin.source.is_some(), "{} has no source", entry.origin.location);
    }
}

#[test]
fn public_queries() {
    let (book, _) = PriceBook::load(&[source(Layer::Bundled, "a.toml", SMALL)]).unwrap();
    assert_eq!(book.context_edges(), [272_001]);
    assert_eq!(book.currency("openai"), Some(Currency::USD));
    assert_eq!(book.currency("anthropic"), None);
    assert_eq!(book.version().checked_on, NaiveDate::from_ymd_opt(2026, 11, 20));
    let ids: Vec<_> = book.models().map(|m| m.id.as_str()).collect();
    assert_eq!(ids, ["gpt-5.6-sol", "gpt-5.6-luna", "o3"]);
    assert_eq!(book.similar_models("openai", "gpt-5.6-sole"), ["gpt-5.6-sol", "gpt-5.6-luna"]);
    assert_eq!(book.similar_models("openai", "claude"), [""; 0]);
    let day = |text: &str| Timestamp::parse(text).unwrap();
    let july = Period::new(day("2026-07-01"), day("2026-08-01")).unwrap();
    assert_eq!(book.time_edges(july), [day("2026-07-09T12:30:00Z")]);
    let after = Period::new(day("2026-07-09T12:30:00Z"), day("2026-08-01")).unwrap();
    assert_eq!(book.time_edges(after), []);
}

#[test]
fn the_digest_follows_content_and_layer_only() {
    let digest = |layer, name: &str, text: &str| {
        let (book, _) = PriceBook::load(&[source(layer, name, text)]).unwrap();
        book.version().digest.clone()
    };
    let one = digest(Layer::Bundled, "a.toml", SMALL);
    assert_eq!(one, digest(Layer::Bundled, "b.toml", SMALL));
    assert_ne!(one, digest(Layer::Flag, "a.toml", SMALL));
    assert_ne!(one, digest(Layer::Bundled, "a.toml", &SMALL.replace("\"5\"", "\"6\"")));
}

#[test]
fn an_id_that_hides_an_alias_is_suspect() {
    let higher =
        SMALL.split("[[model]]").next().unwrap_or("").to_owned() + "[[model]]\nid = \"gpt-5.6\"\n";
    let sources = [source(Layer::Bundled, "a.toml", SMALL), source(Layer::Flag, "b.toml", &higher)];
    let (_, found) = PriceBook::load(&sources).unwrap();
    let findings = found.resolve(&SeverityPolicy::default());
    assert_eq!(findings[0].code, code::PRICE_BOOK_SUSPECT);
    assert_eq!(
        findings[0].message,
        "model `gpt-5.6` hides the alias of `gpt-5.6-sol` at a.toml:8: write prices under that id to add to it"
    );
}
