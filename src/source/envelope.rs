//! The objects around a provider body: gateways and batch files wrap it and carry what it lacks.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::rc::Rc;
use std::sync::Arc;

use super::key_filter::KeyFilter;
use super::memo::Fields;
use super::outcome::{Note, Notes, Outcome, Skipped, one};
use super::providers::cost::Reported;
use super::scan::{Level, Object, Value};
use super::{LabelPolicy, ReadOptions};
use smallvec::SmallVec;

use crate::diagnostic::code;
use crate::period::Timestamp;
use crate::sku::Sku;
use crate::tokens::{Component, ComponentCounts};
use crate::usage::dedup::RequestId;
use crate::usage::{Labels, RecordGrain, UsageRecord, UsageTime};

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
    body: Object<'a>,
    usage: Option<Object<'a>>,
    // The nearest first.
    wrappers: SmallVec<[Object<'a>; 2]>,
    // Told by the file, not by a wrapper.
    batch: bool,
    facts: Rc<Facts>,
    /// Values that facts were worked out from on the way.
    learnt: Cell<Fields>,
}

/// What lines of one layout say alike, worked out when it is first asked for: nothing in it depends
/// on anything but the names that the lines have in common.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    sku: OnceCell<Arc<Sku>>,
    billed: OnceCell<Arc<Sku>>,
    labels: OnceCell<Arc<Labels>>,
    states_cost: OnceCell<bool>,
}

impl Facts {
    /// The same in memory of its own. Threads that count references to one place wait for each
    /// other.
    pub(crate) fn copied(&self) -> Self {
        fn copy<T: Clone>(cell: &OnceCell<Arc<T>>) -> OnceCell<Arc<T>> {
            cell.get().map_or_else(OnceCell::new, |arc| Arc::new(T::clone(arc)).into())
        }
        Self {
            sku: copy(&self.sku),
            billed: copy(&self.billed),
            labels: copy(&self.labels),
            states_cost: self.states_cost.clone(),
        }
    }
}

/// Where the objects of an envelope are in lines of one layout.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    body: Level,
    usage: Option<Level>,
    wrappers: SmallVec<[Level; 2]>,
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
    fn new(
        body: Object<'a>,
        usage: Option<Object<'a>>,
        wrappers: SmallVec<[Object<'a>; 2]>,
    ) -> Self {
        let (facts, learnt) = (Rc::default(), Cell::new(0));
        Self { body, usage, wrappers, batch: false, facts, learnt }
    }

    /// The envelope in a line of a known layout, with what such lines say alike.
    pub(crate) fn at(outer: &Object<'a>, places: &Places, facts: Rc<Facts>) -> Self {
        let at = |level: &Level| outer.at_level(*level);
        let body = at(&places.body);
        let usage = places.usage.as_ref().map(at);
        let wrappers = places.wrappers.iter().map(at).collect();
        Self { body, usage, wrappers, batch: false, facts, learnt: Cell::new(0) }
    }

    /// Where the objects are in lines of this layout; `None` where one is not part of it.
    pub(crate) fn places(&self, outer: &Object<'a>) -> Option<Places> {
        let usage = match &self.usage {
            Some(usage) => Some(outer.level_of(usage)?),
            None => None,
        };
        let wrappers = self.wrappers.iter().map(|wrapper| outer.level_of(wrapper));
        let wrappers = wrappers.collect::<Option<_>>()?;
        Some(Places { body: outer.level_of(&self.body)?, usage, wrappers })
    }

    /// What the line says in common with others.
    pub(crate) fn facts(&self) -> &Rc<Facts> {
        &self.facts
    }

    /// The values that facts were worked out from on this line.
    pub(crate) fn learnt(&self) -> Fields {
        self.learnt.get()
    }

    fn fact<'s, T>(&self, cell: &'s OnceCell<T>, find: impl FnOnce() -> T) -> &'s T {
        cell.get_or_init(|| {
            let (found, fields) = self.body.tracked(find);
            self.learnt.set(self.learnt.get() | fields);
            found
        })
    }

    /// What is priced. `find` looks at nothing but the envelope, and at no id, time or count in it.
    pub(crate) fn sku(&self, find: impl FnOnce() -> Sku) -> Arc<Sku> {
        Arc::clone(self.fact(&self.facts.sku, || find().into()))
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

    /// The labels that the policy keeps.
    fn labels(&self, policy: &LabelPolicy) -> Arc<Labels> {
        Arc::clone(self.fact(&self.facts.labels, || self.find_labels(policy).into()))
    }

    /// The labels of `metadata`, `labels` and `tags` objects; the outermost wrapper wins.
    fn find_labels(&self, policy: &LabelPolicy) -> Labels {
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
    super::row::instant(&value.scalar()?)
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

/// A record in the making: what every provider body ends in.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) sku: Arc<Sku>,
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
        let known = self.time.or(options.time);
        let Some(time) = known.filter(|_| !self.sku.model.is_empty()) else {
            return Err(lacking(known.is_none(), self.sku.model.is_empty()));
        };
        let (sku, cost) = billed(self.sku, envelope, options);
        let id = self.request_id.as_deref();
        let request_id = id.map(|id| RequestId::new(&sku.provider, id, self.turn));
        let record = UsageRecord {
            time: UsageTime::At(time),
            grain: RecordGrain::Request,
            sku,
            context_tokens: None,
            requests: 1,
            request_id,
            labels: envelope.labels(&options.labels),
            components: self.components,
            reported_cost: if self.turn == 0 { cost.of_request } else { None },
        };
        let fee = if self.turn == 0 { cost.fee_record(&record, id) } else { None };
        let mut records = one(record, self.notes);
        records.extend(fee.map(|fee| (fee, Notes::default())));
        Ok(records)
    }
}

/// What is priced by whoever bills it, and the cost that the body states. Without a stated cost, all
/// lines that name the same say the same.
fn billed(sku: Arc<Sku>, envelope: &Envelope<'_>, options: &ReadOptions) -> (Arc<Sku>, Reported) {
    let bill = |cost: &Reported| {
        let mut sku = Sku::clone(&sku);
        if let Some(provider) = &options.provider {
            sku.provider = provider.clone();
        } else if let Some(provider) = cost.biller(envelope) {
            sku.provider = provider;
        }
        super::provider::take_prefix(&mut sku);
        Arc::new(sku)
    };
    let facts = &envelope.facts;
    let states_cost = envelope.fact(&facts.states_cost, || Reported::is_stated(envelope));
    let cost = if *states_cost { Reported::read(envelope) } else { Reported::default() };
    let is_usual = facts.sku.get().is_some_and(|usual| Arc::ptr_eq(usual, &sku));
    if is_usual && !states_cost {
        return (Arc::clone(envelope.fact(&facts.billed, || bill(&cost))), cost);
    }
    (bill(&cost), cost)
}

/// Why a body gives no record: what a record needs and neither it nor the line around it says.
fn lacking(time: bool, model: bool) -> Skipped {
    match (time, model) {
        (true, true) => Skipped::new(
            code::MISSING_TIME,
            "response with neither a time nor a model name, in itself or in the line around it",
        ),
        (true, false) => Skipped::new(
            code::MISSING_TIME,
            "response without a time, in itself or in the line around it",
        ),
        (false, _) => Skipped::new(
            code::MISSING_MODEL,
            "response without a model name, in itself or in the line around it",
        ),
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
