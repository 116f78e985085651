//! What can be agreed. One file a family of terms; a contract has any number of each.

mod capacity;
mod commitment;
mod credit;
mod fee;
mod price;

use chrono::NaiveDate;
use compact_str::CompactString;

pub use capacity::{
    Capacity, CapacityKind, CapacityMeter, CapacityRate, Deployable, LoadProfile, Overflow,
    PricePer, Purchase, ReservedSpend, Share, Side, SpillTo, UnitSteps,
};
pub use commitment::{Carry, Eligible, Milestone, Opening, Payment, Shortfall, SpendCommitment};
pub use credit::{Credit, Recharge, WhenEmpty};
pub use fee::{
    Allowance, Beyond, FlatFee, Minimum, OtherSpend, Pool, Quantity, SeatRemoval, Seats,
};
pub use price::{
    BestCustomer, Discount, DiscountSchedule, FixedRate, Measure, PriceProtection, Tier, TierMode,
};

use super::Scope;
use crate::config::EntryRef;

/// One term of a contract.
#[derive(Debug, Clone)]
pub struct Term {
    /// Its name in reports, unique in the contract; by default the kind and a number.
    pub id: CompactString,
    /// Where it is written.
    pub place: EntryRef,
    /// First day and first day after it, inside the contract's.
    pub days: (NaiveDate, NaiveDate),
    /// Which part of the contract's scope it is about.
    pub scope: Scope,
    /// What is agreed.
    pub kind: TermKind,
}

/// Every kind of term; the order is the one in which they are applied to usage.
#[derive(Debug, Clone)]
pub enum TermKind {
    /// `[[fixed_rate]]`
    FixedRate(FixedRate),
    /// `[[price_protection]]`
    PriceProtection(PriceProtection),
    /// `[[capacity]]`
    Capacity(Capacity),
    /// `[[reserved_spend]]`
    ReservedSpend(ReservedSpend),
    /// `[[discount]]`
    Discount(Discount),
    /// `[[discount_schedule]]`
    DiscountSchedule(DiscountSchedule),
    /// `[[best_customer]]`
    BestCustomer(BestCustomer),
    /// `[[seats]]`
    Seats(Seats),
    /// `[[flat_fee]]`
    FlatFee(FlatFee),
    /// `[[other_spend]]`
    OtherSpend(OtherSpend),
    /// `[[spend_commitment]]`
    SpendCommitment(SpendCommitment),
    /// `[[minimum]]`
    Minimum(Minimum),
    /// `[[credit]]`
    Credit(Credit),
}

impl TermKind {
    /// The key of its tables in a contract file.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::FixedRate(_) => "fixed_rate",
            Self::PriceProtection(_) => "price_protection",
            Self::Capacity(_) => "capacity",
            Self::ReservedSpend(_) => "reserved_spend",
            Self::Discount(_) => "discount",
            Self::DiscountSchedule(_) => "discount_schedule",
            Self::BestCustomer(_) => "best_customer",
            Self::Seats(_) => "seats",
            Self::FlatFee(_) => "flat_fee",
            Self::OtherSpend(_) => "other_spend",
            Self::SpendCommitment(_) => "spend_commitment",
            Self::Minimum(_) => "minimum",
            Self::Credit(_) => "credit",
        }
    }
}
