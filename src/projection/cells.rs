//! Quantities of leaves gathered by stretch of days, profile and price, under several plans at once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::NaiveDate;

use super::ProjectionError;
use super::blend::{PricedPart, Shares};
use super::history::Leaf;
use super::level::Measure;
use super::prepared::Prepared;
use super::simulation::{Drawing, MOST_AT_ONCE, Simulation};
use super::usage::{HourShares, UsageCell, UsageSpan};
use crate::money::{BLEND_WHOLE, UnitPrice};
use crate::settlement::TokenPrices;
use crate::tokens::Component;

/// Quantities that may be kept under one plan: 512 MiB of them.
const MOST_QUANTITIES: usize = 1 << 26;

/// Prices in an order, whatever it is.
type PriceKey = Option<(UnitPrice, UnitPrice)>;

type Cells = BTreeMap<(usize, u32, Measure, PriceKey), Vec<f64>>;

/// The days of a horizon and the stretches that they are in.
#[derive(Debug)]
pub(super) struct HorizonDays<'p> {
    pub(super) spans: &'p [UsageSpan],
    pub(super) dates: Vec<NaiveDate>,
}

/// A plan that takes the same draws as others.
pub(super) struct Taker<'p, 'a> {
    pub(super) prepared: &'p Prepared<'a>,
    pub(super) simulation: Simulation<'p, 'a>,
}

/// What was gathered under a plan.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    cells: Cells,
    hours: HourShares,
}

/// Draws every leaf once for all plans that have the same ones, and gathers it under each of them.
pub(super) fn gather_all(
    takers: &[Taker<'_, '_>],
    days: &HorizonDays<'_>,
) -> Result<Vec<Gathered>, ProjectionError> {
    let mut gathered: Vec<Option<Gathered>> = takers.iter().map(|_| None).collect();
    for at in 0..takers.len() {
        if gathered[at].is_some() {
            continue;
        }
        let drawing = takers[at].simulation.drawing()?;
        let mut alike = Vec::new();
        for (number, taker) in takers.iter().enumerate().skip(at) {
            // An event in the past changes what history tells; then nothing can be shared.
            let simulation = &taker.simulation;
            let is_same = simulation.leaves == drawing.leaves
                && simulation.strength()?.to_bits() == drawing.strength.to_bits();
            if gathered[number].is_none() && is_same {
                alike.push(number);
            }
        }
        let mine: Vec<&Taker<'_, '_>> = alike.iter().map(|number| &takers[*number]).collect();
        for (number, found) in alike.into_iter().zip(gather(&drawing, &mine, days)?) {
            gathered[number] = Some(found);
        }
    }
    Ok(gathered.into_iter().flatten().collect())
}

/// Gathers the same draws under some plans. Every thread takes the next leaf when it is done with one: no two
/// leaves have usage of one profile and measure, so the result does not depend on their order.
fn gather(
    drawing: &Drawing<'_>,
    takers: &[&Taker<'_, '_>],
    days: &HorizonDays<'_>,
) -> Result<Vec<Gathered>, ProjectionError> {
    let Some(simulation) = takers.first().map(|taker| &taker.simulation) else {
        return Ok(Vec::new());
    };
    let size = simulation.options.paths * simulation.options.horizon_days;
    let rooms: Vec<Room> = takers
        .iter()
        .map(|_| Room { used: AtomicUsize::new(0), of: simulation.options.paths })
        .collect();
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, Gathered)>, ProjectionError> {
        let (mut drawn, mut planned) = (vec![0.0; size], Vec::new());
        let mut found = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(leaf) = drawing.leaves.get(at) else { return Ok(found) };
            drawing.draw(at, &mut drawn);
            for (number, taker) in takers.iter().enumerate() {
                let mut own = Gathered::default();
                let quantities = if taker.simulation.keeps_draws() {
                    &drawn
                } else {
                    planned.clone_from(&drawn);
                    taker.simulation.plan(leaf, &mut planned);
                    &planned
                };
                own.add((leaf, quantities), taker, days, &rooms[number])?;
                found.push((number, own));
            }
        }
    };
    let threads = simulation.threads.clamp(1, MOST_AT_ONCE).min(drawing.leaves.len().max(1));
    let done = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let joined = |part: std::thread::ScopedJoinHandle<'_, _>| {
            part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        running.into_iter().map(joined).collect::<Result<Vec<_>, _>>()
    })?;
    let mut gathered: Vec<Gathered> = takers.iter().map(|_| Gathered::default()).collect();
    for (number, own) in done.into_iter().flatten() {
        gathered[number].cells.extend(own.cells);
        gathered[number].hours.extend(own.hours);
    }
    let mut block = vec![0.0; size];
    for ((taker, gathered), room) in takers.iter().zip(&mut gathered).zip(&rooms) {
        taker.simulation.each_launch(&mut block, &mut |leaf, quantities| {
            gathered.add((leaf, quantities), taker, days, room)
        })?;
    }
    Ok(gathered)
}

/// How much of the memory that may be used is.
struct Room {
    /// Cells.
    used: AtomicUsize,
    /// Quantities of a cell.
    of: usize,
}

impl Room {
    fn cell(&self) -> Result<Vec<f64>, ProjectionError> {
        let most = MOST_QUANTITIES / self.of.max(1);
        if self.used.fetch_add(1, Ordering::Relaxed) >= most {
            return Err(ProjectionError::TooManyParts(most + 1));
        }
        Ok(vec![0.0; self.of])
    }
}

impl Gathered {
    fn add(
        &mut self,
        (leaf, quantities): (&Leaf, &[f64]),
        taker: &Taker<'_, '_>,
        days: &HorizonDays<'_>,
        room: &Room,
    ) -> Result<(), ProjectionError> {
        let component = leaf.component();
        // The mix of requests has no component; its parts need none either.
        let shares = Shares::of(component.unwrap_or(Component::Output), &leaf.mix);
        let pricing = taker.prepared.pricing();
        let variants: Vec<usize> = (0..room.of).map(|path| shares.variant_of(path)).collect();
        let parts_of = |day: usize| shares.parts(days.dates[day], &pricing, component.is_some());
        let horizon = days.dates.len();
        let (mut span, mut day) = (0, 0);
        let mut parts = parts_of(0);
        while day < horizon {
            while days.spans.get(span).is_some_and(|s| s.days.1 <= days.dates[day]) {
                span += 1;
            }
            // Days of one stretch with the same parts are summed together, path by path.
            let mut until = day + 1;
            let mut after = Vec::new();
            while until < horizon {
                after = parts_of(until);
                let in_span = days.spans.get(span).is_none_or(|s| days.dates[until] < s.days.1);
                if !in_span || after != parts {
                    break;
                }
                until += 1;
            }
            for part in parts.iter().filter(|part| part.shares.iter().any(|share| *share > 0)) {
                let price = part.prices.map(|p| (p.own, p.list));
                let key = (span, part.profile, leaf.key.measure, price);
                let cell = match self.cells.entry(key) {
                    std::collections::btree_map::Entry::Occupied(found) => found.into_mut(),
                    std::collections::btree_map::Entry::Vacant(empty) => empty.insert(room.cell()?),
                };
                add_days(cell, part, (quantities, horizon), day..until, &variants);
            }
            day = until;
            parts = after;
        }
        if let Some(component) = component {
            for (profile, hours) in leaf.mix.profiles.iter().zip(&leaf.mix.hours) {
                self.hours.insert((*profile, component), hours.clone());
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> (Vec<UsageCell>, HourShares) {
        let cells = self.cells.into_iter().map(|((span, profile, measure, prices), quantities)| {
            let prices = prices.map(|(own, list)| TokenPrices { list, own });
            UsageCell { span, profile, measure, prices, quantities }
        });
        (cells.collect(), self.hours)
    }
}

/// Adds a part's share of some days to each path.
fn add_days(
    cell: &mut [f64],
    part: &PricedPart,
    (quantities, horizon): (&[f64], usize),
    days: std::ops::Range<usize>,
    variants: &[usize],
) {
    let weights = part.shares.iter().map(|s| f64::from(*s) / f64::from(BLEND_WHOLE));
    let weights: Vec<f64> = weights.collect();
    let paths = quantities.chunks_exact(horizon);
    for ((sum, path), variant) in cell.iter_mut().zip(paths).zip(variants) {
        let weight = weights[*variant];
        *sum = path[days.clone()].iter().fold(*sum, |sum, units| sum + units * weight);
    }
}
