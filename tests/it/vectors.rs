//! Hand-worked invoices: usage in, exact cost out.

use serde::Deserialize;
use tokencast::price_book::{BookSource, Layer, PriceBook};

use super::common::{TestEnv, files_below, root};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VectorFile {
    vector: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    /// What rule it is for.
    name: String,
    /// The work, by hand, and where the prices are from.
    worked: String,
    /// Lines of `tokencast.usage.v1` or of any other format that is read.
    usage: String,
    /// Total billed cost, or absent if nothing is priced.
    total: Option<String>,
    /// Components without a price.
    #[serde(default)]
    unpriced: Vec<String>,
    /// A price book that overrides the bundled ones.
    book: Option<String>,
    /// Prices as known at.
    known_at: Option<String>,
}

#[test]
fn every_vector_gives_its_amount() {
    let mut count = 0;
    for path in files_below(&root().join("tests/vectors")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let file: VectorFile =
            toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for vector in file.vector {
            check(&vector);
            count += 1;
        }
    }
    assert!(count >= 30, "{count} vectors");
}

fn check(vector: &Vector) {
    assert!(!vector.worked.is_empty(), "{}", vector.name);
    let env = TestEnv::new();
    env.file("usage.jsonl", &vector.usage);
    let mut arguments = vec!["cost", "usage.jsonl", "--output", "json", "--quiet"];
    if let Some(book) = &vector.book {
        env.file("book.toml", book);
        arguments.extend(["--prices", "book.toml"]);
    }
    if let Some(date) = &vector.known_at {
        arguments.extend(["--known-at", date]);
    }
    let run = env.run(&arguments);
    let report = run.json();
    let totals = &report["totals"];
    let unpriced: Vec<&str> =
        totals["unpriced"]["components"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(unpriced, vector.unpriced, "{}: unpriced\n{}", vector.name, run.stderr);
    assert_eq!(report["inputs"]["skipped"], 0, "{}\n{}", vector.name, run.stderr);
    let expected = vector.total.as_deref().unwrap_or("0.00");
    assert_eq!(totals["billed_cost"], expected, "{}: {}", vector.name, vector.worked);
    assert_eq!(run.status, if vector.total.is_some() { 0 } else { 3 }, "{}", vector.name);
}

/// The vectors must not pass because of a book that is not there.
#[test]
fn bundled_books_load_without_a_finding() {
    let (book, found) = PriceBook::bundled().unwrap();
    assert!(book.models().count() > 500);
    let policy = tokencast::diagnostic::SeverityPolicy::default();
    assert!(found.resolve(&policy).is_empty(), "{found:?}");
}

#[test]
fn a_broken_book_names_every_problem() {
    let text = "schema = \"tokencast.prices.v1\"\nprovider = \"x\"\nname = \"X\"\ncurrency = \"USD\"\nchecked_on = \"2026-11-20\"\n\n[[model]]\nid = \"a\"\ncontext_windw = 5\n\n[[model.price]]\ninput_per_mtok = \"1,5\"\n";
    let source = BookSource { name: "x.toml".into(), text: text.into(), layer: Layer::Flag };
    let errors = PriceBook::load(&[source]).unwrap_err().to_string();
    assert!(errors.contains("x.toml:9") && errors.contains("context_window"), "{errors}");
    assert!(errors.contains("x.toml:12") && errors.contains("1,5"), "{errors}");
}
