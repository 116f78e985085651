//! A history with everything that a forecast from any of its days needs.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use super::blend::Pricing;
use super::days::{UsageDays, longest_bucket};
use super::events::EventFactors;
use super::history::{Leaf, Origin, leaves};
use super::launch::Launch;
use super::level::{Level, ProfileNames, Stems};
use super::paths::groups_fit;
use super::simulation::{Simulated, Simulation};
use super::{LEAST_HISTORY_DAYS, ProjectionError, ProjectionOptions};
use crate::forecast::ForecastOptions;
use crate::money::Amount;
use crate::period::{Period, Timestamp};
use crate::price_book::PriceBook;
use crate::rating::Rater;
use crate::rating::group::Dimension;
use crate::rollup::{Profile, Rollup};

/// A rollup looked up, gathered by day and rated.
pub(super) struct Prepared<'a> {
    pub(super) rollup: &'a Rollup,
    pub(super) options: &'a ProjectionOptions,
    pub(super) days: Arc<UsageDays>,
    pub(super) rater: Rater<'a>,
    pub(super) events: EventFactors<'a>,
    pub(super) names: ProfileNames,
    /// Those of the rollup, and then one for each planned launch.
    pub(super) profiles: Vec<Profile>,
    /// Report groups, sorted.
    pub(super) keys: Vec<Vec<String>>,
    group_of: Vec<usize>,
}

/// How to simulate from one origin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) origin: Origin,
    pub(super) horizon_days: usize,
    pub(super) paths: usize,
    /// Keep what a comparison with the last period needs.
    pub(super) keep_sums: bool,
    /// With growth and launches that are planned; a backtest is without.
    pub(super) with_plans: bool,
}

impl<'a> Prepared<'a> {
    /// Looks a rollup up.
    ///
    /// # Errors
    /// No usage, or too little; prices that do not fit the rollup.
    pub(super) fn new(
        rollup: &'a Rollup,
        book: &'a PriceBook,
        options: &'a ProjectionOptions,
    ) -> Result<Self, ProjectionError> {
        if let Some(bucket) = longest_bucket(rollup) {
            return Err(ProjectionError::CoarseBuckets(bucket));
        }
        let days = UsageDays::build(rollup, &options.calendar, options.last_day, &options.ignored)
            .ok_or(ProjectionError::NoUsage)?;
        let known = days.known_days(days.origin_offset());
        if known < LEAST_HISTORY_DAYS {
            return Err(ProjectionError::TooShort { days: known });
        }
        let names = ProfileNames::build(rollup, book, &options.dimensions, &options.calendar);
        Self::of((rollup, Arc::new(days)), book, names, options)
    }

    /// The same history under other plans of volume: events, growth, launches.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(super) fn under(
        &self,
        book: &'a PriceBook,
        options: &'a ProjectionOptions,
    ) -> Result<Self, ProjectionError> {
        Self::of((self.rollup, self.days.clone()), book, self.names.clone(), options)
    }

    fn of(
        (rollup, days): (&'a Rollup, Arc<UsageDays>),
        book: &'a PriceBook,
        names: ProfileNames,
        options: &'a ProjectionOptions,
    ) -> Result<Self, ProjectionError> {
        let mut profiles = rollup.profiles().to_vec();
        profiles.extend(options.launches.iter().map(Launch::profile));
        let rater = Rater::new(book, &profiles, options.known_at)?;
        let events = EventFactors::new(&options.events, &profiles, &options.calendar);
        let (keys, group_of) = group_profiles(&profiles, options);
        Ok(Self { rollup, options, days, rater, events, names, profiles, keys, group_of })
    }

    /// The origin of the forecast proper.
    pub(super) fn last_origin(&self) -> Origin {
        Origin { offset: self.days.origin_offset(), has_partial_day: self.days.has_partial_day }
    }

    fn threads(&self) -> usize {
        self.options.threads.map_or(1, std::num::NonZeroUsize::get)
    }

    /// The leaves of a level as known at an origin.
    pub(super) fn leaves(&self, level: Level, origin: Origin, with_requests: bool) -> Vec<Leaf> {
        let stems = Stems::build(level, &self.names);
        leaves(&self.days, &stems, &self.events, origin, with_requests)
    }

    /// The name of a stem that some leaves have.
    pub(super) fn stem_name(&self, leaves: &[Leaf], stem: u32) -> String {
        let key = leaves.iter().find(|leaf| leaf.stem == stem).map(|leaf| &leaf.key.stem);
        match key {
            Some(names) if !names.is_empty() => names.join(" / "),
            _ => "all usage".to_owned(),
        }
    }

    /// Prices and groups.
    pub(super) fn pricing(&self) -> Pricing<'_, 'a> {
        Pricing {
            rater: &self.rater,
            calendar: &self.options.calendar,
            events: &self.events,
            profiles: &self.profiles,
            group_of: &self.group_of,
        }
    }

    /// Forecasts and rates leaves.
    pub(super) fn simulate(&self, leaves: &[Leaf], run: Run) -> Result<Simulated, ProjectionError> {
        let groups = self.keys.len();
        if groups > 1 && !groups_fit(groups, run.paths, run.horizon_days) {
            return Err(ProjectionError::TooManyGroups { groups });
        }
        self.simulation(leaves, run).run()
    }

    /// A simulation of leaves that has not run yet.
    pub(super) fn simulation<'s>(&'s self, leaves: &'s [Leaf], run: Run) -> Simulation<'s, 'a> {
        let first_launch = u32::try_from(self.rollup.profiles().len()).unwrap_or(u32::MAX);
        Simulation {
            leaves,
            origin: self.days.date(run.origin.offset),
            has_partial_day: run.origin.has_partial_day,
            options: ForecastOptions {
                horizon_days: run.horizon_days,
                paths: run.paths,
                seed: self.options.seed,
                ..ForecastOptions::default()
            },
            holidays: &self.options.holidays,
            pricing: self.pricing(),
            growth: if run.with_plans { &self.options.growth } else { &[] },
            launches: (if run.with_plans { &self.options.launches } else { &[] }, first_launch),
            groups: self.keys.len(),
            keep_sums: run.keep_sums,
            // Backtests have a thread for each window.
            threads: if run.with_plans { self.threads() } else { 1 },
        }
    }

    /// What each day before the origin cost.
    ///
    /// # Errors
    /// A cost that does not fit.
    pub(super) fn actual_by_day(&self) -> Result<BTreeMap<NaiveDate, Amount>, ProjectionError> {
        let mut days: BTreeMap<NaiveDate, Amount> = BTreeMap::new();
        self.each_cost(|day, _, cost| {
            let sum = days.entry(day).or_default();
            *sum = sum.checked_add(cost)?;
            Ok(())
        })?;
        Ok(days)
    }

    /// What each group cost on each day before the origin, by offset from the first day.
    ///
    /// # Errors
    /// A cost that does not fit.
    pub(super) fn actual_by_group(&self) -> Result<Vec<Vec<Amount>>, ProjectionError> {
        let length = self.days.origin_offset() as usize;
        let mut groups = vec![vec![Amount::ZERO; length]; self.keys.len()];
        self.each_cost(|day, profile, cost| {
            let at = usize::try_from(day.signed_duration_since(self.days.first).num_days());
            let sum = &mut groups[self.group_of[profile as usize]][at.unwrap_or(0)];
            *sum = sum.checked_add(cost)?;
            Ok(())
        })?;
        Ok(groups)
    }

    fn each_cost(
        &self,
        mut add: impl FnMut(NaiveDate, u32, Amount) -> Result<(), ProjectionError>,
    ) -> Result<(), ProjectionError> {
        for row in self.rollup.rows() {
            let day = self.options.calendar.date_of(row.period.start);
            if day < self.days.origin {
                let cost = self.rater.rate_row(self.rollup, row)?.costs()?.billed_cost;
                add(day, row.profile, cost)?;
            }
        }
        Ok(())
    }
}

/// The keys of the groups, sorted, and the group of each profile.
fn group_profiles(
    profiles: &[Profile],
    options: &ProjectionOptions,
) -> (Vec<Vec<String>>, Vec<usize>) {
    let nowhen = Period { start: Timestamp::default(), end: Timestamp::default() };
    let key = |profile| -> Vec<String> {
        let wanted =
            options.dimensions.iter().filter(|d| !d.is_time() && **d != Dimension::Component);
        wanted.map(|d| d.value(nowhen, profile, &options.calendar)).collect()
    };
    let mut keys: Vec<Vec<String>> = profiles.iter().map(key).collect();
    keys.sort();
    keys.dedup();
    let group_of = profiles.iter().map(|p| keys.binary_search(&key(p)).unwrap_or(0)).collect();
    (keys, group_of)
}
