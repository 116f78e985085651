//! Ends of periods: shortfalls, minimums, credit that lapses, and balances.

use chrono::{Months, NaiveDate};

use super::bill::{Added, Text, key_of};
use super::commitment::Commitment;
use super::credit::{billed_only, term_line};
use super::deal::Deal;
use super::error::SettleError;
use super::invoice::{CommitmentBalance, LineCategory};
use super::order::Run;
use crate::contract::terms::Shortfall;
use crate::money::{Amount, MoneyError};
use crate::period::{Period, Timestamp};
use crate::rating::Costs;

/// Costs of a line that buys nothing: no list price, but money and cost.
fn without_usage(amount: Amount) -> Costs {
    Costs { effective_cost: amount, billed_cost: amount, ..Costs::default() }
}

/// Closes what ends with a stretch in one contract.
pub(super) fn close(run: &mut Run<'_>, at: usize, segment: Period) -> Result<(), SettleError> {
    if !run.deals[at].is_in_force(segment) {
        return Ok(());
    }
    for number in 0..run.states[at].commitments.len() {
        let paid = close_commitment(run, at, number, segment)?;
        // What is paid for not spending is paid: a minimum does not ask for it again.
        for minimum in &mut run.states[at].minimums {
            minimum.count_paid(paid)?;
        }
    }
    close_minimums(run, at, segment)?;
    run.credits.lapse(&run.deals[at], segment, &mut run.bill)?;
    let deal = &run.deals[at];
    let ends = deal.billing.at(segment.start).is_some_and(|s| s.period.end == segment.end);
    if run.keeps_balances && (ends || segment.end == run.window.end) {
        let balances = run.credits.balances(deal, segment.end)?;
        run.remarks.credits.extend(balances);
    }
    Ok(())
}

fn close_minimums(run: &mut Run<'_>, at: usize, segment: Period) -> Result<(), SettleError> {
    let deal = &run.deals[at];
    for minimum in &mut run.states[at].minimums {
        if let Some(lack) = minimum.close(segment, run.window.start)? {
            let term = deal.terms[minimum.term].at;
            let line = term_line(term, LineCategory::Minimum, Text::fixed("up to the minimum"));
            let added = Added { costs: without_usage(lack), ..Added::default() };
            run.bill.add(&key_of(deal, segment), line, added)?;
        }
    }
    Ok(())
}

/// Gives what is to be paid for it now, less what is given back.
fn close_commitment(
    run: &mut Run<'_>,
    at: usize,
    number: usize,
    segment: Period,
) -> Result<Amount, SettleError> {
    let deal = &run.deals[at];
    let commitment = &mut run.states[at].commitments[number];
    let term = deal.terms[commitment.term].at;
    let Some(stage) = commitment.stage().cloned() else { return Ok(Amount::ZERO) };
    let done = commitment.close(segment.end)?;
    let closed = stage.period.end == segment.end;
    let billed = deal.billing.at(segment.start).is_some_and(|s| s.period.end == segment.end);
    let is_kept = run.keeps_balances;
    if is_kept && (closed || billed || segment.end == run.window.end) {
        run.remarks.commitments.push(balance(commitment, deal, segment.end, closed)?);
    }
    let invoice = key_of(deal, segment);
    let days = stage.days;
    let mut add = |category, text: String, costs| {
        let line = term_line(term, category, text.into());
        run.bill.add(&invoice, line, Added { costs, ..Added::default() })
    };
    if !done.shortfall.is_zero() {
        let text = format!("commitment of {} to {}, not spent", days.0, days.1);
        // What comes back as credit is a cost when the credit pays, or lapses.
        let now = done.shortfall.checked_sub(done.credited)?;
        let costs = Costs { effective_cost: now, ..billed_only(done.shortfall) };
        add(LineCategory::Shortfall, text, costs)?;
    }
    if !done.lost.is_zero() {
        let text = format!("commitment of {} to {}, paid and not spent", days.0, days.1);
        let costs = Costs { effective_cost: done.lost, ..Costs::default() };
        add(LineCategory::Unused, text, costs)?;
    }
    if !done.given_back.is_zero() {
        let off = without_usage(Amount::ZERO.checked_sub(done.given_back)?);
        let text = format!("interim shortfalls of {} to {}, given back", days.0, days.1);
        add(LineCategory::TrueUp, text, off)?;
    }
    if !done.credited.is_zero() {
        let from = deal.day(segment.end);
        let months = commitment.agreed.shortfall.credit_months();
        let end: Option<NaiveDate> = match months {
            Some(months) => from.checked_add_months(Months::new(months)),
            None => Some(deal.days.1),
        };
        run.credits.give_back(term, done.credited, (from, end));
    }
    Ok(done.shortfall.checked_sub(done.given_back)?)
}

fn balance(
    commitment: &Commitment<'_>,
    deal: &Deal<'_>,
    end: Timestamp,
    closed: bool,
) -> Result<CommitmentBalance, MoneyError> {
    let (committed, retired) = (commitment.committed, commitment.retired);
    Ok(CommitmentBalance {
        term: deal.terms[commitment.term].at,
        days: commitment.stage().map_or(deal.days, |stage| stage.days),
        on: deal.day(end),
        currency: deal.contract.currency,
        committed,
        retired,
        // What was not spent in time was settled otherwise, or is part of the next period.
        remaining: if closed && !matches!(commitment.agreed.shortfall, Shortfall::Carried) {
            Amount::ZERO
        } else {
            committed.checked_sub(retired)?.max(Amount::ZERO)
        },
        excess: retired.checked_sub(committed)?.max(Amount::ZERO),
        shortfall: commitment.paid,
        prepaid: commitment.prepaid,
        drawn: commitment.drawn,
        closed,
    })
}
