//! Why a price is what it is: what matched, and what else could have.
//!
//! The price itself always comes from [`PriceBook::rates`]; what is said here of other entries is
//! commentary on that choice.

use std::cmp::Reverse;

use super::PriceBook;
use super::condition::{Accepts, Condition, Fit};
use super::entry::{Alias, Dates, ModelEntry, Multiplier, PriceEntry, ProviderBook};
use super::pool::{Matching, Pool};
use super::rates::Rate;
use super::unpriced::Unpriced;
use super::view::{EVER, NEVER, View};
use crate::money::UnitPrice;
use crate::period::{Period, Timestamp};
use crate::sku::{ContextBand, STANDARD, Sku};
use crate::tokens::Component;

/// What a price is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Provider, name of the model and modifiers.
    pub sku: Sku,
    /// Sizes of the prompts.
    pub context: ContextBand,
    /// When.
    pub at: Timestamp,
    /// As known at.
    pub known_at: Option<Timestamp>,
}

/// The price of one component and how it came about.
#[derive(Debug, Clone)]
pub struct Explanation<'a> {
    /// What is priced.
    pub component: Component,
    /// The price, or why there is none.
    pub price: Result<Rate<'a>, Unpriced>,
    /// What the entry asks of the usage, and what the usage says.
    pub matched: Vec<String>,
    /// What did not set or change the price, the nearest miss first.
    pub others: Vec<Other<'a>>,
}

/// A price or a factor that does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item<'a> {
    /// A price.
    Price(&'a PriceEntry, UnitPrice),
    /// A factor.
    Factor(&'a Multiplier),
}

/// Something that could have set or changed a price, and why it did not.
#[derive(Debug, Clone)]
pub struct Other<'a> {
    /// What it is.
    pub item: Item<'a>,
    /// The component that it prices.
    pub component: Component,
    /// Why not; at least one reason.
    pub reasons: Vec<String>,
}

impl PriceBook {
    /// The alias by which a name means a model at an instant; `None` if it is the id itself.
    #[must_use]
    pub fn alias(&self, provider: &str, name: &str, at: Timestamp) -> Option<&Alias> {
        self.providers.get(provider)?.alias(name, at)
    }

    /// Explains the prices of components; of every component that the model has a price for where
    /// none is named. Empty if no book knows the model.
    #[must_use]
    pub fn explain(&self, asked: &Asked, components: &[Component]) -> Vec<Explanation<'_>> {
        let Some(book) = self.providers.get(&asked.sku.provider) else { return Vec::new() };
        let Some(model) = book.resolve(&asked.sku.model, asked.at) else { return Vec::new() };
        let rates = self.rates(&asked.sku, asked.context, asked.known_at);
        let instant = Period {
            start: asked.at,
            end: Timestamp::from_nanos(asked.at.nanos().saturating_add(1)),
        };
        let view = View { known_at: asked.known_at };
        let matching = Matching::new(book, model, &asked.sku, asked.context, view);
        let has_price =
            |c: Component| model.entries.iter().chain(&book.entries).any(|e| e.price(c).is_some());
        let wanted = |c: &Component| {
            if components.is_empty() { has_price(*c) } else { components.contains(c) }
        };
        let components = Component::ALL.iter().copied().filter(wanted);
        let explained = components.map(|component| {
            let price = rates.at(component, instant);
            let matched = price.as_ref().map(|r| met(&r.entry.condition, asked));
            let scene = Scene { book, model, asked, view, pool: matching.pool(component, view) };
            let others = scene.others(component, &price);
            Explanation { component, matched: matched.unwrap_or_default(), price, others }
        });
        explained.collect()
    }
}

/// The names of the properties that conditions ask for, with what is asked and said.
fn properties<'c>(
    condition: &'c Condition,
    sku: &'c Sku,
) -> [(&'static str, &'c Accepts, &'c str); 5] {
    let or_standard = |word: &'c str| if word.is_empty() { STANDARD } else { word };
    [
        ("service_tier", &condition.service_tier, or_standard(&sku.service_tier)),
        ("speed", &condition.speed, or_standard(&sku.speed)),
        ("endpoint", &condition.endpoint, &sku.endpoint),
        ("region", &condition.region, &sku.region),
        ("deployment", &condition.deployment, &sku.deployment),
    ]
}

fn said(word: &str) -> &str {
    if word.is_empty() { "none stated" } else { word }
}

fn said_size(band: ContextBand) -> String {
    match band {
        ContextBand::Unknown => "size not stated".to_owned(),
        ContextBand::Known { from, until } if until == from.checked_add(1) => from.to_string(),
        ContextBand::Known { from, until: None } => format!("{from} or more"),
        ContextBand::Known { from, until: Some(until) } => format!("{from} to under {until}"),
    }
}

/// The part of a condition that is about the size of prompts.
fn size_text(condition: &Condition) -> String {
    Condition { context: condition.context, ..Condition::any() }.to_string()
}

/// What a condition asks, and what the usage says to it.
fn met(condition: &Condition, asked: &Asked) -> Vec<String> {
    let mut parts = Vec::new();
    for (name, accepts, word) in properties(condition, &asked.sku) {
        if let Accepts::OneOf(values) = accepts {
            parts.push(match values.as_slice() {
                [one] if one == word => format!("{name} {one}"),
                _ => format!("{name} {} (asked: {})", values.join(" or "), said(word)),
            });
        }
    }
    parts.extend(condition.calendar.iter().map(|c| format!("in calendar {}", c.name)));
    parts.extend(condition.outside_calendar.iter().map(|c| format!("outside calendar {}", c.name)));
    if !condition.context.is_all() {
        parts.push(format!("{} (asked: {})", size_text(condition), said_size(asked.context)));
    }
    parts
}

/// What a condition asks that the usage does not meet.
fn unmet(condition: &Condition, asked: &Asked) -> Vec<String> {
    let mut parts = Vec::new();
    for (name, accepts, word) in properties(condition, &asked.sku) {
        if let Accepts::OneOf(values) = accepts
            && !accepts.accepts(word)
        {
            parts.push(format!("{name} {} (asked: {})", values.join(" or "), said(word)));
        }
    }
    let size = || format!("{} (asked: {})", size_text(condition), said_size(asked.context));
    match condition.context.fit(asked.context) {
        Some(Fit::Whole { .. }) => {}
        Some(Fit::Part { .. }) => parts.push(format!("only a part of the sizes: {}", size())),
        Some(Fit::HigherBand) | None => parts.push(size()),
    }
    let inside = condition.calendar.as_ref().filter(|c| !c.contains(asked.at));
    parts.extend(inside.map(|c| format!("in calendar {}, which this time is not", c.name)));
    let outside = condition.outside_calendar.as_ref().filter(|c| c.contains(asked.at));
    parts.extend(outside.map(|c| format!("outside calendar {}, in which this time is", c.name)));
    parts
}

/// Why something does not count or is not in force at an instant.
fn untimely(
    dates: &Dates,
    force: Option<(Timestamp, Timestamp)>,
    view: View,
    at: Timestamp,
) -> Option<String> {
    if !view.counts(dates) {
        let withdrawn = dates.withdrawn_on.filter(|w| view.known_at.is_none_or(|now| *w <= now));
        return Some(match (withdrawn, dates.announced_on.or(dates.effective_from)) {
            (Some(day), _) => format!("withdrawn on {}", day_of(day)),
            (None, Some(day)) => format!("not known before {}", day_of(day)),
            (None, None) => "not known".to_owned(),
        });
    }
    let (from, until) = force
        .unwrap_or((dates.effective_from.unwrap_or(EVER), dates.effective_until.unwrap_or(NEVER)));
    if at < from {
        Some(format!("starts {}", day_of(from)))
    } else if until <= at {
        Some(format!("ended {}", day_of(until)))
    } else {
        None
    }
}

/// A date where the instant is the start of one.
fn day_of(instant: Timestamp) -> String {
    instant.to_string().replace("T00:00:00Z", "")
}

struct Scene<'s, 'a> {
    book: &'a ProviderBook,
    model: &'a ModelEntry,
    asked: &'s Asked,
    view: View,
    pool: Pool<'a>,
}

impl<'a> Scene<'_, 'a> {
    fn others(&self, component: Component, price: &Result<Rate<'a>, Unpriced>) -> Vec<Other<'a>> {
        let winner = price.as_ref().ok();
        let mut others = Vec::new();
        for rated_as in [Some(component), component.rated_as()].into_iter().flatten() {
            for entry in self.model.entries.iter().chain(&self.book.entries) {
                let Some(unit_price) = entry.price(rated_as) else { continue };
                if winner.is_some_and(|w| std::ptr::eq(w.entry, entry) && w.rated_as == rated_as) {
                    continue;
                }
                let mut reasons = self.misses(entry, rated_as);
                if reasons.is_empty() {
                    reasons.push(match price {
                        Ok(rate) => self.outranked(entry, rated_as, component, rate),
                        Err(error) => error.to_string(),
                    });
                }
                let item = Item::Price(entry, unit_price);
                others.push(Other { item, component: rated_as, reasons });
            }
        }
        if let Some(rate) = winner {
            others.extend(self.factors(component, rate));
        }
        others.sort_by_key(|other| {
            let (dates, factor) = match other.item {
                Item::Price(entry, _) => (&entry.dates, false),
                Item::Factor(multiplier) => (&multiplier.dates, true),
            };
            (
                other.reasons.len(),
                factor,
                other.component != component,
                Reverse(dates.effective_from),
            )
        });
        others
    }

    fn misses(&self, entry: &PriceEntry, rated_as: Component) -> Vec<String> {
        let mut reasons = unmet(&entry.condition, self.asked);
        let candidate = self
            .pool
            .candidates
            .iter()
            .find(|c| std::ptr::eq(c.entry, entry) && c.rated_as == rated_as);
        let force = candidate.map(|c| c.force);
        reasons.extend(untimely(&entry.dates, force, self.view, self.asked.at));
        reasons
    }

    /// Why an entry that matches and is in force is not the one.
    fn outranked(
        &self,
        entry: &PriceEntry,
        rated_as: Component,
        component: Component,
        winner: &Rate<'_>,
    ) -> String {
        let is_own = |e: &PriceEntry| self.model.entries.iter().any(|own| std::ptr::eq(own, e));
        let (keys, most) = (entry.condition.specificity, winner.entry.condition.specificity);
        if rated_as != winner.rated_as {
            format!("`{component}` has a price of its own")
        } else if entry.origin.layer < winner.entry.origin.layer {
            let (layer, higher) = (entry.origin.layer, winner.entry.origin.layer);
            format!("of the {layer} books, a lower layer than {higher}")
        } else if !is_own(entry) && is_own(winner.entry) {
            "for every model, and the model has an entry of its own".to_owned()
        } else if keys < most {
            format!("less specific: {keys} `when` keys, the other has {most}")
        } else {
            "another starts or was announced later".to_owned()
        }
    }

    /// Multipliers of the model and component that were not applied.
    fn factors(&self, component: Component, rate: &Rate<'a>) -> Vec<Other<'a>> {
        let concerned = self.book.multipliers.iter().filter(|m| {
            m.applies_to_model(&self.model.id)
                && m.applies_to(component, rate.rated_as)
                && !rate.multipliers.iter().any(|applied| std::ptr::eq(*applied, *m))
        });
        let other = |multiplier: &'a Multiplier| {
            let mut reasons = unmet(&multiplier.condition, self.asked);
            let boost = self.pool.boosts.iter().find(|b| std::ptr::eq(b.multiplier, multiplier));
            let (dates, force) = (&multiplier.dates, boost.map(|b| b.force));
            reasons.extend(untimely(dates, force, self.view, self.asked.at));
            if reasons.is_empty() {
                reasons.push(format!(
                    "of the {} books, a lower layer than the price",
                    multiplier.origin.layer
                ));
            }
            Other { item: Item::Factor(multiplier), component, reasons }
        };
        concerned.map(other).collect()
    }
}
