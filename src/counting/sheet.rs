//! Counts of a corpus, by file and model.

use std::collections::BTreeMap;

use super::method::{CountBasis, CountedModel, MethodCounter};
use super::output::{OutputBasis, OutputRule, share_of};
use super::request::Framing;
use crate::corpus::{MediaKind, Message, Part, Prompt};
use crate::sku::ContextBand;
use crate::tokenizer::LongSpace;

/// A count with the band it is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Band {
    /// Lower end.
    pub low: u64,
    /// The count.
    pub tokens: u64,
    /// Upper end.
    pub high: u64,
}

impl Band {
    fn plus(self, other: Self) -> Self {
        Self {
            low: self.low.saturating_add(other.low),
            tokens: self.tokens.saturating_add(other.tokens),
            high: self.high.saturating_add(other.high),
        }
    }
}

/// Tokens, and how many of them are sure and how many estimated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tokens {
    pub(super) all: u64,
    pub(super) exact: u64,
    pub(super) estimated: u64,
}

impl Tokens {
    pub(super) const fn of(tokens: u64, basis: CountBasis) -> Self {
        match basis {
            CountBasis::Exact => Self { all: tokens, exact: tokens, estimated: 0 },
            CountBasis::Estimated => Self { all: tokens, exact: 0, estimated: tokens },
            CountBasis::Assumed | CountBasis::Supplied => {
                Self { all: tokens, exact: 0, estimated: 0 }
            }
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.all = self.all.saturating_add(other.all);
        self.exact = self.exact.saturating_add(other.exact);
        self.estimated = self.estimated.saturating_add(other.estimated);
    }

    fn band(self, model: &CountedModel, prompts: u64) -> Band {
        let half = model.method.estimate().map_or(0, |e| e.half_band(self.estimated, prompts));
        Band {
            low: self.all.saturating_sub(half),
            tokens: self.all,
            high: self.all.saturating_add(half),
        }
    }
}

/// Sums of one model over prompts of one context band.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    prompts: u64,
    /// Prompts of which the output is not known.
    unknown: u64,
    input: Tokens,
    output: Tokens,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.prompts += other.prompts;
        self.unknown += other.unknown;
        self.input.add(other.input);
        self.output.add(other.output);
    }
}

type ByBand = BTreeMap<ContextBand, Sums>;

/// What a model has of a file, or of all files.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Prompts.
    pub prompts: u64,
    /// Tokens in.
    pub input: Band,
    /// Of them counted exactly.
    pub exact_input: u64,
    /// Tokens out, of the prompts of which something is known.
    pub output: Band,
    /// Prompts of which nothing is known.
    pub unknown_output: u64,
    /// The same by context band, for prices.
    pub(crate) by_context: Vec<(u64, Band, Band)>,
}

/// The counts.
#[derive(Debug)]
pub struct Sheet {
    models: Vec<CountedModel>,
    counters: Vec<MethodCounter>,
    /// The counter of each model.
    counter_of: Vec<usize>,
    edges: Vec<u64>,
    rule: OutputRule,
    /// By file, then model.
    files: Vec<Vec<ByBand>>,
    outputs: BTreeMap<OutputBasis, u64>,
    media: BTreeMap<&'static str, u64>,
    /// Whether some tokens are of images, by a formula.
    has_images: bool,
    failed: Option<LongSpace>,
}

impl Sheet {
    /// Nothing counted. `edges` are the sizes of prompts at which prices change.
    #[must_use]
    pub fn new(models: Vec<CountedModel>, files: usize, rule: OutputRule, edges: Vec<u64>) -> Self {
        let mut names: Vec<(&str, CountBasis)> = Vec::new();
        let (mut counters, mut counter_of) = (Vec::new(), Vec::new());
        for model in &models {
            // Models with one tokenizer are counted once; a basis tells supplied from known ones.
            let name = (model.method.tokenizer.as_str(), model.method.basis);
            let at =
                names.iter().position(|known| *known == name && name.1 != CountBasis::Supplied);
            counter_of.push(at.unwrap_or_else(|| {
                names.push(name);
                counters.push(model.method.counter());
                counters.len() - 1
            }));
        }
        let files = vec![vec![ByBand::new(); models.len()]; files];
        let (outputs, media) = (BTreeMap::new(), BTreeMap::new());
        Self {
            models,
            counters,
            counter_of,
            edges,
            rule,
            files,
            outputs,
            media,
            has_images: false,
            failed: None,
        }
    }

    /// The models, in the order asked for.
    #[must_use]
    pub fn models(&self) -> &[CountedModel] {
        &self.models
    }

    /// Prompts by where their output is from.
    #[must_use]
    pub const fn outputs(&self) -> &BTreeMap<OutputBasis, u64> {
        &self.outputs
    }

    /// Parts that are in no count, by kind.
    #[must_use]
    pub const fn media(&self) -> &BTreeMap<&'static str, u64> {
        &self.media
    }

    /// Whether images are in the counts, by published formulas.
    #[must_use]
    pub const fn has_images(&self) -> bool {
        self.has_images
    }

    /// A text that could not be counted.
    #[must_use]
    pub const fn failed(&self) -> Option<&LongSpace> {
        self.failed.as_ref()
    }

    /// Counts a prompt of a file.
    pub fn add(&mut self, file: usize, prompt: &Prompt<'_>) {
        let result = self.count(file, prompt);
        if let Err(error) = result {
            self.failed.get_or_insert(error);
        }
    }

    fn count(&mut self, file: usize, prompt: &Prompt<'_>) -> Result<(), LongSpace> {
        let basis = self.rule.basis(prompt);
        *self.outputs.entry(basis).or_default() += 1;
        self.note_media(prompt);
        let roles = || prompt.messages.iter().flat_map(|said| [&*said.role, name_of(said)]);
        let mut texts = Vec::with_capacity(self.counters.len());
        for counter in &mut self.counters {
            let input = counter.count(input_texts(prompt))?;
            let answer = match basis {
                OutputBasis::Answer => counter.count(texts_in(&prompt.answer))?,
                _ => 0,
            };
            texts.push((input, answer, counter.count(roles())?));
        }
        let given = tokens_in(prompt.messages.iter().flat_map(|said| &said.parts));
        for (at, model) in self.models.iter().enumerate() {
            let (input, answer, roles) = texts[self.counter_of[at]];
            let how = model.method.basis;
            let mut input = Tokens::of(input, how);
            if let (Some(framing), true) = (model.overhead.framing, prompt.is_chat()) {
                input.add(Tokens::of(framed(framing, prompt, roles), how));
            }
            let seen = images(model, prompt, &mut self.media);
            self.has_images |= seen > 0;
            input.add(Tokens::of(seen, CountBasis::Assumed));
            // Tokens that the corpus holds are those of the model that they were made for.
            input.add(Tokens::of(given, CountBasis::Assumed));
            let output = match (basis, self.rule) {
                (OutputBasis::Stated, OutputRule::Tokens(each)) => {
                    Tokens::of(each, CountBasis::Assumed)
                }
                (OutputBasis::Ratio, OutputRule::Ratio(ratio)) => Tokens {
                    all: share_of(input.all, ratio),
                    exact: 0,
                    estimated: share_of(input.estimated, ratio),
                },
                (OutputBasis::Answer, _) => Tokens::of(answer, how),
                (OutputBasis::Limit, _) => {
                    Tokens::of(prompt.max_output.unwrap_or(0), CountBasis::Assumed)
                }
                _ => Tokens::default(),
            };
            let band = ContextBand::of(input.all, &self.edges);
            let sums = self.files[file][at].entry(band).or_default();
            let unknown = u64::from(basis == OutputBasis::Unknown);
            sums.add(&Sums { prompts: 1, unknown, input, output });
        }
        Ok(())
    }

    fn note_media(&mut self, prompt: &Prompt<'_>) {
        for part in prompt.messages.iter().flat_map(|said| &said.parts) {
            let Part::Media(kind) = part else { continue };
            let kind = MediaKind::name(*kind);
            *self.media.entry(kind).or_default() += 1;
        }
    }

    /// What a model has of one file.
    #[must_use]
    pub fn of_file(&self, file: usize, model: usize) -> Figures {
        figures(&self.models[model], &self.files[file][model])
    }

    /// What a model has of all files.
    #[must_use]
    pub fn total(&self, model: usize) -> Figures {
        let mut all = ByBand::new();
        for (band, sums) in self.files.iter().flat_map(|file| &file[model]) {
            all.entry(*band).or_default().add(sums);
        }
        figures(&self.models[model], &all)
    }
}

fn figures(model: &CountedModel, by_band: &ByBand) -> Figures {
    let prompts = by_band.values().map(|sums| sums.prompts).sum();
    let mut figures = Figures { prompts, ..Figures::default() };
    for sums in by_band.values() {
        let input = sums.input.band(model, prompts);
        let output = sums.output.band(model, prompts);
        figures.input = figures.input.plus(input);
        figures.output = figures.output.plus(output);
        figures.unknown_output += sums.unknown;
        figures.exact_input = figures.exact_input.saturating_add(sums.input.exact);
        figures.by_context.push((sums.prompts, input, output));
    }
    figures
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

/// Tokens of the images of a prompt; those that cannot be counted are noted.
fn images(
    model: &CountedModel,
    prompt: &Prompt<'_>,
    missed: &mut BTreeMap<&'static str, u64>,
) -> u64 {
    let mut tokens = 0_u64;
    for part in prompt.messages.iter().flat_map(|said| &said.parts) {
        let Part::Image(image) = part else { continue };
        let why = match model.overhead.image.map(|rule| rule.tokens(*image)) {
            Some(Some(counted)) => {
                tokens = tokens.saturating_add(counted);
                continue;
            }
            Some(None) => "images of unknown size",
            None => "images, by models without a formula",
        };
        *missed.entry(why).or_default() += 1;
    }
    tokens
}

fn texts_in<'p>(parts: &'p [Part<'_>]) -> impl Iterator<Item = &'p str> {
    parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(&**text),
        _ => None,
    })
}

/// All texts of a prompt: what is said, and tools as they are written.
fn input_texts<'p>(prompt: &'p Prompt<'_>) -> impl Iterator<Item = &'p str> {
    let said = prompt.messages.iter().flat_map(|said| texts_in(&said.parts));
    let tools = prompt.tools.iter().filter_map(|tool| std::str::from_utf8(tool.raw.raw()).ok());
    said.chain(tools)
}

fn tokens_in<'p>(parts: impl Iterator<Item = &'p Part<'p>>) -> u64 {
    let of = |part: &Part<'_>| if let Part::Tokens(tokens) = part { *tokens } else { 0 };
    parts.map(of).fold(0, u64::saturating_add)
}
