//! The least that is paid in a period.

use super::deal::{Bound, Deal, prorated};
use super::item::Item;
use super::percent::in_scope;
use crate::contract::Spans;
use crate::contract::terms::Minimum;
use crate::money::{Amount, MoneyError};
use crate::period::{Period, Timestamp};

/// The state of a minimum.
#[derive(Debug, Clone)]
pub(super) struct MinimumState<'c> {
    pub(super) term: usize,
    agreed: &'c Minimum,
    periods: Spans,
    /// What usage cost so far in the period.
    spent: Amount,
}

impl<'c> MinimumState<'c> {
    pub(super) fn new(term: usize, agreed: &'c Minimum, deal: &Deal<'_>) -> Self {
        let days = deal.terms[term].term.days;
        let periods = Spans::new(agreed.every, agreed.anchor, days, &deal.contract.calendar);
        Self { term, agreed, periods, spent: Amount::ZERO }
    }

    /// Adds what usage costs, before credits.
    pub(super) fn count(
        &mut self,
        bound: &Bound<'_>,
        items: &mut [Item],
    ) -> Result<(), MoneyError> {
        for item in in_scope(bound, items) {
            self.spent = self.spent.checked_add(item.price)?.checked_add(item.overage)?;
        }
        Ok(())
    }

    /// Adds what the contract asks for beside usage.
    pub(super) fn count_paid(&mut self, amount: Amount) -> Result<(), MoneyError> {
        self.spent = self.spent.checked_add(amount)?;
        Ok(())
    }

    /// What lacks at the end of a stretch, if a period of the minimum ends with it.
    pub(super) fn close(
        &mut self,
        segment: Period,
        window_start: Timestamp,
    ) -> Result<Option<Amount>, MoneyError> {
        let Some(span) = self.periods.at(segment.start).filter(|s| s.period.end == segment.end)
        else {
            return Ok(None);
        };
        let least = if self.agreed.prorate {
            prorated(self.agreed.amount, span.share)?
        } else {
            self.agreed.amount
        };
        let lack = least.checked_sub(self.spent)?.max(Amount::ZERO);
        self.spent = Amount::ZERO;
        // Of a period that began before the window, nobody knows what was spent.
        Ok((span.period.start >= window_start && !lack.is_zero()).then_some(lack))
    }
}
