//! Usage of several paths at a time, counted and priced once for all scenarios that share it.

use std::ops::Range;

use super::case::{Case, Column, whole};
use super::settled::PathCost;
use super::{ScenarioError, settled::failed};
use crate::money::{Amount, MoneyError, UnitPrice};
use crate::projection::{Measure, UsagePaths};
use crate::settlement::{PricedCell, SettleError, Terms, Totals};

/// Paths that are priced together: their quantities lie side by side in memory.
pub(super) const BLOCK: usize = 8;

/// Binary places of a factor of volume.
const PLACES: u32 = 30;
const PARTS: f64 = 1_073_741_824.0;

/// A part of the usage with its prices of one unit.
#[derive(Debug, PartialEq)]
struct PricedColumn {
    measure: Measure,
    /// At list, and by contract; `None`: no price.
    prices: Option<(UnitPrice, UnitPrice)>,
    from: Vec<(usize, f64)>,
}

/// Usage by stretch of days and profile, with prices. Scenarios with equal ones have the same usage.
#[derive(Debug)]
pub(super) struct PricedUsage<'a> {
    usage: &'a UsagePaths,
    columns: Vec<PricedColumn>,
    /// By row: the stretch of days, the profile, and its columns.
    rows: Vec<(usize, u32, Range<usize>)>,
}

impl PartialEq for PricedUsage<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.usage, other.usage)
            && self.rows == other.rows
            && self.columns == other.columns
    }
}

/// What a row has on one path.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RowSum {
    list: Amount,
    contracted: Amount,
    tokens: u64,
    requests: u64,
    is_used: bool,
}

impl RowSum {
    /// An amount at another volume.
    pub(super) fn times(amount: Amount, factor: f64) -> Result<Amount, MoneyError> {
        let parts = i128::from(whole(factor * PARTS));
        match amount.atto().checked_mul(parts) {
            // A product that fits is divided by a power of two: this is done for very many rows.
            Some(product) => Ok(Amount::from_atto(product >> PLACES)),
            None => amount.checked_ratio(parts, 1 << PLACES),
        }
    }

    /// The same at another volume.
    pub(super) fn scaled(&self, factor: f64) -> Result<Self, MoneyError> {
        let parts = i128::from(whole(factor * PARTS));
        let count = |n: u64| u64::try_from((i128::from(n) * parts) >> PLACES).unwrap_or(u64::MAX);
        Ok(Self {
            list: Self::times(self.list, factor)?,
            contracted: Self::times(self.contracted, factor)?,
            tokens: count(self.tokens),
            requests: count(self.requests),
            is_used: self.is_used,
        })
    }

    fn add(&mut self, column: &PricedColumn, quantity: u64) -> Result<(), MoneyError> {
        let component = match column.measure {
            Measure::Requests => {
                self.requests += quantity;
                self.is_used |= quantity > 0;
                return Ok(());
            }
            Measure::Component(_) if quantity == 0 => return Ok(()),
            Measure::Component(component) => component,
        };
        self.is_used = true;
        let Some((list, contracted)) = column.prices else { return Ok(()) };
        let cost = list.checked_cost(quantity)?;
        self.list = self.list.checked_add(cost)?;
        let cost = if contracted == list { cost } else { contracted.checked_cost(quantity)? };
        self.contracted = self.contracted.checked_add(cost)?;
        if component.is_tokens() {
            self.tokens = self.tokens.saturating_add(quantity);
        }
        Ok(())
    }
}

impl<'a> PricedUsage<'a> {
    fn new(case: &'a Case<'_>, terms: &Terms<'_>) -> Result<Self, SettleError> {
        let usage = case.usage();
        let start = |column: &Column| usage.spans[column.span].period.start;
        let priced = |column: &'a Column| match (column.measure, column.prices) {
            (Measure::Component(component), Some(prices)) => {
                Some((column.profile, component, start(column), prices))
            }
            _ => None,
        };
        let all = case.columns().iter().filter_map(priced);
        let mut contracted = terms.unit_prices(all)?.into_iter();
        let column = |column: &Column| PricedColumn {
            measure: column.measure,
            prices: match (column.measure, column.prices) {
                (Measure::Component(_), Some(prices)) => {
                    Some((prices.list, contracted.next().unwrap_or(prices.own)))
                }
                _ => None,
            },
            from: column.from.clone(),
        };
        let columns = case.columns().iter().map(column).collect();
        let row = |bounds: &[usize]| {
            let first = &case.columns()[bounds[0]];
            (first.span, first.profile, bounds[0]..bounds[1])
        };
        Ok(Self { usage, columns, rows: case.rows().windows(2).map(row).collect() })
    }

    /// The rows of several paths: those of the first path, then those of the next. `units` gives the
    /// units of a cell of the forecast on each of them.
    fn sums(
        &self,
        paths: usize,
        units: &dyn Fn(usize, &mut [f64]),
        into: &mut Vec<RowSum>,
    ) -> Result<(), MoneyError> {
        into.clear();
        into.resize(paths * self.rows.len(), RowSum::default());
        let (mut quantities, mut part) = ([0.0; BLOCK], [0.0; BLOCK]);
        for (number, (_, _, columns)) in self.rows.iter().enumerate() {
            for column in &self.columns[columns.clone()] {
                quantities.fill(0.0);
                for (cell, weight) in &column.from {
                    units(*cell, &mut part[..paths]);
                    for (sum, units) in quantities.iter_mut().zip(&part) {
                        *sum += units * weight;
                    }
                }
                for (path, quantity) in quantities[..paths].iter().enumerate() {
                    into[path * self.rows.len() + number].add(column, whole(*quantity))?;
                }
            }
        }
        Ok(())
    }

    /// The rows of a block of paths, path by path.
    pub(super) fn of_paths(
        &self,
        paths: Range<usize>,
        into: &mut Vec<RowSum>,
    ) -> Result<(), MoneyError> {
        let units = |cell: usize, units: &mut [f64]| {
            units.copy_from_slice(&self.usage.cells[cell].quantities[paths.clone()]);
        };
        self.sums(paths.len(), &units, into)
    }

    /// The number of rows of a path.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}

/// A scenario whose contracts are ready to settle any path.
#[derive(Debug)]
pub(super) struct Ready<'r, 'a> {
    pub(super) case: &'r Case<'a>,
    terms: Terms<'r>,
    pub(super) usage: PricedUsage<'r>,
    /// The stretch of the contracts, the profile and the number of each row, sorted.
    order: Vec<(usize, u32, usize)>,
}

impl<'r, 'a> Ready<'r, 'a> {
    pub(super) fn new(case: &'r Case<'a>) -> Result<Self, ScenarioError> {
        let failed = |source| failed(case, source);
        let terms = Terms::new(case.setup()).map_err(failed)?;
        let usage = PricedUsage::new(case, &terms).map_err(failed)?;
        let rows = usage.rows.iter().enumerate();
        let mut order: Vec<(usize, u32, usize)> = rows
            .filter_map(|(number, (span, profile, _))| {
                let start = case.usage().spans[*span].period.start;
                Some((terms.stretch_of(start)?, *profile, number))
            })
            .collect();
        order.sort_unstable();
        Ok(Self { case, terms, usage, order })
    }

    /// True if usage cannot be summed before it is settled, or amounts must be converted invoice by invoice.
    pub(super) fn is_settled_whole(&self) -> bool {
        let own = self.case.usage().currency;
        self.terms.has_capacity() || self.case.contracts.iter().any(|c| c.currency != own)
    }

    /// The cost of a path with these rows; `cells` is memory to work in.
    pub(super) fn cost(
        &self,
        rows: &[RowSum],
        cells: &mut Vec<PricedCell>,
    ) -> Result<PathCost, ScenarioError> {
        PathCost::of_totals(self.case, &self.totals(rows, cells, false)?)
    }

    /// What a path with these rows comes to.
    pub(super) fn totals(
        &self,
        rows: &[RowSum],
        cells: &mut Vec<PricedCell>,
        with_balances: bool,
    ) -> Result<Totals, ScenarioError> {
        cells.clear();
        for (stretch, profile, number) in &self.order {
            let row = rows[*number];
            if !row.is_used {
                continue;
            }
            let (stretch, profile) = (*stretch, *profile);
            let cell = match cells.last_mut() {
                Some(last) if (last.stretch, last.profile) == (stretch, profile) => last,
                _ => {
                    cells.push(PricedCell { stretch, profile, ..PricedCell::default() });
                    let last = cells.len() - 1;
                    &mut cells[last]
                }
            };
            cell.list = cell.list.checked_add(row.list)?;
            cell.contracted = cell.contracted.checked_add(row.contracted)?;
            cell.tokens = cell.tokens.saturating_add(row.tokens);
            cell.requests = cell.requests.saturating_add(row.requests);
        }
        let totals = self.terms.totals(cells, with_balances);
        totals.map_err(|source| failed(self.case, source))
    }

    /// The cost of the mean of all paths times a factor.
    pub(super) fn mean_cost(&self, factor: f64) -> Result<PathCost, ScenarioError> {
        if self.is_settled_whole() {
            let settled = self.case.settle_mean(factor);
            return PathCost::read(self.case, &settled.map_err(|s| failed(self.case, s))?);
        }
        let means = self.case.means();
        let units = |cell: usize, units: &mut [f64]| units.fill(means[cell] * factor);
        let mut rows = Vec::new();
        self.usage.sums(1, &units, &mut rows)?;
        self.cost(&rows, &mut Vec::new())
    }
}
