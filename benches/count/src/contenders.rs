//! The tokenizers that are measured.

use tokencast::tokenizer::{Counter, Encoding};

/// Counts tokens of a text.
pub type Count = Box<dyn FnMut(&str) -> u64>;
/// Makes a fresh counter; vocabularies are loaded once.
pub type Make = fn() -> Count;

pub struct Contender {
    pub name: &'static str,
    pub make: Make,
    /// Whether a megabyte of white space makes it give up.
    pub fragile: bool,
}

/// Of each tokenizer that keeps what it has seen, a fresh one is made, so that a first pass is cold.
pub fn all(encoding: &str) -> Vec<Contender> {
    let makes: [Make; 6] = match encoding {
        "o200k_base" => [
            || own(Encoding::O200kBase),
            || classes(Encoding::O200kBase),
            || reference(tiktoken_rs::o200k_base_singleton()),
            || bpe(bpe_openai::o200k_base()),
            || splintr_("o200k_base"),
            || toktok_("o200k_base"),
        ],
        "cl100k_base" => [
            || own(Encoding::Cl100kBase),
            || classes(Encoding::Cl100kBase),
            || reference(tiktoken_rs::cl100k_base_singleton()),
            || bpe(bpe_openai::cl100k_base()),
            || splintr_("cl100k_base"),
            || toktok_("cl100k_base"),
        ],
        other => panic!("{other} is not measured"),
    };
    let names = ["tokencast", "its classes", "tiktoken-rs", "bpe-openai", "splintr", "toktok-rs"];
    let each = names.into_iter().zip(makes);
    each.map(|(name, make)| Contender { name, make, fragile: name == "tiktoken-rs" }).collect()
}

fn own(encoding: Encoding) -> Count {
    let mut counter = Counter::new(encoding);
    Box::new(move |text| counter.count(text))
}

fn classes(encoding: Encoding) -> Count {
    let mut counter = Counter::new(encoding);
    Box::new(move |text| counter.count_classes(text).total())
}

fn reference(bpe: &'static tiktoken_rs::CoreBPE) -> Count {
    Box::new(|text| bpe.encode_ordinary(text).len() as u64)
}

fn bpe(tokenizer: &'static bpe_openai::Tokenizer) -> Count {
    Box::new(|text| tokenizer.count(text) as u64)
}

fn splintr_(name: &str) -> Count {
    let tokenizer = splintr::from_pretrained(name).expect("bundled");
    let ordinary = splintr::SpecialMode::Ordinary;
    Box::new(move |text| tokenizer.encode_with(text, &ordinary).expect("ordinary").len() as u64)
}

fn toktok_(name: &str) -> Count {
    let tokenizer = toktok::Tokenizer::builtin(name).expect("bundled");
    Box::new(move |text| tokenizer.count(text.as_bytes()) as u64)
}
