//! Figures of scenarios: their settlements on the paths that a figure is read off.

use chrono::NaiveTime;

use super::due::DueIn;
use super::entries::Entries;
use super::paths::weight;
use super::settled::{Making, SettledFigure, SettledFrom};
use super::{Column, ExplainError, Explained, Part};
use crate::money::{Amount, Currency, MoneyError};
use crate::period::{Calendar, Period, Timestamp};
use crate::projection::{BasisPoints, Measure, neighbours};
use crate::rating::Rater;
use crate::rollup::Profile;
use crate::scenario::{Case, Outcome, PathCost, QUANTILES};
use crate::settlement::spilled_skus;
use crate::sku::ContextBand;

/// Scenarios, and what they came to.
#[derive(Debug, Clone, Copy)]
pub struct CaseGround<'g, 'a> {
    /// In the order of the outcome.
    pub cases: &'g [Case<'a>],
    /// Their costs, path by path.
    pub outcome: &'g Outcome,
    /// Seed of the paths.
    pub seed: u64,
    /// The entries behind the prices of each case.
    pub looked_up: &'g [CaseEntries<'a>],
}

/// The entries behind the prices of a case, by its profiles.
#[derive(Debug)]
pub struct CaseEntries<'a> {
    profiles: Vec<Profile>,
    entries: Entries<'a>,
}

impl<'a> CaseEntries<'a> {
    /// Looks them up; `calendar` has the days of the forecast.
    ///
    /// # Errors
    /// [`ExplainError::Rating`] if prices cannot be looked up.
    pub fn of(case: &Case<'a>, calendar: &Calendar) -> Result<Self, ExplainError> {
        let profiles = profiles(case);
        let entries = entries(case, &profiles, calendar)?;
        Ok(Self { profiles, entries })
    }
}

/// An amount of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseAmount {
    /// All invoices, in one of their columns: billed or effective.
    Total(Column),
    /// What is to be paid in a period.
    Cash(DueIn),
    /// Effective cost of the usage of a provider.
    Provider(String),
    /// Effective cost that belongs to no usage.
    BesideUsage,
}

/// What is read off the paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseRead {
    /// The mean.
    Mean,
    /// A quantile.
    Quantile(BasisPoints),
    /// The 95 % quantile less the median.
    Spread,
}

/// A figure of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFigure {
    /// The scenario.
    pub case: usize,
    /// Its amount on each path.
    pub amount: CaseAmount,
    /// Less that of this scenario on the same path.
    pub less: Option<usize>,
    /// What is read.
    pub read: CaseRead,
}

impl<'a> CaseGround<'_, 'a> {
    /// Takes a figure apart.
    ///
    /// # Errors
    /// [`ExplainError`] if paths cannot be settled or a sum does not fit.
    pub fn explain(
        &self,
        figure: &CaseFigure,
        what: String,
    ) -> Result<Explained<'a>, ExplainError> {
        let currency = self.cases[figure.case].usage().currency;
        let parts = match figure.read {
            CaseRead::Mean => self.mean(figure, currency)?,
            CaseRead::Quantile(probability) => self.quantile(figure, probability, currency)?,
            CaseRead::Spread => {
                let mut parts = self.quantile(figure, QUANTILES[3], currency)?;
                for mut part in self.quantile(figure, QUANTILES[1], currency)? {
                    part.weight.0 = -part.weight.0;
                    parts.push(part);
                }
                parts
            }
        };
        let mut sum = Amount::ZERO;
        for part in &parts {
            let (numerator, denominator) = part.weight;
            sum = sum.checked_add(part.amount.checked_ratio(numerator, denominator)?)?;
        }
        Ok(Explained { figure: sum, currency, what, parts })
    }

    /// The amount on every path.
    fn amounts(&self, case: usize, amount: &CaseAmount) -> Result<Vec<Amount>, MoneyError> {
        self.outcome.paths[case].iter().map(|path| of_path(path, amount)).collect()
    }

    fn paired(&self, figure: &CaseFigure) -> Result<Vec<Amount>, MoneyError> {
        let mut own = self.amounts(figure.case, &figure.amount)?;
        if let Some(base) = figure.less {
            for (own, other) in own.iter_mut().zip(self.amounts(base, &figure.amount)?) {
                *own = own.checked_sub(other)?;
            }
        }
        Ok(own)
    }

    fn mean(&self, figure: &CaseFigure, currency: Currency) -> Result<Vec<Part<'a>>, ExplainError> {
        let mut parts = Vec::new();
        for (case, sign) in [(Some(figure.case), 1), (figure.less, -1)] {
            let Some(case) = case else { continue };
            let count = self.outcome.paths[case].len();
            let all: Vec<usize> = (0..count).collect();
            let amount = Amount::checked_sum(self.amounts(case, &figure.amount)?)?;
            let denominator = i128::try_from(count.max(1)).map_err(|_| MoneyError::Overflow)?;
            let part = self.part((case, &all), &figure.amount, currency)?;
            let name = format!("scenario `{}`, all {count} paths together", self.cases[case].name);
            parts.push(Part { name, weight: (sign, denominator), amount, ..part });
        }
        Ok(parts)
    }

    fn quantile(
        &self,
        figure: &CaseFigure,
        probability: BasisPoints,
        currency: Currency,
    ) -> Result<Vec<Part<'a>>, ExplainError> {
        let amounts = self.paired(figure)?;
        let mut parts = Vec::new();
        for near in neighbours(&amounts, probability)? {
            for (case, sign) in [(Some(figure.case), 1), (figure.less, -1)] {
                let Some(case) = case else { continue };
                let (numerator, denominator) = weight(near.weight);
                let by = if figure.less.is_some() { "difference" } else { "amount" };
                let part = self.part((case, &[near.path]), &figure.amount, currency)?;
                parts.push(Part {
                    name: format!(
                        "scenario `{}` on path {} (seed {}), number {} of {} by {by}",
                        self.cases[case].name,
                        near.path,
                        self.seed,
                        near.rank,
                        amounts.len()
                    ),
                    weight: (numerator * sign, denominator),
                    amount: of_path(&self.outcome.paths[case][near.path], &figure.amount)?,
                    ..part
                });
            }
        }
        Ok(parts)
    }

    /// The lines of an amount on some paths, summed.
    fn part(
        &self,
        (number, paths): (usize, &[usize]),
        amount: &CaseAmount,
        currency: Currency,
    ) -> Result<Part<'a>, ExplainError> {
        let case = &self.cases[number];
        let CaseEntries { profiles, entries } = &self.looked_up[number];
        let from = SettledFrom { contracts: case.contracts, profiles, entries };
        let (figure, column) = match amount {
            CaseAmount::Total(column) => (SettledFigure::Total(currency), *column),
            CaseAmount::Cash(period) => (SettledFigure::Cash(*period, currency), Column::Billed),
            CaseAmount::Provider(name) => (SettledFigure::Provider(name), Column::Effective),
            CaseAmount::BesideUsage => (SettledFigure::BesideUsage, Column::Effective),
        };
        let mut making = Making::new(from, column);
        for path in paths {
            making.add(&case.settle_path_in_steps(*path)?, &figure)?;
        }
        making.finish()
    }
}

fn of_path(path: &PathCost, amount: &CaseAmount) -> Result<Amount, MoneyError> {
    match amount {
        CaseAmount::Total(Column::Billed) => Ok(path.billed),
        CaseAmount::Total(_) => Ok(path.effective),
        CaseAmount::Cash(period) => {
            let due = path.cash.iter().filter(|(day, _)| period.holds(**day));
            Amount::checked_sum(due.map(|(_, amount)| *amount))
        }
        CaseAmount::Provider(name) => Ok(path.providers.get(name).copied().unwrap_or_default()),
        CaseAmount::BesideUsage => {
            let usage = Amount::checked_sum(path.providers.values().copied())?;
            path.effective.checked_sub(usage)
        }
    }
}

/// The profiles of a case; of its prompt sizes only the smallest is known.
fn profiles(case: &Case<'_>) -> Vec<Profile> {
    let profile = |usage: &crate::settlement::UsageProfile| Profile {
        sku: usage.sku.clone(),
        grain: crate::usage::RecordGrain::Request,
        context: ContextBand::Known {
            from: usage.context_from,
            until: usage.context_from.checked_add(1),
        },
        labels: usage.labels.clone(),
    };
    case.profiles().iter().map(profile).collect()
}

/// The entries behind the prices of a case. A forecast keeps prices, not entries: they are looked up
/// again on the days of each stretch, by their price.
fn entries<'a>(
    case: &Case<'a>,
    profiles: &[Profile],
    calendar: &Calendar,
) -> Result<Entries<'a>, ExplainError> {
    let ground = case.ground();
    // Usage above a capacity is priced as what it spills over to.
    let mut wanted: Vec<Vec<usize>> = (0..profiles.len()).map(|at| vec![at]).collect();
    let mut all = profiles.to_vec();
    for (at, usage) in case.profiles().iter().enumerate() {
        for (_, sku) in spilled_skus(case.contracts, usage) {
            wanted[at].push(all.len());
            all.push(Profile { sku, ..profiles[at].clone() });
        }
    }
    let rater: Rater<'a> = Rater::new(ground.book, &all, ground.known_at)?;
    let mut entries = Entries::default();
    for column in case.columns() {
        let (Measure::Component(component), Some(prices)) = (column.measure, column.prices) else {
            continue;
        };
        let span = &case.usage().spans[column.span];
        let numbers = &wanted[column.profile as usize];
        let found = numbers.iter().find_map(|number| {
            let number = u32::try_from(*number).ok()?;
            moments(calendar, span.days).find_map(|moment| {
                let own = rater.rates(number).at(component, moment).ok()?;
                let list = rater.list_rates(number).at(component, moment);
                let list = list.unwrap_or_else(|_| own.clone());
                let same = own.unit_price == prices.own && list.unit_price == prices.list;
                same.then_some((list, own))
            })
        });
        if let Some(rates) = found {
            entries.note((column.profile, component), span.period.start, rates);
        }
    }
    Ok(entries)
}

/// Each day of a stretch, then the quarters of an hour of its first week, where prices depend on the
/// time of the day.
fn moments(
    calendar: &Calendar,
    days: (chrono::NaiveDate, chrono::NaiveDate),
) -> impl Iterator<Item = Period> {
    let all = move || days.0.iter_days().take_while(move |day| *day < days.1);
    let whole = all().map(move |day| calendar.day(day));
    let quarters = all().take(7).flat_map(move |day| {
        (0..96_u32).map(move |quarter| {
            let wall = NaiveTime::from_hms_opt(quarter / 4, 15 * (quarter % 4), 0);
            let start = calendar.instant_of(day.and_time(wall.unwrap_or_default()));
            Period { start, end: Timestamp::from_nanos(start.nanos().saturating_add(1)) }
        })
    });
    whole.chain(quarters)
}
