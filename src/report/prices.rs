//! The `prices` reports: what a table says, and where it says so.

use serde::Serialize;

use super::{Align, Grid, PriceBookFacts};
use crate::money::{Amount, UnitPrice};
use crate::period::{Period, Timestamp};
use crate::price_book::{Dates, ModelEntry, Multiplier, PriceBook, PriceEntry, PriceKey};
use crate::sku::{ContextBand, Sku};
use crate::tokens::Component;

/// The name of the JSON form of `prices list`.
pub const LIST_SCHEMA: &str = "tokencast.prices-list.v1";
/// The name of the JSON form of `prices show`.
pub const SHOW_SCHEMA: &str = "tokencast.prices-show.v1";

/// Which models to list, and when.
#[derive(Debug, Clone)]
pub struct ListFilter {
    /// Only this provider.
    pub provider: Option<String>,
    /// Only models whose id or alias contains this text.
    pub text: Option<String>,
    /// Prices at this instant; `None` lists models whatever their dates.
    pub at: Timestamp,
    /// As known at.
    pub known_at: Option<Timestamp>,
    /// Also models without a price in force.
    pub all: bool,
}

/// Standard prices of many models at one instant.
#[derive(Debug, Serialize)]
pub struct PriceList {
    schema: &'static str,
    at: Timestamp,
    models: Vec<ListedModel>,
    price_book: PriceBookFacts,
}

#[derive(Debug, Serialize)]
struct ListedModel {
    provider: String,
    model: String,
    family: Option<String>,
    currency: String,
    input_per_mtok: Option<Amount>,
    cache_read_per_mtok: Option<Amount>,
    cache_write_per_mtok: Option<Amount>,
    output_per_mtok: Option<Amount>,
    endpoint: Option<String>,
    confidence: Option<&'static str>,
}

fn per_mtok(price: UnitPrice) -> Option<Amount> {
    price.per(6).ok()
}

/// Endpoints tried where a price depends on one that is not stated.
const ENDPOINTS: [&str; 3] = ["", "global", "regional"];

impl PriceList {
    /// Standard tier, shortest prompts, one row a model.
    #[must_use]
    pub fn new(book: &PriceBook, filter: &ListFilter, price_book: PriceBookFacts) -> Self {
        let wanted = |m: &&ModelEntry| {
            let provider = filter.provider.as_ref().is_none_or(|p| m.provider == *p);
            let text = filter
                .text
                .as_ref()
                .is_none_or(|t| m.id.contains(t) || m.aliases.iter().any(|a| a.name.contains(t)));
            provider && text
        };
        let mut models: Vec<ListedModel> =
            book.models().filter(wanted).filter_map(|m| listed(book, m, filter)).collect();
        models.sort_by(|a, b| (&a.provider, &a.model).cmp(&(&b.provider, &b.model)));
        Self { schema: LIST_SCHEMA, at: filter.at, models, price_book }
    }

    /// Number of models.
    #[must_use]
    pub fn len(&self) -> usize {
        self.models.len()
    }

    /// True without any model.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.models.is_empty()
    }

    /// The table.
    #[must_use]
    pub fn grid(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("provider", Align::Left),
            ("model", Align::Left),
            ("input", Align::Right),
            ("cache read", Align::Right),
            ("cache write", Align::Right),
            ("output", Align::Right),
            ("endpoint", Align::Left),
            ("confidence", Align::Left),
        ]);
        let shown = |a: &Option<Amount>| a.map(|a| a.to_string()).unwrap_or_default();
        for m in &self.models {
            grid.rows.push(vec![
                m.provider.clone(),
                m.model.clone(),
                shown(&m.input_per_mtok),
                shown(&m.cache_read_per_mtok),
                shown(&m.cache_write_per_mtok),
                shown(&m.output_per_mtok),
                m.endpoint.clone().unwrap_or_default(),
                m.confidence.unwrap_or_default().to_owned(),
            ]);
        }
        grid
    }

    /// A line above the table and one below.
    #[must_use]
    pub fn sentences(&self) -> (String, String) {
        let head = format!(
            "Prices per million tokens at {}: standard tier, shortest prompts, {} models",
            self.at,
            self.models.len()
        );
        (
            head,
            format!(
                "Prices: {} `prices show MODEL` gives every tier, date and source.",
                self.price_book.sentence()
            ),
        )
    }
}

fn listed(book: &PriceBook, model: &ModelEntry, filter: &ListFilter) -> Option<ListedModel> {
    let instant = Period {
        start: filter.at,
        end: Timestamp::from_nanos(filter.at.nanos().saturating_add(1)),
    };
    let found = ENDPOINTS.iter().find_map(|endpoint| {
        let mut sku = Sku::new(&model.provider, &model.id);
        sku.endpoint = (*endpoint).into();
        let rates =
            book.rates(&sku, ContextBand::Known { from: 0, until: Some(1) }, filter.known_at);
        let price = |c| rates.at(c, instant).ok();
        let has_any =
            price(Component::InputUncached).is_some() || price(Component::Output).is_some();
        has_any.then(|| {
            let amount = |c| price(c).and_then(|r| per_mtok(r.unit_price));
            let writes = [Component::InputCacheWrite5m, Component::InputCacheWrite30m];
            let confidence = price(Component::InputUncached).or_else(|| price(Component::Output));
            ListedModel {
                provider: model.provider.to_string(),
                model: model.id.to_string(),
                family: model.family.as_ref().map(ToString::to_string),
                currency: book.currency(&model.provider).map(|c| c.to_string()).unwrap_or_default(),
                input_per_mtok: amount(Component::InputUncached),
                cache_read_per_mtok: amount(Component::InputCacheRead),
                cache_write_per_mtok: writes.into_iter().find_map(amount),
                output_per_mtok: amount(Component::Output),
                endpoint: (!endpoint.is_empty()).then(|| (*endpoint).to_owned()),
                confidence: confidence.map(|r| r.entry.origin.confidence.name()),
            }
        })
    });
    let nothing = || ListedModel {
        provider: model.provider.to_string(),
        model: model.id.to_string(),
        family: model.family.as_ref().map(ToString::to_string),
        currency: book.currency(&model.provider).map(|c| c.to_string()).unwrap_or_default(),
        input_per_mtok: None,
        cache_read_per_mtok: None,
        cache_write_per_mtok: None,
        output_per_mtok: None,
        endpoint: None,
        confidence: None,
    };
    found.or_else(|| filter.all.then(nothing))
}

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

/// Where an entry stands at an instant.
fn status(dates: &Dates, at: Timestamp) -> &'static str {
    if dates.withdrawn_on.is_some_and(|w| w <= at) {
        "withdrawn"
    } else if dates.effective_until.is_some_and(|until| until <= at) {
        "ended"
    } else if dates.effective_from.is_some_and(|from| at < from) {
        "announced"
    } else {
        "in force"
    }
}

fn shown_entry(e: &PriceEntry, at: Timestamp) -> ShownEntry {
    ShownEntry {
        condition: e.condition.to_string(),
        status: status(&e.dates, at),
        effective_from: e.dates.effective_from,
        effective_until: e.dates.effective_until,
        announced_on: e.dates.announced_on,
        withdrawn_on: e.dates.withdrawn_on,
        promotion: e.promotion,
        prices: e.prices.iter().filter_map(|(c, p)| shown_price(*c, *p)).collect(),
        confidence: e.origin.confidence.name(),
        layer: e.origin.layer.to_string(),
        source: owned(&e.origin.source),
        notes: owned(&e.origin.notes),
        location: e.origin.location.to_string(),
    }
}

fn shown_multiplier(m: &Multiplier, at: Timestamp) -> ShownMultiplier {
    ShownMultiplier {
        condition: m.condition.to_string(),
        factor: m.factor.to_string(),
        components: m.components.as_ref().map(|cs| cs.iter().map(|c| c.name()).collect()),
        status: status(&m.dates, at),
        effective_from: m.dates.effective_from,
        effective_until: m.dates.effective_until,
        confidence: m.origin.confidence.name(),
        source: owned(&m.origin.source),
        location: m.origin.location.to_string(),
    }
}

fn owned(text: &Option<Box<str>>) -> Option<String> {
    text.as_ref().map(ToString::to_string)
}

/// True if an entry was known at an instant; without one, everything is.
fn is_known(dates: &Dates, known_at: Option<Timestamp>) -> bool {
    let since = dates.announced_on.or(dates.effective_from);
    known_at.is_none_or(|known| since.is_none_or(|since| since <= known))
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
            let mut entries: Vec<&PriceEntry> =
                entries.iter().filter(|e| is_known(&e.dates, known_at)).collect();
            entries.sort_by_key(|e| std::cmp::Reverse(e.dates.effective_from));
            entries.into_iter().map(|e| shown_entry(e, at)).collect()
        };
        let multipliers = provider.into_iter().flat_map(|p| &p.multipliers);
        let applies =
            |m: &&Multiplier| m.applies_to_model(&model.id) && is_known(&m.dates, known_at);
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
            multipliers: multipliers.filter(applies).map(|m| shown_multiplier(m, at)).collect(),
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
            let prices: Vec<String> =
                e.prices.iter().map(|p| format!("{} {}", p.key, p.price)).collect();
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
