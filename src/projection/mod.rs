//! From usage to spend: forecast quantities, rate every sample path, read spend off the paths.
//!
//! Quantities are forecast, not costs, because prices, tiers and contract terms are known functions
//! of quantities and change on known dates. The one place where a forecast number becomes a count
//! of tokens is in [`simulation`]; from there on money is exact.

mod blend;
mod days;
pub mod events;
mod growth;
mod history;
mod horizon;
mod level;
mod mix;
mod months;
mod paths;
mod simulation;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use thiserror::Error;

use self::blend::Pricing;
pub use self::days::{LastDay, UsageDays, longest_bucket};
use self::events::{Event, EventFactors};
pub use self::growth::Growth;
pub use self::history::LeafKey;
use self::history::{Leaf, Origin, leaves};
pub use self::horizon::Horizon;
pub use self::level::{Level, Measure};
use self::level::{ProfileNames, Stems};
pub use self::months::ProjectedMonth;
pub use self::paths::{BasisPoints, CostPaths, Distribution};
pub use self::simulation::ModelUse;
use self::simulation::{Simulated, Simulation};
use crate::diagnostic::{Diagnostics, code};
use crate::forecast::{ForecastError, ForecastOptions};
use crate::money::{Amount, Currency, MoneyError};
use crate::period::{Calendar, Period, Timestamp};
use crate::price_book::PriceBook;
use crate::rating::group::Dimension;
use crate::rating::{Rater, RatingError};
use crate::rollup::Rollup;

/// Fewest complete days that a forecast is made from.
pub const LEAST_HISTORY_DAYS: i64 = 3;
/// Days from which a weekly pattern can be told.
pub const WEEKLY_HISTORY_DAYS: i64 = 14;

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
    /// Known changes of usage.
    pub events: Vec<Event>,
    /// Planned growth.
    pub growth: Vec<Growth>,
    /// What is forecast as one series.
    pub level: Level,
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
    /// Months that the horizon touches.
    pub months: Vec<ProjectedMonth>,
    /// Cost of each day of the history before the origin.
    pub actual: BTreeMap<NaiveDate, Amount>,
    /// Mean units without a price over the horizon.
    pub unpriced_units: u64,
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
    if let Some(bucket) = longest_bucket(rollup) {
        return Err(ProjectionError::CoarseBuckets(bucket));
    }
    let days = UsageDays::build(rollup, &options.calendar, options.last_day, &options.ignored)
        .ok_or(ProjectionError::NoUsage)?;
    if days.days() < LEAST_HISTORY_DAYS {
        return Err(ProjectionError::TooShort { days: days.days() });
    }
    let end = options.horizon.end(days.origin);
    let length = end.signed_duration_since(days.origin).num_days();
    if length < 1 {
        return Err(ProjectionError::EmptyHorizon { end, origin: days.origin });
    }
    let horizon_days = usize::try_from(length)
        .ok()
        .filter(|d| *d <= 3_660)
        .ok_or(ProjectionError::TooLong(length))?;
    let rater = Rater::new(book, rollup.profiles(), options.known_at)?;
    let (keys, group_of) = group_profiles(rollup, options);
    let actual = actual_by_day(rollup, &rater, options, days.origin)?;
    let events = EventFactors::new(&options.events, rollup.profiles(), &options.calendar);
    let names = ProfileNames::build(rollup, book, &options.dimensions, &options.calendar);
    let stems = Stems::build(options.level, &names);
    let origin = Origin { offset: days.origin_offset(), has_partial_day: days.has_partial_day };
    let leaves = leaves(&days, &stems, &events, origin, false);
    if leaves.is_empty() {
        return Err(ProjectionError::NoUsage);
    }
    let simulated = Simulation {
        leaves: &leaves,
        origin: days.origin,
        has_partial_day: days.has_partial_day,
        options: ForecastOptions {
            horizon_days,
            paths: options.paths,
            seed: options.seed,
            ..ForecastOptions::default()
        },
        pricing: Pricing {
            rater: &rater,
            calendar: &options.calendar,
            events: &events,
            profiles: rollup.profiles(),
            group_of: &group_of,
        },
        growth: &options.growth,
        groups: keys.len(),
        keep_sums: false,
    }
    .run()?
    .with_methods_counted(&leaves);
    let diagnostics = findings(&days, &events, &simulated, rollup);
    Ok(Projection {
        currency: rater.currency(),
        history_start: days.first,
        origin: days.origin,
        end,
        has_partial_day: days.has_partial_day,
        groups: projected_groups(keys, &simulated, options),
        total: simulated.total,
        months: months::months(&days, end, &actual)?,
        actual,
        unpriced_units: simulated.unpriced.values().map(|m| m.units).sum(),
        model: simulated.model,
        diagnostics,
    })
}

/// What was odd about a history and its forecast.
fn findings(
    days: &UsageDays,
    events: &EventFactors<'_>,
    simulated: &Simulated,
    rollup: &Rollup,
) -> Diagnostics {
    let mut found = days.diagnostics.clone();
    if days.days() < WEEKLY_HISTORY_DAYS {
        let message = format!(
            "history of {} days is too short for a weekly pattern ({WEEKLY_HISTORY_DAYS} needed)",
            days.days()
        );
        found.add(code::SHORT_HISTORY, message, None);
    }
    for event in events.idle() {
        let message =
            format!("event from {} on touches nothing: no usage of `{}`", event.from, event.scope);
        found.add(code::IDLE_EVENT, message, None);
    }
    for ((profile, component), missing) in &simulated.unpriced {
        let sku = &rollup.profiles()[*profile as usize].sku;
        let message = format!(
            "forecast: no price for `{component}` of `{}` of `{}` from {} on: about {} units are not part of the spend",
            sku.model, sku.provider, missing.from, missing.units
        );
        found.add(code::UNPRICED_USAGE, message, None);
    }
    found
}

fn projected_groups(
    keys: Vec<Vec<String>>,
    simulated: &Simulated,
    options: &ProjectionOptions,
) -> Vec<ProjectedGroup> {
    if !options.dimensions.iter().any(|d| !d.is_time()) {
        return Vec::new();
    }
    let single = std::slice::from_ref(&simulated.total);
    let paths = if keys.len() == 1 { single } else { &simulated.groups };
    keys.into_iter()
        .zip(paths)
        .map(|(key, paths)| ProjectedGroup { key, paths: paths.clone() })
        .collect()
}

/// The keys of the groups, sorted, and the group of each profile.
fn group_profiles(rollup: &Rollup, options: &ProjectionOptions) -> (Vec<Vec<String>>, Vec<usize>) {
    let nowhen = Period { start: Timestamp::default(), end: Timestamp::default() };
    let key = |profile| -> Vec<String> {
        let wanted =
            options.dimensions.iter().filter(|d| !d.is_time() && **d != Dimension::Component);
        wanted.map(|d| d.value(nowhen, profile, &options.calendar)).collect()
    };
    let mut keys: Vec<Vec<String>> = rollup.profiles().iter().map(key).collect();
    keys.sort();
    keys.dedup();
    let group_of =
        rollup.profiles().iter().map(|p| keys.binary_search(&key(p)).unwrap_or(0)).collect();
    (keys, group_of)
}

fn actual_by_day(
    rollup: &Rollup,
    rater: &Rater<'_>,
    options: &ProjectionOptions,
    origin: NaiveDate,
) -> Result<BTreeMap<NaiveDate, Amount>, ProjectionError> {
    let mut days: BTreeMap<NaiveDate, Amount> = BTreeMap::new();
    for row in rollup.rows() {
        let day = options.calendar.date_of(row.period.start);
        if day < origin {
            let cost = rater.rate_row(rollup, row)?.costs()?.billed_cost;
            let sum = days.entry(day).or_default();
            *sum = sum.checked_add(cost)?;
        }
    }
    Ok(days)
}
