//! Settlement: contracts applied to rated usage, as the invoices that a buyer would get.
//!
//! Usage comes row by row in the order of a rollup; nothing of it is kept but sums by stretch of
//! time, so memory does not grow with the length of the logs. `order.rs` holds the order in
//! which terms apply, with the reasons.
#![deny(clippy::float_arithmetic)]

mod allowance;
mod allowed;
mod bill;
mod capacity;
mod cells;
mod closing;
mod commitment;
mod credit;
mod deal;
mod drawdown;
mod effects;
mod error;
mod fees;
mod from_rollup;
mod invoice;
mod item;
mod lines;
mod load;
mod lots;
mod met;
mod minimum;
mod money_in;
mod order;
mod percent;
mod remarks;
mod schedule;
mod seats;
mod settler;
mod state;
pub mod steps;
mod sums;
mod terms;
#[cfg(test)]
mod tests;
mod timeline;
mod unit_prices;
mod usage;
mod usage_lines;

pub use bill::InvoiceTotal;
pub use error::SettleError;
pub use from_rollup::{RatedRollup, spilled_skus};
pub use invoice::{
    CapacityUse, CommitmentBalance, CostShare, CreditBalance, FxUsed, IncludedUse, Invoice, Line,
    LineCategory, LineQuantity, Settlement, TermRef,
};
pub use settler::{Settler, Setup};
pub use sums::{GroupKey, GroupSums};
pub use terms::{Balances, PricedCell, Terms, Totals};
pub use timeline::edges;
pub use usage::{ListPrices, PricedUsage, TokenPrices, UsageProfile, UsageRow};
