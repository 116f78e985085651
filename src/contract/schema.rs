//! The JSON Schema of contract files, from the registry of their keys. It knows names, kinds and
//! what is required; which keys go together, only the reader knows.

use serde_json::{Map, Value, json};

use super::file::key::{Key, Kind, Table};
use super::file::registry;

const DECIMAL: &str = r"^\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$";
const SHARE: &str = r"^\+?(0+(\.[0-9]*)?|\.[0-9]+|0*1(\.0*)?|[0-9.]+[eE][+-]?[0-9]+)$";

/// The schema of contract files, once TOML is read as JSON.
#[must_use]
pub fn schema() -> Value {
    let mut defs = common_defs();
    let mut root = table(&registry::FILE, &mut defs);
    let object = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:tokencast:schema:contract.v1",
        "title": "tokencast contract file",
    });
    let Value::Object(mut all) = object else { return root };
    if let Value::Object(root) = &mut root {
        all.append(root);
    }
    defs.sort_keys();
    all.insert("$defs".to_owned(), Value::Object(defs));
    Value::Object(all)
}

/// Values that files have in common, as definitions.
pub(crate) fn common_defs() -> Map<String, Value> {
    let mut defs = Map::new();
    defs.insert("decimal".to_owned(), pattern("A decimal string, not negative.", DECIMAL));
    defs.insert("share".to_owned(), pattern("A decimal string from 0 to 1.", SHARE));
    defs.insert("day".to_owned(), pattern("A day.", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"));
    defs.insert("text".to_owned(), pattern("Text that is not blank.", r"\S"));
    defs.insert("words".to_owned(), words());
    defs
}

/// A table with the keys of `[[seats]]`, which another file holds too.
pub(crate) fn seats_def(defs: &mut Map<String, Value>) -> Value {
    named(&registry::SEATS, defs)
}

fn pattern(description: &str, pattern: &str) -> Value {
    json!({ "description": description, "type": "string", "pattern": pattern })
}

fn words() -> Value {
    let text = json!({ "$ref": "#/$defs/text" });
    json!({
        "description": "A string or a list of strings.",
        "anyOf": [text, { "type": "array", "minItems": 1, "items": text }],
    })
}

fn table(table: &'static Table, defs: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for key in table.keys() {
        let mut value = kind(key, defs);
        if let Value::Object(value) = &mut value {
            value.insert("description".to_owned(), described(key).into());
        }
        properties.insert(key.name.to_owned(), value);
    }
    let required: Vec<&str> = table.keys().filter(|k| k.required).map(|k| k.name).collect();
    json!({
        "type": "object",
        "description": table.doc,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// What a key means and what holds without it.
fn described(key: &Key) -> String {
    match key.default {
        Some(default) => format!("{} Default: {default}.", key.doc),
        None => key.doc.to_owned(),
    }
}

fn kind(key: &Key, defs: &mut Map<String, Value>) -> Value {
    let def = |name: &str| json!({ "$ref": format!("#/$defs/{name}") });
    match key.kind {
        Kind::Text => def("text"),
        Kind::Id => json!({ "type": "string", "pattern": "^[a-z0-9_-]+$" }),
        Kind::Currency => json!({ "type": "string", "pattern": "^[A-Za-z]{3}$" }),
        Kind::Day => def("day"),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Integer(least, most) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Kind::Amount | Kind::Factor | Kind::Positive | Kind::Price(_) => def("decimal"),
        Kind::Share => def("share"),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Words => def("words"),
        Kind::Amounts => json!({ "type": "array", "minItems": 1, "items": def("decimal") }),
        Kind::Hours => json!({
            "type": "array", "minItems": 24, "maxItems": 24,
            "items": { "type": "integer", "minimum": 0, "maximum": u32::MAX },
        }),
        Kind::Labels => json!({ "type": "object", "additionalProperties": def("words") }),
        Kind::Table(table) => named(table, defs),
        Kind::Tables(table) => json!({ "type": "array", "items": named(table, defs) }),
        Kind::WordOr(word, table) => json!({ "anyOf": [{ "const": word }, named(table, defs)] }),
    }
}

/// A table that is defined once and referred to.
fn named(of: &'static Table, defs: &mut Map<String, Value>) -> Value {
    if !defs.contains_key(of.name) {
        let value = table(of, defs);
        defs.insert(of.name.to_owned(), value);
    }
    json!({ "$ref": format!("#/$defs/{}", of.name) })
}
