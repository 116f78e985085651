//! Amazon Bedrock InvokeModel where the model's own body does not tell the usage: by headers of the
//! answer, or by the metrics that end a stream. Both count input without what caches read or wrote.

use crate::diagnostic::code;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::envelope::Envelope;
use crate::source::outcome::{Note, Outcome, Skipped, count_field, optional_count};
use crate::source::scan::{Object, Value, parse_count};
use crate::tokens::Component;

use super::{anthropic, bedrock, openai};

/// Names under which models without a usage object count beside their text: Llama and Titan.
const BESIDE: [(&str, &str); 2] =
    [("prompt_token_count", "generation_token_count"), ("inputTextTokenCount", "results")];

/// The object that ends a stream of any model.
const METRICS: &str = "amazon-bedrock-invocationMetrics";

/// The parts of the names of headers and metrics, with what they count.
const COUNTS: [(&str, &str, Component); 4] = [
    ("input", "inputTokenCount", Component::InputUncached),
    ("cache-read-input", "cacheReadInputTokenCount", Component::InputCacheRead),
    ("cache-write-input", "cacheWriteInputTokenCount", Component::InputCacheWrite5m),
    ("output", "outputTokenCount", Component::Output),
];

/// True for an object with the metrics or the headers, and no usage of the model's own.
pub(crate) fn is_invoke(object: &Object<'_>, usage: Option<&Object<'_>>) -> bool {
    usage.is_none()
        && (object.has(METRICS)
            || object.has(BESIDE[0].0) && object.has(BESIDE[0].1)
            || object.has(BESIDE[1].0)
            || ["headers", "ResponseMetadata", "response_headers"].iter().any(|key| {
                object.object(key).is_some_and(|headers| {
                    let headers = headers.object("HTTPHeaders").unwrap_or(headers);
                    headers.raw_keys().any(is_count_header)
                })
            }))
}

fn is_count_header(name: &[u8]) -> bool {
    const HEAD: &[u8] = b"x-amzn-bedrock-";
    const TAIL: &[u8] = b"-token-count";
    name.len() > HEAD.len() + TAIL.len()
        && name[..HEAD.len()].eq_ignore_ascii_case(HEAD)
        && name[name.len() - TAIL.len()..].eq_ignore_ascii_case(TAIL)
}

/// Reads an answer: the model's own body where it states usage, which may tell how long writes are
/// kept, else the counts around it.
pub(crate) fn read(envelope: &Envelope<'_>, options: &ReadOptions) -> Outcome {
    let body = envelope.body();
    if let Some(inner) = body.object("body").or_else(|| body.object("response")) {
        let inside = envelope.within(inner);
        if inside.usage().is_some() {
            return if anthropic::is_messages(inside.body(), inside.usage()) {
                anthropic::read(&inside, options)
            } else if bedrock::is_converse(inside.body(), inside.usage()) {
                bedrock::read(&inside, options)
            } else {
                openai::chat::read(&inside, options)
            };
        }
    }
    let metrics = body.object(METRICS).unwrap_or_default();
    let mut splitter = Splitter::default();
    let beside = beside_text(body, &metrics, &mut splitter)?;
    let mut found = beside;
    for (header, metric, component) in COUNTS {
        let name = format!("x-amzn-bedrock-{header}-token-count");
        let in_header = match envelope.header(&name) {
            Some(text) => parse_count(&text)
                .ok_or_else(|| Skipped::bad_field(&name, &text, "a whole number of at least 0"))?,
            None => None,
        };
        let Some(count) = optional_count!(metrics, metric).or(in_header) else { continue };
        if beside {
            continue;
        }
        found = true;
        let assumed = component == Component::InputCacheWrite5m && count > 0;
        splitter.notes.set_if(Note::TtlAssumed, assumed);
        splitter.put(component, count);
    }
    if !found {
        return Err(Skipped::new(code::NO_USAGE, "answers of InvokeModel without token counts"));
    }
    bedrock::draft(envelope, splitter).finish(envelope, options)
}

/// Counts that the model's own body has beside its text, where no metrics repeat them.
fn beside_text(
    body: &Object<'_>,
    metrics: &Object<'_>,
    splitter: &mut Splitter,
) -> Result<bool, Skipped> {
    if metrics.has(COUNTS[0].1) {
        return Ok(false);
    }
    let [llama, titan] = BESIDE;
    let prompt = optional_count!(body, llama.0);
    let text = optional_count!(body, titan.0);
    let Some(input) = prompt.or(text) else { return Ok(false) };
    splitter.put(Component::InputUncached, input);
    splitter.put(Component::Output, count_field!(body, llama.1));
    let results = body.array(titan.1).unwrap_or_default();
    for result in results.iter().filter_map(Value::object) {
        splitter.put(Component::Output, count_field!(result, "tokenCount"));
    }
    Ok(true)
}
