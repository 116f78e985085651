//! The `prices list` report: standard prices of many models.

use serde::Serialize;

use super::{Align, Grid, PriceBookFacts};
use crate::money::{Amount, UnitPrice};
use crate::period::{Period, Timestamp};
use crate::price_book::{ModelEntry, PriceBook, PriceKey, Rate};
use crate::sku::{ContextBand, Sku};
use crate::tokens::Component;

/// The name of the JSON form of `prices list`.
pub const LIST_SCHEMA: &str = "tokencast.prices-list.v1";

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
    deployment: Option<String>,
    other_prices: Vec<OtherPrice>,
    confidence: Option<&'static str>,
}

/// A price of another unit than tokens of text, of a model without one of those.
#[derive(Debug, Serialize)]
struct OtherPrice {
    key: &'static str,
    component: &'static str,
    price: Amount,
}

fn per_mtok(price: UnitPrice) -> Option<Amount> {
    price.per(6).ok()
}

/// Endpoints and deployments tried where a price depends on one that is not stated.
const PLACES: [(&str, &str); 6] = [
    ("", ""),
    ("global", ""),
    ("regional", ""),
    ("", "global_standard"),
    ("", "data_zone"),
    ("", "regional"),
];

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
            ("other", Align::Left),
            ("endpoint", Align::Left),
            ("deployment", Align::Left),
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
                m.other_prices
                    .iter()
                    .map(|o| format!("{} {}", o.key, o.price))
                    .collect::<Vec<_>>()
                    .join("\n"),
                m.endpoint.clone().unwrap_or_default(),
                m.deployment.clone().unwrap_or_default(),
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
    let blank = || ListedModel {
        provider: model.provider.to_string(),
        model: model.id.to_string(),
        family: model.family.as_ref().map(ToString::to_string),
        currency: book.currency(&model.provider).map(|c| c.to_string()).unwrap_or_default(),
        input_per_mtok: None,
        cache_read_per_mtok: None,
        cache_write_per_mtok: None,
        output_per_mtok: None,
        endpoint: None,
        deployment: None,
        other_prices: Vec::new(),
        confidence: None,
    };
    let found = PLACES.iter().find_map(|(endpoint, deployment)| {
        let mut sku = Sku::new(&model.provider, &model.id);
        sku.endpoint = (*endpoint).into();
        sku.deployment = (*deployment).into();
        let rates =
            book.rates(&sku, ContextBand::Known { from: 0, until: Some(1) }, filter.known_at);
        // Fees for every model of a provider say nothing about this one.
        let own = |rate: &Rate<'_>| model.entries.iter().any(|e| std::ptr::eq(e, rate.entry));
        let price = |c| rates.at(c, instant).ok().filter(own);
        let text = price(Component::InputUncached).or_else(|| price(Component::Output));
        let other = || Component::ALL.iter().filter_map(|c| Some((*c, price(*c)?)));
        let confidence = text.clone().or_else(|| other().next().map(|(_, rate)| rate))?;
        let amount = |c| price(c).and_then(|r| per_mtok(r.unit_price));
        let writes = [Component::InputCacheWrite5m, Component::InputCacheWrite30m];
        let stated = |word: &str| (!word.is_empty()).then(|| word.to_owned());
        let other_prices = if text.is_some() {
            Vec::new()
        } else {
            other().filter(|(c, r)| r.rated_as == *c).filter_map(other_price).collect()
        };
        Some(ListedModel {
            input_per_mtok: amount(Component::InputUncached),
            cache_read_per_mtok: amount(Component::InputCacheRead),
            cache_write_per_mtok: writes.into_iter().find_map(amount),
            output_per_mtok: amount(Component::Output),
            endpoint: stated(endpoint),
            deployment: stated(deployment),
            other_prices,
            confidence: Some(confidence.entry.origin.confidence.name()),
            ..blank()
        })
    });
    found.or_else(|| filter.all.then(blank))
}

fn other_price((component, rate): (Component, Rate<'_>)) -> Option<OtherPrice> {
    let key = PriceKey::of(component);
    let price = rate.unit_price.per(key.per_power).ok()?;
    Some(OtherPrice { key: key.name, component: component.name(), price })
}
