//! Percentages off the price of usage.

use super::deal::Bound;
use super::item::{Item, share_out};
use super::schedule::Schedule;
use crate::contract::terms::{BestCustomer, Discount, Measure};
use crate::money::{Amount, Factor, MoneyError};
use chrono::NaiveDate;

/// A share off each item in scope.
pub(super) fn discount(
    bound: &Bound<'_>,
    discount: &Discount,
    items: &mut [Item],
) -> Result<(), MoneyError> {
    for item in in_scope(bound, items) {
        item.take_off(item.price.checked_mul_rounded(discount.rate)?)?;
    }
    Ok(())
}

/// The price of the best customer where it is lower than the contract's own.
pub(super) fn best_customer(
    bound: &Bound<'_>,
    best: &BestCustomer,
    day: NaiveDate,
    items: &mut [Item],
) -> Result<(), MoneyError> {
    let after = best.steps.partition_point(|(from, _)| *from <= day);
    let Some((_, rate)) = after.checked_sub(1).map(|at| best.steps[at]) else {
        return Ok(());
    };
    for item in in_scope(bound, items) {
        let best = item.list.checked_sub(item.list.checked_mul_rounded(rate)?)?;
        if best < item.price {
            item.take_off(item.price.checked_sub(best)?)?;
        }
    }
    Ok(())
}

/// A discount that depends on what was spent since the reset.
pub(super) fn schedule(
    bound: &Bound<'_>,
    schedule: &mut Schedule<'_>,
    items: &mut [Item],
) -> Result<(), MoneyError> {
    let mut items: Vec<&mut Item> = in_scope(bound, items).collect();
    let measured: Vec<Amount> = items.iter().map(|item| schedule.measure(item)).collect();
    let spend = Amount::checked_sum(measured.iter().copied())?;
    let off = schedule.spend(spend)?;
    let parts = match schedule.agreed.measured_on {
        Measure::Contracted => share_out(off, &measured)?,
        // Measured on list prices, the rate is what counts: it is taken off the price that is paid.
        Measure::List if spend.is_zero() => vec![Amount::ZERO; items.len()],
        Measure::List => items
            .iter()
            .map(|item| item.price.checked_ratio(off.atto(), spend.atto()))
            .collect::<Result<_, _>>()?,
    };
    for (item, part) in items.iter_mut().zip(&parts) {
        item.take_off(*part)?;
    }
    Ok(())
}

/// Items of a term that are invoiced by token.
pub(super) fn in_scope<'i>(
    bound: &Bound<'_>,
    items: &'i mut [Item],
) -> impl Iterator<Item = &'i mut Item> {
    items.iter_mut().filter(|item| item.served_by.is_none() && bound.is_about(item.profile))
}

/// How a share is written.
pub(super) fn percent(rate: Factor) -> String {
    let (numerator, denominator) = rate.as_ratio();
    let hundred = Amount::from_units(100).checked_ratio(numerator, denominator);
    let text = hundred.unwrap_or_default().to_string();
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}
