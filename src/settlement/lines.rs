//! Lines for usage and fees, as they stand when everything has been applied.

use super::bill::{Added, LineKey, Text, key_of};
use super::effects::Posting;
use super::error::SettleError;
use super::invoice::{CostShare, LineCategory};
use super::item::{Charge, Item};
use super::order::Run;
use crate::money::{Amount, Currency};
use crate::period::Period;
use crate::rating::Costs;

/// Lines for usage, and what it cost by profile.
pub(super) fn usage(
    run: &mut Run<'_>,
    segment: Period,
    items: &mut [Item],
) -> Result<(), SettleError> {
    // Neighbours are most often on one invoice.
    let mut last: Option<(Option<usize>, u32, Currency, usize)> = None;
    for (number, item) in items.iter_mut().enumerate() {
        let name = run.names[item.profile as usize];
        let effective = item.effective()?;
        let costs = Costs {
            list_cost: item.list,
            contracted_cost: item.price,
            // Surcharges have a line of their own.
            effective_cost: effective.checked_sub(item.overage)?,
            billed_cost: item.base,
        };
        let same = |(biller, provider, currency, _): &(Option<usize>, u32, Currency, usize)| {
            *biller == item.biller && *provider == name.provider && *currency == item.currency
        };
        let invoice = match last.filter(same) {
            Some((.., invoice)) => invoice,
            None => {
                let (bill, deals, profiles) = (&mut run.bill, run.deals, run.profiles);
                let key = Posting { bill, deals, profiles, segment }.invoice_of(item);
                run.bill.number_of(&key)
            }
        };
        last = Some((item.biller, name.provider, item.currency, invoice));
        run.bill.note_invoice(number, invoice, item.base);
        match item.served_by {
            None => {
                let counted = (costs, item.tokens);
                run.bill.usage.add(invoice, name.model, counted, item.fx.as_deref())?;
            }
            term => {
                let (category, text) = (LineCategory::Usage, Text::fixed("served by capacity"));
                let line = LineKey { category, term, profile: Some(name.model), text };
                let (tokens, fx) = (item.tokens, item.fx.clone());
                run.bill.add_to(invoice, line, Added { costs, quantity: None, tokens, fx })?;
            }
        }
        if let Some(sums) = &mut run.sums {
            let sum = &mut sums[item.profile as usize];
            *sum = Some(sum.unwrap_or_default().checked_add(effective)?);
            continue;
        }
        let (components, unpriced) = item.counts.take().map_or_else(Default::default, |c| *c);
        run.remarks.shares.push(CostShare {
            profile: item.profile,
            period: segment,
            currency: item.currency,
            requests: item.requests,
            components,
            costs: Costs {
                list_cost: item.list,
                contracted_cost: item.price.checked_add(item.overage)?,
                effective_cost: effective,
                billed_cost: item.payable,
            },
            unpriced,
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
            profile: None,
            text: std::mem::take(&mut charge.description).into(),
        };
        let added = Added { costs, quantity: charge.quantity.take(), ..Added::default() };
        run.bill.add(&invoice, line, added)?;
    }
    Ok(())
}
