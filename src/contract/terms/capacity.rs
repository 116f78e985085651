//! Capacity that is paid whether it is used or not, and only helps in the minute it is for.

use chrono::NaiveDate;
use compact_str::CompactString;

use crate::contract::{Every, Patterns};
use crate::money::{Amount, Factor};
use crate::tokens::Component;

/// What the capacity is; reports use its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapacityKind {
    /// Units that a provider reserves: PTU, GSU, model units, scale units, reserved tokens a minute.
    Provisioned,
    /// Machines that are rented to serve models oneself.
    Rented,
}

/// Units of throughput, with their price, for any number of models.
#[derive(Debug, Clone)]
pub struct Capacity {
    /// What it is.
    pub kind: CapacityKind,
    /// What one unit is called: `PTU`, `GSU`, `unit`, `trn2.48xlarge`.
    pub unit: CompactString,
    /// Units of each meter: one for all tokens, or input and output apart.
    pub meters: Vec<CapacityMeter>,
    /// How many units can be deployed: one of these must allow it; empty: any number.
    pub deployable: Vec<Deployable>,
    /// What a token of each model takes of a unit; the first that matches counts. Usage in scope
    /// that none matches is not served by the capacity.
    pub rates: Vec<CapacityRate>,
    /// Share of the capacity that may be used: `0.7`.
    pub ceiling: Factor,
    /// What happens to load above it.
    pub overflow: Overflow,
    /// How usage that is only known by longer periods is spread over their minutes; `None`: assumed
    /// and said so.
    pub load_profile: Option<LoadProfile>,
}

/// Which tokens a meter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// All.
    All,
    /// Those of prompts.
    Input,
    /// Those of responses.
    Output,
}

/// Units of one side.
#[derive(Debug, Clone)]
pub struct CapacityMeter {
    /// Which tokens it counts.
    pub side: Side,
    /// Units deployed.
    pub units: UnitSteps,
    /// Price of deployed units that no reservation pays for.
    pub price: Option<Purchase>,
    /// Units reserved; paid whether deployed or not.
    pub reserved: Option<(UnitSteps, Purchase)>,
}

/// How many units can be deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deployable {
    /// Fewest.
    pub minimum: u64,
    /// More come in steps of so many, counted from the fewest.
    pub increment: u64,
}

impl Deployable {
    /// True if so many units can be deployed.
    #[must_use]
    pub fn allows(self, units: u64) -> bool {
        units
            .checked_sub(self.minimum)
            .is_some_and(|above| above.is_multiple_of(self.increment.max(1)))
    }
}

/// Units from each day on; sorted, the first on the first day of the term.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnitSteps(pub Vec<(NaiveDate, u64)>);

impl UnitSteps {
    /// Units on a day.
    #[must_use]
    pub fn on(&self, day: NaiveDate) -> u64 {
        let after = self.0.partition_point(|(from, _)| *from <= day);
        after.checked_sub(1).map_or(0, |at| self.0[at].1)
    }
}

/// Price of one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchase {
    /// For one unit and period.
    pub price: Amount,
    /// The period: an hour is charged by the minute, longer periods from the first day of the term
    /// on; one that is cut short is charged by its days.
    pub per: PricePer,
}

/// What a price of a unit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PricePer {
    /// One hour of 60 minutes.
    Hour,
    /// A longer period.
    Every(Every),
}

/// What tokens of a model take of a unit.
#[derive(Debug, Clone)]
pub struct CapacityRate {
    /// Model ids or names.
    pub models: Patterns,
    /// Requests with prompts of at least so many tokens; of rates for the same model the one with
    /// the highest such bound that holds counts.
    pub context_from: u64,
    /// Unit-minutes that one token takes; components that are not named take none.
    pub shares: Vec<(Component, Share)>,
    /// Where the figures are from.
    pub source: Option<String>,
}

/// `numerator / denominator` unit-minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Not negative.
    pub numerator: u64,
    /// At least 1.
    pub denominator: u64,
}

/// What happens to load above the capacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overflow {
    /// It is served and invoiced by token.
    Spill(Option<SpillTo>),
    /// It is not served; the report says how much it was.
    Throttle,
    /// It waits for later minutes, at most this many; what waits longer spills to this, or is not
    /// served.
    Queue {
        /// Longest wait.
        minutes: u32,
        /// Who serves what waits longer.
        spill: Option<SpillTo>,
    },
}

/// Who serves load above the capacity, where that is not the same model at standard tier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpillTo {
    /// Who bills; `None`: the same.
    pub provider: Option<CompactString>,
    /// The model; `None`: the same.
    pub model: Option<CompactString>,
    /// The tier; `None`: standard.
    pub service_tier: Option<CompactString>,
}

/// How a day's usage is spread over its minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadProfile {
    /// Weight of each hour of the day in the contract's time zone; not all zero.
    pub hours: [u32; 24],
    /// Inside an hour, half of the minutes have this many hundredths of its mean, the others the
    /// rest: 100 is flat, at most 200.
    pub peak_percent: u32,
}

/// An amount that is paid for each minute or hour, and pays for usage in it.
#[derive(Debug, Clone, Copy)]
pub struct ReservedSpend {
    /// Worth of usage in each period that it pays for, after `discount`.
    pub amount: Amount,
    /// What it costs.
    pub price: Amount,
    /// Length of a period in minutes: 1 or 60.
    pub minutes: u32,
    /// Share off list prices of usage that it pays for; usage beyond is at its contracted price.
    pub discount: Factor,
    /// As for capacity.
    pub load_profile: Option<LoadProfile>,
}
