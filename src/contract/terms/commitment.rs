//! Commitments to spend.

use chrono::NaiveDate;
use compact_str::CompactString;

use super::Measure;
use crate::contract::{Anchor, Every, Scope};
use crate::money::{Amount, Factor};

/// An amount that is spent in each period, or paid for.
#[derive(Debug, Clone)]
pub struct SpendCommitment {
    /// Length of its periods.
    pub every: Every,
    /// Where they begin; by default on the first day of the term ("contract years").
    pub anchor: Anchor,
    /// Committed amount of the first, second, ... period; the last one repeats (a ramp). Unused
    /// where there are milestones.
    pub amounts: Vec<Amount>,
    /// Cumulative amounts by date instead of `amounts`, sorted; then `every` is the whole term.
    pub milestones: Vec<Milestone>,
    /// A period that the term cuts short has its amount in proportion to its days.
    pub prorate: bool,
    /// What counts.
    pub measured_on: Measure,
    /// Rules of what counts and up to which share of the commitment; usage and other spend that no
    /// rule names counts in full, categories of other spend only where named.
    pub eligible: Vec<Eligible>,
    /// How the committed amount is paid.
    pub payment: Payment,
    /// What happens to what was not spent.
    pub shortfall: Shortfall,
    /// What of an excess counts in the next period.
    pub rollover: Option<Carry>,
    /// Price of usage above the commitment, as a factor on its contracted cost.
    pub overage_factor: Option<Factor>,
    /// Shortfalls are also invoiced at the end of each of these parts of a period, against the share
    /// of the commitment that has passed by days, and settled at the end of the period.
    pub true_up: Option<Every>,
    /// What was spent before the usage that is given.
    pub opening: Option<Opening>,
}

/// A cumulative amount by a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Milestone {
    /// First day after the time in which it is to be reached.
    pub by: NaiveDate,
    /// From the first day of the term.
    pub cumulative: Amount,
}

/// What counts towards a commitment, and how far.
#[derive(Debug, Clone)]
pub struct Eligible {
    /// A category of other spend; `None`: usage in `scope`.
    pub category: Option<CompactString>,
    /// The usage meant.
    pub scope: Scope,
    /// How much of it counts: `1` in full, `0` not at all.
    pub share: Factor,
    /// At most this share of the period's commitment: `0.25`.
    pub cap: Option<Factor>,
}

/// When a committed amount is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payment {
    /// Usage is invoiced as it occurs, a shortfall at the end of the period.
    Arrears,
    /// All of it on the first day of its period; usage draws it down.
    Upfront,
    /// In equal instalments at the start of each of these parts of the period; usage draws it down.
    Instalments(Every),
}

/// What happens to an amount that was committed and not spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortfall {
    /// It is paid and buys nothing (EDP, take-or-pay).
    Paid,
    /// It is paid and comes back as credit for later usage (MACC).
    Credited {
        /// The credit lapses this many months later; `None`: at the end of the contract.
        expires_after_months: Option<u32>,
    },
    /// It is added to the commitment of the next period; in the last period it is paid.
    Carried,
    /// Nothing (a target, not an obligation).
    Waived,
}

/// How much is carried over.
#[derive(Debug, Clone, Copy)]
pub struct Carry {
    /// Share that is.
    pub share: Factor,
    /// At most this much.
    pub cap: Option<Amount>,
}

/// A state that earlier usage led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// At the first instant of this day; usage before it is not counted again.
    pub on: NaiveDate,
    /// What had been counted in the current period by then.
    pub amount: Amount,
}

impl Payment {
    /// Length of the parts in which it is paid, where there are any.
    #[must_use]
    pub const fn instalments(self) -> Option<Every> {
        match self {
            Self::Instalments(every) => Some(every),
            Self::Arrears | Self::Upfront => None,
        }
    }

    /// True if it is paid before it is used.
    #[must_use]
    pub const fn is_in_advance(self) -> bool {
        !matches!(self, Self::Arrears)
    }
}

impl Shortfall {
    /// Months until a credit for a shortfall lapses, where that is stated.
    #[must_use]
    pub const fn credit_months(self) -> Option<u32> {
        match self {
            Self::Credited { expires_after_months } => expires_after_months,
            Self::Paid | Self::Carried | Self::Waived => None,
        }
    }
}
