//! The volume at which two scenarios cost the same on average.

use std::num::NonZeroUsize;

use super::case::Case;
use super::parallel::in_order;
use super::priced::{Ready, RowSum};
use super::{Basis, ScenarioError};
use crate::forecast::compound;
use crate::money::Amount;
use crate::projection::Distribution;

/// Factors of all volume that are looked at.
const LEAST: f64 = 0.05;
const MOST: f64 = 20.0;
/// Steps of the first look; the one in the middle is the volume as forecast.
const STEPS: u32 = 24;
/// Halvings of a step: the factor is known to a hundred-thousandth.
const HALVINGS: u32 = 16;
/// Paths whose mean cost is looked at, at most: at even ranks of what they cost, so that few stand for all.
const PATHS: usize = 64;

/// Where the cost of a scenario crosses that of the base.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BreakEven {
    /// All usage times this costs the same in both.
    pub factor: f64,
    /// The scenario is the cheaper one above it; otherwise below.
    pub cheaper_above: bool,
    /// Paths whose mean it is; 0: where capacity serves usage, or a currency is converted, it is that of
    /// mean usage.
    pub paths: usize,
}

/// A scenario whose mean cost is asked at many volumes.
struct Scaled<'r, 'a> {
    ready: Ready<'r, 'a>,
    /// Usage as forecast, path by path; empty where the scenario is settled as a whole.
    rows: Vec<Vec<RowSum>>,
}

impl<'r, 'a> Scaled<'r, 'a> {
    fn new(case: &'r Case<'a>, paths: &[usize]) -> Result<Self, ScenarioError> {
        let ready = Ready::new(case)?;
        let mut rows = Vec::with_capacity(paths.len());
        for path in paths {
            let mut own = Vec::new();
            ready.usage.of_paths(*path..path + 1, &mut own)?;
            rows.push(own);
        }
        Ok(Self { ready, rows })
    }

    /// Mean cost at a volume.
    fn cost(
        &self,
        factor: f64,
        basis: Basis,
        threads: Option<NonZeroUsize>,
    ) -> Result<Amount, ScenarioError> {
        if self.rows.is_empty() {
            return Ok(self.ready.mean_cost(factor)?.of(basis));
        }
        let one = |path: usize| {
            let rows = self.rows[path].iter().map(|row| row.scaled(factor));
            let rows = rows.collect::<Result<Vec<_>, _>>()?;
            Ok::<_, ScenarioError>(self.ready.cost(&rows, &mut Vec::new())?.of(basis))
        };
        let costs = in_order(self.rows.len(), threads, &one)?;
        Ok(Distribution::of(&costs, &[])?.mean)
    }
}

/// Paths at even ranks of their costs.
fn ranked(costs: &[Amount]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..costs.len()).collect();
    order.sort_by_key(|path| costs[*path]);
    let count = order.len().min(PATHS);
    (0..count).map(|rank| order[(2 * rank + 1) * order.len() / (2 * count)]).collect()
}

/// The crossing nearest to the volume as forecast, of mean costs; `None` if one of both is the cheaper one
/// at every volume from a twentieth to twenty times. `costs` are those of the base by path.
pub(super) fn break_even(
    (base, costs): (&Case<'_>, &[Amount]),
    case: &Case<'_>,
    basis: Basis,
    threads: Option<NonZeroUsize>,
) -> Result<Option<BreakEven>, ScenarioError> {
    // Without contracts every cost is in proportion to volume.
    if base.contracts.is_empty() && case.contracts.is_empty() {
        return Ok(None);
    }
    // Minute by minute, many paths would take too long.
    let is_whole = Ready::new(base)?.is_settled_whole() || Ready::new(case)?.is_settled_whole();
    let sample = if is_whole { Vec::new() } else { ranked(costs) };
    let paths = sample.len();
    let (base, case) = (Scaled::new(base, &sample)?, Scaled::new(case, &sample)?);
    let more = |factor: f64| -> Result<Amount, ScenarioError> {
        let own = case.cost(factor, basis, threads)?;
        Ok(own.checked_sub(base.cost(factor, basis, threads)?)?)
    };
    let at = |step: u32| LEAST * compound(MOST / LEAST, f64::from(step) / f64::from(STEPS));
    let looked = (0..=STEPS).map(|step| more(at(step))).collect::<Result<Vec<_>, _>>()?;
    // A tie is no crossing by itself: what comes after must differ from what was before.
    let crossed = |step: &u32| {
        let (before, rest) = looked[*step as usize..].split_at(1);
        let after = rest.iter().find(|difference| !difference.is_zero());
        !before[0].is_zero() && after.is_some_and(|a| a.is_negative() != before[0].is_negative())
    };
    let middle = STEPS / 2;
    let nearest = (0..STEPS).filter(crossed).min_by_key(|step| (2 * step + 1).abs_diff(2 * middle));
    let Some(step) = nearest else { return Ok(None) };
    let (mut low, mut high) = (at(step), at(step + 1));
    let was_dearer = !looked[step as usize].is_negative();
    for _ in 0..HALVINGS {
        let between = f64::midpoint(low, high);
        let difference = more(between)?;
        let still = !difference.is_zero() && difference.is_negative() != was_dearer;
        if still { low = between } else { high = between }
    }
    Ok(Some(BreakEven { factor: high, cheaper_above: was_dearer, paths }))
}
