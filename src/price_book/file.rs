//! The raw form of a price book file: keys and kinds of values are checked, their meaning is not.

use toml::de::DeTable;

use super::keys::{PRICE_KEYS, PriceKey};
use crate::config::Reporter;
use crate::config::{
    At, Text, Value, decimal, number, tables, text, texts, unknown, words, wrong_kind,
};

#[derive(Debug, Default)]
pub(super) struct RawFile<'t> {
    pub(super) schema: Option<Text<'t>>,
    pub(super) provider: Option<Text<'t>>,
    pub(super) name: Option<Text<'t>>,
    pub(super) currency: Option<Text<'t>>,
    pub(super) checked_on: Option<Text<'t>>,
    pub(super) calendars: Vec<RawCalendar<'t>>,
    pub(super) multipliers: Vec<RawMultiplier<'t>>,
    pub(super) prices: Vec<RawPrice<'t>>,
    pub(super) models: Vec<RawModel<'t>>,
}

#[derive(Debug, Default)]
pub(super) struct RawCalendar<'t> {
    pub(super) offset: usize,
    pub(super) name: Option<Text<'t>>,
    pub(super) timezone: Option<Text<'t>>,
    pub(super) hours: Option<Vec<Text<'t>>>,
    pub(super) weekdays: Option<Vec<Text<'t>>>,
    pub(super) holidays: Vec<Text<'t>>,
    pub(super) dated: RawDated<'t>,
}

/// Dates and origin, as multipliers and prices have them.
#[derive(Debug, Default)]
pub(super) struct RawDated<'t> {
    pub(super) effective_from: Option<Text<'t>>,
    pub(super) effective_until: Option<Text<'t>>,
    pub(super) announced_on: Option<Text<'t>>,
    pub(super) withdrawn_on: Option<Text<'t>>,
    pub(super) source: Option<Text<'t>>,
    pub(super) confidence: Option<Text<'t>>,
    pub(super) date_basis: Option<Text<'t>>,
    pub(super) notes: Option<Text<'t>>,
}

#[derive(Debug, Default)]
pub(super) struct RawMultiplier<'t> {
    pub(super) offset: usize,
    pub(super) factor: Option<Text<'t>>,
    pub(super) when: RawWhen<'t>,
    pub(super) models: Option<Vec<Text<'t>>>,
    pub(super) components: Option<Vec<Text<'t>>>,
    pub(super) dated: RawDated<'t>,
}

#[derive(Debug, Default)]
pub(super) struct RawPrice<'t> {
    pub(super) offset: usize,
    pub(super) when: RawWhen<'t>,
    pub(super) promotion: bool,
    pub(super) free_allowance: Option<RawAllowance<'t>>,
    pub(super) expected: Vec<Text<'t>>,
    pub(super) prices: Vec<(&'static PriceKey, Text<'t>)>,
    /// A price key was there but could not be read: the entry is not empty.
    pub(super) broken: bool,
    pub(super) dated: RawDated<'t>,
}

#[derive(Debug)]
pub(super) struct RawAllowance<'t> {
    pub(super) offset: usize,
    pub(super) quantity: Option<At<u64>>,
    pub(super) period: Option<Text<'t>>,
    pub(super) pool: Option<Text<'t>>,
}

#[derive(Debug, Default)]
pub(super) struct RawModel<'t> {
    pub(super) offset: usize,
    pub(super) id: Option<Text<'t>>,
    pub(super) maker: Option<Text<'t>>,
    pub(super) family: Option<Text<'t>>,
    pub(super) tokenizer: Option<Text<'t>>,
    pub(super) context_window: Option<At<u64>>,
    pub(super) aliases: Vec<RawAlias<'t>>,
    pub(super) prices: Vec<RawPrice<'t>>,
}

#[derive(Debug)]
pub(super) struct RawAlias<'t> {
    pub(super) name: Text<'t>,
    pub(super) effective_from: Option<Text<'t>>,
    pub(super) effective_until: Option<Text<'t>>,
}

#[derive(Debug, Default)]
pub(super) struct RawWhen<'t> {
    pub(super) service_tier: Option<Vec<Text<'t>>>,
    pub(super) speed: Option<Vec<Text<'t>>>,
    pub(super) endpoint: Option<Vec<Text<'t>>>,
    pub(super) region: Option<Vec<Text<'t>>>,
    pub(super) deployment: Option<Vec<Text<'t>>>,
    pub(super) calendar: Option<Text<'t>>,
    pub(super) outside_calendar: Option<Text<'t>>,
    pub(super) context_over: Option<At<u64>>,
    pub(super) context_at_least: Option<At<u64>>,
    pub(super) context_up_to: Option<At<u64>>,
    pub(super) context_under: Option<At<u64>>,
}

const TOP_KEYS: &[&str] = &[
    "schema",
    "provider",
    "name",
    "currency",
    "checked_on",
    "calendar",
    "multiplier",
    "price",
    "model",
];
const CALENDAR_KEYS: &[&str] = &[
    "name",
    "timezone",
    "hours",
    "weekdays",
    "holidays",
    "effective_from",
    "effective_until",
    "source",
];
const MULTIPLIER_KEYS: &[&str] = &["factor", "when", "models", "components"];
const PRICE_OWN_KEYS: &[&str] = &["when", "promotion", "free_allowance", "expected"];
const ALLOWANCE_KEYS: &[&str] = &["quantity", "period", "pool"];
const DATED_KEYS: &[&str] = &[
    "effective_from",
    "effective_until",
    "announced_on",
    "withdrawn_on",
    "source",
    "confidence",
    "date_basis",
    "notes",
];
const MODEL_KEYS: &[&str] =
    &["id", "maker", "family", "aliases", "tokenizer", "context_window", "price"];
const ALIAS_KEYS: &[&str] = &["name", "effective_from", "effective_until"];
const WHEN_KEYS: &[&str] = &[
    "service_tier",
    "speed",
    "endpoint",
    "region",
    "deployment",
    "calendar",
    "outside_calendar",
    "context_over",
    "context_at_least",
    "context_up_to",
    "context_under",
];

/// Reads the tables of a file; what cannot be read is reported and left out.
pub(super) fn read<'t>(table: &'t DeTable<'t>, report: &mut Reporter) -> RawFile<'t> {
    let mut raw = RawFile::default();
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "schema" => raw.schema = text("schema", value, report),
            "provider" => raw.provider = text("provider", value, report),
            "name" => raw.name = text("name", value, report),
            "currency" => raw.currency = text("currency", value, report),
            "checked_on" => raw.checked_on = text("checked_on", value, report),
            "calendar" => raw.calendars = tables("calendar", value, report, calendar),
            "multiplier" => raw.multipliers = tables("multiplier", value, report, multiplier),
            "price" => raw.prices = tables("price", value, report, price),
            "model" => raw.models = tables("model", value, report, model),
            other => unknown(other, key.span().start, TOP_KEYS.iter().copied(), report),
        }
    }
    raw
}

fn calendar<'t>(table: &'t DeTable<'t>, offset: usize, report: &mut Reporter) -> RawCalendar<'t> {
    let mut raw = RawCalendar { offset, ..Default::default() };
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "name" => raw.name = text("name", value, report),
            "timezone" => raw.timezone = text("timezone", value, report),
            "hours" => raw.hours = texts("hours", value, report),
            "weekdays" => raw.weekdays = texts("weekdays", value, report),
            "holidays" => raw.holidays = texts("holidays", value, report).unwrap_or_default(),
            "effective_from" => raw.dated.effective_from = text("effective_from", value, report),
            "effective_until" => raw.dated.effective_until = text("effective_until", value, report),
            "source" => raw.dated.source = text("source", value, report),
            other => unknown(other, key.span().start, CALENDAR_KEYS.iter().copied(), report),
        }
    }
    raw
}

fn multiplier<'t>(
    table: &'t DeTable<'t>,
    offset: usize,
    report: &mut Reporter,
) -> RawMultiplier<'t> {
    let mut raw = RawMultiplier { offset, ..Default::default() };
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "factor" => raw.factor = text("factor", value, report),
            "when" => raw.when = when(value, report),
            "models" => raw.models = texts("models", value, report),
            "components" => raw.components = texts("components", value, report),
            name if dated(&mut raw.dated, name, value, report) => {}
            other => {
                unknown(
                    other,
                    key.span().start,
                    MULTIPLIER_KEYS.iter().chain(DATED_KEYS).copied(),
                    report,
                );
            }
        }
    }
    raw
}

fn price<'t>(table: &'t DeTable<'t>, offset: usize, report: &mut Reporter) -> RawPrice<'t> {
    let mut raw = RawPrice { offset, ..Default::default() };
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "when" => raw.when = when(value, report),
            "promotion" => match value.get_ref().as_bool() {
                Some(flag) => raw.promotion = flag,
                None => wrong_kind("promotion", "true or false", value, report),
            },
            "free_allowance" => raw.free_allowance = allowance(value, report),
            "expected" => raw.expected = texts("expected", value, report).unwrap_or_default(),
            name if dated(&mut raw.dated, name, value, report) => {}
            name => match PriceKey::from_name(name) {
                Some(price_key) => match decimal(price_key.name, value, report) {
                    Some(decimal) => raw.prices.push((price_key, decimal)),
                    None => raw.broken = true,
                },
                None => {
                    let known = PRICE_KEYS.iter().map(|k| k.name);
                    let own = PRICE_OWN_KEYS.iter().chain(DATED_KEYS).copied();
                    unknown(name, key.span().start, known.chain(own), report);
                    raw.broken = true;
                }
            },
        }
    }
    raw
}

fn allowance<'t>(value: &'t Value<'t>, report: &mut Reporter) -> Option<RawAllowance<'t>> {
    let Some(table) = value.get_ref().as_table() else {
        let example = "a table such as { quantity = 1500, period = \"day\" }";
        wrong_kind("free_allowance", example, value, report);
        return None;
    };
    let offset = value.span().start;
    let mut raw = RawAllowance { offset, quantity: None, period: None, pool: None };
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "quantity" => raw.quantity = number("quantity", value, report),
            "period" => raw.period = text("period", value, report),
            "pool" => raw.pool = text("pool", value, report),
            other => unknown(other, key.span().start, ALLOWANCE_KEYS.iter().copied(), report),
        }
    }
    Some(raw)
}

/// Takes one of the keys that multipliers and prices share; false if it is none of them.
fn dated<'t>(
    raw: &mut RawDated<'t>,
    key: &str,
    value: &'t Value<'t>,
    report: &mut Reporter,
) -> bool {
    let field = match key {
        "effective_from" => &mut raw.effective_from,
        "effective_until" => &mut raw.effective_until,
        "announced_on" => &mut raw.announced_on,
        "withdrawn_on" => &mut raw.withdrawn_on,
        "source" => &mut raw.source,
        "confidence" => &mut raw.confidence,
        "date_basis" => &mut raw.date_basis,
        "notes" => &mut raw.notes,
        _ => return false,
    };
    *field = text(key, value, report);
    true
}

fn model<'t>(table: &'t DeTable<'t>, offset: usize, report: &mut Reporter) -> RawModel<'t> {
    let mut raw = RawModel { offset, ..Default::default() };
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "id" => raw.id = text("id", value, report),
            "maker" => raw.maker = text("maker", value, report),
            "family" => raw.family = text("family", value, report),
            "tokenizer" => raw.tokenizer = text("tokenizer", value, report),
            "context_window" => raw.context_window = number("context_window", value, report),
            "aliases" => match value.get_ref().as_array() {
                Some(items) => {
                    raw.aliases = items.iter().filter_map(|item| alias(item, report)).collect();
                }
                None => wrong_kind("aliases", "a list of names", value, report),
            },
            "price" => raw.prices = tables("price", value, report, price),
            other => unknown(other, key.span().start, MODEL_KEYS.iter().copied(), report),
        }
    }
    raw
}

fn alias<'t>(value: &'t Value<'t>, report: &mut Reporter) -> Option<RawAlias<'t>> {
    let Some(table) = value.get_ref().as_table() else {
        let name = text("aliases", value, report)?;
        return Some(RawAlias { name, effective_from: None, effective_until: None });
    };
    let (mut name, mut effective_from, mut effective_until) = (None, None, None);
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "name" => name = text("name", value, report),
            "effective_from" => effective_from = text("effective_from", value, report),
            "effective_until" => effective_until = text("effective_until", value, report),
            other => unknown(other, key.span().start, ALIAS_KEYS.iter().copied(), report),
        }
    }
    if !table.contains_key("name") {
        report.problem(value.span().start, "alias has no `name`");
    }
    Some(RawAlias { name: name?, effective_from, effective_until })
}

fn when<'t>(value: &'t Value<'t>, report: &mut Reporter) -> RawWhen<'t> {
    let mut raw = RawWhen::default();
    let Some(table) = value.get_ref().as_table() else {
        wrong_kind("when", "a table such as { service_tier = \"batch\" }", value, report);
        return raw;
    };
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "service_tier" => raw.service_tier = words("service_tier", value, report),
            "speed" => raw.speed = words("speed", value, report),
            "endpoint" => raw.endpoint = words("endpoint", value, report),
            "region" => raw.region = words("region", value, report),
            "deployment" => raw.deployment = words("deployment", value, report),
            "calendar" => raw.calendar = text("calendar", value, report),
            "outside_calendar" => raw.outside_calendar = text("outside_calendar", value, report),
            "context_over" => raw.context_over = number("context_over", value, report),
            "context_at_least" => raw.context_at_least = number("context_at_least", value, report),
            "context_up_to" => raw.context_up_to = number("context_up_to", value, report),
            "context_under" => raw.context_under = number("context_under", value, report),
            other => unknown(other, key.span().start, WHEN_KEYS.iter().copied(), report),
        }
    }
    raw
}
