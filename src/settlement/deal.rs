//! One contract, made ready: its periods, and which usage each of its terms is about.

use chrono::NaiveDate;

use super::invoice::TermRef;
use super::timeline::bounds;
use super::usage::UsageProfile;
use crate::contract::{Contract, Spans, Term};
use crate::money::{Amount, MoneyError};
use crate::period::{Period, Timestamp};

/// A contract in use.
#[derive(Debug)]
pub(super) struct Deal<'c> {
    pub(super) index: usize,
    pub(super) contract: &'c Contract,
    /// First day and first day after.
    pub(super) days: (NaiveDate, NaiveDate),
    pub(super) billing: Spans,
    pub(super) terms: Vec<Bound<'c>>,
    /// Which profiles its scope has.
    scope: Vec<bool>,
}

/// A term with the usage it is about.
#[derive(Debug)]
pub(super) struct Bound<'c> {
    pub(super) at: TermRef,
    pub(super) term: &'c Term,
    pub(super) period: Period,
    scope: Vec<bool>,
}

impl Bound<'_> {
    /// True if a profile is in its scope and in the contract's.
    pub(super) fn is_about(&self, profile: u32) -> bool {
        self.scope[profile as usize]
    }

    /// True if any profile is in its scope.
    pub(super) fn is_about_any(&self) -> bool {
        self.scope.contains(&true)
    }

    /// True if it is in force in a stretch.
    pub(super) fn is_in_force(&self, segment: Period) -> bool {
        self.period.contains(segment.start)
    }
}

impl<'c> Deal<'c> {
    pub(super) fn new(index: usize, contract: &'c Contract, profiles: &[UsageProfile]) -> Self {
        let days = bounds(contract);
        let scope: Vec<bool> = profiles.iter().map(|p| contract.scope.accepts(p.facts())).collect();
        let terms = contract.terms.iter().enumerate().map(|(number, term)| Bound {
            at: TermRef { contract: index, term: number },
            term,
            period: Period {
                start: contract.calendar.day_start(term.days.0),
                end: contract.calendar.day_start(term.days.1),
            },
            scope: profiles
                .iter()
                .zip(&scope)
                .map(|(p, inside)| *inside && term.scope.accepts(p.facts()))
                .collect(),
        });
        Self {
            index,
            contract,
            days,
            billing: Spans::new(
                contract.billing,
                contract.billing_anchor,
                days,
                &contract.calendar,
            ),
            terms: terms.collect(),
            scope,
        }
    }

    /// True if it is in force in a stretch.
    pub(super) fn is_in_force(&self, segment: Period) -> bool {
        self.contract.term.contains(segment.start)
    }

    /// True if its issuer invoices the usage of a profile in a stretch.
    pub(super) fn bills(&self, profile: u32, segment: Period) -> bool {
        self.contract.bills_usage && self.scope[profile as usize] && self.is_in_force(segment)
    }

    /// The day of an instant in its calendar.
    pub(super) fn day(&self, at: Timestamp) -> NaiveDate {
        self.contract.calendar.date_of(at)
    }
}

/// An amount for a period that is cut short, in proportion to its days.
pub(super) fn prorated(amount: Amount, (days, whole): (u32, u32)) -> Result<Amount, MoneyError> {
    if days == whole {
        return Ok(amount);
    }
    amount.checked_ratio(i128::from(days), i128::from(whole))
}
