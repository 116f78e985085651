//! How a size fits what is needed, read off a settlement.

use std::collections::BTreeMap;

use super::knob::Knob;
use crate::money::{Amount, MoneyError};
use crate::settlement::{Balances, CapacityUse, CreditBalance, Settlement};

/// What was too much and what was too little on a path.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Fit {
    /// Share of what was paid for that was not used.
    pub unused: f64,
    /// Share of the need that was beyond the size.
    pub beyond: f64,
    /// True if some of the size was not needed: a commitment not spent, an allowance or credit not
    /// used up, capacity that never was full.
    pub is_short: bool,
    /// True if some of the need was beyond the size.
    pub is_over: bool,
}

impl Fit {
    /// How the size of a knob fits, read off a whole settlement.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn read(knob: &Knob, settlement: &Settlement) -> Result<Option<Self>, MoneyError> {
        let used = settlement.capacities.iter().filter(|used| used.term == knob.term);
        let capacities: Vec<&CapacityUse> = used.collect();
        if !capacities.is_empty() {
            return Ok(Some(of_capacity(&capacities)));
        }
        let mine = |term| term == knob.term;
        let balances = Balances {
            commitments: settlement.commitments.iter().filter(|b| mine(b.term)).cloned().collect(),
            credits: settlement.credits.iter().filter(|b| mine(b.term)).cloned().collect(),
            included: settlement.included.iter().filter(|b| mine(b.term)).copied().collect(),
        };
        Self::of(knob, &balances)
    }

    /// How the size of a knob fits; `None` if no balance tells: no period of the commitment ended, or
    /// seats include no usage.
    ///
    /// # Errors
    /// [`MoneyError`] if a sum does not fit.
    pub fn of(knob: &Knob, balances: &Balances) -> Result<Option<Self>, MoneyError> {
        let mut sums = Sums::default();
        for balance in balances.commitments.iter().filter(|b| b.term == knob.term && b.closed) {
            let used = balance.retired.min(balance.committed);
            sums.add(balance.committed, used, balance.excess)?;
        }
        for used in balances.included.iter().filter(|used| used.term == knob.term) {
            sums.add(used.included, used.used, used.beyond)?;
        }
        // The last state of each lot.
        let mut lots: BTreeMap<usize, &CreditBalance> = BTreeMap::new();
        for lot in balances.credits.iter().filter(|lot| lot.term == knob.term) {
            let last = lots.entry(lot.lot).or_insert(lot);
            if last.on <= lot.on {
                *last = lot;
            }
        }
        for lot in lots.values() {
            sums.add(lot.amount, lot.amount.checked_sub(lot.lapsed)?, Amount::ZERO)?;
            sums.is_over |= lot.drawn == lot.amount;
        }
        sums.fit()
    }
}

/// What was paid for, used of it, and needed beyond it.
#[derive(Debug, Default)]
struct Sums {
    found: bool,
    paid: Amount,
    used: Amount,
    beyond: Amount,
    is_short: bool,
    is_over: bool,
}

impl Sums {
    fn add(&mut self, paid: Amount, used: Amount, beyond: Amount) -> Result<(), MoneyError> {
        self.found = true;
        self.paid = self.paid.checked_add(paid)?;
        self.used = self.used.checked_add(used)?;
        self.beyond = self.beyond.checked_add(beyond)?;
        self.is_short |= used < paid;
        self.is_over |= !beyond.is_zero();
        Ok(())
    }

    fn fit(&self) -> Result<Option<Fit>, MoneyError> {
        let unused = self.paid.checked_sub(self.used)?;
        let need = self.used.checked_add(self.beyond)?;
        Ok(self.found.then(|| Fit {
            unused: share(unused.atto(), self.paid.atto()),
            beyond: share(self.beyond.atto(), need.atto()),
            is_short: self.is_short,
            is_over: self.is_over,
        }))
    }
}

/// Millionths of a whole.
const MILLION: u64 = 1_000_000;

/// Billing periods count by their fees.
fn of_capacity(periods: &[&CapacityUse]) -> Fit {
    let fees: i128 = periods.iter().map(|used| used.fee.atto()).sum();
    let mean = |used: &CapacityUse| {
        share(i128::from(used.used_millionths), i128::from(MILLION)) * share(used.fee.atto(), fees)
    };
    let tokens = |of: fn(&CapacityUse) -> u64| -> i128 {
        periods.iter().map(|used| i128::from(of(used))).sum()
    };
    let beyond = tokens(|used| used.spilled) + tokens(|used| used.unserved);
    Fit {
        unused: if fees == 0 { 0.0 } else { 1.0 - periods.iter().map(|u| mean(u)).sum::<f64>() },
        beyond: share(beyond, beyond + tokens(|used| used.served)),
        is_short: periods.iter().all(|used| used.peak_millionths < MILLION) && fees != 0,
        is_over: beyond != 0,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of two sums, for people to read")]
fn share(part: i128, whole: i128) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
