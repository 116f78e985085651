//! Sums of usage by stretch of time, profile and the term that served it.

use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::error::SettleError;
use super::invoice::TermRef;
use crate::money::Amount;
use crate::tokens::{Component, ComponentCounts};

/// What one profile used in one stretch, in the currency of the price books.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    /// At list prices.
    pub(super) list: Amount,
    /// At the unit prices of contracts.
    pub(super) contracted: Amount,
    /// Requests.
    pub(super) requests: u64,
    /// Quantities, with a price or served without.
    pub(super) quantities: ComponentCounts,
    /// Quantities that nothing gives a price.
    pub(super) unpriced: ComponentCounts,
}

/// Which usage a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct CellKey {
    pub(super) segment: u32,
    pub(super) profile: u32,
    /// The capacity that served it; `None`: invoiced by token.
    pub(super) served_by: Option<TermRef>,
}

/// All of them. Their number does not depend on the number of rows.
#[derive(Debug, Default)]
pub(super) struct Cells {
    found: IndexMap<CellKey, Cell, FixedState>,
    last: Option<(CellKey, usize)>,
}

impl Cells {
    /// The cell of a key.
    pub(super) fn of(&mut self, key: CellKey) -> &mut Cell {
        let at = match self.last {
            Some((last, at)) if last == key => at,
            _ => {
                let entry = self.found.entry(key);
                let at = entry.index();
                entry.or_default();
                self.last = Some((key, at));
                at
            }
        };
        &mut self.found[at]
    }

    /// The cells in the order of time, profile and term.
    pub(super) fn sorted(mut self) -> Vec<(CellKey, Cell)> {
        self.found.sort_unstable_keys();
        self.found.into_iter().collect()
    }
}

impl Cell {
    pub(super) fn add_cost(&mut self, list: Amount, contracted: Amount) -> Result<(), SettleError> {
        self.list = self.list.checked_add(list)?;
        self.contracted = self.contracted.checked_add(contracted)?;
        Ok(())
    }

    pub(super) fn count(&mut self, component: Component, quantity: u64) -> Result<(), SettleError> {
        counted(&mut self.quantities, component, quantity)
    }

    pub(super) fn count_unpriced(
        &mut self,
        component: Component,
        quantity: u64,
    ) -> Result<(), SettleError> {
        counted(&mut self.unpriced, component, quantity)
    }
}

fn counted(
    counts: &mut ComponentCounts,
    component: Component,
    quantity: u64,
) -> Result<(), SettleError> {
    if counts.checked_add(component, quantity) { Ok(()) } else { Err(SettleError::CountOverflow) }
}
