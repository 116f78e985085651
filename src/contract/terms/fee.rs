//! Fees: seats, flat fees, minimums, and what is spent beside tokens.

use chrono::NaiveDate;
use compact_str::CompactString;

use crate::contract::{Anchor, Every};
use crate::money::{Amount, Factor};

/// An amount of usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Worth this much at contracted prices.
    Amount(Amount),
    /// This many tokens of any kind.
    Tokens(u64),
    /// This many requests.
    Requests(u64),
}

/// Who shares an allowance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pool {
    /// All seats together.
    Shared,
    /// Each seat has its own; the label says whose usage it is. Usage without it has none.
    BySeat(CompactString),
}

/// Usage that a seat includes in each period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// Of one seat.
    pub quantity: Quantity,
    /// Who shares it.
    pub pool: Pool,
    /// Credits of this price are what the seller counts in; for reports only.
    pub unit_price: Option<Amount>,
}

/// When a removed seat is no longer paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeatRemoval {
    /// From the next contract year on.
    Renewal,
    /// From the next fee period on.
    NextPeriod,
    /// At once.
    Immediate,
}

/// Seats with a fee.
#[derive(Debug, Clone)]
pub struct Seats {
    /// Seats from each day on; sorted, the first on the first day of the term.
    pub counts: Vec<(NaiveDate, u64)>,
    /// Fee of one seat and period.
    pub price: Amount,
    /// Fee period.
    pub every: Every,
    /// Where fee periods begin.
    pub anchor: Anchor,
    /// Seats added inside a period pay for its remaining days only.
    pub prorate: bool,
    /// When removed seats stop to cost.
    pub removal: SeatRemoval,
    /// Fewest seats that are paid.
    pub minimum: u64,
    /// Usage included; `None`: all usage is invoiced by token.
    pub included: Option<Allowance>,
    /// What happens to usage beyond what is included.
    pub beyond: Beyond,
}

/// What happens to usage beyond an allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    /// It is invoiced at contracted prices times a factor.
    Invoiced(Factor),
    /// It is not served; the report says how much it was.
    Stopped,
}

/// A fee for all usage in scope.
#[derive(Debug, Clone)]
pub struct FlatFee {
    /// Fee of one period.
    pub amount: Amount,
    /// Fee period.
    pub every: Every,
    /// Where fee periods begin.
    pub anchor: Anchor,
    /// A period that the term cuts short has its fee and cap in proportion to its days.
    pub prorate: bool,
    /// Most usage of one period that the fee covers; `None`: all of it.
    pub fair_use: Option<Quantity>,
    /// What happens to usage beyond it.
    pub beyond: Beyond,
}

/// Least that is paid for usage in scope in a period, after discounts and before credits.
#[derive(Debug, Clone)]
pub struct Minimum {
    /// Of one period.
    pub amount: Amount,
    /// Its periods.
    pub every: Every,
    /// Where they begin.
    pub anchor: Anchor,
    /// A period that the term cuts short has its amount in proportion to its days.
    pub prorate: bool,
}

/// Spend that is in no usage log: other services of a cloud, its marketplace, support.
#[derive(Debug, Clone)]
pub struct OtherSpend {
    /// What it is, as rules of commitments name it: `services`, `marketplace`, `support`, ...
    pub category: CompactString,
    /// At list prices: of each period, or once.
    pub amount: Amount,
    /// How often; `None`: once, on the first day of the term.
    pub every: Option<Every>,
    /// Where periods begin.
    pub anchor: Anchor,
    /// Discounts of the contract apply to it.
    pub discounted: bool,
}
