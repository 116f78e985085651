//! Forecast usage as quantities on every path: what scenarios change and contracts are applied to.
//!
//! The simulation is that of a forecast: the same leaves, mixes, draws and seed. Quantities are kept
//! by stretch of days, profile and price, so that nothing of a part changes inside it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::backtest::{SpentByDay, choose_level};
use super::cells::{HorizonDays, Taker, gather_all};
use super::history::{Leaf, horizon_dates};
use super::level::{Level, Measure};
use super::prepared::{Prepared, Run};
use super::simulation::{Missing, whole};
use super::{ProjectionError, ProjectionOptions, findings};
use crate::diagnostic::Diagnostics;
use crate::money::Currency;
use crate::period::{Calendar, Period, Timestamp, next_day};
use crate::price_book::PriceBook;
use crate::rollup::{Profile, Rollup};
use crate::settlement::TokenPrices;
use crate::tokens::Component;

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
    Ok(usage_paths_under(rollup, book, (options, &[]), edges)?.0)
}

/// [`usage_paths`], and the same under each of some plans: options that differ from the first ones in
/// events, growth and launches alone. All are forecast at one level, and with the same draws, which are made
/// once wherever a plan leaves history as it is.
///
/// # Errors
/// As [`usage_paths`].
pub fn usage_paths_under(
    rollup: &Rollup,
    book: &PriceBook,
    (options, plans): (&ProjectionOptions, &[ProjectionOptions]),
    edges: &dyn Fn(Period) -> Vec<Timestamp>,
) -> Result<(UsagePaths, Vec<UsagePaths>), ProjectionError> {
    let plain = Prepared::new(rollup, book, options)?;
    let (end, horizon_days) = options.horizon.days_from(plain.days.origin)?;
    let level = match options.level {
        Some(level) => level,
        None => choose_level(&plain, &SpentByDay::of(&plain)?)?.0,
    };
    let origin = plain.last_origin();
    let leaves = plain.leaves(level, origin, true);
    if leaves.is_empty() {
        return Err(ProjectionError::NoUsage);
    }
    let first = plain.days.origin;
    let calendar = &options.calendar;
    let window = Period { start: calendar.day_start(first), end: calendar.day_start(end) };
    let spans = spans(calendar, (first, end), &edges(window));
    let run =
        Run { origin, horizon_days, paths: options.paths, keep_sums: false, with_plans: true };
    let prepared = plans.iter().map(|plan| plain.under(book, plan));
    let prepared = prepared.collect::<Result<Vec<_>, _>>()?;
    let own: Vec<Vec<Leaf>> =
        prepared.iter().map(|prepared| prepared.leaves(level, origin, true)).collect();
    let all = std::iter::once((&plain, &leaves)).chain(prepared.iter().zip(&own));
    let takers: Vec<Taker<'_, '_>> = all
        .map(|(prepared, leaves)| Taker { prepared, simulation: prepared.simulation(leaves, run) })
        .collect();
    let days = HorizonDays { spans: &spans, dates: horizon_dates(first, horizon_days) };
    let gathered = gather_all(&takers, &days)?;
    let actual = plain.actual_by_day()?;
    let mut found = takers.iter().zip(gathered).map(|(taker, gathered)| {
        let (cells, hours) = gathered.finish();
        let unpriced = unpriced(&cells, &spans, options.paths);
        UsagePaths {
            currency: taker.prepared.rater.currency(),
            origin: first,
            end,
            window,
            paths: options.paths,
            diagnostics: findings::findings(taker.prepared, &actual, &unpriced),
            profiles: taker.prepared.profiles.clone(),
            spans: spans.clone(),
            cells,
            hours,
            level,
        }
    });
    let as_it_is = found.next().ok_or(ProjectionError::NoUsage)?;
    Ok((as_it_is, found.collect()))
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
