//! Readers of single values of a configuration file: what is of the wrong kind is reported.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Reporter, did_you_mean};

pub(crate) type Value<'t> = Spanned<DeValue<'t>>;

/// A value and the byte offset where it is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) offset: usize,
}

pub(crate) type Text<'t> = At<&'t str>;

pub(crate) fn tables<'t, T>(
    key: &str,
    value: &'t Value<'t>,
    report: &mut Reporter,
    one: impl Fn(&'t DeTable<'t>, usize, &mut Reporter) -> T,
) -> Vec<T> {
    let Some(items) = value.get_ref().as_array() else {
        wrong_kind(key, &format!("a list of tables, written [[{key}]]"), value, report);
        return Vec::new();
    };
    let mut result = Vec::with_capacity(items.len());
    for item in items {
        match item.get_ref().as_table() {
            Some(table) => result.push(one(table, item.span().start, report)),
            None => wrong_kind(key, "a table", item, report),
        }
    }
    result
}

pub(crate) fn text<'t>(key: &str, value: &'t Value<'t>, report: &mut Reporter) -> Option<Text<'t>> {
    match value.get_ref().as_str() {
        Some(text) if text.trim().is_empty() => {
            report.problem(value.span().start, format!("`{key}` is empty"));
            None
        }
        Some(text) => Some(At { value: text, offset: value.span().start }),
        None => {
            wrong_kind(key, "a string", value, report);
            None
        }
    }
}

/// Parses TOML; a syntax error is reported.
pub(crate) fn parsed<'t>(text: &'t str, report: &mut Reporter) -> Option<DeTable<'t>> {
    match DeTable::parse(text) {
        Ok(table) => Some(table.into_inner()),
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            let message = format!("invalid TOML: {}", error.message().replace('\n', ", "));
            report.problem(offset, message);
            None
        }
    }
}

/// One of some words.
pub(crate) fn one_of<'k>(
    key: &str,
    value: &Value<'_>,
    known: &[&'k str],
    report: &mut Reporter,
) -> Option<&'k str> {
    let at = text(key, value, report)?;
    if let Some(word) = known.iter().find(|word| **word == at.value) {
        return Some(word);
    }
    let message = format!("unknown `{key}` `{}`, expected {}", at.value, known.join(", "));
    report.problem_with(at.offset, message, did_you_mean(at.value, known.iter().copied()));
    None
}

/// A list of strings.
pub(crate) fn texts<'t>(
    key: &str,
    value: &'t Value<'t>,
    report: &mut Reporter,
) -> Option<Vec<Text<'t>>> {
    let Some(items) = value.get_ref().as_array() else {
        wrong_kind(key, "a list of strings", value, report);
        return None;
    };
    if items.is_empty() {
        report.problem(value.span().start, format!("`{key}` is an empty list"));
        return None;
    }
    Some(items.iter().filter_map(|item| text(key, item, report)).collect())
}

/// One string or a list of strings.
pub(crate) fn words<'t>(
    key: &str,
    value: &'t Value<'t>,
    report: &mut Reporter,
) -> Option<Vec<Text<'t>>> {
    if value.get_ref().is_array() {
        texts(key, value, report)
    } else {
        text(key, value, report).map(|t| vec![t])
    }
}

pub(crate) fn decimal<'t>(
    key: &str,
    value: &'t Value<'t>,
    report: &mut Reporter,
) -> Option<Text<'t>> {
    let digits = match value.get_ref() {
        DeValue::Float(number) => number.as_str(),
        DeValue::Integer(number) => number.as_str(),
        _ => return text(key, value, report),
    };
    let hint = format!("write `{key} = \"{digits}\"`");
    report.problem_with(
        value.span().start,
        format!("`{key}` is a bare number, expected a decimal string"),
        Some(hint),
    );
    None
}

pub(crate) fn number(key: &str, value: &Value<'_>, report: &mut Reporter) -> Option<At<u64>> {
    let parsed =
        value.get_ref().as_integer().and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
    let Some(value_in_range) = parsed.and_then(|n| u64::try_from(n).ok()) else {
        match value.get_ref().as_integer() {
            Some(digits) => report.problem(
                value.span().start,
                format!("`{key}` is {digits}, expected a whole number from 0"),
            ),
            None => wrong_kind(key, "a whole number", value, report),
        }
        return None;
    };
    Some(At { value: value_in_range, offset: value.span().start })
}

pub(crate) fn wrong_kind(key: &str, expected: &str, value: &Value<'_>, report: &mut Reporter) {
    let found = value.get_ref().type_str();
    report.problem(
        value.span().start,
        format!("`{key}` is {}, expected {expected}", with_article(found)),
    );
}

fn with_article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {kind}")
}

pub(crate) fn unknown<'k>(
    key: &str,
    offset: usize,
    known: impl Iterator<Item = &'k str>,
    report: &mut Reporter,
) {
    report.problem_with(offset, format!("unknown key `{key}`"), did_you_mean(key, known));
}
