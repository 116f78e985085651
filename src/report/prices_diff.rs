//! The `prices diff` report: prices that differ between two dates or two sets of books.

use compact_str::CompactString;
use serde::Serialize;

use super::{Align, Grid, PriceBookFacts, format};
use crate::money::Amount;
use crate::period::Timestamp;
use crate::price_book::compare::{Changes, FactorChange, PriceChange, percent};
use crate::price_book::{Accepts, Condition, Multiplier, PriceKey, Provenance, Rate};
use crate::sku::STANDARD;

/// The name of the JSON form of `prices diff`.
pub const DIFF_SCHEMA: &str = "tokencast.prices-diff.v1";

/// What is compared.
#[derive(Debug, Clone, Serialize)]
pub struct Compared {
    /// Prices before are at this instant.
    pub old_at: Timestamp,
    /// Prices after are at this instant.
    pub new_at: Timestamp,
    /// The file whose effect is shown; `None` between two dates.
    pub file: Option<String>,
}

/// Prices that differ.
#[derive(Debug, Serialize)]
pub struct PriceDiff {
    schema: &'static str,
    #[serde(flatten)]
    compared: Compared,
    prices: Vec<ShownChange>,
    multipliers: Vec<ShownFactorChange>,
    models_appearing: Vec<ShownModelName>,
    models_ending: Vec<ShownModelName>,
    price_book: PriceBookFacts,
}

#[derive(Debug, Serialize)]
struct ShownModelName {
    provider: String,
    model: String,
}

#[derive(Debug, Serialize)]
struct ShownChange {
    provider: String,
    model: Option<String>,
    condition: String,
    #[serde(skip)]
    applies_to: String,
    component: &'static str,
    key: &'static str,
    currency: String,
    old: Option<Amount>,
    new: Option<Amount>,
    change_percent: Option<Amount>,
    old_entry: Option<ShownOrigin>,
    new_entry: Option<ShownOrigin>,
}

#[derive(Debug, Serialize)]
struct ShownFactorChange {
    provider: String,
    models: Option<Vec<String>>,
    components: Option<Vec<&'static str>>,
    condition: String,
    old: Option<String>,
    new: Option<String>,
    old_entry: Option<ShownOrigin>,
    new_entry: Option<ShownOrigin>,
}

#[derive(Debug, Serialize)]
struct ShownOrigin {
    location: String,
    layer: String,
    confidence: &'static str,
    source: Option<String>,
}

fn origin(origin: &Provenance) -> ShownOrigin {
    ShownOrigin {
        location: origin.location.to_string(),
        layer: origin.layer.to_string(),
        confidence: origin.confidence.name(),
        source: origin.source.as_ref().map(ToString::to_string),
    }
}

/// What a condition asks, in short: standard tier and speed go without saying.
fn beside_standard(condition: &Condition) -> String {
    let mut shown = condition.clone();
    for accepts in [&mut shown.service_tier, &mut shown.speed] {
        if matches!(accepts, Accepts::OneOf(values) if values.as_slice() == [STANDARD]) {
            *accepts = Accepts::Any;
        }
    }
    match (shown.to_string(), condition.to_string()) {
        (short, _) if !short.is_empty() => short,
        (_, full) if full.is_empty() => "any usage".to_owned(),
        _ => STANDARD.to_owned(),
    }
}

fn shown(change: &PriceChange<'_>, currency: &str) -> ShownChange {
    let key = PriceKey::of(change.component);
    let price = |rate: &Option<Rate<'_>>| rate.as_ref()?.unit_price.per(key.per_power).ok();
    let entry = |rate: &Option<Rate<'_>>| rate.as_ref().map(|r| origin(&r.entry.origin));
    let both = change.old.as_ref().zip(change.new.as_ref());
    ShownChange {
        provider: change.provider.to_string(),
        model: change.model.as_ref().map(ToString::to_string),
        condition: change.usage.to_string(),
        applies_to: beside_standard(&change.usage),
        component: change.component.name(),
        key: key.name,
        currency: currency.to_owned(),
        old: price(&change.old),
        new: price(&change.new),
        change_percent: both.and_then(|(old, new)| percent(old.unit_price, new.unit_price)),
        old_entry: entry(&change.old),
        new_entry: entry(&change.new),
    }
}

fn shown_factor(change: &FactorChange<'_>) -> Option<ShownFactorChange> {
    let either = change.new.or(change.old)?;
    let factor = |m: Option<&Multiplier>| m.map(|m| m.factor.to_string());
    let entry = |m: Option<&Multiplier>| m.map(|m| origin(&m.origin));
    let models = either.models.as_ref();
    let components = either.components.as_ref();
    Some(ShownFactorChange {
        provider: change.provider.to_string(),
        models: models.map(|m| m.iter().map(ToString::to_string).collect()),
        components: components.map(|c| c.iter().map(|c| c.name()).collect()),
        condition: either.condition.to_string(),
        old: factor(change.old),
        new: factor(change.new),
        old_entry: entry(change.old),
        new_entry: entry(change.new),
    })
}

impl PriceDiff {
    /// From what the books say; `currency` gives that of a provider.
    #[must_use]
    pub fn new(
        compared: Compared,
        changes: &Changes<'_>,
        currency: impl Fn(&str) -> String,
        price_book: PriceBookFacts,
    ) -> Self {
        let names = |models: &[(CompactString, CompactString)]| {
            let name = |(provider, model): &(CompactString, CompactString)| ShownModelName {
                provider: provider.to_string(),
                model: model.to_string(),
            };
            models.iter().map(name).collect()
        };
        Self {
            schema: DIFF_SCHEMA,
            compared,
            prices: changes.prices.iter().map(|c| shown(c, &currency(&c.provider))).collect(),
            multipliers: changes.factors.iter().filter_map(shown_factor).collect(),
            models_appearing: names(&changes.appearing),
            models_ending: names(&changes.ending),
            price_book,
        }
    }

    /// The table.
    #[must_use]
    pub fn grid(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("provider", Align::Left),
            ("model", Align::Left),
            ("applies to", Align::Left),
            ("price", Align::Left),
            ("old", Align::Right),
            ("new", Align::Right),
            ("change", Align::Right),
            ("where", Align::Left),
        ]);
        let amount = |a: &Option<Amount>| a.map(|a| a.to_string()).unwrap_or_default();
        for c in &self.prices {
            grid.rows.push(vec![
                c.provider.clone(),
                c.model.clone().unwrap_or_else(|| "every model".to_owned()),
                c.applies_to.clone(),
                c.key.to_owned(),
                amount(&c.old),
                amount(&c.new),
                change_text(c),
                place(c.old_entry.as_ref(), c.new_entry.as_ref()),
            ]);
        }
        for m in &self.multipliers {
            let models = m.models.as_ref().map_or_else(
                || "every model".to_owned(),
                |names| match names.as_slice() {
                    [one] => one.clone(),
                    several => format!("{} models", several.len()),
                },
            );
            let what =
                m.components.as_ref().map_or_else(|| "all tokens".to_owned(), |c| c.join(", "));
            let factor =
                |f: &Option<String>| f.as_ref().map(|f| format!("x {f}")).unwrap_or_default();
            let text = match (&m.old, &m.new) {
                (None, _) => "new",
                (_, None) => "ends",
                (Some(old), Some(new)) if old == new => "other models",
                _ => "",
            };
            grid.rows.push(vec![
                m.provider.clone(),
                models,
                m.condition.clone(),
                what,
                factor(&m.old),
                factor(&m.new),
                text.to_owned(),
                place(m.old_entry.as_ref(), m.new_entry.as_ref()),
            ]);
        }
        grid
    }

    /// A line above the table and those below.
    #[must_use]
    pub fn sentences(&self) -> (String, Vec<String>) {
        let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let between = match &self.compared.file {
            Some(file) => format!("`{file}` would change at {}", self.compared.new_at),
            None => format!("change from {} to {}", self.compared.old_at, self.compared.new_at),
        };
        let mut head = format!("Prices that {between}: {}", count(self.prices.len(), "price"));
        if !self.multipliers.is_empty() {
            head.push_str(&format!(", {}", count(self.multipliers.len(), "multiplier")));
        }
        let mut notes = Vec::new();
        for (models, what) in [
            (&self.models_appearing, "Models that appear"),
            (&self.models_ending, "Models that end"),
        ] {
            if !models.is_empty() {
                let names: Vec<String> =
                    models.iter().map(|m| format!("{} of {}", m.model, m.provider)).collect();
                notes.push(format!("{what}: {}.", names.join(", ")));
            }
        }
        notes.push(format!("Prices: {}", self.price_book.sentence()));
        (head, notes)
    }
}

fn change_text(change: &ShownChange) -> String {
    match (change.old, change.new, change.change_percent) {
        (None, ..) => "new".to_owned(),
        (_, None, _) => "ends".to_owned(),
        (_, _, Some(percent)) => format::percent_change(percent),
        _ => String::new(),
    }
}

/// The entry that brings the change: the new one, else the one that ends.
fn place(old: Option<&ShownOrigin>, new: Option<&ShownOrigin>) -> String {
    new.or(old).map(|o| o.location.clone()).unwrap_or_default()
}
