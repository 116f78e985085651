//! How many tokens one token becomes where another model reads or writes the same text.

use super::change::{Names, Reroute};
use crate::money::Factor;
use crate::price_book::{TokenRatio, TokenRatios};
use crate::sku::Sku;

/// Which end of the bands of shipped ratios is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Band {
    /// The fewest tokens.
    Low,
    /// What is most likely.
    #[default]
    Middle,
    /// The most tokens.
    High,
}

/// Where a ratio comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RatioBasis {
    /// The change states it.
    Stated,
    /// Both models have the same tokenizer.
    SameTokenizer,
    /// The table of tokenizers: their names and who measured.
    Table {
        /// Tokenizers, the one that is left first.
        names: (String, String),
        /// Who measured.
        sources: Vec<String>,
    },
    /// Nobody knows: taken as the same.
    Assumed,
}

impl RatioBasis {
    /// The word in reports.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::SameTokenizer => "same tokenizer",
            Self::Table { .. } => "table",
            Self::Assumed => "assumed",
        }
    }
}

/// A ratio with its band.
#[derive(Debug, Clone, PartialEq)]
pub struct TextRatio {
    /// Tokens for one token now.
    pub value: f64,
    /// Lower end of its band.
    pub low: f64,
    /// Upper end of its band.
    pub high: f64,
    /// Where it comes from.
    pub basis: RatioBasis,
}

impl TextRatio {
    const fn exact(value: f64, basis: RatioBasis) -> Self {
        Self { value, low: value, high: value, basis }
    }

    /// The ratio at an end of its band.
    #[must_use]
    pub const fn at(&self, band: Band) -> f64 {
        match band {
            Band::Low => self.low,
            Band::Middle => self.value,
            Band::High => self.high,
        }
    }
}

/// The ratios that a move of usage to another model took.
#[derive(Debug, Clone, PartialEq)]
pub struct UsedRatio {
    /// The change in words.
    pub change: String,
    /// Provider and model that are left.
    pub from: (String, String),
    /// Provider and model that take over.
    pub to: (String, String),
    /// Of prompts.
    pub input: TextRatio,
    /// Of responses.
    pub output: TextRatio,
    /// Length of responses in text for one now.
    pub length: f64,
}

impl UsedRatio {
    /// What a reroute makes of the tokens of one SKU.
    pub(super) fn of(
        reroute: &Reroute,
        label: &str,
        (from, to): (&Sku, &Sku),
        table: &TokenRatios,
        names: Names<'_>,
    ) -> Self {
        let known = found(from, to, table, names);
        let ratio = |stated: Option<f64>| {
            stated
                .map_or_else(|| known.clone(), |value| TextRatio::exact(value, RatioBasis::Stated))
        };
        let named = |sku: &Sku| (sku.provider.to_string(), sku.model.to_string());
        Self {
            change: label.to_owned(),
            from: named(from),
            to: named(to),
            input: ratio(reroute.input_ratio),
            output: ratio(reroute.output_ratio),
            length: reroute.length,
        }
    }

    /// True if the same text has as many tokens as before.
    #[must_use]
    #[expect(clippy::float_cmp, reason = "one is exact")]
    pub fn keeps_tokens(&self) -> bool {
        self.input.value == 1.0 && self.output.value == 1.0
    }

    /// True if a ratio is of the given basis.
    pub(super) fn any(&self, is: impl Fn(&RatioBasis) -> bool) -> bool {
        is(&self.input.basis) || is(&self.output.basis)
    }
}

/// What price books and the table say about two models.
fn found(from: &Sku, to: &Sku, table: &TokenRatios, (_, book, at): Names<'_>) -> TextRatio {
    if from.model == to.model {
        return TextRatio::exact(1.0, RatioBasis::SameTokenizer);
    }
    let tokenizer = |sku: &Sku| {
        let model = book.find_model(&sku.provider, &sku.model, at)?;
        model.tokenizer.as_ref().map(ToString::to_string)
    };
    let assumed = || TextRatio::exact(1.0, RatioBasis::Assumed);
    let (Some(from), Some(to)) = (tokenizer(from), tokenizer(to)) else { return assumed() };
    if from == to {
        return TextRatio::exact(1.0, RatioBasis::SameTokenizer);
    }
    let Some(pair) = table.between(&from, &to) else { return assumed() };
    let parts = |side: Option<&TokenRatio>| {
        let numbers = |r: &TokenRatio| [r.low, r.ratio, r.high].map(number);
        side.map_or([1.0; 3], numbers)
    };
    let (was, becomes) = (parts(pair.from), parts(pair.to));
    let measured = [pair.from, pair.to].into_iter().flatten().filter(|ratio| !ratio.is_base());
    let mut sources: Vec<String> = measured.map(|ratio| ratio.source.clone()).collect();
    sources.dedup();
    TextRatio {
        value: becomes[1] / was[1],
        // Both bands at their far ends: how they hang together is not known.
        low: becomes[0] / was[2],
        high: becomes[2] / was[0],
        basis: RatioBasis::Table { names: (from, to), sources },
    }
}

/// A factor as a number.
#[expect(clippy::cast_precision_loss, reason = "ratios have few digits")]
fn number(factor: Factor) -> f64 {
    let (numerator, denominator) = factor.as_ratio();
    numerator as f64 / denominator as f64
}
