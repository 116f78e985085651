//! Capacity in the books: who bears its fee, and how it was used.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::cells::rounded;
use super::deal::Deal;
use super::error::SettleError;
use super::invoice::{CapacityUse, LineCategory, TermRef};
use super::item::{Charge, Item};
use super::load::{BySide, LoadUse, MILLION};
use crate::money::{Amount, Currency, MoneyError};
use crate::period::Period;

/// Sums of one term in one billing period.
#[derive(Debug, Default)]
struct Sums {
    currency: Option<Currency>,
    fee: Amount,
    /// Load and capacity by meter. Fractions of the capacity, because load is in units of its own
    /// in each stretch: `(used, offered)` minutes weighted.
    used: BySide,
    offered: BySide,
    peak: u64,
    over: u64,
    loaded: u64,
    served: i128,
    spilled: i128,
    unserved: i128,
    wait: u64,
}

/// Use of all capacity.
#[derive(Debug)]
pub(super) struct Capacities {
    uses: BTreeMap<(usize, TermRef), LoadUse>,
    periods: BTreeMap<(TermRef, (NaiveDate, NaiveDate)), Sums>,
}

impl Capacities {
    pub(super) fn new(uses: Vec<LoadUse>) -> Self {
        let by_segment = uses.into_iter().map(|u| ((u.segment, u.term), u));
        Self { uses: by_segment.collect(), periods: BTreeMap::new() }
    }

    /// Divides the fees of a stretch by load among the usage that the capacity served. What no usage
    /// bears is the cost of what was not used.
    pub(super) fn share_fees(
        &self,
        segment: usize,
        items: &mut [Item],
        charges: &mut [Charge],
    ) -> Result<(), MoneyError> {
        for charge in charges.iter_mut().filter(|c| c.category == LineCategory::Capacity) {
            let Some(used) = self.uses.get(&(segment, charge.term)) else { continue };
            let offered = used.offered[charge.meter];
            if offered == 0 {
                continue;
            }
            for item in items.iter_mut().filter(|item| item.served_by == Some(charge.term)) {
                let mine = used.profiles.iter().find(|p| p.profile == item.profile);
                let load = mine.map_or(0, |p| p.load[charge.meter]);
                let share = charge.price.checked_ratio(load, offered)?;
                item.prepaid_cost = item.prepaid_cost.checked_add(share)?;
                charge.borne_by_usage = charge.borne_by_usage.checked_add(share)?;
            }
        }
        Ok(())
    }

    /// Adds a stretch to the figures of its billing period.
    pub(super) fn note(
        &mut self,
        deals: &[Deal<'_>],
        segment: usize,
        period: Period,
        charges: &[Charge],
    ) -> Result<(), MoneyError> {
        let days = |deal: &Deal<'_>| deal.billing.at(period.start).map_or(deal.days, |s| s.days);
        for charge in charges.iter().filter(|c| c.category == LineCategory::Capacity) {
            let deal = &deals[charge.term.contract];
            let sums = self.periods.entry((charge.term, days(deal))).or_default();
            sums.currency = Some(deal.contract.currency);
            sums.fee = sums.fee.checked_add(charge.price)?;
        }
        let mine = self.uses.range((segment, TermRef { contract: 0, term: 0 })..);
        for ((_, term), used) in mine.take_while(|((at, _), _)| *at == segment) {
            let deal = &deals[term.contract];
            let sums = self.periods.entry((*term, days(deal))).or_default();
            sums.currency = Some(deal.contract.currency);
            sums.add(used)?;
        }
        Ok(())
    }

    /// The figures of every term and billing period.
    pub(super) fn finish(self) -> Result<Vec<CapacityUse>, SettleError> {
        self.periods.into_iter().map(|((term, days), sums)| sums.finish(term, days)).collect()
    }
}

impl Sums {
    fn add(&mut self, used: &LoadUse) -> Result<(), MoneyError> {
        let add = |sum: &mut i128, part: i128| -> Result<(), MoneyError> {
            *sum = sum.checked_add(part).ok_or(MoneyError::Overflow)?;
            Ok(())
        };
        for side in 0..self.used.len() {
            add(&mut self.offered[side], used.offered[side])?;
            for profile in &used.profiles {
                add(&mut self.used[side], profile.load[side])?;
            }
        }
        for profile in &used.profiles {
            add(&mut self.served, profile.served)?;
            add(&mut self.spilled, profile.spilled)?;
            add(&mut self.unserved, profile.unserved)?;
        }
        self.peak = self.peak.max(used.peak_millionths);
        self.over += used.periods_over;
        self.loaded += used.periods_loaded;
        self.wait = self.wait.max(used.longest_wait_minutes);
        Ok(())
    }

    fn finish(
        self,
        term: TermRef,
        days: (NaiveDate, NaiveDate),
    ) -> Result<CapacityUse, SettleError> {
        let share = |side: usize| {
            let millionths = Amount::from_atto(MILLION);
            match self.offered[side] {
                0 => Ok(Amount::ZERO),
                offered => millionths.checked_ratio(self.used[side], offered),
            }
        };
        // Of meters apart, the one that is fuller.
        let fullest = share(0)?.max(share(1)?).max(share(2)?);
        let million = MILLION.checked_mul(MILLION).ok_or(MoneyError::Overflow)?;
        let effective = match self.served {
            0 => None,
            served => Some(self.fee.checked_ratio(million, served)?),
        };
        Ok(CapacityUse {
            term,
            days,
            currency: self.currency.unwrap_or(Currency::USD),
            fee: self.fee,
            used_millionths: u64::try_from(fullest.atto()).unwrap_or(u64::MAX),
            peak_millionths: self.peak,
            minutes_over: self.over,
            minutes_loaded: self.loaded,
            served: rounded(self.served)?,
            spilled: rounded(self.spilled)?,
            unserved: rounded(self.unserved)?,
            longest_wait_minutes: self.wait,
            effective_per_mtok: effective,
        })
    }
}
