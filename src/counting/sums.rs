//! Sums of counts, which can be added in any order.

use std::collections::{BTreeMap, BTreeSet};

use super::band::Band;
use super::method::{CountBasis, CountedModel, TextTokens};
use super::output::{OutputBasis, share_of};
use crate::money::Factor;
use crate::sku::ContextBand;
use crate::tokenizer::LongSpace;
use crate::tokens::Component;

/// What prompts have tokens of, as prices tell it apart.
pub(super) const KINDS: [Component; 5] = [
    Component::InputUncached,
    Component::InputUncachedImage,
    Component::InputUncachedAudio,
    Component::InputUncachedVideo,
    Component::InputUncachedDocument,
];
/// The same, read from a cache.
pub(super) const CACHED_KINDS: [Component; KINDS.len()] = [
    Component::InputCacheRead,
    Component::InputCacheReadImage,
    Component::InputCacheReadAudio,
    Component::InputCacheReadVideo,
    Component::InputCacheReadDocument,
];
pub(super) const TEXT: usize = 0;
pub(super) const IMAGE: usize = 1;
pub(super) const SOUND: usize = 2;
pub(super) const VIDEO: usize = 3;
pub(super) const DOCUMENT: usize = 4;

/// Tokens, and how many of them are sure and how many estimated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tokens {
    pub(super) all: u64,
    pub(super) exact: u64,
    pub(super) estimated: u64,
    /// Estimated by a fit to logs that say nothing of them.
    as_shipped: u64,
    /// So many less there may be, besides the band of an estimate.
    less: u64,
    /// So many more.
    more: u64,
}

impl Tokens {
    pub(super) fn of(tokens: u64, basis: CountBasis) -> Self {
        let all = Self { all: tokens, ..Self::default() };
        match basis {
            CountBasis::Exact => Self { exact: tokens, ..all },
            CountBasis::Estimated | CountBasis::Calibrated => Self { estimated: tokens, ..all },
            CountBasis::Assumed | CountBasis::Supplied => all,
        }
    }

    /// Of text.
    pub(super) fn of_text(text: TextTokens, basis: CountBasis) -> Self {
        Self { as_shipped: text.as_shipped, ..Self::of(text.tokens, basis) }
    }

    /// A share of all tokens of a prompt, none of which is exact.
    pub(super) fn share_of(input: &Input, ratio: Factor) -> Self {
        let sum = |of: fn(&Self) -> u64| input.iter().map(of).fold(0, u64::saturating_add);
        Self {
            all: share_of(sum(|tokens| tokens.all), ratio),
            estimated: share_of(sum(|tokens| tokens.estimated), ratio),
            as_shipped: share_of(sum(|tokens| tokens.as_shipped), ratio),
            ..Self::default()
        }
    }

    /// Of text that is written in another way for the model: an estimate stays one, nothing is exact.
    pub(super) fn rewritten(tokens: u64, basis: CountBasis) -> Self {
        Self { exact: 0, ..Self::of(tokens, basis) }
    }

    /// By a formula, with its own band.
    pub(super) fn within(band: Band) -> Self {
        Self {
            all: band.tokens,
            less: band.tokens.saturating_sub(band.low),
            more: band.high.saturating_sub(band.tokens),
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.all = self.all.saturating_add(other.all);
        self.exact = self.exact.saturating_add(other.exact);
        self.estimated = self.estimated.saturating_add(other.estimated);
        self.as_shipped = self.as_shipped.saturating_add(other.as_shipped);
        self.less = self.less.saturating_add(other.less);
        self.more = self.more.saturating_add(other.more);
    }

    fn band(self, model: &CountedModel, prompts: u64) -> Band {
        let estimate = model.method.estimate();
        let half = estimate.map_or(0, |e| e.half_band(self.estimated, self.as_shipped, prompts));
        Band {
            low: self.all.saturating_sub(half).saturating_sub(self.less),
            tokens: self.all,
            high: self.all.saturating_add(half).saturating_add(self.more),
        }
    }
}

/// Tokens of a prompt by kind.
pub(super) type Input = [Tokens; KINDS.len()];

/// Sums of one model over prompts of one context band.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) prompts: u64,
    /// Prompts of which the output is not known.
    pub(super) unknown: u64,
    pub(super) input: Input,
    pub(super) output: Tokens,
}

impl Sums {
    pub(super) fn add(&mut self, other: &Self) {
        self.prompts += other.prompts;
        self.unknown += other.unknown;
        self.input.iter_mut().zip(other.input).for_each(|(sum, tokens)| sum.add(tokens));
        self.output.add(other.output);
    }
}

pub(super) type ByBand = BTreeMap<ContextBand, Sums>;

/// What one thread counted.
#[derive(Debug)]
pub struct SheetSums {
    /// By file, then model.
    pub(super) files: Vec<Vec<ByBand>>,
    pub(super) outputs: BTreeMap<OutputBasis, u64>,
    pub(super) media: BTreeMap<&'static str, u64>,
    pub(super) by_formula: BTreeSet<&'static str>,
    /// A text that could not be counted.
    pub(super) failed: Option<LongSpace>,
}

impl SheetSums {
    pub(super) fn new(files: usize, models: usize) -> Self {
        Self {
            files: vec![vec![ByBand::new(); models]; files],
            outputs: BTreeMap::new(),
            media: BTreeMap::new(),
            by_formula: BTreeSet::new(),
            failed: None,
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (sums, others) in self.files.iter_mut().flatten().zip(other.files.into_iter().flatten())
        {
            for (band, more) in others {
                sums.entry(band).or_default().add(&more);
            }
        }
        for (basis, prompts) in other.outputs {
            *self.outputs.entry(basis).or_default() += prompts;
        }
        for (kind, parts) in other.media {
            *self.media.entry(kind).or_default() += parts;
        }
        self.by_formula.extend(other.by_formula);
        self.failed = self.failed.take().or(other.failed);
    }
}

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
    pub(crate) by_context: Vec<InContext>,
}

/// Figures of the prompts of one context band.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InContext {
    pub(super) prompts: u64,
    /// By kind.
    pub(super) input: [Band; KINDS.len()],
    pub(super) output: Band,
}

impl InContext {
    pub(super) fn all_input(&self) -> Band {
        self.input.into_iter().fold(Band::default(), Band::plus)
    }
}

pub(super) fn figures(model: &CountedModel, by_band: &ByBand) -> Figures {
    let prompts = by_band.values().map(|sums| sums.prompts).sum();
    let mut figures = Figures { prompts, ..Figures::default() };
    for sums in by_band.values() {
        let context = InContext {
            prompts: sums.prompts,
            input: sums.input.map(|tokens| tokens.band(model, prompts)),
            output: sums.output.band(model, prompts),
        };
        figures.input = figures.input.plus(context.all_input());
        figures.output = figures.output.plus(context.output);
        figures.unknown_output += sums.unknown;
        let exact = sums.input.iter().map(|tokens| tokens.exact).fold(0, u64::saturating_add);
        figures.exact_input = figures.exact_input.saturating_add(exact);
        figures.by_context.push(context);
    }
    figures
}
