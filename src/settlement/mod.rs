//! Settlement: contracts applied to rated usage, as the invoices that a buyer would get.
//!
//! Usage comes row by row in the order of a rollup; nothing of it is kept but sums by stretch of
//! time, so memory does not grow with the length of the logs.
#![deny(clippy::float_arithmetic)]

mod invoice;
#[allow(dead_code, reason = "called by settling, which comes next")]
mod load;
mod usage;

pub use invoice::{
    CapacityUse, CommitmentBalance, CostShare, CreditBalance, FxUsed, Invoice, Line, LineCategory,
    LineQuantity, Settlement, TermRef,
};
pub use usage::{ListPrices, PricedUsage, TokenPrices, UsageProfile, UsageRow};
