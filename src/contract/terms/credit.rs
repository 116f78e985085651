//! Prepaid credits and free grants.

use chrono::NaiveDate;

use crate::contract::Every;
use crate::money::Amount;

/// A lot of credit that pays for usage.
///
/// Lots are drawn by `order`, then the one that lapses first, then the one bought first.
#[derive(Debug, Clone)]
pub struct Credit {
    /// What it pays for, bonus included.
    pub amount: Amount,
    /// What is paid for it; zero for a grant.
    pub price: Amount,
    /// First day on which it pays.
    pub bought_on: NaiveDate,
    /// First day on which it pays no more; what is left then is lost.
    pub expires_on: Option<NaiveDate>,
    /// Lots of a lower order are drawn first: 0 for grants, 1 for paid ones unless stated.
    pub order: i64,
    /// A new lot in each of these periods from `bought_on` on; each lapses when the next comes,
    /// unless `expires_after_months` says otherwise.
    pub repeats: Option<Every>,
    /// Months after which each lot lapses; instead of `expires_on`.
    pub expires_after_months: Option<u32>,
    /// Further lots are bought when little is left.
    pub recharge: Option<Recharge>,
    /// What happens to usage when nothing is left.
    pub when_empty: WhenEmpty,
}

/// Automatic purchase of further lots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recharge {
    /// As soon as less than this is left,
    pub below: Amount,
    /// lots of this amount are bought, at this price each.
    pub amount: Amount,
}

/// What happens to usage that no credit pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenEmpty {
    /// It is invoiced.
    #[default]
    Invoiced,
    /// It is not served; the report says how much it was.
    Stopped,
}
