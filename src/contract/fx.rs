//! Exchange rates by date.

use chrono::NaiveDate;

use crate::config::EntryRef;
use crate::money::{Currency, Factor};

/// The rate of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FxRate {
    /// The day it is of; it holds until the next one of the pair.
    pub date: NaiveDate,
    /// Currency converted from.
    pub from: Currency,
    /// Currency converted to.
    pub to: Currency,
    /// Units of `to` for one of `from`.
    pub rate: Factor,
    /// Who says so.
    pub source: Option<String>,
    /// Where it is written.
    pub place: EntryRef,
}

/// Rates of any pairs and days.
#[derive(Debug, Clone, Default)]
pub struct FxTable {
    // By pair and date.
    rates: Vec<FxRate>,
}

impl FxTable {
    /// From rates in any order.
    #[must_use]
    pub fn new(mut rates: Vec<FxRate>) -> Self {
        rates.sort_by_key(|r| (r.from, r.to, r.date));
        Self { rates }
    }

    /// The latest rate of a pair at or before a day. The opposite pair is never inverted: buyers
    /// and sellers of a currency have different rates.
    #[must_use]
    pub fn rate(&self, from: Currency, to: Currency, on: NaiveDate) -> Option<&FxRate> {
        let after = self.rates.partition_point(|r| (r.from, r.to, r.date) <= (from, to, on));
        self.rates.get(after.checked_sub(1)?).filter(|r| (r.from, r.to) == (from, to))
    }
}
