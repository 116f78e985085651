//! Projection of daily costs that come without usage: each series is forecast as it stands.

mod again;
mod history;
mod simulated;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use chrono::NaiveDate;

use self::again::PastCosts;
pub use self::again::backtest_costs;
use self::history::CostHistory;
use self::simulated::{Run, Simulated};
use super::backtest::track_record;
use super::findings::{SHIFT_OF_COSTS, add_unusual_days, short_history};
use super::paths::groups_fit;
use super::{
    Horizon, LEAST_HISTORY_DAYS, LastDay, Level, ProjectedGroup, Projection, ProjectionError,
    WEEKLY_HISTORY_DAYS,
};
use crate::costs::DailyCosts;
use crate::diagnostic::code;
use crate::forecast::{ForecastOptions, Holidays};
use crate::money::Currency;

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
    /// Threads that backtests may use; the result does not depend on it.
    pub threads: Option<NonZeroUsize>,
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
    let days = enough_days(&history)?;
    let (end, horizon_days) = options.horizon.days_from(history.origin)?;
    let groups = if options.by_series { costs.series().len() } else { 0 };
    if !groups_fit(groups, options.paths, horizon_days) {
        return Err(ProjectionError::TooManyGroups { groups });
    }
    let mut diagnostics = history.diagnostics.clone();
    if days < WEEKLY_HISTORY_DAYS {
        diagnostics.add(code::SHORT_HISTORY, short_history(days), None);
    }
    let run = Run {
        origin: history.origin,
        is_past: false,
        horizon_days,
        paths: options.paths,
        by_series: options.by_series,
    };
    let mut groups = Vec::with_capacity(groups);
    let simulated = Simulated::run(costs, &history, run, options, |id, _, paths| {
        groups.push(ProjectedGroup { key: vec![id.to_owned()], paths });
        Ok(())
    })?;
    let actual = history.actual(costs)?;
    let total = history.total(&actual);
    add_unusual_days(&total, currency, &options.holidays, SHIFT_OF_COSTS, &mut diagnostics);
    let past = PastCosts::new(costs, &history, options, &actual, false);
    Ok(Projection {
        currency,
        history_start: history.first,
        origin: history.origin,
        end,
        has_partial_day: history.has_partial_day,
        total: simulated.total,
        groups,
        record: track_record(&past, horizon_days)?,
        actual,
        unknown_days: history.unknown,
        unpriced_units: 0,
        level: Level::Group,
        levels: Vec::new(),
        drivers: None,
        model: simulated.model,
        diagnostics,
    })
}

/// The known days among those that a forecast is made from.
fn enough_days(history: &CostHistory) -> Result<i64, ProjectionError> {
    let days = history.known_days(history.origin, ForecastOptions::default().history_days);
    if days < LEAST_HISTORY_DAYS {
        return Err(ProjectionError::TooShort { days });
    }
    Ok(days)
}
