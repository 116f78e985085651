//! What contracts remember from one stretch to the next.

use super::allowance::AllowanceState;
use super::commitment::Commitment;
use super::deal::Deal;
use super::minimum::MinimumState;
use super::schedule::Schedule;
use super::seats::SeatCount;
use super::usage::UsageProfile;
use crate::contract::terms::{Seats, TermKind};
use crate::contract::{Anchor, Spans};
use crate::money::MoneyError;

/// The state of one contract; the first value of each pair is the number of the term.
#[derive(Debug, Clone)]
pub(super) struct DealState<'c> {
    pub(super) schedules: Vec<(usize, Schedule<'c>, Spans)>,
    /// Of seats with an allowance, and of flat fees.
    pub(super) allowances: Vec<(usize, AllowanceState, Spans)>,
    pub(super) seats: Vec<(usize, SeatCount<'c>)>,
    pub(super) commitments: Vec<Commitment<'c>>,
    pub(super) minimums: Vec<MinimumState<'c>>,
}

impl<'c> DealState<'c> {
    pub(super) fn new(deal: &Deal<'c>, profiles: &[UsageProfile]) -> Result<Self, MoneyError> {
        let mut state = Self {
            schedules: Vec::new(),
            allowances: Vec::new(),
            seats: Vec::new(),
            commitments: Vec::new(),
            minimums: Vec::new(),
        };
        let calendar = &deal.contract.calendar;
        for (number, bound) in deal.terms.iter().enumerate() {
            let days = bound.term.days;
            match &bound.term.kind {
                TermKind::DiscountSchedule(agreed) => {
                    let resets = Spans::new(agreed.resets, Anchor::Start, days, calendar);
                    state.schedules.push((number, Schedule::new(agreed), resets));
                }
                TermKind::Seats(agreed) => state.add_seats(number, agreed, deal),
                TermKind::FlatFee(fee) => {
                    let periods = Spans::new(fee.every, fee.anchor, days, calendar);
                    state.allowances.push((number, AllowanceState::default(), periods));
                }
                TermKind::SpendCommitment(agreed) => {
                    state.commitments.push(Commitment::new(number, agreed, deal, profiles)?);
                }
                TermKind::Minimum(agreed) => {
                    state.minimums.push(MinimumState::new(number, agreed, deal));
                }
                _ => {}
            }
        }
        Ok(state)
    }

    fn add_seats(&mut self, number: usize, agreed: &'c Seats, deal: &Deal<'_>) {
        let days = deal.terms[number].term.days;
        let count = SeatCount::new(agreed, deal.days.0, days, &deal.contract.calendar);
        if agreed.included.is_some() {
            self.allowances.push((number, AllowanceState::default(), count.periods.clone()));
        }
        self.seats.push((number, count));
    }
}
