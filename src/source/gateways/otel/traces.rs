//! OTLP-JSON spans, an exported batch a line. Callers repeat the usage of what they called, so the
//! spans of a trace are judged together: see [`Tree`].

use super::attributes::{Attributes, Resource};
use super::names::{Says, Span};
use crate::diagnostic::code;
use crate::source::ReadOptions;
use crate::source::envelope::instant;
use crate::source::format::{Emit, FormatInfo, Group, Reads, Session};
use crate::source::gateways::call::LabelSet;
use crate::source::gateways::tree::{Above, Content, Tree};
use crate::source::outcome::Skipped;
use crate::source::scan::{Object, Value};
use crate::usage::RecordGrain;

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "otlp-traces",
    title: "OpenTelemetry spans (OTLP-JSON)",
    group: Group::Gateway,
    grain: RecordGrain::Request,
    reads: &[Reads::Session {
        markers: &["resourceSpans", "resource_spans"],
        is: |_| true,
        start: || Box::new(Traces(Tree::new(Above::Repeats))),
    }],
};

struct Traces(Tree);

impl Session for Traces {
    fn object(
        &mut self,
        line: u64,
        object: &Object<'_>,
        options: &ReadOptions,
        emit: &mut Emit<'_>,
    ) {
        for of_resource in list(object, &["resourceSpans", "resource_spans"]) {
            let resource = Resource::of(&of_resource);
            let scopes =
                list(&of_resource, &["scopeSpans", "scope_spans", "instrumentationLibrarySpans"]);
            for span in scopes.iter().flat_map(|scope| list(scope, &["spans"])) {
                let labels = || resource.labels(options);
                add(&mut self.0, line, &span, labels, options, emit);
            }
        }
    }

    fn finish(&mut self, _: &ReadOptions, emit: &mut Emit<'_>) {
        self.0.finish(emit);
    }
}

/// The objects of the first of several arrays.
pub(super) fn list<'a>(object: &Object<'a>, keys: &[&str]) -> Vec<Object<'a>> {
    let array = keys.iter().find_map(|key| object.array(key)).unwrap_or_default();
    array.iter().filter_map(Value::object).collect()
}

fn add<'o>(
    tree: &mut Tree,
    line: u64,
    span: &Object<'_>,
    labels: impl FnOnce() -> LabelSet<'o>,
    options: &'o ReadOptions,
    emit: &mut Emit<'_>,
) {
    let text = |keys: &[&str]| span.first_text(keys).unwrap_or_default();
    let attributes = Attributes::of(span.get("attributes"));
    let status = span.object("status").and_then(|s| s.get("code")).and_then(|c| c.scalar());
    let trace = text(&["traceId", "trace_id"]);
    let id = text(&["spanId", "span_id"]);
    let read = Span {
        attributes: &attributes,
        time: ["startTimeUnixNano", "start_time_unix_nano"]
            .iter()
            .find_map(|key| instant(&span.get(key)?)),
        failed: status.is_some_and(|s| s == "2" || s == "STATUS_CODE_ERROR"),
        ids: [&trace, &id],
    };
    let parent = text(&["parentSpanId", "parent_span_id"]);
    hold(tree, line, &read, &parent, labels(), options, emit);
}

/// Reads a span and holds it until its trace is judged.
pub(super) fn hold<'o>(
    tree: &mut Tree,
    line: u64,
    span: &Span<'_>,
    parent: &str,
    labels: LabelSet<'o>,
    options: &'o ReadOptions,
    emit: &mut Emit<'_>,
) {
    let content = match span.read(labels, options) {
        Ok(Says::Usage(held)) => Content::Usage(Box::new(held)),
        Ok(Says::Lacks(skipped)) => Content::Lacks(skipped),
        Ok(Says::Nothing) => {
            let message = "spans that tell of no model usage";
            emit(line, Err(Skipped::new(code::NOT_USAGE, message)));
            Content::Nothing
        }
        Err(skipped) => {
            emit(line, Err(skipped));
            Content::Nothing
        }
    };
    let [trace, id] = span.ids;
    if id.is_empty() {
        // Without an id nothing can be above or below it.
        let alone = line.to_string();
        tree.add(line, [&alone, &alone, ""], content, emit);
    } else {
        tree.add(line, [trace, id, parent], content, emit);
    }
}
