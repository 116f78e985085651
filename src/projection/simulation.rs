//! From leaves to cost: forecast each, rate every path.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::ProjectionError;
use super::blend::{DayPrices, Pricing, Shares};
use super::cancel::cancelled_share;
use super::growth::{self, Growth};
use super::history::{Leaf, horizon_dates};
use super::launch::Launch;
use super::paths::CostPaths;
use crate::forecast::{
    Draws, FittedSeries, ForecastError, ForecastOptions, Holidays, Method, SeriesInfo, check,
};
use crate::money::{Amount, BLEND_WHOLE};
use crate::tokens::Component;

/// How leaves were forecast.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelUse {
    /// Leaves by method.
    pub methods: BTreeMap<&'static str, usize>,
    /// Leaves that are rated.
    pub leaves: usize,
}

/// Forecast units without a price.
#[derive(Debug, Clone, Copy)]
pub(super) struct Missing {
    /// First day without one.
    pub(super) from: NaiveDate,
    /// Mean units over the horizon.
    pub(super) units: u64,
}

/// What a leaf came to.
#[derive(Debug, Clone)]
pub(super) struct LeafOutcome {
    /// Units over the horizon, path by path, without events; empty unless asked for.
    pub(super) sums: Vec<f32>,
    /// Mean units of each day, without events; empty unless asked for.
    pub(super) day_means: Vec<f64>,
    /// How it was forecast.
    pub(super) info: SeriesInfo,
}

/// Leaves at an origin and how to go on from there.
pub(super) struct Simulation<'a, 'b> {
    pub(super) leaves: &'a [Leaf],
    pub(super) origin: NaiveDate,
    pub(super) has_partial_day: bool,
    pub(super) options: ForecastOptions,
    pub(super) holidays: &'a Holidays,
    pub(super) pricing: Pricing<'a, 'b>,
    pub(super) growth: &'a [Growth],
    /// Planned launches, with the number of the profile of the first.
    pub(super) launches: (&'a [Launch], u32),
    /// Number of report groups; with one, its paths are those of the total.
    pub(super) groups: usize,
    /// Keep the sums of every leaf.
    pub(super) keep_sums: bool,
    /// Threads that may be used; the result does not depend on it.
    pub(super) threads: usize,
}

/// Rated paths.
pub(super) struct Simulated {
    pub(super) total: CostPaths,
    pub(super) groups: Vec<CostPaths>,
    pub(super) model: ModelUse,
    /// By profile and component.
    pub(super) unpriced: BTreeMap<(u32, Component), Missing>,
    /// Cost of launches on each path; empty without any.
    pub(super) launched: Vec<Amount>,
    /// In the order of the leaves.
    pub(super) outcomes: Vec<LeafOutcome>,
}

/// Leaves whose quantities are in memory at a time are at most twice as many: a year of 2,000 paths takes
/// 6 MB.
pub(super) const MOST_AT_ONCE: usize = 4;

/// Takes a leaf, how it was fitted unless it is planned, and its quantities: paths by days.
type Visit<'v> =
    &'v mut dyn FnMut(&Leaf, Option<&FittedSeries>, &[f64]) -> Result<(), ProjectionError>;

/// Leaves fitted, ready to be drawn one by one. All draw the same days, so that their totals keep their
/// correlation.
pub(super) struct Drawing<'s> {
    pub(super) leaves: &'s [Leaf],
    fitted: Vec<FittedSeries>,
    draws: Draws,
    pub(super) strength: f64,
}

impl Drawing<'_> {
    /// Writes paths x days of a leaf into a block of that size, without plans.
    pub(super) fn draw(&self, at: usize, quantities: &mut [f64]) {
        self.fitted[at].simulate(&self.draws, quantities);
        self.fitted[at].align(self.strength, quantities);
    }
}

/// The same of what is planned.
type VisitLaunch<'v> = &'v mut dyn FnMut(&Leaf, &[f64]) -> Result<(), ProjectionError>;

impl Simulation<'_, '_> {
    /// Leaf by leaf, so that only a few leaves' quantities are in memory at a time. All leaves draw
    /// the same days, so their totals keep their correlation.
    pub(super) fn run(&self) -> Result<Simulated, ProjectionError> {
        let options = &self.options;
        let groups = if self.groups > 1 { self.groups } else { 0 };
        let zeros = CostPaths::zeros(options.paths, options.horizon_days);
        let mut simulated = Simulated {
            groups: vec![zeros.clone(); groups],
            total: zeros,
            model: ModelUse::default(),
            unpriced: BTreeMap::new(),
            launched: Vec::new(),
            outcomes: Vec::with_capacity(self.leaves.len()),
        };
        let mut before = None;
        self.each_leaf(&mut |leaf, fit, quantities| {
            if fit.is_none() && before.is_none() {
                before = Some(simulated.total.clone());
            }
            self.rate_leaf(leaf, quantities, &mut simulated)?;
            if let Some(fit) = fit {
                let (sums, day_means) = if self.keep_sums {
                    (sums(quantities, options.horizon_days), day_means(quantities, options))
                } else {
                    (Vec::new(), Vec::new())
                };
                simulated.outcomes.push(LeafOutcome { sums, day_means, info: fit.info.clone() });
            }
            Ok(())
        })?;
        if let Some(before) = before {
            let days = self.options.horizon_days;
            let (with, without) = (simulated.total.sums(0, days)?, before.sums(0, days)?);
            let launched = with.iter().zip(without).map(|(w, wo)| w.checked_sub(wo));
            simulated.launched = launched.collect::<Result<_, _>>()?;
        }
        Ok(simulated)
    }

    /// Passes the quantities of every leaf on, path by path and day by day, before known events;
    /// leaves that were not fitted are planned to begin.
    pub(super) fn each_leaf(&self, visit: Visit<'_>) -> Result<(), ProjectionError> {
        let options = &self.options;
        let drawing = &self.drawing()?;
        let draw = |at: usize, quantities: &mut [f64]| {
            drawing.draw(at, quantities);
            self.plan(&self.leaves[at], quantities);
        };
        let draw = &draw;
        // Some leaves are drawn while those before them are taken, in their order.
        let width = self.threads.clamp(1, MOST_AT_ONCE).min(self.leaves.len().max(1));
        let mut drawn = vec![vec![0.0; options.paths * options.horizon_days]; width];
        let mut coming = if width > 1 { drawn.clone() } else { Vec::new() };
        (0..).zip(&mut drawn).take(self.leaves.len()).for_each(|(at, block)| draw(at, block));
        for first in (0..self.leaves.len()).step_by(width) {
            let after = first + width..self.leaves.len();
            std::thread::scope(|scope| {
                for (at, block) in after.clone().zip(&mut coming) {
                    scope.spawn(move || draw(at, block));
                }
                let here = (first..after.start.min(after.end)).zip(&drawn);
                here.into_iter().try_for_each(|(at, block)| {
                    visit(&self.leaves[at], Some(&drawing.fitted[at]), block)
                })
            })?;
            if width > 1 {
                std::mem::swap(&mut drawn, &mut coming);
            } else if let Some(at) = after.into_iter().next() {
                draw(at, &mut drawn[0]);
            }
        }
        self.each_launch(&mut drawn[0], &mut |leaf, quantities| visit(leaf, None, quantities))
    }

    /// Fits the leaves and makes the random choices that they share.
    pub(super) fn drawing(&self) -> Result<Drawing<'_>, ProjectionError> {
        let options = &self.options;
        check(self.leaves.iter().map(|leaf| &leaf.series), options)?;
        let fit = |at: usize| {
            FittedSeries::fit_with(&self.leaves[at].series, options, self.holidays)
                .ok_or(ForecastError::NoHistory { series: at })
        };
        let fitted = in_order(self.threads, self.leaves.len(), &fit);
        let fitted = fitted.into_iter().collect::<Result<Vec<_>, _>>()?;
        let span = fitted.iter().map(FittedSeries::residual_span).max().unwrap_or(1);
        let draws = Draws::new(options, span);
        Ok(Drawing { leaves: self.leaves, fitted, draws, strength: self.strength()? })
    }

    /// How far leaves are aligned.
    pub(super) fn strength(&self) -> Result<f64, ProjectionError> {
        let eve = self.origin.pred_opt().unwrap_or(self.origin);
        Ok(cancelled_share(self.leaves, &self.pricing, eve)?)
    }

    /// True if what was drawn stays as it is.
    pub(super) fn keeps_draws(&self) -> bool {
        self.growth.is_empty() && !self.has_partial_day
    }

    /// Brings what was drawn of a leaf to the growth that is planned, and to what is known of a partial day.
    pub(super) fn plan(&self, leaf: &Leaf, quantities: &mut [f64]) {
        let days = self.options.horizon_days;
        growth::apply(self.growth, leaf, &self.pricing, quantities, days);
        if self.has_partial_day {
            let floor = |path: &mut [f64]| path[0] = path[0].max(leaf.partial);
            quantities.chunks_exact_mut(days).for_each(floor);
        }
    }

    /// Passes on what is planned to begin; `quantities` is memory to work in.
    pub(super) fn each_launch(
        &self,
        quantities: &mut [f64],
        visit: VisitLaunch<'_>,
    ) -> Result<(), ProjectionError> {
        let (launches, first) = self.launches;
        for (launch, number) in launches.iter().zip(0_u32..) {
            let random = (self.options.seed, u64::from(number));
            for (leaf, units) in launch.leaves(first + number, self.origin) {
                let horizon = self.options.horizon_days;
                launch.quantities(units, self.origin, horizon, random, quantities);
                visit(&leaf, quantities)?;
            }
        }
        Ok(())
    }

    fn rate_leaf(
        &self,
        leaf: &Leaf,
        quantities: &[f64],
        simulated: &mut Simulated,
    ) -> Result<(), ProjectionError> {
        let Some(component) = leaf.component() else { return Ok(()) };
        let shares = Shares::of(component, &leaf.mix);
        let horizon = self.options.horizon_days;
        let variants: Vec<usize> = (0..self.options.paths).map(|p| shares.variant_of(p)).collect();
        for (day, date) in horizon_dates(self.origin, horizon).into_iter().enumerate() {
            let prices = shares.prices(date, &self.pricing)?;
            let mut units: u128 = 0;
            for (path, values) in quantities.chunks_exact(horizon).enumerate() {
                let count = whole(values[day]);
                units += u128::from(count);
                let price = &prices[variants[path]];
                simulated.total.add(path, day, price.whole.checked_cost(count)?)?;
                if !simulated.groups.is_empty() {
                    for (group, price) in &price.by_group {
                        simulated.groups[*group].add(path, day, price.checked_cost(count)?)?;
                    }
                }
            }
            let expected = prices.last();
            self.note_unpriced(component, date, units, expected, &mut simulated.unpriced);
        }
        Ok(())
    }

    fn note_unpriced(
        &self,
        component: Component,
        date: NaiveDate,
        units: u128,
        expected: Option<&DayPrices>,
        unpriced: &mut BTreeMap<(u32, Component), Missing>,
    ) {
        let mean = units / u128::try_from(self.options.paths.max(1)).unwrap_or(1);
        for (profile, share) in expected.into_iter().flat_map(|p| &p.unpriced) {
            let more = mean * u128::from(*share) / u128::from(BLEND_WHOLE);
            if more > 0 {
                let missing = unpriced
                    .entry((*profile, component))
                    .or_insert(Missing { from: date, units: 0 });
                let more = u64::try_from(more).unwrap_or(u64::MAX);
                missing.units = missing.units.saturating_add(more);
            }
        }
    }
}

impl Simulated {
    /// Counts the methods of the leaves that are rated.
    pub(super) fn with_methods_counted(mut self, leaves: &[Leaf]) -> Self {
        for (leaf, outcome) in leaves.iter().zip(&self.outcomes) {
            if leaf.component().is_some() {
                self.model.leaves += 1;
                *self.model.methods.entry(Method::name(outcome.info.method)).or_default() += 1;
            }
        }
        self
    }
}

/// Values of the numbers below a count, in their order, worked out by several threads.
fn in_order<T: Send>(threads: usize, count: usize, value: &(dyn Fn(usize) -> T + Sync)) -> Vec<T> {
    let length = count.div_ceil(threads.max(1)).max(1);
    if length >= count {
        return (0..count).map(value).collect();
    }
    std::thread::scope(|scope| {
        let part = |from: usize| {
            scope.spawn(move || (from..count.min(from + length)).map(value).collect::<Vec<T>>())
        };
        let running: Vec<_> = (0..count).step_by(length).map(part).collect();
        let joined = |part: std::thread::ScopedJoinHandle<'_, Vec<T>>| {
            part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        running.into_iter().flat_map(joined).collect()
    })
}

/// Units over the horizon, path by path.
#[expect(clippy::cast_possible_truncation, reason = "24 bits are enough for a comparison")]
fn sums(quantities: &[f64], horizon: usize) -> Vec<f32> {
    quantities.chunks_exact(horizon).map(|path| path.iter().sum::<f64>() as f32).collect()
}

/// Mean units of each day.
fn day_means(quantities: &[f64], options: &ForecastOptions) -> Vec<f64> {
    let mut means = vec![0.0; options.horizon_days];
    let share = 1.0 / f64::from(u32::try_from(options.paths.max(1)).unwrap_or(u32::MAX));
    for path in quantities.chunks_exact(options.horizon_days) {
        means.iter_mut().zip(path).for_each(|(mean, q)| *mean += q * share);
    }
    means
}

/// A forecast quantity as a count of units.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates at both ends"
)]
pub(super) fn whole(quantity: f64) -> u64 {
    quantity.round() as u64
}
