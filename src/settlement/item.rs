//! What is settled in one stretch of time: usage by profile, and charges beside it.

use super::invoice::{FxUsed, LineCategory, TermRef};
use crate::money::{Amount, Currency, MoneyError};
use crate::tokens::ComponentCounts;

/// Usage of one profile, in the currency of whoever invoices it.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) profile: u32,
    /// The contract whose issuer invoices it.
    pub(super) biller: Option<usize>,
    pub(super) currency: Currency,
    /// Seldom there: a box keeps usage short.
    pub(super) fx: Option<Box<FxUsed>>,
    pub(super) served_by: Option<TermRef>,
    pub(super) tokens: u64,
    pub(super) requests: u64,
    /// Quantities, and those that nothing gives a price; `None` where only totals are asked.
    pub(super) counts: Option<Box<(ComponentCounts, ComponentCounts)>>,
    /// At list prices.
    pub(super) list: Amount,
    /// At unit prices of contracts, before percentages.
    pub(super) base: Amount,
    /// What it costs by contract: after percentages.
    pub(super) price: Amount,
    /// Surcharges.
    pub(super) overage: Amount,
    /// What is still to be invoiced.
    pub(super) payable: Amount,
    /// Cost of what was bought in advance and paid for it.
    pub(super) prepaid_cost: Amount,
    /// What the current term did to it.
    pub(super) effect: Effect,
}

/// What one term does to the payable amount of usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Effect {
    /// Taken off or paid.
    pub(super) off: Amount,
    /// Added.
    pub(super) surcharge: Amount,
}

impl Item {
    /// Nothing yet.
    pub(super) fn new(currency: Currency) -> Self {
        Self {
            profile: 0,
            biller: None,
            currency,
            fx: None,
            served_by: None,
            tokens: 0,
            requests: 0,
            counts: None,
            list: Amount::ZERO,
            base: Amount::ZERO,
            price: Amount::ZERO,
            overage: Amount::ZERO,
            payable: Amount::ZERO,
            prepaid_cost: Amount::ZERO,
            effect: Effect::default(),
        }
    }

    /// What it cost in the end, surcharges included.
    pub(super) fn effective(&self) -> Result<Amount, MoneyError> {
        self.payable.checked_add(self.prepaid_cost)
    }

    /// What the current term did, once.
    pub(super) fn take_effect(&mut self) -> Effect {
        std::mem::take(&mut self.effect)
    }

    fn lower(&mut self, amount: Amount) -> Result<(), MoneyError> {
        self.price = self.price.checked_sub(amount)?;
        self.payable = self.payable.checked_sub(amount)?;
        Ok(())
    }

    /// Takes something off its price; what is left to pay falls by as much.
    pub(super) fn take_off(&mut self, amount: Amount) -> Result<(), MoneyError> {
        self.effect.off = self.effect.off.checked_add(amount)?;
        self.lower(amount)
    }

    /// Something bought in advance pays a part of it, at a cost.
    pub(super) fn pay(&mut self, amount: Amount, cost: Amount) -> Result<(), MoneyError> {
        self.effect.off = self.effect.off.checked_add(amount)?;
        self.payable = self.payable.checked_sub(amount)?;
        self.prepaid_cost = self.prepaid_cost.checked_add(cost)?;
        Ok(())
    }

    /// A part of its price is not served at all.
    pub(super) fn refuse(&mut self, amount: Amount) -> Result<(), MoneyError> {
        if !self.price.is_zero() {
            let part = self.list.checked_ratio(amount.atto(), self.price.atto())?;
            self.list = self.list.checked_sub(part)?;
        }
        self.base = self.base.checked_sub(amount)?;
        self.lower(amount)
    }

    /// Adds a surcharge.
    pub(super) fn surcharge(&mut self, amount: Amount) -> Result<(), MoneyError> {
        self.overage = self.overage.checked_add(amount)?;
        self.effect.surcharge = self.effect.surcharge.checked_add(amount)?;
        self.payable = self.payable.checked_add(amount)?;
        Ok(())
    }
}

/// A charge that is no usage: a fee, or spend beside tokens.
#[derive(Debug, Clone)]
pub(super) struct Charge {
    pub(super) term: TermRef,
    pub(super) category: LineCategory,
    /// The word by which commitments name it.
    pub(super) spend: String,
    pub(super) description: String,
    /// A number and its unit.
    pub(super) quantity: Option<(Amount, String)>,
    /// Before discounts.
    pub(super) list: Amount,
    /// After them.
    pub(super) price: Amount,
    /// What is still to be invoiced.
    pub(super) payable: Amount,
    /// The part of it that usage bears.
    pub(super) borne_by_usage: Amount,
    /// Which meter of capacity it is the fee of, as [`super::load::BySide`] counts them.
    pub(super) meter: usize,
}

/// Divides an amount in proportion to weights, exactly: what rounding leaves over goes to the last
/// part with a weight.
pub(super) fn share_out(total: Amount, weights: &[Amount]) -> Result<Vec<Amount>, MoneyError> {
    let whole = Amount::checked_sum(weights.iter().copied())?;
    let mut shares = vec![Amount::ZERO; weights.len()];
    if whole.is_zero() {
        return Ok(shares);
    }
    let mut left = total;
    let last = weights.iter().rposition(|w| !w.is_zero()).unwrap_or(0);
    for (at, weight) in weights.iter().enumerate().take(last) {
        shares[at] = total.checked_ratio(weight.atto(), whole.atto())?;
        left = left.checked_sub(shares[at])?;
    }
    shares[last] = left;
    Ok(shares)
}
