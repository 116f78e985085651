//! Datasets: prompts with the answers that belong to them.

use std::borrow::Cow;

use super::content::texts_of;
use super::openai;
use super::prompt::{Message, Prompt, Shape};
use crate::source::scan::{Object, Value};

/// A conversation; its last message is the answer where the model speaks last.
pub(super) fn conversation<'a>(row: &Object<'a>) -> Option<Prompt<'a>> {
    let mut prompt = Prompt::empty(Shape::Conversation);
    prompt.messages = openai::messages(row.get("messages")?)?;
    prompt.tools = openai::tools(row.get("tools"));
    prompt.take_answer();
    Some(prompt)
}

/// A line for preference tuning: its answer is the one that is preferred.
pub(super) fn preference<'a>(row: &Object<'a>) -> Option<Prompt<'a>> {
    let input = row.object("input")?;
    let mut prompt = Prompt::empty(Shape::Conversation);
    prompt.messages = openai::messages(input.get("messages")?)?;
    prompt.tools = openai::tools(input.get("tools"));
    let preferred = openai::messages(row.get("preferred_output")?)?;
    prompt.answer = preferred.into_iter().flat_map(|said| said.parts).collect();
    Some(prompt)
}

/// The turns of a conversation as ShareGPT and others have them.
pub(super) fn turns<'a>(row: &Object<'a>) -> Option<Vec<Value<'a>>> {
    ["conversations", "conversation"].into_iter().find_map(|key| row.get(key)?.array())
}

/// A conversation as ShareGPT has it.
pub(super) fn share_gpt<'a>(row: &Object<'a>) -> Option<Prompt<'a>> {
    let mut prompt = Prompt::empty(Shape::ShareGpt);
    prompt.say("system", row.get("system"));
    for turn in turns(row)? {
        let turn = turn.object()?;
        let role = match turn.first_text(&["from", "role"])?.as_ref() {
            "human" | "user" => "user",
            "gpt" | "assistant" | "chatgpt" | "model" | "bing" => "assistant",
            "system" => "system",
            _ => "tool",
        };
        let said = turn.get("value").or_else(|| turn.get("content"))?;
        prompt.say(role, Some(said));
    }
    prompt.take_answer();
    Some(prompt)
}

/// Keys of a question and of its answer.
const QUESTIONS: [(&str, &[&str]); 4] = [
    ("prompt", &["completion", "chosen", "response"]),
    ("instruction", &["output", "response"]),
    ("question", &["answer", "answers", "response"]),
    ("query", &["response", "answer"]),
];

/// A question with its answer, or a text.
pub(super) fn question<'a>(row: &Object<'a>) -> Option<Prompt<'a>> {
    let Some((key, answers)) = QUESTIONS.into_iter().find(|(key, _)| row.has(key)) else {
        return Some(Prompt::of_text(Shape::Text, row.first_text(&["text", "content"])?));
    };
    let mut prompt = Prompt::empty(Shape::Question);
    prompt.say("system", row.get("system").or_else(|| row.get("system_prompt")));
    let asked = row.get(key)?;
    match openai::messages(asked) {
        Some(messages) => prompt.messages.extend(messages),
        None => prompt.say("user", Some(asked)),
    }
    // What an instruction is about, or what a question is to be answered from.
    for more in ["input", "context"].into_iter().filter_map(|key| row.text(key)) {
        if let (false, Some(last)) = (more.is_empty(), prompt.messages.last_mut()) {
            last.parts.push(super::Part::Text(more));
        }
    }
    let answer = answers.iter().find_map(|key| row.get(key));
    prompt.answer = match answer.and_then(openai::messages) {
        Some(said) => last_said(said),
        None => answer.map(texts_of).unwrap_or_default(),
    };
    Some(prompt)
}

fn last_said(mut messages: Vec<Message<'_>>) -> Vec<super::Part<'_>> {
    messages.pop().map(|said| said.parts).unwrap_or_default()
}

/// A text.
pub(super) fn text(text: Cow<'_, str>) -> Prompt<'_> {
    Prompt::of_text(Shape::File, text)
}
