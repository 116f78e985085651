//! The sentences of a settlement report.

use std::collections::BTreeSet;

use chrono::{Datelike, Months, NaiveDate};

use super::SettlementReport;
use super::figures::{ContractFacts, Fx, InvoiceFigures, LineFigures};
use crate::period::Month;
use crate::report::format;

/// Days from the first to the one before the end, by the name of a month, quarter or year where
/// they are one.
pub(super) fn days(start: NaiveDate, end: NaiveDate) -> String {
    let lasts = |months: u32| start.checked_add_months(Months::new(months)) == Some(end);
    let first = start.day() == 1;
    if first && lasts(1) {
        return Month::of(start).to_string();
    }
    if first && lasts(3) && start.month() % 3 == 1 {
        return format!("{}-Q{}", start.year(), start.month().div_ceil(3));
    }
    if first && lasts(12) && start.month() == 1 {
        return start.year().to_string();
    }
    format!("{start} to {}", eve(end))
}

/// The day before, whose end is the start of a day.
pub(super) fn eve(day: NaiveDate) -> String {
    day.pred_opt().unwrap_or(day).to_string()
}

/// The billing period of an invoice.
pub(super) fn period(invoice: &InvoiceFigures) -> String {
    let mark = if invoice.complete { "" } else { " so far" };
    format!("{}{mark}", days(invoice.start, invoice.end))
}

/// Names that a sentence lists; of more it says how many.
const MOST_NAMES: usize = 4;

fn listed(names: &[String]) -> String {
    match names.len().checked_sub(MOST_NAMES) {
        Some(more @ 1..) => format!("{} and {more} more", names[..MOST_NAMES].join(", ")),
        _ => names.join(", "),
    }
}

impl SettlementReport {
    /// Lines above and below the tables.
    #[must_use]
    pub fn sentences(&self) -> (String, Vec<String>) {
        let name = |contract: &ContractFacts| {
            if contract.name == contract.id {
                contract.id.clone()
            } else {
                format!("{} ({})", contract.name, contract.id)
            }
        };
        let names: Vec<String> = self.contracts.iter().map(name).collect();
        let during = self.window.as_ref().map_or_else(String::new, |window| {
            let (first, last) = window.days;
            format!(" from {first} to {last}")
        });
        let head = format!("Settled{during} under {} ({})", listed(&names), self.inputs.sentence());
        (head, self.notes())
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.unpriced.units() > 0 {
            let other = match self.unpriced.units() - self.unpriced.tokens {
                0 => String::new(),
                n => format!(" and {} other units", format::grouped(n)),
            };
            notes.push(format!(
                "Not in any total: {} tokens{other} without a price.",
                format::grouped(self.unpriced.tokens)
            ));
        }
        notes.extend(self.unfinished());
        if let (true, Some(window)) = (self.window_assumed, &self.window) {
            notes.push(format!(
                "Settled from {} on, where the month of the first usage begins (--since); fees and periods before are not in it.",
                window.days.0
            ));
        }
        if !self.group_by.is_empty() && self.has_more_than_usage() {
            notes.push(format!(
                "Costs by {} are those of usage; what is billed beside it (fees, purchases, shortfalls, other spend) is only on invoices.",
                self.group_by.join(", ")
            ));
        }
        let rates: BTreeSet<&Fx> = self
            .invoices
            .iter()
            .flat_map(|invoice| &invoice.lines)
            .filter_map(|line: &LineFigures| line.fx.as_ref())
            .collect();
        for fx in rates {
            notes.push(format!(
                "Converted at 1 {} = {} {} of {}.",
                fx.from, fx.rate, fx.to, fx.date
            ));
        }
        let assumed = |name: &str| name.ends_with("-assumed") || name == "contract-history-missing";
        for finding in self.diagnostics.iter().filter(|finding| assumed(finding.code.name())) {
            notes.push(format!("Assumed: {}.", finding.message));
        }
        notes.push(format!("Prices: {}", self.price_book.sentence()));
        notes
    }

    fn has_more_than_usage(&self) -> bool {
        let of_usage = ["usage", "discount", "included", "overage", "drawdown", "credit"];
        let mut lines = self.invoices.iter().flat_map(|invoice| &invoice.lines);
        lines.any(|line| !of_usage.contains(&line.category))
    }

    /// Invoices whose periods go on after the window.
    fn unfinished(&self) -> Option<String> {
        let open = self.invoices.iter().filter(|invoice| !invoice.complete);
        let names: Vec<String> = open
            .map(|invoice| format!("{} {}", invoice.issuer, days(invoice.start, invoice.end)))
            .collect();
        let window = self.window.as_ref().filter(|_| !names.is_empty())?;
        Some(format!(
            "So far, because they go on after {}: {}; what is due at their end is not in them.",
            window.days.1,
            listed(&names)
        ))
    }
}
