//! The HTML page of a settlement.

use std::collections::BTreeSet;

use super::SettlementReport;
use super::balances::{BurnDown, CommitmentState, CreditLot, CreditState};
use super::figures::{InvoiceFigures, Total};
use super::text::{days, eve, period};
use crate::money::{Amount, Currency, MoneyError};
use crate::report::format;
use crate::report::html::{Columns, Figure, Layout, Page, Row, Rows, Section, Series};

impl SettlementReport {
    /// The page.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn page(&self) -> Result<Page, MoneyError> {
        let (head, notes) = self.sentences();
        let during = self
            .window
            .as_ref()
            .map_or_else(String::new, |window| format!(", {} to {}", window.days.0, window.days.1));
        Ok(Page {
            title: format!("Settlement{during}"),
            lead: vec![head],
            figures: self.main_figures(),
            sections: vec![
                self.invoice_section()?,
                self.commitment_section()?,
                self.credit_section()?,
                self.capacity_section(),
                self.cash_section()?,
                Section::new("Totals").table("All invoices", Some(self.total_grid())),
                Section::new("Cost of usage").table("Cost by group", Some(self.group_grid())),
                Section::notes(notes),
                Section::quality(&self.inputs, &self.diagnostics),
            ],
        })
    }

    fn main_figures(&self) -> Vec<Figure> {
        let figure = |total: &Total| Figure {
            name: format!("Billed, {}", total.currency),
            value: format::money(total.costs.billed_cost, total.currency),
            more: vec![
                format!("list {}", format::amount(total.costs.list_cost)),
                format!("effective {}", format::amount(total.costs.effective_cost)),
            ],
        };
        self.totals.iter().map(figure).collect()
    }

    /// A chart a currency: what is billed by category, with the list price as a line.
    fn invoice_section(&self) -> Result<Section, MoneyError> {
        let mut section = Section::new("Invoices");
        let currencies: BTreeSet<Currency> = self.invoices.iter().map(|i| i.currency).collect();
        for currency in currencies {
            let mine: Vec<&InvoiceFigures> =
                self.invoices.iter().filter(|i| i.currency == currency).collect();
            section = section.chart(invoices(currency, &mine)?.chart()?);
        }
        Ok(section
            .folded("Invoices", self.invoice_grid())
            .folded("Lines of all invoices", self.line_grid()))
    }

    fn commitment_section(&self) -> Result<Section, MoneyError> {
        let mut section = Section::new("Commitments");
        for series in self.burn_down.iter().filter(|series| !series.balances.is_empty()) {
            section = section.chart(burn_down(series).chart()?);
        }
        Ok(section.folded("Balances of commitments", self.burn_down_grid()))
    }

    fn credit_section(&self) -> Result<Section, MoneyError> {
        let mut section = Section::new("Credit");
        for lot in self.credits.iter().filter(|lot| !lot.balances.is_empty()) {
            section = section.chart(credit(lot).chart()?);
        }
        Ok(section.folded("Balances of credit", self.credit_grid()))
    }

    fn capacity_section(&self) -> Section {
        let section = Section::new("Capacity");
        if self.capacities.is_empty() {
            return section;
        }
        let rows = self.capacities.iter().map(|capacity| Row {
            name: format!("{} {}", capacity.name.term, days(capacity.start, capacity.end)),
            bar: Some(capacity.mean_used),
            mark: Some(capacity.peak_used),
            limit: Some(Amount::from_units(1)),
            ..Row::default()
        });
        let rows = Rows {
            title: "Use of capacity".to_owned(),
            unit: "share of the capacity".to_owned(),
            show: format::share,
            rows: rows.collect(),
            bar: "mean used",
            ranges: Vec::new(),
            point: "",
            mark: "peak",
            limit: "all of it",
            grid: self.capacity_grid(),
        };
        section.chart(rows.chart())
    }

    fn cash_section(&self) -> Result<Section, MoneyError> {
        let mut section = Section::new("Cash");
        let currencies: BTreeSet<Currency> = self.cash.iter().map(|cash| cash.currency).collect();
        for currency in currencies {
            let mine = || self.cash.iter().filter(|cash| cash.currency == currency);
            let columns = Columns {
                title: "Due by month".to_owned(),
                axis: "due in".to_owned(),
                currency: currency.to_string(),
                names: mine().map(|cash| cash.month.clone()).collect(),
                layout: Layout::Stacked,
                series: vec![Series {
                    name: "billed".to_owned(),
                    values: mine().map(|cash| cash.billed_cost).collect(),
                }],
                mark: None,
            };
            section = section.chart(columns.chart()?);
        }
        Ok(section)
    }
}

fn invoices(currency: Currency, invoices: &[&InvoiceFigures]) -> Result<Columns, MoneyError> {
    let lines = || invoices.iter().flat_map(|invoice| &invoice.lines);
    let categories: BTreeSet<&str> = lines().map(|line| line.category).collect();
    let issuers: BTreeSet<&str> = invoices.iter().map(|i| i.issuer.as_str()).collect();
    let mut series = Vec::new();
    for category in categories {
        let of = |invoice: &&InvoiceFigures| {
            let mine = invoice.lines.iter().filter(|line| line.category == category);
            Amount::checked_sum(mine.map(|line| line.costs.billed_cost))
        };
        let values = invoices.iter().map(of).collect::<Result<_, _>>()?;
        series.push(Series { name: category.to_owned(), values });
    }
    let name = |invoice: &&InvoiceFigures| match issuers.len() {
        1 => period(invoice),
        _ => format!("{} {}", period(invoice), invoice.issuer),
    };
    Ok(Columns {
        title: "Billed by kind of line, and the list price".to_owned(),
        axis: "invoice".to_owned(),
        currency: currency.to_string(),
        names: invoices.iter().map(name).collect(),
        layout: Layout::Stacked,
        series,
        mark: Some(Series {
            name: "list price".to_owned(),
            values: invoices.iter().map(|invoice| invoice.costs.list_cost).collect(),
        }),
    })
}

fn burn_down(series: &BurnDown) -> Columns {
    let values = |pick: fn(&CommitmentState) -> Amount| series.balances.iter().map(pick).collect();
    let stacked = |name: &str, values| Series { name: name.to_owned(), values };
    Columns {
        title: format!("{}, {}", series.name.shown(), days(series.start, series.end)),
        axis: "at end of".to_owned(),
        currency: series.currency.to_string(),
        names: series.balances.iter().map(|state| eve(state.on)).collect(),
        layout: Layout::Stacked,
        series: vec![
            stacked("retired", values(|state| state.retired)),
            stacked("remaining", values(|state| state.remaining)),
            stacked("shortfall", values(|state| state.shortfall)),
            stacked("excess", values(|state| state.excess)),
        ],
        mark: Some(stacked("committed", values(|state| state.committed))),
    }
}

fn credit(lot: &CreditLot) -> Columns {
    let values = |pick: fn(&CreditState) -> Amount| lot.balances.iter().map(pick).collect();
    let stacked = |name: &str, values| Series { name: name.to_owned(), values };
    Columns {
        title: format!("{}, lot {}", lot.name.shown(), lot.lot),
        axis: "at end of".to_owned(),
        currency: lot.currency.to_string(),
        names: lot.balances.iter().map(|state| eve(state.on)).collect(),
        layout: Layout::Stacked,
        series: vec![
            stacked("drawn", values(|state| state.drawn)),
            stacked("remaining", values(|state| state.remaining)),
            stacked("lapsed", values(|state| state.lapsed)),
        ],
        mark: None,
    }
}
