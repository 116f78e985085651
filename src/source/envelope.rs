//! The objects around a provider body: gateways and batch files wrap it and carry what it lacks.

use std::borrow::Cow;

use super::key_filter::KeyFilter;
use super::outcome::{Note, Notes, Outcome, Skipped, one};
use super::scan::{Object, Value};
use super::{LabelPolicy, ReadOptions};
use smallvec::SmallVec;

use crate::diagnostic::code;
use crate::period::Timestamp;
use crate::sku::Sku;
use crate::tokens::{Component, ComponentCounts};
use crate::usage::dedup::RequestId;
use crate::usage::{Labels, RecordGrain, UsageRecord, UsageTime};

/// Keys under which wrappers keep the body.
const BODY_KEYS: [&str; 8] =
    ["response", "body", "message", "response_body", "result", "data", "output", "modelOutput"];
/// Keys of objects that hold labels.
const LABEL_OBJECTS: [&[u8]; 5] =
    [b"metadata", b"requestMetadata", b"request_metadata", b"labels", b"tags"];
static LABEL_OBJECT_FILTER: KeyFilter = KeyFilter::empty()
    .with(LABEL_OBJECTS[0])
    .with(LABEL_OBJECTS[1])
    .with(LABEL_OBJECTS[2])
    .with(LABEL_OBJECTS[3])
    .with(LABEL_OBJECTS[4]);
/// How many wrappers are looked through: a batch line is `response.body` or `result.message`.
const MOST_WRAPPERS: usize = 3;

/// A provider body with its usage, and the objects around it.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    body: Object<'a>,
    usage: Option<Object<'a>>,
    // The nearest first.
    wrappers: SmallVec<[Object<'a>; 2]>,
}

/// The usage of a body, where providers keep it.
fn usage_of<'a>(object: &Object<'a>) -> Option<Object<'a>> {
    ["usage", "usageMetadata", "usage_metadata"].iter().find_map(|key| object.object(key))
}

impl<'a> Envelope<'a> {
    /// Looks for the first object, from the outside, whose format `recognise` tells from itself and
    /// its usage. Each level is read once.
    pub(crate) fn find<F>(
        outer: Object<'a>,
        recognise: impl Fn(&Object<'a>, Option<&Object<'a>>) -> Option<F>,
    ) -> Result<(Self, F), Box<Object<'a>>> {
        let mut wrappers = SmallVec::new();
        let mut usage = usage_of(&outer);
        let mut format = recognise(&outer, usage.as_ref());
        let mut body = outer;
        for _ in 0..=MOST_WRAPPERS {
            if let Some(format) = format {
                wrappers.reverse();
                return Ok((Self { body, usage, wrappers }, format));
            }
            let inner = BODY_KEYS.iter().find_map(|key| {
                let object = body.object(key)?;
                let usage = usage_of(&object);
                let format = recognise(&object, usage.as_ref());
                let leads_on = format.is_some() || BODY_KEYS.iter().any(|k| object.has(k));
                leads_on.then_some((object, usage, format))
            });
            let Some((object, its_usage, its_format)) = inner else { break };
            wrappers.push(std::mem::replace(&mut body, object));
            (usage, format) = (its_usage, its_format);
        }
        let outermost = if wrappers.is_empty() { body } else { wrappers.swap_remove(0) };
        Err(Box::new(outermost))
    }

    /// The provider body.
    pub(crate) fn body(&self) -> &Object<'a> {
        &self.body
    }

    /// Its usage.
    pub(crate) fn usage(&self) -> Option<&Object<'a>> {
        self.usage.as_ref()
    }

    /// The objects around the body, the nearest first.
    pub(crate) fn wrappers(&self) -> &[Object<'a>] {
        &self.wrappers
    }

    /// The body and then the objects around it.
    fn levels(&self) -> impl Iterator<Item = &Object<'a>> {
        std::iter::once(&self.body).chain(&self.wrappers)
    }

    /// First non-empty text of one of the keys, in the body and then outwards.
    pub(crate) fn text(&self, keys: &[&str]) -> Option<Cow<'a, str>> {
        self.levels().find_map(|level| level.first_text(keys))
    }

    /// The same, in the wrappers alone.
    pub(crate) fn wrapper_text(&self, keys: &[&str]) -> Option<Cow<'a, str>> {
        self.wrappers().iter().find_map(|level| level.first_text(keys))
    }

    /// True if a wrapper marks the line as part of a batch file.
    pub(crate) fn is_batch_line(&self) -> bool {
        self.wrappers().iter().any(|level| level.has("custom_id") || level.has("recordId"))
    }

    /// The instant of the request: the body's own field, else a time of a wrapper.
    pub(crate) fn time(&self, body_key: &str) -> Option<Timestamp> {
        const KEYS: [&str; 14] = [
            "timestamp",
            "time",
            "ts",
            "@timestamp",
            "created_at",
            "createdAt",
            "created",
            "start_time",
            "startTime",
            "request_time",
            "logged_at",
            "event_time",
            "datetime",
            "date",
        ];
        let own = self.body().get(body_key).and_then(|v| instant(&v));
        // The line around a body is the likelier place.
        let around = || self.wrappers.iter().chain(std::iter::once(&self.body));
        own.or_else(|| {
            around().flat_map(|l| KEYS.iter().filter_map(|k| l.get(k))).find_map(|v| instant(&v))
        })
    }

    /// The labels that the policy keeps, from `metadata`, `labels` and `tags` objects; the
    /// outermost wrapper wins.
    pub(crate) fn labels(&self, policy: &LabelPolicy) -> Labels {
        let mut labels = Labels::default();
        if policy.keeps_nothing() {
            return labels;
        }
        for level in self.levels() {
            for (key, value) in level.raw_fields() {
                if LABEL_OBJECT_FILTER.may_have(key)
                    && LABEL_OBJECTS.contains(&key)
                    && let Some(object) = value.object()
                {
                    set_labels(&mut labels, &object, policy);
                }
            }
        }
        // A flat line has its labels beside the usage; its ids come in only by name.
        if *policy != LabelPolicy::All {
            set_labels(&mut labels, self.body(), policy);
        }
        for level in self.wrappers() {
            set_labels(&mut labels, level, policy);
        }
        labels
    }
}

/// Reads a time printed as ISO 8601 or as an epoch number of any common unit, in text or digits.
pub(crate) fn instant(value: &Value<'_>) -> Option<Timestamp> {
    super::row::instant(&value.scalar()?)
}

/// Sets every scalar field of `object` that the policy keeps.
pub(crate) fn set_labels(labels: &mut Labels, object: &Object<'_>, policy: &LabelPolicy) {
    for (key, value) in object.raw_fields() {
        if policy.may_keep(key)
            && let Ok(key) = std::str::from_utf8(key)
            && policy.keeps(key)
            && let Some(text) = value.scalar()
        {
            labels.set(key, &text);
        }
    }
}

/// A record in the making: what every provider body ends in.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) sku: Sku,
    pub(crate) time: Option<Timestamp>,
    /// The provider's id of the request, and which of its turns this is.
    pub(crate) request_id: Option<Cow<'a, str>>,
    pub(crate) turn: usize,
    pub(crate) components: ComponentCounts,
    pub(crate) notes: Notes,
}

impl Draft<'_> {
    /// The finished record, or why there is none.
    pub(crate) fn finish(self, envelope: &Envelope<'_>, options: &ReadOptions) -> Outcome {
        let Some(time) = self.time else {
            return Err(Skipped::new(
                code::MISSING_TIME,
                "response without a time, in itself or in the line around it",
            ));
        };
        if self.sku.model.is_empty() {
            return Err(Skipped::new(
                code::MISSING_MODEL,
                "response without a model name, in itself or in the line around it",
            ));
        }
        let mut sku = self.sku;
        if let Some(provider) = &options.provider {
            sku.provider = provider.clone();
        } else if let Some(stated) = envelope.wrapper_text(&["provider", "gen_ai.provider.name"]) {
            sku.provider = super::provider::canonical(&stated);
        }
        super::provider::take_prefix(&mut sku);
        let request_id = self.request_id.map(|id| RequestId::new(&sku.provider, &id, self.turn));
        Ok(one(
            UsageRecord {
                time: UsageTime::At(time),
                grain: RecordGrain::Request,
                sku,
                context_tokens: None,
                requests: 1,
                request_id,
                labels: envelope.labels(&options.labels),
                components: self.components,
                reported_cost: None,
            },
            self.notes,
        ))
    }
}

/// Splits whole counts into disjoint components and keeps note of what had to be cut.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    pub(crate) components: ComponentCounts,
    pub(crate) notes: Notes,
}

impl Splitter {
    /// Counts a component as it stands.
    pub(crate) fn put(&mut self, component: Component, count: u64) {
        self.components.add(component, count);
    }

    /// Takes the parts out of `whole` in order, each cut to what is left, and counts what remains
    /// as `rest`.
    pub(crate) fn split(&mut self, whole: u64, rest: Component, parts: &[(Component, u64)]) {
        let mut left = whole;
        for (component, count) in parts {
            let taken = (*count).min(left);
            if taken < *count {
                self.notes.set(Note::Clamped);
            }
            self.components.add(*component, taken);
            left -= taken;
        }
        self.components.add(rest, left);
    }

    /// Notes a mismatch if the provider states a total that the parts do not reach.
    pub(crate) fn check_total(&mut self, stated: Option<u64>) {
        if stated.is_some_and(|total| total != self.components.tokens()) {
            self.notes.set(Note::TotalMismatch);
        }
    }
}
