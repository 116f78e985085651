//! The reports of `contract validate` and `contract explain`.

mod words;

use serde::Serialize;

use super::{Align, Grid};
use crate::contract::file::registry::term_tables;
use crate::contract::terms::Side;
use crate::contract::timeline::{CommitmentPeriod, timeline};
use crate::contract::{Contract, Term, TermKind};
use crate::money::MoneyError;

/// The name of the JSON form of `contract explain`.
pub const EXPLAIN_SCHEMA: &str = "tokencast.contract-explain.v1";

/// Contracts in plain words, with every period of their commitments.
#[derive(Debug, Serialize)]
pub struct ContractExplanation {
    schema: &'static str,
    contracts: Vec<ShownContract>,
    commitments: Vec<Commitment>,
}

#[derive(Debug, Serialize)]
struct ShownContract {
    order: usize,
    id: String,
    name: String,
    issuer: String,
    location: String,
    currency: String,
    start: String,
    end: String,
    timezone: &'static str,
    billing: String,
    payment_days: u32,
    precedence: i64,
    bills_usage: bool,
    scope: String,
    terms: Vec<ShownTerm>,
}

#[derive(Debug, Serialize)]
struct ShownTerm {
    order: usize,
    id: String,
    kind: &'static str,
    location: String,
    start: String,
    end: String,
    scope: String,
    does: String,
}

/// A row of the Contract Commitment dataset of FinOps FOCUS.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Commitment {
    contract_id: String,
    contract_period_start: String,
    contract_period_end: String,
    contract_commitment_id: String,
    contract_commitment_category: &'static str,
    contract_commitment_type: &'static str,
    contract_commitment_description: String,
    contract_commitment_period_start: String,
    contract_commitment_period_end: String,
    contract_commitment_cost: String,
    contract_commitment_quantity: Option<u64>,
    contract_commitment_unit: Option<String>,
    billing_currency: String,
    /// For people: the days of the period.
    #[serde(skip)]
    days: (String, String),
}

const COLUMNS: [(&str, Align); 13] = [
    ("ContractId", Align::Left),
    ("ContractPeriodStart", Align::Left),
    ("ContractPeriodEnd", Align::Left),
    ("ContractCommitmentId", Align::Left),
    ("ContractCommitmentCategory", Align::Left),
    ("ContractCommitmentType", Align::Left),
    ("ContractCommitmentDescription", Align::Left),
    ("ContractCommitmentPeriodStart", Align::Left),
    ("ContractCommitmentPeriodEnd", Align::Left),
    ("ContractCommitmentCost", Align::Right),
    ("ContractCommitmentQuantity", Align::Right),
    ("ContractCommitmentUnit", Align::Left),
    ("BillingCurrency", Align::Left),
];

impl ContractExplanation {
    /// From contracts in their order of precedence.
    ///
    /// # Errors
    /// [`MoneyError`] if a committed amount does not fit.
    pub fn new(contracts: &[Contract]) -> Result<Self, MoneyError> {
        let mut commitments = Vec::new();
        for contract in contracts {
            let periods = timeline(contract)?;
            commitments.extend(periods.iter().map(|period| commitment(contract, period)));
        }
        let shown = contracts.iter().enumerate().map(|(at, c)| shown_contract(at + 1, c));
        Ok(Self { schema: EXPLAIN_SCHEMA, contracts: shown.collect(), commitments })
    }

    /// A line above the tables.
    #[must_use]
    pub fn head(&self) -> String {
        let terms: usize = self.contracts.iter().map(|c| c.terms.len()).sum();
        format!(
            "{} with {}, in the order in which they are applied",
            count(self.contracts.len(), "contract"),
            count(terms, "term")
        )
    }

    /// Contracts, terms, and periods of commitments.
    #[must_use]
    pub fn grids(&self) -> Vec<Grid> {
        let mut grids = vec![self.contract_grid(), self.term_grid(), self.period_grid()];
        grids.retain(|grid| !grid.rows.is_empty());
        grids
    }

    fn contract_grid(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("#", Align::Right),
            ("contract", Align::Left),
            ("issuer", Align::Left),
            ("from", Align::Left),
            ("before", Align::Left),
            ("currency", Align::Left),
            ("invoices", Align::Left),
            ("scope", Align::Left),
            ("where", Align::Left),
        ]);
        grid.rows = self
            .contracts
            .iter()
            .map(|c| {
                let billing = if c.bills_usage {
                    format!("{}, due in {} days", c.billing, c.payment_days)
                } else {
                    format!("{}, without usage", c.billing)
                };
                vec![
                    c.order.to_string(),
                    c.id.clone(),
                    c.issuer.clone(),
                    c.start.clone(),
                    c.end.clone(),
                    c.currency.clone(),
                    billing,
                    c.scope.clone(),
                    c.location.clone(),
                ]
            })
            .collect();
        grid
    }

    fn term_grid(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("#", Align::Right),
            ("contract", Align::Left),
            ("term", Align::Left),
            ("from", Align::Left),
            ("before", Align::Left),
            ("scope", Align::Left),
            ("what it does", Align::Left),
            ("where", Align::Left),
        ]);
        for contract in &self.contracts {
            grid.rows.extend(contract.terms.iter().map(|t| {
                vec![
                    t.order.to_string(),
                    contract.id.clone(),
                    t.id.clone(),
                    t.start.clone(),
                    t.end.clone(),
                    t.scope.clone(),
                    t.does.replace("; ", ";\n").replace(", then ", ",\nthen "),
                    t.location.clone(),
                ]
            }));
        }
        grid
    }

    fn period_grid(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("commitment", Align::Left),
            ("from", Align::Left),
            ("before", Align::Left),
            ("units", Align::Right),
            ("committed", Align::Right),
            ("currency", Align::Left),
        ]);
        grid.rows = self
            .commitments
            .iter()
            .map(|c| {
                let units = match (c.contract_commitment_quantity, &c.contract_commitment_unit) {
                    (Some(count), Some(unit)) => format!("{count} {unit}"),
                    _ => String::new(),
                };
                vec![
                    c.contract_commitment_id.clone(),
                    c.days.0.clone(),
                    c.days.1.clone(),
                    units,
                    super::format::amount(c.contract_commitment_cost.parse().unwrap_or_default()),
                    c.billing_currency.clone(),
                ]
            })
            .collect();
        grid
    }

    /// What is said below the tables.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        vec![
            "Contracts are applied in the order shown; each sees the cost that the one before left."
                .to_owned(),
            "In a contract: prices, capacity, percentages, seats and flat fees, commitments, minimums, and credits last."
                .to_owned(),
        ]
    }

    /// One row a period of a commitment, with the columns of FOCUS.
    #[must_use]
    pub fn csv_grid(&self) -> Grid {
        let mut grid = Grid::new(&COLUMNS);
        grid.rows = self.commitments.iter().map(Commitment::cells).collect();
        grid
    }
}

impl Commitment {
    /// In the order of [`COLUMNS`].
    fn cells(&self) -> Vec<String> {
        vec![
            self.contract_id.clone(),
            self.contract_period_start.clone(),
            self.contract_period_end.clone(),
            self.contract_commitment_id.clone(),
            self.contract_commitment_category.to_owned(),
            self.contract_commitment_type.to_owned(),
            self.contract_commitment_description.clone(),
            self.contract_commitment_period_start.clone(),
            self.contract_commitment_period_end.clone(),
            self.contract_commitment_cost.clone(),
            self.contract_commitment_quantity.map(|q| q.to_string()).unwrap_or_default(),
            self.contract_commitment_unit.clone().unwrap_or_default(),
            self.billing_currency.clone(),
        ]
    }
}

/// How many terms each file has.
#[must_use]
pub fn validated(contracts: &[Contract]) -> String {
    let line = |c: &Contract| {
        format!("{}: contract `{}`, {}\n", c.place.file, c.id, count(c.terms.len(), "term"))
    };
    contracts.iter().map(line).collect()
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn shown_contract(order: usize, c: &Contract) -> ShownContract {
    let mut terms: Vec<&Term> = c.terms.iter().collect();
    let rank = |term: &&Term| term_tables().position(|table| table.name == term.kind.name());
    terms.sort_by_key(rank);
    let shown = terms.into_iter().enumerate().map(|(at, t)| ShownTerm {
        order: at + 1,
        id: t.id.to_string(),
        kind: t.kind.name(),
        location: t.place.to_string(),
        start: t.days.0.to_string(),
        end: t.days.1.to_string(),
        scope: words::scope(&t.scope),
        does: words::term(t, c.currency),
    });
    ShownContract {
        order,
        id: c.id.to_string(),
        name: c.name.clone(),
        issuer: c.issuer.to_string(),
        location: c.place.to_string(),
        currency: c.currency.to_string(),
        start: c.calendar.date_of(c.term.start).to_string(),
        end: c.calendar.date_of(c.term.end).to_string(),
        timezone: c.calendar.name(),
        billing: words::each(c.billing, c.billing_anchor),
        payment_days: c.payment_days,
        precedence: c.precedence,
        bills_usage: c.bills_usage,
        scope: words::scope(&c.scope),
        terms: shown.collect(),
    }
}

fn commitment(contract: &Contract, period: &CommitmentPeriod<'_>) -> Commitment {
    let term = period.term;
    let unit = match &term.kind {
        TermKind::Capacity(capacity) => Some(capacity.unit.to_string()),
        _ => None,
    };
    let side = match period.side {
        Some(Side::Input) => "/input",
        Some(Side::Output) => "/output",
        Some(Side::All) | None => "",
    };
    Commitment {
        contract_id: contract.id.to_string(),
        contract_period_start: contract.term.start.to_string(),
        contract_period_end: contract.term.end.to_string(),
        contract_commitment_id: format!("{}/{}{side}", contract.id, term.id),
        contract_commitment_category: if unit.is_some() { "Usage" } else { "Spend" },
        contract_commitment_type: term.kind.name(),
        contract_commitment_description: words::term(term, contract.currency),
        contract_commitment_period_start: period.period.start.to_string(),
        contract_commitment_period_end: period.period.end.to_string(),
        contract_commitment_cost: period.cost.to_string(),
        contract_commitment_quantity: period.units,
        contract_commitment_unit: unit,
        billing_currency: contract.currency.to_string(),
        days: (period.days.0.to_string(), period.days.1.to_string()),
    }
}
