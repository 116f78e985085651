//! Scenarios settled on every path, by several threads; the result does not depend on how many.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use chrono::NaiveDate;

use super::case::Case;
use super::parallel::in_order;
use super::{Basis, ScenarioError};
use crate::money::{Amount, Currency};
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
    /// [`ScenarioError::OtherCurrency`], or a sum that does not fit.
    pub fn read(case: &Case<'_>, settlement: &Settlement) -> Result<Self, ScenarioError> {
        let expected = case.usage().currency;
        let known = |found: Currency| {
            let scenario = || case.name.clone();
            let wrong = || ScenarioError::OtherCurrency { scenario: scenario(), found, expected };
            if found == expected { Ok(()) } else { Err(wrong()) }
        };
        let mut cost = Self::default();
        for (currency, costs) in settlement.totals()? {
            known(currency)?;
            (cost.billed, cost.effective) = (costs.billed_cost, costs.effective_cost);
        }
        for invoice in &settlement.invoices {
            let sum = cost.cash.entry(invoice.due).or_default();
            *sum = sum.checked_add(invoice.costs.billed_cost)?;
        }
        for share in &settlement.shares {
            let provider = &case.profiles()[share.profile as usize].sku.provider;
            let sum = cost.providers.entry(provider.to_string()).or_default();
            *sum = sum.checked_add(share.costs.effective_cost)?;
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
    let one = |job: usize| {
        let (case, path) = (&cases[job / paths], job % paths);
        let settlement = case.settle_path(path).map_err(|source| failed(case, source))?;
        PathCost::read(case, &settlement)
    };
    let mut all = in_order(jobs, threads, &one)?.into_iter();
    Ok(cases.iter().map(|_| all.by_ref().take(paths).collect()).collect())
}

pub(super) fn failed(case: &Case<'_>, source: crate::settlement::SettleError) -> ScenarioError {
    ScenarioError::Settle { scenario: case.name.clone(), source }
}
