//! Amazon Bedrock: batch lines with the body that each maker has.

use super::prompt::{Message, Prompt, Shape, Tool, ToolChoice, count_of};
use super::{anthropic, openai};
use crate::source::scan::{Object, Value};

/// A line of a batch.
pub(super) fn batch_line<'a>(line: &Object<'a>) -> Option<Prompt<'a>> {
    let mut prompt = body(&line.object("modelInput")?)?;
    prompt.shape = Shape::BedrockBatch;
    Some(prompt)
}

/// A body by the shape of its maker: messages, or one prompt.
pub(super) fn body<'a>(body: &Object<'a>) -> Option<Prompt<'a>> {
    if body.has("messages") {
        return if is_converse(body) { converse(body) } else { anthropic::body(body) };
    }
    let mut prompt = Prompt::empty(Shape::Request);
    let titan = body.object("textGenerationConfig").unwrap_or_default();
    prompt.max_output = count_of(body, &["max_gen_len", "max_tokens", "max_tokens_to_sample"])
        .or_else(|| count_of(&titan, &["maxTokenCount"]));
    let text = ["inputText", "prompt", "message"].into_iter().find_map(|key| body.get(key))?;
    let parts = super::content::texts_of(text);
    prompt.messages = vec![Message { parts, ..Message::default() }];
    Some(prompt)
}

/// True for a body of Converse or of Nova.
pub(super) fn is_converse(body: &Object<'_>) -> bool {
    body.has("inferenceConfig") || body.has("toolConfig") || body.has("schemaVersion")
}

/// A body of Converse or of Nova, also a line of a dataset in Bedrock's schema.
pub(super) fn converse<'a>(body: &Object<'a>) -> Option<Prompt<'a>> {
    let mut prompt = Prompt::empty(Shape::Request);
    let limits = body.object("inferenceConfig").unwrap_or_default();
    prompt.max_output = count_of(&limits, &["maxTokens", "max_new_tokens"]);
    prompt.say("system", body.get("system"));
    prompt.messages.extend(openai::messages(body.get("messages")?)?);
    let config = body.object("toolConfig").unwrap_or_default();
    let tools = config.get("tools").and_then(|tools| tools.array());
    prompt.tool_choice = ToolChoice::of(config.get("toolChoice"));
    prompt.tools = tools.unwrap_or_default().into_iter().filter_map(tool).collect();
    Some(prompt)
}

fn tool(raw: Value<'_>) -> Option<Tool<'_>> {
    let spec = raw.object()?.object("toolSpec")?;
    Some(Tool {
        name: spec.text("name").unwrap_or_default(),
        description: spec.text("description").unwrap_or_default(),
        parameters: spec.object("inputSchema").and_then(|schema| schema.get("json")),
        raw,
    })
}
