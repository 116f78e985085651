//! How many tokens one token becomes where another model reads or writes the same text.

use super::change::{Names, Reroute};
use crate::money::Factor;
use crate::price_book::{RatioOrigin, TokenRatio, TokenRatios};
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
    /// A table measured on a corpus.
    Measured(Box<Measured>),
    /// Nobody knows: taken as the same.
    Assumed,
}

/// What a ratio measured on a corpus is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// Tokenizers, the one that is left first.
    pub names: (String, String),
    /// The file of the ratios.
    pub file: String,
    /// The kind of text; `None`: all of it.
    pub content: Option<String>,
    /// What was counted, and how.
    pub sources: Vec<String>,
    /// Both were counted by their own tokenizers.
    pub is_exact: bool,
}

impl RatioBasis {
    /// The word in reports.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::SameTokenizer => "same tokenizer",
            Self::Table { .. } => "table",
            Self::Measured(_) => "measured",
            Self::Assumed => "assumed",
        }
    }

    /// True if the ratio has a band or may be off.
    #[must_use]
    pub const fn is_estimated(&self) -> bool {
        match self {
            Self::Table { .. } => true,
            Self::Measured(measured) => !measured.is_exact,
            Self::Stated | Self::SameTokenizer | Self::Assumed => false,
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
        let known = found(from, to, (table, reroute.content), names);
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
    #[must_use]
    pub fn any(&self, is: impl Fn(&RatioBasis) -> bool) -> bool {
        is(&self.input.basis) || is(&self.output.basis)
    }
}

/// What price books and the table say about two models.
fn found(
    from: &Sku,
    to: &Sku,
    (table, content): (&TokenRatios, Option<&str>),
    (_, book, at): Names<'_>,
) -> TextRatio {
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
    let Some(pair) = table.between(&from, &to, content) else { return assumed() };
    let parts = |side: Option<&TokenRatio>| {
        let numbers = |r: &TokenRatio| [r.low, r.ratio, r.high].map(number);
        side.map_or([1.0; 3], numbers)
    };
    let (was, becomes) = (parts(pair.from), parts(pair.to));
    let rows = || [pair.from, pair.to].into_iter().flatten();
    let mut sources: Vec<String> =
        rows().filter(|ratio| !ratio.is_base()).map(|ratio| ratio.source.clone()).collect();
    sources.dedup();
    let names = (from, to);
    let basis = match pair.origin {
        RatioOrigin::Shipped => RatioBasis::Table { names, sources },
        RatioOrigin::Measured { file, content } => RatioBasis::Measured(Box::new(Measured {
            names,
            file: file.to_owned(),
            content: content.map(str::to_owned),
            sources,
            is_exact: rows().all(TokenRatio::is_exact),
        })),
    };
    TextRatio {
        value: becomes[1] / was[1],
        // Both bands at their far ends: how they hang together is not known.
        low: becomes[0] / was[2],
        high: becomes[2] / was[0],
        basis,
    }
}

/// A factor as a number.
#[expect(clippy::cast_precision_loss, reason = "ratios have few digits")]
fn number(factor: Factor) -> f64 {
    let (numerator, denominator) = factor.as_ratio();
    numerator as f64 / denominator as f64
}
