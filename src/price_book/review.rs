//! What is valid in price books but looks wrong: gaps, slips of units, prices without what they
//! stand on.
//!
//! Every check asks [`PriceBook::rates`] for the price that usage would get, so an entry counts
//! where it applies, whatever it is written beside.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use compact_str::CompactString;

use self::models::ModelLook;
use super::PriceBook;
use super::entry::{ModelEntry, PriceEntry, ProviderBook};
use crate::config::{ConfigErrors, EntryRef, Problem};
use crate::diagnostic::{Diagnostic, Location};

mod models;
mod names;
mod slips;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Good to know; never fails.
    Note,
    /// Worth a look.
    Warning,
    /// The book cannot be right.
    Error,
}

/// A kind of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The file cannot be used.
    InvalidBook,
    /// A price is a thousand times another of its kind or more.
    UnitSlip,
    /// The price alone is out of the usual.
    SuspectPrice,
    /// No price in force between two entries.
    Gap,
    /// A price of a part without one of the whole, such as a cache read without input.
    MissingBase,
    /// A price of a tier or speed without a standard one.
    MissingStandard,
    /// Reading a cache costs more than input.
    CacheReadAboveInput,
    /// Batch or flex costs more than standard.
    BatchAboveStandard,
    /// The table was not checked for long.
    StaleBook,
    /// An alias with other numbers than its model, or for a time without any price.
    OddAlias,
    /// A family that other books or makers use otherwise.
    OddFamily,
}

impl Kind {
    /// Every kind with its name and level.
    pub const ALL: &[(Self, &'static str, Level)] = &[
        (Self::InvalidBook, "invalid-book", Level::Error),
        (Self::UnitSlip, "unit-slip", Level::Error),
        (Self::SuspectPrice, "suspect-price", Level::Warning),
        (Self::Gap, "gap", Level::Warning),
        (Self::MissingBase, "missing-base", Level::Warning),
        (Self::MissingStandard, "missing-standard", Level::Warning),
        (Self::CacheReadAboveInput, "cache-read-above-input", Level::Warning),
        (Self::BatchAboveStandard, "batch-above-standard", Level::Warning),
        (Self::StaleBook, "stale-book", Level::Note),
        (Self::OddAlias, "odd-alias", Level::Warning),
        (Self::OddFamily, "odd-family", Level::Warning),
    ];

    /// The kebab-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, name, _)| name)
    }

    /// The kind of a name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, n, _)| *n == name).map(|(kind, ..)| *kind)
    }

    /// How bad it is.
    #[must_use]
    pub fn level(self) -> Level {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or(Level::Error, |(.., level)| *level)
    }
}

/// Something that looks wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where it is written.
    pub location: Location,
    /// What kind of finding.
    pub kind: Kind,
    /// What was seen.
    pub message: String,
}

/// When a table counts as stale.
#[derive(Debug, Clone, Copy)]
pub struct Freshness {
    /// The day to look from.
    pub on: NaiveDate,
    /// Most days since the check.
    pub most_days: u32,
}

/// The problems of books that cannot be loaded, as findings.
#[must_use]
pub fn of_errors(errors: &ConfigErrors) -> Vec<Finding> {
    let finding = |problem: &Problem| Finding {
        location: problem.location.clone(),
        kind: Kind::InvalidBook,
        message: match &problem.hint {
            Some(hint) => format!("{} (hint: {hint})", problem.message),
            None => problem.message.clone(),
        },
    };
    errors.problems.iter().map(finding).collect()
}

/// Looks at all loaded books; `found` is what was odd when they were loaded. Sorted by place.
#[must_use]
pub fn review(book: &PriceBook, found: &[Diagnostic], freshness: Freshness) -> Vec<Finding> {
    let suspect = |d: &Diagnostic| Finding {
        location: d.location.clone().unwrap_or(Location { file: String::new(), line: 0 }),
        kind: Kind::SuspectPrice,
        message: d.message.clone(),
    };
    let mut findings = Findings(found.iter().map(suspect).collect());
    for provider in book.providers() {
        stale(provider, freshness, &mut findings);
        slips::find(provider, &mut findings);
        for model in &provider.models {
            let mut look = ModelLook::new(book, (provider, model), freshness.on);
            look.entries(&mut findings);
            look.gaps(&mut findings);
            names::aliases(model, &mut findings);
        }
    }
    names::families(book, &mut findings);
    findings.0.sort();
    findings.0.dedup();
    findings.0
}

#[derive(Debug)]
struct Findings(Vec<Finding>);

impl Findings {
    /// Adds a finding about an entry, unless the entry says that it is expected.
    fn on_entry(&mut self, entry: &PriceEntry, kind: Kind, message: String) {
        if !entry.expected.contains(&kind) {
            self.at(&entry.origin.location, kind, message);
        }
    }

    fn at(&mut self, place: &EntryRef, kind: Kind, message: String) {
        self.0.push(Finding { location: place.location(), kind, message });
    }
}

fn stale(provider: &ProviderBook, freshness: Freshness, findings: &mut Findings) {
    for table in &provider.tables {
        let age = freshness.on.signed_duration_since(table.checked_on).num_days();
        if age > i64::from(freshness.most_days) {
            let message = format!(
                "table of `{}` was last checked on {}, {age} days before {}",
                provider.provider, table.checked_on, freshness.on
            );
            findings.at(&table.location, Kind::StaleBook, message);
        }
    }
}

/// Models of a provider by a word that some have.
fn by_word<'a>(
    models: impl Iterator<Item = &'a ModelEntry>,
    word: impl Fn(&ModelEntry) -> Option<CompactString>,
) -> BTreeMap<CompactString, Vec<&'a ModelEntry>> {
    let mut found: BTreeMap<CompactString, Vec<&ModelEntry>> = BTreeMap::new();
    for model in models {
        if let Some(word) = word(model) {
            found.entry(word).or_default().push(model);
        }
    }
    found
}
