//! The figures of a settlement as JSON holds them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use crate::contract::Contract;
use crate::money::{Amount, Currency};
use crate::period::{Calendar, Month, Period, Timestamp};
use crate::rating::Costs;
use crate::settlement::{
    CapacityUse, CommitmentBalance, CreditBalance, GroupKey, GroupSums, Invoice, Line, TermRef,
};
use crate::tokens::ComponentCounts;

/// What numbers of contracts and terms stand for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a>(pub(super) &'a [Contract]);

impl Names<'_> {
    fn of(self, at: TermRef) -> TermName {
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

/// One period of a commitment, billing period by billing period.
#[derive(Debug, Serialize)]
pub(super) struct BurnDown {
    #[serde(flatten)]
    pub(super) name: TermName,
    pub(super) currency: Currency,
    pub(super) start: NaiveDate,
    pub(super) end: NaiveDate,
    pub(super) balances: Vec<CommitmentState>,
}

#[derive(Debug, Serialize)]
pub(super) struct CommitmentState {
    /// At the start of this day.
    pub(super) on: NaiveDate,
    pub(super) committed: Amount,
    pub(super) retired: Amount,
    pub(super) remaining: Amount,
    pub(super) excess: Amount,
    pub(super) shortfall: Amount,
    pub(super) prepaid: Amount,
    pub(super) drawn: Amount,
    pub(super) closed: bool,
}

impl BurnDown {
    /// Balances come sorted by term and day; those of one period are one series.
    pub(super) fn all(balances: &[CommitmentBalance], names: Names<'_>) -> Vec<Self> {
        let mut series: Vec<Self> = Vec::new();
        let mut numbers: BTreeMap<(TermRef, (NaiveDate, NaiveDate)), usize> = BTreeMap::new();
        for balance in balances {
            let number = *numbers.entry((balance.term, balance.days)).or_insert(series.len());
            if number == series.len() {
                series.push(Self {
                    name: names.of(balance.term),
                    currency: balance.currency,
                    start: balance.days.0,
                    end: balance.days.1,
                    balances: Vec::new(),
                });
            }
            series[number].balances.push(CommitmentState {
                on: balance.on,
                committed: balance.committed,
                retired: balance.retired,
                remaining: balance.remaining,
                excess: balance.excess,
                shortfall: balance.shortfall,
                prepaid: balance.prepaid,
                drawn: balance.drawn,
                closed: balance.closed,
            });
        }
        series
    }
}

/// One lot of credit, billing period by billing period.
#[derive(Debug, Serialize)]
pub(super) struct CreditLot {
    #[serde(flatten)]
    pub(super) name: TermName,
    pub(super) lot: usize,
    pub(super) currency: Currency,
    pub(super) start: NaiveDate,
    /// `null`: it does not lapse.
    pub(super) expires_on: Option<NaiveDate>,
    pub(super) amount: Amount,
    pub(super) price: Amount,
    pub(super) balances: Vec<CreditState>,
}

#[derive(Debug, Serialize)]
pub(super) struct CreditState {
    /// At the start of this day.
    pub(super) on: NaiveDate,
    pub(super) drawn: Amount,
    pub(super) lapsed: Amount,
    pub(super) remaining: Amount,
}

impl CreditLot {
    /// Balances come sorted by term, lot and day.
    pub(super) fn all(balances: &[CreditBalance], names: Names<'_>) -> Vec<Self> {
        let mut lots: Vec<Self> = Vec::new();
        let mut last = None;
        for balance in balances {
            if last != Some((balance.term, balance.lot)) {
                last = Some((balance.term, balance.lot));
                lots.push(Self {
                    name: names.of(balance.term),
                    lot: balance.lot,
                    currency: balance.currency,
                    start: balance.days.0,
                    expires_on: balance.days.1,
                    amount: balance.amount,
                    price: balance.price,
                    balances: Vec::new(),
                });
            }
            if let Some(lot) = lots.last_mut() {
                lot.balances.push(CreditState {
                    on: balance.on,
                    drawn: balance.drawn,
                    lapsed: balance.lapsed,
                    remaining: balance.remaining,
                });
            }
        }
        lots
    }
}

#[derive(Debug, Serialize)]
pub(super) struct CapacityFigures {
    #[serde(flatten)]
    pub(super) name: TermName,
    pub(super) currency: Currency,
    pub(super) start: NaiveDate,
    pub(super) end: NaiveDate,
    pub(super) fee: Amount,
    /// Shares of the capacity: `"0.75"`.
    pub(super) mean_used: Amount,
    pub(super) peak_used: Amount,
    pub(super) minutes_over: u64,
    minutes_loaded: u64,
    pub(super) served_tokens: u64,
    pub(super) spilled_tokens: u64,
    pub(super) unserved_tokens: u64,
    pub(super) longest_wait_minutes: u64,
    pub(super) effective_per_mtok: Option<Amount>,
}

impl CapacityFigures {
    pub(super) fn of(capacity: &CapacityUse, names: Names<'_>) -> Self {
        let share = |millionths: u64| Amount::from_atto(i128::from(millionths) * 10_i128.pow(12));
        Self {
            name: names.of(capacity.term),
            currency: capacity.currency,
            start: capacity.days.0,
            end: capacity.days.1,
            fee: capacity.fee,
            mean_used: share(capacity.used_millionths),
            peak_used: share(capacity.peak_millionths),
            minutes_over: capacity.minutes_over,
            minutes_loaded: capacity.minutes_loaded,
            served_tokens: capacity.served,
            spilled_tokens: capacity.spilled,
            unserved_tokens: capacity.unserved,
            longest_wait_minutes: capacity.longest_wait_minutes,
            effective_per_mtok: capacity.effective_per_mtok,
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
