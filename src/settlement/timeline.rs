//! The stretches of time in which no term of any contract changes.

use std::collections::BTreeSet;

use crate::contract::Anchor;
use crate::contract::terms::{Credit, Seats, SpendCommitment};
use crate::contract::{Contract, Every, Spans, TermKind};
use crate::period::{Calendar, Period, Timestamp};

use chrono::{Days, Months, NaiveDate};

/// The window, cut wherever something changes.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    // At least two: the bounds of the window.
    edges: Vec<Timestamp>,
}

impl Timeline {
    /// Cuts the window for all contracts, and at the months of UTC, in which usage without a
    /// contract is invoiced.
    pub(super) fn new(contracts: &[Contract], window: Period) -> Self {
        let mut edges = BTreeSet::from([window.start, window.end]);
        let utc = |at: Timestamp| Calendar::UTC.date_of(at);
        let months = (utc(window.start), utc(window.end) + Days::new(1));
        let months = Spans::new(Every::Month, Anchor::Calendar, months, &Calendar::UTC);
        edges.extend(months.all().iter().map(|span| span.period.start));
        for contract in contracts {
            let calendar = &contract.calendar;
            edges.extend(days_of(contract).into_iter().map(|day| calendar.day_start(day)));
        }
        let inside = |edge: &Timestamp| window.start <= *edge && *edge <= window.end;
        Self { edges: edges.into_iter().filter(inside).collect() }
    }

    /// All edges, the bounds of the window among them.
    pub(super) fn edges(&self) -> &[Timestamp] {
        &self.edges
    }

    /// How many stretches there are.
    pub(super) fn len(&self) -> usize {
        self.edges.len() - 1
    }

    /// A stretch.
    pub(super) fn segment(&self, at: usize) -> Period {
        Period { start: self.edges[at], end: self.edges[at + 1] }
    }

    /// The stretch of an instant; `hint` is one that was found before.
    pub(super) fn at(&self, instant: Timestamp, hint: usize) -> Option<usize> {
        if self.edges.get(hint + 1).is_some() && self.segment(hint).contains(instant) {
            return Some(hint);
        }
        let after = self.edges.partition_point(|edge| *edge <= instant);
        after.checked_sub(1).filter(|at| *at < self.len())
    }
}

/// The instants in a window at which something of contracts changes, and the months of UTC, the bounds
/// of the window among them: usage of a stretch between two of them can be settled as one row, but for
/// what capacity serves minute by minute.
#[must_use]
pub fn edges(contracts: &[Contract], window: Period) -> Vec<Timestamp> {
    Timeline::new(contracts, window).edges
}

/// The first and last days of a contract.
pub(super) fn bounds(contract: &Contract) -> (NaiveDate, NaiveDate) {
    (contract.calendar.date_of(contract.term.start), contract.calendar.date_of(contract.term.end))
}

/// Every day on which something of a contract changes.
fn days_of(contract: &Contract) -> Vec<NaiveDate> {
    let calendar = &contract.calendar;
    let (start, end) = bounds(contract);
    let mut days = vec![start, end];
    let mut cut = |every: Every, anchor: Anchor, between: (NaiveDate, NaiveDate)| {
        let spans = Spans::new(every, anchor, between, calendar);
        spans.all().iter().flat_map(|s| [s.days.0, s.days.1]).collect::<Vec<_>>()
    };
    days.extend(cut(contract.billing, contract.billing_anchor, (start, end)));
    for term in &contract.terms {
        days.extend([term.days.0, term.days.1]);
        match &term.kind {
            TermKind::SpendCommitment(c) => days.extend(commitment_days(c, term.days, &mut cut)),
            TermKind::DiscountSchedule(s) => {
                days.extend(cut(s.resets, Anchor::Start, term.days));
                days.extend(s.opening.map(|o| o.on));
            }
            TermKind::Minimum(m) => days.extend(cut(m.every, m.anchor, term.days)),
            TermKind::FlatFee(f) => days.extend(cut(f.every, f.anchor, term.days)),
            TermKind::Seats(s) => days.extend(seat_days(s, start, term.days, &mut cut)),
            TermKind::OtherSpend(o) => {
                days.extend(o.every.map(|e| cut(e, o.anchor, term.days)).into_iter().flatten());
            }
            TermKind::Credit(c) => days.extend(credit_days(c, term.days)),
            TermKind::Capacity(c) => {
                for meter in &c.meters {
                    days.extend(meter.units.0.iter().map(|(day, _)| *day));
                    days.extend(meter.reserved.iter().flat_map(|(u, _)| &u.0).map(|(day, _)| *day));
                }
            }
            TermKind::PriceProtection(p) => days.extend(anniversaries(p.base_date, end)),
            TermKind::BestCustomer(b) => days.extend(b.steps.iter().map(|(day, _)| *day)),
            TermKind::FixedRate(_) | TermKind::Discount(_) | TermKind::ReservedSpend(_) => {}
        }
    }
    days
}

type Cut<'a> = dyn FnMut(Every, Anchor, (NaiveDate, NaiveDate)) -> Vec<NaiveDate> + 'a;

fn commitment_days(
    commitment: &SpendCommitment,
    between: (NaiveDate, NaiveDate),
    cut: &mut Cut<'_>,
) -> Vec<NaiveDate> {
    let mut days: Vec<NaiveDate> = commitment.milestones.iter().map(|m| m.by).collect();
    days.extend(commitment.opening.map(|o| o.on));
    let mut periods = cut(commitment.every, commitment.anchor, between);
    days.extend(&periods);
    periods.dedup();
    let parts = [commitment.true_up, commitment.payment.instalments()];
    for part in parts.into_iter().flatten() {
        for pair in periods.windows(2) {
            days.extend(cut(part, Anchor::Start, (pair[0], pair[1])));
        }
    }
    // A credit for a shortfall lapses months after any of these days.
    if let Some(months) = commitment.shortfall.credit_months() {
        let later = |day: &NaiveDate| day.checked_add_months(Months::new(months));
        days.extend(days.clone().iter().filter_map(later));
    }
    days
}

fn seat_days(
    seats: &Seats,
    contract_start: NaiveDate,
    between: (NaiveDate, NaiveDate),
    cut: &mut Cut<'_>,
) -> Vec<NaiveDate> {
    let mut days = cut(seats.every, seats.anchor, between);
    days.extend(seats.counts.iter().map(|(day, _)| *day));
    days.extend(cut(Every::Year, Anchor::Start, (contract_start, between.1)));
    days
}

fn credit_days(credit: &Credit, between: (NaiveDate, NaiveDate)) -> Vec<NaiveDate> {
    super::lots::lots_of(credit, between)
        .into_iter()
        .flat_map(|l| [Some(l.0), l.1])
        .flatten()
        .collect()
}

/// The base date and the same day of each later year.
pub(super) fn anniversaries(base: NaiveDate, end: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    (0..)
        .map_while(move |year| base.checked_add_months(Months::new(12 * year)).filter(|d| *d < end))
}
