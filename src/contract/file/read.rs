//! From TOML to checked values by key: whatever a table's keys do not allow is reported.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use toml::de::{DeTable, DeValue};

use super::key::{Key, Kind, Table};
use crate::config::{
    At, Reporter, Text, Value, decimal, number, one_of, tables, text, unknown, words, wrong_kind,
};
use crate::money::{Amount, Factor, UnitPrice};

/// A checked value.
#[derive(Debug, Clone)]
pub(in crate::contract) enum Item<'t> {
    Text(&'t str),
    Day(NaiveDate),
    Bool(bool),
    Integer(u64),
    /// A decimal that is an amount, and its text.
    Amount(Amount),
    Factor(Factor),
    /// As written, for exact fractions.
    Decimal(&'t str),
    Price(UnitPrice),
    Words(Vec<Text<'t>>),
    Amounts(Vec<Amount>),
    Hours([u32; 24]),
    Labels(Vec<(Text<'t>, Vec<Text<'t>>)>),
    Table(Fields<'t>),
    Tables(Vec<Fields<'t>>),
}

/// The checked values of one table. What was wrong is missing, and reported.
#[derive(Debug, Clone)]
pub(in crate::contract) struct Fields<'t> {
    pub(in crate::contract) table: &'static Table,
    pub(in crate::contract) offset: usize,
    items: BTreeMap<&'static str, At<Item<'t>>>,
    /// Keys that are there, right or wrong.
    written: Vec<&'static str>,
}

/// Reads a table by its keys.
pub(in crate::contract) fn read<'t>(
    table: &'static Table,
    raw: &'t DeTable<'t>,
    offset: usize,
    report: &mut Reporter,
) -> Fields<'t> {
    let mut fields = Fields { table, offset, items: BTreeMap::new(), written: Vec::new() };
    for (name, value) in raw {
        let (written, at) = (name.get_ref().as_ref(), name.span().start);
        let Some(key) = table.key(written) else {
            unknown(written, at, table.keys().map(|k| k.name), report);
            continue;
        };
        fields.written.push(key.name);
        if let Some(item) = item(key, value, report) {
            fields.items.insert(key.name, At { value: item, offset: value.span().start });
        }
    }
    for key in table.keys().filter(|k| k.required && !fields.has(k.name)) {
        report.problem(offset, format!("{} has no `{}`", fields.name(), key.name));
    }
    fields
}

fn item<'t>(key: &Key, value: &'t Value<'t>, report: &mut Reporter) -> Option<Item<'t>> {
    let name = key.name;
    match key.kind {
        Kind::Text => text(name, value, report).map(|t| Item::Text(t.value)),
        Kind::Id => id(name, value, report),
        Kind::Currency => text(name, value, report).map(|t| Item::Text(t.value)),
        Kind::Day => day(name, value, report),
        Kind::Bool => match value.get_ref().as_bool() {
            Some(found) => Some(Item::Bool(found)),
            None => {
                wrong_kind(name, "true or false", value, report);
                None
            }
        },
        Kind::Integer(least, most) => integer(name, value, (least, most), report),
        Kind::Amount | Kind::Factor | Kind::Positive | Kind::Share | Kind::Price(_) => {
            decimal(name, value, report).and_then(|at| exact(key, at, report))
        }
        Kind::Choice(known) => one_of(name, value, known, report).map(Item::Text),
        Kind::Words => words(name, value, report).map(Item::Words),
        Kind::Amounts => amounts(name, value, report),
        Kind::Hours => hours(name, value, report),
        Kind::Labels => labels(name, value, report),
        Kind::Table(table) => one_table(name, value, table, report),
        Kind::Tables(table) => {
            let found =
                tables(name, value, report, |raw, offset, report| read(table, raw, offset, report));
            Some(Item::Tables(found))
        }
        Kind::WordOr(word, table) => match value.get_ref().as_str() {
            Some(_) => one_of(name, value, &[word], report).map(Item::Text),
            None => one_table(name, value, table, report),
        },
    }
}

fn id<'t>(key: &str, value: &'t Value<'t>, report: &mut Reporter) -> Option<Item<'t>> {
    let at = text(key, value, report)?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    if at.value.bytes().all(plain) {
        return Some(Item::Text(at.value));
    }
    let message =
        format!("`{}` is no `{key}`: expected lowercase letters, digits, `-` and `_`", at.value);
    report.problem(at.offset, message);
    None
}

fn day<'t>(key: &str, value: &'t Value<'t>, report: &mut Reporter) -> Option<Item<'t>> {
    if let DeValue::Datetime(found) = value.get_ref() {
        let hint = format!("write `{key} = \"{found}\"`");
        let message = format!("`{key}` is a bare date, expected a string");
        report.problem_with(value.span().start, message, Some(hint));
        return None;
    }
    let at = text(key, value, report)?;
    let day = at.value.parse().ok();
    if day.is_none() {
        let message = format!("`{}` is not a date for `{key}` (expected `2026-11-20`)", at.value);
        report.problem(at.offset, message);
    }
    day.map(Item::Day)
}

fn integer<'t>(
    key: &str,
    value: &'t Value<'t>,
    (least, most): (u64, u64),
    report: &mut Reporter,
) -> Option<Item<'t>> {
    let at = number(key, value, report)?;
    if (least..=most).contains(&at.value) {
        return Some(Item::Integer(at.value));
    }
    report.problem(
        at.offset,
        format!("`{key}` is {}, expected a number from {least} to {most}", at.value),
    );
    None
}

/// A decimal in the bounds of its kind.
fn exact<'t>(key: &Key, at: Text<'t>, report: &mut Reporter) -> Option<Item<'t>> {
    let (name, written) = (key.name, at.value);
    let checked = || -> Result<Item<'t>, String> {
        let amount: Amount = written.parse().map_err(|e| format!("`{name}`: {e}"))?;
        if amount.is_negative() {
            return Err(format!("`{name}` is negative: `{written}`"));
        }
        let factor = || written.parse::<Factor>().map_err(|e| format!("`{name}`: {e}"));
        match key.kind {
            Kind::Share if amount > Amount::from_units(1) => {
                let hint = "a share is from 0 to 1: a tenth is `0.10`";
                Err(format!("`{name}` is above 1: `{written}` ({hint})"))
            }
            Kind::Positive if amount.is_zero() => Err(format!("`{name}` is not above zero")),
            Kind::Share => Ok(Item::Factor(factor()?)),
            Kind::Factor | Kind::Positive => Ok(Item::Decimal(written)),
            Kind::Price(power) => UnitPrice::parse_per(written, power)
                .map(Item::Price)
                .map_err(|e| format!("`{name}`: {e}")),
            _ => Ok(Item::Amount(amount)),
        }
    };
    checked().map_err(|message| report.problem(at.offset, message)).ok()
}

fn amounts<'t>(key: &str, value: &'t Value<'t>, report: &mut Reporter) -> Option<Item<'t>> {
    let Some(items) = value.get_ref().as_array() else {
        wrong_kind(key, "a list of decimal strings", value, report);
        return None;
    };
    if items.is_empty() {
        report.problem(value.span().start, format!("`{key}` is an empty list"));
        return None;
    }
    let mut found = Vec::with_capacity(items.len());
    for one in items {
        let Some(at) = decimal(key, one, report) else { continue };
        match at.value.parse::<Amount>() {
            Ok(amount) if amount.is_negative() => {
                report.problem(at.offset, format!("`{key}` is negative: `{}`", at.value));
            }
            Ok(amount) => found.push(amount),
            Err(error) => report.problem(at.offset, format!("`{key}`: {error}")),
        }
    }
    (found.len() == items.len()).then_some(Item::Amounts(found))
}

fn hours<'t>(key: &str, value: &'t Value<'t>, report: &mut Reporter) -> Option<Item<'t>> {
    let expected = "a list of 24 whole numbers";
    let Some(items) = value.get_ref().as_array() else {
        wrong_kind(key, expected, value, report);
        return None;
    };
    let whole = |one: &Value<'_>| {
        let integer = one.get_ref().as_integer()?;
        u32::from_str_radix(integer.as_str(), integer.radix()).ok()
    };
    let found: Option<Vec<u32>> = items.iter().map(whole).collect();
    match found.and_then(|hours| <[u32; 24]>::try_from(hours).ok()) {
        Some(hours) if hours.iter().all(|h| *h == 0) => {
            report.problem(value.span().start, format!("`{key}` has no load in any hour"));
            None
        }
        Some(hours) => Some(Item::Hours(hours)),
        None => {
            let message = format!("`{key}` has {} items, expected {expected}", items.len());
            report.problem(value.span().start, message);
            None
        }
    }
}

fn labels<'t>(key: &str, value: &'t Value<'t>, report: &mut Reporter) -> Option<Item<'t>> {
    let Some(raw) = value.get_ref().as_table() else {
        wrong_kind(key, "a table", value, report);
        return None;
    };
    let one = |(name, value): (&'t toml::Spanned<toml::de::DeString<'t>>, &'t Value<'t>)| {
        let accepted = words(name.get_ref(), value, report)?;
        Some((At { value: name.get_ref().as_ref(), offset: name.span().start }, accepted))
    };
    Some(Item::Labels(raw.iter().filter_map(one).collect()))
}

fn one_table<'t>(
    key: &str,
    value: &'t Value<'t>,
    table: &'static Table,
    report: &mut Reporter,
) -> Option<Item<'t>> {
    match value.get_ref().as_table() {
        Some(raw) => Some(Item::Table(read(table, raw, value.span().start, report))),
        None => {
            wrong_kind(key, "a table", value, report);
            None
        }
    }
}

impl<'t> Fields<'t> {
    /// How messages call the table.
    pub(in crate::contract) fn name(&self) -> String {
        if self.table.name.is_empty() {
            "file".to_owned()
        } else {
            format!("`{}`", self.table.name)
        }
    }

    /// True if a key is there, right or wrong.
    pub(in crate::contract) fn has(&self, key: &str) -> bool {
        self.written.contains(&key)
    }

    /// Where a value is, or else the table.
    pub(in crate::contract) fn at(&self, key: &str) -> usize {
        self.items.get(key).map_or(self.offset, |at| at.offset)
    }

    fn get(&self, key: &str) -> Option<&Item<'t>> {
        self.items.get(key).map(|at| &at.value)
    }

    pub(in crate::contract) fn text(&self, key: &str) -> Option<&'t str> {
        match self.get(key) {
            Some(Item::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(in crate::contract) fn day(&self, key: &str) -> Option<NaiveDate> {
        match self.get(key) {
            Some(Item::Day(day)) => Some(*day),
            _ => None,
        }
    }

    pub(in crate::contract) fn flag(&self, key: &str, default: bool) -> bool {
        match self.get(key) {
            Some(Item::Bool(flag)) => *flag,
            _ => default,
        }
    }

    pub(in crate::contract) fn integer(&self, key: &str) -> Option<u64> {
        match self.get(key) {
            Some(Item::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    pub(in crate::contract) fn amount(&self, key: &str) -> Option<Amount> {
        match self.get(key) {
            Some(Item::Amount(amount)) => Some(*amount),
            _ => None,
        }
    }

    pub(in crate::contract) fn factor(&self, key: &str) -> Option<Factor> {
        match self.get(key) {
            Some(Item::Factor(factor)) => Some(*factor),
            Some(Item::Decimal(text)) => text.parse().ok(),
            _ => None,
        }
    }

    /// The digits of a factor, for exact fractions.
    pub(in crate::contract) fn digits(&self, key: &str) -> Option<&'t str> {
        match self.get(key) {
            Some(Item::Decimal(text)) => Some(text),
            _ => None,
        }
    }

    pub(in crate::contract) fn price(&self, key: &str) -> Option<UnitPrice> {
        match self.get(key) {
            Some(Item::Price(price)) => Some(*price),
            _ => None,
        }
    }

    pub(in crate::contract) fn words(&self, key: &str) -> &[Text<'t>] {
        match self.get(key) {
            Some(Item::Words(words)) => words,
            _ => &[],
        }
    }

    pub(in crate::contract) fn amounts(&self, key: &str) -> &[Amount] {
        match self.get(key) {
            Some(Item::Amounts(amounts)) => amounts,
            _ => &[],
        }
    }

    pub(in crate::contract) fn hours(&self, key: &str) -> Option<[u32; 24]> {
        match self.get(key) {
            Some(Item::Hours(hours)) => Some(*hours),
            _ => None,
        }
    }

    pub(in crate::contract) fn labels(&self, key: &str) -> &[(Text<'t>, Vec<Text<'t>>)] {
        match self.get(key) {
            Some(Item::Labels(labels)) => labels,
            _ => &[],
        }
    }

    pub(in crate::contract) fn table(&self, key: &str) -> Option<&Self> {
        match self.get(key) {
            Some(Item::Table(table)) => Some(table),
            _ => None,
        }
    }

    pub(in crate::contract) fn tables(&self, key: &str) -> &[Self] {
        match self.get(key) {
            Some(Item::Tables(tables)) => tables,
            _ => &[],
        }
    }
}
