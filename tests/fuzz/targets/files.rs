//! Files that users write: price books, contracts, budgets, exchange rates and scenarios.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tokencast::budget::file::{self as budgets, BudgetSource};
use tokencast::contract::{ContractSource, FxSource, read_fx};
use tokencast::price_book::{BookSource, Layer, PriceBook};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (name, text) = (|| "input".to_owned(), || text.to_owned());
    let _ = PriceBook::load(&[BookSource { name: name(), text: text(), layer: Layer::Flag }]);
    let _ = tokencast::contract::load(&[ContractSource { name: name(), text: text() }]);
    let _ = budgets::load(&[BudgetSource { name: name(), text: text() }], Default::default());
    let _ = read_fx(&[FxSource { name: name(), text: text() }]);
    let _ = tokencast::scenario::file::read("input", &text());
});
