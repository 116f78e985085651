//! From usage to spend: forecast quantities, rate every sample path, read spend off the paths.
//!
//! Quantities are forecast, not costs, because prices, tiers and contract terms are known functions
//! of quantities and change on known dates. The one place where a forecast number becomes a count
//! of tokens is here; from there on money is exact.

mod blend;
mod costs;
mod crossing;
pub mod history;
mod paths;
mod spans;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use thiserror::Error;

use self::blend::Shares;
pub use self::costs::{CostOptions, MissingDays, project_costs};
pub use self::crossing::{Budget, BudgetOutlook, Crossing};
pub use self::history::{History, LastDay, LeafKey};
pub use self::paths::{BasisPoints, CostPaths, Distribution};
pub use self::spans::{RunRate, Span, SpanKind};
use crate::diagnostic::{Diagnostics, code};
use crate::forecast::{Draws, FittedSeries, ForecastError, ForecastOptions, Method, check};
use crate::money::{Amount, BLEND_WHOLE, Currency, MoneyError};
use crate::period::{Calendar, Month, Period, Timestamp};
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
    /// Dimensions of the groups; times are left out.
    pub dimensions: Vec<Dimension>,
}

/// How far to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Horizon {
    /// This many days from the origin.
    Days(u32),
    /// To the end of this many calendar months, the origin's being the first.
    Months(u32),
    /// To the end of the calendar quarter.
    Quarter,
    /// To the end of the calendar year.
    Year,
    /// Up to and including a day.
    Through(NaiveDate),
}

impl Horizon {
    /// The day after the last one forecast.
    #[must_use]
    pub fn end(self, origin: NaiveDate) -> NaiveDate {
        use chrono::Datelike;
        let month = Month::of(origin);
        match self {
            Self::Days(days) => origin
                .checked_add_days(chrono::Days::new(u64::from(days)))
                .unwrap_or(NaiveDate::MAX),
            Self::Months(count) => month.plus(count).first_day(),
            Self::Quarter => month.plus(3 - origin.month0() % 3).first_day(),
            Self::Year => month.plus(12 - origin.month0()).first_day(),
            Self::Through(day) => crate::period::next_day(day),
        }
    }

    /// The day after the last one forecast, and the number of days to it.
    fn days_from(self, origin: NaiveDate) -> Result<(NaiveDate, usize), ProjectionError> {
        let end = self.end(origin);
        let days = end.signed_duration_since(origin).num_days();
        if days < 1 {
            return Err(ProjectionError::EmptyHorizon { end, origin });
        }
        let days = usize::try_from(days).ok().filter(|d| *d <= 3_660);
        let too_long = ProjectionError::TooLong(end.signed_duration_since(origin).num_days());
        Ok((end, days.ok_or(too_long)?))
    }
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
    /// Groups whose paths need too much memory.
    #[error("paths of {groups} groups do not fit into 1 GiB")]
    TooManyGroups {
        /// Groups asked for.
        groups: usize,
    },
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

/// How leaves were forecast.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelUse {
    /// Leaves by method.
    pub methods: BTreeMap<&'static str, usize>,
    /// Leaves in all.
    pub leaves: usize,
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
    if let Some(bucket) = history::longest_bucket(rollup) {
        return Err(ProjectionError::CoarseBuckets(bucket));
    }
    let history = History::build(rollup, book, &options.calendar, options.last_day)
        .ok_or(ProjectionError::NoUsage)?;
    if history.leaves.is_empty() {
        return Err(ProjectionError::NoUsage);
    }
    if history.days() < LEAST_HISTORY_DAYS {
        return Err(ProjectionError::TooShort { days: history.days() });
    }
    let (end, horizon_days) = options.horizon.days_from(history.origin)?;
    let rater = Rater::new(book, rollup.profiles(), options.known_at)?;
    let (keys, group_of) = group_profiles(rollup, options);
    let actual = actual_by_day(rollup, &rater, options, history.origin)?;
    let simulated =
        Simulation { history: &history, rater: &rater, options, horizon_days, group_of: &group_of }
            .run(keys.len())?;
    let mut diagnostics = history.diagnostics.clone();
    if history.days() < WEEKLY_HISTORY_DAYS {
        diagnostics.add(code::SHORT_HISTORY, short_history(history.days()), None);
    }
    for (leaf, missing) in &simulated.unpriced {
        let message = format!(
            "forecast: no price for `{}` of `{}` models of `{}` from {} on: about {} units are not part of the spend",
            leaf.component, leaf.family, leaf.provider, missing.from, missing.units
        );
        diagnostics.add(code::UNPRICED_USAGE, message, None);
    }
    let has_groups = options.dimensions.iter().any(|d| !d.is_time());
    let groups = if has_groups {
        let single = (keys.len() == 1).then(|| vec![simulated.total.clone()]);
        let paths = single.unwrap_or(simulated.groups).into_iter();
        keys.into_iter().zip(paths).map(|(key, paths)| ProjectedGroup { key, paths }).collect()
    } else {
        Vec::new()
    };
    Ok(Projection {
        currency: rater.currency(),
        history_start: history.first,
        origin: history.origin,
        end,
        has_partial_day: history.has_partial_day,
        total: simulated.total,
        groups,
        actual,
        unknown_days: BTreeSet::new(),
        unpriced_units: simulated.unpriced.values().map(|m| m.units).sum(),
        model: simulated.model,
        diagnostics,
    })
}

fn short_history(days: i64) -> String {
    format!(
        "history of {days} days is too short for a weekly pattern ({WEEKLY_HISTORY_DAYS} needed)"
    )
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

struct Simulation<'a, 'b> {
    history: &'a History,
    rater: &'a Rater<'b>,
    options: &'a ProjectionOptions,
    horizon_days: usize,
    group_of: &'a [usize],
}

/// Forecast units without a price.
#[derive(Debug, Clone, Copy)]
struct Missing {
    from: NaiveDate,
    units: u64,
}

struct Simulated {
    total: CostPaths,
    groups: Vec<CostPaths>,
    model: ModelUse,
    unpriced: BTreeMap<LeafKey, Missing>,
}

impl Simulation<'_, '_> {
    /// Leaf by leaf, so that only one leaf's quantities are in memory at a time. All leaves draw
    /// the same days, so their totals keep their correlation.
    fn run(&self, groups: usize) -> Result<Simulated, ProjectionError> {
        let options = ForecastOptions {
            horizon_days: self.horizon_days,
            paths: self.options.paths,
            seed: self.options.seed,
            ..ForecastOptions::default()
        };
        let leaves = &self.history.leaves;
        check(leaves.iter().map(|leaf| &leaf.series), &options)?;
        let fit = |(at, leaf): (usize, &history::Leaf)| {
            FittedSeries::fit(&leaf.series, &options).ok_or(ForecastError::NoHistory { series: at })
        };
        let fitted: Vec<FittedSeries> =
            leaves.iter().enumerate().map(fit).collect::<Result<_, _>>()?;
        let span = fitted.iter().map(FittedSeries::residual_span).max().unwrap_or(1);
        let draws = Draws::new(&options, span);
        let mut simulated = Simulated {
            total: CostPaths::zeros(options.paths, self.horizon_days),
            groups: vec![CostPaths::zeros(options.paths, self.horizon_days); groups],
            model: ModelUse { leaves: fitted.len(), ..ModelUse::default() },
            unpriced: BTreeMap::new(),
        };
        let mut quantities = vec![0.0; options.paths * self.horizon_days];
        for (leaf, fit) in self.history.leaves.iter().zip(&fitted) {
            fit.simulate(&draws, &mut quantities);
            *simulated.model.methods.entry(Method::name(fit.info.method)).or_default() += 1;
            self.rate_leaf(leaf, &quantities, &mut simulated)?;
        }
        Ok(simulated)
    }

    fn rate_leaf(
        &self,
        leaf: &history::Leaf,
        quantities: &[f64],
        simulated: &mut Simulated,
    ) -> Result<(), ProjectionError> {
        let shares = Shares::of(leaf);
        let nothing = BTreeMap::new();
        let days: Vec<NaiveDate> =
            self.history.origin.iter_days().take(self.horizon_days).collect();
        for (day, date) in days.into_iter().enumerate() {
            let prices =
                shares.prices(leaf, date, &self.options.calendar, self.rater, self.group_of)?;
            let floor = if day == 0 && self.history.has_partial_day { leaf.partial } else { 0 };
            let mut units: u128 = 0;
            for (path, values) in quantities.chunks_exact(self.horizon_days).enumerate() {
                let count = whole(values[day]).max(floor);
                units += u128::from(count);
                simulated.total.add(path, day, prices.whole.checked_cost(count)?)?;
                // A single group would only repeat the total.
                let groups = if simulated.groups.len() > 1 { &prices.by_group } else { &nothing };
                for (group, price) in groups {
                    simulated.groups[*group].add(path, day, price.checked_cost(count)?)?;
                }
            }
            let mean = units / u128::try_from(self.options.paths.max(1)).unwrap_or(1);
            let unpriced = mean * u128::from(prices.unpriced) / u128::from(BLEND_WHOLE);
            if unpriced > 0 {
                let missing = simulated
                    .unpriced
                    .entry(leaf.key.clone())
                    .or_insert(Missing { from: date, units: 0 });
                let more = u64::try_from(unpriced).unwrap_or(u64::MAX);
                missing.units = missing.units.saturating_add(more);
            }
        }
        Ok(())
    }
}

/// A forecast quantity as a count of units.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates at both ends"
)]
fn whole(quantity: f64) -> u64 {
    quantity.round() as u64
}
