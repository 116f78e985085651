//! Contracts: what a buyer and a seller agreed, from TOML files.
//!
//! A contract has a scope, a term, a billing period, a currency and any number of terms in any
//! combination. This module only says what was agreed; settlement applies it.
#![deny(clippy::float_arithmetic)]

pub mod file;
mod fx;
mod fx_file;
mod schema;
mod scope;
mod span;
mod tables;
mod template;
pub mod terms;
pub mod timeline;

use compact_str::CompactString;

pub use file::{ContractSource, load};
pub use fx::{FxMove, FxRate, FxTable};
pub use fx_file::{FxSource, read_fx};
pub use schema::schema;
pub(crate) use schema::{common_defs, seats_def};
pub use scope::{Facts, Patterns, Scope};
pub use span::{Anchor, Every, Spans};
pub(crate) use template::comment;
pub use template::{template, templates};
pub use terms::{Term, TermKind};

use crate::config::EntryRef;
use crate::money::{Currency, Rounding};
use crate::period::{Calendar, Period};

/// One contract, checked.
#[derive(Debug, Clone)]
pub struct Contract {
    /// Its own name in reports, unique among the contracts of a run.
    pub id: CompactString,
    /// Name for people.
    pub name: String,
    /// Who sends the invoices: `aws`, `azure`, `anthropic`, ...
    pub issuer: CompactString,
    /// Where it is written.
    pub place: EntryRef,
    /// Currency of its amounts and invoices.
    pub currency: Currency,
    /// The calendar whose days count.
    pub calendar: Calendar,
    /// From the first instant of `start` to the first instant of `end`, which is not part of it.
    pub term: Period,
    /// How often invoices are made.
    pub billing: Every,
    /// Where billing periods begin.
    pub billing_anchor: Anchor,
    /// Days from the end of a billing period until its invoice is to be paid.
    pub payment_days: u32,
    /// Contracts are applied in this order, the lowest first: a provider's discount before the
    /// cloud commitment that it draws down.
    pub precedence: i64,
    /// How invoice lines are rounded.
    pub line_rounding: LineRounding,
    /// Which rate converts usage priced in another currency.
    pub fixing: Fixing,
    /// Whether its issuer invoices the usage in scope. `false`: it only measures or discounts what
    /// others invoice.
    pub bills_usage: bool,
    /// What usage it is about.
    pub scope: Scope,
    /// What was agreed, in the order of the file.
    pub terms: Vec<Term>,
}

/// How an invoice line is rounded: once, at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineRounding {
    /// Decimal places kept.
    pub places: u32,
    /// What happens to the rest.
    pub rounding: Rounding,
}

/// The day whose rate converts the usage of a billing period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fixing {
    /// Its first day.
    PeriodStart,
    /// Its last day.
    #[default]
    PeriodEnd,
    /// The first day of the contract, for all of it.
    ContractStart,
}
