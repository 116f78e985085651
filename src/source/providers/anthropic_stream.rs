//! Streamed Messages answers: logged event by event, or as an array of events.
//!
//! `message_start` carries the model and the input, `message_delta` the final output and, with
//! server tools, the input again; all counts are cumulative, so the largest of each is the
//! answer's.

use compact_str::CompactString;
use std::sync::Arc;

use super::anthropic::{self, Counts};
use super::openai::only_event;
use crate::diagnostic::code;
use crate::source::ReadOptions;
use crate::source::envelope::{Envelope, STREAM_KEYS};
use crate::source::format::{Emit, Session};
use crate::source::outcome::{Outcome, Records, Skipped};
use crate::source::scan::{Object, Value};
use crate::usage::UsageRecord;
use crate::usage::dedup::RequestId;

/// Streams of which a file may be in the middle at one time; of more, the oldest is ended.
const MOST_OPEN: usize = 1_024;

/// Keys under which a line may keep an event.
const EVENT_KEYS: [&str; 3] = ["event", "chunk", "data"];

/// The event of a line, and whether the line wraps it.
fn event<'a>(line: &Object<'a>) -> Option<(Object<'a>, bool)> {
    const TYPES: [&str; 7] = [
        "message_start",
        "message_delta",
        "message_stop",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "ping",
    ];
    let is_event = |object: &Object<'_>| object.text("type").is_some_and(|t| TYPES.contains(&&*t));
    if is_event(line) {
        return Some((line.clone(), false));
    }
    let inner = EVENT_KEYS.iter().find_map(|key| line.object(key).filter(is_event))?;
    Some((inner, true))
}

/// True for a line of a stream logged event by event.
pub(crate) fn is_line(line: &Object<'_>) -> bool {
    event(line).is_some()
}

/// True for an object that keeps a stream's events as an array.
pub(crate) fn is_array(object: &Object<'_>, usage: Option<&Object<'_>>) -> bool {
    usage.is_none() && events(object).is_some()
}

fn events<'a>(object: &Object<'a>) -> Option<Vec<Value<'a>>> {
    STREAM_KEYS.iter().find_map(|key| {
        let array = object.array(key)?;
        let first = array.first()?.object()?;
        first.text("type").filter(|t| t == "message_start")?;
        Some(array)
    })
}

/// Reads an array of events as one answer.
pub(crate) fn read_array(envelope: &Envelope<'_>, options: &ReadOptions) -> Outcome {
    let mut counts = Counts::default();
    let mut start = None;
    for event in events(envelope.body()).unwrap_or_default().iter().filter_map(Value::object) {
        if let Some(message) = event.object("message").filter(|m| m.object("usage").is_some()) {
            start = Some(message);
        }
        counts.merge(stated(&event)?);
    }
    let message = start.ok_or_else(|| super::openai::no_usage(envelope.body()))?;
    let usage = message.object("usage").unwrap_or_default();
    anthropic::read_turns(&envelope.within(message), &usage, counts.turns(), options)
}

/// What an event states of the answer's usage.
fn stated(event: &Object<'_>) -> Result<Counts, Skipped> {
    let message = event.object("message");
    let usage = message.and_then(|m| m.object("usage")).or_else(|| event.object("usage"));
    Counts::read(&usage.unwrap_or_default())
}

/// The streams of a file. What is kept is bounded by [`MOST_OPEN`] records.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    open: Vec<Open>,
}

/// A stream whose end was not seen yet.
#[derive(Debug)]
struct Open {
    /// What the lines of the stream have in common: the id of their wrapper, if they have one.
    key: CompactString,
    line: u64,
    /// The answer as its start tells it; `None` if that gave no record, which was said then.
    answer: Option<Answer>,
}

#[derive(Debug)]
struct Answer {
    record: UsageRecord,
    id: Option<CompactString>,
    counts: Counts,
}

/// Starts reading a file.
pub(crate) fn start() -> Box<dyn Session> {
    Box::new(Streams::default())
}

impl Session for Streams {
    fn object(
        &mut self,
        number: u64,
        line: &Object<'_>,
        options: &ReadOptions,
        emit: &mut Emit<'_>,
    ) {
        let Some((event, is_wrapped)) = event(line) else { return };
        let key =
            is_wrapped.then(|| line.first_text(&["request_id", "requestId", "trace_id", "id"]));
        let key = CompactString::new(key.flatten().unwrap_or_default());
        let at = self.open.iter().rposition(|open| open.key == key);
        match &*event.text("type").unwrap_or_default() {
            "message_start" => {
                if let Some(at) = at {
                    self.open.remove(at).end(emit);
                }
                if self.open.len() == MOST_OPEN {
                    self.open.remove(0).end(emit);
                }
                match begin(line, &event, options) {
                    Ok(answer) => self.open.push(Open { key, line: number, answer: Some(answer) }),
                    Err(skipped) => {
                        emit(number, Err(skipped));
                        self.open.push(Open { key, line: number, answer: None });
                    }
                }
            }
            "message_delta" => match at.map(|at| &mut self.open[at].answer) {
                Some(Some(answer)) => match stated(&event) {
                    Ok(counts) => answer.counts.merge(counts),
                    Err(skipped) => emit(number, Err(skipped)),
                },
                Some(None) => emit(number, Err(only_event())),
                None => emit(
                    number,
                    Err(Skipped::new(
                        code::MISSING_MODEL,
                        "ends of streams whose beginning, which names the model, is not in the file",
                    )),
                ),
            },
            "message_stop" => {
                if let Some(at) = at {
                    self.open.remove(at).end(emit);
                }
                emit(number, Err(only_event()));
            }
            _ => emit(number, Err(only_event())),
        }
    }

    fn finish(&mut self, _options: &ReadOptions, emit: &mut Emit<'_>) {
        self.open.drain(..).for_each(|open| open.end(emit));
    }
}

/// The answer that a `message_start` begins.
fn begin(line: &Object<'_>, event: &Object<'_>, options: &ReadOptions) -> Result<Answer, Skipped> {
    let found = Envelope::find(line.clone(), |object, usage| {
        (usage.is_some() && anthropic::is_messages(object, usage)).then_some(())
    });
    let Ok((envelope, ())) = found else {
        return Err(Skipped::new(code::NO_USAGE, "streams whose beginning states no usage"));
    };
    let records: Records = anthropic::read(&envelope, options)?;
    let record = records.into_iter().next().map(|(record, _)| record);
    let record = record.ok_or_else(only_event)?;
    let id = envelope.text(&["id", "request_id", "requestId"]).map(|id| CompactString::new(&id));
    Ok(Answer { record, id, counts: stated(event)? })
}

impl Open {
    fn end(self, emit: &mut Emit<'_>) {
        let Some(answer) = self.answer else { return };
        let mut records = Records::new();
        for (number, turn) in answer.counts.turns().into_iter().enumerate() {
            let mut record = answer.record.clone();
            if let Some(model) = turn.model {
                Arc::make_mut(&mut record.sku).model = model;
            }
            let id = answer.id.as_deref();
            record.request_id = id.map(|id| RequestId::new(&record.sku.provider, id, number));
            record.requests = u64::from(number == 0);
            record.components = turn.split.components;
            records.push((record, turn.split.notes));
        }
        emit(self.line, Ok(records));
    }
}
