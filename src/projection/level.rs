//! Levels of the hierarchy at which usage is forecast.
//!
//! Whatever the level, a leaf is divided by its recent mix down to single profiles, so the parts of
//! a forecast add up to its total on every path. A high level has long, smooth series and follows
//! migrations between models; a low one has the growth of each team or model of its own.

use std::collections::BTreeMap;
use std::fmt;

use compact_str::CompactString;

use crate::period::Calendar;
use crate::price_book::PriceBook;
use crate::rating::group::Dimension;
use crate::rollup::Rollup;
use crate::tokens::Component;

/// What is forecast as one series, beside the token component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// All providers together.
    Total,
    /// Each provider.
    Provider,
    /// Each line of models that follow each other.
    Family,
    /// Each model.
    Model,
    /// Each family in each group of the report.
    Group,
}

impl Level {
    /// Every level, the highest first.
    pub const ALL: [Self; 5] =
        [Self::Total, Self::Provider, Self::Family, Self::Model, Self::Group];

    /// The name used in flags and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Provider => "provider",
            Self::Family => "family",
            Self::Model => "model",
            Self::Group => "group",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a leaf counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Requests: forecast to tell volume from tokens per request, never rated.
    Requests,
    /// Units of a component.
    Component(Component),
}

/// The stems of a level: a leaf is a stem and a measure.
#[derive(Debug, Clone)]
pub(super) struct Stems {
    /// Names, such as provider and family, sorted.
    pub(super) names: Vec<Vec<CompactString>>,
    /// The stem of each profile.
    pub(super) of: Vec<u32>,
}

impl Stems {
    /// Puts every profile of a rollup into its stem. The family is the one a model had when it was
    /// used last; a model that no book knows is a family of its own.
    pub(super) fn build(level: Level, profiles: &ProfileNames) -> Self {
        let keys: Vec<Vec<CompactString>> =
            profiles.0.iter().map(|names| names.key(level)).collect();
        let mut names = keys.clone();
        names.sort();
        names.dedup();
        let of = keys
            .iter()
            .map(|key| names.binary_search(key).ok().and_then(|i| u32::try_from(i).ok()))
            .map(Option::unwrap_or_default)
            .collect();
        Self { names, of }
    }
}

/// What each profile is called at every level.
#[derive(Debug, Clone)]
pub(super) struct ProfileNames(Vec<Names>);

#[derive(Debug, Clone)]
struct Names {
    provider: CompactString,
    family: CompactString,
    model: CompactString,
    group: Vec<CompactString>,
}

impl Names {
    fn key(&self, level: Level) -> Vec<CompactString> {
        let provider = || self.provider.clone();
        match level {
            Level::Total => Vec::new(),
            Level::Provider => vec![provider()],
            Level::Family => vec![provider(), self.family.clone()],
            Level::Model => vec![provider(), self.model.clone()],
            Level::Group => {
                let mut key = vec![provider(), self.family.clone()];
                key.extend(self.group.iter().cloned());
                key
            }
        }
    }
}

impl ProfileNames {
    /// Looks every profile up.
    pub(super) fn build(
        rollup: &Rollup,
        book: &PriceBook,
        dimensions: &[Dimension],
        calendar: &Calendar,
    ) -> Self {
        let mut last_use = BTreeMap::new();
        for row in rollup.rows() {
            last_use.insert(row.profile, row.period);
        }
        let names = rollup.profiles().iter().zip(0_u32..).map(|(profile, number)| {
            let sku = &profile.sku;
            let period = last_use.get(&number);
            let known = period.and_then(|p| book.find_model(&sku.provider, &sku.model, p.start));
            let group = dimensions
                .iter()
                .filter(|d| !d.is_time() && **d != Dimension::Component)
                .filter_map(|d| period.map(|p| d.value(*p, profile, calendar).into()));
            Names {
                provider: sku.provider.clone(),
                family: known.and_then(|m| m.family.clone()).unwrap_or_else(|| sku.model.clone()),
                model: sku.model.clone(),
                group: group.collect(),
            }
        });
        Self(names.collect())
    }

    /// The levels that differ from each other for these profiles, the highest first. Of levels with
    /// the same leaves as `usual` only that one is kept, of others the first.
    pub(super) fn levels_beside(&self, usual: Level) -> Vec<Level> {
        let of = |level: Level| Stems::build(level, self).of;
        let mut seen = vec![of(usual)];
        Level::ALL
            .into_iter()
            .filter(|level| {
                let leaves = of(*level);
                let is_new = !seen.contains(&leaves);
                if is_new {
                    seen.push(leaves);
                }
                is_new || *level == usual
            })
            .collect()
    }
}
