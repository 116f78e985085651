//! How many tokens are expected to come out.

use crate::corpus::Prompt;
use crate::money::{Factor, mul_div};

/// What the user says of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputRule {
    /// What the corpus says: its answers, else the limits of its requests.
    Corpus,
    /// So many tokens a prompt.
    Tokens(u64),
    /// So many for one token of input.
    Ratio(Factor),
    /// What usage says of each model.
    Logs,
}

/// Where the output of a prompt is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutputBasis {
    /// The user stated it.
    Stated,
    /// A share of the input, which the user stated.
    Ratio,
    /// A share of the input, by usage.
    Logs,
    /// The answer that the corpus holds.
    Answer,
    /// The most that the request allows: an upper bound.
    Limit,
    /// Nothing is known of it.
    Unknown,
}

impl OutputBasis {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Stated, Self::Ratio, Self::Logs, Self::Answer, Self::Limit, Self::Unknown];

    /// Its name in output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Ratio => "ratio",
            Self::Logs => "logs",
            Self::Answer => "answer",
            Self::Limit => "limit",
            Self::Unknown => "unknown",
        }
    }
}

impl OutputRule {
    /// Where the output of a prompt is taken from.
    #[must_use]
    pub fn basis(self, prompt: &Prompt<'_>) -> OutputBasis {
        match self {
            // An embedding has no output, whatever is expected of others.
            _ if prompt.max_output == Some(0) => OutputBasis::Limit,
            Self::Tokens(_) => OutputBasis::Stated,
            Self::Ratio(_) => OutputBasis::Ratio,
            Self::Logs => OutputBasis::Logs,
            Self::Corpus if !prompt.answer.is_empty() => OutputBasis::Answer,
            Self::Corpus if prompt.max_output.is_some() => OutputBasis::Limit,
            Self::Corpus => OutputBasis::Unknown,
        }
    }
}

/// A share of a count, rounded half-even.
pub(crate) fn share_of(count: u64, ratio: Factor) -> u64 {
    let (numerator, denominator) = ratio.as_ratio();
    let product = mul_div(i128::from(count), numerator, denominator).unwrap_or(i128::MAX);
    u64::try_from(product).unwrap_or(u64::MAX)
}
