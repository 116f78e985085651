//! Lots of credit: when they pay, what is left of them.

use chrono::{Months, NaiveDate};

use super::invoice::TermRef;
use crate::contract::terms::Credit;
use crate::contract::{Anchor, Every, Spans};
use crate::money::{Amount, MoneyError};
use crate::period::Calendar;

/// The first day and the first day after of each lot of a term; `None`: it does not lapse.
pub(super) fn lots_of(
    credit: &Credit,
    term: (NaiveDate, NaiveDate),
) -> Vec<(NaiveDate, Option<NaiveDate>)> {
    let months_later = |day: NaiveDate| {
        credit.expires_after_months.and_then(|m| day.checked_add_months(Months::new(m)))
    };
    match credit.repeats {
        None => {
            vec![(credit.bought_on, credit.expires_on.or_else(|| months_later(credit.bought_on)))]
        }
        Some(every) => {
            let until = credit.expires_on.map_or(term.1, |day| day.min(term.1));
            repeated(every, (credit.bought_on, until))
                .map(|(from, next)| (from, months_later(from).or(Some(next))))
                .collect()
        }
    }
}

/// Whole periods: a lot in the last one does not lapse earlier because the term ends.
fn repeated(
    every: Every,
    between: (NaiveDate, NaiveDate),
) -> impl Iterator<Item = (NaiveDate, NaiveDate)> {
    let spans = Spans::new(every, Anchor::Start, between, &Calendar::UTC);
    let days: Vec<_> = spans.all().iter().map(|span| span.days).collect();
    days.into_iter()
}

/// A lot.
#[derive(Debug, Clone)]
pub(super) struct Lot {
    pub(super) term: TermRef,
    /// From 1, among the lots of its term.
    pub(super) number: usize,
    pub(super) days: (NaiveDate, Option<NaiveDate>),
    pub(super) order: i64,
    pub(super) amount: Amount,
    pub(super) price: Amount,
    pub(super) drawn: Amount,
    pub(super) lapsed: Amount,
    /// It came back for a shortfall: what it pays for does not count towards the commitment again.
    pub(super) returned: bool,
}

impl Lot {
    /// What it can still pay for.
    pub(super) fn remaining(&self) -> Result<Amount, MoneyError> {
        self.amount.checked_sub(self.drawn)?.checked_sub(self.lapsed)
    }

    /// True if it pays on a day.
    pub(super) fn pays_on(&self, day: NaiveDate) -> bool {
        self.days.0 <= day && self.days.1.is_none_or(|end| day < end)
    }

    /// What was paid for a part of it.
    pub(super) fn cost_of(&self, part: Amount) -> Result<Amount, MoneyError> {
        if self.price == self.amount {
            return Ok(part);
        }
        part.checked_ratio(self.price.atto(), self.amount.atto())
    }

    /// The order in which lots are drawn.
    pub(super) fn rank(&self) -> (i64, NaiveDate, NaiveDate, TermRef, usize) {
        (self.order, self.days.1.unwrap_or(NaiveDate::MAX), self.days.0, self.term, self.number)
    }
}
