//! Commitments of a contract in one stretch: bought, counted, drawn.

use super::bill::{Added, Text, key_of};
use super::commitment::{Measured, value_of};
use super::credit::{billed_only, term_line};
use super::deal::Deal;
use super::effects::{Posting, Words};
use super::error::SettleError;
use super::invoice::LineCategory;
use super::item::{Charge, Item};
use super::money_in::converted;
use super::order::Run;
use crate::contract::terms::{Measure, Shortfall, SpendCommitment};
use crate::money::{Amount, Currency};
use crate::period::Period;

const BY_COMMITMENT: &str = "paid by the commitment";
const WORDS: Words = Words {
    off: (LineCategory::Drawdown, Text::fixed(BY_COMMITMENT)),
    surcharge: "usage above the commitment",
};

/// Begins commitment periods and invoices what is paid for them in advance.
pub(super) fn begin(run: &mut Run<'_>, at: usize, segment: Period) -> Result<(), SettleError> {
    let (deal, state) = (&run.deals[at], &mut run.states[at]);
    let calendar = &deal.contract.calendar;
    for commitment in &mut state.commitments {
        let opening = |o: crate::contract::terms::Opening| calendar.day_start(o.on);
        let rounding = deal.contract.line_rounding;
        let (due, unknown) = commitment.begin(segment.start, opening, rounding)?;
        let bound = &deal.terms[commitment.term];
        if unknown {
            run.remarks.without_history(bound.at);
        }
        if !due.is_zero() {
            let days = commitment.stage().map_or(deal.days, |stage| stage.days);
            let text = format!("commitment of {} to {}, in advance", days.0, days.1);
            let line = term_line(bound.at, LineCategory::Purchase, text.into());
            let added = Added { costs: billed_only(due), ..Added::default() };
            run.bill.add(&key_of(deal, segment), line, added)?;
        }
    }
    Ok(())
}

/// Counts usage and charges towards the commitments of a contract.
pub(super) fn count(
    run: &mut Run<'_>,
    at: usize,
    segment: Period,
    items: &mut [Item],
    charges: &mut [Charge],
) -> Result<(), SettleError> {
    for number in 0..run.states[at].commitments.len() {
        let agreed: &SpendCommitment = run.states[at].commitments[number].agreed;
        let bound = &run.deals[at].terms[run.states[at].commitments[number].term];
        if !bound.is_in_force(segment) {
            continue;
        }
        // Usage that a returned credit pays for was counted as a shortfall before.
        let returned = match agreed.shortfall {
            Shortfall::Credited { .. } => {
                let (bill, deals, profiles) = (&mut run.bill, run.deals, run.profiles);
                let mut posting = Posting { bill, deals, profiles, segment };
                run.credits.draw(Some(bound.at), items, &mut posting)?
            }
            _ => vec![Amount::ZERO; items.len()],
        };
        let deal = &run.deals[at];
        let opening = agreed.opening.map(|o| deal.contract.calendar.day_start(o.on));
        if opening.is_some_and(|from| segment.start < from) {
            continue;
        }
        let values = values(run, deal, agreed, segment, items, &returned)?;
        let charge_values = charge_values(run, deal, agreed.measured_on, segment, charges)?;
        let measured = Measured { items, charges, values, charge_values };
        let drawn = run.states[at].commitments[number].count(bound, measured)?;
        if !drawn.is_zero() {
            let costs = billed_only(Amount::ZERO.checked_sub(drawn)?);
            let line = term_line(bound.at, LineCategory::Drawdown, Text::fixed(BY_COMMITMENT));
            run.bill.add(&key_of(deal, segment), line, Added { costs, ..Added::default() })?;
        }
        let (bill, deals, profiles) = (&mut run.bill, run.deals, run.profiles);
        Posting { bill, deals, profiles, segment }.post(bound.at, items, &WORDS)?;
    }
    Ok(())
}

/// Things that pay cannot be in another currency than what they pay for; what only measures is
/// converted.
fn refuse_other(
    deal: &Deal<'_>,
    agreed: &SpendCommitment,
    currency: Currency,
) -> Result<(), SettleError> {
    let pays = agreed.payment.is_in_advance() || agreed.overage_factor.is_some();
    if currency == deal.contract.currency || !pays {
        return Ok(());
    }
    Err(SettleError::OtherCurrency {
        place: deal.contract.place.clone(),
        kind: "spend_commitment",
        currency: deal.contract.currency,
        other: currency,
    })
}

/// By item: what it counts for, in the currency of the contract.
fn values(
    run: &Run<'_>,
    deal: &Deal<'_>,
    agreed: &SpendCommitment,
    segment: Period,
    items: &[Item],
    returned: &[Amount],
) -> Result<Vec<Amount>, SettleError> {
    let mut values = Vec::with_capacity(items.len());
    for (item, paid) in items.iter().zip(returned) {
        let mut value = value_of(agreed.measured_on, item);
        if !paid.is_zero() && !item.price.is_zero() {
            let rest = item.price.checked_sub(*paid)?.max(Amount::ZERO);
            value = value.checked_ratio(rest.atto(), item.price.atto())?;
        }
        refuse_other(deal, agreed, item.currency)?;
        let fx = run.exchange.rate(item.currency, deal, segment)?;
        values.push(converted(value, fx.as_ref())?);
    }
    Ok(values)
}

/// By charge: as above; charges of other issuers do not count.
fn charge_values(
    run: &Run<'_>,
    deal: &Deal<'_>,
    measure: Measure,
    segment: Period,
    charges: &[Charge],
) -> Result<Vec<Amount>, SettleError> {
    let mut values = Vec::with_capacity(charges.len());
    for charge in charges {
        let owner = run.deals[charge.term.contract].contract;
        let value = match measure {
            Measure::List => charge.list,
            Measure::Contracted => charge.price,
        };
        values.push(if owner.issuer == deal.contract.issuer {
            let fx = run.exchange.rate(owner.currency, deal, segment)?;
            converted(value, fx.as_ref())?
        } else {
            Amount::ZERO
        });
    }
    Ok(values)
}
