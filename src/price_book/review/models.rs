//! The prices of a model beside each other: parts without what they stand on, and gaps in time.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use compact_str::CompactString;

use super::{Findings, Kind};
use crate::money::UnitPrice;
use crate::period::Timestamp;
use crate::price_book::condition::{Accepts, Condition};
use crate::price_book::entry::{ModelEntry, PriceEntry, ProviderBook};
use crate::price_book::rates::SkuRates;
use crate::price_book::usages::{clock, lowest, sku_of, usages};
use crate::price_book::{PriceBook, PriceKey};
use crate::sku::STANDARD;
use crate::tokens::Component;

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
pub(super) struct ModelLook<'a> {
    book: &'a PriceBook,
    provider: &'a ProviderBook,
    model: &'a ModelEntry,
    on: NaiveDate,
    rates: Vec<(Condition, SkuRates<'a>)>,
}

impl<'a> ModelLook<'a> {
    pub(super) fn new(
        book: &'a PriceBook,
        (provider, model): (&'a ProviderBook, &'a ModelEntry),
        on: NaiveDate,
    ) -> Self {
        Self { book, provider, model, on, rates: Vec::new() }
    }

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

    pub(super) fn entries(&mut self, findings: &mut Findings) {
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
    pub(super) fn gaps(&mut self, findings: &mut Findings) {
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
