//! What a JSON object of a corpus is, told by its keys.

use super::prompt::{Prompt, Shape};
use super::{anthropic, bedrock, dataset, gemini, openai};
use crate::source::scan::Object;

/// The prompt that an object is; `None`: it is of no known shape.
pub(super) fn prompt<'a>(row: &Object<'a>) -> Option<Prompt<'a>> {
    if row.has("body") && row.has("url") {
        return openai::batch_line(row);
    }
    if row.has("params") {
        return anthropic::batch_item(row);
    }
    if row.has("modelInput") {
        return bedrock::batch_line(row);
    }
    if row.has("request") {
        return gemini::batch_line(row);
    }
    if row.has("contents") {
        return gemini::body(row);
    }
    if row.has("messages") {
        return messages(row);
    }
    if row.has("preferred_output") {
        return dataset::preference(row);
    }
    if row.has("model") && row.has("input") {
        return openai::responses(row);
    }
    if dataset::turns(row).is_some() {
        return dataset::share_gpt(row);
    }
    dataset::question(row)
}

/// Messages are a request where its settings stand beside them, else a line of a dataset.
fn messages<'a>(row: &Object<'a>) -> Option<Prompt<'a>> {
    if bedrock::is_converse(row) {
        let mut prompt = bedrock::converse(row)?;
        if row.has("schemaVersion") {
            prompt.shape = Shape::Conversation;
            prompt.take_answer();
        }
        return Some(prompt);
    }
    if anthropic::is_body(row) {
        return anthropic::body(row);
    }
    if row.has("model") || row.has("max_tokens") || row.has("max_completion_tokens") {
        return openai::chat(row);
    }
    dataset::conversation(row)
}
