//! Scenarios: the same forecast usage under several deals and changes, side by side.
//!
//! Every scenario is settled on the same sample paths, so a difference between two of them is one of
//! the deal and not of luck. Quantities become whole counts before they are priced; from there on
//! money is exact.

mod apply;
mod assumed;
mod billing;
mod break_even;
mod case;
pub mod change;
mod drivers;
mod exchange;
pub mod file;
mod leaving;
mod outcome;
mod parallel;
mod priced;
mod ratios;
mod settled;
pub mod sizing;

use chrono::NaiveDate;
use thiserror::Error;

pub use self::apply::{Changed, price_edges, reached};
pub use self::assumed::Assumed;
pub use self::billing::{BillingError, rebill};
pub use self::break_even::BreakEven;
pub use self::case::{Case, Column, Ground};
pub use self::drivers::{Driver, DriverKind, Step, drivers, stages};
pub use self::leaving::{Exit, Fallback, Leaving, stated_twice};
pub use self::outcome::{Asked, Difference, Outcome, QUANTILES, ScenarioOutcome, compare};
pub use self::ratios::{Band, Measured, RatioBasis, TextRatio, UsedRatio};
pub use self::settled::{PathCost, settle_all};
use crate::money::{Currency, MoneyError};
use crate::rating::RatingError;
use crate::settlement::SettleError;

/// Which cost decides what is cheaper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Basis {
    /// What the usage of the horizon costs, whenever it is paid.
    #[default]
    Effective,
    /// What the invoices of the horizon ask for.
    Billed,
}

impl Basis {
    /// The word in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Effective => "effective",
            Self::Billed => "billed",
        }
    }
}

/// Why scenarios cannot be compared.
#[derive(Debug, Error)]
pub enum ScenarioError {
    /// Contracts cannot be settled.
    #[error("scenario `{scenario}`")]
    Settle {
        /// Its name.
        scenario: String,
        /// Why.
        source: SettleError,
    },
    /// Usage cannot be rated.
    #[error(transparent)]
    Rating(#[from] RatingError),
    /// A sum does not fit.
    #[error("comparing scenarios")]
    Money(#[from] MoneyError),
    /// No rate for invoices in a currency that is not that of the comparison.
    #[error("scenario `{scenario}` has no exchange rate from {from} to {to} on or before {on}")]
    NoRate {
        /// Its name.
        scenario: String,
        /// Currency of an invoice.
        from: Currency,
        /// Currency of the prices.
        to: Currency,
        /// The day of the invoice.
        on: NaiveDate,
    },
}
