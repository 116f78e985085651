//! The order in which terms are applied, all of it.
//!
//! Two steps come before, row by row: unit prices of contracts, because everything else is measured
//! on them, and capacity, because it only helps in its own minute. What is left is settled stretch by
//! stretch of unchanging terms, in the order of time, so that thresholds, balances and expiries see
//! usage when it happened.

use super::bill::{Bill, Text};
use super::credit::Credits;
use super::deal::Deal;
use super::effects::{Posting, Words};
use super::error::SettleError;
use super::invoice::LineCategory;
use super::item::{Charge, Item};
use super::money_in::Exchange;
use super::remarks::Remarks;
use super::state::DealState;
use super::usage::UsageProfile;
use super::{allowed, closing, drawdown, lines, percent};
use crate::contract::terms::TermKind;
use crate::money::Amount;
use crate::period::Period;

/// Everything that settling a stretch needs and changes.
#[derive(Debug)]
pub(super) struct Run<'c> {
    pub(super) window: Period,
    pub(super) profiles: &'c [UsageProfile],
    pub(super) deals: &'c [Deal<'c>],
    pub(super) states: Vec<DealState<'c>>,
    pub(super) credits: Credits,
    pub(super) exchange: Exchange<'c>,
    pub(super) bill: Bill,
    pub(super) remarks: Remarks,
    /// By profile: what stands for it in the lines of invoices.
    pub(super) names: &'c [LineName],
    /// Where only totals are asked: effective cost by profile, instead of what is kept of each stretch.
    pub(super) sums: Option<Vec<Option<Amount>>>,
    /// Whether balances of commitments and credit are kept.
    pub(super) keeps_balances: bool,
}

/// The first profile of the same provider, and that of the same provider and model.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineName {
    pub(super) provider: u32,
    pub(super) model: u32,
}

impl Run<'_> {
    /// Settles the stretch of a number: `items` are its usage after unit prices and capacity, `charges` the fees
    /// that fall due in it.
    pub(super) fn settle(
        &mut self,
        (number, segment): (u32, Period),
        items: &mut [Item],
        charges: &mut [Charge],
    ) -> Result<(), SettleError> {
        if let Some(notes) = &mut self.bill.notes {
            notes.begin(number, segment, items)?;
        }
        // What is bought in advance can pay for the usage of its first moment.
        for at in 0..self.deals.len() {
            drawdown::begin(self, at, segment)?;
            self.credits.buy(&self.deals[at], segment, &mut self.bill)?;
        }
        // A contract sees the cost that the ones before it left: a provider's discount comes before
        // the cloud commitment that the discounted cost draws down.
        for at in 0..self.deals.len() {
            if !self.deals[at].is_in_force(segment) {
                continue;
            }
            // Percentages first: allowances and commitments are measured on what usage costs.
            self.percentages(at, segment, items)?;
            // What seats or a flat fee include is not bought again by a commitment.
            allowed::apply(self, at, segment, items)?;
            // Usage counts towards the commitment, draws it down, or is surcharged above it.
            drawdown::count(self, at, segment, items, charges)?;
            // The least to pay compares with usage as it stands before any credit.
            let (deal, state) = (&self.deals[at], &mut self.states[at]);
            for minimum in &mut state.minimums {
                let bound = &deal.terms[minimum.term];
                if bound.is_in_force(segment) {
                    minimum.count(bound, items)?;
                }
            }
        }
        // Credit pays what would be invoiced, so it comes when that is known.
        let (bill, deals, profiles) = (&mut self.bill, self.deals, self.profiles);
        let mut posting = Posting { bill, deals, profiles, segment };
        self.credits.draw(None, items, &mut posting)?;
        self.credits.recharge(items, &mut posting)?;
        for (term, amount) in self.credits.stop(self.deals, segment, items)? {
            self.remarks.stopped(term, amount)?;
        }
        if let Some(notes) = &mut self.bill.notes {
            let stopped = (LineCategory::Credit, "not served without credit");
            notes.applied(None, items, stopped, "")?;
        }
        lines::usage(self, segment, items)?;
        lines::fees(self, segment, charges)?;
        // Ends of periods, when all usage before them is counted.
        for at in 0..self.deals.len() {
            closing::close(self, at, segment)?;
        }
        Ok(())
    }

    /// Notes what was used of allowances whose periods go on.
    pub(super) fn note_included(&mut self) -> Result<(), SettleError> {
        for (deal, state) in self.deals.iter().zip(&mut self.states) {
            for (number, allowance, _) in &mut state.allowances {
                self.remarks.included_used(deal.terms[*number].at, allowance.reset()?);
            }
        }
        Ok(())
    }

    fn percentages(
        &mut self,
        at: usize,
        segment: Period,
        items: &mut [Item],
    ) -> Result<(), SettleError> {
        let deal = &self.deals[at];
        let day = deal.day(segment.start);
        let (bill, deals, profiles) = (&mut self.bill, self.deals, self.profiles);
        let mut posting = Posting { bill, deals, profiles, segment };
        let in_force = || deal.terms.iter().enumerate().filter(|(_, b)| b.is_in_force(segment));
        for (_, bound) in in_force() {
            if let TermKind::Discount(discount) = &bound.term.kind {
                percent::discount(bound, discount, items)?;
                posting.post(bound.at, items, &off(Text::Off(discount.rate)))?;
            }
        }
        for (number, schedule, resets) in &mut self.states[at].schedules {
            let bound = &deal.terms[*number];
            if !bound.is_in_force(segment) {
                continue;
            }
            if resets.at(segment.start).is_some_and(|s| s.period.start == segment.start) {
                schedule.reset(Amount::ZERO);
            }
            let opening = schedule.agreed.opening;
            let from = opening.map(|o| deal.contract.calendar.day_start(o.on));
            if let (Some(opening), Some(from)) = (opening, from) {
                // Known from the start of the window on, if it is of the same period.
                let is_first = segment.start == self.window.start && from < segment.start;
                let same = resets.at(from).is_some() && resets.at(from) == resets.at(segment.start);
                if same && (from == segment.start || is_first) {
                    schedule.reset(opening.amount);
                }
            }
            let counts = from.is_none_or(|from| from <= segment.start);
            if counts {
                percent::schedule(bound, schedule, items)?;
                posting.post(bound.at, items, &off(Text::fixed("by cumulative spend")))?;
            }
        }
        // The best customer's price is compared with what the contract's own terms gave.
        for (_, bound) in in_force() {
            if let TermKind::BestCustomer(best) = &bound.term.kind {
                percent::best_customer(bound, best, day, items)?;
                posting.post(bound.at, items, &off(Text::fixed("price of the best customer")))?;
            }
        }
        Ok(())
    }
}

/// The line of a percentage.
fn off(text: Text) -> Words {
    Words { off: (LineCategory::Discount, text), surcharge: "" }
}
