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
/// Halvings of a step: the factor is known to a ten-thousandth.
const HALVINGS: u32 = 12;
/// Of these, the paths of the first look.
const FEW: usize = 8;
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
    /// Without contracts: the cost of each path as forecast, which volume multiplies.
    plain: Option<Vec<Amount>>,
}

impl<'r, 'a> Scaled<'r, 'a> {
    fn new(case: &'r Case<'a>, paths: &[usize], basis: Basis) -> Result<Self, ScenarioError> {
        let ready = Ready::new(case)?;
        let mut rows = Vec::with_capacity(paths.len());
        for path in paths {
            let mut own = Vec::new();
            ready.usage.of_paths(*path..path + 1, &mut own)?;
            rows.push(own);
        }
        let mut plain = None;
        if case.contracts.is_empty() {
            let cost = |rows: &Vec<RowSum>| Ok(ready.cost(rows, &mut Vec::new())?.of(basis));
            plain = Some(rows.iter().map(cost).collect::<Result<_, ScenarioError>>()?);
        }
        Ok(Self { ready, rows, plain })
    }

    /// Mean cost at a volume of one path in so many.
    fn cost(
        &self,
        factor: f64,
        every: usize,
        basis: Basis,
        threads: Option<NonZeroUsize>,
    ) -> Result<Amount, ScenarioError> {
        if self.rows.is_empty() {
            return Ok(self.ready.mean_cost(factor)?.of(basis));
        }
        let count = self.rows.len() / every;
        // The middle one of each so many.
        let path = |number: usize| number * every + every / 2;
        if let Some(plain) = &self.plain {
            let costs: Vec<Amount> = (0..count).map(|number| plain[path(number)]).collect();
            let mean = Distribution::of(&costs, &[])?.mean;
            return Ok(RowSum::times(mean, factor)?);
        }
        let one = |number: usize| {
            let rows = self.rows[path(number)].iter().map(|row| row.scaled(factor));
            let rows = rows.collect::<Result<Vec<_>, _>>()?;
            Ok::<_, ScenarioError>(self.ready.cost(&rows, &mut Vec::new())?.of(basis))
        };
        let costs = in_order(count, threads, &one)?;
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
/// at every volume from a twentieth to twenty times. `costs` are those of both together by path.
pub(super) fn break_even(
    (base, case): (&Case<'_>, &Case<'_>),
    costs: &[Amount],
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
    let (base, case) = (Scaled::new(base, &sample, basis)?, Scaled::new(case, &sample, basis)?);
    let difference = |factor: f64, every: usize| -> Result<Amount, ScenarioError> {
        let own = case.cost(factor, every, basis, threads)?;
        Ok(own.checked_sub(base.cost(factor, every, basis, threads)?)?)
    };
    let more = |factor: f64| difference(factor, 1);
    let at = |step: u32| LEAST * compound(MOST / LEAST, f64::from(step) / f64::from(STEPS));
    let coarse = (paths / FEW).max(1);
    let look = |step: u32| difference(at(step), coarse);
    let looked = (0..=STEPS).map(look).collect::<Result<Vec<_>, _>>()?;
    // A tie is no crossing by itself: what comes after must differ from what was before.
    let crossed = |step: &u32| {
        let (before, rest) = looked[*step as usize..].split_at(1);
        let after = rest.iter().find(|difference| !difference.is_zero());
        !before[0].is_zero() && after.is_some_and(|a| a.is_negative() != before[0].is_negative())
    };
    let middle = STEPS / 2;
    let nearest = (0..STEPS).filter(crossed).min_by_key(|step| (2 * step + 1).abs_diff(2 * middle));
    let Some(mut step) = nearest else { return Ok(None) };
    // On all of the paths it can lie in a step beside it.
    let was_dearer = !looked[step as usize].is_negative();
    let is_before =
        |difference: Amount| !difference.is_zero() && difference.is_negative() != was_dearer;
    while step > 0 && !is_before(more(at(step))?) {
        step -= 1;
    }
    while step + 1 < STEPS && is_before(more(at(step + 1))?) {
        step += 1;
    }
    let (mut low, mut high) = (at(step), at(step + 1));
    for _ in 0..HALVINGS {
        let between = f64::midpoint(low, high);
        if is_before(more(between)?) { low = between } else { high = between }
    }
    Ok(Some(BreakEven { factor: high, cheaper_above: was_dearer, paths }))
}
