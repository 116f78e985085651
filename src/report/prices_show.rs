//! The `prices show` report: everything the books say of one model, and where they say it.

use serde::Serialize;

use super::{Align, Grid, PriceBookFacts};
use crate::money::{Amount, UnitPrice};
use crate::period::Timestamp;
use crate::price_book::{
    FreeAllowance, ModelEntry, Multiplier, PriceBook, PriceEntry, PriceKey, Standing,
};
use crate::tokens::Component;

/// The name of the JSON form of `prices show`.
pub const SHOW_SCHEMA: &str = "tokencast.prices-show.v1";

/// Everything the books say about one model.
#[derive(Debug, Serialize)]
pub struct ShownModel {
    schema: &'static str,
    provider: String,
    model: String,
    maker: Option<String>,
    family: Option<String>,
    tokenizer: Option<String>,
    context_window: Option<u64>,
    currency: String,
    aliases: Vec<ShownAlias>,
    entries: Vec<ShownEntry>,
    provider_entries: Vec<ShownEntry>,
    multipliers: Vec<ShownMultiplier>,
    location: String,
    price_book: PriceBookFacts,
}

#[derive(Debug, Serialize)]
struct ShownAlias {
    name: String,
    effective_from: Option<Timestamp>,
    effective_until: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
struct ShownEntry {
    condition: String,
    status: &'static str,
    effective_from: Option<Timestamp>,
    effective_until: Option<Timestamp>,
    announced_on: Option<Timestamp>,
    withdrawn_on: Option<Timestamp>,
    promotion: bool,
    free_allowance: Option<ShownAllowance>,
    prices: Vec<ShownPrice>,
    confidence: &'static str,
    layer: String,
    source: Option<String>,
    notes: Option<String>,
    location: String,
}

#[derive(Debug, Serialize)]
struct ShownMultiplier {
    condition: String,
    factor: String,
    components: Option<Vec<&'static str>>,
    status: &'static str,
    effective_from: Option<Timestamp>,
    effective_until: Option<Timestamp>,
    confidence: &'static str,
    source: Option<String>,
    location: String,
}

#[derive(Debug, Serialize)]
struct ShownPrice {
    key: &'static str,
    component: &'static str,
    price: Amount,
}

/// Units that are free before a price applies.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ShownAllowance {
    quantity: u64,
    period: &'static str,
    pool: Option<String>,
}

impl ShownAllowance {
    pub(super) fn of(allowance: &FreeAllowance) -> Self {
        Self {
            quantity: allowance.quantity,
            period: allowance.period.name(),
            pool: allowance.pool.as_ref().map(ToString::to_string),
        }
    }

    /// As in `first 1,500 a day free`.
    pub(super) fn sentence(&self) -> String {
        let quantity = super::format::grouped(self.quantity);
        let pool = self.pool.as_ref().map(|pool| format!(", shared as {pool}"));
        format!("first {quantity} a {} free{}", self.period, pool.unwrap_or_default())
    }
}

fn shown_entry(e: &PriceEntry, standing: &Standing) -> ShownEntry {
    ShownEntry {
        condition: e.condition.to_string(),
        status: standing.status.name(),
        effective_from: e.dates.effective_from,
        effective_until: standing.effective_until,
        announced_on: e.dates.announced_on,
        withdrawn_on: standing.withdrawn_on,
        promotion: e.promotion,
        free_allowance: e.free_allowance.as_ref().map(ShownAllowance::of),
        prices: e.prices.iter().filter_map(|(c, p)| shown_price(*c, *p)).collect(),
        confidence: e.origin.confidence.name(),
        layer: e.origin.layer.to_string(),
        source: owned(&e.origin.source),
        notes: owned(&e.origin.notes),
        location: e.origin.location.to_string(),
    }
}

fn shown_multiplier(m: &Multiplier, standing: &Standing) -> ShownMultiplier {
    ShownMultiplier {
        condition: m.condition.to_string(),
        factor: m.factor.to_string(),
        components: m.components.as_ref().map(|cs| cs.iter().map(|c| c.name()).collect()),
        status: standing.status.name(),
        effective_from: m.dates.effective_from,
        effective_until: standing.effective_until,
        confidence: m.origin.confidence.name(),
        source: owned(&m.origin.source),
        location: m.origin.location.to_string(),
    }
}

fn owned(text: &Option<Box<str>>) -> Option<String> {
    text.as_ref().map(ToString::to_string)
}

impl ShownModel {
    /// Every entry of a model and of its provider, newest first, as known at an instant.
    #[must_use]
    pub fn new(
        book: &PriceBook,
        model: &ModelEntry,
        at: Timestamp,
        known_at: Option<Timestamp>,
        price_book: PriceBookFacts,
    ) -> Self {
        let provider = book.providers().find(|p| p.provider == model.provider);
        let shown = |entries: &[PriceEntry]| -> Vec<ShownEntry> {
            let known = |e| Some((e, PriceEntry::standing(e, entries, at, known_at)?));
            let mut known: Vec<(&PriceEntry, Standing)> =
                entries.iter().filter_map(known).collect();
            known.sort_by_key(|(e, _)| std::cmp::Reverse(e.dates.effective_from));
            known.iter().map(|(e, standing)| shown_entry(e, standing)).collect()
        };
        let all = provider.map(|p| p.multipliers.as_slice()).unwrap_or_default();
        let shown_factor = |m: &Multiplier| {
            let standing = m.standing(all, at, known_at)?;
            m.applies_to_model(&model.id).then(|| shown_multiplier(m, &standing))
        };
        Self {
            schema: SHOW_SCHEMA,
            provider: model.provider.to_string(),
            model: model.id.to_string(),
            maker: model.maker.as_ref().map(ToString::to_string),
            family: model.family.as_ref().map(ToString::to_string),
            tokenizer: model.tokenizer.as_ref().map(ToString::to_string),
            context_window: model.context_window,
            currency: book.currency(&model.provider).map(|c| c.to_string()).unwrap_or_default(),
            aliases: model
                .aliases
                .iter()
                .map(|a| ShownAlias {
                    name: a.name.to_string(),
                    effective_from: a.effective_from,
                    effective_until: a.effective_until,
                })
                .collect(),
            entries: shown(&model.entries),
            provider_entries: provider.map(|p| shown(&p.entries)).unwrap_or_default(),
            multipliers: all.iter().filter_map(shown_factor).collect(),
            location: model.location.to_string(),
            price_book,
        }
    }

    /// The table of entries.
    #[must_use]
    pub fn grid(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("from", Align::Left),
            ("until", Align::Left),
            ("status", Align::Left),
            ("applies to", Align::Left),
            ("prices", Align::Left),
            ("confidence", Align::Left),
            ("where", Align::Left),
            ("source", Align::Left),
        ]);
        let date = |t: &Option<Timestamp>| {
            t.map(|t| t.to_string().replace("T00:00:00Z", "")).unwrap_or_default()
        };
        for e in self.entries.iter().chain(&self.provider_entries) {
            let mut prices: Vec<String> =
                e.prices.iter().map(|p| format!("{} {}", p.key, p.price)).collect();
            prices.extend(e.free_allowance.as_ref().map(ShownAllowance::sentence));
            let applies =
                if e.condition.is_empty() { "standard".to_owned() } else { e.condition.clone() };
            let mut marks = vec![e.status];
            if e.promotion {
                marks.push("promotion");
            }
            grid.rows.push(vec![
                date(&e.effective_from),
                date(&e.effective_until),
                marks.join(", "),
                applies,
                prices.join("\n"),
                e.confidence.to_owned(),
                e.location.clone(),
                e.source.clone().unwrap_or_default(),
            ]);
        }
        for m in &self.multipliers {
            grid.rows.push(vec![
                date(&m.effective_from),
                date(&m.effective_until),
                m.status.to_owned(),
                m.condition.clone(),
                match &m.components {
                    None => format!("all tokens x {}", m.factor),
                    Some(names) => format!("{} x {}", names.join(", "), m.factor),
                },
                m.confidence.to_owned(),
                m.location.clone(),
                m.source.clone().unwrap_or_default(),
            ]);
        }
        grid
    }

    /// Lines above the table.
    #[must_use]
    pub fn head(&self) -> String {
        let mut facts = Vec::new();
        let mut fact =
            |name: &str, value: Option<String>| facts.extend(value.map(|v| format!("{name} {v}")));
        fact("maker", self.maker.clone());
        fact("family", self.family.clone());
        fact("tokenizer", self.tokenizer.clone());
        fact("context window", self.context_window.map(super::format::grouped));
        let names: Vec<&str> = self.aliases.iter().map(|a| a.name.as_str()).collect();
        fact("also named", (!names.is_empty()).then(|| names.join(", ")));
        format!(
            "{} of {} ({}), prices in {}: {}",
            self.model,
            self.provider,
            self.location,
            self.currency,
            facts.join("; ")
        )
    }
}

fn shown_price(component: Component, price: UnitPrice) -> Option<ShownPrice> {
    let key = PriceKey::of(component);
    Some(ShownPrice {
        key: key.name,
        component: component.name(),
        price: price.per(key.per_power).ok()?,
    })
}
