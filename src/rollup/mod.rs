//! The rollup: usage summed over everything that does not change a price.
//!
//! Rating is linear in counts once every price-relevant dimension is in the key, so rating a rollup
//! gives exactly the sum of rating its records. Rollups merge in any order and are small: whatever
//! comes after works on the rollup, not on the logs.

pub mod bounded;
mod builder;
pub mod grains;
pub mod overlap;
pub mod parquet;

use std::collections::BTreeMap;

use thiserror::Error;

pub use self::builder::RollupBuilder;
use crate::money::{Amount, Currency, MoneyError};
use crate::period::{Period, Timestamp};
use crate::sku::{ContextBand, Sku};
use crate::tokens::ComponentCounts;
pub use crate::usage::edges::Edges;
use crate::usage::{CostKind, Labels, RecordGrain};

/// Everything about usage that a price or a report can depend on, apart from time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Profile {
    /// What was used, and how.
    pub sku: Sku,
    /// What its records stand for.
    pub grain: RecordGrain,
    /// How large its prompts were.
    pub context: ContextBand,
    /// Free-form dimensions.
    pub labels: Labels,
}

/// Costs that logs report, by kind and currency; never summed across either.
pub type ReportedCosts = BTreeMap<(CostKind, Currency), Amount>;

/// Sums of one charge period and profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollupRow {
    /// The charge period.
    pub period: Period,
    /// Number of the profile in [`Rollup::profiles`].
    pub profile: u32,
    /// Usage records summed.
    pub records: u64,
    /// Requests summed; buckets may not say.
    pub requests: u64,
    /// Counts summed.
    pub components: ComponentCounts,
    /// Costs that the logs report.
    pub reported: ReportedCosts,
}

/// What makes a rollup impossible.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RollupError {
    /// More than 2^64 - 1 of something.
    #[error("a token count does not fit into 64 bits")]
    CountOverflow,
    /// Reported costs do not fit.
    #[error("reported costs cannot be summed")]
    Money(#[from] MoneyError),
    /// A temporary file that cannot be written or read.
    #[error("failed to use a temporary file: {0}")]
    Temporary(String),
    /// Two rollups cut differently.
    #[error(
        "rollups are cut at different {0}: roll the logs up again with the same price books and grain"
    )]
    EdgesDiffer(&'static str),
}

/// Usage by charge period and profile, in a fixed order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollup {
    edges: Edges,
    profiles: Vec<Profile>,
    rows: Vec<RollupRow>,
    /// What the whole covered, of which this is a part.
    whole: Option<Covered>,
}

/// The time that usage was looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Covered {
    span: Period,
    last_start: Timestamp,
}

impl Rollup {
    /// Where it is cut.
    #[must_use]
    pub fn edges(&self) -> &Edges {
        &self.edges
    }

    /// Every profile, sorted.
    #[must_use]
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// Every row, sorted by period and profile.
    #[must_use]
    pub fn rows(&self) -> &[RollupRow] {
        &self.rows
    }

    /// The profile of a row.
    #[must_use]
    pub fn profile(&self, row: &RollupRow) -> &Profile {
        &self.profiles[row.profile as usize]
    }

    /// From the first start to the last end, or `None` if empty; for a part made by
    /// [`Self::of_profiles`] those of the whole.
    #[must_use]
    pub fn span(&self) -> Option<Period> {
        self.covered().map(|covered| covered.span)
    }

    /// Start of the last charge period, as in [`Self::span`].
    #[must_use]
    pub fn last_start(&self) -> Option<Timestamp> {
        self.covered().map(|covered| covered.last_start)
    }

    fn covered(&self) -> Option<Covered> {
        if self.whole.is_some() {
            return self.whole;
        }
        let start = self.rows.first()?.period.start;
        let end = self.rows.iter().map(|r| r.period.end).max()?;
        let last_start = self.rows.iter().map(|r| r.period.start).max()?;
        Some(Covered { span: Period { start, end }, last_start })
    }

    /// The usage of some profiles. It covers the same time as the whole: where others were used and
    /// these were not, nothing of them was used.
    #[must_use]
    pub fn of_profiles(&self, keep: impl Fn(&Profile) -> bool) -> Self {
        let mut profiles = Vec::new();
        let mut renumbered = Vec::with_capacity(self.profiles.len());
        for profile in &self.profiles {
            let number = keep(profile).then(|| u32::try_from(profiles.len()).unwrap_or(u32::MAX));
            renumbered.push(number);
            profiles.extend(number.map(|_| profile.clone()));
        }
        let kept = |row: &RollupRow| {
            let profile = renumbered[row.profile as usize]?;
            Some(RollupRow { profile, ..row.clone() })
        };
        Self {
            edges: self.edges.clone(),
            profiles,
            rows: self.rows.iter().filter_map(kept).collect(),
            whole: self.covered(),
        }
    }

    /// The rows that pass.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(&RollupRow) -> bool) -> Self {
        let rows = self.rows.iter().filter(|row| keep(row)).cloned().collect();
        Self { edges: self.edges.clone(), profiles: self.profiles.clone(), rows, whole: None }
    }

    /// The rollup of everything that either holds.
    ///
    /// # Errors
    /// [`RollupError`] if they are cut differently or sums do not fit.
    pub fn merge(self, other: Self) -> Result<Self, RollupError> {
        let mut builder = RollupBuilder::new(self.edges.clone());
        builder.add_rollup(&self)?;
        builder.add_rollup(&other)?;
        Ok(builder.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands() {
        let edges = [100_001, 200_001];
        let known = |from, until| ContextBand::Known { from, until };
        assert_eq!(ContextBand::of(100_000, &edges), known(0, Some(100_001)));
        assert_eq!(ContextBand::of(100_001, &edges), known(100_001, Some(200_001)));
        assert_eq!(ContextBand::of(u64::MAX, &edges), known(200_001, None));
    }
}
