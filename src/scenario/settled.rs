//! Scenarios settled on every path, by several threads; the result does not depend on how many.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use chrono::NaiveDate;

use super::case::Case;
use super::exchange::{self, converted};
use super::{Basis, ScenarioError};
use crate::money::Amount;
use crate::settlement::Settlement;

/// What one path costs.
#[derive(Debug, Clone, Default)]
pub struct PathCost {
    /// What its invoices ask for.
    pub billed: Amount,
    /// What its usage costs, whenever it is paid.
    pub effective: Amount,
    /// What is to be paid on each day.
    pub cash: BTreeMap<NaiveDate, Amount>,
    /// Effective cost of the usage of each provider; fees and shortfalls are under none.
    pub providers: BTreeMap<String, Amount>,
}

impl PathCost {
    /// The cost that decides.
    #[must_use]
    pub fn of(&self, basis: Basis) -> Amount {
        match basis {
            Basis::Effective => self.effective,
            Basis::Billed => self.billed,
        }
    }

    /// Read off a settlement.
    ///
    /// # Errors
    /// [`ScenarioError::NoRate`], or a sum that does not fit.
    pub fn read(case: &Case<'_>, settlement: &Settlement) -> Result<Self, ScenarioError> {
        let mut cost = Self::default();
        for invoice in &settlement.invoices {
            let into = |amount| {
                converted(case, (amount, invoice.currency), exchange::day_of(invoice.days))
            };
            let (billed, effective) =
                (into(invoice.costs.billed_cost)?, into(invoice.costs.effective_cost)?);
            cost.billed = cost.billed.checked_add(billed)?;
            cost.effective = cost.effective.checked_add(effective)?;
            let sum = cost.cash.entry(invoice.due).or_default();
            *sum = sum.checked_add(billed)?;
        }
        let own = case.usage().currency;
        for share in &settlement.shares {
            let mut amount = share.costs.effective_cost;
            if share.currency != own {
                let on = exchange::day_of_share(case, settlement, share);
                amount = converted(case, (amount, share.currency), on)?;
            }
            let provider = &case.profiles()[share.profile as usize].sku.provider;
            let sum = cost.providers.entry(provider.to_string()).or_default();
            *sum = sum.checked_add(amount)?;
        }
        Ok(cost)
    }
}

/// Settles every path of every scenario: by scenario, then path.
///
/// # Errors
/// The first error in the order of scenarios and paths.
pub(super) fn settle_all(
    cases: &[Case<'_>],
    paths: usize,
    threads: Option<NonZeroUsize>,
) -> Result<Vec<Vec<PathCost>>, ScenarioError> {
    let jobs = cases.len() * paths;
    let threads = threads.map_or(1, NonZeroUsize::get).min(jobs.max(1));
    let one = |job: usize| {
        let (case, path) = (&cases[job / paths], job % paths);
        let settlement = case.settle_path(path).map_err(|source| failed(case, source))?;
        PathCost::read(case, &settlement)
    };
    let one = &one;
    let length = jobs.div_ceil(threads).max(1);
    let done: Vec<Result<Vec<PathCost>, ScenarioError>> = std::thread::scope(|scope| {
        let part =
            |from: usize| scope.spawn(move || (from..(from + length).min(jobs)).map(one).collect());
        let running: Vec<_> = (0..jobs).step_by(length).map(part).collect();
        let joined = |part: std::thread::ScopedJoinHandle<'_, _>| {
            part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        running.into_iter().map(joined).collect()
    });
    let mut all = Vec::with_capacity(jobs);
    for part in done {
        all.extend(part?);
    }
    let mut all = all.into_iter();
    Ok(cases.iter().map(|_| all.by_ref().take(paths).collect()).collect())
}

pub(super) fn failed(case: &Case<'_>, source: crate::settlement::SettleError) -> ScenarioError {
    ScenarioError::Settle { scenario: case.name.clone(), source }
}
