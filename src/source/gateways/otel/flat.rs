//! Spans written one an object by console exporters and databases, and traces as Jaeger and Zipkin
//! print them. What makes a span is the same; only where its parts stand differs.

use std::borrow::Cow;

use super::attributes::Attributes;
use super::names::Span;
use super::traces::{hold, list};
use crate::source::ReadOptions;
use crate::source::envelope::instant;
use crate::source::format::{Emit, FormatInfo, Group, Reads, RowReader, Session};
use crate::source::gateways::call::LabelSet;
use crate::source::gateways::fields::Fields;
use crate::source::gateways::tree::{Above, Tree};
use crate::source::row::Row;
use crate::source::scan::{Object, Value};
use crate::usage::RecordGrain;

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "otel-spans",
    title: "OpenTelemetry spans one an object or row, Jaeger and Zipkin traces",
    group: Group::Gateway,
    grain: RecordGrain::Request,
    reads: &[
        Reads::Session {
            markers: &["attributes", "span_attributes", "SpanAttributes", "tags", "spans"],
            is: is_span,
            start: || Box::new(Spans(Tree::new(Above::Repeats))),
        },
        Reads::Rows {
            columns: &[
                &["traceid", "spanid", "attributes"],
                &["traceid", "spanid", "spanattributes"],
            ],
            start: || Box::new(Spans(Tree::new(Above::Repeats))),
        },
    ],
};

const TRACE: [&str; 4] = ["traceId", "trace_id", "TraceId", "traceID"];
const SPAN: [&str; 4] = ["spanId", "span_id", "SpanId", "spanID"];
const PARENT: [&str; 5] =
    ["parentSpanId", "parent_span_id", "ParentSpanId", "parent_id", "parentId"];
const START: [&str; 9] = [
    "startTimeUnixNano",
    "start_time_unix_nano",
    "startTime",
    "start_time",
    "startTimestamp",
    "start_timestamp",
    "Timestamp",
    "timestamp",
    "time",
];
const ATTRIBUTES: [&str; 4] = ["attributes", "span_attributes", "SpanAttributes", "tags"];

fn is_span(object: &Object<'_>) -> bool {
    let has = |keys: &[&str]| keys.iter().any(|key| object.has(key));
    let is_jaeger = object.has("traceID") && object.has("spans");
    let is_zipkin = object.has("traceId") && object.has("id") && object.object("tags").is_some();
    let has_ids = (has(&TRACE) && has(&SPAN))
        || object.object("context").is_some_and(|context| context.has("trace_id"));
    let is_typed = object.text("type").is_some_and(|kind| kind == "span");
    is_jaeger || is_zipkin || ((has_ids || is_typed) && has(&ATTRIBUTES[..3]))
}

struct Spans(Tree);

impl Session for Spans {
    fn object(
        &mut self,
        line: u64,
        object: &Object<'_>,
        options: &ReadOptions,
        emit: &mut Emit<'_>,
    ) {
        if object.has("traceID") && object.has("spans") {
            for span in list(object, &["spans"]) {
                self.jaeger(line, &span, options, emit);
            }
        } else {
            let attributes = ATTRIBUTES.iter().find_map(|key| object.get(key));
            let context = object.nested("context");
            let context = context.object();
            let within = |keys: &[&str]| {
                let own = object.first(keys);
                if own.is_empty() { context.first(keys).into_owned() } else { own.into_owned() }
            };
            let id = match within(&SPAN) {
                id if id.is_empty() => object.first(&["id"]).into_owned(),
                id => id,
            };
            let ids = [within(&TRACE), id, object.first(&PARENT).into_owned()];
            let parts = Parts {
                attributes: Attributes::of(attributes),
                ids,
                failed: is_error(
                    &object.nested("status").object(),
                    &object.first(&["status_code"]),
                ),
            };
            self.span(line, object, &parts, options, emit);
        }
    }

    fn finish(&mut self, _: &ReadOptions, emit: &mut Emit<'_>) {
        self.0.finish(emit);
    }
}

impl RowReader for Spans {
    fn row(&mut self, line: u64, row: &Row<'_>, options: &ReadOptions, emit: &mut Emit<'_>) {
        let cell = row.first(&["SpanAttributes", "attributes"]);
        let parts = Parts {
            attributes: Attributes::of(Some(Value::new(cell.as_bytes()))),
            ids: [row.first(&TRACE), row.first(&SPAN), row.first(&PARENT)].map(Cow::into_owned),
            failed: is_error(&Object::default(), &row.first(&["StatusCode"])),
        };
        self.span(line, row, &parts, options, emit);
    }

    fn finish(&mut self, _: &ReadOptions, emit: &mut Emit<'_>) {
        self.0.finish(emit);
    }
}

fn is_error(status: &Object<'_>, flat: &str) -> bool {
    let code = status.first(&["code", "status_code"]);
    [&*code, flat].iter().any(|c| c.to_ascii_uppercase().ends_with("ERROR") || *c == "2")
}

/// What of a span has many spellings.
struct Parts {
    attributes: Attributes,
    /// Trace, span and parent.
    ids: [String; 3],
    failed: bool,
}

impl Spans {
    fn span(
        &mut self,
        line: u64,
        fields: &impl Fields,
        parts: &Parts,
        options: &ReadOptions,
        emit: &mut Emit<'_>,
    ) {
        let start = fields.first(&START);
        let [trace, id, parent] = &parts.ids;
        let service = fields.first(&["ServiceName", "service_name"]);
        let labels = LabelSet::new(options).put("service", &service);
        let read = Span {
            attributes: &parts.attributes,
            time: crate::source::row::instant(&start),
            failed: parts.failed,
            ids: [trace, id],
        };
        hold(&mut self.0, line, &read, parent, labels, options, emit);
    }

    fn jaeger(&mut self, line: u64, span: &Object<'_>, options: &ReadOptions, emit: &mut Emit<'_>) {
        let attributes = Attributes::of(span.get("tags"));
        let trace = span.text("traceID").unwrap_or_default();
        let id = span.text("spanID").unwrap_or_default();
        let references = list(span, &["references"]);
        let parent = references
            .iter()
            .find(|r| r.text("refType").is_none_or(|kind| kind == "CHILD_OF"))
            .and_then(|r| r.text("spanID"))
            .unwrap_or_default();
        let read = Span {
            attributes: &attributes,
            time: span.get("startTime").and_then(|v| instant(&v)),
            failed: attributes.text("error") == "true",
            ids: [&trace, &id],
        };
        hold(&mut self.0, line, &read, &parent, LabelSet::new(options), options, emit);
    }
}
