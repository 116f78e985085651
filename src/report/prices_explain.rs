//! The `prices explain` report: how each price of a model comes about.

use serde::Serialize;

use super::prices_show::ShownAllowance;
use super::{Align, Grid, PriceBookFacts};
use crate::money::{Amount, UnitPrice};
use crate::period::Timestamp;
use crate::price_book::explain::{Asked, Explanation, Item, Other};
use crate::price_book::{Alias, Dates, ModelEntry, PriceBook, PriceKey, Provenance};
use crate::sku::ContextBand;
use crate::tokens::Component;

/// The name of the JSON form of `prices explain`.
pub const EXPLAIN_SCHEMA: &str = "tokencast.prices-explain.v1";

/// Near misses shown for one component in tables.
const SHOWN_MISSES: usize = 4;

/// How the prices of one model come about.
#[derive(Debug, Serialize)]
pub struct PriceExplanation {
    schema: &'static str,
    provider: String,
    model: String,
    asked: ShownQuestion,
    alias: Option<ShownAlias>,
    location: String,
    currency: String,
    components: Vec<ShownComponent>,
    price_book: PriceBookFacts,
}

#[derive(Debug, Serialize)]
struct ShownQuestion {
    model: String,
    at: Timestamp,
    service_tier: String,
    speed: String,
    endpoint: Option<String>,
    region: Option<String>,
    deployment: Option<String>,
    context_tokens: Option<u64>,
}

#[derive(Debug, Serialize)]
struct ShownAlias {
    name: String,
    effective_from: Option<Timestamp>,
    effective_until: Option<Timestamp>,
    location: String,
}

#[derive(Debug, Serialize)]
struct ShownComponent {
    component: &'static str,
    key: &'static str,
    price: Option<Amount>,
    unpriced: Option<String>,
    rated_as: Option<&'static str>,
    context_assumed: bool,
    entry: Option<ShownItem>,
    matched: Vec<String>,
    multipliers: Vec<ShownItem>,
    others: Vec<ShownOther>,
}

/// A price before multipliers, or a factor, and where it comes from.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ShownItem {
    pub(super) component: &'static str,
    pub(super) price: Option<Amount>,
    pub(super) factor: Option<String>,
    pub(super) condition: String,
    pub(super) effective_from: Option<Timestamp>,
    pub(super) effective_until: Option<Timestamp>,
    pub(super) announced_on: Option<Timestamp>,
    pub(super) withdrawn_on: Option<Timestamp>,
    pub(super) promotion: bool,
    pub(super) free_allowance: Option<ShownAllowance>,
    pub(super) confidence: &'static str,
    pub(super) layer: String,
    pub(super) source: Option<String>,
    pub(super) notes: Option<String>,
    pub(super) location: String,
}

#[derive(Debug, Serialize)]
struct ShownOther {
    item: ShownItem,
    reasons: Vec<String>,
}

pub(super) fn shown_price(component: Component, price: UnitPrice) -> Option<Amount> {
    price.per(PriceKey::of(component).per_power).ok()
}

pub(super) fn shown_item(item: Item<'_>, component: Component) -> ShownItem {
    let facts = |origin: &Provenance, dates: &Dates, condition: String, promotion| ShownItem {
        component: component.name(),
        price: None,
        factor: None,
        condition,
        effective_from: dates.effective_from,
        effective_until: dates.effective_until,
        announced_on: dates.announced_on,
        withdrawn_on: dates.withdrawn_on,
        promotion,
        free_allowance: None,
        confidence: origin.confidence.name(),
        layer: origin.layer.to_string(),
        source: origin.source.as_ref().map(ToString::to_string),
        notes: origin.notes.as_ref().map(ToString::to_string),
        location: origin.location.to_string(),
    };
    match item {
        Item::Price(e, price) => ShownItem {
            price: shown_price(component, price),
            free_allowance: e.free_allowance.as_ref().map(ShownAllowance::of),
            ..facts(&e.origin, &e.dates, e.condition.to_string(), e.promotion)
        },
        Item::Factor(m) => ShownItem {
            factor: Some(m.factor.to_string()),
            ..facts(&m.origin, &m.dates, m.condition.to_string(), false)
        },
    }
}

fn shown_other(other: &Other<'_>) -> ShownOther {
    ShownOther { item: shown_item(other.item, other.component), reasons: other.reasons.clone() }
}

fn shown_component(explained: &Explanation<'_>) -> ShownComponent {
    let component = explained.component;
    let rate = explained.price.as_ref().ok();
    let entry = rate.and_then(|r| {
        let price = r.entry.price(r.rated_as)?;
        Some(shown_item(Item::Price(r.entry, price), r.rated_as))
    });
    ShownComponent {
        component: component.name(),
        key: PriceKey::of(component).name,
        price: rate.and_then(|r| shown_price(component, r.unit_price)),
        unpriced: explained.price.as_ref().err().map(ToString::to_string),
        rated_as: rate.filter(|r| r.rated_as != component).map(|r| r.rated_as.name()),
        context_assumed: rate.is_some_and(|r| r.context_assumed),
        entry,
        matched: explained.matched.clone(),
        multipliers: rate
            .iter()
            .flat_map(|r| &r.multipliers)
            .map(|m| shown_item(Item::Factor(m), component))
            .collect(),
        others: explained.others.iter().map(shown_other).collect(),
    }
}

impl PriceExplanation {
    /// From what the books explain.
    #[must_use]
    pub fn new(
        book: &PriceBook,
        model: &ModelEntry,
        asked: &Asked,
        (name, components): (&str, &[Component]),
        price_book: PriceBookFacts,
    ) -> Self {
        let sku = &asked.sku;
        let word = |word: &str| (!word.is_empty()).then(|| word.to_owned());
        let alias = book.alias(&sku.provider, &sku.model, asked.at);
        let shown_alias = |a: &Alias| ShownAlias {
            name: a.name.to_string(),
            effective_from: a.effective_from,
            effective_until: a.effective_until,
            location: a.location.to_string(),
        };
        Self {
            schema: EXPLAIN_SCHEMA,
            provider: model.provider.to_string(),
            model: model.id.to_string(),
            asked: ShownQuestion {
                model: name.to_owned(),
                at: asked.at,
                service_tier: sku.service_tier.to_string(),
                speed: sku.speed.to_string(),
                endpoint: word(&sku.endpoint),
                region: word(&sku.region),
                deployment: word(&sku.deployment),
                context_tokens: match asked.context {
                    ContextBand::Known { from, .. } => Some(from),
                    ContextBand::Unknown => None,
                },
            },
            alias: alias.map(shown_alias),
            location: model.location.to_string(),
            currency: book.currency(&model.provider).map(|c| c.to_string()).unwrap_or_default(),
            components: book.explain(asked, components).iter().map(shown_component).collect(),
            price_book,
        }
    }

    /// The table: for each component its price, what makes it, and what comes nearest.
    #[must_use]
    pub fn grid(&self) -> Grid {
        self.rows(SHOWN_MISSES, false)
    }

    /// The table with everything that did not apply.
    #[must_use]
    pub fn csv_grid(&self) -> Grid {
        self.rows(usize::MAX, true)
    }

    fn rows(&self, most_misses: usize, whole_rows: bool) -> Grid {
        let mut grid = Grid::new(&[
            ("component", Align::Left),
            ("part", Align::Left),
            ("value", Align::Right),
            ("applies to", Align::Left),
            ("from", Align::Left),
            ("until", Align::Left),
            ("where", Align::Left),
            ("why", Align::Left),
        ]);
        for c in &self.components {
            let first = grid.rows.len();
            grid.rows.push(head_row(c));
            if let Some(entry) = &c.entry {
                let matched = match c.matched.join(", ") {
                    same if same == entry.condition => "matches what was asked".to_owned(),
                    matched => format!("matches {matched}"),
                };
                let why = [vec![matched], origin(entry)].concat();
                grid.rows.push(item_row("entry", entry, &why.join("; ")));
            }
            for m in &c.multipliers {
                grid.rows.push(item_row("multiplier", m, &origin(m).join("; ")));
            }
            for other in c.others.iter().take(most_misses) {
                grid.rows.push(item_row("not this", &other.item, &other.reasons.join("; ")));
            }
            let more = c.others.len().saturating_sub(most_misses);
            if more > 0 {
                let mut row = vec![String::new(); grid.columns.len()];
                row[1] = format!("and {more} more");
                grid.rows.push(row);
            }
            if whole_rows {
                grid.rows[first..].iter_mut().for_each(|row| c.component.clone_into(&mut row[0]));
            }
        }
        grid
    }

    /// Lines above the table.
    #[must_use]
    pub fn head(&self) -> String {
        let mut text = format!(
            "{} of {} ({}), prices in {} at {}",
            self.model, self.provider, self.location, self.currency, self.asked.at
        );
        if let Some(alias) = &self.alias {
            let from = alias.effective_from.map(|t| format!(" from {}", day(t)));
            let until = alias.effective_until.map(|t| format!(" until {}", day(t)));
            text.push_str(&format!(
                "\n`{}` means this model{}{} ({})",
                alias.name,
                from.unwrap_or_default(),
                until.unwrap_or_default(),
                alias.location
            ));
        }
        let asked = &self.asked;
        let mut words =
            vec![format!("service_tier {}", asked.service_tier), format!("speed {}", asked.speed)];
        let optional = [
            ("endpoint", &asked.endpoint),
            ("region", &asked.region),
            ("deployment", &asked.deployment),
        ];
        words.extend(
            optional.iter().filter_map(|(name, word)| Some(format!("{name} {}", word.as_ref()?))),
        );
        words.push(match asked.context_tokens {
            Some(tokens) => format!("prompt of {} tokens", super::format::grouped(tokens)),
            None => "prompt of unknown size".to_owned(),
        });
        format!("{text}\nAsked for {}", words.join(", "))
    }

    /// Lines below the table.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.components.iter().any(|c| c.context_assumed) {
            notes.push("Prices depend on the size of the prompt: they are those of short prompts; --context states it.".to_owned());
        }
        notes.push(format!("Prices: {}", self.price_book.sentence()));
        notes
    }
}

/// A date where the instant is the start of one.
pub(super) fn day(instant: Timestamp) -> String {
    instant.to_string().replace("T00:00:00Z", "")
}

fn head_row(c: &ShownComponent) -> Vec<String> {
    let why = match (&c.unpriced, c.rated_as) {
        (Some(reason), _) => reason.clone(),
        (None, Some(parent)) => format!("rated as {parent}"),
        (None, None) => String::new(),
    };
    let value = c.price.map_or_else(|| "none".to_owned(), |p| p.to_string());
    let row = [c.component, "price", &value, "", "", "", c.key, &why];
    row.iter().map(|cell| (*cell).to_owned()).collect()
}

fn item_row(part: &str, item: &ShownItem, why: &str) -> Vec<String> {
    let date = |t: Option<Timestamp>| t.map(day).unwrap_or_default();
    let factor = item.factor.as_ref().map(|f| format!("x {f}"));
    vec![
        String::new(),
        part.to_owned(),
        factor.or_else(|| item.price.map(|p| p.to_string())).unwrap_or_default(),
        item.condition.clone(),
        date(item.effective_from),
        date(item.effective_until),
        item.location.clone(),
        why.to_owned(),
    ]
}

/// Layer, confidence, announcements and source of an item.
fn origin(item: &ShownItem) -> Vec<String> {
    let mut parts = vec![format!("{} book", item.layer), format!("{} confidence", item.confidence)];
    if item.promotion {
        parts.push("promotion without a stated end".to_owned());
    }
    parts.extend(item.free_allowance.as_ref().map(ShownAllowance::sentence));
    parts.extend(item.announced_on.map(|t| format!("announced {}", day(t))));
    parts.extend(item.withdrawn_on.map(|t| format!("withdrawn {}", day(t))));
    parts.extend(item.source.clone());
    parts
}
