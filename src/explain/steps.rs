//! Steps of one kind summed, in the order of settlement.

use std::collections::BTreeMap;

use super::{Step, TermPlace};
use crate::contract::{Contract, TermKind};
use crate::money::{Amount, MoneyError};
use crate::settlement::{LineCategory, TermRef};

/// When a step comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Unit prices of contracts.
    UnitPrice,
    /// Into the currency of the invoice.
    Exchange,
    /// What a capacity serves is not invoiced by token.
    Capacity,
    /// What terms of a contract did to usage, contract by contract.
    Usage,
    /// Credit, of all contracts.
    Credit,
    /// What was not served.
    Stopped,
    /// Lines that are about no usage.
    Beside,
    /// Lines are rounded once.
    Rounding,
}

type Key = (Phase, usize, u8, usize, String, &'static str);

/// Sums of steps.
#[derive(Debug)]
pub(super) struct StepSums<'c> {
    contracts: &'c [Contract],
    found: BTreeMap<Key, (Option<TermRef>, Amount)>,
}

impl<'c> StepSums<'c> {
    pub(super) fn new(contracts: &'c [Contract]) -> Self {
        Self { contracts, found: BTreeMap::new() }
    }

    pub(super) fn add(
        &mut self,
        phase: Phase,
        (term, kind): (Option<TermRef>, &'static str),
        description: String,
        change: Amount,
    ) -> Result<(), MoneyError> {
        if change.is_zero() {
            return Ok(());
        }
        let agreed =
            term.and_then(|at| Some(&self.contracts.get(at.contract)?.terms.get(at.term)?.kind));
        let (contract, number) = term.map_or((usize::MAX, 0), |at| (at.contract, at.term));
        let key = (phase, contract, agreed.map_or(0, rank), number, description, kind);
        let (_, sum) = self.found.entry(key).or_insert((term, Amount::ZERO));
        *sum = sum.checked_add(change)?;
        Ok(())
    }

    pub(super) fn finish(self) -> Vec<Step> {
        let contracts = self.contracts;
        let step = |((.., description, kind), (term, change)): (Key, (Option<TermRef>, Amount))| {
            Step { kind, term: term.and_then(|at| place(contracts, at)), description, change }
        };
        self.found.into_iter().map(step).filter(|step| !step.change.is_zero()).collect()
    }
}

/// A term by name and place.
pub(super) fn place(contracts: &[Contract], at: TermRef) -> Option<TermPlace> {
    let contract = contracts.get(at.contract)?;
    let term = contract.terms.get(at.term)?;
    Some(TermPlace {
        contract: contract.id.to_string(),
        term: term.id.to_string(),
        kind: term.kind.name(),
        place: term.place.clone(),
    })
}

/// The phase of a line by its category.
pub(super) fn phase(category: LineCategory, agreed: Option<&TermKind>) -> Phase {
    match category {
        // What came back for a shortfall pays before the commitment counts.
        LineCategory::Credit if matches!(agreed, Some(TermKind::SpendCommitment(_))) => {
            Phase::Usage
        }
        LineCategory::Credit => Phase::Credit,
        LineCategory::Usage
        | LineCategory::Discount
        | LineCategory::Included
        | LineCategory::Overage
        | LineCategory::Drawdown => Phase::Usage,
        _ => Phase::Beside,
    }
}

/// Kinds of terms in the order in which they are applied to usage.
fn rank(kind: &TermKind) -> u8 {
    match kind {
        TermKind::FixedRate(_) => 0,
        TermKind::PriceProtection(_) => 1,
        TermKind::Capacity(_) => 2,
        TermKind::ReservedSpend(_) => 3,
        TermKind::Discount(_) => 4,
        TermKind::DiscountSchedule(_) => 5,
        TermKind::BestCustomer(_) => 6,
        TermKind::Seats(_) => 7,
        TermKind::FlatFee(_) => 8,
        TermKind::OtherSpend(_) => 9,
        TermKind::SpendCommitment(_) => 10,
        TermKind::Minimum(_) => 11,
        TermKind::Credit(_) => 12,
    }
}
