//! One interface to all tokenizers.

use std::fmt;
use std::sync::Arc;

use splintr::AnyTokenizer;

use super::assigned::Choice;
use super::class::ClassCounts;
use super::counter::Counter;
use super::encoding::Encoding;
use super::reference::{LongSpace, Reference};
use super::vendor::{self, Vendor};

/// A tokenizer, loaded once and shared by all threads.
#[derive(Clone)]
pub struct Tokenizer {
    name: String,
    data: String,
    engine: Engine,
}

#[derive(Clone)]
enum Engine {
    Own(Encoding),
    Reference(Arc<Reference>),
    Other(Arc<AnyTokenizer>),
}

/// Why a tokenizer cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The vocabulary is not in this program.
    #[error(
        "the vocabulary `{name}` is not in this program; it is built in with the feature `{feature}`"
    )]
    NotCompiled {
        /// The vocabulary.
        name: &'static str,
        /// The feature of the package.
        feature: &'static str,
    },
    /// The data is not a tokenizer.
    #[error("{0}")]
    Unreadable(String),
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer")
            .field("name", &self.name)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}

impl Tokenizer {
    /// An encoding of OpenAI, counted by the own core.
    #[must_use]
    pub fn open_ai(encoding: Encoding) -> Self {
        let data = format!("sha256:{}", encoding.sha256());
        Self { name: encoding.name().to_owned(), data, engine: Engine::Own(encoding) }
    }

    /// An encoding of OpenAI, counted by `tiktoken-rs`.
    #[must_use]
    pub fn reference(encoding: Encoding) -> Self {
        let engine = Engine::Reference(Arc::new(Reference::new(encoding)));
        Self { engine, ..Self::open_ai(encoding) }
    }

    /// A vocabulary of another maker.
    ///
    /// # Errors
    /// If it is not in this program.
    pub fn vendor(vendor: Vendor) -> Result<Self, LoadError> {
        let name = vendor.name();
        if !vendor.is_compiled() {
            return Err(LoadError::NotCompiled { name, feature: vendor.feature() });
        }
        let loaded = vendor.load().map_err(|e| LoadError::Unreadable(e.to_string()))?;
        let data = format!("splintr:{name}");
        Ok(Self { name: name.to_owned(), data, engine: Engine::Other(Arc::new(loaded)) })
    }

    /// The user's own `tokenizer.json`.
    ///
    /// # Errors
    /// If it is not one, or has parts that are not known.
    pub fn from_json(name: &str, json: &[u8]) -> Result<Self, LoadError> {
        let loaded =
            splintr::from_json_bytes(json).map_err(|e| LoadError::Unreadable(e.to_string()))?;
        let data = format!("xxh3:{:032x}", xxhash_rust::xxh3::xxh3_128(json));
        Ok(Self { name: name.to_owned(), data, engine: Engine::Other(Arc::new(loaded)) })
    }

    /// What a model has.
    ///
    /// # Errors
    /// If it is not in this program.
    pub fn load(choice: Choice) -> Result<Self, LoadError> {
        match choice {
            Choice::OpenAi(encoding) => Ok(Self::open_ai(encoding)),
            Choice::Vendor(vendor) => Self::vendor(vendor),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its data is, by a hash.
    #[must_use]
    pub fn data(&self) -> &str {
        &self.data
    }

    /// A counter for one thread.
    #[must_use]
    pub fn counter(&self) -> TextCounter {
        TextCounter(match &self.engine {
            Engine::Own(encoding) => Counting::Own(Box::new(Counter::new(*encoding))),
            Engine::Reference(reference) => Counting::Reference(Arc::clone(reference)),
            Engine::Other(other) => Counting::Other(Arc::clone(other)),
        })
    }
}

/// Counts texts with one tokenizer, in one thread.
pub struct TextCounter(Counting);

enum Counting {
    Own(Box<Counter>),
    Reference(Arc<Reference>),
    Other(Arc<AnyTokenizer>),
}

impl fmt::Debug for TextCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextCounter").finish_non_exhaustive()
    }
}

impl TextCounter {
    /// The number of tokens of a text by itself.
    ///
    /// # Errors
    /// Only the reference has texts that it cannot count.
    pub fn count(&mut self, text: &str) -> Result<u64, LongSpace> {
        match &mut self.0 {
            Counting::Own(counter) => Ok(counter.count(text)),
            Counting::Reference(reference) => reference.count(text),
            Counting::Other(other) => Ok(vendor::count(other, text)),
        }
    }

    /// Whether the parts in which a long text is read add up to the whole: by the rules of OpenAI's encodings they do.
    #[must_use]
    pub const fn adds_up(&self) -> bool {
        matches!(self.0, Counting::Own(_) | Counting::Reference(_))
    }

    /// Tokens by class of text, where the own core counts.
    pub fn count_classes(&mut self, text: &str) -> Option<ClassCounts> {
        match &mut self.0 {
            Counting::Own(counter) => Some(counter.count_classes(text)),
            _ => None,
        }
    }
}
