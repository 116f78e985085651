//! Conversion between the currencies of price books, invoices and contracts.

use chrono::{Days, NaiveDate};

use super::deal::Deal;
use super::error::SettleError;
use super::invoice::FxUsed;
use crate::contract::{Fixing, FxTable};
use crate::money::{Amount, Currency};
use crate::period::{Period, Timestamp};

/// Rates, and when they are fixed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exchange<'c> {
    pub(super) table: &'c FxTable,
}

impl Exchange<'_> {
    /// The rate that a contract takes in a stretch; `None` if both currencies are the same.
    pub(super) fn rate(
        &self,
        from: Currency,
        deal: &Deal<'_>,
        segment: Period,
    ) -> Result<Option<FxUsed>, SettleError> {
        let to = deal.contract.currency;
        if from == to {
            return Ok(None);
        }
        let on = fixing_day(deal, segment.start);
        let found = self.table.rate(from, to, on).ok_or_else(|| SettleError::NoRate {
            from,
            to,
            on,
            place: deal.contract.place.clone(),
        })?;
        Ok(Some(FxUsed { from, to, rate: found.rate, date: found.date }))
    }
}

/// An amount at a rate, rounded half-even at the 18th place.
pub(super) fn converted(amount: Amount, fx: Option<&FxUsed>) -> Result<Amount, SettleError> {
    Ok(match fx {
        None => amount,
        Some(fx) => amount.checked_mul_rounded(fx.rate)?,
    })
}

fn fixing_day(deal: &Deal<'_>, at: Timestamp) -> NaiveDate {
    let span = deal.billing.at(at);
    match (deal.contract.fixing, span) {
        (Fixing::ContractStart, _) | (_, None) => deal.days.0,
        (Fixing::PeriodStart, Some(span)) => span.days.0,
        (Fixing::PeriodEnd, Some(span)) => span.days.1 - Days::new(1),
    }
}
