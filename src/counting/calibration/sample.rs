//! Records of logs as rows to fit to.

use std::collections::{BTreeMap, BTreeSet};

use super::super::classes::ClassRatios;
use super::super::method::{CountBasis, method_of};
use super::super::prompts::all_texts;
use super::super::request::RequestRules;
use super::super::tools::ToolRule;
use crate::corpus::{Logged, LoggedReport, Part, Prompt, opening};
use crate::diagnostic::code;
use crate::period::Timestamp;
use crate::price_book::{ModelEntry, PriceBook};
use crate::sku::Sku;
use crate::tokenizer::{ClassCounts, Counter, Encoding, LoadError};
use crate::tokens::{Component, Side};
use crate::usage::dedup::RequestId;

/// Eight classes, then one for the request, its messages, and one if it has tools.
pub(super) const DIM: usize = 11;

/// A record: what is in it, and what was billed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row {
    pub(super) x: [f64; DIM],
    pub(super) y: f64,
    /// Records of one conversation have most of their text in common.
    pub(super) conversation: u64,
}

/// The records of a model.
#[derive(Debug, Clone, Default)]
pub(super) struct OfModel {
    /// The tokenizer that the price book names.
    pub(super) tokenizer: String,
    /// The maker, and the model as its framing is looked up by.
    pub(super) maker: (String, String),
    pub(super) rows: Vec<Row>,
    /// Tokens of the base by class, of all rows.
    pub(super) classes: ClassCounts,
    pub(super) requests: u64,
    pub(super) input: u64,
    pub(super) output: u64,
    /// Whether its tokens are counted exactly, so that nothing is fitted.
    pub(super) exact: bool,
}

/// Collects the records of logs, model by model.
#[derive(Debug)]
pub struct Samples<'b> {
    book: &'b PriceBook,
    at: Timestamp,
    classes: &'b ClassRatios,
    counter: Counter,
    seen: BTreeSet<RequestId>,
    pub(super) models: BTreeMap<String, OfModel>,
    /// Names in the book of what logs name; `None`: no book knows it.
    names: BTreeMap<(String, String), Option<String>>,
    failed: Option<LoadError>,
}

const COPIES: &str = "copies of requests";
const MEDIA: &str = "prompts with images, sound, video or documents";

impl<'b> Samples<'b> {
    /// Nothing collected. Names of models are looked up in the books at a time.
    #[must_use]
    pub fn new(book: &'b PriceBook, at: Timestamp, classes: &'b ClassRatios) -> Self {
        Self {
            book,
            at,
            classes,
            counter: Counter::new(Encoding::O200kBase),
            seen: BTreeSet::new(),
            models: BTreeMap::new(),
            names: BTreeMap::new(),
            failed: None,
        }
    }

    /// A vocabulary of this program that could not be read.
    #[must_use]
    pub const fn failed(&self) -> Option<&LoadError> {
        self.failed.as_ref()
    }

    /// Takes a record, or leaves it out.
    pub fn add(&mut self, logged: &Logged<'_>, report: &mut LoggedReport) {
        if let Some(id) = logged.usage.request_id
            && !self.seen.insert(id)
        {
            return report.leave_out(code::DUPLICATE_RECORD, COPIES, Some(logged.place.clone()));
        }
        let sku = &logged.usage.sku;
        let Some(name) = self.named(sku) else {
            let why =
                format!("requests of `{}/{}`, which no price book knows", sku.provider, sku.model);
            return report.leave_out(code::UNKNOWN_MODEL, &why, Some(logged.place.clone()));
        };
        let Some(of) = self.models.get_mut(&name) else { return };
        let usage = &logged.usage.components;
        let input = usage.prompt_tokens();
        let is_output = |c: Component| c.is_tokens() && c.side() == Side::Output;
        let output = usage.iter().filter(|(c, _)| is_output(*c)).map(|(_, n)| n).sum();
        of.requests += 1;
        of.input = of.input.saturating_add(input);
        of.output = of.output.saturating_add(output);
        if of.exact {
            return;
        }
        if has_media(logged.prompt) {
            return report.leave_out(code::SAMPLE_LEFT_OUT, MEDIA, Some(logged.place.clone()));
        }
        let classes = classes_of(&mut self.counter, logged.prompt);
        of.classes.merge(&classes);
        of.rows.push(Row {
            x: features(&classes, logged.prompt),
            y: real(input),
            conversation: conversation(logged.prompt),
        });
    }

    /// The name of a model in the books, with its provider.
    fn named(&mut self, sku: &Sku) -> Option<String> {
        let key = (sku.provider.to_string(), sku.model.to_string());
        if let Some(known) = self.names.get(&key) {
            return known.clone();
        }
        let found = self.book.find_model(&sku.provider, &sku.model, self.at);
        let name = found.map(|entry| self.start(entry));
        self.names.insert(key, name.clone());
        name
    }

    fn start(&mut self, entry: &ModelEntry) -> String {
        let name = name_of(entry);
        let exact = match method_of(entry, self.classes) {
            Ok(method) => method.basis == CountBasis::Exact,
            Err(error) => {
                self.failed.get_or_insert(error);
                false
            }
        };
        self.models.entry(name.clone()).or_insert_with(|| OfModel {
            tokenizer: entry.tokenizer.as_deref().unwrap_or_default().to_owned(),
            maker: (entry.maker.as_deref().unwrap_or_default().to_owned(), entry.id.to_string()),
            exact,
            ..OfModel::default()
        });
        name
    }

    /// The rules of what stands around messages, for a model.
    pub(super) fn around(rules: &RequestRules, of: &OfModel) -> [f64; 3] {
        let overhead = rules.of(&of.maker.0, &of.maker.1);
        let framing = overhead.framing.unwrap_or_default();
        let tools = match overhead.tools {
            ToolRule::Prompt { prompt: Some(prompt) } => prompt.auto,
            _ => 0,
        };
        // Where messages have something around them their role is text, one token long.
        let role = u64::from(framing.message > 0);
        [real(framing.request), real(framing.message + role), real(tools)]
    }
}

/// The name of a model in files of this program: who bills it, and its id.
#[must_use]
pub fn name_of(entry: &ModelEntry) -> String {
    format!("{}/{}", entry.provider, entry.id)
}

fn has_media(prompt: &Prompt<'_>) -> bool {
    let is_media = |part: &Part<'_>| !matches!(part, Part::Text(_) | Part::Tokens(_));
    prompt.messages.iter().flat_map(|said| &said.parts).any(is_media)
}

/// Tokens of the base of all texts of a prompt, by class.
pub(in super::super) fn classes_of(counter: &mut Counter, prompt: &Prompt<'_>) -> ClassCounts {
    let mut classes = ClassCounts::default();
    all_texts(prompt).for_each(|text| classes.merge(&counter.count_classes(&text)));
    classes
}

fn features(classes: &ClassCounts, prompt: &Prompt<'_>) -> [f64; DIM] {
    let mut x = [0.0; DIM];
    for ((_, tokens), of) in classes.iter().zip(&mut x) {
        *of = real(tokens);
    }
    if prompt.is_chat() {
        x[8] = 1.0;
        x[9] = real(u64::try_from(prompt.messages.len()).unwrap_or(u64::MAX));
    }
    x[10] = if prompt.tools.is_empty() { 0.0 } else { 1.0 };
    x
}

fn conversation(prompt: &Prompt<'_>) -> u64 {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    opening(prompt).into_iter().for_each(|text| hash.update(text.as_bytes()));
    hash.digest()
}

/// A count as a fit takes it.
#[expect(clippy::cast_precision_loss, reason = "tokens of requests are far below 2^53")]
pub(super) fn real(count: u64) -> f64 {
    count as f64
}
