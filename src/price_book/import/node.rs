//! JSON, YAML and TOML as one tree in which every scalar is the text of the file, so that no number
//! passes through binary.

use indexmap::IndexMap;
use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::value::RawValue;
use toml::de::{DeTable, DeValue};

use super::decimal::Decimal;

/// A value of a file of prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Null,
    Scalar(String),
    List(Vec<Self>),
    Map(IndexMap<String, Self>),
}

/// Deeper than any file of prices.
const DEEPEST: usize = 40;
/// More than any prompt.
pub(super) const MOST_TOKENS: u64 = 1_000_000_000_000;
const TOO_DEEP: &str = "nested too deeply";

impl Node {
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(map) => map.get(key).filter(|node| **node != Self::Null),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Scalar(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    pub(super) fn list(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// Keys and values of a map, without those that are null.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &Self)> {
        let map = match self {
            Self::Map(map) => Some(map),
            _ => None,
        };
        map.into_iter().flatten().filter(|(_, v)| **v != Self::Null).map(|(k, v)| (k.as_str(), v))
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(self, Self::Map(_))
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self, Self::List(_))
    }

    pub(super) fn decimal(&self) -> Option<Decimal> {
        Decimal::parse(self.text()?)
    }

    /// A whole number of tokens; `None` for zero, which means that it is not known, and for what no
    /// prompt can have.
    pub(super) fn tokens(&self) -> Option<u64> {
        self.decimal()?.times_ten_to(0).parse().ok().filter(|n| (1..=MOST_TOKENS).contains(n))
    }
}

impl std::fmt::Display for Node {
    /// As an example in a message: scalars as they are written, the rest by its kind.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Scalar(text) => text,
            Self::List(_) => "[...]",
            Self::Map(_) => "{...}",
        })
    }
}

/// Reads a file: by the end of its name, else by its content.
pub(super) fn read(name: &str, text: &str) -> Result<Node, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let ends = |ends: &[&str]| ends.iter().any(|end| name.to_ascii_lowercase().ends_with(end));
    if ends(&[".toml"]) {
        toml(text)
    } else if ends(&[".yml", ".yaml"]) {
        yaml(text)
    } else if ends(&[".json"]) || text.trim_start().starts_with(['{', '[']) {
        json(text)
    } else {
        toml(text).or_else(|_| yaml(text))
    }
}

fn json(text: &str) -> Result<Node, String> {
    let raw: &RawValue =
        serde_json::from_str(text).map_err(|error| format!("invalid JSON: {error}"))?;
    json_node(raw.get(), 0)
}

fn json_node(text: &str, depth: usize) -> Result<Node, String> {
    if depth > DEEPEST {
        return Err(TOO_DEEP.to_owned());
    }
    let failed = |error: serde_json::Error| format!("invalid JSON: {error}");
    Ok(match text.as_bytes().first() {
        Some(b'{') => {
            let fields: IndexMap<String, &RawValue> = serde_json::from_str(text).map_err(failed)?;
            let read = fields.into_iter().map(|(key, v)| Ok((key, json_node(v.get(), depth + 1)?)));
            Node::Map(read.collect::<Result<_, String>>()?)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(failed)?;
            let read = items.into_iter().map(|v| json_node(v.get(), depth + 1));
            Node::List(read.collect::<Result<_, String>>()?)
        }
        Some(b'"') => Node::Scalar(serde_json::from_str(text).map_err(failed)?),
        _ if text == "null" => Node::Null,
        _ => Node::Scalar(text.to_owned()),
    })
}

fn yaml(text: &str) -> Result<Node, String> {
    let mut events = Parser::new_from_str(text).map(|event| match event {
        Ok((event, _)) => Ok(event),
        Err(error) => Err(format!("invalid YAML: {error}")),
    });
    let mut node = None;
    while let Some(event) = events.next() {
        match event? {
            Event::DocumentStart(_) if node.is_some() => {
                return Err("several YAML documents in one file".to_owned());
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
            other => node = Some(yaml_node(other, &mut events, 0)?),
        }
    }
    Ok(node.unwrap_or(Node::Null))
}

fn yaml_node<'t>(
    event: Event<'t>,
    events: &mut impl Iterator<Item = Result<Event<'t>, String>>,
    depth: usize,
) -> Result<Node, String> {
    if depth > DEEPEST {
        return Err(TOO_DEEP.to_owned());
    }
    let cut_off = || "invalid YAML: the file ends in the middle".to_owned();
    match event {
        Event::Scalar(text, style, ..) => {
            let plain = style == ScalarStyle::Plain;
            let null = plain && matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL");
            Ok(if null { Node::Null } else { Node::Scalar(text.into_owned()) })
        }
        Event::SequenceStart(..) => {
            let mut items = Vec::new();
            loop {
                match events.next().ok_or_else(cut_off)?? {
                    Event::SequenceEnd => return Ok(Node::List(items)),
                    item => items.push(yaml_node(item, events, depth + 1)?),
                }
            }
        }
        Event::MappingStart(..) => {
            let mut fields = IndexMap::new();
            loop {
                let key = match events.next().ok_or_else(cut_off)?? {
                    Event::MappingEnd => return Ok(Node::Map(fields)),
                    Event::Scalar(key, ..) => key.into_owned(),
                    _ => return Err("a YAML key that is no text".to_owned()),
                };
                let value = events.next().ok_or_else(cut_off)??;
                let value = yaml_node(value, events, depth + 1)?;
                if fields.insert(key.clone(), value).is_some() {
                    return Err(format!("the YAML key `{key}` is stated twice"));
                }
            }
        }
        // No file of prices has any, and they can be nested to blow up.
        Event::Alias(_) => Err("YAML aliases are not read".to_owned()),
        other => Err(format!("invalid YAML: unexpected {other:?}")),
    }
}

fn toml(text: &str) -> Result<Node, String> {
    let table = DeTable::parse(text)
        .map_err(|error| format!("invalid TOML: {}", error.message().replace('\n', ", ")))?;
    Ok(toml_table(table.get_ref()))
}

fn toml_table(table: &DeTable<'_>) -> Node {
    let fields = table.iter().map(|(key, v)| (key.get_ref().to_string(), toml_node(v.get_ref())));
    Node::Map(fields.collect())
}

fn toml_node(value: &DeValue<'_>) -> Node {
    match value {
        DeValue::String(text) => Node::Scalar(text.to_string()),
        DeValue::Integer(number) => Node::Scalar(number.as_str().replace('_', "")),
        DeValue::Float(number) => Node::Scalar(number.as_str().replace('_', "")),
        DeValue::Boolean(flag) => Node::Scalar(flag.to_string()),
        DeValue::Datetime(time) => Node::Scalar(time.to_string()),
        DeValue::Array(items) => Node::List(items.iter().map(|v| toml_node(v.get_ref())).collect()),
        DeValue::Table(table) => toml_table(table),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_the_text_of_the_file() {
        let files = [
            ("a.json", r#"{"a": {"b": [1.25e-06, "x", null]}}"#),
            ("a.yml", "a:\n  b: [1.25e-06, 'x', ~]\n"),
        ];
        for (name, text) in files {
            let node = read(name, text).unwrap();
            let list = node.get("a").unwrap().get("b").unwrap().list();
            assert_eq!(list[0], Node::Scalar("1.25e-06".to_owned()), "{name}");
            assert_eq!((list[1].text(), &list[2]), (Some("x"), &Node::Null), "{name}");
        }
        let node = read("a.toml", "a = 1_000\nb = 1.50\n").unwrap();
        assert_eq!((node.text_of("a"), node.text_of("b")), (Some("1000"), Some("1.50")));
    }

    #[test]
    fn hostile_files_are_refused() {
        let deep = "[".repeat(5000) + &"]".repeat(5000);
        assert!(read("a.json", &deep).is_err());
        assert!(read("a.yml", &deep).is_err());
        assert!(read("a.yml", "a: &x [1]\nb: *x\n").is_err());
        assert!(read("a.json", "{\"a\":1").is_err());
    }
}
