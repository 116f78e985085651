//! Where a record of a log keeps its request.

use std::borrow::Cow;

use super::prompt::{Message, Prompt, Shape};
use super::{anthropic, bedrock, gemini, openai};
use crate::source::scan::{Object, Value};

/// Keys under which logs keep the body of a request.
const REQUESTS: [&str; 6] =
    ["request", "request_body", "requestBody", "proxy_server_request", "body", "params"];
/// Keys of requests that stand for text which is not in them.
const ELSEWHERE: [&str; 5] =
    ["previous_response_id", "conversation", "cachedContent", "cached_content", "mcp_servers"];
/// The prompt of a record.
pub(super) struct Found<'a> {
    pub(super) prompt: Prompt<'a>,
    /// Whether something of it stands elsewhere.
    pub(super) is_partial: bool,
}

/// Looks for the request in a record and hands its prompt on.
pub(super) fn with_prompt(row: &Object<'_>, levels: u8, take: &mut dyn FnMut(Found<'_>)) -> bool {
    let nested = |key: &str| row.get(key).map(json_of);
    // Bedrock's log, its batches, and its log inside of CloudWatch's.
    let logged = row.object("input").and_then(|input| input.object("inputBodyJson"));
    if let Some(body) = logged.or_else(|| row.object("modelInput")) {
        return hand_on(bedrock::body(&body), &body, take);
    }
    if row.has("contents") || row.get("messages").is_some_and(|list| list.array().is_some()) {
        return hand_on(body(row), row, take);
    }
    if let Some(list) = nested("messages")
        && let Some(messages) = openai::messages(Value::new(&list))
    {
        return hand_on(Some(of_messages(messages)), row, take);
    }
    if levels == 0 {
        return false;
    }
    for text in REQUESTS.iter().filter_map(|key| nested(key)) {
        if Object::parse(&text).is_ok_and(|inner| with_prompt(&inner, levels - 1, take)) {
            return true;
        }
    }
    if let Some(text) = nested("input") {
        return of_input(row, &text, take);
    }
    if let Some(text) = row.first_text(&["prompt", "inputText"]) {
        return hand_on(Some(Prompt::of_text(Shape::Request, text)), row, take);
    }
    let event = nested("message").or_else(|| nested("@message"));
    event.is_some_and(|text| {
        Object::parse(&text).is_ok_and(|inner| with_prompt(&inner, levels - 1, take))
    })
}

/// What tracers and the responses API keep under `input`: messages, a body, or a text.
fn of_input(row: &Object<'_>, text: &[u8], take: &mut dyn FnMut(Found<'_>)) -> bool {
    let value = Value::new(text);
    if let Some(inner) = value.object() {
        return hand_on(body(&inner), &inner, take);
    }
    let is_conversation = value.array().is_some_and(|items| {
        items.iter().all(|item| item.object().is_some_and(|said| said.has("role")))
    });
    match openai::messages(value).filter(|_| is_conversation && !row.has("instructions")) {
        Some(messages) => hand_on(Some(of_messages(messages)), row, take),
        None => hand_on(openai::responses(row), row, take),
    }
}

/// A value, or the value that is written in its string.
fn json_of<'a>(value: Value<'a>) -> Cow<'a, [u8]> {
    let inner = value.text().filter(|text| text.trim_start().starts_with(['{', '[']));
    match inner {
        Some(text) => Cow::Owned(text.trim().as_bytes().to_vec()),
        None => Cow::Borrowed(value.raw()),
    }
}

/// The prompt of a request's body.
fn body<'a>(body: &Object<'a>) -> Option<Prompt<'a>> {
    if body.has("contents") {
        return gemini::body(body);
    }
    if body.has("messages") && !bedrock::is_converse(body) && !anthropic::is_body(body) {
        return openai::chat(body);
    }
    if body.has("messages") || body.has("inputText") || body.has("prompt") {
        return bedrock::body(body);
    }
    openai::responses(body)
}

pub(super) fn of_messages(messages: Vec<Message<'_>>) -> Prompt<'_> {
    Prompt { messages, ..Prompt::empty(Shape::Request) }
}

fn hand_on<'a>(
    prompt: Option<Prompt<'a>>,
    around: &Object<'a>,
    take: &mut dyn FnMut(Found<'_>),
) -> bool {
    let says = |prompt: &Prompt<'_>| prompt.messages.iter().any(|said| !said.parts.is_empty());
    let Some(mut prompt) = prompt.filter(says) else {
        return false;
    };
    // LiteLLM and Langfuse keep the settings of a request beside its messages.
    if prompt.tools.is_empty() {
        let settings = ["model_parameters", "modelParameters", "optional_params"];
        let settings = settings.into_iter().find_map(|key| around.object(key));
        prompt.tools = openai::tools(settings.and_then(|settings| settings.get("tools")));
    }
    let stands = |key: &str| around.get(key).is_some_and(|value| !value.is_null());
    let stored = around.object("prompt").is_some_and(|prompt| prompt.has("id"));
    let is_partial = stored
        || ELSEWHERE.into_iter().any(stands)
        || prompt.tools.iter().any(|tool| is_providers(tool.raw));
    take(Found { prompt, is_partial });
    true
}

/// A tool that the provider runs or describes itself: what it adds to the prompt is nowhere written.
fn is_providers(tool: Value<'_>) -> bool {
    let kind = tool.object().and_then(|tool| tool.text("type"));
    kind.is_some_and(|kind| !matches!(&*kind, "function" | "custom"))
}
