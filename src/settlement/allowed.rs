//! Included usage of seats and flat fees, applied to a stretch.

use super::allowance::Limit;
use super::bill::Text;
use super::effects::{Posting, Words};
use super::error::SettleError;
use super::invoice::LineCategory;
use super::item::Item;
use super::order::Run;
use super::seats::times;
use crate::contract::terms::{Pool, Quantity, TermKind};
use crate::money::MoneyError;
use crate::period::Period;

const WORDS: Words = Words {
    off: (LineCategory::Included, Text::fixed("included usage")),
    surcharge: "usage beyond what is included",
};

/// Takes off what the terms of one contract include.
pub(super) fn apply(
    run: &mut Run<'_>,
    at: usize,
    segment: Period,
    items: &mut [Item],
) -> Result<(), SettleError> {
    let (deal, state) = (&run.deals[at], &mut run.states[at]);
    for (number, allowance, periods) in &mut state.allowances {
        let bound = &deal.terms[*number];
        if !bound.is_in_force(segment) {
            continue;
        }
        let span = periods.at(segment.start);
        if span.is_some_and(|s| s.period.start == segment.start) {
            run.remarks.included_used(bound.at, allowance.reset()?);
        }
        let mut seated = None;
        let limit = match &bound.term.kind {
            TermKind::FlatFee(fee) => {
                let share = span.filter(|_| fee.prorate).map_or((1, 1), |s| s.share);
                let quantity = fee.fair_use.map(|q| part_of(q, share)).transpose()?;
                Limit { quantity, whole: quantity, pool: &Pool::Shared, beyond: fee.beyond }
            }
            TermKind::Seats(seats) => {
                let Some(included) = &seats.included else { continue };
                let count = state.seats.iter().find(|(term, _)| term == number);
                let seats_now = count.map_or(0, |(_, c)| c.allowed_on(deal.day(segment.start)));
                let whole = times(included.quantity, seats_now)?;
                let quantity = match included.pool {
                    Pool::Shared => whole,
                    Pool::BySeat(_) => {
                        seated = Some(seats_now);
                        included.quantity
                    }
                };
                let (pool, beyond) = (&included.pool, seats.beyond);
                Limit { quantity: Some(quantity), whole: Some(whole), pool, beyond }
            }
            _ => continue,
        };
        if let Some(Quantity::Amount(_)) = limit.quantity
            && let Some(other) = items
                .iter()
                .find(|i| bound.is_about(i.profile) && i.currency != deal.contract.currency)
        {
            return Err(SettleError::OtherCurrency {
                place: bound.term.place.clone(),
                kind: bound.term.kind.name(),
                currency: deal.contract.currency,
                other: other.currency,
            });
        }
        let stopped = allowance.apply(bound, &limit, run.profiles, items)?;
        let (bill, deals, profiles) = (&mut run.bill, run.deals, run.profiles);
        Posting { bill, deals, profiles, segment }.post(bound.at, items, &WORDS)?;
        if let Some(seats) = seated.filter(|seats| allowance.owners() > *seats) {
            run.remarks.more_users_than_seats(bound.at, allowance.owners(), seats);
        }
        if !stopped.is_zero() {
            run.remarks.stopped(bound.at, stopped)?;
        }
    }
    Ok(())
}

/// A quantity of a period that is cut short; part of a token counts as none.
fn part_of(quantity: Quantity, (days, whole): (u32, u32)) -> Result<Quantity, MoneyError> {
    let count = |n: u64| -> Result<u64, MoneyError> {
        let part = u128::from(n) * u128::from(days) / u128::from(whole.max(1));
        u64::try_from(part).map_err(|_| MoneyError::Overflow)
    };
    Ok(match quantity {
        Quantity::Amount(amount) => {
            Quantity::Amount(amount.checked_ratio(i128::from(days), i128::from(whole.max(1)))?)
        }
        Quantity::Tokens(n) => Quantity::Tokens(count(n)?),
        Quantity::Requests(n) => Quantity::Requests(count(n)?),
    })
}
