//! How the text of a model is counted.

use std::fmt;

use super::classes::{ClassRatios, Estimate};
use super::request::Overhead;
use crate::money::Factor;
use crate::price_book::ModelEntry;
use crate::sku::Sku;
use crate::tokenizer::{
    Basis, Choice, ClassCounts, Counter, Encoding, LoadError, LongSpace, TextCounter, Tokenizer,
    assigned,
};

/// How a count came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CountBasis {
    /// By the tokenizer of the model.
    Exact,
    /// By a tokenizer that the user gave for the model.
    Supplied,
    /// By the tokenizer that the model probably has.
    Assumed,
    /// By ratios that were fitted to the user's logs.
    Calibrated,
    /// By the ratios of the program: the tokenizer is not public.
    Estimated,
}

impl CountBasis {
    /// Its name in output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Supplied => "supplied",
            Self::Assumed => "assumed",
            Self::Calibrated => "calibrated",
            Self::Estimated => "estimated",
        }
    }

    /// False if it is not known how far a count is off.
    #[must_use]
    pub const fn has_band(self) -> bool {
        matches!(self, Self::Exact | Self::Calibrated | Self::Estimated)
    }
}

/// How text is counted.
#[derive(Debug, Clone)]
pub struct Method {
    /// The tokenizer; of an estimate the one that is estimated.
    pub tokenizer: String,
    /// How sure the count is.
    pub basis: CountBasis,
    /// Why.
    pub why: String,
    engine: Engine,
}

#[derive(Debug, Clone)]
enum Engine {
    Tokenizer(Tokenizer),
    Estimate(Box<Estimate>),
}

impl Method {
    /// By a tokenizer of the user.
    #[must_use]
    pub fn supplied(tokenizer: Tokenizer) -> Self {
        Self {
            tokenizer: tokenizer.name().to_owned(),
            basis: CountBasis::Supplied,
            why: tokenizer.data().to_owned(),
            engine: Engine::Tokenizer(tokenizer),
        }
    }

    /// By ratios fitted to logs.
    pub(super) fn calibrated(tokenizer: &str, why: String, estimate: Estimate) -> Self {
        Self {
            tokenizer: tokenizer.to_owned(),
            basis: CountBasis::Calibrated,
            why,
            engine: Engine::Estimate(Box::new(estimate)),
        }
    }

    /// Whether models with the same tokenizer are counted alike.
    pub(super) const fn is_by_name(&self) -> bool {
        !matches!(self.basis, CountBasis::Supplied | CountBasis::Calibrated)
    }

    /// The ratios, where it is an estimate.
    #[must_use]
    pub fn estimate(&self) -> Option<&Estimate> {
        match &self.engine {
            Engine::Estimate(estimate) => Some(estimate),
            Engine::Tokenizer(_) => None,
        }
    }

    pub(super) fn counter(&self) -> MethodCounter {
        match &self.engine {
            Engine::Tokenizer(tokenizer) => MethodCounter::Text(tokenizer.counter()),
            Engine::Estimate(estimate) => MethodCounter::Classes {
                base: Box::new(Counter::new(Encoding::O200kBase)),
                estimate: estimate.clone(),
            },
        }
    }
}

/// Counts by a method, in one thread.
pub(super) enum MethodCounter {
    Text(TextCounter),
    Classes { base: Box<Counter>, estimate: Box<Estimate> },
}

impl fmt::Debug for MethodCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MethodCounter")
    }
}

impl MethodCounter {
    /// The tokens of texts that are counted one by one and belong together.
    pub(super) fn count<'t>(
        &mut self,
        mut texts: impl Iterator<Item = &'t str>,
    ) -> Result<u64, LongSpace> {
        let mut running = Running::default();
        texts.try_for_each(|text| self.add(text, &mut running))?;
        Ok(self.total(&running).tokens)
    }

    /// Whether ratios and constants are those of a fit to logs, which has tools and schemas as text.
    pub(super) fn is_fitted(&self) -> bool {
        matches!(self, Self::Classes { estimate, .. } if estimate.is_fitted())
    }

    /// Adds a text to others.
    pub(super) fn add(&mut self, text: &str, running: &mut Running) -> Result<(), LongSpace> {
        match self {
            Self::Text(counter) => {
                running.tokens = running.tokens.saturating_add(counter.count(text)?);
            }
            Self::Classes { base, .. } => running.classes.merge(&base.count_classes(text)),
        }
        Ok(())
    }

    /// The tokens of all of them.
    pub(super) fn total(&self, running: &Running) -> TextTokens {
        match self {
            Self::Text(_) => TextTokens { tokens: running.tokens, as_shipped: 0 },
            Self::Classes { estimate, .. } => TextTokens {
                tokens: estimate.tokens(&running.classes),
                as_shipped: estimate.as_shipped(&running.classes),
            },
        }
    }

    /// Whether the parts of a long text add up to the whole.
    pub(super) const fn adds_up(&self) -> bool {
        match self {
            Self::Text(counter) => counter.adds_up(),
            Self::Classes { .. } => true,
        }
    }
}

/// What texts have together.
#[derive(Debug, Clone, Default)]
pub(super) struct Running {
    tokens: u64,
    classes: ClassCounts,
}

/// Tokens of texts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TextTokens {
    pub(super) tokens: u64,
    /// Those of them that a fit to logs says nothing of.
    pub(super) as_shipped: u64,
}

impl TextTokens {
    pub(super) fn add(&mut self, other: Self) {
        self.tokens = self.tokens.saturating_add(other.tokens);
        self.as_shipped = self.as_shipped.saturating_add(other.as_shipped);
    }
}

/// The output that is expected of a model for one token of input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedOutput {
    /// How much.
    pub ratio: Factor,
    /// Whose usage says so.
    pub why: String,
}

/// A model that a corpus is counted for.
#[derive(Debug, Clone)]
pub struct CountedModel {
    /// What the user wrote.
    pub name: String,
    /// What is priced.
    pub sku: Sku,
    /// How its text is counted.
    pub method: Method,
    /// What is added to it.
    pub overhead: Overhead,
    /// What usage says of its output.
    pub output: Option<ExpectedOutput>,
}

/// How the text of a model is counted, from what the price books say of it.
///
/// # Errors
/// If a vocabulary that is in the program cannot be read.
pub fn method_of(model: &ModelEntry, table: &ClassRatios) -> Result<Method, LoadError> {
    let Some(name) = model.tokenizer.as_deref() else {
        return Ok(estimated("other", table, "the price books name no tokenizer"));
    };
    let Some(found) = assigned(name, &model.id) else {
        return Ok(estimated(name, table, "its tokenizer is not public"));
    };
    let basis = match found.basis {
        Basis::Exact => CountBasis::Exact,
        Basis::Assumed => CountBasis::Assumed,
    };
    match Tokenizer::load(found.choice) {
        Ok(tokenizer) => Ok(Method {
            tokenizer: tokenizer.name().to_owned(),
            basis,
            why: found.why.to_owned(),
            engine: Engine::Tokenizer(tokenizer),
        }),
        Err(LoadError::NotCompiled { .. }) => Ok(estimated(name, table, &missing(found.choice))),
        Err(error) => Err(error),
    }
}

fn missing(choice: Choice) -> String {
    format!("the vocabulary `{}` is not in this program", choice.name())
}

fn estimated(name: &str, table: &ClassRatios, why: &str) -> Method {
    let estimate = table.of(name).clone();
    Method {
        tokenizer: name.to_owned(),
        basis: CountBasis::Estimated,
        why: format!("{why}; ratios: {}", estimate.source),
        engine: Engine::Estimate(Box::new(estimate)),
    }
}
