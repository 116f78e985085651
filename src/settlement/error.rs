//! Why contracts cannot be settled.

use chrono::NaiveDate;
use thiserror::Error;

use super::load::LoadError;
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
    /// Load that cannot be counted.
    #[error("{0}")]
    Load(String),
}

impl From<LoadError> for SettleError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Money(error) => Self::Money(error),
            other @ LoadError::TooLarge { .. } => Self::Load(other.to_string()),
        }
    }
}
