//! The objects around a provider body: gateways and batch files wrap it and carry what it lacks.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

use smallvec::SmallVec;

use super::LabelPolicy;
use super::facts::Facts;
use super::key_filter::KeyFilter;
use super::memo::Fields;
use super::scan::{Object, Value};
use crate::period::Timestamp;
use crate::usage::Labels;

/// Keys under which wrappers keep the body. `event`, `chunk`, `delta` and `metadata` hold it where
/// streams are logged event by event; labels come under `metadata` too, so it is the last.
const BODY_KEYS: [&str; 13] = [
    "response",
    "body",
    "message",
    "response_body",
    "result",
    "data",
    "output",
    "modelOutput",
    "event",
    "chunk",
    "interaction",
    "delta",
    "metadata",
];
/// Keys of objects that hold labels.
const LABEL_OBJECTS: [&[u8]; 5] =
    [b"metadata", b"requestMetadata", b"request_metadata", b"labels", b"tags"];
static LABEL_OBJECT_FILTER: KeyFilter = KeyFilter::empty()
    .with(LABEL_OBJECTS[0])
    .with(LABEL_OBJECTS[1])
    .with(LABEL_OBJECTS[2])
    .with(LABEL_OBJECTS[3])
    .with(LABEL_OBJECTS[4]);
/// Keys under which wrappers keep a stream's events as an array.
pub(crate) const STREAM_KEYS: [&str; 6] =
    ["response", "body", "response_body", "modelOutput", "chunks", "events"];
/// Keys under which wrappers keep the request, which names the model where the answer does not.
const REQUEST_KEYS: [&str; 4] = ["request", "request_body", "requestBody", "requestParameters"];
/// Keys under which wrappers keep the headers of the answer.
const HEADER_KEYS: [&str; 5] =
    ["headers", "response_headers", "responseHeaders", "HTTPHeaders", "http_headers"];
/// How many wrappers are looked through: a batch line is `response.body` or `result.message`.
const MOST_WRAPPERS: usize = 3;

/// A provider body with its usage, and the objects around it.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    pub(super) body: Object<'a>,
    pub(super) usage: Option<Object<'a>>,
    // The nearest first.
    pub(super) wrappers: SmallVec<[Object<'a>; 2]>,
    // Told by the file, not by a wrapper.
    pub(super) batch: bool,
    pub(super) facts: Rc<Facts>,
    /// Values that facts were worked out from on the way.
    pub(super) learnt: Cell<Fields>,
}

/// True for the key of a row that sums requests, which is no usage object of one.
fn is_count_of_requests(key: &[u8]) -> bool {
    const KEYS: [&[u8]; 6] = [
        b"requests",
        b"num_requests",
        b"n_requests",
        b"num_model_requests",
        b"request_count",
        b"api_requests",
    ];
    KEYS.contains(&key)
}

/// The last event of a logged stream that is a body with usage.
fn last_event<'a, F>(
    wrapper: &Object<'a>,
    recognise: impl Fn(&Object<'a>, Option<&Object<'a>>) -> Option<F>,
) -> Option<(Object<'a>, Option<Object<'a>>, Option<F>)> {
    let arrays = STREAM_KEYS.iter().filter_map(|key| wrapper.array(key));
    arrays.flatten().rev().find_map(|event| {
        let event = event.object()?;
        let inner = || BODY_KEYS.iter().filter_map(|key| event.object(key));
        std::iter::once(event.clone()).chain(inner()).find_map(|object| {
            let usage = usage_of(&object);
            // A stream of Bedrock may end in metrics instead.
            if usage.is_none() && !object.has("amazon-bedrock-invocationMetrics") {
                return None;
            }
            let format = recognise(&object, usage.as_ref())?;
            Some((object, usage, Some(format)))
        })
    })
}

/// The usage of a body, where providers keep it.
fn usage_of<'a>(object: &Object<'a>) -> Option<Object<'a>> {
    ["usage", "usageMetadata", "usage_metadata"].iter().find_map(|key| object.object(key))
}

impl<'a> Envelope<'a> {
    pub(super) fn new(
        body: Object<'a>,
        usage: Option<Object<'a>>,
        wrappers: SmallVec<[Object<'a>; 2]>,
    ) -> Self {
        let (facts, learnt) = (Rc::default(), Cell::new(0));
        Self { body, usage, wrappers, batch: false, facts, learnt }
    }

    /// Looks for the first object, from the outside, whose format `recognise` tells from itself and
    /// its usage. Each level is read once. Of an array of stream events the last with usage counts:
    /// what streams state is cumulative. An object in which nothing is found may be a usage object
    /// itself, with the model and the time beside the counts.
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
                return Ok((Self::new(body, usage, wrappers), format));
            }
            let inner = BODY_KEYS.iter().find_map(|key| {
                let object = body.object(key)?;
                let usage = usage_of(&object);
                let format = recognise(&object, usage.as_ref());
                let leads_on = format.is_some() || BODY_KEYS.iter().any(|k| object.has(k));
                leads_on.then_some((object, usage, format))
            });
            let inner = inner.or_else(|| last_event(&body, &recognise));
            let Some((object, its_usage, its_format)) = inner else { break };
            wrappers.push(std::mem::replace(&mut body, object));
            (usage, format) = (its_usage, its_format);
        }
        let outermost = if wrappers.is_empty() { body } else { wrappers.swap_remove(0) };
        let is_sum = outermost.raw_keys().any(is_count_of_requests);
        if let Some(format) = recognise(&outermost, Some(&outermost)).filter(|_| !is_sum) {
            let usage = Some(outermost.clone());
            return Ok((Self::new(outermost, usage, SmallVec::new()), format));
        }
        Err(Box::new(outermost))
    }

    /// The same around a body that stands inside this one.
    pub(crate) fn within(&self, body: Object<'a>) -> Self {
        let mut wrappers = SmallVec::with_capacity(self.wrappers.len() + 1);
        wrappers.push(self.body.clone());
        wrappers.extend(self.wrappers.iter().cloned());
        let usage = usage_of(&body);
        Self { batch: self.batch, ..Self::new(body, usage, wrappers) }
    }

    /// The same, as a line of a batch file.
    pub(crate) fn of_batch(self) -> Self {
        Self { batch: true, ..self }
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

    /// The model, from the body, a wrapper, or the request that a wrapper keeps beside it.
    pub(crate) fn model(&self, keys: &[&str]) -> Option<Cow<'a, str>> {
        self.text(keys).or_else(|| {
            let requests =
                self.levels().flat_map(|l| REQUEST_KEYS.iter().filter_map(|k| l.object(k)));
            requests.into_iter().find_map(|request| {
                request.first_text(keys).or_else(|| request.object("body")?.first_text(keys))
            })
        })
    }

    /// A header of the answer, where a wrapper or a dump of an SDK keeps them. Names are compared
    /// without regard to case.
    pub(crate) fn header(&self, name: &str) -> Option<Cow<'a, str>> {
        const AROUND: [&str; 3] = ["ResponseMetadata", "sdkHttpResponse", "sdk_http_response"];
        let inner = self.levels().flat_map(|l| AROUND.iter().filter_map(|k| l.object(k)));
        let near = self.levels().cloned();
        near.chain(inner).find_map(|level| {
            HEADER_KEYS.iter().filter_map(|key| level.object(key)).find_map(|headers| {
                let mut fields = headers.iter();
                fields.find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, v)| v.scalar())
            })
        })
    }

    /// True if AWS's SDK or headers of Bedrock are around the body.
    pub(crate) fn is_from_aws(&self) -> bool {
        let has = |level: &Object<'_>, wanted: fn(&[u8]) -> bool| level.raw_keys().any(wanted);
        self.wrappers.iter().any(|level| has(level, |key| key == b"ResponseMetadata"))
            || self.wrappers.iter().any(|level| has(level, |key| key.ends_with(b"eaders")))
                && self.header("x-amzn-requestid").is_some()
    }

    /// The id that AWS's SDK keeps beside an answer.
    pub(crate) fn aws_request_id(&self) -> Option<Cow<'a, str>> {
        self.levels().find_map(|level| level.object("ResponseMetadata")?.first_text(&["RequestId"]))
    }

    /// True if the line is part of a batch file, as the file's format or a wrapper says.
    pub(crate) fn is_batch_line(&self) -> bool {
        self.batch
            || self.wrappers().iter().any(|level| level.has("custom_id") || level.has("recordId"))
    }

    /// The instant of the request: the body's own field, else a time of a wrapper, else the `date`
    /// header of the answer.
    pub(crate) fn time(&self, body_key: &str) -> Option<Timestamp> {
        const KEYS: [&str; 16] = [
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
            "processed_time",
            "create_time",
        ];
        let own = self.body().get(body_key).and_then(|v| instant(&v));
        // The line around a body is the likelier place.
        let around = || self.wrappers.iter().chain(std::iter::once(&self.body));
        own.or_else(|| {
            around().flat_map(|l| KEYS.iter().filter_map(|k| l.get(k))).find_map(|v| instant(&v))
        })
        .or_else(|| {
            let date = self.header("date")?;
            let parsed = chrono::DateTime::parse_from_rfc2822(&date).ok()?;
            Timestamp::from_epoch_number(parsed.timestamp())
        })
    }

    /// The labels of `metadata`, `labels` and `tags` objects; the outermost wrapper wins.
    pub(super) fn find_labels(&self, policy: &LabelPolicy) -> Labels {
        let mut labels = Labels::default();
        if policy.keeps_nothing() {
            return labels;
        }
        for level in self.levels() {
            let holds_labels =
                |key: &[u8]| LABEL_OBJECT_FILTER.may_have(key) && LABEL_OBJECTS.contains(&key);
            for object in level.objects_of(holds_labels) {
                set_labels(&mut labels, &object, policy);
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
    match value.digits() {
        Some(number) => Timestamp::from_epoch_number(i64::try_from(number).ok()?),
        None => value
            .inside()
            .and_then(Timestamp::parse_bytes)
            .or_else(|| super::row::instant(&value.scalar()?)),
    }
}

/// Sets every scalar field of `object` that the policy keeps.
pub(crate) fn set_labels(labels: &mut Labels, object: &Object<'_>, policy: &LabelPolicy) {
    for (key, value) in object.fields_of(|key| policy.may_keep(key)) {
        if let Ok(key) = std::str::from_utf8(key)
            && policy.keeps(key)
            && let Some(text) = value.scalar()
        {
            labels.set(key, &text);
        }
    }
}
