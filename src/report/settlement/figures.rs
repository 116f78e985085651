//! The figures of a settlement as JSON holds them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use crate::contract::Contract;
use crate::money::{Amount, Currency};
use crate::period::{Calendar, Month, Period, Timestamp};
use crate::rating::Costs;
use crate::settlement::{GroupKey, GroupSums, Invoice, Line, TermRef};
use crate::tokens::ComponentCounts;

/// What numbers of contracts and terms stand for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a>(pub(super) &'a [Contract]);

impl Names<'_> {
    pub(super) fn of(self, at: TermRef) -> TermName {
        let contract = self.0.get(at.contract);
        let term = contract.and_then(|contract| contract.terms.get(at.term));
        TermName {
            contract: contract.map(|c| c.id.to_string()).unwrap_or_default(),
            term: term.map(|term| term.id.to_string()).unwrap_or_default(),
        }
    }
}

/// A term of a contract, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct TermName {
    pub(super) contract: String,
    pub(super) term: String,
}

impl TermName {
    /// Both in one cell.
    pub(super) fn shown(&self) -> String {
        format!("{}/{}", self.contract, self.term)
    }
}

/// What was settled.
#[derive(Debug, Serialize)]
pub(super) struct Window {
    start: Timestamp,
    end: Timestamp,
    /// Its first and its last day.
    #[serde(skip)]
    pub(super) days: (NaiveDate, NaiveDate),
}

impl Window {
    pub(super) fn new(window: Period, calendar: &Calendar) -> Self {
        let last = Timestamp::from_nanos(window.end.nanos().saturating_sub(1));
        let days = (calendar.date_of(window.start), calendar.date_of(last));
        Self { start: window.start, end: window.end, days }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct ContractFacts {
    pub(super) id: String,
    pub(super) name: String,
    issuer: String,
    file: String,
    currency: Currency,
    start: NaiveDate,
    end: NaiveDate,
    timezone: &'static str,
    precedence: i64,
}

impl ContractFacts {
    pub(super) fn of(contract: &Contract) -> Self {
        let day = |at| contract.calendar.date_of(at);
        Self {
            id: contract.id.to_string(),
            name: contract.name.clone(),
            issuer: contract.issuer.to_string(),
            file: contract.place.file.to_string(),
            currency: contract.currency,
            start: day(contract.term.start),
            end: day(contract.term.end),
            timezone: contract.calendar.name(),
            precedence: contract.precedence,
        }
    }
}

/// All invoices of one currency.
#[derive(Debug, Serialize)]
pub(super) struct Total {
    pub(super) currency: Currency,
    #[serde(flatten)]
    pub(super) costs: Costs,
}

impl Total {
    pub(super) fn of((currency, costs): (Currency, Costs)) -> Self {
        Self { currency, costs }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct InvoiceFigures {
    pub(super) issuer: String,
    pub(super) currency: Currency,
    pub(super) start: NaiveDate,
    pub(super) end: NaiveDate,
    pub(super) due: NaiveDate,
    pub(super) complete: bool,
    #[serde(flatten)]
    pub(super) costs: Costs,
    pub(super) lines: Vec<LineFigures>,
}

impl InvoiceFigures {
    pub(super) fn of(invoice: &Invoice, names: Names<'_>) -> Self {
        Self {
            issuer: invoice.issuer.clone(),
            currency: invoice.currency,
            start: invoice.days.0,
            end: invoice.days.1,
            due: invoice.due,
            complete: invoice.complete,
            costs: invoice.costs,
            lines: invoice.lines.iter().map(|line| LineFigures::of(line, names)).collect(),
        }
    }

    /// True if it asks for nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.iter().all(|line| line.costs == Costs::default())
    }
}

#[derive(Debug, Serialize)]
pub(super) struct LineFigures {
    pub(super) category: &'static str,
    /// `null`: usage at its price, of no term.
    pub(super) term: Option<TermName>,
    pub(super) provider: String,
    pub(super) model: String,
    pub(super) description: String,
    pub(super) quantity: Option<Quantity>,
    #[serde(flatten)]
    pub(super) costs: Costs,
    pub(super) fx: Option<Fx>,
}

#[derive(Debug, Serialize)]
pub(super) struct Quantity {
    pub(super) number: String,
    pub(super) unit: String,
}

/// The rate that converted a line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Fx {
    pub(super) from: Currency,
    pub(super) to: Currency,
    pub(super) date: NaiveDate,
    pub(super) rate: String,
}

impl LineFigures {
    fn of(line: &Line, names: Names<'_>) -> Self {
        Self {
            category: line.category.name(),
            term: line.term.map(|term| names.of(term)),
            provider: line.provider.clone(),
            model: line.model.clone(),
            description: line.description.clone(),
            quantity: line
                .quantity
                .as_ref()
                .map(|q| Quantity { number: q.number.clone(), unit: q.unit.clone() }),
            costs: line.costs,
            fx: line.fx.as_ref().map(|fx| Fx {
                from: fx.from,
                to: fx.to,
                date: fx.date,
                rate: fx.rate.to_string(),
            }),
        }
    }
}

/// What is to be paid in a month.
#[derive(Debug, Serialize)]
pub(super) struct Cash {
    pub(super) month: String,
    pub(super) currency: Currency,
    pub(super) billed_cost: Amount,
}

impl Cash {
    pub(super) fn of(((month, currency), billed_cost): ((Month, Currency), Amount)) -> Self {
        Self { month: month.to_string(), currency, billed_cost }
    }
}

/// Quantities that have no price and that no term paid for.
#[derive(Debug, Serialize)]
pub(super) struct Unpriced {
    pub(super) tokens: u64,
    components: BTreeMap<&'static str, u64>,
}

impl Unpriced {
    pub(super) fn of(counts: &ComponentCounts) -> Self {
        Self {
            tokens: counts.tokens(),
            components: counts.iter().map(|(c, n)| (c.name(), n)).collect(),
        }
    }

    /// Tokens and all other units.
    pub(super) fn units(&self) -> u64 {
        self.components.values().fold(0, |sum, n| sum.saturating_add(*n))
    }
}

#[derive(Debug, Serialize)]
pub(super) struct GroupFigures {
    key: BTreeMap<String, String>,
    pub(super) currency: Currency,
    pub(super) requests: u64,
    tokens: BTreeMap<&'static str, u64>,
    other: BTreeMap<&'static str, u64>,
    #[serde(flatten)]
    pub(super) costs: Costs,
    pub(super) unpriced: Unpriced,
    #[serde(skip)]
    pub(super) cells: Vec<String>,
}

impl GroupFigures {
    pub(super) fn of(names: &[String], (key, currency): &GroupKey, sums: &GroupSums) -> Self {
        let counts = |tokens: bool| {
            let mine = sums.components.iter().filter(|(c, _)| c.is_tokens() == tokens);
            mine.map(|(c, n)| (c.name(), n)).collect()
        };
        Self {
            key: names.iter().cloned().zip(key.iter().cloned()).collect(),
            currency: *currency,
            requests: sums.requests,
            tokens: counts(true),
            other: counts(false),
            costs: sums.costs,
            unpriced: Unpriced::of(&sums.unpriced),
            cells: key.clone(),
        }
    }

    /// Tokens of all kinds.
    pub(super) fn tokens(&self) -> u64 {
        self.tokens.values().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Tokens and all other units.
    pub(super) fn units(&self) -> u64 {
        self.other.values().fold(self.tokens(), |sum, n| sum.saturating_add(*n))
    }
}
