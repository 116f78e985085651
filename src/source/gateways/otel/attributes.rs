//! Attributes, whatever they are written as: OTLP's list of typed values, a list of tags, or a map.

use std::borrow::Cow;

use compact_str::CompactString;

use crate::source::gateways::call::LabelSet;
use crate::source::gateways::fields::Fields;
use crate::source::scan::{Object, Value};
use crate::source::{LabelPolicy, ReadOptions};

/// Longer values are prompts and answers, which are never kept.
const LONGEST: usize = 256;
/// Prefixes under which programs put attributes of their own.
const OWN: [&str; 4] = [
    "traceloop.association.properties.",
    "ai.telemetry.metadata.",
    "langfuse.metadata.",
    "metadata.",
];

/// The short scalar attributes of one thing; of equal names the last counts.
#[derive(Debug, Default)]
pub(super) struct Attributes(Vec<(CompactString, CompactString)>);

impl Attributes {
    /// From a list of `key` and `value`, a map, or the JSON text of one.
    pub(super) fn of(value: Option<Value<'_>>) -> Self {
        let mut found = Self::default();
        let Some(value) = value else { return found };
        if let Some(items) = value.array() {
            for item in items.iter().filter_map(Value::object) {
                if let (Some(key), Some(value)) = (item.text("key"), item.get("value")) {
                    found.put(&key, &value);
                }
            }
        } else if let Some(map) = value.object() {
            map.iter().for_each(|(key, value)| found.put(&key, &value));
        } else if let Some(text) = value.text() {
            let map = Value::new(text.as_bytes()).object().unwrap_or_default();
            map.iter().for_each(|(key, value)| found.put(&key, &value));
        }
        found
    }

    fn put(&mut self, key: &str, value: &Value<'_>) {
        // OTLP wraps a value in an object that names its type.
        let typed = value.object().and_then(|typed| typed.iter().next().map(|(_, inner)| inner));
        let scalar = typed.as_ref().unwrap_or(value).scalar();
        if let Some(text) = scalar.filter(|text| text.len() <= LONGEST) {
            self.0.push((CompactString::new(key), CompactString::new(text.trim())));
        }
    }

    /// True if there is a count or text under one of the names.
    pub(super) fn has_any(&self, names: &[&str]) -> bool {
        !self.first(names).is_empty()
    }

    /// Labels: what the program added itself, and, by name, everything else.
    pub(super) fn labels<'o>(
        &self,
        mut set: LabelSet<'o>,
        options: &'o ReadOptions,
    ) -> LabelSet<'o> {
        if options.labels.keeps_nothing() {
            return set;
        }
        let by_name = options.labels != LabelPolicy::All;
        for (key, value) in &self.0 {
            match OWN.iter().find_map(|prefix| key.strip_prefix(prefix)) {
                Some(name) => set = set.put(name, value),
                None if by_name => set = set.put(key, value),
                None => {}
            }
        }
        set
    }
}

impl Fields for Attributes {
    fn text(&self, key: &str) -> Cow<'_, str> {
        let found = self.0.iter().rev().find(|(name, _)| name == key);
        found.map_or(Cow::Borrowed(""), |(_, value)| Cow::Borrowed(value.as_str()))
    }
}

/// What a resource says of all its spans.
#[derive(Debug, Default)]
pub(super) struct Resource(Attributes);

impl Resource {
    pub(super) fn of(object: &Object<'_>) -> Self {
        Self(Attributes::of(object.object("resource").and_then(|r| r.get("attributes"))))
    }

    /// Labels of a resource.
    pub(super) fn labels<'o>(&self, options: &'o ReadOptions) -> LabelSet<'o> {
        let set = LabelSet::new(options).put("service", &self.0.first(&["service.name"])).put(
            "environment",
            &self.0.first(&["deployment.environment.name", "deployment.environment"]),
        );
        // A resource holds no prompts: all of its attributes may be labels.
        self.0.0.iter().fold(set, |set, (key, value)| set.put(key, value))
    }

    /// Tells series of different resources apart.
    pub(super) fn identity(&self) -> String {
        self.0.0.iter().map(|(key, value)| format!("{key}={value}\u{1f}")).collect()
    }
}
