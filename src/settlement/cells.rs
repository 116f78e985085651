//! Sums of usage by stretch of time, profile and the term that served it.

use foldhash::fast::FixedState;
use indexmap::IndexMap;
use smallvec::SmallVec;

use super::error::SettleError;
use super::invoice::TermRef;
use super::load::MILLION;
use super::terms::PricedCell;
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
    /// Further requests in millionths, where capacity served a part of a row.
    part_requests: i128,
    /// Further quantities in millionths: with a price or served (`true`), and without any. Few, so a
    /// search from the front is the fastest.
    parts: SmallVec<[(bool, Component, i128); 4]>,
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
    /// By profile: the cell that was asked for last.
    last: Vec<Option<(CellKey, usize)>>,
}

impl Cells {
    /// The cell of a key.
    #[inline]
    pub(super) fn of(&mut self, key: CellKey) -> &mut Cell {
        let profile = key.profile as usize;
        if self.last.len() <= profile {
            self.last.resize(profile + 1, None);
        }
        let at = match self.last[profile] {
            Some((last, at)) if last == key => at,
            _ => {
                let entry = self.found.entry(key);
                let at = entry.index();
                entry.or_default();
                self.last[profile] = Some((key, at));
                at
            }
        };
        &mut self.found[at]
    }

    /// The cells in the order of time, profile and term, with whole quantities.
    pub(super) fn sorted(mut self) -> Result<Vec<(CellKey, Cell)>, SettleError> {
        self.found.sort_unstable_keys();
        let whole = |(key, mut cell): (CellKey, Cell)| {
            cell.round()?;
            Ok((key, cell))
        };
        self.found.into_iter().map(whole).collect()
    }
}

impl Cell {
    /// Its sums.
    pub(super) fn priced(&self, key: &CellKey) -> PricedCell {
        PricedCell {
            stretch: key.segment as usize,
            profile: key.profile,
            list: self.list,
            contracted: self.contracted,
            tokens: self.quantities.tokens(),
            requests: self.requests,
        }
    }

    #[inline]
    pub(super) fn add_cost(&mut self, list: Amount, contracted: Amount) -> Result<(), SettleError> {
        self.list = self.list.checked_add(list)?;
        self.contracted = self.contracted.checked_add(contracted)?;
        Ok(())
    }

    /// Adds a part of a row, in millionths.
    #[inline]
    pub(super) fn count_part(
        &mut self,
        component: Component,
        millionths: i128,
        is_priced: bool,
    ) -> Result<(), SettleError> {
        let found = self.parts.iter_mut().find(|(p, c, _)| *c == component && *p == is_priced);
        match found {
            Some((_, _, sum)) => {
                *sum = sum.checked_add(millionths).ok_or(SettleError::CountOverflow)?;
            }
            None => self.parts.push((is_priced, component, millionths)),
        }
        Ok(())
    }

    /// Adds requests, in millionths.
    pub(super) fn count_part_requests(&mut self, millionths: i128) -> Result<(), SettleError> {
        let sum = self.part_requests.checked_add(millionths);
        self.part_requests = sum.ok_or(SettleError::CountOverflow)?;
        Ok(())
    }

    /// Rounds the sums of parts to whole units, once.
    fn round(&mut self) -> Result<(), SettleError> {
        for (is_priced, component, millionths) in std::mem::take(&mut self.parts) {
            let counts = if is_priced { &mut self.quantities } else { &mut self.unpriced };
            counted(counts, component, rounded(millionths)?)?;
        }
        let requests = rounded(std::mem::take(&mut self.part_requests))?;
        self.requests = self.requests.checked_add(requests).ok_or(SettleError::CountOverflow)?;
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

/// Millionths to the nearest whole unit.
pub(super) fn rounded(millionths: i128) -> Result<u64, SettleError> {
    u64::try_from((millionths + MILLION / 2) / MILLION).map_err(|_| SettleError::CountOverflow)
}

fn counted(
    counts: &mut ComponentCounts,
    component: Component,
    quantity: u64,
) -> Result<(), SettleError> {
    if counts.checked_add(component, quantity) { Ok(()) } else { Err(SettleError::CountOverflow) }
}
