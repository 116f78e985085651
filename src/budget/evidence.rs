//! What a budget is judged by: the forecast of its scope, and what is known of it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Doubt;
use super::gate::GateError;
use super::scope::BudgetScope;
use crate::costs::DailyCosts;
use crate::money::{Amount, Currency};
use crate::period::next_day;
use crate::price_book::PriceBook;
use crate::projection::{
    BasisPoints, CostOptions, Horizon, LEAST_HISTORY_DAYS, LastDay, Projection, ProjectionError,
    ProjectionOptions, UsageDays, project, project_costs,
};
use crate::rating::group::Dimension;
use crate::rating::summary::{Totals, summarise};
use crate::rollup::Rollup;
use crate::tokens::ComponentCounts;

/// The forecast of a scope, and what is known of it.
#[derive(Debug)]
pub struct Evidence {
    /// Currency of every amount.
    pub currency: Currency,
    /// The forecast, or why there is none.
    pub projection: Result<Projection, Doubt>,
    /// First day forecast; `None` without any usage.
    pub origin: Option<NaiveDate>,
    /// Cost of each known day, also of one that is not over.
    pub known: BTreeMap<NaiveDate, Amount>,
    /// What speaks against every verdict on it.
    pub doubts: Vec<Doubt>,
}

/// Where evidence comes from.
pub trait Ground {
    /// The forecast of a scope to a horizon, and what is known of it.
    ///
    /// # Errors
    /// What makes a forecast impossible for other reasons than a lack of usage.
    fn evidence(&self, scope: &BudgetScope, horizon: Horizon) -> Result<Evidence, GateError>;
}

/// Usage that is priced day by day.
#[derive(Debug)]
pub struct UsageGround<'a> {
    /// All usage.
    pub rollup: &'a Rollup,
    /// Its prices.
    pub book: &'a PriceBook,
    /// How to forecast; the horizon is that of each budget.
    pub options: &'a ProjectionOptions,
    /// The share of its units that may be without a price.
    pub max_unpriced: BasisPoints,
}

/// Daily costs as they stand.
#[derive(Debug)]
pub struct CostGround<'a> {
    /// All costs.
    pub costs: &'a DailyCosts,
    /// Their currency.
    pub currency: Currency,
    /// How to forecast; the horizon is that of each budget.
    pub options: &'a CostOptions,
}

impl Ground for UsageGround<'_> {
    fn evidence(&self, scope: &BudgetScope, horizon: Horizon) -> Result<Evidence, GateError> {
        let calendar = &self.options.calendar;
        let part;
        let rollup = if scope.is_all() {
            self.rollup
        } else {
            part = self.rollup.of_profiles(|profile| scope.matches(profile, calendar));
            &part
        };
        let (book, known_at) = (self.book, self.options.known_at);
        let summary = summarise(rollup, book, known_at, &[Dimension::Day], calendar)?;
        let cost = |group: &crate::rating::summary::Group| {
            let day = group.key.first()?.parse::<NaiveDate>().ok()?;
            Some((day, group.totals.costs.billed_cost))
        };
        let known: BTreeMap<NaiveDate, Amount> = summary.groups.iter().filter_map(cost).collect();
        let origin =
            UsageDays::build(rollup, calendar, self.options.last_day, &self.options.ignored)
                .map(|days| days.origin);
        let began = known.keys().next().copied();
        let projection = match (began, origin) {
            (Some(began), Some(origin)) => match enough(began, origin) {
                Err(doubt) => Err(doubt),
                Ok(()) => decided(project(rollup, book, &self.options_for(scope, horizon)))?,
            },
            _ if self.rollup.rows().is_empty() => Err(Doubt::NoUsage),
            _ => Err(Doubt::IdleScope),
        };
        let doubts = self.doubts_of_prices(&summary.totals, projection.as_ref().ok());
        Ok(Evidence { currency: summary.currency, projection, origin, known, doubts })
    }
}

impl UsageGround<'_> {
    /// The usage of a scope, and how it is forecast to a horizon.
    #[must_use]
    pub fn part(&self, scope: &BudgetScope, horizon: Horizon) -> (Rollup, ProjectionOptions) {
        let calendar = &self.options.calendar;
        let rollup = match scope.is_all() {
            true => self.rollup.clone(),
            false => self.rollup.of_profiles(|profile| scope.matches(profile, calendar)),
        };
        (rollup, self.options_for(scope, horizon))
    }

    /// Planned launches count for the scopes that they are in; events and growth are looked up for
    /// each profile anyway.
    fn options_for(&self, scope: &BudgetScope, horizon: Horizon) -> ProjectionOptions {
        let mut options = ProjectionOptions { horizon, ..self.options.clone() };
        let calendar = options.calendar;
        options.launches.retain(|launch| scope.matches(&launch.profile(), &calendar));
        options
    }

    fn doubts_of_prices(&self, totals: &Totals, projection: Option<&Projection>) -> Vec<Doubt> {
        let (all, unpriced) = (&totals.components, &totals.unpriced.components);
        if !all.is_empty() && unpriced == all {
            return vec![Doubt::NothingPriced];
        }
        let mut doubts = Vec::new();
        // Tokens and calls do not add up, so the share of each counts.
        for is_tokens in [true, false] {
            let (units, of) = (units(unpriced, is_tokens), units(all, is_tokens));
            if u128::from(units) * 10_000 > u128::from(self.max_unpriced) * u128::from(of) {
                doubts.push(Doubt::Unpriced { units, of });
            }
        }
        let to_come = projection.map_or(0, |p| p.unpriced_units);
        if to_come > 0 && doubts.is_empty() && (unpriced.is_empty() || self.max_unpriced == 0) {
            doubts.push(Doubt::PriceEnds { units: to_come });
        }
        doubts
    }
}

/// Tokens, or all other units.
fn units(counts: &ComponentCounts, is_tokens: bool) -> u64 {
    let wanted = counts.iter().filter(|(component, _)| component.is_tokens() == is_tokens);
    wanted.fold(0, |sum, (_, count)| sum.saturating_add(count))
}

impl Ground for CostGround<'_> {
    fn evidence(&self, scope: &BudgetScope, horizon: Horizon) -> Result<Evidence, GateError> {
        let ids = ids(scope)?;
        let part;
        let costs = match &ids {
            None => self.costs,
            Some(ids) => {
                part = self.costs.of_series(|id| ids.iter().any(|wanted| wanted == id));
                &part
            }
        };
        let mut known: BTreeMap<NaiveDate, Amount> = BTreeMap::new();
        for (day, cost) in costs.series().flat_map(|(_, days)| days) {
            let sum = known.entry(*day).or_default();
            *sum = sum.checked_add(*cost)?;
        }
        let last = costs.days().last().copied();
        let after = last.map(|last| match self.options.last_day {
            LastDay::Partial => last,
            LastDay::Auto | LastDay::Complete => next_day(last),
        });
        let projection = match (known.keys().next(), after) {
            (Some(began), Some(after)) => match enough(*began, after) {
                Err(doubt) => Err(doubt),
                Ok(()) => {
                    let options = CostOptions { horizon, ..self.options.clone() };
                    decided(project_costs(costs, self.currency, &options))?
                }
            },
            (None, Some(_)) => Err(Doubt::IdleScope),
            (_, None) => Err(Doubt::NoUsage),
        };
        let doubts = Vec::new();
        Ok(Evidence { currency: self.currency, projection, origin: after, known, doubts })
    }
}

/// The series that a scope is about; `None`: all. Daily costs have no other dimension.
fn ids(scope: &BudgetScope) -> Result<Option<Vec<String>>, GateError> {
    let mut found = None;
    for (dimension, values) in scope.conditions() {
        match dimension {
            Dimension::Label(name) if name == "id" => found = Some(values.to_vec()),
            _ => return Err(GateError::ScopeOfCosts(scope.clone())),
        }
    }
    Ok(found)
}

/// Whether enough days lie between the first use of a scope and the origin.
fn enough(began: NaiveDate, origin: NaiveDate) -> Result<(), Doubt> {
    let days = origin.signed_duration_since(began).num_days();
    if days < LEAST_HISTORY_DAYS { Err(Doubt::TooShort { days: days.max(0) }) } else { Ok(()) }
}

/// A lack of usage is no error: it leaves a budget undecided.
fn decided(
    found: Result<Projection, ProjectionError>,
) -> Result<Result<Projection, Doubt>, ProjectionError> {
    match found {
        Ok(projection) => Ok(Ok(projection)),
        Err(ProjectionError::NoUsage) => Ok(Err(Doubt::NoUsage)),
        Err(ProjectionError::TooShort { days }) => Ok(Err(Doubt::TooShort { days })),
        Err(ProjectionError::CoarseBuckets(bucket)) => Ok(Err(Doubt::CoarseBuckets(bucket))),
        Err(error) => Err(error),
    }
}
