//! The lines of invoices, as a table and exactly as CSV.

use super::SettlementReport;
use super::figures::{InvoiceFigures, LineFigures, TermName};
use super::text::days;
use crate::rating::Costs;
use crate::report::{Align, Grid, format};

const CSV: [(&str, Align); 22] = [
    ("issuer", Align::Left),
    ("start", Align::Left),
    ("end", Align::Left),
    ("due", Align::Left),
    ("complete", Align::Left),
    ("category", Align::Left),
    ("contract", Align::Left),
    ("term", Align::Left),
    ("provider", Align::Left),
    ("model", Align::Left),
    ("description", Align::Left),
    ("quantity", Align::Right),
    ("unit", Align::Left),
    ("list_cost", Align::Right),
    ("contracted_cost", Align::Right),
    ("effective_cost", Align::Right),
    ("billed_cost", Align::Right),
    ("currency", Align::Left),
    ("fx_from", Align::Left),
    ("fx_to", Align::Left),
    ("fx_date", Align::Left),
    ("fx_rate", Align::Right),
];

pub(super) const COSTS: [(&str, Align); 4] = [
    ("list", Align::Right),
    ("contracted", Align::Right),
    ("effective", Align::Right),
    ("billed", Align::Right),
];

/// The four columns of a table.
pub(super) fn cost_cells(costs: &Costs) -> [String; 4] {
    [costs.list_cost, costs.contracted_cost, costs.effective_cost, costs.billed_cost]
        .map(format::amount)
}

impl SettlementReport {
    /// Every line of every invoice.
    #[must_use]
    pub fn line_grid(&self) -> Grid {
        let columns = [
            ("lines of", Align::Left),
            ("period", Align::Left),
            ("category", Align::Left),
            ("term", Align::Left),
            ("model", Align::Left),
            ("description", Align::Left),
            ("quantity", Align::Right),
        ];
        let currency = [("currency", Align::Left)];
        let mut grid = Grid::new(&[&columns[..], &COSTS, &currency].concat());
        for (invoice, line) in self.lines() {
            let quantity = line.quantity.as_ref();
            let mut row = vec![
                invoice.issuer.clone(),
                days(invoice.start, invoice.end),
                line.category.to_owned(),
                line.term.as_ref().map(TermName::shown).unwrap_or_default(),
                line.model.clone(),
                line.description.clone(),
                quantity.map(|q| format!("{} {}", counted(&q.number), q.unit)).unwrap_or_default(),
            ];
            row.extend(cost_cells(&line.costs));
            row.push(invoice.currency.to_string());
            grid.rows.push(row);
        }
        grid
    }

    /// Every line of every invoice, exactly.
    #[must_use]
    pub fn csv_grid(&self) -> Grid {
        let mut grid = Grid::new(&CSV);
        grid.rows = self.lines().map(|(invoice, line)| csv_row(invoice, line)).collect();
        grid
    }

    fn lines(&self) -> impl Iterator<Item = (&InvoiceFigures, &LineFigures)> {
        self.invoices.iter().flat_map(|invoice| invoice.lines.iter().map(move |l| (invoice, l)))
    }
}

fn csv_row(invoice: &InvoiceFigures, line: &LineFigures) -> Vec<String> {
    let term = line.term.as_ref();
    let quantity = line.quantity.as_ref();
    let fx = line.fx.as_ref();
    vec![
        invoice.issuer.clone(),
        invoice.start.to_string(),
        invoice.end.to_string(),
        invoice.due.to_string(),
        invoice.complete.to_string(),
        line.category.to_owned(),
        term.map(|t| t.contract.clone()).unwrap_or_default(),
        term.map(|t| t.term.clone()).unwrap_or_default(),
        line.provider.clone(),
        line.model.clone(),
        line.description.clone(),
        quantity.map(|q| q.number.clone()).unwrap_or_default(),
        quantity.map(|q| q.unit.clone()).unwrap_or_default(),
        line.costs.list_cost.to_string(),
        line.costs.contracted_cost.to_string(),
        line.costs.effective_cost.to_string(),
        line.costs.billed_cost.to_string(),
        invoice.currency.to_string(),
        fx.map(|fx| fx.from.to_string()).unwrap_or_default(),
        fx.map(|fx| fx.to.to_string()).unwrap_or_default(),
        fx.map(|fx| fx.date.to_string()).unwrap_or_default(),
        fx.map(|fx| fx.rate.clone()).unwrap_or_default(),
    ]
}

/// A whole number in groups of three; others as they are.
fn counted(number: &str) -> String {
    number.parse().map_or_else(|_| number.to_owned(), format::grouped)
}
