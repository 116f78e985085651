//! What settlement gives: invoices, balances, and what usage cost in the end.

use chrono::NaiveDate;

use super::steps::Steps;
use crate::diagnostic::Diagnostics;
use crate::money::{Amount, Currency, Factor};
use crate::period::Period;
use crate::rating::Costs;
use crate::tokens::ComponentCounts;

/// A term of a contract: their numbers in the order of the contracts given and of their terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TermRef {
    /// The contract.
    pub contract: usize,
    /// Its term.
    pub term: usize,
}

/// What a line of an invoice is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineCategory {
    /// Usage, at its price before percentages off.
    Usage,
    /// What is taken off.
    Discount,
    /// Usage that seats or a flat fee include, taken off.
    Included,
    /// Surcharge on usage above a commitment or an allowance.
    Overage,
    /// Spend that is in no usage log.
    OtherSpend,
    /// Fee of seats.
    Seat,
    /// A flat fee.
    FlatFee,
    /// Provisioned or rented capacity, and reserved spend.
    Capacity,
    /// Purchase of a commitment or of credit, in advance.
    Purchase,
    /// Usage paid by a commitment that was bought in advance.
    Drawdown,
    /// Usage paid by credit.
    Credit,
    /// What lacks to a minimum.
    Minimum,
    /// What lacks to a commitment.
    Shortfall,
    /// An earlier interim shortfall that is given back.
    TrueUp,
    /// What was bought in advance and is lost: no money, but a cost.
    Unused,
}

impl LineCategory {
    /// The word in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Discount => "discount",
            Self::Included => "included",
            Self::Overage => "overage",
            Self::OtherSpend => "other spend",
            Self::Seat => "seat",
            Self::FlatFee => "flat fee",
            Self::Capacity => "capacity",
            Self::Purchase => "purchase",
            Self::Drawdown => "drawdown",
            Self::Credit => "credit",
            Self::Minimum => "minimum",
            Self::Shortfall => "shortfall",
            Self::TrueUp => "true-up",
            Self::Unused => "unused",
        }
    }
}

/// How much of what a line is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineQuantity {
    /// The number, as text without loss.
    pub number: String,
    /// Its unit: `tokens`, `seats`, `PTU-hours`, ...
    pub unit: String,
}

/// The rate that converted an amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FxUsed {
    /// Currency converted from.
    pub from: Currency,
    /// Currency converted to.
    pub to: Currency,
    /// Units of `to` for one of `from`.
    pub rate: Factor,
    /// The day the rate is of.
    pub date: NaiveDate,
}

/// One line of an invoice.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it is for.
    pub category: LineCategory,
    /// The term it comes from; `None`: usage at its price.
    pub term: Option<TermRef>,
    /// Who bills the usage by token, and its model; empty where a line is for several.
    pub provider: String,
    /// The model.
    pub model: String,
    /// What it is for, in words and figures: how the amount came about.
    pub description: String,
    /// How much.
    pub quantity: Option<LineQuantity>,
    /// Its costs; `billed_cost` is rounded.
    pub costs: Costs,
    /// The rate that converted it.
    pub fx: Option<FxUsed>,
}

/// One invoice.
#[derive(Debug, Clone, PartialEq)]
pub struct Invoice {
    /// Who sends it.
    pub issuer: String,
    /// Currency of all amounts.
    pub currency: Currency,
    /// First day and first day after the billing period.
    pub days: (NaiveDate, NaiveDate),
    /// The day on which it is to be paid.
    pub due: NaiveDate,
    /// False if the billing period goes on after the window: so far, not in the end.
    pub complete: bool,
    /// Its lines; their billed costs add up to the invoice.
    pub lines: Vec<Line>,
    /// Sums of the lines.
    pub costs: Costs,
}

/// A commitment at the end of a billing period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitmentBalance {
    /// The term.
    pub term: TermRef,
    /// First day and first day after the commitment period.
    pub days: (NaiveDate, NaiveDate),
    /// The day at whose start this is the state.
    pub on: NaiveDate,
    /// Currency of the amounts.
    pub currency: Currency,
    /// What the period asks for, with what was carried into it.
    pub committed: Amount,
    /// What counted so far: usage, other spend, excess of earlier periods.
    pub retired: Amount,
    /// What is still to be spent; zero if nothing, and when the period is over unless it is carried
    /// into the next one.
    pub remaining: Amount,
    /// Spend above the commitment so far.
    pub excess: Amount,
    /// What was paid for not spending it, so far.
    pub shortfall: Amount,
    /// What was paid for the period in advance, so far, and drawn from it.
    pub prepaid: Amount,
    /// Usage paid from `prepaid`.
    pub drawn: Amount,
    /// True if the period ended.
    pub closed: bool,
}

/// A lot of credit at the end of a billing period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditBalance {
    /// The term that granted it.
    pub term: TermRef,
    /// Its number among the lots of the term, from 1.
    pub lot: usize,
    /// The day at whose start this is the state.
    pub on: NaiveDate,
    /// First day on which it pays, and first day on which it pays no more.
    pub days: (NaiveDate, Option<NaiveDate>),
    /// Currency of the amounts.
    pub currency: Currency,
    /// What it could pay for.
    pub amount: Amount,
    /// What was paid for it.
    pub price: Amount,
    /// What it paid for so far.
    pub drawn: Amount,
    /// What lapsed.
    pub lapsed: Amount,
    /// What is left.
    pub remaining: Amount,
}

/// How capacity was used in a billing period.
#[derive(Debug, Clone, PartialEq)]
pub struct CapacityUse {
    /// The term.
    pub term: TermRef,
    /// First day and first day after.
    pub days: (NaiveDate, NaiveDate),
    /// Currency of the fee.
    pub currency: Currency,
    /// What it cost.
    pub fee: Amount,
    /// Mean share of the capacity used, in millionths.
    pub used_millionths: u64,
    /// Highest load of a minute as a share of the capacity, in millionths; can be above a million.
    pub peak_millionths: u64,
    /// Minutes in which load was above the capacity.
    pub minutes_over: u64,
    /// Minutes with any load.
    pub minutes_loaded: u64,
    /// Tokens served.
    pub served: u64,
    /// Tokens that were served by token instead.
    pub spilled: u64,
    /// Tokens that were not served, or still waited at the end.
    pub unserved: u64,
    /// Longest wait in minutes, rounded up.
    pub longest_wait_minutes: u64,
    /// Fee for a million tokens served; `None` if none were.
    pub effective_per_mtok: Option<Amount>,
}

/// How far the usage that seats or a flat fee include was used in one of their periods, or in the part
/// of it that was settled; in the unit of the allowance: an amount, tokens or requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IncludedUse {
    /// The term.
    pub term: TermRef,
    /// What was included, as it stood when usage came last.
    pub included: Amount,
    /// What was used of it.
    pub used: Amount,
    /// What was used beyond it.
    pub beyond: Amount,
}

/// What the usage of one profile cost in one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostShare {
    /// The profile.
    pub profile: u32,
    /// Some instants of its billing period.
    pub period: Period,
    /// Currency of the costs.
    pub currency: Currency,
    /// Requests.
    pub requests: u64,
    /// Its quantities.
    pub components: ComponentCounts,
    /// Its costs; `billed_cost` is not rounded.
    pub costs: Costs,
    /// Quantities without any price that no term paid for.
    pub unpriced: ComponentCounts,
}

/// The result.
#[derive(Debug, Clone, Default)]
pub struct Settlement {
    /// What was settled; `None` if nothing.
    pub window: Option<Period>,
    /// By day of their end, issuer and currency.
    pub invoices: Vec<Invoice>,
    /// By term and day.
    pub commitments: Vec<CommitmentBalance>,
    /// By term, lot and day.
    pub credits: Vec<CreditBalance>,
    /// By term and day.
    pub capacities: Vec<CapacityUse>,
    /// By time and profile.
    pub shares: Vec<CostShare>,
    /// By term and time.
    pub included: Vec<IncludedUse>,
    /// What was odd.
    pub diagnostics: Diagnostics,
    /// How usage came to cost that; `None` unless it was asked for.
    pub steps: Option<Steps>,
}
