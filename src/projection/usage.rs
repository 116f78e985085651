//! Forecast usage as quantities on every path: what scenarios change and contracts are applied to.
//!
//! The simulation is that of a forecast: the same leaves, mixes, draws and seed. Quantities are kept
//! by stretch of days, profile and price, so that nothing of a part changes inside it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::backtest::{SpentByDay, choose_level};
use super::blend::Shares;
use super::history::{Leaf, horizon_dates};
use super::level::{Level, Measure};
use super::prepared::{Prepared, Run};
use super::simulation::{Missing, whole};
use super::{ProjectionError, ProjectionOptions, findings};
use crate::diagnostic::Diagnostics;
use crate::money::{BLEND_WHOLE, Currency};
use crate::period::{Calendar, Period, Timestamp, next_day};
use crate::price_book::PriceBook;
use crate::rollup::{Profile, Rollup};
use crate::settlement::TokenPrices;
use crate::tokens::Component;

/// Quantities that may be kept: 512 MiB of them.
const MOST_QUANTITIES: usize = 1 << 26;

/// The share of each hour of the day in the usage of a profile, by component.
pub type HourShares = BTreeMap<(u32, Component), Vec<(u8, f64)>>;

/// A stretch of days between two edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageSpan {
    /// First day and first day after it, in the calendar of the forecast.
    pub days: (NaiveDate, NaiveDate),
    /// Its instants, between the edges that its days stand for.
    pub period: Period,
}

/// One part of the usage: a profile in one stretch of days, at one price.
#[derive(Debug, Clone)]
pub struct UsageCell {
    /// Number of the stretch.
    pub span: usize,
    /// Number of the profile.
    pub profile: u32,
    /// What is counted.
    pub measure: Measure,
    /// Prices of one unit; `None`: requests, and what no book has a price for.
    pub prices: Option<TokenPrices>,
    /// Units on each path.
    pub quantities: Vec<f64>,
}

/// Usage to a horizon, as sample paths.
#[derive(Debug, Clone)]
pub struct UsagePaths {
    /// Currency of the prices.
    pub currency: Currency,
    /// First day forecast.
    pub origin: NaiveDate,
    /// The day after the last one forecast.
    pub end: NaiveDate,
    /// The instants of these days.
    pub window: Period,
    /// Number of paths.
    pub paths: usize,
    /// What the numbers of profiles stand for: those of the rollup, then one for each launch.
    pub profiles: Vec<Profile>,
    /// By time.
    pub spans: Vec<UsageSpan>,
    /// By stretch, profile, measure and price.
    pub cells: Vec<UsageCell>,
    /// When usage happens.
    pub hours: HourShares,
    /// The level that was forecast.
    pub level: Level,
    /// What was odd about it.
    pub diagnostics: Diagnostics,
}

/// Forecasts the usage of a rollup. `edges` gives the instants in the window forecast at which stretches
/// of days are cut: an instant inside a day counts as its nearer end.
///
/// # Errors
/// [`ProjectionError`], as for a forecast of costs; quantities that do not fit into memory.
pub fn usage_paths(
    rollup: &Rollup,
    book: &PriceBook,
    options: &ProjectionOptions,
    edges: &dyn Fn(Period) -> Vec<Timestamp>,
) -> Result<UsagePaths, ProjectionError> {
    let prepared = Prepared::new(rollup, book, options)?;
    let (end, horizon_days) = options.horizon.days_from(prepared.days.origin)?;
    let level = match options.level {
        Some(level) => level,
        None => choose_level(&prepared, &SpentByDay::of(&prepared)?)?.0,
    };
    let origin = prepared.last_origin();
    let leaves = prepared.leaves(level, origin, true);
    if leaves.is_empty() {
        return Err(ProjectionError::NoUsage);
    }
    let first = prepared.days.origin;
    let calendar = &options.calendar;
    let window = Period { start: calendar.day_start(first), end: calendar.day_start(end) };
    let spans = spans(calendar, (first, end), &edges(window));
    let run =
        Run { origin, horizon_days, paths: options.paths, keep_sums: false, with_plans: true };
    let mut gathered = Gathered {
        prepared: &prepared,
        spans: &spans,
        dates: horizon_dates(first, horizon_days),
        paths: options.paths,
        cells: BTreeMap::new(),
        hours: HourShares::new(),
    };
    prepared
        .simulation(&leaves, run)
        .each_leaf(&mut |leaf, _, quantities| gathered.add(leaf, quantities))?;
    let (cells, hours) = gathered.finish();
    let unpriced = unpriced(&cells, &spans, options.paths);
    let actual = prepared.actual_by_day()?;
    Ok(UsagePaths {
        currency: prepared.rater.currency(),
        origin: first,
        end,
        window,
        paths: options.paths,
        diagnostics: findings::findings(&prepared, &actual, &unpriced),
        profiles: prepared.profiles.clone(),
        spans,
        cells,
        hours,
        level,
    })
}

/// Prices in an order, whatever it is.
type PriceKey = Option<(crate::money::UnitPrice, crate::money::UnitPrice)>;

struct Gathered<'p, 'a> {
    prepared: &'p Prepared<'a>,
    spans: &'p [UsageSpan],
    dates: Vec<NaiveDate>,
    paths: usize,
    cells: BTreeMap<(usize, u32, Measure, PriceKey), Vec<f64>>,
    hours: HourShares,
}

impl Gathered<'_, '_> {
    fn add(&mut self, leaf: &Leaf, quantities: &[f64]) -> Result<(), ProjectionError> {
        let component = leaf.component();
        // The mix of requests has no component; its parts need none either.
        let shares = Shares::of(component.unwrap_or(Component::Output), &leaf.mix);
        let pricing = self.prepared.pricing();
        let variants: Vec<usize> = (0..self.paths).map(|path| shares.variant_of(path)).collect();
        let mut span = 0;
        for (day, date) in self.dates.iter().enumerate() {
            while self.spans.get(span).is_some_and(|s| s.days.1 <= *date) {
                span += 1;
            }
            for part in shares.parts(*date, &pricing, component.is_some()) {
                if part.shares.iter().all(|share| *share == 0) {
                    continue;
                }
                let weights: Vec<f64> =
                    part.shares.iter().map(|s| f64::from(*s) / f64::from(BLEND_WHOLE)).collect();
                let price = part.prices.map(|p| (p.own, p.list));
                let number = self.cells.len() + 1;
                let cell = self.cells.entry((span, part.profile, leaf.key.measure, price));
                let cell = match cell {
                    std::collections::btree_map::Entry::Occupied(found) => found.into_mut(),
                    std::collections::btree_map::Entry::Vacant(empty) => {
                        if number.saturating_mul(self.paths) > MOST_QUANTITIES {
                            return Err(ProjectionError::TooManyParts(number));
                        }
                        empty.insert(vec![0.0; self.paths])
                    }
                };
                let paths = quantities.chunks_exact(self.dates.len());
                for ((sum, path), variant) in cell.iter_mut().zip(paths).zip(&variants) {
                    *sum += path[day] * weights[*variant];
                }
            }
        }
        if let Some(component) = component {
            for (profile, hours) in leaf.mix.profiles.iter().zip(&leaf.mix.hours) {
                self.hours.insert((*profile, component), hours.clone());
            }
        }
        Ok(())
    }

    fn finish(self) -> (Vec<UsageCell>, HourShares) {
        let cells = self.cells.into_iter().map(|((span, profile, measure, prices), quantities)| {
            let prices = prices.map(|(own, list)| TokenPrices { list, own });
            UsageCell { span, profile, measure, prices, quantities }
        });
        (cells.collect(), self.hours)
    }
}

/// Stretches of days; every edge counts as the nearest start of a day.
fn spans(
    calendar: &Calendar,
    (first, end): (NaiveDate, NaiveDate),
    edges: &[Timestamp],
) -> Vec<UsageSpan> {
    let mut cuts: BTreeMap<NaiveDate, (Timestamp, Timestamp)> = BTreeMap::new();
    let mut cut = |day: NaiveDate, edge: Timestamp| {
        let (least, most) = cuts.entry(day).or_insert((edge, edge));
        (*least, *most) = ((*least).min(edge), (*most).max(edge));
    };
    cut(first, calendar.day_start(first));
    cut(end, calendar.day_start(end));
    for edge in edges {
        let day = calendar.date_of(*edge);
        let period = calendar.day(day);
        let is_late = edge.nanos() - period.start.nanos() > period.end.nanos() - edge.nanos();
        let day = if is_late { next_day(day) } else { day }.clamp(first, end);
        cut(day, calendar.day_start(day));
        cut(day, *edge);
    }
    let cuts: Vec<_> = cuts.into_iter().collect();
    let span = |pair: &[(NaiveDate, (Timestamp, Timestamp))]| UsageSpan {
        days: (pair[0].0, pair[1].0),
        period: Period { start: pair[0].1.1, end: pair[1].1.0 },
    };
    cuts.windows(2).map(span).collect()
}

/// What has no price, as a forecast of costs says it.
fn unpriced(
    cells: &[UsageCell],
    spans: &[UsageSpan],
    paths: usize,
) -> BTreeMap<(u32, Component), Missing> {
    let mut found: BTreeMap<(u32, Component), Missing> = BTreeMap::new();
    let share = 1.0 / f64::from(u32::try_from(paths.max(1)).unwrap_or(u32::MAX));
    for cell in cells.iter().filter(|cell| cell.prices.is_none()) {
        let Measure::Component(component) = cell.measure else { continue };
        let units = whole(cell.quantities.iter().sum::<f64>() * share);
        if units > 0 {
            let from = spans[cell.span].days.0;
            let missing =
                found.entry((cell.profile, component)).or_insert(Missing { from, units: 0 });
            missing.units = missing.units.saturating_add(units);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_off_midnight_count_as_the_nearest_start_of_a_day() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let zone = Calendar::named("America/New_York").unwrap();
        let days = (day("2026-01-10"), day("2026-03-01"));
        let found = spans(&zone, days, &[at("2026-02-01"), at("2026-02-01T05:00:00Z")]);
        assert_eq!(found.len(), 2);
        // New York's February begins at five; the month of UTC before it takes nothing of January.
        assert_eq!(found[0].days, (day("2026-01-10"), day("2026-02-01")));
        assert_eq!(found[0].period.end, at("2026-02-01"));
        assert_eq!(found[1].period.start, at("2026-02-01T05:00:00Z"));
    }
}
