//! Bodies of Anthropic's Messages API.

use super::openai::{messages, tools};
use super::prompt::{Prompt, Shape, ToolChoice, count_of};
use crate::source::scan::Object;

/// An item of a batch.
pub(super) fn batch_item<'a>(item: &Object<'a>) -> Option<Prompt<'a>> {
    let mut prompt = body(&item.object("params")?)?;
    prompt.shape = Shape::AnthropicBatch;
    Some(prompt)
}

/// True for a body that OpenAI's chats do not have.
pub(super) fn is_body(body: &Object<'_>) -> bool {
    body.has("system") || body.has("anthropic_version") || body.has("thinking")
}

/// The body of a message.
pub(super) fn body<'a>(body: &Object<'a>) -> Option<Prompt<'a>> {
    let mut prompt = Prompt::empty(Shape::Request);
    prompt.model = body.text("model");
    prompt.max_output = count_of(body, &["max_tokens"]);
    prompt.say("system", body.get("system"));
    prompt.messages.extend(messages(body.get("messages")?)?);
    prompt.tools = tools(body.get("tools"));
    prompt.tool_choice = ToolChoice::of(body.get("tool_choice"));
    let config = body.object("output_config").and_then(|config| config.object("format"));
    let format = config.or_else(|| body.object("output_format"));
    prompt.schema = format.and_then(|format| format.get("schema"));
    Some(prompt)
}
