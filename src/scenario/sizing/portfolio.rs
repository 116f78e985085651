//! Several sizes at once, by coordinate search.
//!
//! One size at a time is made the best while the others stay, until none can be bettered. That ends
//! where no single change helps, which need not be the best of all: so it is begun from several
//! places, and what each of them came to is told.

use super::axis::Axis;
use super::deal::Sizer;
use super::objective::Objective;
use super::search::{best_of, explore};
use crate::money::Amount;
use crate::scenario::ScenarioError;

/// Where a search began and ended.
#[derive(Debug, Clone)]
pub struct Start {
    /// Sizes at the start.
    pub from: Vec<Amount>,
    /// Sizes at the end.
    pub to: Vec<Amount>,
    /// What they come to.
    pub objective: Amount,
    /// Times that each size was looked at.
    pub rounds: u32,
}

/// What a search came to.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The best sizes.
    pub sizes: Vec<Amount>,
    /// The searches, the best first.
    pub starts: Vec<Start>,
}

/// Paths that a search looks at: what it finds is looked at again on all of them.
const PATHS: usize = 200;
/// Halvings around the best of a round.
const HALVINGS: u32 = 3;
/// Rounds after which a search ends in any case.
const MOST_ROUNDS: u32 = 6;

/// The best sizes found, from the stated ones, the smallest, and the largest.
///
/// # Errors
/// [`ScenarioError`] if contracts cannot be settled at some sizes.
pub(super) fn sizes(
    sizer: &Sizer<'_>,
    axes: &[Axis],
    objective: Objective,
) -> Result<Found, ScenarioError> {
    let stated = sizer.deal.knobs.iter().zip(axes).map(|(knob, axis)| axis.nearest(knob.stated));
    let from = [
        stated.collect::<Vec<u64>>(),
        axes.iter().map(|_| 0).collect(),
        axes.iter().map(|axis| axis.last).collect(),
    ];
    let mut starts = Vec::with_capacity(from.len());
    for numbers in from {
        starts.push(descend(sizer, axes, numbers, objective)?);
    }
    starts.sort_by_key(|start| start.objective);
    Ok(Found { sizes: starts[0].to.clone(), starts })
}

fn descend(
    sizer: &Sizer<'_>,
    axes: &[Axis],
    from: Vec<u64>,
    objective: Objective,
) -> Result<Start, ScenarioError> {
    let amounts = |numbers: &[u64]| -> Result<Vec<Amount>, ScenarioError> {
        let sizes = axes.iter().zip(numbers).map(|(axis, number)| axis.at(*number));
        Ok(sizes.collect::<Result<_, _>>()?)
    };
    let value = |numbers: &[u64]| -> Result<Amount, ScenarioError> {
        let paths = sizer.settle(&amounts(numbers)?, PATHS)?;
        let costs: Vec<Amount> = paths.iter().map(|path| path.cost).collect();
        Ok(objective.of(&costs)?)
    };
    let mut numbers = from.clone();
    let mut cost = value(&numbers)?;
    let mut rounds = 0;
    loop {
        rounds += 1;
        let before = numbers.clone();
        for (knob, axis) in axes.iter().enumerate() {
            let mut look = |number: u64| {
                let mut tried = numbers.clone();
                tried[knob] = number;
                value(&tried)
            };
            let seen = explore(axis, &[numbers[knob]], HALVINGS, &mut look, |cost| *cost)?;
            let best = best_of(&seen, &|cost: &Amount| *cost);
            // Only what is really less moves a size.
            if seen.get(&best).is_some_and(|found| *found < cost) {
                cost = seen[&best];
                numbers[knob] = best;
            }
        }
        if numbers == before || rounds == MOST_ROUNDS {
            break;
        }
    }
    Ok(Start { from: amounts(&from)?, to: amounts(&numbers)?, objective: cost, rounds })
}
