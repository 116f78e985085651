//! Projection of daily costs that come without usage: each series is forecast as it stands.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate, Weekday};

use super::backtest::approximate;
use super::cancel::Cancelling;
use super::findings::{add_unusual_days, short_history};
use super::history::quantity;
use super::paths::CostPaths;
use super::simulation::whole;
use super::{
    Horizon, LEAST_HISTORY_DAYS, LastDay, Level, ModelUse, ProjectedGroup, Projection,
    ProjectionError, WEEKLY_HISTORY_DAYS,
};
use crate::costs::DailyCosts;
use crate::diagnostic::{Diagnostics, code};
use crate::forecast::{Draws, FittedSeries, ForecastError, ForecastOptions, Holidays, check};
use crate::money::{Amount, Currency, MoneyError};
use crate::period::next_day;
use crate::series::DailySeries;

/// Days of a series that are looked at; no forecast reads more.
const LONGEST_HISTORY_DAYS: i64 = 3_660;
/// Amounts that the paths of all groups together may hold: 1 GiB of them.
const MOST_GROUP_AMOUNTS: usize = 1 << 26;
/// Values of a series stay below this many ticks, so that floating point holds each exactly, also
/// when a path reaches several times the largest day.
const MOST_TICKS: i128 = 1 << 50;

/// What a day is on which no series has a cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingDays {
    /// Not known: it is left out of the fit and of the actual cost.
    #[default]
    Unknown,
    /// A day on which nothing was spent.
    Zero,
}

/// How to project daily costs.
#[derive(Debug, Clone)]
pub struct CostOptions {
    /// Days to forecast, or the day after the last one.
    pub horizon: Horizon,
    /// Sample paths.
    pub paths: usize,
    /// Seed of all random choices.
    pub seed: u64,
    /// Whether the last day is over; a table of days cannot tell, so `Auto` takes it as over.
    pub last_day: LastDay,
    /// Days whose costs say nothing about the future.
    pub ignored: BTreeSet<NaiveDate>,
    /// Days on which people rest although the weekday is one of work.
    pub holidays: Holidays,
    /// Days without any cost.
    pub missing: MissingDays,
    /// Keep the paths of each series as a group.
    pub by_series: bool,
}

/// Forecasts daily costs to the horizon: each series by itself, the total as their sum on each path.
///
/// # Errors
/// [`ProjectionError`]; too little history is one.
pub fn project_costs(
    costs: &DailyCosts,
    currency: Currency,
    options: &CostOptions,
) -> Result<Projection, ProjectionError> {
    let history = CostHistory::of(costs, options).ok_or(ProjectionError::NoUsage)?;
    let days = history.known_days(ForecastOptions::default().history_days);
    if days < LEAST_HISTORY_DAYS {
        return Err(ProjectionError::TooShort { days });
    }
    let (end, horizon_days) = options.horizon.days_from(history.origin)?;
    let forecast = ForecastOptions {
        horizon_days,
        paths: options.paths,
        seed: options.seed,
        ..ForecastOptions::default()
    };
    let groups = if options.by_series { costs.series().len() } else { 0 };
    let amounts = groups.saturating_mul(options.paths).saturating_mul(horizon_days);
    if amounts > MOST_GROUP_AMOUNTS {
        return Err(ProjectionError::TooManyGroups { groups });
    }
    let mut diagnostics = history.diagnostics.clone();
    if days < WEEKLY_HISTORY_DAYS {
        diagnostics.add(code::SHORT_HISTORY, short_history(days), None);
    }
    let mut simulated = Simulated::zeros(&forecast);
    simulated.run(costs, &history, &forecast, options)?;
    let actual = actual(costs, history.origin)?;
    add_unusual_days(&history.total(&actual), currency, &options.holidays, &mut diagnostics);
    Ok(Projection {
        currency,
        history_start: history.first,
        origin: history.origin,
        end,
        has_partial_day: history.has_partial_day,
        total: simulated.total,
        groups: simulated.groups,
        actual,
        unknown_days: history.unknown,
        unpriced_units: 0,
        level: Level::Group,
        levels: Vec::new(),
        record: None,
        drivers: None,
        model: simulated.model,
        diagnostics,
    })
}

/// Which days are known.
struct CostHistory {
    first: NaiveDate,
    origin: NaiveDate,
    has_partial_day: bool,
    unknown: BTreeSet<NaiveDate>,
    /// Unknown days, and those that are to be ignored.
    left_out: BTreeSet<NaiveDate>,
    diagnostics: Diagnostics,
}

impl CostHistory {
    fn of(costs: &DailyCosts, options: &CostOptions) -> Option<Self> {
        let days = costs.days();
        let (first, last) = (*days.first()?, *days.last()?);
        let has_partial_day = options.last_day == LastDay::Partial;
        let origin = if has_partial_day { last } else { next_day(last) };
        let between = first.iter_days().take_while(|day| *day < origin);
        let missing: BTreeSet<NaiveDate> = between.filter(|day| !days.contains(day)).collect();
        let mut diagnostics = Diagnostics::default();
        let unknown = match options.missing {
            MissingDays::Zero => BTreeSet::new(),
            MissingDays::Unknown => missing,
        };
        if let Some(day) = unknown.first() {
            let message = format!(
                "days without any cost, the first on {day}{}, are not known and not zero (set --missing-days)",
                weekends(&unknown)
            );
            let count = u64::try_from(unknown.len()).unwrap_or(u64::MAX);
            diagnostics.add_many(code::UNKNOWN_DAYS, message, None, count);
        }
        if has_partial_day {
            let message = format!(
                "last day {last} is not over: its cost so far bounds the forecast of that day from below"
            );
            diagnostics.add(code::PARTIAL_LAST_DAY, message, None);
        }
        let ignored = options.ignored.range(first.min(origin)..origin);
        let left_out = ignored.chain(&unknown).copied().collect();
        Some(Self { first, origin, has_partial_day, unknown, left_out, diagnostics })
    }

    /// Known days among the last `window` before the origin.
    fn known_days(&self, window: usize) -> i64 {
        let window = i64::try_from(window).unwrap_or(i64::MAX);
        let days = self.origin.signed_duration_since(self.first).num_days().min(window);
        let start = self.origin - chrono::Duration::days(days);
        days - i64::try_from(self.left_out.range(start..).count()).unwrap_or(i64::MAX)
    }

    /// The costs of all series together, as numbers for statistics.
    fn total(&self, actual: &BTreeMap<NaiveDate, Amount>) -> DailySeries {
        let earliest = self.origin - chrono::Duration::days(LONGEST_HISTORY_DAYS);
        let start = self.first.max(earliest);
        let value = |day: NaiveDate| {
            let cost = actual.get(&day).copied().unwrap_or_default();
            (!self.left_out.contains(&day)).then(|| approximate(cost))
        };
        let days = start.iter_days().take_while(|day| *day < self.origin);
        DailySeries { start, values: days.map(value).collect() }
    }

    /// A series in ticks, from its first day to the last complete one. A day on which only other
    /// series have a cost is zero.
    fn series(&self, costs: &BTreeMap<NaiveDate, Amount>, tick: i128) -> DailySeries {
        let earliest = self.origin - chrono::Duration::days(LONGEST_HISTORY_DAYS);
        let last = self.origin.pred_opt().unwrap_or(self.origin);
        // A series that began on the day that is not over was zero before.
        let began = costs.keys().next().copied().unwrap_or(last);
        let start = began.min(last).max(earliest);
        let value = |day: NaiveDate| {
            if self.left_out.contains(&day) && began < self.origin {
                return None;
            }
            Some(in_ticks(costs.get(&day).copied().unwrap_or_default(), tick))
        };
        let days = start.iter_days().take_while(|day| *day < self.origin);
        DailySeries { start, values: days.map(value).collect() }
    }
}

/// On days that are all weekends most likely nothing was spent.
fn weekends(days: &BTreeSet<NaiveDate>) -> &'static str {
    let is_weekend = |day: &NaiveDate| matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    if days.iter().all(is_weekend) { " (weekends only)" } else { "" }
}

fn actual(
    costs: &DailyCosts,
    origin: NaiveDate,
) -> Result<BTreeMap<NaiveDate, Amount>, MoneyError> {
    let mut actual: BTreeMap<NaiveDate, Amount> = BTreeMap::new();
    for (day, cost) in costs.series().flat_map(|(_, days)| days.range(..origin)) {
        let sum = actual.entry(*day).or_default();
        *sum = sum.checked_add(*cost)?;
    }
    Ok(actual)
}

struct Simulated {
    total: CostPaths,
    groups: Vec<ProjectedGroup>,
    model: ModelUse,
}

impl Simulated {
    fn zeros(options: &ForecastOptions) -> Self {
        Self {
            total: CostPaths::zeros(options.paths, options.horizon_days),
            groups: Vec::new(),
            model: ModelUse::default(),
        }
    }

    /// Series by series, so that only one series' paths are in memory beside the sums.
    fn run(
        &mut self,
        costs: &DailyCosts,
        history: &CostHistory,
        options: &ForecastOptions,
        asked: &CostOptions,
    ) -> Result<(), ProjectionError> {
        let mut cancelling = Cancelling::new();
        let mut fitted: Vec<(FittedSeries, i128)> = Vec::with_capacity(costs.series().len());
        for (at, (_, days)) in costs.series().enumerate() {
            let tick = tick(days.values().copied().max().unwrap_or_default());
            let series = history.series(days, tick);
            check([&series], options)?;
            let fit = FittedSeries::fit_with(&series, options, &asked.holidays)
                .ok_or(ForecastError::NoHistory { series: at })?;
            self.model.leaves += 1;
            *self.model.methods.entry(fit.info.method.name()).or_default() += 1;
            cancelling.add(&series.values, approximate(Amount::from_atto(tick)));
            fitted.push((fit, tick));
        }
        let span = fitted.iter().map(|(fit, _)| fit.residual_span()).max().unwrap_or(1);
        let draws = Draws::new(options, span);
        let mut ticks = vec![0.0; options.paths * options.horizon_days];
        for ((id, days), (fit, tick)) in costs.series().zip(&fitted) {
            fit.simulate(&draws, &mut ticks);
            fit.align(cancelling.share(), &mut ticks);
            let so_far = days.get(&history.origin).copied().unwrap_or_default();
            let own =
                asked.by_series.then(|| CostPaths::zeros(options.paths, options.horizon_days));
            let mut own = own.map(|paths| ProjectedGroup { key: vec![id.to_owned()], paths });
            for (path, values) in ticks.chunks_exact(options.horizon_days).enumerate() {
                for (day, value) in values.iter().enumerate() {
                    let cost = from_ticks(*value, *tick)?;
                    let cost = if day == 0 { cost.max(so_far) } else { cost };
                    self.total.add(path, day, cost)?;
                    if let Some(own) = &mut own {
                        own.paths.add(path, day, cost)?;
                    }
                }
            }
            self.groups.extend(own);
        }
        Ok(())
    }
}

/// The unit in which a series is forecast: the smallest power of ten of 10^-18 of the currency unit
/// in which its largest day stays below [`MOST_TICKS`]. A day of at most 15 digits is a whole
/// number of them.
fn tick(largest: Amount) -> i128 {
    let mut tick = 1;
    while largest.atto() / tick >= MOST_TICKS {
        tick *= 10;
    }
    tick
}

fn in_ticks(cost: Amount, tick: i128) -> f64 {
    quantity(u64::try_from((cost.atto() + tick / 2) / tick).unwrap_or(0))
}

/// The one place where a forecast cost becomes an amount: whole ticks of its series.
fn from_ticks(value: f64, tick: i128) -> Result<Amount, MoneyError> {
    i128::from(whole(value)).checked_mul(tick).map(Amount::from_atto).ok_or(MoneyError::Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_fifteen_digits_survive_the_forecaster() {
        for text in ["0.00", "0.10", "10.00", "0.000000123", "123456789012.345", "98765.4321"] {
            let cost: Amount = text.parse().unwrap();
            let tick = tick(cost);
            assert_eq!(from_ticks(in_ticks(cost, tick), tick), Ok(cost), "{text}");
        }
    }
}
