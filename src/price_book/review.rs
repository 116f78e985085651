//! What is valid in price books but looks wrong: gaps, slips of units, prices without what they
//! stand on.
//!
//! Every check asks [`PriceBook::rates`] for the price that usage would get, so an entry counts
//! where it applies, whatever it is written beside.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use compact_str::CompactString;

use super::compare::{clock, lowest, sku_of, usages};
use super::condition::{Accepts, Condition};
use super::entry::{ModelEntry, PriceEntry, ProviderBook};
use super::rates::SkuRates;
use super::{PriceBook, PriceKey};
use crate::config::{ConfigErrors, EntryRef, Problem};
use crate::diagnostic::{Diagnostic, Location};
use crate::money::UnitPrice;
use crate::period::Timestamp;
use crate::sku::STANDARD;
use crate::tokens::Component;

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
            let mut look = ModelLook { book, provider, model, on: freshness.on, rates: Vec::new() };
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

/// One nanosecond earlier.
fn before(instant: Timestamp) -> Timestamp {
    Timestamp::from_nanos(instant.nanos().saturating_sub(1))
}

/// The component that a price is a part or a variant of.
fn base(component: Component) -> Option<Component> {
    use Component as C;
    match component {
        C::InputCacheRead
        | C::InputCacheReadImage
        | C::InputCacheReadVideo
        | C::InputCacheReadDocument
        | C::InputCacheWrite5m
        | C::InputCacheWrite30m
        | C::InputCacheWrite1h
        | C::InputCacheWrite12h => Some(C::InputUncached),
        C::InputCacheReadAudio | C::InputCacheWriteAudio => Some(C::InputUncachedAudio),
        C::OutputReasoning => Some(C::Output),
        _ => None,
    }
}

/// The tier, else the speed, that a condition asks for, where that is not standard.
fn other_than_standard(condition: &Condition) -> Option<&str> {
    [&condition.service_tier, &condition.speed].into_iter().find_map(|accepts| match accepts {
        Accepts::OneOf(values) if !values.iter().any(|v| v == STANDARD) => {
            values.first().map(CompactString::as_str)
        }
        _ => None,
    })
}

/// A model under review.
struct ModelLook<'a> {
    book: &'a PriceBook,
    provider: &'a ProviderBook,
    model: &'a ModelEntry,
    on: NaiveDate,
    rates: Vec<(Condition, SkuRates<'a>)>,
}

impl<'a> ModelLook<'a> {
    fn standing(&self) -> impl Iterator<Item = &'a PriceEntry> + use<'a> {
        self.model.entries.iter().filter(|e| e.dates.withdrawn_on.is_none())
    }

    /// The price of usage like this at an instant, at a time of the week that suits it.
    fn price(
        &mut self,
        usage: &Condition,
        component: Component,
        at: Timestamp,
    ) -> Option<UnitPrice> {
        let known = self.rates.iter().position(|(known, _)| known == usage);
        let index = known.unwrap_or_else(|| {
            let sku = sku_of(usage, &self.model.provider, &self.model.id);
            let rates = self.book.rates(&sku, lowest(usage), None);
            self.rates.push((usage.clone(), rates));
            self.rates.len() - 1
        });
        let entries = self.model.entries.iter().chain(&self.provider.entries);
        let conditions: Vec<&Condition> = entries.map(|e| &e.condition).collect();
        let clock = clock(usage, &conditions, at);
        let (_, rates) = &self.rates[index];
        rates.at_clock(component, at, clock).ok().map(|rate| rate.unit_price)
    }

    /// The last instant of an entry, or the day of the review where it has no end: price lists
    /// date the parts of a model differently, so its start tells little.
    fn last(&self, entry: &PriceEntry) -> Timestamp {
        let now = Timestamp::from_utc_date(self.on);
        match (entry.dates.effective_from, entry.dates.effective_until) {
            (_, Some(until)) => before(until),
            (Some(from), None) => from.max(now),
            (None, None) => now,
        }
    }

    fn entries(&mut self, findings: &mut Findings) {
        for entry in self.standing() {
            let (usages, at) = (usages(&entry.condition), self.last(entry));
            for (component, _) in &entry.prices {
                self.against_base(entry, &usages, *component, at, findings);
                self.against_standard(entry, &usages, *component, at, findings);
            }
        }
    }

    /// The price of a component beside that of what it stands on, wherever both are known; `None`
    /// if nowhere.
    fn beside(
        &mut self,
        usages: &[(&Condition, &Condition)],
        (component, base): (Component, Component),
        at: Timestamp,
    ) -> Option<Vec<(UnitPrice, UnitPrice)>> {
        let mut found = Vec::new();
        for (usage, of_base) in usages {
            if let Some(base) = self.price(of_base, base, at)
                && let Some(price) = self.price(usage, component, at)
            {
                found.push((price, base));
            }
        }
        (!found.is_empty()).then_some(found)
    }

    fn against_base(
        &mut self,
        entry: &PriceEntry,
        usages: &[Condition],
        component: Component,
        at: Timestamp,
        findings: &mut Findings,
    ) {
        let Some(base) = base(component) else { return };
        let pairs: Vec<_> = usages.iter().map(|usage| (usage, usage)).collect();
        let (key, base_key) = (PriceKey::of(component).name, PriceKey::of(base).name);
        let id = &self.model.id;
        match self.beside(&pairs, (component, base), at) {
            None => {
                let message = format!("`{id}` has `{key}` but no `{base_key}` for the same usage");
                findings.on_entry(entry, Kind::MissingBase, message);
            }
            Some(prices)
                if component == Component::InputCacheRead
                    && prices.iter().any(|(price, base)| price > base) =>
            {
                let message = format!("`{key}` of `{id}` is above `{base_key}`");
                findings.on_entry(entry, Kind::CacheReadAboveInput, message);
            }
            Some(_) => {}
        }
    }

    fn against_standard(
        &mut self,
        entry: &PriceEntry,
        usages: &[Condition],
        component: Component,
        at: Timestamp,
        findings: &mut Findings,
    ) {
        let Some(named) = other_than_standard(&entry.condition) else { return };
        let standards: Vec<Condition> = usages
            .iter()
            .map(|usage| Condition {
                service_tier: Accepts::standard(),
                speed: Accepts::standard(),
                ..usage.clone()
            })
            .collect();
        let pairs: Vec<_> = usages.iter().zip(&standards).collect();
        let (key, id) = (PriceKey::of(component).name, &self.model.id);
        match self.beside(&pairs, (component, component), at) {
            None => {
                let message = format!("`{id}` has `{key}` for {named} usage but none for standard");
                findings.on_entry(entry, Kind::MissingStandard, message);
            }
            Some(prices)
                if ["batch", "flex"].contains(&named)
                    && prices.iter().any(|(price, standard)| price > standard) =>
            {
                let message =
                    format!("`{key}` of `{id}` for {named} usage is above the standard one");
                findings.on_entry(entry, Kind::BatchAboveStandard, message);
            }
            Some(_) => {}
        }
    }

    /// Times between two entries for the same usage at which it has no price at all.
    fn gaps(&mut self, findings: &mut Findings) {
        let mut lines: BTreeMap<(Component, usize), Vec<&PriceEntry>> = BTreeMap::new();
        let entries: Vec<&PriceEntry> = self.standing().collect();
        for entry in &entries {
            let condition = entries.iter().position(|e| e.condition == entry.condition);
            for (component, _) in &entry.prices {
                lines.entry((*component, condition.unwrap_or(0))).or_default().push(entry);
            }
        }
        for ((component, _), mut line) in lines {
            line.sort_by_key(|e| e.dates.effective_from);
            let mut end = line[0].dates.effective_until;
            for next in &line[1..] {
                if let (Some(from), Some(until)) = (next.dates.effective_from, end)
                    && until < from
                {
                    self.gap(next, component, (until, from), findings);
                }
                // Open means for ever.
                end = end.zip(next.dates.effective_until).map(|(a, b)| a.max(b));
            }
        }
    }

    fn gap(
        &mut self,
        next: &PriceEntry,
        component: Component,
        (until, from): (Timestamp, Timestamp),
        findings: &mut Findings,
    ) {
        // Some lists went from tokens to characters and back.
        let other_units = Component::ALL
            .iter()
            .filter(|other| other.side() == component.side() && other.unit() != component.unit());
        let billed: Vec<Component> =
            std::iter::once(component).chain(other_units.copied()).collect();
        let is_billed = |look: &mut Self, usage: &Condition| {
            billed.iter().any(|component| look.price(usage, *component, until).is_some())
        };
        if usages(&next.condition).iter().any(|usage| !is_billed(self, usage)) {
            let message = format!(
                "`{}` of `{}` has no price from {until} to {from}",
                PriceKey::of(component).name,
                self.model.id
            );
            findings.on_entry(next, Kind::Gap, message);
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
