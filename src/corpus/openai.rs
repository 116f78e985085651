//! Bodies of OpenAI and of those who speak its language.

use std::borrow::Cow;

use super::content::{Part, call, texts_of};
use super::prompt::{Message, Prompt, Shape, Tool, ToolChoice, count_of};
use crate::source::scan::{Object, Value};

/// A line of a batch: the body has the shape that its address asks for.
pub(super) fn batch_line<'a>(line: &Object<'a>) -> Option<Prompt<'a>> {
    let body = line.object("body")?;
    let url = line.text("url")?;
    let mut prompt = match url.rsplit('/').next()? {
        "completions" if url.ends_with("/chat/completions") => chat(&body)?,
        "completions" => completion(&body)?,
        "responses" => responses(&body)?,
        "embeddings" => embeddings(&body)?,
        _ => return None,
    };
    prompt.shape = Shape::OpenAiBatch;
    Some(prompt)
}

/// The body of a chat completion.
pub(super) fn chat<'a>(body: &Object<'a>) -> Option<Prompt<'a>> {
    let mut prompt = Prompt::empty(Shape::Request);
    prompt.model = body.text("model");
    prompt.max_output = count_of(body, &["max_completion_tokens", "max_tokens"])
        .map(|most| most.saturating_mul(count_of(body, &["n"]).unwrap_or(1)));
    prompt.messages = messages(body.get("messages")?)?;
    prompt.tools = tools(body.get("tools"));
    prompt.tool_choice = ToolChoice::of(body.get("tool_choice"));
    let format = body.object("response_format").and_then(|format| format.object("json_schema"));
    prompt.schema = format.and_then(|format| format.get("schema"));
    Some(prompt)
}

/// A list of messages.
pub(super) fn messages(list: Value<'_>) -> Option<Vec<Message<'_>>> {
    let items = list.array()?;
    items.into_iter().map(|item| item.object().as_ref().map(message)).collect()
}

fn message<'a>(said: &Object<'a>) -> Message<'a> {
    let mut parts = said.get("content").map(texts_of).unwrap_or_default();
    let calls = said.get("tool_calls").and_then(|calls| calls.array()).unwrap_or_default();
    for called in calls.iter().filter_map(Value::object) {
        call(&called.object("function").unwrap_or_default(), "arguments", &mut parts);
    }
    if let Some(called) = said.object("function_call") {
        call(&called, "arguments", &mut parts);
    }
    Message { role: said.text("role").unwrap_or_default(), name: said.text("name"), parts }
}

fn completion<'a>(body: &Object<'a>) -> Option<Prompt<'a>> {
    let mut prompt = Prompt::empty(Shape::Request);
    prompt.model = body.text("model");
    prompt.max_output = count_of(body, &["max_tokens"]);
    prompt.messages = vec![Message { parts: inputs(body.get("prompt")?), ..Message::default() }];
    Some(prompt)
}

fn embeddings<'a>(body: &Object<'a>) -> Option<Prompt<'a>> {
    let mut prompt = Prompt::empty(Shape::Request);
    prompt.model = body.text("model");
    prompt.max_output = Some(0);
    prompt.messages = vec![Message { parts: inputs(body.get("input")?), ..Message::default() }];
    Some(prompt)
}

/// One or several texts, each as text or as tokens.
fn inputs(value: Value<'_>) -> Vec<Part<'_>> {
    let Some(items) = value.array() else { return texts_of(value) };
    let is_token = |item: &Value<'_>| item.raw().first().is_some_and(u8::is_ascii_digit);
    if items.first().is_some_and(is_token) {
        return vec![Part::Tokens(u64::try_from(items.len()).unwrap_or(u64::MAX))];
    }
    items.into_iter().flat_map(inputs).collect()
}

/// The body of a response.
pub(super) fn responses<'a>(body: &Object<'a>) -> Option<Prompt<'a>> {
    let mut prompt = Prompt::empty(Shape::Request);
    prompt.model = body.text("model");
    prompt.max_output = count_of(body, &["max_output_tokens"]);
    prompt.say("system", body.get("instructions"));
    let input = body.get("input")?;
    match input.array() {
        None => prompt.say("user", Some(input)),
        Some(items) => {
            for item in items {
                match item.object() {
                    Some(said) if said.has("content") => prompt.messages.push(message(&said)),
                    // Calls, and what they gave.
                    _ => {
                        let one = texts_of(item);
                        let role = Cow::Borrowed("tool");
                        prompt.messages.push(Message { role, name: None, parts: one });
                    }
                }
            }
        }
    }
    prompt.tools = tools(body.get("tools"));
    prompt.tool_choice = ToolChoice::of(body.get("tool_choice"));
    let format = body.object("text").and_then(|text| text.object("format"));
    prompt.schema = format.and_then(|format| format.get("schema"));
    Some(prompt)
}

/// Functions, as the chat and the responses API have them.
pub(super) fn tools(list: Option<Value<'_>>) -> Vec<Tool<'_>> {
    let items = list.and_then(|list| list.array()).unwrap_or_default();
    items.into_iter().filter_map(tool).collect()
}

fn tool(raw: Value<'_>) -> Option<Tool<'_>> {
    let outer = raw.object()?;
    let function = outer.object("function").unwrap_or(outer);
    Some(Tool {
        name: function.text("name").unwrap_or_default(),
        description: function.text("description").unwrap_or_default(),
        parameters: function.get("parameters").or_else(|| function.get("input_schema")),
        raw,
    })
}
