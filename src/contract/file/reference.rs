//! The tables of the reference page, from the registry.

use super::key::{Key, Kind, Table};
use super::registry;

static EVERY_TERM: Table = Table {
    name: "",
    doc: "What each of the terms below may also say.",
    parts: &[registry::COMMON],
};

/// The tables of keys as Markdown: the head, every kind of term, and the tables inside them.
#[must_use]
pub fn reference() -> String {
    let mut text = String::new();
    section(&mut text, "Head", &registry::FILE, |key| !matches!(key.kind, Kind::Tables(_)));
    section(&mut text, "Every term", &EVERY_TERM, |_| true);
    let mut inner: Vec<&'static Table> = Vec::new();
    collect(&registry::FILE, &mut inner);
    for table in registry::term_tables() {
        let common = |key: &Key| registry::COMMON.iter().all(|common| common.name != key.name);
        section(&mut text, &format!("`[[{}]]`", table.name), table, common);
    }
    for table in inner.iter().filter(|table| registry::term_tables().all(|t| t.name != table.name))
    {
        section(&mut text, &format!("`{}`", table.name), table, |_| true);
    }
    format!("{}\n", text.trim_end())
}

/// Tables that keys of a table take, each once.
fn collect(table: &'static Table, found: &mut Vec<&'static Table>) {
    for key in table.keys() {
        let (Kind::Table(inner) | Kind::Tables(inner) | Kind::WordOr(_, inner)) = key.kind else {
            continue;
        };
        if found.iter().all(|known| known.name != inner.name) {
            found.push(inner);
            collect(inner, found);
        }
    }
}

fn section(text: &mut String, title: &str, table: &Table, shown: impl Fn(&Key) -> bool) {
    text.push_str(&format!("## {title}\n\n{}\n\n", table.doc));
    text.push_str("| Key | Value | Without it | Meaning |\n| --- | --- | --- | --- |\n");
    for key in table.keys().filter(|key| shown(key)) {
        let default = match (key.required, key.default) {
            (true, _) => "an error",
            (false, Some(default)) => default,
            (false, None) => "",
        };
        text.push_str(&format!("| `{}` | {} | {default} | {} |\n", key.name, value(key), key.doc));
    }
    text.push('\n');
}

/// What a key takes, in words.
fn value(key: &Key) -> String {
    match key.kind {
        Kind::Text => "text".to_owned(),
        Kind::Id => "name of `a-z`, `0-9`, `-`, `_`".to_owned(),
        Kind::Currency => "currency code".to_owned(),
        Kind::Day => "day".to_owned(),
        Kind::Bool => "`true`, `false`".to_owned(),
        Kind::Integer(..) => "whole number".to_owned(),
        Kind::Amount => "amount".to_owned(),
        Kind::Factor => "factor".to_owned(),
        Kind::Positive => "number above 0".to_owned(),
        Kind::Share => "share from 0 to 1".to_owned(),
        Kind::Price(_) => "price".to_owned(),
        Kind::Choice(words) => format!("`{}`", words.join("`, `")),
        Kind::Words => "text or list".to_owned(),
        Kind::Amounts => "list of amounts".to_owned(),
        Kind::Hours => "24 whole numbers".to_owned(),
        Kind::Labels => "table of lists".to_owned(),
        Kind::Table(table) => format!("table [`{0}`](#{0})", table.name),
        Kind::Tables(table) => format!("tables [`{0}`](#{0})", table.name),
        Kind::WordOr(word, table) => format!("`\"{word}\"` or table [`{0}`](#{0})", table.name),
    }
}
