//! Credit: lots are bought, pay for usage in their order, and lapse.

use chrono::NaiveDate;

use super::bill::{Added, Bill, LineKey, Text, key_of};
use super::deal::Deal;
use super::effects::{Posting, Words};
use super::error::SettleError;
use super::invoice::{CreditBalance, LineCategory, TermRef};
use super::item::{Item, share_out};
use super::lots::{Lot, lots_of};
use crate::contract::terms::{Credit, Recharge, TermKind, WhenEmpty};
use crate::money::{Amount, MoneyError};
use crate::period::{Period, Timestamp};
use crate::rating::Costs;

/// All lots of all contracts.
#[derive(Debug, Clone, Default)]
pub(super) struct Credits {
    lots: Vec<Lot>,
}

/// A line of a term that is about no model.
pub(super) fn term_line(term: TermRef, category: LineCategory, text: Text) -> LineKey {
    LineKey { category, term: Some(term), profile: None, text }
}

/// Costs of a line that only asks for money.
pub(super) fn billed_only(amount: Amount) -> Costs {
    Costs { billed_cost: amount, ..Costs::default() }
}

impl Credits {
    /// Without the lots that lapsed before the window: they belong to what was settled before.
    pub(super) fn new(deals: &[Deal<'_>], window: Period) -> Self {
        let mut lots = Vec::new();
        for bound in deals.iter().flat_map(|deal| &deal.terms) {
            let TermKind::Credit(credit) = &bound.term.kind else { continue };
            let first = deals[bound.at.contract].day(window.start);
            for (at, days) in lots_of(credit, bound.term.days).into_iter().enumerate() {
                if days.1.is_some_and(|end| end <= first) {
                    continue;
                }
                lots.push(Lot {
                    term: bound.at,
                    number: at + 1,
                    days,
                    order: credit.order,
                    amount: credit.amount,
                    price: credit.price,
                    drawn: Amount::ZERO,
                    lapsed: Amount::ZERO,
                    returned: false,
                });
            }
        }
        Self { lots }
    }

    /// Terms with a lot from before an instant: what was drawn from it by then is not known.
    pub(super) fn begun_before(&self, deal: &Deal<'_>, start: Timestamp) -> Vec<TermRef> {
        let day = deal.day(start);
        let own = self.lots.iter().filter(|lot| lot.term.contract == deal.index);
        let old = own.filter(|lot| lot.days.0 < day && lot.days.1.is_none_or(|end| day < end));
        old.map(|lot| lot.term).collect()
    }

    /// Purchases of the lots that begin with a stretch.
    pub(super) fn buy(
        &self,
        deal: &Deal<'_>,
        segment: Period,
        bill: &mut Bill,
    ) -> Result<(), SettleError> {
        let starts = |day: NaiveDate| deal.contract.calendar.day_start(day) == segment.start;
        for lot in self.lots.iter().filter(|l| l.term.contract == deal.index && !l.returned) {
            if starts(lot.days.0) && !lot.price.is_zero() {
                purchase(deal, lot.term, (lot.amount, lot.price), segment, bill)?;
            }
        }
        Ok(())
    }

    fn next_number(&self, term: TermRef) -> usize {
        let own = self.lots.iter().filter(|lot| lot.term == term);
        own.map(|lot| lot.number).max().unwrap_or(0) + 1
    }

    /// A lot for a shortfall that was paid.
    pub(super) fn give_back(
        &mut self,
        term: TermRef,
        amount: Amount,
        days: (NaiveDate, Option<NaiveDate>),
    ) {
        let number = self.next_number(term);
        self.lots.push(Lot {
            term,
            number,
            days,
            order: 0,
            amount,
            price: amount,
            drawn: Amount::ZERO,
            lapsed: Amount::ZERO,
            returned: true,
        });
    }

    /// Pays for usage of a contract from its lots: those that came back for a shortfall, or all
    /// others. Gives what was paid, by item.
    pub(super) fn draw(
        &mut self,
        returned: Option<TermRef>,
        items: &mut [Item],
        posting: &mut Posting<'_, '_>,
    ) -> Result<Vec<Amount>, SettleError> {
        let (deals, segment) = (posting.deals, posting.segment);
        let mut paid = vec![Amount::ZERO; items.len()];
        let mut order: Vec<usize> = (0..self.lots.len()).collect();
        order.sort_by_key(|at| self.lots[*at].rank());
        for at in order {
            let lot = &mut self.lots[at];
            let deal = &deals[lot.term.contract];
            let wanted = match returned {
                Some(term) => lot.returned && lot.term == term,
                None => !lot.returned,
            };
            if !wanted || !deal.is_in_force(segment) || !lot.pays_on(deal.day(segment.start)) {
                continue;
            }
            draw_lot(lot, deal, items, &mut paid, posting)?;
        }
        Ok(paid)
    }

    /// Buys further lots where little is left, and pays with them.
    pub(super) fn recharge(
        &mut self,
        items: &mut [Item],
        posting: &mut Posting<'_, '_>,
    ) -> Result<(), SettleError> {
        let (deals, segment) = (posting.deals, posting.segment);
        for deal in deals.iter().filter(|deal| deal.is_in_force(segment)) {
            for (bound, credit) in deal.terms.iter().filter_map(|bound| match &bound.term.kind {
                TermKind::Credit(credit) if bound.is_in_force(segment) => Some((bound, credit)),
                _ => None,
            }) {
                let Some(recharge) = credit.recharge else { continue };
                // Nothing is bought again before the first lot was.
                let day = deal.day(segment.start);
                if !self.lots.iter().any(|lot| lot.term == bound.at && lot.days.0 <= day) {
                    continue;
                }
                let amount = self.lacking(deal, bound.at, recharge, deals, segment, items)?;
                if amount.is_zero() {
                    continue;
                }
                let expires = credit
                    .expires_after_months
                    .and_then(|m| day.checked_add_months(chrono::Months::new(m)));
                let number = self.next_number(bound.at);
                self.lots.push(Lot {
                    term: bound.at,
                    number,
                    days: (day, expires),
                    order: credit.order,
                    amount,
                    price: amount,
                    drawn: Amount::ZERO,
                    lapsed: Amount::ZERO,
                    returned: false,
                });
                purchase(deal, bound.at, (amount, amount), segment, posting.bill)?;
                let mut paid = vec![Amount::ZERO; items.len()];
                if let Some(lot) = self.lots.last_mut() {
                    draw_lot(lot, deal, items, &mut paid, posting)?;
                }
            }
        }
        Ok(())
    }

    /// Whole lots that are bought so that no less than the limit is left after this usage. It does
    /// not depend on how usage is divided over time.
    fn lacking(
        &self,
        deal: &Deal<'_>,
        term: TermRef,
        recharge: Recharge,
        deals: &[Deal<'_>],
        segment: Period,
        items: &[Item],
    ) -> Result<Amount, MoneyError> {
        let day = deal.day(segment.start);
        let mut balance = Amount::ZERO;
        for lot in self.lots.iter().filter(|l| l.term == term && l.pays_on(day)) {
            balance = balance.checked_add(lot.remaining()?)?;
        }
        for item in items.iter().filter(|item| can_pay(deal, term, deals, item)) {
            balance = balance.checked_sub(item.payable)?;
        }
        let lack = recharge.below.checked_sub(balance)?;
        if lack <= Amount::ZERO {
            return Ok(Amount::ZERO);
        }
        let lots = (lack.atto() + recharge.amount.atto() - 1) / recharge.amount.atto();
        recharge.amount.checked_ratio(lots, 1)
    }

    /// Takes off what no credit pays for where usage stops then; gives how much by term.
    pub(super) fn stop(
        &self,
        deals: &[Deal<'_>],
        segment: Period,
        items: &mut [Item],
    ) -> Result<Vec<(TermRef, Amount)>, MoneyError> {
        let mut stopped = Vec::new();
        for deal in deals.iter().filter(|deal| deal.is_in_force(segment)) {
            for bound in deal.terms.iter().filter(|bound| bound.is_in_force(segment)) {
                let TermKind::Credit(Credit { when_empty: WhenEmpty::Stopped, .. }) =
                    bound.term.kind
                else {
                    continue;
                };
                let mut sum = Amount::ZERO;
                for item in items.iter_mut().filter(|i| can_pay(deal, bound.at, deals, i)) {
                    // A surcharge on what was served stays.
                    let rest = item.payable.checked_sub(item.overage)?.max(Amount::ZERO);
                    sum = sum.checked_add(rest)?;
                    item.refuse(rest)?;
                }
                if !sum.is_zero() {
                    stopped.push((bound.at, sum));
                }
            }
        }
        Ok(stopped)
    }

    /// Lots that lapse at the end of a stretch: what is left is a cost without usage.
    pub(super) fn lapse(
        &mut self,
        deal: &Deal<'_>,
        segment: Period,
        bill: &mut Bill,
    ) -> Result<(), SettleError> {
        let day = deal.day(segment.end);
        for lot in self.lots.iter_mut().filter(|lot| lot.term.contract == deal.index) {
            let ended = lot.days.1.is_some_and(|end| end <= day);
            let left = lot.remaining()?;
            if !ended || left.is_zero() {
                continue;
            }
            lot.lapsed = lot.lapsed.checked_add(left)?;
            let costs = Costs { effective_cost: lot.cost_of(left)?, ..Costs::default() };
            let text = format!("credit of {} that lapsed", lot.days.0);
            let line = term_line(lot.term, LineCategory::Unused, text.into());
            bill.add(&key_of(deal, segment), line, Added { costs, ..Added::default() })?;
        }
        Ok(())
    }

    /// The lots of a contract that have begun, as they are at the end of a stretch.
    pub(super) fn balances(
        &self,
        deal: &Deal<'_>,
        end: Timestamp,
    ) -> Result<Vec<CreditBalance>, MoneyError> {
        let on = deal.day(end);
        // What came back at this very moment is there; what is bought at it is not yet.
        let begun = |lot: &&Lot| {
            let there = lot.days.0 < on || (lot.returned && lot.days.0 == on);
            lot.term.contract == deal.index && there
        };
        let balance = |lot: &Lot| {
            Ok(CreditBalance {
                term: lot.term,
                lot: lot.number,
                on,
                days: lot.days,
                currency: deal.contract.currency,
                amount: lot.amount,
                price: lot.price,
                drawn: lot.drawn,
                lapsed: lot.lapsed,
                remaining: lot.remaining()?,
            })
        };
        self.lots.iter().filter(begun).map(balance).collect()
    }
}

/// True if credit of a term may pay for an item: invoiced by the same issuer in the same currency.
pub(super) fn can_pay(deal: &Deal<'_>, term: TermRef, deals: &[Deal<'_>], item: &Item) -> bool {
    let issuer = item.biller.map(|biller| &deals[biller].contract.issuer);
    item.served_by.is_none()
        && issuer == Some(&deal.contract.issuer)
        && item.currency == deal.contract.currency
        && deal.terms[term.term].is_about(item.profile)
}

fn purchase(
    deal: &Deal<'_>,
    term: TermRef,
    (amount, price): (Amount, Amount),
    segment: Period,
    bill: &mut Bill,
) -> Result<(), SettleError> {
    let text = format!("credit for {amount}");
    let line = term_line(term, LineCategory::Purchase, text.into());
    let added = Added { costs: billed_only(price), ..Added::default() };
    Ok(bill.add(&key_of(deal, segment), line, added)?)
}

fn draw_lot(
    lot: &mut Lot,
    deal: &Deal<'_>,
    items: &mut [Item],
    paid: &mut [Amount],
    posting: &mut Posting<'_, '_>,
) -> Result<(), SettleError> {
    let owed = |item: &Item| {
        let owed =
            if can_pay(deal, lot.term, posting.deals, item) { item.payable } else { Amount::ZERO };
        owed.max(Amount::ZERO)
    };
    let wanted: Vec<Amount> = items.iter().map(owed).collect();
    let need = Amount::checked_sum(wanted.iter().copied())?;
    let drawn = need.min(lot.remaining()?);
    if drawn.is_zero() {
        return Ok(());
    }
    let shares = share_out(drawn, &wanted)?;
    let costs = share_out(lot.cost_of(drawn)?, &wanted)?;
    for (at, item) in items.iter_mut().enumerate() {
        item.pay(shares[at], costs[at])?;
        paid[at] = paid[at].checked_add(shares[at])?;
    }
    lot.drawn = lot.drawn.checked_add(drawn)?;
    let text = Text::Lot { from: lot.days.0, returned: lot.returned, number: lot.number };
    posting.post(lot.term, items, &Words { off: (LineCategory::Credit, text), surcharge: "" })
}
