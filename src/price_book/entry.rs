//! What a valid price book holds: prices, multipliers and models, each with where it comes from.

use std::fmt;

use chrono::NaiveDate;
use compact_str::CompactString;
use smallvec::SmallVec;

use super::allowance::FreeAllowance;
use super::condition::Condition;
use super::review::Kind;
use crate::config::EntryRef;
use crate::money::{Currency, Factor, UnitPrice};
use crate::period::Timestamp;
use crate::tokens::Component;

/// Which books a price comes from. A higher layer wins over a lower one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// Shipped with the program.
    Bundled,
    /// Of the organisation's configuration.
    Organisation,
    /// Named on the command line.
    Flag,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bundled => "bundled",
            Self::Organisation => "organisation",
            Self::Flag => "flag",
        })
    }
}

/// How sure a price is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Sources disagree.
    Conflict,
    /// Derived by a rule, or from one weak source.
    Low,
    /// From secondary sources.
    Medium,
    /// Published by the provider; also where a book does not say.
    High,
}

impl Confidence {
    /// Every confidence with its name in files.
    pub const ALL: [(&'static str, Self); 4] = [
        ("high", Self::High),
        ("medium", Self::Medium),
        ("low", Self::Low),
        ("conflict", Self::Conflict),
    ];

    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, c)| *c == self).map_or("", |(name, _)| name)
    }
}

/// When something applies and when that was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dates {
    /// First instant in force; `None`: since ever.
    pub effective_from: Option<Timestamp>,
    /// First instant no more in force; `None`: open.
    pub effective_until: Option<Timestamp>,
    /// When it became known; `None`: with `effective_from`.
    pub announced_on: Option<Timestamp>,
    /// When the announcement was taken back; `None`: it was not.
    pub withdrawn_on: Option<Timestamp>,
}

/// Where a price comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// Where it is written.
    pub location: EntryRef,
    /// The layer of its book.
    pub layer: Layer,
    /// Where it was published.
    pub source: Option<Box<str>>,
    /// How sure it is.
    pub confidence: Confidence,
    /// How its dates are known.
    pub date_basis: Option<Box<str>>,
    /// Remarks.
    pub notes: Option<Box<str>>,
}

/// Prices of one or more components under one condition and for one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceEntry {
    /// Where it comes from.
    pub origin: Provenance,
    /// When it applies and when that was known.
    pub dates: Dates,
    /// A promotional price without a stated end.
    pub promotion: bool,
    /// Units that an account has free before this price applies; such an entry has one price.
    pub free_allowance: Option<FreeAllowance>,
    /// Findings of a review that are right here.
    pub expected: SmallVec<[Kind; 1]>,
    /// What usage it applies to.
    pub condition: Condition,
    /// Price of one unit by component, sorted by component; at least one.
    pub prices: SmallVec<[(Component, UnitPrice); 4]>,
}

impl PriceEntry {
    /// The price of one unit, or `None` if the entry does not price the component itself.
    #[must_use]
    pub fn price(&self, component: Component) -> Option<UnitPrice> {
        self.prices.iter().find(|(c, _)| *c == component).map(|(_, price)| *price)
    }
}

/// A factor on prices; all that match apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Multiplier {
    /// Where it comes from.
    pub origin: Provenance,
    /// When it applies and when that was known.
    pub dates: Dates,
    /// The exact factor, above zero.
    pub factor: Factor,
    /// What usage it applies to.
    pub condition: Condition,
    /// Ids of the models; `None`: all of the provider.
    pub models: Option<Vec<CompactString>>,
    /// The components; `None`: all counted in tokens.
    pub components: Option<Vec<Component>>,
}

impl Multiplier {
    /// True if it changes the price of `component` where that is rated as `rated_as`.
    #[must_use]
    pub fn applies_to(&self, component: Component, rated_as: Component) -> bool {
        match &self.components {
            Some(listed) => listed.contains(&component) || listed.contains(&rated_as),
            None => component.is_tokens(),
        }
    }

    /// True if it applies to the model of an id.
    #[must_use]
    pub fn applies_to_model(&self, id: &str) -> bool {
        self.models.as_ref().is_none_or(|models| models.iter().any(|m| m == id))
    }
}

/// Another name of a model, possibly only for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The name.
    pub name: CompactString,
    /// First instant at which it means this model; `None`: since ever.
    pub effective_from: Option<Timestamp>,
    /// First instant at which it does not any more; `None`: open.
    pub effective_until: Option<Timestamp>,
    /// The layer of its book.
    pub layer: Layer,
    /// Where it is written.
    pub location: EntryRef,
}

/// A model of a provider with all its prices, of all layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelEntry {
    /// Who bills.
    pub provider: CompactString,
    /// The exact id.
    pub id: CompactString,
    /// Other exact names.
    pub aliases: Vec<Alias>,
    /// Who made the model.
    pub maker: Option<CompactString>,
    /// What successive versions share.
    pub family: Option<CompactString>,
    /// Name of the tokenizer.
    pub tokenizer: Option<CompactString>,
    /// Largest context in tokens.
    pub context_window: Option<u64>,
    /// Prices, lower layers first, then as written.
    pub entries: Vec<PriceEntry>,
    /// The lowest layer that has the model.
    pub layer: Layer,
    /// Where it is written first.
    pub location: EntryRef,
}

/// The books of one provider, all layers together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderBook {
    /// Who bills.
    pub provider: CompactString,
    /// Name for people.
    pub name: CompactString,
    /// The currency of every price.
    pub currency: Currency,
    /// The newest day on which one of its tables was checked.
    pub checked_on: NaiveDate,
    /// The tables themselves, lower layers first.
    pub tables: Vec<Table>,
    /// Models in the order of the books.
    pub models: Vec<ModelEntry>,
    /// Prices for every model.
    pub entries: Vec<PriceEntry>,
    /// Factors on prices.
    pub multipliers: Vec<Multiplier>,
    /// Every name of a model with what it stands for.
    pub(super) names: std::collections::BTreeMap<CompactString, SmallVec<[Target; 1]>>,
}

/// One file of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The file and where it names the provider.
    pub location: EntryRef,
    /// Its layer.
    pub layer: Layer,
    /// The day on which it was checked.
    pub checked_on: NaiveDate,
}

/// What a name stands for during a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) model: usize,
    pub(super) layer: Layer,
    pub(super) effective_from: Option<Timestamp>,
    pub(super) effective_until: Option<Timestamp>,
}

impl Target {
    fn contains(&self, instant: Timestamp) -> bool {
        self.effective_from.is_none_or(|from| from <= instant)
            && self.effective_until.is_none_or(|until| instant < until)
    }
}

impl ProviderBook {
    /// The model that a name stands for at an instant; where layers differ, the highest says.
    pub(super) fn resolve(&self, name: &str, at: Timestamp) -> Option<&ModelEntry> {
        let targets = self.names.get(name)?.iter().filter(|t| t.contains(at));
        targets.max_by_key(|t| t.layer).and_then(|t| self.models.get(t.model))
    }

    /// The alias by which a name means a model at an instant; `None` if it is an id or no name.
    pub(super) fn alias(&self, name: &str, at: Timestamp) -> Option<&Alias> {
        let target =
            self.names.get(name)?.iter().filter(|t| t.contains(at)).max_by_key(|t| t.layer)?;
        let model = self.models.get(target.model)?;
        model.aliases.iter().find(|a| {
            a.name == name
                && a.layer == target.layer
                && a.effective_from == target.effective_from
                && a.effective_until == target.effective_until
        })
    }

    /// Every entry: those for all models, then those of each model.
    pub fn all_entries(&self) -> impl Iterator<Item = &PriceEntry> {
        self.entries.iter().chain(self.models.iter().flat_map(|m| &m.entries))
    }

    /// Every condition of a price or multiplier.
    pub(super) fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.all_entries()
            .map(|e| &e.condition)
            .chain(self.multipliers.iter().map(|m| &m.condition))
    }
}
