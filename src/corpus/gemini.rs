//! Bodies of the Gemini API and of Vertex AI.

use std::borrow::Cow;

use super::content::{Resolution, texts_of};
use super::prompt::{Message, Prompt, Shape, Tool, ToolChoice, count_of};
use crate::source::scan::{Object, Value};

/// A line of a batch: the Gemini API has keys, Vertex AI has none.
pub(super) fn batch_line<'a>(line: &Object<'a>) -> Option<Prompt<'a>> {
    let request = line.object("request")?;
    let mut prompt = body(&request)?;
    let is_gemini = line.has("key") || request.has("generation_config");
    prompt.shape = if is_gemini { Shape::GeminiBatch } else { Shape::VertexBatch };
    Some(prompt)
}

/// The body of a request for content, or for an embedding.
pub(super) fn body<'a>(body: &Object<'a>) -> Option<Prompt<'a>> {
    let mut prompt = Prompt::empty(Shape::Request);
    prompt.model = body.text("model");
    let config = ["generationConfig", "generation_config"];
    let config = config.into_iter().find_map(|key| body.object(key)).unwrap_or_default();
    prompt.max_output = count_of(&config, &["maxOutputTokens", "max_output_tokens"]);
    prompt.resolution = Resolution::asked(&config);
    let schemas =
        ["responseSchema", "response_schema", "responseJsonSchema", "response_json_schema"];
    prompt.schema = schemas.into_iter().find_map(|key| config.get(key));
    let system = ["systemInstruction", "system_instruction"];
    if let Some(said) = system.into_iter().find_map(|key| body.get(key)) {
        prompt.messages.push(message(said, "system"));
    }
    match (body.get("contents"), body.get("content")) {
        (Some(contents), _) => {
            let list = contents.array().unwrap_or_else(|| vec![contents]);
            prompt.messages.extend(list.into_iter().map(|said| message(said, "user")));
        }
        (None, Some(content)) => {
            prompt.messages.push(message(content, "user"));
            prompt.max_output = Some(0);
        }
        (None, None) => return None,
    }
    for tool in body.get("tools").and_then(|list| list.array()).unwrap_or_default() {
        prompt.tools.extend(declared(tool));
    }
    prompt.tool_choice = choice(body);
    Some(prompt)
}

fn choice<'a>(body: &Object<'a>) -> ToolChoice<'a> {
    let inner =
        |object: &Object<'a>, keys: [&str; 2]| keys.iter().find_map(|key| object.object(key));
    let calling = inner(body, ["toolConfig", "tool_config"])
        .and_then(|config| inner(&config, ["functionCallingConfig", "function_calling_config"]));
    ToolChoice::of(calling.and_then(|calling| calling.get("mode")))
}

fn message<'a>(said: Value<'a>, usual: &'static str) -> Message<'a> {
    match said.object() {
        Some(object) if object.has("parts") => Message {
            role: object.text("role").unwrap_or(Cow::Borrowed(usual)),
            name: None,
            parts: object.get("parts").map(texts_of).unwrap_or_default(),
        },
        _ => Message { role: Cow::Borrowed(usual), name: None, parts: texts_of(said) },
    }
}

fn declared(tool: Value<'_>) -> Vec<Tool<'_>> {
    let Some(outer) = tool.object() else { return Vec::new() };
    let keys = ["functionDeclarations", "function_declarations"];
    let list = keys.into_iter().find_map(|key| outer.get(key)?.array()).unwrap_or_default();
    let found = list.into_iter().filter_map(|raw| {
        let function = raw.object()?;
        Some(Tool {
            name: function.text("name").unwrap_or_default(),
            description: function.text("description").unwrap_or_default(),
            parameters: function.get("parameters").or_else(|| function.get("parametersJsonSchema")),
            raw,
        })
    });
    found.collect()
}
