//! A count with the ends between which it lies.

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
    /// A count without doubt.
    #[must_use]
    pub const fn of(tokens: u64) -> Self {
        Self { low: tokens, tokens, high: tokens }
    }

    /// Two counts together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            low: self.low.saturating_add(other.low),
            tokens: self.tokens.saturating_add(other.tokens),
            high: self.high.saturating_add(other.high),
        }
    }

    /// The same so many times.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self {
            low: self.low.saturating_mul(count),
            tokens: self.tokens.saturating_mul(count),
            high: self.high.saturating_mul(count),
        }
    }
}
