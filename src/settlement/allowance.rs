//! Usage that seats or a flat fee include.

use std::collections::BTreeMap;

use super::deal::Bound;
use super::item::{Item, share_out};
use super::percent::in_scope;
use super::usage::UsageProfile;
use crate::contract::terms::{Beyond, Pool, Quantity};
use crate::money::{Amount, Factor, MoneyError};

/// What of an allowance was used in the current period, by whoever shares it.
#[derive(Debug, Clone, Default)]
pub(super) struct AllowanceState {
    used: BTreeMap<String, Amount>,
    /// In the unit of the allowance: what all who share it may use, as it stood last.
    included: Option<Amount>,
    /// Usage beyond it.
    beyond: Amount,
}

/// An allowance in one stretch.
#[derive(Debug)]
pub(super) struct Limit<'a> {
    /// Of one pool; `None`: no limit.
    pub(super) quantity: Option<Quantity>,
    /// Of all pools together.
    pub(super) whole: Option<Quantity>,
    pub(super) pool: &'a Pool,
    pub(super) beyond: Beyond,
}

impl AllowanceState {
    /// The period so far, and a new one: what was included, used of it and used beyond it; `None`
    /// where nothing limits what is included.
    pub(super) fn reset(&mut self) -> Result<Option<(Amount, Amount, Amount)>, MoneyError> {
        let used = Amount::checked_sum(std::mem::take(&mut self.used).into_values())?;
        let beyond = std::mem::take(&mut self.beyond);
        Ok(self.included.take().map(|included| (included, used, beyond)))
    }

    /// Who had usage in the period so far; nobody in particular does not count.
    pub(super) fn owners(&self) -> u64 {
        let owners = self.used.keys().filter(|owner| !owner.is_empty()).count();
        u64::try_from(owners).unwrap_or(u64::MAX)
    }

    /// Takes included usage off the items in scope; gives the worth of usage that is not served.
    pub(super) fn apply(
        &mut self,
        bound: &Bound<'_>,
        limit: &Limit<'_>,
        profiles: &[UsageProfile],
        items: &mut [Item],
    ) -> Result<Amount, MoneyError> {
        let mut pools: BTreeMap<String, Vec<&mut Item>> = BTreeMap::new();
        for item in in_scope(bound, items) {
            pools
                .entry(owner(limit.pool, &profiles[item.profile as usize]))
                .or_default()
                .push(item);
        }
        self.included = limit.whole.map(most);
        let mut stopped = Amount::ZERO;
        for (owner, mut items) in pools {
            // Usage of nobody in particular has no seat.
            let has_none = owner.is_empty() && matches!(limit.pool, Pool::BySeat(_));
            let quantity = if has_none { Some(Quantity::Tokens(0)) } else { limit.quantity };
            let used = self.used.entry(owner).or_default();
            let (one, beyond) = apply_pool(used, quantity, limit.beyond, &mut items)?;
            stopped = stopped.checked_add(one)?;
            self.beyond = self.beyond.checked_add(beyond)?;
        }
        Ok(stopped)
    }
}

fn owner(pool: &Pool, profile: &UsageProfile) -> String {
    match pool {
        Pool::Shared => "all".to_owned(),
        Pool::BySeat(label) => profile.labels.get(label).unwrap_or_default().to_owned(),
    }
}

/// What an item counts for, in the unit of the allowance.
fn counted(item: &Item, quantity: Quantity) -> Amount {
    match quantity {
        Quantity::Amount(_) => item.price,
        Quantity::Tokens(_) => units(item.tokens),
        Quantity::Requests(_) => units(item.requests),
    }
}

/// A count in the form of amounts, so that parts of it keep 18 places.
fn units(count: u64) -> Amount {
    Amount::from_units(i64::try_from(count).unwrap_or(i64::MAX))
}

fn most(quantity: Quantity) -> Amount {
    match quantity {
        Quantity::Amount(amount) => amount,
        Quantity::Tokens(count) | Quantity::Requests(count) => units(count),
    }
}

/// Gives the worth of usage that is not served, and usage beyond the allowance in its unit.
fn apply_pool(
    used: &mut Amount,
    quantity: Option<Quantity>,
    beyond: Beyond,
    items: &mut [&mut Item],
) -> Result<(Amount, Amount), MoneyError> {
    let mut stopped = Amount::ZERO;
    let weights: Vec<Amount> =
        items.iter().map(|i| quantity.map_or(i.price, |q| counted(i, q))).collect();
    let whole = Amount::checked_sum(weights.iter().copied())?;
    let free = match quantity {
        None => whole,
        Some(quantity) => most(quantity).checked_sub(*used)?.max(Amount::ZERO).min(whole),
    };
    // What was beyond it stays beyond it if it grows later.
    *used = used.checked_add(free)?;
    // Exact in the unit of the allowance, so that no rest of a rounding is left over.
    let inside = share_out(free, &weights)?;
    for ((item, inside), weight) in items.iter_mut().zip(inside).zip(weights) {
        let off = if inside == weight {
            item.price
        } else {
            item.price.checked_ratio(inside.atto(), weight.atto())?
        };
        item.take_off(off)?;
        match beyond {
            Beyond::Invoiced(factor) if factor != Factor::ONE => {
                let more = item.price.checked_mul_rounded(factor)?.checked_sub(item.price)?;
                item.surcharge(more)?;
            }
            Beyond::Invoiced(_) => {}
            Beyond::Stopped => {
                let rest = item.price;
                stopped = stopped.checked_add(rest)?;
                item.refuse(rest)?;
            }
        }
    }
    Ok((stopped, whole.checked_sub(free)?))
}
