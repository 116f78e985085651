//! The best sizes, what they cost, and what other ways of choosing would cost on the same paths.

use super::axis::Axis;
use super::deal::{OnPath, Sizer};
use super::objective::Objective;
use super::portfolio::{self, Start};
use super::search::{Point, Range, best, curve, near};
use crate::money::{Amount, Factor};
use crate::projection::Distribution;
use crate::scenario::outcome::{Difference, difference};
use crate::scenario::{QUANTILES, ScenarioError};

/// How to choose.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// What is to be small.
    pub objective: Objective,
    /// Sizes that cost at most this much more than the best, as a share of it, are nearly as good.
    pub near: Factor,
}

/// One size.
#[derive(Debug, Clone)]
pub struct SizePlan {
    /// The sizes looked at, the others at their best.
    pub curve: Vec<Point>,
    /// Number of the best of them.
    pub best: usize,
    /// Sizes that are nearly as good.
    pub near: Range,
    /// Sizes that could be chosen.
    pub axis: Axis,
}

/// Another way of choosing, on the same paths.
#[derive(Debug, Clone)]
pub struct Other {
    /// Its sizes; empty: without the contracts that have them.
    pub sizes: Vec<Amount>,
    /// What is to be small.
    pub objective: Amount,
    /// Mean and [`QUANTILES`] of the cost that decides.
    pub cost: Distribution,
    /// It less the best, path by path.
    pub more: Difference,
}

/// The whole answer.
#[derive(Debug, Clone)]
pub struct Plan {
    /// By knob.
    pub sizes: Vec<SizePlan>,
    /// The objective at the best sizes.
    pub objective: Amount,
    /// Costs at the best sizes.
    pub cost: Distribution,
    /// The contracts as they are written.
    pub stated: Other,
    /// Without the contracts that have the sizes.
    pub without: Other,
    /// The sizes that would have been best for the last days, over and over.
    pub look_back: Other,
    /// Where several sizes are chosen: the searches, the best first.
    pub starts: Vec<Start>,
}

/// Rounds over the curves of several sizes on all paths.
const ROUNDS: u32 = 3;

/// Finds the best sizes of at least one knob. `past` is the same deal on past usage.
///
/// # Errors
/// [`ScenarioError`] if contracts cannot be settled at some size.
pub fn plan(
    sizer: &Sizer<'_>,
    past: &Sizer<'_>,
    axes: &[Axis],
    choice: Choice,
) -> Result<Plan, ScenarioError> {
    let (found, starts) = match axes {
        [_] => (vec![sizer.deal.knobs[0].stated], Vec::new()),
        _ => {
            let found = portfolio::sizes(sizer, axes, choice.objective)?;
            (found.sizes, found.starts)
        }
    };
    let past_sizes = match axes {
        [axis] => {
            let seen = curve(past, (0, axis), &found, &offered(past, 0), choice)?;
            vec![seen[best(&seen)].size]
        }
        _ => portfolio::sizes(past, axes, choice.objective)?.sizes,
    };
    let sizes = curves(sizer, axes, found, &past_sizes, choice)?;
    // The last curve was looked at with all other sizes at their best.
    let last = &sizes[axes.len() - 1];
    let last = &last.curve[last.best];
    let (objective, cost) = (last.objective, last.cost.clone());
    let other = |sizes: Vec<Amount>, found: Vec<Amount>| -> Result<Other, ScenarioError> {
        Ok(Other {
            sizes,
            objective: choice.objective.of(&found)?,
            cost: Distribution::of(&found, &QUANTILES)?,
            more: difference(&found, &last.costs)?,
        })
    };
    let paths = sizer.deal.usage.paths;
    let stated = sizer.deal.knobs.iter().map(|knob| knob.stated).collect();
    let by_past = costs_of(sizer.settle(&past_sizes, paths)?);
    Ok(Plan {
        stated: other(stated, costs_of(sizer.settle_stated(paths)?))?,
        without: other(Vec::new(), sizer.settle_without(paths)?)?,
        look_back: other(past_sizes, by_past)?,
        objective,
        cost,
        starts,
        sizes,
    })
}

fn costs_of(paths: Vec<OnPath>) -> Vec<Amount> {
    paths.into_iter().map(|path| path.cost).collect()
}

/// Curves on all paths, each with the other sizes at their best so far, until none moves.
fn curves(
    sizer: &Sizer<'_>,
    axes: &[Axis],
    mut sizes: Vec<Amount>,
    past: &[Amount],
    choice: Choice,
) -> Result<Vec<SizePlan>, ScenarioError> {
    for round in 1..=ROUNDS {
        let before = sizes.clone();
        let mut plans = Vec::with_capacity(axes.len());
        for (knob, axis) in axes.iter().enumerate() {
            let mut more = offered(sizer, knob);
            more.extend([sizer.deal.knobs[knob].stated, past[knob], sizes[knob]]);
            let seen = curve(sizer, (knob, axis), &sizes, &more, choice)?;
            let best = best(&seen);
            sizes[knob] = seen[best].size;
            let least = seen[best].objective;
            let extra = least.checked_mul_rounded(choice.near)?;
            let near = near(&seen, best, least.checked_add(extra)?)?.inside(axis)?;
            plans.push(SizePlan { curve: seen, best, near, axis: *axis });
        }
        if axes.len() == 1 || sizes == before || round == ROUNDS {
            return Ok(plans);
        }
    }
    Ok(Vec::new())
}

/// Sizes at which an offer begins.
fn offered(sizer: &Sizer<'_>, knob: usize) -> Vec<Amount> {
    sizer.deal.offers[knob]
        .iter()
        .flat_map(|offer| offer.steps.iter().map(|(from, _)| *from))
        .collect()
}
