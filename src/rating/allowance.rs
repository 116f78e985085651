//! Usage at prices that begin only after a free allowance.

use std::collections::BTreeMap;

use super::Rated;
use crate::diagnostic::{Diagnostics, code};
use crate::price_book::FreeAllowance;
use crate::rollup::{Rollup, RollupRow};
use crate::tokens::Component;

/// Units charged in one period, and the allowance of all the periods that they may lie in.
#[derive(Debug, Clone, Copy, Default)]
struct Charged {
    units: u64,
    free: u64,
}

/// Usage that shares one allowance.
#[derive(Debug, Default)]
struct Shared {
    records: u64,
    by_period: BTreeMap<(i64, i64), Charged>,
}

/// Counts what is charged although an account may have it free.
///
/// An allowance belongs to an account and a day or month of the provider's clock; records state
/// neither. So nothing is taken off, and the finding says how much one account could have free.
#[derive(Debug, Default)]
pub(crate) struct Allowances<'a> {
    // By provider, the pool or model, component and allowance.
    seen: BTreeMap<(&'a str, &'a str, Component, &'a FreeAllowance), Shared>,
}

impl<'a> Allowances<'a> {
    /// Looks at one rated row.
    pub(crate) fn add(&mut self, rollup: &'a Rollup, row: &RollupRow, rated: &Rated<'a>) {
        for charge in &rated.charges {
            let Some(allowance) = &charge.rate.entry.free_allowance else { continue };
            let sku = &rollup.profile(row).sku;
            let owner = allowance.pool.as_deref().unwrap_or(&sku.model);
            let key = (sku.provider.as_str(), owner, charge.rate.rated_as, allowance);
            let shared = self.seen.entry(key).or_default();
            shared.records = shared.records.saturating_add(row.records);
            let (first, last) = allowance.period.touched(row.period);
            let periods = u64::try_from(last - first + 1).unwrap_or(1);
            let charged = shared.by_period.entry((first, last)).or_default();
            charged.units = charged.units.saturating_add(charge.quantity);
            charged.free = allowance.quantity.saturating_mul(periods);
        }
    }

    /// One finding for each allowance.
    pub(crate) fn report(&self, found: &mut Diagnostics) {
        for ((provider, owner, component, allowance), shared) in &self.seen {
            let sum = |of: fn(&Charged) -> u64| {
                shared.by_period.values().map(of).fold(0, u64::saturating_add)
            };
            let (units, free) = (sum(|c| c.units), sum(|c| c.units.min(c.free)));
            let message = format!(
                "`{component}` of `{owner}` of `{provider}`: {} a {} are free for each account but charged here: up to {free} of {units} on one account",
                allowance.quantity,
                allowance.period.name(),
            );
            found.add_many(code::FREE_ALLOWANCE, message, None, shared.records);
        }
    }
}
