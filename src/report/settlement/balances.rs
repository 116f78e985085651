//! Balances of commitments and credit, and the use of capacity, as JSON holds them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::figures::{Names, TermName};
use crate::money::{Amount, Currency};
use crate::settlement::{CapacityUse, CommitmentBalance, CreditBalance, TermRef};

/// One period of a commitment, billing period by billing period.
#[derive(Debug, Serialize)]
pub(super) struct BurnDown {
    #[serde(flatten)]
    pub(super) name: TermName,
    pub(super) currency: Currency,
    pub(super) start: NaiveDate,
    pub(super) end: NaiveDate,
    pub(super) balances: Vec<CommitmentState>,
}

#[derive(Debug, Serialize)]
pub(super) struct CommitmentState {
    /// At the start of this day.
    pub(super) on: NaiveDate,
    pub(super) committed: Amount,
    pub(super) retired: Amount,
    pub(super) remaining: Amount,
    pub(super) excess: Amount,
    pub(super) shortfall: Amount,
    pub(super) prepaid: Amount,
    pub(super) drawn: Amount,
    pub(super) closed: bool,
}

impl BurnDown {
    /// Balances come sorted by term and day; those of one period are one series.
    pub(super) fn all(balances: &[CommitmentBalance], names: Names<'_>) -> Vec<Self> {
        let mut series: Vec<Self> = Vec::new();
        let mut numbers: BTreeMap<(TermRef, (NaiveDate, NaiveDate)), usize> = BTreeMap::new();
        for balance in balances {
            let number = *numbers.entry((balance.term, balance.days)).or_insert(series.len());
            if number == series.len() {
                series.push(Self {
                    name: names.of(balance.term),
                    currency: balance.currency,
                    start: balance.days.0,
                    end: balance.days.1,
                    balances: Vec::new(),
                });
            }
            series[number].balances.push(CommitmentState {
                on: balance.on,
                committed: balance.committed,
                retired: balance.retired,
                remaining: balance.remaining,
                excess: balance.excess,
                shortfall: balance.shortfall,
                prepaid: balance.prepaid,
                drawn: balance.drawn,
                closed: balance.closed,
            });
        }
        series
    }
}

/// One lot of credit, billing period by billing period.
#[derive(Debug, Serialize)]
pub(super) struct CreditLot {
    #[serde(flatten)]
    pub(super) name: TermName,
    pub(super) lot: usize,
    pub(super) currency: Currency,
    pub(super) start: NaiveDate,
    /// `null`: it does not lapse.
    pub(super) expires_on: Option<NaiveDate>,
    pub(super) amount: Amount,
    pub(super) price: Amount,
    pub(super) balances: Vec<CreditState>,
}

#[derive(Debug, Serialize)]
pub(super) struct CreditState {
    /// At the start of this day.
    pub(super) on: NaiveDate,
    pub(super) drawn: Amount,
    pub(super) lapsed: Amount,
    pub(super) remaining: Amount,
}

impl CreditLot {
    /// Balances come sorted by term, lot and day.
    pub(super) fn all(balances: &[CreditBalance], names: Names<'_>) -> Vec<Self> {
        let mut lots: Vec<Self> = Vec::new();
        let mut last = None;
        for balance in balances {
            if last != Some((balance.term, balance.lot)) {
                last = Some((balance.term, balance.lot));
                lots.push(Self {
                    name: names.of(balance.term),
                    lot: balance.lot,
                    currency: balance.currency,
                    start: balance.days.0,
                    expires_on: balance.days.1,
                    amount: balance.amount,
                    price: balance.price,
                    balances: Vec::new(),
                });
            }
            if let Some(lot) = lots.last_mut() {
                lot.balances.push(CreditState {
                    on: balance.on,
                    drawn: balance.drawn,
                    lapsed: balance.lapsed,
                    remaining: balance.remaining,
                });
            }
        }
        lots
    }
}

#[derive(Debug, Serialize)]
pub(super) struct CapacityFigures {
    #[serde(flatten)]
    pub(super) name: TermName,
    pub(super) currency: Currency,
    pub(super) start: NaiveDate,
    pub(super) end: NaiveDate,
    pub(super) fee: Amount,
    /// Shares of the capacity: `"0.75"`.
    pub(super) mean_used: Amount,
    pub(super) peak_used: Amount,
    pub(super) minutes_over: u64,
    minutes_loaded: u64,
    pub(super) served_tokens: u64,
    pub(super) spilled_tokens: u64,
    pub(super) unserved_tokens: u64,
    pub(super) longest_wait_minutes: u64,
    pub(super) effective_per_mtok: Option<Amount>,
}

impl CapacityFigures {
    pub(super) fn of(capacity: &CapacityUse, names: Names<'_>) -> Self {
        let share = |millionths: u64| Amount::from_atto(i128::from(millionths) * 10_i128.pow(12));
        Self {
            name: names.of(capacity.term),
            currency: capacity.currency,
            start: capacity.days.0,
            end: capacity.days.1,
            fee: capacity.fee,
            mean_used: share(capacity.used_millionths),
            peak_used: share(capacity.peak_millionths),
            minutes_over: capacity.minutes_over,
            minutes_loaded: capacity.minutes_loaded,
            served_tokens: capacity.served,
            spilled_tokens: capacity.spilled,
            unserved_tokens: capacity.unserved,
            longest_wait_minutes: capacity.longest_wait_minutes,
            effective_per_mtok: capacity.effective_per_mtok,
        }
    }
}
