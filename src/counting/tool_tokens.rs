//! Adds the tools of a prompt and the schema of its answer, each by the rule of the model.

use std::borrow::Cow;

use super::band::Band;
use super::method::{CountBasis, CountedModel, MethodCounter};
use super::sums::{Input, SheetSums, TEXT, Tokens};
use super::tools::{FunctionLines, ToolRule, json, tool_json, tool_words, words_of_schema};
use crate::corpus::{Prompt, ToolChoice};
use crate::tokenizer::LongSpace;

/// In which forms a counter needs tools.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ToolForms {
    lines: bool,
    words: bool,
}

/// Tokens of tools and of a schema in the forms that were needed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ToolTexts {
    json: u64,
    lines: u64,
    words: u64,
    schema_json: u64,
    schema_words: u64,
}

impl ToolForms {
    pub(super) fn need(&mut self, rule: ToolRule) {
        self.lines |= matches!(rule, ToolRule::Functions(_));
        self.words |= matches!(rule, ToolRule::Words);
    }

    pub(super) fn count(
        self,
        prompt: &Prompt<'_>,
        counter: &mut MethodCounter,
    ) -> Result<ToolTexts, LongSpace> {
        let mut texts = ToolTexts::default();
        let mut count = |texts: &[Cow<'_, str>]| counter.count(texts.iter().map(|text| &**text));
        if !prompt.tools.is_empty() {
            texts.json = count(&tool_json(prompt).collect::<Vec<_>>())?;
            if self.lines {
                texts.lines = count(&FunctionLines::of(prompt).lines)?;
            }
            if self.words {
                texts.words = count(&tool_words(prompt))?;
            }
        }
        if let Some(schema) = prompt.schema {
            texts.schema_json = count(&[json(schema)])?;
            if self.words {
                texts.schema_words = count(&words_of_schema(schema))?;
            }
        }
        Ok(texts)
    }
}

pub(super) fn add_tools(
    model: &CountedModel,
    prompt: &Prompt<'_>,
    texts: &ToolTexts,
    input: &mut Input,
    sums: &mut SheetSums,
) {
    if prompt.tools.is_empty() {
        return;
    }
    let how = model.method.basis;
    let text = &mut input[TEXT];
    match model.overhead.tools {
        ToolRule::Functions(rule) => {
            let lines = FunctionLines::of(prompt);
            let tokens = lines.tokens(&rule, texts.lines);
            if rule.is_published && !lines.is_beyond {
                return text.add(Tokens::of(tokens, how));
            }
            // Nobody published how these are written; no known way is longer than their JSON.
            let band = Band { low: tokens.min(texts.json), tokens, high: tokens.max(texts.json) };
            text.add(Tokens::within(band));
            sums.by_formula.insert("tools are counted by a formula that is published for others");
        }
        ToolRule::Prompt { prompt: system } => {
            text.add(Tokens::rewritten(texts.json, how));
            sums.by_formula.insert("tools are counted as the JSON that describes them");
            let Some(system) = system else {
                let missed = "prompts that come with tools, by models without a published size";
                *sums.media.entry(missed).or_default() += 1;
                return;
            };
            let tokens = match prompt.tool_choice {
                ToolChoice::Auto | ToolChoice::None => system.auto,
                ToolChoice::Any | ToolChoice::Named(_) => system.forced,
            };
            text.add(Tokens::of(tokens, CountBasis::Assumed));
        }
        ToolRule::Words => {
            text.add(Tokens::rewritten(texts.words, how));
            sums.by_formula.insert("tools are counted as their words");
        }
        ToolRule::Json => {
            text.add(Tokens::rewritten(texts.json, how));
            sums.by_formula.insert("tools are counted as the JSON that describes them");
        }
    }
}

pub(super) fn add_schema(
    model: &CountedModel,
    prompt: &Prompt<'_>,
    texts: &ToolTexts,
    input: &mut Input,
    sums: &mut SheetSums,
) {
    if prompt.schema.is_none() {
        return;
    }
    let (tokens, how) = match model.overhead.tools {
        ToolRule::Words => (texts.schema_words, "schemas of answers are counted as their words"),
        _ => (texts.schema_json, "schemas of answers are counted as their JSON"),
    };
    input[TEXT].add(Tokens::rewritten(tokens, model.method.basis));
    sums.by_formula.insert(how);
}
