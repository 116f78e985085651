//! The JSON Schema of scenario files, from the registry of their keys.

use serde_json::{Map, Value, json};

use super::SCHEMA;
use super::keys::{ABOUT, ChangeKey, FALLBACK_KEYS, KINDS, KeyValue, keys_of};
use crate::contract::{common_defs, seats_def};

/// The schema of scenario files, once TOML is read as JSON.
#[must_use]
pub fn schema() -> Value {
    let mut defs = common_defs();
    let kinds = KINDS.iter().zip(ABOUT);
    let changes: Vec<Value> = kinds
        .map(|(kind, about)| {
            let keys: Vec<&ChangeKey> = keys_of(kind).collect();
            let mut table = table(about, &keys, &mut defs);
            table["properties"]["kind"] = json!({ "const": kind, "description": "What changes." });
            table
        })
        .collect();
    let fallback = table(
        "Where usage goes if its provider is left.",
        &FALLBACK_KEYS.iter().collect::<Vec<_>>(),
        &mut defs,
    );
    let scenario = json!({
        "type": "object",
        "description": "One scenario.",
        "properties": {
            "name": { "$ref": "#/$defs/text", "description": "Its name in reports and for --base, unique in a run." },
            "contracts": { "$ref": "#/$defs/words", "description": "Contract files, folders or patterns, from the folder of this file. Default: none." },
            "change": { "type": "array", "description": "Its changes, in their order.", "items": { "$ref": "#/$defs/change" } },
        },
        "required": ["name"],
        "additionalProperties": false,
    });
    defs.insert("change".to_owned(), json!({ "description": "A change.", "oneOf": changes }));
    defs.insert("scenario".to_owned(), scenario);
    defs.insert("fallback".to_owned(), fallback);
    defs.sort_keys();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:tokencast:schema:scenario.v1",
        "title": "tokencast scenario file",
        "type": "object",
        "description": "Scenarios to compare.",
        "properties": {
            "schema": { "const": SCHEMA, "description": "Name and version of this form." },
            "scenario": { "type": "array", "description": "Scenarios.", "items": { "$ref": "#/$defs/scenario" } },
            "fallback": { "type": "array", "description": "Where usage goes if a provider is left, in every scenario of the run.", "items": { "$ref": "#/$defs/fallback" } },
        },
        "required": ["schema"],
        "anyOf": [{ "required": ["scenario"] }, { "required": ["fallback"] }],
        "additionalProperties": false,
        "$defs": defs,
    })
}

fn table(about: &str, keys: &[&ChangeKey], defs: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for key in keys {
        let mut found = value(key.value, defs);
        if let Value::Object(found) = &mut found {
            found.insert("description".to_owned(), key.doc.into());
        }
        properties.insert(key.name.to_owned(), found);
    }
    let required: Vec<&str> = keys.iter().filter(|k| k.required).map(|k| k.name).collect();
    json!({
        "type": "object",
        "description": about,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn value(of: KeyValue, defs: &mut Map<String, Value>) -> Value {
    let def = |name: &str| json!({ "$ref": format!("#/$defs/{name}") });
    match of {
        KeyValue::Text => def("text"),
        KeyValue::Choice(words) => json!({ "enum": words }),
        KeyValue::Day => def("day"),
        KeyValue::Flag => json!({ "type": "boolean" }),
        KeyValue::Share => def("share"),
        KeyValue::Ratio | KeyValue::Factor | KeyValue::Positive => def("decimal"),
        KeyValue::Currency => json!({ "type": "string", "pattern": "^[A-Za-z]{3}$" }),
        KeyValue::Scope => json!({ "type": "object", "additionalProperties": def("text") }),
        KeyValue::Seats => seats_def(defs),
    }
}
