//! Counts prompts for all models, in one thread.

use std::borrow::Cow;

use super::media::add_media;
use super::method::{CountBasis, CountedModel, MethodCounter, Running, TextTokens};
use super::output::{OutputBasis, OutputRule};
use super::request::Framing;
use super::sums::{Input, SheetSums, Sums, TEXT, Tokens};
use super::tool_tokens::{ToolForms, ToolTexts, add_schema, add_tools};
use super::tools::{json, tool_json};
use crate::corpus::{Message, Part, Prompt, Sink};
use crate::money::Factor;
use crate::sku::ContextBand;
use crate::tokenizer::LongSpace;

/// Counts prompts, in one thread. Its caches are bounded.
#[derive(Debug)]
pub struct PromptCounter {
    models: Vec<CountedModel>,
    counters: Vec<MethodCounter>,
    /// The forms in which each counter needs tools.
    forms: Vec<ToolForms>,
    /// The counter of each model.
    counter_of: Vec<usize>,
    edges: Vec<u64>,
    rule: OutputRule,
    /// What each counter has of a text that comes in parts.
    running: Vec<Running>,
    sums: SheetSums,
}

/// What a counter found in a prompt.
#[derive(Default)]
struct Texts {
    /// Whether a text was cut where that can change its count.
    is_cut: bool,
    input: TextTokens,
    answer: TextTokens,
    roles: u64,
    tools: ToolTexts,
}

impl PromptCounter {
    pub(super) fn new(
        models: Vec<CountedModel>,
        edges: Vec<u64>,
        rule: OutputRule,
        sums: SheetSums,
    ) -> Self {
        let mut names: Vec<(&str, CountBasis)> = Vec::new();
        let (mut counters, mut counter_of, mut forms) = (Vec::new(), Vec::new(), Vec::new());
        for model in &models {
            // Models with one tokenizer are counted once; a basis tells supplied from known ones.
            let name = (model.method.tokenizer.as_str(), model.method.basis);
            let at = names.iter().position(|known| *known == name && model.method.is_by_name());
            let at = at.unwrap_or_else(|| {
                names.push(name);
                counters.push(model.method.counter());
                forms.push(ToolForms::default());
                counters.len() - 1
            });
            forms[at].need(model.overhead.tools);
            counter_of.push(at);
        }
        let running = vec![Running::default(); counters.len()];
        Self { models, counters, forms, counter_of, edges, rule, running, sums }
    }

    fn texts(&mut self, prompt: &Prompt<'_>) -> Result<Vec<Texts>, LongSpace> {
        let basis = self.rule.basis(prompt);
        let mut texts = Vec::with_capacity(self.counters.len());
        let roles = || prompt.messages.iter().flat_map(|said| [&*said.role, name_of(said)]);
        for (counter, forms) in self.counters.iter_mut().zip(&self.forms) {
            let is_fitted = counter.is_fitted();
            let mut running = Running::default();
            if is_fitted {
                all_texts(prompt).try_for_each(|text| counter.add(&text, &mut running))?;
            } else {
                said(prompt).try_for_each(|text| counter.add(text, &mut running))?;
            }
            let input = counter.total(&std::mem::take(&mut running));
            if basis == OutputBasis::Answer {
                texts_in(&prompt.answer).try_for_each(|text| counter.add(text, &mut running))?;
            }
            texts.push(Texts {
                input,
                answer: counter.total(&running),
                roles: counter.count(roles())?,
                tools: if is_fitted {
                    ToolTexts::default()
                } else {
                    forms.count(prompt, counter)?
                },
                is_cut: false,
            });
        }
        Ok(texts)
    }

    fn record(&mut self, file: usize, prompt: &Prompt<'_>, texts: &[Texts]) {
        let basis = self.rule.basis(prompt);
        *self.sums.outputs.entry(basis).or_default() += 1;
        let given = tokens_in(prompt.messages.iter().flat_map(|said| &said.parts));
        let has_media = prompt.messages.iter().flat_map(|said| &said.parts).any(is_media);
        for (at, model) in self.models.iter().enumerate() {
            let texts = &texts[self.counter_of[at]];
            let how = model.method.basis;
            let mut input = Input::default();
            input[TEXT] = match texts.is_cut {
                true => Tokens::rewritten(texts.input.tokens, how),
                false => Tokens::of_text(texts.input, how),
            };
            // A fit to logs has all that is around texts in its constants.
            let fitted = model.method.estimate().and_then(|estimate| estimate.around(prompt));
            let around = fitted.or_else(|| {
                let framing = model.overhead.framing.filter(|_| prompt.is_chat())?;
                Some(framed(framing, prompt, texts.roles))
            });
            input[TEXT].add(Tokens::of(around.unwrap_or(0), how));
            // Tokens that the corpus holds are those of the model that they were made for.
            input[TEXT].add(Tokens::of(given, CountBasis::Assumed));
            if fitted.is_none() {
                add_tools(model, prompt, &texts.tools, &mut input, &mut self.sums);
                add_schema(model, prompt, &texts.tools, &mut input, &mut self.sums);
            }
            if has_media {
                add_media(model, prompt, &mut input, &mut self.sums);
            }
            let all: u64 = input.iter().map(|tokens| tokens.all).fold(0, u64::saturating_add);
            let answer = Tokens::of_text(texts.answer, how);
            let output = output((basis, self.rule), model, prompt, &input, answer);
            let sums = Sums {
                prompts: 1,
                unknown: u64::from(basis == OutputBasis::Unknown),
                input,
                output,
            };
            let band = ContextBand::of(all, &self.edges);
            self.sums.files[file][at].entry(band).or_default().add(&sums);
        }
    }

    /// What was counted.
    #[must_use]
    pub fn finish(self) -> SheetSums {
        self.sums
    }
}

/// A text that the tokenizer gives up on is told by [`super::Sheet::failed`].
impl Sink for PromptCounter {
    fn prompt(&mut self, file: usize, prompt: &Prompt<'_>) {
        match self.texts(prompt) {
            Ok(texts) => self.record(file, prompt, &texts),
            Err(error) => {
                self.sums.failed.get_or_insert(error);
            }
        }
    }

    fn part(&mut self, text: &str) {
        for (counter, running) in self.counters.iter_mut().zip(&mut self.running) {
            if let Err(error) = counter.add(text, running) {
                self.sums.failed.get_or_insert(error);
            }
        }
    }

    fn end_of_parts(&mut self, file: usize, prompt: &Prompt<'_>) {
        let mut texts = Vec::with_capacity(self.counters.len());
        for (counter, running) in self.counters.iter().zip(&mut self.running) {
            let input = counter.total(&std::mem::take(running));
            let is_cut = !counter.adds_up();
            if is_cut {
                self.sums.by_formula.insert(
                    "long texts are counted in parts, which can change the count by a few tokens",
                );
            }
            texts.push(Texts { input, is_cut, ..Texts::default() });
        }
        self.record(file, prompt, &texts);
    }
}

fn output(
    basis: (OutputBasis, OutputRule),
    model: &CountedModel,
    prompt: &Prompt<'_>,
    input: &Input,
    answer: Tokens,
) -> Tokens {
    match basis {
        (OutputBasis::Stated, OutputRule::Tokens(each)) => Tokens::of(each, CountBasis::Assumed),
        (OutputBasis::Ratio, OutputRule::Ratio(ratio)) => Tokens::share_of(input, ratio),
        (OutputBasis::Logs, _) => {
            let ratio = model.output.as_ref().map_or(Factor::ZERO, |output| output.ratio);
            Tokens::share_of(input, ratio)
        }
        (OutputBasis::Answer, _) => answer,
        (OutputBasis::Limit, _) => Tokens::of(prompt.max_output.unwrap_or(0), CountBasis::Assumed),
        _ => Tokens::default(),
    }
}

/// What is said in a prompt.
fn said<'p>(prompt: &'p Prompt<'_>) -> impl Iterator<Item = &'p str> {
    prompt.messages.iter().flat_map(|said| texts_in(&said.parts))
}

/// All texts of a prompt: what is said, tools and the schema of its answer as they are written.
pub(super) fn all_texts<'p>(prompt: &'p Prompt<'_>) -> impl Iterator<Item = Cow<'p, str>> {
    said(prompt).map(Cow::Borrowed).chain(tool_json(prompt)).chain(prompt.schema.map(json))
}

fn name_of<'p>(said: &'p Message<'_>) -> &'p str {
    said.name.as_deref().unwrap_or_default()
}

/// Tokens around messages. Those of roles are text, which only OpenAI's rule counts.
fn framed(framing: Framing, prompt: &Prompt<'_>, roles: u64) -> u64 {
    let of =
        |said: &Message<'_>| framing.message + if said.name.is_some() { framing.name } else { 0 };
    let around: u64 = prompt.messages.iter().map(of).sum();
    framing.request + around + if framing.message > 0 { roles } else { 0 }
}

fn is_media(part: &Part<'_>) -> bool {
    matches!(part, Part::Image(_) | Part::Media(_))
}

pub(super) fn texts_in<'p>(parts: &'p [Part<'_>]) -> impl Iterator<Item = &'p str> {
    parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(&**text),
        _ => None,
    })
}

fn tokens_in<'p>(parts: impl Iterator<Item = &'p Part<'p>>) -> u64 {
    let of = |part: &Part<'_>| if let Part::Tokens(tokens) = part { *tokens } else { 0 };
    parts.map(of).fold(0, u64::saturating_add)
}
