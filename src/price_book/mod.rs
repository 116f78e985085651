//! Price books: dated prices of every model of every provider, from TOML files in layers.
//!
//! [`PriceBook::load`] reads and checks files, [`PriceBook::rates`] gives the prices of one SKU.
//!
//! Which entry sets the price of a component at an instant:
//!
//! 1. only entries whose `when` matches the usage and that are in force in the view of
//!    `known_at`; entries without `service_tier` or `speed` match only `standard`, so no tier ever
//!    falls back to the price of another;
//! 2. among them the highest layer, then entries of the model before those for all models, then
//!    the one with most `when` keys (`"*"` limits nothing and does not count); two that are
//!    equally specific are an error when the book is loaded;
//! 3. a component without a price of its own is rated as [`Component::rated_as`].
//!
//! Then every matching multiplier of the same or a higher layer applies. A multiplier without
//! `service_tier` or `speed` applies to every tier and speed.
#![deny(clippy::float_arithmetic)]

mod allowance;
mod assemble;
pub mod bundled;
pub mod calendar;
pub mod compare;
mod condition;
mod entry;
pub mod explain;
mod file;
pub mod import;
mod keys;
mod pool;

mod promotion;
mod rates;
pub mod review;
mod standing;
mod tokenizers;
mod unpriced;
mod usages;
mod validate;

mod view;

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use chrono::NaiveDate;
use compact_str::CompactString;
use xxhash_rust::xxh3::Xxh3;

pub use allowance::{AllowancePeriod, FreeAllowance};
pub use condition::{Accepts, Condition, ContextRange};
pub use entry::{
    Alias, Confidence, Dates, Layer, ModelEntry, Multiplier, PriceEntry, Provenance, ProviderBook,
    Table,
};
pub use keys::{PRICE_KEYS, PriceKey};

pub use rates::{Rate, SkuRates};
pub use standing::{Standing, Status};
pub use tokenizers::{
    MeasuredRow, RatioOrigin, TokenRatio, TokenRatios, TokenizerPair, measured_table,
};
pub use unpriced::Unpriced;

use crate::config::{ConfigErrors, Problem, Reporter, parsed};
use crate::diagnostic::Diagnostics;
use crate::money::Currency;
use crate::period::{HOUR_NANOS, Period, Timestamp};
use crate::sku::{ContextBand, Sku};
#[cfg(doc)]
use crate::tokens::Component;

/// The text of one price book file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookSource {
    /// The path as shown in messages and references.
    pub name: String,
    /// TOML, schema `tokencast.prices.v1`.
    pub text: String,
    /// Which books it belongs to.
    pub layer: Layer,
}

/// Which price books were used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookVersion {
    /// XXH3 128-bit digest of layers and texts, in hex. Does not depend on file names.
    pub digest: String,
    /// Newest day on which any table was checked; `None` if there is no table.
    pub checked_on: Option<NaiveDate>,
}

/// All price books in use.
#[derive(Debug, Clone)]
pub struct PriceBook {
    providers: BTreeMap<CompactString, ProviderBook>,
    version: BookVersion,
    context_edges: Vec<u64>,
    /// The bundled books alone, where there are others above them.
    list: Option<Box<PriceBook>>,
}

impl PriceBook {
    /// Reads books of any layers, in any order of layers. Findings are prices that look wrong.
    ///
    /// # Errors
    /// Every problem of every file; of a file with a syntax error only that.
    pub fn load(sources: &[BookSource]) -> Result<(Self, Diagnostics), ConfigErrors> {
        let mut sources: Vec<&BookSource> = sources.iter().collect();
        sources.sort_by_key(|source| source.layer);
        let mut problems = Vec::new();
        let mut files = Vec::new();
        for (file, mut of_file) in read_files(&sources) {
            files.extend(file);
            problems.append(&mut of_file);
        }
        let mut found = Diagnostics::default();
        let providers = assemble::assemble(files, &mut problems, &mut found);
        if !problems.is_empty() {
            let order =
                |problem: &Problem| sources.iter().position(|s| s.name == problem.location.file);
            problems.sort_by_key(|problem| (order(problem), problem.location.line));
            return Err(ConfigErrors { problems });
        }
        let version = BookVersion {
            digest: digest(&sources),
            checked_on: providers.values().map(|book| book.checked_on).max(),
        };
        let ranges = || providers.values().flat_map(ProviderBook::conditions).map(|c| c.context);
        let mut context_edges: Vec<u64> = ranges()
            .filter(|r| r.from > 0)
            .map(|r| r.from)
            .chain(ranges().filter_map(|r| r.until))
            .collect();
        context_edges.sort_unstable();
        context_edges.dedup();
        let list = if sources.iter().all(|source| source.layer == Layer::Bundled) {
            None
        } else {
            let bundled = sources.iter().filter(|s| s.layer == Layer::Bundled);
            let bundled: Vec<BookSource> = bundled.map(|s| (*s).clone()).collect();
            Some(Box::new(Self::load(&bundled)?.0))
        };
        Ok((Self { providers, version, context_edges, list }, found))
    }

    /// The books that list prices come from: the bundled ones, without what an organisation or a
    /// run puts above them.
    #[must_use]
    pub fn list_book(&self) -> Option<&Self> {
        self.list.as_deref()
    }

    /// The books shipped with the program.
    ///
    /// # Errors
    /// As [`PriceBook::load`]; a released program has none, which a test proves.
    pub fn bundled() -> Result<(Self, Diagnostics), ConfigErrors> {
        Self::load(&bundled::sources())
    }

    /// Digest and age of the books.
    #[must_use]
    pub fn version(&self) -> &BookVersion {
        &self.version
    }

    /// The currency of a provider's prices; all its layers have the same.
    #[must_use]
    pub fn currency(&self, provider: &str) -> Option<Currency> {
        self.providers.get(provider).map(|book| book.currency)
    }

    /// Prompt sizes in tokens at which some price changes, each the first size of the upper band;
    /// sorted, unique, none zero.
    #[must_use]
    pub fn context_edges(&self) -> Vec<u64> {
        self.context_edges.clone()
    }

    /// The instants strictly inside a period at which some price may change and that are no whole
    /// hours of UTC, sorted and unique. Whoever adds up usage by the hour splits hours there.
    #[must_use]
    pub fn time_edges(&self, within: Period) -> Vec<Timestamp> {
        let mut edges = Vec::new();
        for book in self.providers.values() {
            let dates = book
                .all_entries()
                .map(|e| &e.dates)
                .chain(book.multipliers.iter().map(|m| &m.dates));
            edges.extend(dates.flat_map(|d| [d.effective_from, d.effective_until]).flatten());
            let aliases = book.models.iter().flat_map(|m| &m.aliases);
            edges.extend(aliases.flat_map(|a| [a.effective_from, a.effective_until]).flatten());
            let mut seen: Vec<&calendar::PriceCalendar> = Vec::new();
            for calendar in book.conditions().flat_map(Condition::calendars) {
                if !seen.contains(&calendar) {
                    seen.push(calendar);
                    edges.extend(calendar.edges(within));
                }
            }
        }
        edges.retain(|edge| within.is_split_by(*edge) && edge.nanos() % HOUR_NANOS != 0);
        edges.sort_unstable();
        edges.dedup();
        edges
    }

    /// The books of every provider, sorted by provider.
    pub fn providers(&self) -> impl Iterator<Item = &ProviderBook> {
        self.providers.values()
    }

    /// Every model, by provider and then in the order of the books.
    pub fn models(&self) -> impl Iterator<Item = &ModelEntry> {
        self.providers.values().flat_map(|book| &book.models)
    }

    /// The model that a name means at an instant: an exact id or an alias valid then. Where layers
    /// differ, the highest says.
    #[must_use]
    pub fn find_model(&self, provider: &str, model: &str, at: Timestamp) -> Option<&ModelEntry> {
        self.providers.get(provider)?.resolve(model, at)
    }

    /// Up to three names of the provider that are most like a name, the most alike first, in
    /// whatever case; for hints only.
    #[must_use]
    pub fn similar_models(&self, provider: &str, model: &str) -> Vec<String> {
        let Some(book) = self.providers.get(provider) else {
            return Vec::new();
        };
        let limit = (model.chars().count() / 3).max(2);
        let asked = model.to_lowercase();
        let near = |name: &'_ CompactString| {
            let distance = strsim::damerau_levenshtein(&asked, &name.to_lowercase());
            (distance <= limit && distance < name.chars().count())
                .then(|| (distance, name.to_string()))
        };
        let mut names: Vec<_> = book.names.keys().filter_map(near).collect();
        names.sort_unstable();
        names.into_iter().take(3).map(|(_, name)| name).collect()
    }

    /// The prices of one SKU for requests of one context band. Build once for each SKU and band,
    /// then ask for components and periods.
    ///
    /// With `known_at`, prices are as they were known at that instant: an entry counts if it was
    /// announced (without such a date: took effect) at or before it and was not yet withdrawn. An
    /// `effective_until` at which other entries for the same usage start is ignored while none of
    /// those counts: the change was not known yet, or was called off. Without `known_at`
    /// everything counts that was never withdrawn.
    #[must_use]
    pub fn rates(
        &self,
        sku: &Sku,
        context: ContextBand,
        known_at: Option<Timestamp>,
    ) -> SkuRates<'_> {
        SkuRates::build(self.providers.get(&sku.provider), sku, context, known_at)
    }
}

/// What a file says, if it can be read at all, and its problems.
type ReadFile = (Option<validate::ValidFile>, Vec<Problem>);

/// Reads files side by side, as nearly every command waits for them. More threads than two would
/// take longer for fresh memory than they save.
fn read_files(sources: &[&BookSource]) -> Vec<ReadFile> {
    let next = AtomicUsize::new(0);
    let work = || {
        let take = || {
            let at = next.fetch_add(1, Ordering::Relaxed);
            sources.get(at).map(|source| (at, read_file(source)))
        };
        std::iter::from_fn(take).collect::<Vec<_>>()
    };
    let mut read = thread::scope(|scope| {
        let other = scope.spawn(work);
        let mut read = work();
        read.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        read
    });
    read.sort_by_key(|(at, _)| *at);
    read.into_iter().map(|(_, file)| file).collect()
}

fn read_file(source: &BookSource) -> ReadFile {
    let mut report = Reporter::new(&source.name, &source.text);
    let file = parsed(&source.text, &mut report).and_then(|table| {
        let raw = file::read(&table, &mut report);
        validate::validate(&raw, source.layer, &mut report)
    });
    (file, report.problems)
}

fn digest(sources: &[&BookSource]) -> String {
    let mut hash = Xxh3::new();
    for source in sources {
        hash.update(&[source.layer as u8]);
        hash.update(&(source.text.len() as u64).to_le_bytes());
        hash.update(source.text.as_bytes());
    }
    format!("{:032x}", hash.digest128())
}

#[cfg(test)]
mod tests;
