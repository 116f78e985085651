//! The cost of one size after another, and the best of them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::axis::Axis;
use super::deal::{OnPath, Sizer};
use super::objective::Objective;
use super::plan::Choice;
use crate::money::{Amount, MoneyError};
use crate::projection::Distribution;
use crate::scenario::{QUANTILES, ScenarioError};

/// Intervals of the first look along an axis.
pub(super) const INTERVALS: u64 = 20;
/// Halvings around the best size: the twentieth of an axis becomes less than a two-thousandth.
const HALVINGS: u32 = 7;

/// What a size comes to.
#[derive(Debug, Clone)]
pub struct Point {
    /// The size.
    pub size: Amount,
    /// What is to be small.
    pub objective: Amount,
    /// Mean and [`QUANTILES`] of the cost that decides.
    pub cost: Distribution,
    /// Mean of the costliest twentieth of the paths.
    pub cvar95: Amount,
    /// How the size fits; `None` where that cannot be told.
    pub fit: Option<PointFit>,
    /// By path.
    pub costs: Vec<Amount>,
}

/// How a size fits on all paths.
#[derive(Debug, Clone, Copy)]
pub struct PointFit {
    /// Share of the paths on which some of it was not needed.
    pub shortfall: f64,
    /// Share of the paths on which some of the need was beyond it.
    pub overage: f64,
    /// Mean share of it that was not used.
    pub unused: f64,
    /// Mean share of the need beyond it.
    pub beyond: f64,
}

/// Sizes that cost nearly as little as the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The smallest, between two sizes that were looked at.
    pub low: Amount,
    /// The largest.
    pub high: Amount,
    /// True if even the smallest size of the axis is among them.
    pub from_start: bool,
    /// True if even the largest is.
    pub to_end: bool,
}

impl Range {
    /// The same with ends that can be chosen.
    pub(super) fn inside(self, axis: &Axis) -> Result<Self, MoneyError> {
        let (low, high) = (axis.at(axis.nearest(self.low))?, axis.at(axis.nearest(self.high))?);
        let low = if low < self.low { low.checked_add(axis.step)? } else { low };
        let high = if high > self.high { high.checked_sub(axis.step)? } else { high };
        Ok(Self { low, high, ..self })
    }
}

impl Point {
    pub(super) fn new(
        size: Amount,
        paths: &[OnPath],
        knob: usize,
        objective: Objective,
    ) -> Result<Self, MoneyError> {
        let costs: Vec<Amount> = paths.iter().map(|path| path.cost).collect();
        Ok(Self {
            size,
            objective: objective.of(&costs)?,
            cost: Distribution::of(&costs, &QUANTILES)?,
            cvar95: Objective::Cvar(9_500).of(&costs)?,
            fit: fit(paths, knob),
            costs,
        })
    }
}

fn fit(paths: &[OnPath], knob: usize) -> Option<PointFit> {
    let fits: Vec<_> = paths.iter().map(|path| path.fits[knob]).collect::<Option<_>>()?;
    let each = 1.0 / f64::from(u32::try_from(fits.len().max(1)).ok()?);
    let mean = |of: &dyn Fn(&super::fit::Fit) -> f64| fits.iter().map(of).sum::<f64>() * each;
    Some(PointFit {
        shortfall: mean(&|fit| f64::from(u8::from(fit.is_short))),
        overage: mean(&|fit| f64::from(u8::from(fit.is_over))),
        unused: mean(&|fit| fit.unused),
        beyond: mean(&|fit| fit.beyond),
    })
}

/// Halvings around the ends of the sizes that are nearly as good.
const END_HALVINGS: u32 = 3;

/// Looks along an axis: everywhere, then closer around the best.
///
/// # Errors
/// Those of `look`.
pub(super) fn explore<T>(
    axis: &Axis,
    more: &[u64],
    halvings: u32,
    look: &mut dyn FnMut(u64) -> Result<T, ScenarioError>,
    cost: impl Fn(&T) -> Amount,
) -> Result<BTreeMap<u64, T>, ScenarioError> {
    let mut seen = BTreeMap::new();
    for number in axis.spread(INTERVALS).into_iter().chain(more.iter().copied()) {
        if let Entry::Vacant(new) = seen.entry(number) {
            new.insert(look(number)?);
        }
    }
    for _ in 0..halvings {
        let best = best_of(&seen, &cost);
        let before = seen.range(..best).next_back().map(|(number, _)| *number);
        let after = seen.range(best + 1..).next().map(|(number, _)| *number);
        let between = [before, after].into_iter().flatten().map(|other| best.midpoint(other));
        let new: Vec<u64> = between.filter(|number| !seen.contains_key(number)).collect();
        if new.is_empty() {
            break;
        }
        for number in new {
            seen.insert(number, look(number)?);
        }
    }
    Ok(seen)
}

/// The number with the least cost, the smallest of several.
pub(super) fn best_of<T>(seen: &BTreeMap<u64, T>, cost: &impl Fn(&T) -> Amount) -> u64 {
    seen.iter()
        .min_by_key(|(number, found)| (cost(found), **number))
        .map_or(0, |(number, _)| *number)
}

/// The curve of one knob, the others at the sizes given, on all paths. `more` are sizes that are
/// looked at in any case; `near` is the share that may be lost to be nearly as good as the best.
///
/// # Errors
/// [`ScenarioError`] if contracts cannot be settled at some size.
pub(super) fn curve(
    sizer: &Sizer<'_>,
    (knob, axis): (usize, &Axis),
    others: &[Amount],
    more: &[Amount],
    choice: Choice,
) -> Result<Vec<Point>, ScenarioError> {
    let Choice { objective, near } = choice;
    let numbers: Vec<u64> = more.iter().map(|size| axis.nearest(*size)).collect();
    let mut look = |number: u64| {
        let size = axis.at(number)?;
        let mut sizes = others.to_vec();
        sizes[knob] = size;
        let paths = sizer.settle(&sizes, sizer.deal.usage.paths)?;
        Ok(Point::new(size, &paths, knob, objective)?)
    };
    let mut seen = explore(axis, &numbers, HALVINGS, &mut look, |point| point.objective)?;
    for _ in 0..END_HALVINGS {
        let best = best_of(&seen, &|point: &Point| point.objective);
        let least = seen[&best].objective;
        let allowed = least.checked_add(least.checked_mul_rounded(near)?)?;
        for (inside, outside) in ends(&seen, best, allowed) {
            let between = inside.midpoint(outside);
            if let Entry::Vacant(new) = seen.entry(between) {
                new.insert(look(between)?);
            }
        }
    }
    Ok(seen.into_values().collect())
}

/// On each side of the best the neighbours between which the objective passes what is allowed.
fn ends(seen: &BTreeMap<u64, Point>, best: u64, allowed: Amount) -> Vec<(u64, u64)> {
    let mut found = Vec::new();
    let mut pass = |others: &mut dyn Iterator<Item = (&u64, &Point)>| {
        let mut inside = best;
        for (number, point) in others {
            if point.objective > allowed {
                found.push((inside, *number));
                return;
            }
            inside = *number;
        }
    };
    pass(&mut seen.range(..best).rev());
    pass(&mut seen.range(best + 1..));
    found
}

/// The best point of a curve: the least cost, the smallest size of several.
#[must_use]
pub(super) fn best(curve: &[Point]) -> usize {
    let by_cost = |at: &usize| (curve[*at].objective, *at);
    (0..curve.len()).min_by_key(by_cost).unwrap_or(0)
}

/// The sizes around the best whose objective is at most `allowed`; ends are read off the lines
/// between neighbours of the curve.
///
/// # Errors
/// [`MoneyError::Overflow`] if a difference does not fit.
pub(super) fn near(curve: &[Point], best: usize, allowed: Amount) -> Result<Range, MoneyError> {
    let end = |others: &mut dyn Iterator<Item = usize>| -> Result<Option<Amount>, MoneyError> {
        let mut inside = best;
        for at in others {
            if curve[at].objective > allowed {
                let rise = curve[at].objective.checked_sub(curve[inside].objective)?;
                let room = allowed.checked_sub(curve[inside].objective)?;
                let way = curve[at].size.checked_sub(curve[inside].size)?;
                let part = way.checked_ratio(room.atto(), rise.atto())?;
                return Ok(Some(curve[inside].size.checked_add(part)?));
            }
            inside = at;
        }
        Ok(None)
    };
    let low = end(&mut (0..best).rev())?;
    let high = end(&mut (best + 1..curve.len()))?;
    let size = |at: usize| curve.get(at).map_or(Amount::ZERO, |point| point.size);
    Ok(Range {
        low: low.unwrap_or_else(|| size(0)),
        high: high.unwrap_or_else(|| size(curve.len().saturating_sub(1))),
        from_start: low.is_none(),
        to_end: high.is_none(),
    })
}
