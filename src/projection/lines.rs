//! The quantities of sample paths as charge lines: what a path is made of, price entry by price entry.
//!
//! The simulation is run again with the same leaves, mixes, draws and seed, so its quantities are those
//! of the forecast. A forecast costs each series and day at the price of its mix, rounded at the 18th
//! place; a line holds its exact share.

use std::collections::BTreeMap;
use std::ops::Range;

use super::blend::Shares;
use super::history::{Leaf, horizon_dates};
use super::level::Level;
use super::prepared::{Prepared, Run};
use super::simulation::whole;
use super::{ProjectionError, ProjectionOptions};
use crate::money::{BLEND_WHOLE, MoneyError};
use crate::price_book::PriceBook;
use crate::rating::lines::{ChargeLine, Lines};
use crate::rollup::{Profile, Rollup};
use crate::tokens::Component;

/// Which paths of a forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathChoice {
    /// The path of a number, from 0.
    One(usize),
    /// All of them, summed.
    All,
}

/// The usage of a path, or of all paths together.
#[derive(Debug, Clone)]
pub struct PathLines<'a> {
    /// The dearest first.
    pub charges: Vec<ChargeLine<'a>>,
    /// How often the forecast rounded a cost of it at the 18th place.
    pub roundings: u64,
    /// What has no price, with its units rounded to whole ones.
    pub unpriced: Vec<(Profile, Component, u64)>,
}

/// Charge lines of paths over some days of the horizon, by offset from the first one, of everything or
/// of one report group.
///
/// # Errors
/// [`ProjectionError`], as for the forecast.
pub fn path_lines<'a>(
    (rollup, book, options): (&'a Rollup, &'a PriceBook, &'a ProjectionOptions),
    level: Level,
    paths: &[PathChoice],
    (days, group): (Range<usize>, Option<&[String]>),
) -> Result<Vec<PathLines<'a>>, ProjectionError> {
    let prepared = Prepared::new(rollup, book, options)?;
    let (_, horizon_days) = options.horizon.days_from(prepared.days.origin)?;
    let origin = prepared.last_origin();
    let leaves = prepared.leaves(level, origin, true);
    let group = group.and_then(|key| prepared.keys.iter().position(|known| known[..] == *key));
    let run =
        Run { origin, horizon_days, paths: options.paths, keep_sums: false, with_plans: true };
    let mut gathering =
        Gathering { prepared: &prepared, horizon_days, days, group, paths: Vec::new() };
    gathering.paths.extend(paths.iter().map(|choice| Path {
        choice: *choice,
        lines: Lines::new(i128::from(BLEND_WHOLE)),
        roundings: 0,
        unpriced: BTreeMap::new(),
    }));
    prepared
        .simulation(&leaves, run)
        .each_leaf(&mut |leaf, _, quantities| gathering.add(leaf, quantities))?;
    let Gathering { paths, .. } = gathering;
    Ok(paths.into_iter().map(|path| path.finish(&prepared)).collect::<Result<_, _>>()?)
}

struct Path<'a> {
    choice: PathChoice,
    lines: Lines<'a>,
    roundings: u64,
    unpriced: BTreeMap<(u32, Component), i128>,
}

struct Gathering<'p, 'a> {
    prepared: &'p Prepared<'a>,
    horizon_days: usize,
    days: Range<usize>,
    group: Option<usize>,
    paths: Vec<Path<'a>>,
}

impl<'a> Gathering<'_, 'a> {
    fn add(&mut self, leaf: &Leaf, quantities: &[f64]) -> Result<(), ProjectionError> {
        let Some(component) = leaf.component() else { return Ok(()) };
        let pricing = self.prepared.pricing();
        let shares = Shares::of(component, &leaf.mix);
        let dates = horizon_dates(self.prepared.days.origin, self.horizon_days);
        for day in self.days.clone() {
            let mut parts = shares.rated(dates[day], &pricing);
            parts.retain(|part| {
                let group = pricing.group_of[part.profile as usize];
                self.group.is_none_or(|only| only == group)
            });
            for path in &mut self.paths {
                let counts = path.counts(&shares, quantities, (day, self.horizon_days));
                for part in &parts {
                    let units = counts.iter().zip(&part.shares);
                    let units = units.map(|(count, share)| count * i128::from(*share)).sum();
                    let profile = &self.prepared.profiles[part.profile as usize];
                    match &part.rate {
                        Some(rate) => path.lines.add(profile, component, rate, units)?,
                        None => {
                            *path.unpriced.entry((part.profile, component)).or_default() += units;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

impl<'a> Path<'a> {
    /// Counts of a day by variant of the mix.
    fn counts(
        &mut self,
        shares: &Shares,
        quantities: &[f64],
        (day, horizon): (usize, usize),
    ) -> Vec<i128> {
        let mut counts = vec![0; shares.variants()];
        let mut count = |path: usize| {
            counts[shares.variant_of(path)] += i128::from(whole(quantities[path * horizon + day]));
        };
        match self.choice {
            PathChoice::One(path) => {
                count(path);
                self.roundings += 1;
            }
            PathChoice::All => {
                let all = quantities.len() / horizon;
                (0..all).for_each(count);
                self.roundings += u64::try_from(all).unwrap_or(u64::MAX);
            }
        }
        counts
    }

    fn finish(self, prepared: &Prepared<'_>) -> Result<PathLines<'a>, MoneyError> {
        let whole = i128::from(BLEND_WHOLE);
        let units = |((profile, component), units): ((u32, Component), i128)| {
            let count = u64::try_from((units + whole / 2) / whole).unwrap_or(u64::MAX);
            (prepared.profiles[profile as usize].clone(), component, count)
        };
        let unpriced = self.unpriced.into_iter().map(units).filter(|(.., count)| *count > 0);
        Ok(PathLines {
            charges: self.lines.finish()?,
            roundings: self.roundings,
            unpriced: unpriced.collect(),
        })
    }
}
