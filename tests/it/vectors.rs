//! Hand-worked invoices: usage in, exact cost out.

use std::collections::BTreeSet;

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

fn vectors() -> Vec<Vector> {
    let mut vectors = Vec::new();
    let contracts = root().join("tests/vectors/contracts");
    for path in files_below(&root().join("tests/vectors")) {
        if path.starts_with(&contracts) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let file: VectorFile =
            toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        vectors.extend(file.vector);
    }
    vectors
}

#[test]
fn every_vector_gives_its_amount() {
    let vectors = vectors();
    assert!(vectors.len() >= 130, "{} vectors", vectors.len());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let failed: Vec<String> = std::thread::scope(|scope| {
        let share = vectors.len().div_ceil(threads);
        let running: Vec<_> = vectors
            .chunks(share)
            .map(|part| scope.spawn(|| part.iter().filter_map(failure).collect::<Vec<_>>()))
            .collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// What is wrong with the result of a vector; `None` if it is right.
fn failure(vector: &Vector) -> Option<String> {
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
    let expected = vector.total.as_deref().unwrap_or("0.00");
    let right = !vector.worked.is_empty()
        && unpriced == vector.unpriced
        && report["inputs"]["skipped"] == 0
        && totals["billed_cost"] == expected
        && run.status == if vector.total.is_some() { 0 } else { 3 };
    (!right).then(|| {
        format!(
            "{}: {}\nexpected {expected}, unpriced {:?}\nfound {}, unpriced {unpriced:?}, exit {}\n{}",
            vector.name,
            vector.worked,
            vector.unpriced,
            totals["billed_cost"],
            run.status,
            run.stderr
        )
    })
}

/// A long-context rule is proven on both sides: the last prompt below each threshold and the first
/// above it, and one more.
#[test]
fn every_threshold_of_the_books_has_its_vectors() {
    let (book, _) = PriceBook::bundled().unwrap();
    let mut used: BTreeSet<(String, u64)> = BTreeSet::new();
    for vector in vectors() {
        for line in vector.usage.lines().filter(|line| line.contains("\"components\"")) {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            let counts = record["components"].as_object().unwrap();
            let input = counts.iter().filter(|(name, _)| name.starts_with("input."));
            let prompt = input.filter_map(|(_, count)| count.as_u64()).sum();
            used.insert((record["provider"].as_str().unwrap().to_owned(), prompt));
        }
    }
    let mut missing = Vec::new();
    for provider in book.providers() {
        let firsts: BTreeSet<u64> =
            provider.all_entries().map(|e| e.condition.context.from).filter(|f| *f > 0).collect();
        for first in firsts {
            let beside = if first % 1_000 == 0 { first + 1 } else { first - 2 };
            let sizes = [first - 1, first, beside];
            let lacking =
                sizes.iter().filter(|s| !used.contains(&(provider.provider.to_string(), **s)));
            missing.extend(lacking.map(|s| format!("{} at {s}", provider.provider)));
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
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
