//! What settlement notes on its way: balances, costs by profile, and what was odd.

use std::collections::{BTreeMap, BTreeSet};

use super::deal::Deal;
use super::invoice::{CommitmentBalance, CostShare, CreditBalance, IncludedUse, TermRef};
use super::load::MILLION;
use super::met::Met;
use crate::contract::terms::TermKind;
use crate::diagnostic::{Diagnostics, code};
use crate::money::{Amount, MoneyError};
use crate::period::Period;

/// Notes of a run.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    pub(super) commitments: Vec<CommitmentBalance>,
    pub(super) credits: Vec<CreditBalance>,
    pub(super) shares: Vec<CostShare>,
    pub(super) included: Vec<IncludedUse>,
    /// Worth, and millionths of tokens where only those are known.
    stopped: BTreeMap<TermRef, (Amount, i128)>,
    without_history: BTreeSet<TermRef>,
    /// Most users with usage, and the seats there were then.
    crowded: BTreeMap<TermRef, (u64, u64)>,
    /// Rows that lie in more than one stretch.
    pub(super) straddling: u64,
    /// Terms that found no base price, with the model.
    pub(super) without_base: BTreeSet<(TermRef, String)>,
    pub(super) met: Met,
    pub(super) diagnostics: Diagnostics,
}

impl Remarks {
    /// Usage worth so much was not served.
    pub(super) fn stopped(&mut self, term: TermRef, amount: Amount) -> Result<(), MoneyError> {
        self.stopped_tokens(term, amount, 0)
    }

    /// Usage worth so much, of so many millionths of tokens, was not served.
    pub(super) fn stopped_tokens(
        &mut self,
        term: TermRef,
        amount: Amount,
        millionths: i128,
    ) -> Result<(), MoneyError> {
        let sum = self.stopped.entry(term).or_default();
        sum.0 = sum.0.checked_add(amount)?;
        sum.1 = sum.1.checked_add(millionths).ok_or(MoneyError::Overflow)?;
        Ok(())
    }

    /// What was included in a period, used of it and used beyond it.
    pub(super) fn included_used(&mut self, term: TermRef, use_: Option<(Amount, Amount, Amount)>) {
        let with_term = |(included, used, beyond)| IncludedUse { term, included, used, beyond };
        self.included.extend(use_.map(with_term));
    }

    /// More users had usage than there are seats with an allowance.
    pub(super) fn more_users_than_seats(&mut self, term: TermRef, users: u64, seats: u64) {
        let most = self.crowded.entry(term).or_insert((users, seats));
        *most = (*most).max((users, seats));
    }

    /// What happened under a term before the window is not known.
    pub(super) fn without_history(&mut self, term: TermRef) {
        self.without_history.insert(term);
    }

    /// All findings about what was settled in a window.
    pub(super) fn findings(mut self, deals: &[Deal<'_>], window: Period) -> Diagnostics {
        let mut found = std::mem::take(&mut self.diagnostics);
        let name = |at: TermRef| {
            let contract = deals[at.contract].contract;
            format!("`{}` of `{}`", contract.terms[at.term].id, contract.id)
        };
        let place = |at: TermRef| Some(deals[at.contract].contract.terms[at.term].place.location());
        for (term, (amount, millionths)) in &self.stopped {
            self.met.note_stopped(*term);
            let contract = deals[term.contract].contract;
            let tokens = match millionths / MILLION {
                0 => String::new(),
                tokens => format!("{tokens} tokens, "),
            };
            let text = format!(
                "{} does not serve usage ({tokens}worth {amount} {} by token); it is in no cost",
                name(*term),
                contract.currency
            );
            found.add(code::USAGE_STOPPED, text, place(*term));
        }
        for term in &self.without_history {
            let bound = &deals[term.contract].terms[term.term];
            let (opening, takes_one) = match &bound.term.kind {
                TermKind::SpendCommitment(commitment) => (commitment.opening, true),
                TermKind::DiscountSchedule(schedule) => (schedule.opening, true),
                _ => (None, false),
            };
            let rest = match opening {
                Some(opening) => format!("what counted since its `opening` of {}", opening.on),
                None => "what counted before".to_owned(),
            };
            let hint = match opening {
                Some(_) => " (state one of the first day that is settled)",
                None if takes_one => " (`opening` states it)",
                None => "",
            };
            let text = format!(
                "{} began before the time that is settled; {rest} is not known and taken as nothing{hint}",
                name(*term)
            );
            found.add(code::CONTRACT_HISTORY_MISSING, text, place(*term));
        }
        for (term, (users, seats)) in &self.crowded {
            let text = format!(
                "{}: {users} users had usage and there are {seats} seats; each user was given the usage that a seat includes",
                name(*term)
            );
            found.add(code::SEATS_EXCEEDED, text, place(*term));
        }
        for (term, model) in &self.without_base {
            let text = format!(
                "{} protects no price of `{model}`: no price book has one on its `base_date`",
                name(*term)
            );
            found.add(code::NO_BASE_PRICE, text, place(*term));
        }
        if self.straddling > 0 {
            let text = "usage is known by periods in which terms begin or end; all of it was settled by the terms at the start of its period";
            found.add_many(code::USAGE_STRADDLES_TERMS, text, None, self.straddling);
        }
        self.met.report(deals, window, &mut found);
        found
    }
}
