//! Scenarios settled on every path, by several threads; the result does not depend on how many.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::NaiveDate;

use super::case::Case;
use super::exchange::{self, converted};
use super::priced::{BLOCK, Ready};
use super::{Basis, ScenarioError};
use crate::money::Amount;
use crate::settlement::{InvoiceTotal, Settlement, Totals};

/// What one path costs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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

    /// The same from totals in the currency of the prices.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(super) fn of_totals(case: &Case<'_>, totals: &Totals) -> Result<Self, ScenarioError> {
        let mut cost = Self::default();
        for InvoiceTotal { due, costs, .. } in &totals.invoices {
            cost.billed = cost.billed.checked_add(costs.billed_cost)?;
            cost.effective = cost.effective.checked_add(costs.effective_cost)?;
            let sum = cost.cash.entry(*due).or_default();
            *sum = sum.checked_add(costs.billed_cost)?;
        }
        let used = case.profiles().iter().zip(&totals.effective);
        for (profile, effective) in used.filter_map(|(p, cost)| Some((p, (*cost)?))) {
            let provider = profile.sku.provider.as_str();
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
            first.is_settled_whole() == case.is_settled_whole() && first.usage == case.usage
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
    if first.is_settled_whole() {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Contract, ContractSource, FxTable, load};
    use crate::diagnostic::Diagnostics;
    use crate::money::{Currency, UnitPrice};
    use crate::period::{Period, Timestamp};
    use crate::price_book::PriceBook;
    use crate::projection::{Level, Measure, UsageCell, UsagePaths, UsageSpan};
    use crate::rollup::Profile;
    use crate::scenario::{Column, Ground};
    use crate::settlement::TokenPrices;
    use crate::sku::{ContextBand, Sku};
    use crate::tokens::Component;
    use crate::usage::Labels;

    const PATHS: u32 = 21;

    /// Two models over three stretches of days, the second and third in one month.
    fn usage() -> UsagePaths {
        let days = ["2026-01-01", "2026-02-01", "2026-02-11", "2026-03-01"];
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let span = |pair: &[&str]| UsageSpan {
            days: (pair[0].parse().unwrap(), pair[1].parse().unwrap()),
            period: Period { start: at(pair[0]), end: at(pair[1]) },
        };
        let profile = |model: &str| Profile {
            sku: Sku::new("aws.bedrock", model),
            grain: crate::usage::RecordGrain::Request,
            context: ContextBand::Unknown,
            labels: Labels::default(),
        };
        let price = |text| UnitPrice::parse_per(text, 6).unwrap();
        let mut cells = Vec::new();
        for (span, profile) in (0..3).flat_map(|span| [(span, 0_u32), (span, 1)]) {
            let prices = TokenPrices { list: price("3"), own: price("2.5") };
            let output = Measure::Component(Component::Output);
            for (measure, prices) in [(output, Some(prices)), (Measure::Requests, None)] {
                // On every fourth path the first model has no usage in the first stretch.
                let units = |path: u32| {
                    let none = path.is_multiple_of(4) && span == 0 && profile == 0;
                    if none { 0.4 } else { f64::from(1_000_000 + path * 77_777 + profile * 1_234) }
                };
                let quantities = (0..PATHS).map(units).collect();
                cells.push(UsageCell { span, profile, measure, prices, quantities });
            }
        }
        UsagePaths {
            currency: Currency::USD,
            origin: days[0].parse().unwrap(),
            end: days[3].parse().unwrap(),
            window: Period { start: at(days[0]), end: at(days[3]) },
            paths: PATHS as usize,
            profiles: vec![profile("m1"), profile("m2")],
            spans: days.windows(2).map(span).collect(),
            cells,
            hours: BTreeMap::new(),
            level: Level::Family,
            diagnostics: Diagnostics::default(),
        }
    }

    fn contracts(terms: &str) -> Vec<Contract> {
        let head = "schema = \"tokencast.contract.v1\"\nid = \"c\"\nissuer = \"aws\"\ncurrency = \"USD\"\nstart = \"2026-01-01\"\nend = \"2027-01-01\"\n";
        let source = ContractSource { name: "c.toml".to_owned(), text: format!("{head}{terms}") };
        load(&[source]).unwrap().0
    }

    #[test]
    fn every_path_costs_what_its_settlement_says() {
        let usage = usage();
        let (book, _) = PriceBook::bundled().unwrap();
        let fx = FxTable::default();
        let ground = Ground { book: &book, known_at: None, fx: &fx };
        let commitment = |amount: &str| {
            contracts(&format!(
                "[[discount]]\nrate = \"0.07\"\n[[spend_commitment]]\nperiod = \"month\"\namounts = [\"{amount}\"]\n"
            ))
        };
        let (small, large) = (commitment("4"), commitment("9"));
        let fixed = contracts(
            "[[fixed_rate]]\nscope = { models = \"m1\" }\noutput_per_mtok = \"1.9\"\n[[credit]]\namount = \"5\"\nprice = \"4\"\n",
        );
        let parts = || (&usage.profiles[..], Column::all(&usage));
        let base = Case::new("base", ground, &usage, parts(), &[]).unwrap();
        let of = |name, contracts| Case::new(name, ground, &usage, parts(), contracts).unwrap();
        let cases = [base, of("small", &small), of("large", &large), of("fixed", &fixed)];
        let paths = usage.paths;
        let settled = settle_all(&cases, paths, None).unwrap();
        for (case, costs) in cases.iter().zip(&settled) {
            for (path, cost) in costs.iter().enumerate() {
                let read = PathCost::read(case, &case.settle_path(path).unwrap()).unwrap();
                assert_eq!(*cost, read, "{} on path {path}", case.name);
            }
        }
        assert_eq!(settle_all(&cases, paths, NonZeroUsize::new(3)).unwrap(), settled);
        // On path 0: 1,000,000 tokens of the second model and then two stretches of both at 2.5 a
        // million; the quarter of a cent is rounded in each month.
        assert_eq!(settled[0][0].billed.to_string(), "12.51");
        // 7 % off: January 2.50 - 0.18 and 6.67 that lack to 9; February 5.00 + 5.01 - 0.70, above 9.
        assert_eq!(settled[2][0].billed.to_string(), "18.30");
    }
}
