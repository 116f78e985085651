//! One request that is to be sent.

use std::borrow::Cow;

use super::content::{Part, Resolution, texts_of};
use crate::source::scan::{Object, Value};

/// What kind of file a prompt is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// Input of OpenAI's Batch API.
    OpenAiBatch,
    /// Input of Anthropic's Message Batches.
    AnthropicBatch,
    /// Input of the Gemini API's batch mode.
    GeminiBatch,
    /// Input of Vertex AI's batch prediction.
    VertexBatch,
    /// Input of Amazon Bedrock's batch inference.
    BedrockBatch,
    /// A body of a request by itself.
    Request,
    /// Conversations for fine-tuning, and datasets with `messages`.
    Conversation,
    /// Datasets with `conversations` of `from` and `value`.
    ShareGpt,
    /// Datasets with `prompt`, `instruction` or `question` and an answer.
    Question,
    /// Datasets with `text`.
    Text,
    /// A file that is one text.
    File,
}

impl Shape {
    /// Its name in output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAiBatch => "openai-batch",
            Self::AnthropicBatch => "anthropic-batch",
            Self::GeminiBatch => "gemini-batch",
            Self::VertexBatch => "vertex-batch",
            Self::BedrockBatch => "bedrock-batch",
            Self::Request => "request",
            Self::Conversation => "conversation",
            Self::ShareGpt => "sharegpt",
            Self::Question => "question",
            Self::Text => "text",
            Self::File => "file",
        }
    }
}

/// A message of a request.
#[derive(Debug, Clone, Default)]
pub struct Message<'a> {
    /// Who speaks; empty where the shape has no roles.
    pub role: Cow<'a, str>,
    /// The name of the speaker.
    pub name: Option<Cow<'a, str>>,
    /// What is said.
    pub parts: Vec<Part<'a>>,
}

/// A function that a model may call.
#[derive(Debug, Clone)]
pub struct Tool<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// What it is for.
    pub description: Cow<'a, str>,
    /// The JSON schema of its arguments.
    pub parameters: Option<Value<'a>>,
    /// All of it, as it is written.
    pub raw: Value<'a>,
}

/// Which functions the model may call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ToolChoice<'a> {
    /// As it likes.
    #[default]
    Auto,
    /// None.
    None,
    /// Some one of them.
    Any,
    /// This one.
    Named(Cow<'a, str>),
}

impl<'a> ToolChoice<'a> {
    /// What is written under `tool_choice`: a word, or an object with a type or a name.
    pub(super) fn of(value: Option<Value<'a>>) -> Self {
        let Some(value) = value else { return Self::Auto };
        let object = value.object().unwrap_or_default();
        let named = object.object("function").or_else(|| object.object("tool"));
        let name = named.and_then(|named| named.text("name")).or_else(|| object.text("name"));
        if let Some(name) = name {
            return Self::Named(name);
        }
        let word = value.text().or_else(|| object.text("type")).unwrap_or_default();
        match word.to_ascii_lowercase().as_str() {
            "none" => Self::None,
            "any" | "required" => Self::Any,
            // Converse has keys for types.
            _ if object.has("any") => Self::Any,
            _ => Self::Auto,
        }
    }
}

/// A request: what goes in, and what is known of what comes out.
#[derive(Debug, Clone)]
pub struct Prompt<'a> {
    /// What kind of file it is from.
    pub shape: Shape,
    /// The model that the request names.
    pub model: Option<Cow<'a, str>>,
    /// The most tokens of output that the request allows, all choices together.
    pub max_output: Option<u64>,
    /// What is said, system prompts first.
    pub messages: Vec<Message<'a>>,
    /// Functions.
    pub tools: Vec<Tool<'a>>,
    /// Which of them may be called.
    pub tool_choice: ToolChoice<'a>,
    /// The JSON schema that the answer must have.
    pub schema: Option<Value<'a>>,
    /// How finely pictures are looked at, where a part does not say.
    pub resolution: Option<Resolution>,
    /// The answer that the corpus holds.
    pub answer: Vec<Part<'a>>,
}

impl<'a> Prompt<'a> {
    /// A request without anything in it.
    pub(super) const fn empty(shape: Shape) -> Self {
        Self {
            shape,
            model: None,
            max_output: None,
            messages: Vec::new(),
            tools: Vec::new(),
            tool_choice: ToolChoice::Auto,
            schema: None,
            resolution: None,
            answer: Vec::new(),
        }
    }

    /// A request of one text.
    pub(super) fn of_text(shape: Shape, text: Cow<'a, str>) -> Self {
        let message = Message { parts: vec![Part::Text(text)], ..Message::default() };
        Self { messages: vec![message], ..Self::empty(shape) }
    }

    /// Whether it has messages with roles, as chats have.
    #[must_use]
    pub fn is_chat(&self) -> bool {
        self.messages.iter().any(|message| !message.role.is_empty())
    }

    /// Adds a message with what stands in a value, if there is one.
    pub(super) fn say(&mut self, role: &'a str, value: Option<Value<'a>>) {
        if let Some(value) = value {
            let parts = texts_of(value);
            self.messages.push(Message { role: Cow::Borrowed(role), name: None, parts });
        }
    }

    /// Takes the last message as the answer, where it is the model's.
    pub(super) fn take_answer(&mut self) {
        let is_models = |message: &Message<'_>| matches!(&*message.role, "assistant" | "model");
        if let Some(last) = self.messages.pop_if(|last| is_models(last)) {
            self.answer = last.parts;
        }
    }
}

/// A count under one of several keys; what is no count is as if it were not there.
pub(super) fn count_of(object: &Object<'_>, keys: &[&str]) -> Option<u64> {
    keys.iter().find_map(|key| object.get(key)?.count().ok().flatten())
}
