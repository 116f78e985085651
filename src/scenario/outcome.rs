//! What scenarios come to: distributions, paired differences, chances to be the cheapest.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use chrono::{Datelike, NaiveDate};

use super::break_even::{BreakEven, break_even};
use super::case::{Case, whole};
use super::drivers::{Driver, Step, drivers, spread};
use super::leaving::{Exit, Leaving, leaving};
use super::settled::{PathCost, failed, settle_all};
use super::{Basis, ScenarioError};
use crate::diagnostic::{Diagnostics, SeverityPolicy, code};
use crate::forecast::compound;
use crate::money::{Amount, MoneyError};
use crate::period::Month;
use crate::projection::{BasisPoints, Distribution};
use crate::settlement::Settlement;
use crate::tokens::Component;

/// Probabilities of the quantiles.
pub const QUANTILES: [BasisPoints; 4] = [1_000, 5_000, 9_000, 9_500];

/// A scenario against the base, path by path.
#[derive(Debug, Clone)]
pub struct Difference {
    /// Mean, and quantiles of 10, 50 and 90 %: the outer ones are an interval of 80 %.
    pub paired: Distribution,
    /// Share of the paths on which it is cheaper.
    pub cheaper: f64,
}

/// One scenario.
#[derive(Debug, Clone)]
pub struct ScenarioOutcome {
    /// Its name.
    pub name: String,
    /// Ids of its contracts.
    pub contracts: Vec<String>,
    /// What its invoices ask for, with [`QUANTILES`].
    pub billed: Distribution,
    /// What its usage costs, with [`QUANTILES`].
    pub effective: Distribution,
    /// The 95 % quantile less the median of the cost that decides.
    pub spread: Amount,
    /// What it uses without a price and not all scenarios do, in words: its costs lack that, so that
    /// nothing is said about which is the cheaper one.
    pub unpriced: Vec<String>,
    /// `None` for the base, and where its costs or those of the base lack something.
    pub difference: Option<Difference>,
    /// Share of the paths on which it is the cheapest; ties are shared.
    pub cheapest: f64,
    /// Mean of what it costs above the cheapest scenario of each path; `None` if its costs lack
    /// something.
    pub regret: Option<Amount>,
    /// Median of what is to be paid in each month, or in each year where there are more than three of them.
    pub cash: BTreeMap<String, Amount>,
    /// Mean of what its payments are worth on the first day; `None` without a discount rate.
    pub present_value: Option<Amount>,
    /// Mean effective cost of the usage of each provider.
    pub providers: BTreeMap<String, Amount>,
    /// Mean effective cost that belongs to no usage: fees, shortfalls, other spend.
    pub beside_usage: Amount,
    /// `None` for the base, and where costs do not cross.
    pub break_even: Option<BreakEven>,
    /// What the difference to the base is made of; empty if that is not asked.
    pub drivers: Vec<Driver>,
    /// What leaving each of its providers would add.
    pub leaving: Vec<Leaving>,
}

/// The comparison.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The cost that decides.
    pub basis: Basis,
    /// Number of the base.
    pub base: usize,
    /// In the order given.
    pub scenarios: Vec<ScenarioOutcome>,
    /// What settlement found odd, on the mean of all paths.
    pub diagnostics: Diagnostics,
    /// What each path costs, by scenario.
    pub paths: Vec<Vec<PathCost>>,
}

/// How to compare.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked {
    /// Number of the scenario that the others are compared with.
    pub base: usize,
    /// The cost that decides.
    pub basis: Basis,
    /// What money is worth less in a year, such as 0.08.
    pub discount_rate: Option<f64>,
    /// Threads that may be used; the result does not depend on it.
    pub threads: Option<NonZeroUsize>,
}

/// Settles all scenarios on every path and compares them with the base. All are made from forecasts with
/// the same paths. `steps` are, by scenario, the ways from the base to it, one change at a time; `exits`
/// are it without each of its providers.
///
/// # Errors
/// [`ScenarioError`] if contracts cannot be settled or amounts do not fit.
pub fn compare(
    cases: &[Case<'_>],
    steps: &[Vec<Step<'_>>],
    exits: &[Vec<Exit<'_>>],
    asked: Asked,
) -> Result<Outcome, ScenarioError> {
    let Asked { base, basis, threads, .. } = asked;
    let paths = cases.iter().map(|case| case.usage().paths).min().unwrap_or(0);
    // What is wrong with a contract is said before the long work.
    let mut diagnostics = Diagnostics::default();
    for case in cases {
        let mean = case.settle_mean(1.0).map_err(|source| failed(case, source))?;
        PathCost::read(case, &mean)?;
        note(case, &mean, &mut diagnostics);
    }
    let settled = settle_all(cases, paths, threads)?;
    let costs: Vec<Vec<Amount>> =
        settled.iter().map(|paths| paths.iter().map(|p| p.of(basis)).collect()).collect();
    let lacking = lacking(cases);
    let whole: Vec<usize> = (0..cases.len()).filter(|case| lacking[*case].is_empty()).collect();
    let cheapest = cheapest(&costs, &whole, paths);
    let least: Vec<Amount> = (0..paths)
        .map(|path| whole.iter().map(|case| costs[*case][path]).min().unwrap_or_default())
        .collect();
    let by_year = is_long(&settled);
    let mut scenarios = Vec::with_capacity(cases.len());
    for (number, (case, settled)) in cases.iter().zip(&settled).enumerate() {
        let billed: Vec<Amount> = settled.iter().map(|p| p.billed).collect();
        let effective: Vec<Amount> = settled.iter().map(|p| p.effective).collect();
        let own = Distribution::of(&costs[number], &QUANTILES)?;
        let above = Distribution::of(&paired(&costs[number], &least)?, &[])?.mean;
        let is_whole = lacking[number].is_empty();
        let is_compared = is_whole && lacking[base].is_empty() && number != base;
        let difference = match is_compared {
            true => Some(difference(&costs[number], &costs[base])?),
            false => None,
        };
        let mut driven = Vec::new();
        if let (Some(steps), Some(found)) = (steps.get(number), &difference) {
            driven = drivers(&cases[base], steps, basis)?;
            driven.extend(spread(&driven, found.paired.mean)?);
        }
        scenarios.push(ScenarioOutcome {
            name: case.name.clone(),
            contracts: case.contracts.iter().map(|c| c.id.to_string()).collect(),
            billed: Distribution::of(&billed, &QUANTILES)?,
            effective: Distribution::of(&effective, &QUANTILES)?,
            spread: own.quantiles[3].checked_sub(own.quantiles[1])?,
            difference,
            cheapest: cheapest[number],
            regret: is_whole.then_some(above),
            unpriced: lacking[number].clone(),
            cash: cash(settled, by_year)?,
            present_value: match asked.discount_rate {
                Some(rate) => Some(present_value(settled, case.usage().origin, rate)?),
                None => None,
            },
            beside_usage: beside(&effective, settled)?,
            providers: providers(settled)?,
            break_even: match is_compared {
                true => {
                    let both = costs[number].iter().zip(&costs[base]);
                    // Of a flat fee nothing tells paths apart; of both some cost does.
                    let both = both.map(|(own, base)| own.checked_add(*base));
                    let both = both.collect::<Result<Vec<_>, _>>()?;
                    break_even((&cases[base], case), &both, basis, threads)?
                }
                false => None,
            },
            drivers: driven,
            leaving: match exits.get(number) {
                Some(exits) => leaving((case, settled), exits, basis, threads)?,
                None => Vec::new(),
            },
        });
    }
    Ok(Outcome { basis, base, scenarios, diagnostics, paths: settled })
}

/// What each scenario uses without a price and not all of them do.
fn lacking(cases: &[Case<'_>]) -> Vec<Vec<String>> {
    let unpriced: Vec<_> = cases.iter().map(Case::unpriced).collect();
    let words = |(provider, model, component): &(String, String, Component)| {
        format!("{component} of {provider}/{model}")
    };
    let of = |own: &BTreeSet<(String, String, Component)>| {
        own.iter().filter(|usage| !unpriced.iter().all(|u| u.contains(*usage))).map(words).collect()
    };
    unpriced.iter().map(of).collect()
}

/// One less the other, path by path.
fn paired(one: &[Amount], other: &[Amount]) -> Result<Vec<Amount>, MoneyError> {
    one.iter().zip(other).map(|(a, b)| a.checked_sub(*b)).collect()
}

/// One less the other, path by path.
pub(super) fn difference(one: &[Amount], other: &[Amount]) -> Result<Difference, MoneyError> {
    let paired = paired(one, other)?;
    let cheaper = share(paired.iter().filter(|more| more.is_negative()).count(), paired.len());
    Ok(Difference { paired: Distribution::of(&paired, &QUANTILES[..3])?, cheaper })
}

/// The share of the paths on which each scenario costs least among some.
fn cheapest(costs: &[Vec<Amount>], among: &[usize], paths: usize) -> Vec<f64> {
    let mut won = vec![0.0; costs.len()];
    let mut award = |path: usize| {
        let of = |case: &usize| costs[*case][path];
        let least = among.iter().map(of).min();
        let winners: Vec<usize> =
            among.iter().copied().filter(|case| Some(of(case)) == least).collect();
        for case in &winners {
            won[*case] += share(1, winners.len());
        }
    };
    (0..paths).for_each(&mut award);
    won.iter().map(|won| won * share(1, paths)).collect()
}

/// A share of a count.
fn share(part: usize, whole: usize) -> f64 {
    let number = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    number(part) / number(whole.max(1))
}

/// Months that are shown one by one.
const MOST_MONTHS: usize = 36;

/// The median of what is to be paid in each period of the calendar.
fn cash(paths: &[PathCost], by_year: bool) -> Result<BTreeMap<String, Amount>, MoneyError> {
    let mut periods: BTreeMap<String, Vec<Amount>> = BTreeMap::new();
    for (number, path) in paths.iter().enumerate() {
        for (day, amount) in &path.cash {
            let nothing = || vec![Amount::ZERO; paths.len()];
            let month = Month::of(*day);
            let name = if by_year { day.year().to_string() } else { month.to_string() };
            let sum = &mut periods.entry(name).or_insert_with(nothing)[number];
            *sum = sum.checked_add(*amount)?;
        }
    }
    let median = |(name, paid): (String, Vec<Amount>)| {
        Ok((name, Distribution::of(&paid, &QUANTILES[1..2])?.quantiles[0]))
    };
    periods.into_iter().map(median).collect()
}

/// True if payments of all scenarios are in too many months to be shown one by one.
fn is_long(settled: &[Vec<PathCost>]) -> bool {
    let days = settled.iter().flatten().flat_map(|path| path.cash.keys());
    days.map(|day| (day.year(), day.month())).collect::<BTreeSet<_>>().len() > MOST_MONTHS
}

/// Twelve places of a discount factor are kept.
const PLACES: f64 = 1e12;

/// What all payments are worth on the first day, on average, at a rate a year.
fn present_value(paths: &[PathCost], first: NaiveDate, rate: f64) -> Result<Amount, MoneyError> {
    let mut days: BTreeMap<NaiveDate, Amount> = BTreeMap::new();
    for (day, amount) in paths.iter().flat_map(|path| &path.cash) {
        let sum = days.entry(*day).or_default();
        *sum = sum.checked_add(*amount)?;
    }
    let count = u32::try_from(paths.len()).map_err(|_| MoneyError::Overflow)?;
    let worth = |(day, sum): (&NaiveDate, &Amount)| {
        let ahead = day.signed_duration_since(first).num_days();
        let years = f64::from(i32::try_from(ahead).unwrap_or(i32::MAX)) / DAYS_A_YEAR;
        let factor = whole(compound(1.0 + rate, -years) * PLACES);
        sum.checked_ratio(i128::from(factor), i128::from(whole(PLACES)))
    };
    let worth = days.iter().map(worth).collect::<Result<Vec<_>, _>>()?;
    Ok(Amount::checked_sum(worth)?.mean_of(count))
}

/// Days of a year on average.
const DAYS_A_YEAR: f64 = 365.25;

fn providers(paths: &[PathCost]) -> Result<BTreeMap<String, Amount>, MoneyError> {
    let mut sums: BTreeMap<String, Amount> = BTreeMap::new();
    for (provider, cost) in paths.iter().flat_map(|path| &path.providers) {
        let sum = sums.entry(provider.clone()).or_default();
        *sum = sum.checked_add(*cost)?;
    }
    let count = u32::try_from(paths.len()).map_err(|_| MoneyError::Overflow)?;
    Ok(sums.into_iter().map(|(provider, sum)| (provider, sum.mean_of(count))).collect())
}

/// What is left of the effective cost without that of usage, on average.
fn beside(effective: &[Amount], paths: &[PathCost]) -> Result<Amount, MoneyError> {
    let of_usage = paths.iter().map(|path| Amount::checked_sum(path.providers.values().copied()));
    let left = paired(effective, &of_usage.collect::<Result<Vec<_>, _>>()?)?;
    Ok(Distribution::of(&left, &[])?.mean)
}

/// What settling the mean of all paths finds, under the name of the scenario.
fn note(case: &Case<'_>, mean: &Settlement, found: &mut Diagnostics) {
    for finding in mean.diagnostics.resolve(&SeverityPolicy::default()) {
        let message = format!("scenario `{}`: {}", case.name, finding.message);
        found.add_many(finding.code, message, finding.location, finding.count);
    }
    let mut open = BTreeMap::new();
    for balance in mean.commitments.iter().filter(|balance| !balance.closed) {
        open.insert((balance.term, balance.days), balance);
    }
    for balance in mean.commitments.iter().filter(|balance| balance.closed) {
        open.remove(&(balance.term, balance.days));
    }
    for ((at, days), balance) in open {
        let contract = &case.contracts[at.contract];
        let term = &contract.terms[at.term];
        let message = format!(
            "scenario `{}`: the period of `{}` of `{}` from {} to before {} goes on after the horizon: what it may lack then, of {} {} still to be spent on mean usage, is in no cost",
            case.name,
            term.id,
            contract.id,
            days.0,
            days.1,
            balance.remaining.to_fixed(2),
            balance.currency
        );
        found.add(code::OPEN_COMMITMENT, message, Some(term.place.location()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(units: &[i64]) -> Vec<Amount> {
        units.iter().map(|u| Amount::from_units(*u)).collect()
    }

    #[test]
    fn ties_are_shared_and_chances_sum_to_one() {
        let costs = [amounts(&[1, 5, 3, 2]), amounts(&[1, 4, 3, 3]), amounts(&[2, 9, 3, 2])];
        // Paths: a tie of two, one winner, a tie of three, a tie of two.
        let won = cheapest(&costs, &[0, 1, 2], 4);
        let expected = [(0.5 + 1.0 / 3.0 + 0.5) / 4.0, (0.5 + 1.0 + 1.0 / 3.0) / 4.0];
        assert!((won[0] - expected[0]).abs() < 1e-12 && (won[1] - expected[1]).abs() < 1e-12);
        assert!((won.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn payments_are_worth_less_the_later_they_are() {
        let path = |units: i64| PathCost {
            cash: [("2026-01-01", 100), ("2027-01-01", units)]
                .map(|(day, units)| (day.parse().unwrap(), Amount::from_units(units)))
                .into(),
            ..PathCost::default()
        };
        let first = "2026-01-01".parse().unwrap();
        let found = present_value(&[path(100), path(120)], first, 0.1).unwrap();
        // 100 + 110 / 1.1^(365 / 365.25): 110 / 1.1 times 1 + 0.25 / 365.25 x ln 1.1.
        assert_eq!(found.to_fixed(4), "200.0065");
        assert_eq!(present_value(&[path(100)], first, 0.0).unwrap(), Amount::from_units(200));
    }

    #[test]
    fn a_paired_difference_is_narrower_than_that_of_independent_runs() {
        // Both move together: each path differs by 1 or 2, the costs by up to 100.
        let one: Vec<Amount> = (0..100).map(Amount::from_units).collect();
        let other: Vec<Amount> = (0..100).map(|p| Amount::from_units(p - 1 - p % 2)).collect();
        let found = difference(&other, &one).unwrap();
        let paired = &found.paired.quantiles;
        assert_eq!((paired[0], paired[2]), (Amount::from_units(-2), Amount::from_units(-1)));
        assert!((found.cheaper - 1.0).abs() < 1e-12);
        // With the paths of the other in another order the interval is that of the costs.
        let shuffled: Vec<Amount> = (0..100).map(|p| Amount::from_units(p * 37 % 100)).collect();
        let apart = difference(&shuffled, &one).unwrap().paired.quantiles;
        let width = |q: &[Amount]| q[2].checked_sub(q[0]).unwrap();
        assert!(width(&apart) > width(paired));
    }
}
