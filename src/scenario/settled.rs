//! Scenarios settled on every path, by several threads; the result does not depend on how many.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::NaiveDate;

use super::case::Case;
use super::priced::{BLOCK, Ready};
use super::{Basis, ScenarioError};
use crate::money::Amount;
use crate::settlement::{InvoiceTotal, Settlement, Totals};

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
        let invoices: Vec<InvoiceTotal> = settlement
            .invoices
            .iter()
            .map(|i| InvoiceTotal { currency: i.currency, due: i.due, costs: i.costs })
            .collect();
        let shares = settlement.shares.iter();
        Self::sum(case, &invoices, shares.map(|share| (share.profile, share.costs.effective_cost)))
    }

    /// The same from totals.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(super) fn of_totals(case: &Case<'_>, totals: &Totals) -> Result<Self, ScenarioError> {
        let effective = (0_u32..).zip(&totals.effective);
        let used = effective.filter_map(|(profile, cost)| Some((profile, (*cost)?)));
        Self::sum(case, &totals.invoices, used)
    }

    fn sum(
        case: &Case<'_>,
        invoices: &[InvoiceTotal],
        effective: impl Iterator<Item = (u32, Amount)>,
    ) -> Result<Self, ScenarioError> {
        let expected = case.usage().currency;
        let others = invoices.iter().map(|invoice| invoice.currency).filter(|c| *c != expected);
        if let Some(found) = others.min() {
            let scenario = case.name.clone();
            return Err(ScenarioError::OtherCurrency { scenario, found, expected });
        }
        let mut cost = Self::default();
        for InvoiceTotal { due, costs, .. } in invoices {
            cost.billed = cost.billed.checked_add(costs.billed_cost)?;
            cost.effective = cost.effective.checked_add(costs.effective_cost)?;
            let sum = cost.cash.entry(*due).or_default();
            *sum = sum.checked_add(costs.billed_cost)?;
        }
        for (profile, effective) in effective {
            let provider = case.profiles()[profile as usize].sku.provider.as_str();
            let sum = match cost.providers.get_mut(provider) {
                Some(sum) => sum,
                None => cost.providers.entry(provider.to_owned()).or_default(),
            };
            *sum = sum.checked_add(effective)?;
        }
        Ok(cost)
    }
}

/// The cost of one path of one scenario, by their numbers.
type Settled = (usize, usize, Result<PathCost, ScenarioError>);

/// Settles every path of every scenario: by scenario, then path. Usage is counted and priced once for all
/// scenarios in which it is the same and has the same unit prices, whatever else their contracts say: many
/// sizes of one term cost little more than their settlement.
///
/// # Errors
/// The first error in the order of scenarios and paths.
pub fn settle_all(
    cases: &[Case<'_>],
    paths: usize,
    threads: Option<NonZeroUsize>,
) -> Result<Vec<Vec<PathCost>>, ScenarioError> {
    let ready = cases.iter().map(Ready::new).collect::<Result<Vec<_>, _>>()?;
    // Scenarios by the usage they share.
    let mut shared: Vec<Vec<usize>> = Vec::new();
    for (number, case) in ready.iter().enumerate() {
        let same = |group: &&mut Vec<usize>| {
            let first = &ready[group[0]];
            first.has_capacity() == case.has_capacity() && first.usage == case.usage
        };
        match shared.iter_mut().find(same) {
            Some(group) => group.push(number),
            None => shared.push(vec![number]),
        }
    }
    // Every thread takes the next block when it is done with one.
    let next = AtomicUsize::new(0);
    let (ready, shared, next) = (&ready, &shared, &next);
    let work = || {
        let mut done: Vec<Settled> = Vec::new();
        loop {
            let first = next.fetch_add(1, Ordering::Relaxed) * BLOCK;
            if first >= paths {
                return done;
            }
            let block = first..paths.min(first + BLOCK);
            shared.iter().for_each(|group| settle_block(ready, group, block.clone(), &mut done));
        }
    };
    let threads = threads.map_or(1, NonZeroUsize::get).min(paths.div_ceil(BLOCK)).max(1);
    let done: Vec<Vec<Settled>> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let joined = |part: std::thread::ScopedJoinHandle<'_, _>| {
            part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        running.into_iter().map(joined).collect()
    });
    let mut all: Vec<Vec<PathCost>> = vec![vec![PathCost::default(); paths]; cases.len()];
    let mut failed: Option<(usize, usize, ScenarioError)> = None;
    for (case, path, cost) in done.into_iter().flatten() {
        match cost {
            Ok(cost) => all[case][path] = cost,
            Err(error) if failed.as_ref().is_none_or(|(c, p, _)| (case, path) < (*c, *p)) => {
                failed = Some((case, path, error));
            }
            Err(_) => {}
        }
    }
    failed.map_or(Ok(all), |(_, _, error)| Err(error))
}

/// Settles some paths of scenarios that share their usage.
fn settle_block(
    ready: &[Ready<'_, '_>],
    group: &[usize],
    paths: Range<usize>,
    done: &mut Vec<Settled>,
) {
    let first = &ready[group[0]];
    if first.has_capacity() {
        for number in group {
            let case = ready[*number].case;
            done.extend(paths.clone().map(|path| {
                let settled = case.settle_path(path).map_err(|source| failed(case, source));
                (*number, path, settled.and_then(|settled| PathCost::read(case, &settled)))
            }));
        }
        return;
    }
    let (mut rows, mut cells) = (Vec::new(), Vec::new());
    if let Err(error) = first.usage.of_paths(paths.clone(), &mut rows) {
        done.push((group[0], paths.start, Err(failed(first.case, error.into()))));
        return;
    }
    for (at, path) in paths.enumerate() {
        let mine = &rows[at * first.usage.len()..(at + 1) * first.usage.len()];
        for number in group {
            done.push((*number, path, ready[*number].cost(mine, &mut cells)));
        }
    }
}

pub(super) fn failed(case: &Case<'_>, source: crate::settlement::SettleError) -> ScenarioError {
    ScenarioError::Settle { scenario: case.name.clone(), source }
}
