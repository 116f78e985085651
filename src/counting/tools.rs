//! Tokens of the functions that a model may call, and of the schema that its answer must have.

use std::borrow::Cow;

use crate::corpus::{Prompt, Tool, ToolChoice};
use crate::source::scan::{Object, Value};

/// Schemas in schemas are read down to here.
const MOST_LEVELS: u8 = 16;

/// How the tools of a model are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ToolRule {
    /// Nothing is published: as the JSON that describes them.
    #[default]
    Json,
    /// OpenAI: lines of names and descriptions, and something for each.
    Functions(FunctionRule),
    /// Anthropic: as their JSON, and a system prompt.
    Prompt {
        /// Its tokens; `None`: not published for the model.
        prompt: Option<ToolPrompt>,
    },
    /// Google: names, descriptions and words of schemas.
    Words,
}

/// Tokens of the system prompt that comes with tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToolPrompt {
    /// Where the model may choose.
    pub auto: u64,
    /// Where it must call one.
    pub forced: u64,
}

/// Tokens around the lines of functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunctionRule {
    /// For a function.
    pub function: u64,
    /// For an object that has properties.
    pub object: u64,
    /// For a property.
    pub property: u64,
    /// For a list of allowed values; may be below zero.
    pub list: i64,
    /// For an allowed value.
    pub value: u64,
    /// After all of them.
    pub end: u64,
    /// Where no call is allowed.
    pub none: u64,
    /// Where one function must be called, besides its name.
    pub named: u64,
    /// Whether it is published for the model itself.
    pub is_published: bool,
}

/// The lines that OpenAI's rule counts, and how many of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FunctionLines<'p> {
    pub(super) lines: Vec<Cow<'p, str>>,
    functions: u64,
    objects: u64,
    properties: u64,
    lists: i64,
    values: u64,
    choice: Choice,
    /// Whether anything is there that the rule was not published for.
    pub(super) is_beyond: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Choice {
    #[default]
    Free,
    None,
    Named,
}

impl<'p> FunctionLines<'p> {
    pub(super) fn of(prompt: &'p Prompt<'_>) -> Self {
        let mut lines = Self::default();
        for tool in &prompt.tools {
            lines.function(tool);
        }
        match &prompt.tool_choice {
            ToolChoice::Auto => {}
            ToolChoice::None => (lines.choice, lines.is_beyond) = (Choice::None, true),
            ToolChoice::Any => lines.is_beyond = true,
            ToolChoice::Named(name) => {
                lines.lines.push(Cow::Borrowed(name));
                (lines.choice, lines.is_beyond) = (Choice::Named, true);
            }
        }
        lines
    }

    /// The tokens, of which so many are those of the lines.
    pub(super) fn tokens(&self, rule: &FunctionRule, of_lines: u64) -> u64 {
        let around = [
            self.functions.saturating_mul(rule.function),
            self.objects.saturating_mul(rule.object),
            self.properties.saturating_mul(rule.property),
            self.values.saturating_mul(rule.value),
            rule.end,
            match self.choice {
                Choice::Free => 0,
                Choice::None => rule.none,
                Choice::Named => rule.named,
            },
        ];
        let sum = around.into_iter().fold(of_lines, u64::saturating_add);
        sum.saturating_add_signed(self.lists.saturating_mul(rule.list))
    }

    fn function(&mut self, tool: &'p Tool<'_>) {
        self.functions += 1;
        if tool.name.is_empty() {
            // A tool of the provider: what it is told to the model is not known.
            self.is_beyond = true;
            self.lines.push(json(tool.raw));
            return;
        }
        self.is_beyond |= tool.description.is_empty();
        self.lines.push(format!("{}:{}", tool.name, without_stop(&tool.description)).into());
        if let Some(schema) = tool.parameters.and_then(|schema| schema.object()) {
            self.properties(&schema, MOST_LEVELS);
        }
    }

    fn properties(&mut self, schema: &Object<'p>, levels: u8) {
        self.is_beyond |=
            ["anyOf", "oneOf", "allOf", "$ref", "$defs"].iter().any(|k| schema.has(k));
        let properties = schema.object("properties").unwrap_or_default();
        let mut any = false;
        for (name, property) in properties.iter() {
            any = true;
            self.property(&name, property, levels);
        }
        self.objects += u64::from(any);
    }

    fn property(&mut self, name: &str, property: Value<'p>, levels: u8) {
        self.properties += 1;
        let schema = property.object().unwrap_or_default();
        let (kind, description) = (schema.text("type"), schema.text("description"));
        self.is_beyond |= kind.is_none() || description.is_none();
        if let Some(values) = schema.get("enum").and_then(|list| list.array()) {
            self.lists += 1;
            for value in values {
                self.values += 1;
                self.lines.push(value.scalar().unwrap_or_default());
            }
        }
        let (kind, description) = (kind.unwrap_or_default(), description.unwrap_or_default());
        self.lines.push(format!("{name}:{kind}:{}", without_stop(&description)).into());
        let items = schema.object("items");
        self.is_beyond |= items.is_some() || schema.has("properties");
        if let Some(deeper) = levels.checked_sub(1) {
            self.properties(&schema, deeper);
            if let Some(items) = items {
                self.properties(&items, deeper);
            }
        }
    }
}

fn without_stop(text: &str) -> &str {
    text.strip_suffix('.').unwrap_or(text)
}

/// Tools as they are written.
pub(super) fn tool_json<'p>(prompt: &'p Prompt<'_>) -> impl Iterator<Item = Cow<'p, str>> {
    prompt.tools.iter().map(|tool| json(tool.raw))
}

/// A value as it is written.
pub(super) fn json(value: Value<'_>) -> Cow<'_, str> {
    String::from_utf8_lossy(value.raw())
}

/// What Google's local tokenizer counts of tools.
pub(super) fn tool_words<'p>(prompt: &'p Prompt<'_>) -> Vec<Cow<'p, str>> {
    let mut words = Vec::new();
    for tool in &prompt.tools {
        words.push(Cow::Borrowed(&*tool.name));
        words.push(Cow::Borrowed(&*tool.description));
        let response = tool.raw.object().and_then(|raw| raw.get("response"));
        for schema in [tool.parameters, response].into_iter().flatten() {
            schema_words(schema, MOST_LEVELS, &mut words);
        }
    }
    words
}

/// What Google's local tokenizer counts of a schema.
pub(super) fn words_of_schema(schema: Value<'_>) -> Vec<Cow<'_, str>> {
    let mut words = Vec::new();
    schema_words(schema, MOST_LEVELS, &mut words);
    words
}

fn schema_words<'p>(schema: Value<'p>, levels: u8, words: &mut Vec<Cow<'p, str>>) {
    let Some(schema) = schema.object() else { return };
    words.extend(["format", "description"].into_iter().filter_map(|key| schema.text(key)));
    for key in ["enum", "required"] {
        let values = schema.get(key).and_then(|list| list.array()).unwrap_or_default();
        words.extend(values.iter().filter_map(Value::scalar));
    }
    let Some(deeper) = levels.checked_sub(1) else { return };
    if let Some(items) = schema.get("items") {
        schema_words(items, deeper, words);
    }
    for (name, property) in schema.object("properties").unwrap_or_default().iter() {
        words.push(Cow::Owned(name.into_owned()));
        schema_words(property, deeper, words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_schema_are_those_that_google_counts() {
        let schema = r#"{"type":"OBJECT","description":"d","required":["a"],"properties":{"a":{"type":"ARRAY","items":{"type":"STRING","format":"f","enum":["x","y"]}}}}"#;
        let words = words_of_schema(Value::new(schema.as_bytes()));
        assert_eq!(words, ["d", "a", "a", "f", "x", "y"]);
    }
}
