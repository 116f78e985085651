//! Terms that change what usage costs.

use chrono::NaiveDate;

use crate::contract::Every;
use crate::money::{Amount, Factor, UnitPrice};
use crate::tokens::Component;

/// Which cost of usage an amount is measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Measure {
    /// At list prices.
    List,
    /// After discounts.
    #[default]
    Contracted,
}

/// A share off the price.
#[derive(Debug, Clone, Copy)]
pub struct Discount {
    /// What is taken off: `0.1` is a tenth. The price is multiplied by one minus it.
    pub rate: Factor,
}

/// Prices of the contract instead of those of the price books.
#[derive(Debug, Clone)]
pub struct FixedRate {
    /// Price of one unit by component; components without one keep their list price.
    pub prices: Vec<(Component, UnitPrice)>,
    /// If the list price is lower, that one is paid ("lesser of").
    pub lesser_of_list: bool,
}

/// A limit on price rises against the list price of a day.
#[derive(Debug, Clone, Copy)]
pub struct PriceProtection {
    /// The day whose list prices are the base.
    pub base_date: NaiveDate,
    /// Most that prices may rise a year, compounded at each anniversary of the base date: `0.03`.
    pub annual_cap: Factor,
    /// If the list price falls below the base, the list price is paid ("lesser of"); otherwise the
    /// base price is.
    pub lesser_of_list: bool,
}

/// A discount that the seller owes because of a better deal of somebody else, as a dated schedule:
/// what others pay cannot be known from usage.
#[derive(Debug, Clone)]
pub struct BestCustomer {
    /// From each day on, the share off list prices that the best customer has; sorted. The price is
    /// the lower of the contract's own and this one.
    pub steps: Vec<(NaiveDate, Factor)>,
}

/// How tiers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TierMode {
    /// Each tier's discount is for the spend inside the tier.
    Graduated,
    /// The discount of the tier that is reached is for all spend since the reset, so that a bill
    /// can fall when usage rises.
    Volume,
}

/// A tier of spend.
#[derive(Debug, Clone, Copy)]
pub struct Tier {
    /// The tier is for spend above this amount; the first tier is above zero.
    pub above: Amount,
    /// What is taken off in it.
    pub discount: Factor,
}

/// A discount that grows with cumulative spend.
#[derive(Debug, Clone)]
pub struct DiscountSchedule {
    /// How tiers count.
    pub mode: TierMode,
    /// When the count of spend begins anew, in periods from the first day of the term.
    pub resets: Every,
    /// What spend is measured on, before this discount.
    pub measured_on: Measure,
    /// Sorted by amount, the first at zero.
    pub tiers: Vec<Tier>,
    /// Spend of the current period before the usage that is given.
    pub opening: Option<super::Opening>,
}
