//! Price tables of other tools as price books: LiteLLM, genai-prices, models.dev, llm-prices.
//!
//! Prices are carried over digit by digit from the text of the file. What a price book cannot say,
//! or the file does not say clearly, is left out and listed with its reason: nothing is guessed.

mod decimal;
mod draft;
mod genai_prices;
mod litellm;
mod llm_prices;
mod models_dev;
mod names;
mod node;
mod writer;

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;
use thiserror::Error;

use self::draft::Collector;
use self::node::Node;
use super::{BookSource, Confidence, Layer, PriceBook};
use crate::config::ConfigErrors;
use crate::diagnostic::Diagnostics;

/// A table of prices of another tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// `model_prices_and_context_window.json` of LiteLLM.
    LiteLlm,
    /// `data.json` or `providers/*.yml` of pydantic/genai-prices.
    GenaiPrices,
    /// `api.json` of models.dev, or the TOML file of one model.
    ModelsDev,
    /// `current-v1.json`, `historical-v1.json` or the file of a vendor of simonw/llm-prices.
    LlmPrices,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::LiteLlm, Self::GenaiPrices, Self::ModelsDev, Self::LlmPrices];

    /// The name as users write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LiteLlm => "litellm",
            Self::GenaiPrices => "genai-prices",
            Self::ModelsDev => "models-dev",
            Self::LlmPrices => "llm-prices",
        }
    }

    /// The format that a tree looks like; those with the clearest marks first.
    fn of(node: &Node) -> Option<Self> {
        Self::ALL.into_iter().find(|format| match format {
            Self::LiteLlm => litellm::looks_like(node),
            Self::GenaiPrices => genai_prices::looks_like(node),
            Self::ModelsDev => models_dev::looks_like(node),
            Self::LlmPrices => llm_prices::looks_like(node),
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What to import, and what to write beside the prices.
#[derive(Debug, Clone)]
pub struct Options {
    /// The format; by default told by content.
    pub format: Option<Format>,
    /// Only these providers, by our name or by that of the file; empty for all.
    pub providers: Vec<String>,
    /// The day on which the table was checked; by default what the file says.
    pub checked_on: Option<NaiveDate>,
    /// Where the prices come from; by default format and file name.
    pub source: Option<String>,
    /// How sure the prices are, as books spell it.
    pub confidence: &'static str,
    /// Carry prices of zero over as free.
    pub keep_zero: bool,
}

impl Default for Options {
    fn default() -> Self {
        let medium = Confidence::ALL.iter().find(|(_, c)| *c == Confidence::Medium);
        Self {
            format: None,
            providers: Vec::new(),
            checked_on: None,
            source: None,
            confidence: medium.map_or("medium", |(name, _)| name),
            keep_zero: false,
        }
    }
}

/// What an import gives.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The format of the file.
    pub format: Format,
    /// One book a provider that has anything, by name.
    pub books: Vec<ImportedBook>,
    /// What is not in the books, by provider and most frequent first.
    pub not_carried: Vec<NotCarried>,
    /// Prices that were carried over and look wrong.
    pub findings: Diagnostics,
}

/// The book of one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedBook {
    /// Who bills.
    pub provider: String,
    /// A name for its file, like those of the bundled books.
    pub file_name: String,
    /// The text: TOML of the schema `tokencast.prices.v1`.
    pub text: String,
    /// Number of models.
    pub models: usize,
    /// Number of price entries.
    pub entries: usize,
    /// Number of prices and multipliers.
    pub carried: u64,
}

/// Something of the file that the books do not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCarried {
    /// Who bills.
    pub provider: String,
    /// Why.
    pub reason: &'static str,
    /// How often.
    pub count: u64,
    /// The first few, as model and field.
    pub examples: Vec<String>,
}

/// Why a file gives no book.
#[derive(Debug, Error)]
pub enum ImportError {
    /// Nothing but space.
    #[error("`{0}` is empty")]
    Empty(String),
    /// Not the syntax that its name or content promises.
    #[error("failed to read `{name}`: {message}")]
    Syntax {
        /// The file.
        name: String,
        /// What is wrong, with line and column.
        message: String,
    },
    /// No format that is known.
    #[error("`{0}` is no price table of a known format")]
    Unrecognised(String),
    /// Another format than the one asked for.
    #[error("`{name}` is not of the format {asked}{}", .found.map(|f| format!(", it looks like {f}")).unwrap_or_default())]
    WrongFormat {
        /// The file.
        name: String,
        /// The format asked for.
        asked: Format,
        /// What it looks like.
        found: Option<Format>,
    },
    /// Neither the file nor the user says when the prices were checked.
    #[error("`{name}` does not say when the prices of {provider} were checked")]
    NoCheckedOn {
        /// The file.
        name: String,
        /// The first provider without a date.
        provider: String,
    },
    /// A provider asked for is not in the file.
    #[error("`{name}` has no provider {}", .asked.join(" or "))]
    NoSuchProvider {
        /// The file.
        name: String,
        /// The providers asked for.
        asked: Vec<String>,
        /// The providers of the file.
        has: Vec<String>,
    },
    /// A book that our own loader would refuse.
    #[error("the book made of `{0}` does not load")]
    Refused(String, #[source] ConfigErrors),
}

/// Makes books of the text of a price table. Books may be empty: then nothing could be carried over,
/// and the list says why.
///
/// # Errors
/// [`ImportError`].
pub fn import(name: &str, text: &str, options: &Options) -> Result<Imported, ImportError> {
    if text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').is_empty() {
        return Err(ImportError::Empty(name.to_owned()));
    }
    let node = node::read(name, text)
        .map_err(|message| ImportError::Syntax { name: name.to_owned(), message })?;
    let found = Format::of(&node);
    let format = match (options.format, found) {
        (None, None) => return Err(ImportError::Unrecognised(name.to_owned())),
        (None, Some(found)) => found,
        (Some(asked), Some(found)) if asked == found => found,
        (Some(asked), found) => {
            return Err(ImportError::WrongFormat { name: name.to_owned(), asked, found });
        }
    };
    let mut collector = Collector::new(options);
    match format {
        Format::LiteLlm => litellm::collect(&node, &mut collector),
        Format::GenaiPrices => genai_prices::collect(&node, &mut collector),
        Format::ModelsDev => models_dev::collect(name, &node, &mut collector),
        Format::LlmPrices => llm_prices::collect(&node, &mut collector),
    }
    collector.settle();
    let not_carried = collector.not_carried();
    if collector.drafts.is_empty() && not_carried.is_empty() && !options.providers.is_empty() {
        let asked = options.providers.clone();
        let has = collector.providers.into_iter().collect();
        return Err(ImportError::NoSuchProvider { name: name.to_owned(), asked, has });
    }
    let books = books(name, format, &collector)?;
    let findings = check(name, &books)?;
    Ok(Imported { format, books, not_carried, findings })
}

fn books(
    name: &str,
    format: Format,
    collector: &Collector<'_>,
) -> Result<Vec<ImportedBook>, ImportError> {
    let options = collector.options;
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stated = options.source.clone().filter(|text| !text.trim().is_empty());
    let source = stated.unwrap_or_else(|| format!("{format}, {file}"));
    let mut books = Vec::new();
    for (provider, draft) in &collector.drafts {
        let checked_on = options.checked_on.or(draft.checked_on).ok_or_else(|| {
            ImportError::NoCheckedOn { name: name.to_owned(), provider: provider.clone() }
        })?;
        let entries: usize = draft.models.values().map(|model| model.entries.len()).sum();
        books.push(ImportedBook {
            provider: provider.clone(),
            file_name: names::file_name(provider),
            text: writer::write(provider, draft, checked_on, &source, options),
            models: draft.models.len(),
            entries: entries + draft.entries.len(),
            carried: draft.carried,
        });
    }
    books.sort_by(|a, b| a.provider.cmp(&b.provider));
    // Names that differ only in what a file name cannot have.
    let mut used = BTreeSet::new();
    for (at, book) in books.iter_mut().enumerate() {
        if !used.insert(book.file_name.to_ascii_lowercase()) {
            book.file_name = format!("{}-{at}.toml", book.file_name.trim_end_matches(".toml"));
        }
    }
    Ok(books)
}

/// No book leaves that our loader would not take.
fn check(name: &str, books: &[ImportedBook]) -> Result<Diagnostics, ImportError> {
    let source = |book: &ImportedBook| BookSource {
        name: book.file_name.clone(),
        text: book.text.clone(),
        layer: Layer::Flag,
    };
    let sources: Vec<BookSource> = books.iter().map(source).collect();
    let (_, findings) = PriceBook::load(&sources)
        .map_err(|errors| ImportError::Refused(name.to_owned(), errors))?;
    Ok(findings)
}
