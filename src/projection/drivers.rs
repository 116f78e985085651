//! Drivers: what makes the forecast differ from the last period of the same length.
//!
//! The steps lead from the cost of the last days to the median of the forecast, each with all
//! earlier ones in place, so they add up. Forecast quantities are means over the middle fifth of
//! the paths by total cost: these are what the headline is made of.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, NaiveTime};

use super::ProjectionError;
use super::backtest::approximate;
use super::blend::{Pricing, Shares};
use super::cancel::per_unit;
use super::days::DayRow;
use super::events::EventFactors;
use super::history::{Leaf, horizon_dates, quantity};
use super::level::Measure;
use super::paths::CostPaths;
use super::prepared::Prepared;
use super::simulation::{LeafOutcome, Simulated};
use crate::money::{Amount, MoneyError};
use crate::period::{Period, Timestamp};
use crate::tokens::Component;

/// Days below which two periods are not compared.
const LEAST_DAYS: u32 = 7;
/// Days that the pattern of the week is taken from.
const WEEKDAY_DAYS: u32 = 56;

/// One step from the last period to the forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Driver {
    /// Number of days and their weekdays.
    Calendar,
    /// Requests.
    Volume,
    /// Which providers, families or groups the requests go to.
    Mix,
    /// Units for each request.
    UnitsPerRequest,
    /// Which models, tiers and hours inside of these.
    ModelMix,
    /// Prices that changed or will change.
    Price,
    /// Known events and planned launches.
    Events,
    /// What is left: the median is not the mean of the paths around it.
    Other,
}

impl Driver {
    /// The name used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calendar => "calendar",
            Self::Volume => "volume",
            Self::Mix => "mix",
            Self::UnitsPerRequest => "units_per_request",
            Self::ModelMix => "model_mix",
            Self::Price => "price",
            Self::Events => "events",
            Self::Other => "other",
        }
    }
}

/// Why a forecast differs from the last period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drivers {
    /// First day of the last period.
    pub from: NaiveDate,
    /// The day after its last.
    pub until: NaiveDate,
    /// What it cost.
    pub previous: Amount,
    /// The median of the forecast.
    pub next: Amount,
    /// The steps between them, in order; they sum to the difference.
    pub steps: Vec<(Driver, Amount)>,
    /// Change of each stem beyond the calendar, the largest first.
    pub by_stem: Vec<(String, Amount)>,
    /// True if the logs do not count requests, and volume is in units instead.
    pub volume_in_units: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Old {
    units: f64,
    cost: f64,
    /// The same units at the prices of the eve of the forecast.
    cost_on_eve: f64,
}

/// One leaf in both periods. Prices are per unit.
#[derive(Debug, Clone, Copy)]
struct Moved {
    stem: u32,
    old: Old,
    /// Forecast units, without events.
    units: f64,
    price_on_eve: f64,
    price: f64,
    price_with_events: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Stem {
    old_volume: f64,
    new_volume: f64,
    old_cost: f64,
    /// Cost of the old period if every leaf had its new units.
    with_units: f64,
    new_cost: f64,
}

/// Compares the forecast with the days before it; `None` if these are too few, or cost nothing.
pub(super) fn drivers(
    prepared: &Prepared<'_>,
    leaves: &[Leaf],
    simulated: &Simulated,
    median: Amount,
) -> Result<Option<Drivers>, ProjectionError> {
    let (total, outcomes) = (&simulated.total, &simulated.outcomes);
    let days = &prepared.days;
    let end = days.origin_offset();
    let length = u32::try_from(total.days()).unwrap_or(u32::MAX).min(end);
    let (from, until) = (days.date(end - length), days.origin);
    let actual = prepared.actual_by_day()?;
    let previous = Amount::checked_sum(actual.range(from..until).map(|(_, cost)| *cost))?;
    if length < LEAST_DAYS || previous.is_zero() {
        return Ok(None);
    }
    let central = central_paths(total)?;
    let comparing = Comparing { prepared, from: end - length, until: end };
    let old = comparing.old_costs(leaves)?;
    let moved = leaves
        .iter()
        .zip(outcomes)
        .zip(old)
        .map(|((leaf, outcome), old)| comparing.moved(leaf, outcome, old, &central))
        .collect::<Result<Vec<_>, _>>()?;
    let calendar = calendar_ratio(&actual, from, until, total.days());
    let (stems, volume_in_units) = stems(leaves, &moved);
    let steps = steps(approximate(previous), calendar, &stems, &moved);
    let mut exact: Vec<(Driver, Amount)> = Vec::new();
    let mut left = median.checked_sub(previous)?;
    let launched = mean_of(&simulated.launched, &central);
    for (driver, change) in steps {
        let planned = if driver == Driver::Events { launched } else { 0.0 };
        let change = rounded(change + planned);
        left = left.checked_sub(change)?;
        exact.push((driver, change));
    }
    exact.push((Driver::Other, left));
    let mut by_stem: Vec<(String, Amount)> = stems
        .iter()
        .map(|(at, s)| {
            (prepared.stem_name(leaves, *at), rounded(s.new_cost - s.old_cost * calendar))
        })
        .collect();
    by_stem.sort_by_key(|(name, change)| {
        (std::cmp::Reverse(change.atto().unsigned_abs()), name.clone())
    });
    Ok(Some(Drivers {
        from,
        until,
        previous,
        next: median,
        steps: exact,
        by_stem,
        volume_in_units,
    }))
}

/// To the millionth of the currency: a comparison is no invoice.
#[expect(clippy::cast_possible_truncation, reason = "saturates; amounts are far below")]
fn rounded(value: f64) -> Amount {
    Amount::from_atto((value * 1e6).round() as i128 * 10_i128.pow(12))
}

/// Mean of some paths; 0 of none.
fn mean_of(amounts: &[Amount], paths: &[usize]) -> f64 {
    let known = paths.iter().filter_map(|path| amounts.get(*path));
    let sum: f64 = known.map(|amount| approximate(*amount)).sum();
    sum / f64::from(u32::try_from(paths.len().max(1)).unwrap_or(u32::MAX))
}

/// The middle fifth of the paths by total.
fn central_paths(total: &CostPaths) -> Result<Vec<usize>, MoneyError> {
    let sums = total.sums(0, total.days())?;
    let mut order: Vec<usize> = (0..sums.len()).collect();
    order.sort_by_key(|path| (sums[*path], *path));
    let fifth = order.len() / 5;
    Ok(order[2 * fifth..order.len() - 2 * fifth].to_vec())
}

/// Weight of the coming days by that of the last ones, each weekday weighing what it lately cost.
fn calendar_ratio(
    actual: &BTreeMap<NaiveDate, Amount>,
    from: NaiveDate,
    until: NaiveDate,
    horizon: usize,
) -> f64 {
    let start = until
        .checked_sub_days(chrono::Days::new(u64::from(WEEKDAY_DAYS)))
        .unwrap_or(until)
        .max(actual.keys().next().copied().unwrap_or(until));
    let mut weights = [(0.0, 0.0); 7];
    for day in start.iter_days().take_while(|d| *d < until) {
        let cost = actual.get(&day).copied().unwrap_or(Amount::ZERO);
        let weekday = &mut weights[day.weekday().num_days_from_monday() as usize];
        *weekday = (weekday.0 + approximate(cost), weekday.1 + 1.0);
    }
    let weight = |day: NaiveDate| {
        let (cost, days) = weights[day.weekday().num_days_from_monday() as usize];
        if days >= 2.0 { Some(cost / days) } else { None }
    };
    let sum = |days: &mut dyn Iterator<Item = NaiveDate>| {
        let all: Vec<NaiveDate> = days.collect();
        let count = all.iter().fold(0.0, |n, _| n + 1.0);
        (all.iter().map(|d| weight(*d)).sum::<Option<f64>>(), count)
    };
    let (old, old_days) = sum(&mut from.iter_days().take_while(|d| *d < until));
    let (new, new_days) = sum(&mut until.iter_days().take(horizon));
    match (old, new) {
        (Some(old), Some(new)) if old > 0.0 => new / old,
        _ => new_days / old_days,
    }
}

struct Comparing<'a, 'b> {
    prepared: &'a Prepared<'b>,
    from: u32,
    until: u32,
}

impl Comparing<'_, '_> {
    /// Units and costs of every leaf in the old period.
    fn old_costs(&self, leaves: &[Leaf]) -> Result<Vec<Old>, MoneyError> {
        let mut index: BTreeMap<(u32, Measure), usize> = BTreeMap::new();
        for (at, leaf) in leaves.iter().enumerate() {
            for profile in &leaf.profiles {
                index.insert((*profile, leaf.key.measure), at);
            }
        }
        let mut old = vec![Old::default(); leaves.len()];
        for row in self.prepared.days.rows(self.from, self.until) {
            let key = (row.profile, Measure::Component(row.component));
            let Some(at) = index.get(&key) else { continue };
            let then = self.price(row, self.prepared.days.date(row.day))?;
            let on_eve = self.price(row, self.eve())?;
            let units = quantity(row.count);
            old[*at].units += units;
            old[*at].cost += units * then.or(on_eve).unwrap_or(0.0);
            old[*at].cost_on_eve += units * on_eve.or(then).unwrap_or(0.0);
        }
        for row in self.prepared.days.requests(self.from, self.until) {
            if let Some(at) = index.get(&(row.profile, Measure::Requests)) {
                old[*at].units += quantity(row.count);
            }
        }
        Ok(old)
    }

    fn eve(&self) -> NaiveDate {
        self.prepared.days.date(self.until - 1)
    }

    /// Price of a unit of a row, had it been used on another day at its hour.
    fn price(&self, row: &DayRow, day: NaiveDate) -> Result<Option<f64>, MoneyError> {
        let wall = NaiveTime::from_hms_opt(u32::from(row.hour), 0, 0).unwrap_or_default();
        let start = self.prepared.options.calendar.instant_of(day.and_time(wall));
        let instant = Period { start, end: Timestamp::from_nanos(start.nanos() + 1) };
        match self.prepared.rater.rates(row.profile).at(row.component, instant) {
            Ok(rate) => Ok(Some(approximate(rate.unit_price.checked_cost(MANY)?) / quantity(MANY))),
            Err(_) => Ok(None),
        }
    }

    fn moved(
        &self,
        leaf: &Leaf,
        outcome: &LeafOutcome,
        old: Old,
        central: &[usize],
    ) -> Result<Moved, MoneyError> {
        let sum: f64 = central.iter().map(|path| f64::from(outcome.sums[*path])).sum();
        let paths = u32::try_from(central.len().max(1)).unwrap_or(u32::MAX);
        let units = sum / f64::from(paths);
        let mut moved = Moved {
            stem: leaf.stem,
            old,
            units,
            price_on_eve: 0.0,
            price: 0.0,
            price_with_events: 0.0,
        };
        let Some(component) = leaf.component() else { return Ok(moved) };
        let with_events = self.prepared.pricing();
        let none = EventFactors::default();
        let plain = Pricing { events: &none, ..with_events };
        let shares = Shares::of(component, &leaf.mix);
        let price = |day: NaiveDate, pricing: &Pricing<'_, '_>| {
            let prices = shares.prices(day, pricing)?;
            prices.last().map_or(Ok(0.0), |day| per_unit(day.whole))
        };
        moved.price_on_eve = price(self.eve(), &plain)?;
        let all: f64 = outcome.day_means.iter().sum();
        let dates = horizon_dates(self.prepared.days.origin, outcome.day_means.len());
        for (day, mean) in dates.into_iter().zip(&outcome.day_means).filter(|_| all > 0.0) {
            moved.price += mean / all * price(day, &plain)?;
            moved.price_with_events += mean / all * price(day, &with_events)?;
        }
        Ok(moved)
    }
}

/// Units whose cost is taken to tell the price of one as a number.
const MANY: u64 = 1_000_000;

/// Sums by stem. Volume is requests if every stem that cost something counts them, else units.
fn stems(leaves: &[Leaf], moved: &[Moved]) -> (BTreeMap<u32, Stem>, bool) {
    let mut stems: BTreeMap<u32, Stem> = BTreeMap::new();
    for (leaf, m) in leaves.iter().zip(moved) {
        let stem = stems.entry(m.stem).or_default();
        if leaf.key.measure == Measure::Requests {
            stem.old_volume += m.old.units;
            stem.new_volume += m.units;
        } else {
            stem.old_cost += m.old.cost;
            stem.new_cost += m.units * m.price_with_events;
            if m.old.units > 0.0 {
                stem.with_units += m.old.cost * m.units / m.old.units;
            }
        }
    }
    let in_units = stems.values().any(|s| s.old_cost > 0.0 && s.old_volume <= 0.0);
    if in_units {
        stems.values_mut().for_each(|s| (s.old_volume, s.new_volume) = (0.0, 0.0));
        let counted =
            leaves.iter().zip(moved).filter(|(leaf, _)| leaf.component().is_some_and(is_token));
        for (_, m) in counted {
            let stem = stems.entry(m.stem).or_default();
            stem.old_volume += m.old.units;
            stem.new_volume += m.units;
        }
    }
    (stems, in_units)
}

fn is_token(component: Component) -> bool {
    component.unit() == crate::tokens::Unit::Token
}

/// The steps in order, without the last.
fn steps(
    previous: f64,
    calendar: f64,
    stems: &BTreeMap<u32, Stem>,
    moved: &[Moved],
) -> Vec<(Driver, f64)> {
    let (old, new) =
        stems.values().fold((0.0, 0.0), |(old, new), s| (old + s.old_volume, new + s.new_volume));
    let by_days = previous * calendar;
    let by_volume = if old > 0.0 { previous * new / old } else { by_days };
    // A stem without volume in the old period has its whole cost in the mix.
    let is_old = |s: &Stem| s.old_volume > 0.0;
    let by_mix: f64 = stems
        .values()
        .map(|s| if is_old(s) { s.old_cost * s.new_volume / s.old_volume } else { s.new_cost })
        .sum();
    let by_units: f64 =
        stems.values().map(|s| if is_old(s) { s.with_units } else { s.new_cost }).sum();
    let known = |m: &&Moved| stems.get(&m.stem).is_some_and(is_old);
    let ratio = |m: &Moved| if m.old.units > 0.0 { m.units / m.old.units } else { 0.0 };
    let of = |part: &dyn Fn(&Moved) -> f64| moved.iter().filter(known).map(part).sum::<f64>();
    let price =
        of(&|m| ratio(m) * (m.old.cost_on_eve - m.old.cost) + m.units * (m.price - m.price_on_eve));
    let model_mix = of(&|m| m.units * m.price_on_eve - ratio(m) * m.old.cost_on_eve);
    let events = of(&|m| m.units * (m.price_with_events - m.price));
    vec![
        (Driver::Calendar, by_days - previous),
        (Driver::Volume, by_volume - by_days),
        (Driver::Mix, by_mix - by_volume),
        (Driver::UnitsPerRequest, by_units - by_mix),
        (Driver::ModelMix, model_mix),
        (Driver::Price, price),
        (Driver::Events, events),
    ]
}
