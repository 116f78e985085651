//! Why contracts cannot be settled.

use chrono::NaiveDate;
use thiserror::Error;

use crate::config::EntryRef;
use crate::money::{Currency, MoneyError};
use crate::rating::RatingError;

/// Why settlement stopped.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettleError {
    /// An amount does not fit.
    #[error("settling contracts")]
    Money(#[from] MoneyError),
    /// Usage that cannot be rated.
    #[error(transparent)]
    Rating(#[from] RatingError),
    /// More than 2^64 - 1 of something.
    #[error("a token count does not fit into 64 bits")]
    CountOverflow,
    /// No exchange rate.
    #[error("no exchange rate from {from} to {to} on or before {on}, which {place} needs")]
    NoRate {
        /// Currency of the usage or invoice.
        from: Currency,
        /// Currency of the contract.
        to: Currency,
        /// The day of the fixing.
        on: NaiveDate,
        /// The contract.
        place: EntryRef,
    },
    /// A term whose amounts cannot be set against usage in another currency.
    #[error("{place}: `{kind}` is in {currency}, but what it applies to is in {other}")]
    OtherCurrency {
        /// The term.
        place: EntryRef,
        /// Its kind.
        kind: &'static str,
        /// Currency of the contract.
        currency: Currency,
        /// Currency of the prices or invoices.
        other: Currency,
    },
    /// Shares of capacity whose common denominator does not fit.
    #[error("{place}: rates of this capacity have no common measure that fits; round them")]
    CapacityRates {
        /// The term.
        place: EntryRef,
    },
}
