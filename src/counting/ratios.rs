//! How many tokens the text of a corpus has for one tokenizer and for another, as data for scenarios.

use std::collections::BTreeMap;

use super::method::{CountBasis, CountedModel, MethodCounter, Running, TextTokens};
use super::prompts::texts_in;
use crate::corpus::{Prompt, Sink};
use crate::money::{Amount, MoneyError, Rounding};
use crate::price_book::{MeasuredRow, measured_table};
use crate::tokenizer::{ClassCounts, ContentClass, Counter, Encoding, LongSpace};

/// Places of a ratio.
const PLACES: u32 = 6;

/// Tokens of one kind of text.
#[derive(Debug, Clone, Default)]
struct Sums {
    prompts: u64,
    /// By tokenizer.
    tokens: Vec<TextTokens>,
}

impl Sums {
    fn add(&mut self, prompts: u64, tokens: impl Iterator<Item = TextTokens>) {
        self.prompts = self.prompts.saturating_add(prompts);
        for (at, tokens) in tokens.enumerate() {
            match self.tokens.get_mut(at) {
                Some(sum) => sum.add(tokens),
                None => self.tokens.push(tokens),
            }
        }
    }
}

type ByClass = BTreeMap<ContentClass, Sums>;

/// How many tokens the text of prompts, tools and answers has for several tokenizers.
#[derive(Debug)]
pub struct RatioMeter {
    /// Tokenizers by the names of price books, each with a model that has it.
    tokenizers: Vec<(String, CountedModel)>,
    by_class: ByClass,
    failed: Option<LongSpace>,
}

/// Counts for a [`RatioMeter`], in one thread.
#[derive(Debug)]
pub struct RatioCounter {
    counters: Vec<MethodCounter>,
    kinds: Counter,
    /// What was counted of the current prompt: its kinds of tokens, and the tokens of each counter.
    classes: ClassCounts,
    running: Vec<Running>,
    by_class: ByClass,
    failed: Option<LongSpace>,
}

impl RatioCounter {
    fn text(&mut self, text: &str) {
        self.classes.merge(&self.kinds.count_classes(text));
        for (counter, running) in self.counters.iter_mut().zip(&mut self.running) {
            if let Err(error) = counter.add(text, running) {
                self.failed.get_or_insert(error);
            }
        }
    }

    fn end(&mut self) {
        let class = ContentClass::of(&std::mem::take(&mut self.classes));
        let all = self.counters.iter().zip(&mut self.running);
        let tokens = all.map(|(counter, running)| counter.total(&std::mem::take(running)));
        self.by_class.entry(class).or_default().add(1, tokens);
    }
}

impl Sink for RatioCounter {
    fn prompt(&mut self, _: usize, prompt: &Prompt<'_>) {
        for said in &prompt.messages {
            texts_in(&said.parts).for_each(|text| self.text(text));
        }
        let tools = prompt.tools.iter().filter_map(|tool| std::str::from_utf8(tool.raw.raw()).ok());
        tools.chain(texts_in(&prompt.answer)).for_each(|text| self.text(text));
        self.end();
    }

    fn part(&mut self, text: &str) {
        self.text(text);
    }

    fn end_of_parts(&mut self, _: usize, _: &Prompt<'_>) {
        self.end();
    }
}

impl RatioMeter {
    /// Nothing counted.
    #[must_use]
    pub fn new(tokenizers: Vec<(String, CountedModel)>) -> Self {
        Self { tokenizers, by_class: ByClass::new(), failed: None }
    }

    /// Counts for one thread; what it counted is put back with [`Self::merge`].
    #[must_use]
    pub fn counter(&self) -> RatioCounter {
        let counters: Vec<MethodCounter> =
            self.tokenizers.iter().map(|(_, model)| model.method.counter()).collect();
        RatioCounter {
            running: vec![Running::default(); counters.len()],
            counters,
            kinds: Counter::new(Encoding::O200kBase),
            classes: ClassCounts::default(),
            by_class: ByClass::new(),
            failed: None,
        }
    }

    /// Adds what a thread counted; the order does not matter.
    pub fn merge(&mut self, counted: RatioCounter) {
        for (class, sums) in counted.by_class {
            self.by_class.entry(class).or_default().add(sums.prompts, sums.tokens.into_iter());
        }
        self.failed = self.failed.take().or(counted.failed);
    }

    /// A text that could not be counted.
    #[must_use]
    pub const fn failed(&self) -> Option<&LongSpace> {
        self.failed.as_ref()
    }

    /// The table of ratios, of all text and of each kind of it; `None`: there was no text. `day` is that of the price books.
    ///
    /// # Errors
    /// [`MoneyError`] if a ratio does not fit.
    pub fn table(&self, day: &str) -> Result<Option<String>, MoneyError> {
        let is_exact =
            |(_, model): &(String, CountedModel)| model.method.basis == CountBasis::Exact;
        let base = self.tokenizers.iter().position(is_exact).unwrap_or(0);
        let mut all =
            Sums { prompts: 0, tokens: vec![TextTokens::default(); self.tokenizers.len()] };
        for sums in self.by_class.values() {
            all.add(sums.prompts, sums.tokens.iter().copied());
        }
        let classes = self.by_class.iter().map(|(class, sums)| (Some(class.name()), sums));
        let mut rows = Vec::new();
        for (class, sums) in [(None, &all)].into_iter().chain(classes) {
            if sums.tokens.get(base).is_none_or(|counted| counted.tokens == 0) {
                continue;
            }
            for number in 0..self.tokenizers.len() {
                rows.push(self.row(number, base, class, sums)?);
            }
        }
        let Some((name, _)) = self.tokenizers.get(base).filter(|_| !rows.is_empty()) else {
            return Ok(None);
        };
        Ok(Some(measured_table(name, day, &rows)))
    }

    fn row(
        &self,
        number: usize,
        base: usize,
        class: Option<&'static str>,
        sums: &Sums,
    ) -> Result<MeasuredRow, MoneyError> {
        let ends = |at: usize| {
            let TextTokens { tokens, as_shipped } = sums.tokens[at];
            let estimate = self.tokenizers[at].1.method.estimate();
            let half = estimate.map_or(0, |e| e.half_band(tokens, as_shipped, sums.prompts));
            [tokens.saturating_sub(half), tokens, tokens.saturating_add(half)]
        };
        let (own, of) = (ends(number), ends(base));
        let ratio = |own: u64, of: u64| {
            let ratio = Amount::from_units(1).checked_ratio(i128::from(own), i128::from(of.max(1)));
            Ok::<_, MoneyError>(ratio?.round(PLACES, Rounding::HalfEven))
        };
        let (name, model) = &self.tokenizers[number];
        let method = &model.method;
        let is_base = number == base;
        let [low, middle, high] = if is_base {
            [Amount::from_units(1); 3]
        } else {
            // Both bands at their far ends: how they hang together is not known.
            [ratio(own[0], of[2])?, ratio(own[1], of[1])?, ratio(own[2], of[0])?]
        };
        let base_name = &self.tokenizers[base].0;
        let source = format!(
            "{} tokens for {} of {base_name}, {} prompts; {}: {}",
            own[1],
            of[1],
            sums.prompts,
            method.basis.name(),
            method.why
        );
        Ok(MeasuredRow {
            tokenizer: name.clone(),
            content: class,
            low,
            ratio: middle,
            high,
            basis: method.basis.name(),
            source,
        })
    }
}
