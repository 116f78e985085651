//! Counts prompts for all models, in one thread.

use super::media::add_media;
use super::method::{CountBasis, CountedModel, MethodCounter, Running};
use super::output::{OutputBasis, OutputRule, share_of};
use super::request::Framing;
use super::sums::{Input, SheetSums, Sums, TEXT, Tokens};
use super::tool_tokens::{ToolForms, ToolTexts, add_schema, add_tools};
use crate::corpus::{Message, Part, Prompt, Sink};
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
    input: u64,
    answer: u64,
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
            let at =
                names.iter().position(|known| *known == name && name.1 != CountBasis::Supplied);
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
            let said = prompt.messages.iter().flat_map(|said| texts_in(&said.parts));
            texts.push(Texts {
                input: counter.count(said)?,
                answer: match basis {
                    OutputBasis::Answer => counter.count(texts_in(&prompt.answer))?,
                    _ => 0,
                },
                roles: counter.count(roles())?,
                tools: forms.count(prompt, counter)?,
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
                true => Tokens::rewritten(texts.input, how),
                false => Tokens::of(texts.input, how),
            };
            if let (Some(framing), true) = (model.overhead.framing, prompt.is_chat()) {
                input[TEXT].add(Tokens::of(framed(framing, prompt, texts.roles), how));
            }
            // Tokens that the corpus holds are those of the model that they were made for.
            input[TEXT].add(Tokens::of(given, CountBasis::Assumed));
            add_tools(model, prompt, &texts.tools, &mut input, &mut self.sums);
            add_schema(model, prompt, &texts.tools, &mut input, &mut self.sums);
            if has_media {
                add_media(model, prompt, &mut input, &mut self.sums);
            }
            let all: u64 = input.iter().map(|tokens| tokens.all).fold(0, u64::saturating_add);
            let output = output(basis, self.rule, prompt, &input, Tokens::of(texts.answer, how));
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
    basis: OutputBasis,
    rule: OutputRule,
    prompt: &Prompt<'_>,
    input: &Input,
    answer: Tokens,
) -> Tokens {
    match (basis, rule) {
        (OutputBasis::Stated, OutputRule::Tokens(each)) => Tokens::of(each, CountBasis::Assumed),
        (OutputBasis::Ratio, OutputRule::Ratio(ratio)) => {
            let sum = |of: fn(&Tokens) -> u64| input.iter().map(of).fold(0, u64::saturating_add);
            let estimated = share_of(sum(|tokens| tokens.estimated), ratio);
            let all = share_of(sum(|tokens| tokens.all), ratio);
            let mut output = Tokens::of(estimated, CountBasis::Estimated);
            output.add(Tokens::of(all.saturating_sub(estimated), CountBasis::Assumed));
            output
        }
        (OutputBasis::Answer, _) => answer,
        (OutputBasis::Limit, _) => Tokens::of(prompt.max_output.unwrap_or(0), CountBasis::Assumed),
        _ => Tokens::default(),
    }
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
