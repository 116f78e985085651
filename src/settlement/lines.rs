//! Lines for usage and fees, as they stand when everything has been applied.

use super::bill::{Added, LineKey, key_of};
use super::effects::Posting;
use super::error::SettleError;
use super::invoice::{CostShare, LineCategory};
use super::item::{Charge, Item};
use super::order::Run;
use crate::money::Amount;
use crate::period::Period;
use crate::rating::Costs;

/// Lines for usage, and what it cost by profile.
pub(super) fn usage(
    run: &mut Run<'_>,
    segment: Period,
    items: &mut [Item],
) -> Result<(), SettleError> {
    for (number, item) in items.iter_mut().enumerate() {
        let sku = &run.profiles[item.profile as usize].sku;
        let effective = item.effective()?;
        let costs = Costs {
            list_cost: item.list,
            contracted_cost: item.price,
            // Surcharges have a line of their own.
            effective_cost: effective.checked_sub(item.overage)?,
            billed_cost: item.base,
        };
        let line = LineKey {
            category: LineCategory::Usage,
            term: item.served_by,
            provider: sku.provider.to_string(),
            model: sku.model.to_string(),
            description: if item.served_by.is_some() { "served by capacity" } else { "tokens" }
                .to_owned(),
        };
        let (bill, deals, profiles) = (&mut run.bill, &run.deals, run.profiles);
        let invoice = Posting { bill, deals, profiles, segment }.invoice_of(item);
        if let Some(notes) = &mut run.bill.notes {
            notes.invoiced(number, invoice.name(), item.base);
        }
        let added = Added { costs, quantity: None, tokens: item.tokens, fx: item.fx.clone() };
        run.bill.add(&invoice, line, added)?;
        run.remarks.shares.push(CostShare {
            profile: item.profile,
            period: segment,
            currency: item.currency,
            requests: item.requests,
            components: std::mem::take(&mut item.quantities),
            costs: Costs {
                list_cost: item.list,
                contracted_cost: item.price.checked_add(item.overage)?,
                effective_cost: effective,
                billed_cost: item.payable,
            },
            unpriced: std::mem::take(&mut item.unpriced),
        });
    }
    Ok(())
}

/// Lines for fees and other spend.
pub(super) fn fees(
    run: &mut Run<'_>,
    segment: Period,
    charges: &mut [Charge],
) -> Result<(), SettleError> {
    for charge in charges {
        let invoice = key_of(&run.deals[charge.term.contract], segment);
        let is_capacity = charge.category == LineCategory::Capacity;
        let costs = if is_capacity {
            // What usage bears of it is in the effective cost of the usage; list and contracted cost
            // are those of the usage, too.
            Costs {
                list_cost: Amount::ZERO,
                contracted_cost: Amount::ZERO,
                effective_cost: charge.price.checked_sub(charge.borne_by_usage)?,
                billed_cost: charge.price,
            }
        } else {
            Costs { list_cost: charge.list, ..Costs::uniform(charge.price) }
        };
        let line = LineKey {
            category: charge.category,
            term: Some(charge.term),
            provider: String::new(),
            model: String::new(),
            description: std::mem::take(&mut charge.description),
        };
        let added = Added { costs, quantity: charge.quantity.take(), ..Added::default() };
        run.bill.add(&invoice, line, added)?;
    }
    Ok(())
}
