//! What scenarios assume, and what leaving a provider would cost, in their JSON form.

use serde::Serialize;

use super::figures::places;
use crate::contract::FxRate;
use crate::money::Amount;
use crate::report::forecast::figures::Spread;
use crate::scenario::{Leaving, Measured, QUANTILES, RatioBasis, TextRatio, UsedRatio};

/// Tokens of the same text where another model takes over.
#[derive(Debug, Serialize)]
pub(super) struct RatioFigures {
    pub(super) change: String,
    pub(super) from: ModelName,
    pub(super) to: ModelName,
    pub(super) input: TextFigures,
    pub(super) output: TextFigures,
    /// Length of responses in text for one now.
    pub(super) output_length: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct ModelName {
    pub(super) provider: String,
    pub(super) model: String,
}

#[derive(Debug, Serialize)]
pub(super) struct TextFigures {
    pub(super) ratio: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) basis: &'static str,
    /// The one that is left, then the other; only of a ratio of a table.
    pub(super) tokenizers: Vec<String>,
    pub(super) sources: Vec<String>,
    /// The file of a ratio that was measured on a corpus.
    pub(super) file: Option<String>,
    /// The kind of text that it is of; `None`: all of it.
    pub(super) content: Option<String>,
}

impl RatioFigures {
    pub(super) fn new(used: UsedRatio) -> Self {
        let named = |(provider, model)| ModelName { provider, model };
        Self {
            change: used.change,
            from: named(used.from),
            to: named(used.to),
            input: TextFigures::new(used.input),
            output: TextFigures::new(used.output),
            output_length: places(used.length, 1e6),
        }
    }
}

impl TextFigures {
    fn new(ratio: TextRatio) -> Self {
        let [value, low, high] = [ratio.value, ratio.low, ratio.high].map(|n| places(n, 1e6));
        let basis = ratio.basis.name();
        let mut figures = Self {
            ratio: value,
            low,
            high,
            basis,
            tokenizers: Vec::new(),
            sources: Vec::new(),
            file: None,
            content: None,
        };
        match ratio.basis {
            RatioBasis::Table { names, sources } => {
                (figures.tokenizers, figures.sources) = (vec![names.0, names.1], sources);
            }
            RatioBasis::Measured(measured) => {
                let Measured { names, file, content, sources, .. } = *measured;
                (figures.tokenizers, figures.sources) = (vec![names.0, names.1], sources);
                (figures.file, figures.content) = (Some(file), content);
            }
            RatioBasis::Stated | RatioBasis::SameTokenizer | RatioBasis::Assumed => {}
        }
        figures
    }

    /// The ratio, with its band where it has one.
    pub(super) fn words(&self) -> String {
        let [ratio, low, high] = [self.ratio, self.low, self.high].map(|n| format!("{n:.3}"));
        if low == high { ratio } else { format!("{ratio} ({low} to {high})") }
    }
}

/// How far the band of shipped ratios moves the cost on mean usage.
#[derive(Debug, Serialize)]
pub(super) struct BandFigures {
    pub(super) low: Amount,
    pub(super) high: Amount,
}

#[derive(Debug, Serialize)]
pub(super) struct LeavingFigures {
    pub(super) provider: String,
    pub(super) to: Vec<String>,
    pub(super) lacks: Vec<String>,
    pub(super) token_ratios: Vec<RatioFigures>,
    /// `None`: not known.
    pub(super) added: Option<Spread>,
}

impl LeavingFigures {
    pub(super) fn new(leaving: &Leaving) -> Self {
        Self {
            provider: leaving.provider.clone(),
            to: leaving.to.clone(),
            lacks: leaving.lacks.clone(),
            token_ratios: leaving.ratios.iter().cloned().map(RatioFigures::new).collect(),
            added: leaving.added.clone().map(|added| Spread::new(added, &QUANTILES[..3])),
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct RateFigures {
    pub(super) from: String,
    pub(super) to: String,
    /// The day it is of; none: it holds on every day.
    pub(super) date: Option<chrono::NaiveDate>,
    pub(super) rate: String,
    pub(super) source: Option<String>,
}

impl RateFigures {
    pub(super) fn new(rate: FxRate) -> Self {
        Self {
            from: rate.from.to_string(),
            to: rate.to.to_string(),
            date: Some(rate.date).filter(|date| *date != chrono::NaiveDate::MIN),
            rate: rate.rate.to_string(),
            source: rate.source,
        }
    }

    pub(super) fn words(&self) -> String {
        let date = self.date.map_or("every day".to_owned(), |date| date.to_string());
        format!("{} to {} at {} ({date})", self.from, self.to, self.rate)
    }
}
