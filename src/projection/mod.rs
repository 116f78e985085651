//! From usage to spend: forecast quantities, rate every sample path, read spend off the paths.
//!
//! Quantities are forecast, not costs, because prices, tiers and contract terms are known functions
//! of quantities and change on known dates. The one place where a forecast number becomes a count
//! of tokens is in the simulation of leaves; from there on money is exact.

pub mod backtest;
mod blend;
mod cancel;
mod cells;
mod conditions;
mod costs;
mod crossing;
mod days;
mod drivers;
pub mod events;
mod findings;
mod growth;
mod history;
mod horizon;
mod launch;
mod level;
mod lines;
mod look_back;
mod mix;
mod paths;
mod prepared;
mod simulation;
mod spans;
mod usage;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use chrono::NaiveDate;
use thiserror::Error;

use self::backtest::{LevelScore, PastUsage, SpentByDay, TrackRecord, choose_level, track_record};
pub(crate) use self::conditions::conditions;
pub use self::costs::{CostOptions, MissingDays, backtest_costs, project_costs};
pub use self::crossing::{Budget, BudgetOutlook, Crossing};
pub use self::days::{LastDay, UsageDays, longest_bucket};
pub use self::drivers::{Driver, Drivers};
use self::events::Event;
pub use self::growth::Growth;
pub use self::history::LeafKey;
pub use self::horizon::Horizon;
pub use self::launch::{Launch, LaunchError};
pub use self::level::{Level, Measure};
pub use self::lines::{PathChoice, PathLines, path_lines};
pub use self::look_back::look_back;
pub use self::paths::{BasisPoints, CostPaths, Distribution, Neighbour, neighbours};
use self::prepared::{Prepared, Run};
pub use self::simulation::ModelUse;
use self::simulation::Simulated;
pub use self::spans::{RunRate, Span, SpanKind};
pub use self::usage::{
    HourShares, UsageCell, UsagePaths, UsageSpan, usage_paths, usage_paths_under,
};
use crate::diagnostic::Diagnostics;
use crate::forecast::{ForecastError, Holidays};
use crate::money::{Amount, Currency, MoneyError};
use crate::period::{Calendar, Period, Timestamp};
use crate::price_book::PriceBook;
use crate::rating::RatingError;
use crate::rating::group::Dimension;
use crate::rollup::Rollup;

/// Fewest complete days that a forecast is made from.
pub const LEAST_HISTORY_DAYS: i64 = 3;
/// Days from which a weekly pattern can be told.
pub const WEEKLY_HISTORY_DAYS: i64 = 14;

/// The probability of the headline.
const MEDIAN: BasisPoints = 5_000;

/// How to project.
#[derive(Debug, Clone)]
pub struct ProjectionOptions {
    /// Days to forecast, or the day after the last one.
    pub horizon: Horizon,
    /// Sample paths.
    pub paths: usize,
    /// Seed of all random choices.
    pub seed: u64,
    /// Prices as known at this instant; `None`: as the books hold them.
    pub known_at: Option<Timestamp>,
    /// Days and months of this zone.
    pub calendar: Calendar,
    /// How to treat the last day.
    pub last_day: LastDay,
    /// Days whose usage says nothing about the future, such as load tests and outages.
    pub ignored: BTreeSet<NaiveDate>,
    /// Days on which people rest although the weekday is one of work.
    pub holidays: Holidays,
    /// Known changes of usage.
    pub events: Vec<Event>,
    /// Planned growth.
    pub growth: Vec<Growth>,
    /// Usage that will begin.
    pub launches: Vec<Launch>,
    /// What is forecast as one series; `None`: chosen by how well each level forecast the last
    /// weeks.
    pub level: Option<Level>,
    /// Threads that backtests may use; the result does not depend on it.
    pub threads: Option<NonZeroUsize>,
    /// Dimensions of the groups; times are left out.
    pub dimensions: Vec<Dimension>,
}

/// Why there is no projection.
#[derive(Debug, Error)]
pub enum ProjectionError {
    /// Nothing to go on.
    #[error("no usage to forecast from")]
    NoUsage,
    /// Too few days.
    #[error(
        "too little history: complete days {days} (at least {LEAST_HISTORY_DAYS}, better {WEEKLY_HISTORY_DAYS} or more)"
    )]
    TooShort {
        /// Complete days.
        days: i64,
    },
    /// Too few days to forecast some of them again.
    #[error(
        "history of {days} days is too short for a backtest (at least {needed} for such windows)"
    )]
    TooShortToTest {
        /// Complete days.
        days: u32,
        /// Days needed.
        needed: u32,
    },
    /// Usage that is only known by month or week.
    #[error("usage is only known for {} to {} as a whole: a forecast needs usage by the day", .0.start, .0.end)]
    CoarseBuckets(Period),
    /// A horizon that ends before it starts.
    #[error("horizon ends before {end}, but the first day to forecast is {origin}")]
    EmptyHorizon {
        /// The day after the last.
        end: NaiveDate,
        /// The first day to forecast.
        origin: NaiveDate,
    },
    /// A horizon longer than ten years.
    #[error("horizon of {0} days is too long (at most 3660)")]
    TooLong(i64),
    /// Groups whose paths need too much memory.
    #[error("paths of {groups} groups do not fit into 1 GiB")]
    TooManyGroups {
        /// Groups asked for.
        groups: usize,
    },
    /// Quantities that need too much memory.
    #[error("quantities of {0} parts of the usage on every path do not fit into 512 MiB")]
    TooManyParts(usize),
    /// The history cannot be forecast from.
    #[error("forecast of quantities")]
    Forecast(#[from] ForecastError),
    /// Rating failed.
    #[error(transparent)]
    Rating(#[from] RatingError),
    /// A sum does not fit.
    #[error("forecast cost")]
    Money(#[from] MoneyError),
}

/// Spend of one report group on every path.
#[derive(Debug, Clone)]
pub struct ProjectedGroup {
    /// Values of the dimensions.
    pub key: Vec<String>,
    /// Its paths.
    pub paths: CostPaths,
}

/// Spend to a horizon, as sample paths.
#[derive(Debug, Clone)]
pub struct Projection {
    /// Currency of every amount.
    pub currency: Currency,
    /// First day with usage.
    pub history_start: NaiveDate,
    /// First day forecast.
    pub origin: NaiveDate,
    /// The day after the last one forecast.
    pub end: NaiveDate,
    /// True if the first day forecast is partly known.
    pub has_partial_day: bool,
    /// Everything together.
    pub total: CostPaths,
    /// By the dimensions, sorted by key; empty without dimensions.
    pub groups: Vec<ProjectedGroup>,
    /// Cost of each day of the history before the origin.
    pub actual: BTreeMap<NaiveDate, Amount>,
    /// Days before the origin whose cost is not known.
    pub unknown_days: BTreeSet<NaiveDate>,
    /// Mean units without a price over the horizon.
    pub unpriced_units: u64,
    /// The level that was forecast.
    pub level: Level,
    /// The levels it was chosen among; empty if it was given or could not be chosen.
    pub levels: Vec<LevelScore>,
    /// How forecasts from earlier days did; `None` if the history is too short to tell.
    pub record: Option<TrackRecord>,
    /// Why it differs from the last period; `None` if that is too short, or cost nothing.
    pub drivers: Option<Drivers>,
    /// How it was made.
    pub model: ModelUse,
    /// What was odd about it.
    pub diagnostics: Diagnostics,
}

/// Forecasts the usage of a rollup and rates it to the horizon.
///
/// # Errors
/// [`ProjectionError`]; too little history is one, because a guess must not look like a forecast.
pub fn project(
    rollup: &Rollup,
    book: &PriceBook,
    options: &ProjectionOptions,
) -> Result<Projection, ProjectionError> {
    let prepared = Prepared::new(rollup, book, options)?;
    let days = &prepared.days;
    let (end, horizon_days) = options.horizon.days_from(days.origin)?;
    let spent = SpentByDay::of(&prepared)?;
    let (level, levels) = choose_level(&prepared, &spent)?;
    let past = PastUsage { prepared: &prepared, level, spent: &spent };
    let record = track_record(&past, horizon_days)?;
    let origin = prepared.last_origin();
    let leaves = prepared.leaves(level, origin, true);
    if leaves.is_empty() {
        return Err(ProjectionError::NoUsage);
    }
    let run = Run { origin, horizon_days, paths: options.paths, keep_sums: true, with_plans: true };
    let mut simulated = prepared.simulate(&leaves, run)?.with_methods_counted(&leaves);
    let actual = prepared.actual_by_day()?;
    let median = simulated.total.distribution(0, horizon_days, Amount::ZERO, &[MEDIAN])?;
    let median = median.quantiles.first().copied().unwrap_or_default();
    let drivers = drivers::drivers(&prepared, &leaves, &simulated, median)?;
    Ok(Projection {
        currency: prepared.rater.currency(),
        history_start: days.first,
        origin: days.origin,
        end,
        has_partial_day: days.has_partial_day,
        groups: projected_groups(&prepared.keys, &mut simulated, options),
        diagnostics: findings::findings(&prepared, &actual, &simulated.unpriced),
        total: simulated.total,
        actual,
        unknown_days: BTreeSet::new(),
        unpriced_units: simulated.unpriced.values().map(|m| m.units).sum(),
        level,
        levels,
        record,
        drivers,
        model: simulated.model,
    })
}

/// Takes the paths of the groups, which may be large, out of what was simulated.
fn projected_groups(
    keys: &[Vec<String>],
    simulated: &mut Simulated,
    options: &ProjectionOptions,
) -> Vec<ProjectedGroup> {
    if !options.dimensions.iter().any(|d| !d.is_time()) {
        return Vec::new();
    }
    let paths = match keys.len() {
        1 => vec![simulated.total.clone()],
        _ => std::mem::take(&mut simulated.groups),
    };
    let groups = keys.iter().cloned().zip(paths);
    groups.map(|(key, paths)| ProjectedGroup { key, paths }).collect()
}
