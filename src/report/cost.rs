//! The `cost` report: what was used and what it cost.

mod page;

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Align, Grid, InputFacts, PriceBookFacts, format, shown_findings};
use crate::diagnostic::Diagnostic;
use crate::money::Amount;
use crate::rating::Costs;
use crate::rating::summary::{Summary, Totals};
use crate::tokens::ComponentCounts;

/// The name of the JSON form.
pub const SCHEMA: &str = "tokencast.cost.v1";

/// The whole report.
#[derive(Debug, Serialize)]
pub struct CostReport {
    schema: &'static str,
    currency: String,
    inputs: InputFacts,
    totals: Figures,
    group_by: Vec<String>,
    groups: Vec<GroupFigures>,
    diagnostics: Vec<Diagnostic>,
    price_book: PriceBookFacts,
    #[serde(skip)]
    period: Option<String>,
}

#[derive(Debug, Serialize)]
struct Figures {
    requests: u64,
    tokens: BTreeMap<&'static str, u64>,
    other: BTreeMap<&'static str, u64>,
    #[serde(flatten)]
    costs: Costs,
    unpriced: Unpriced,
    reported: Vec<Reported>,
}

#[derive(Debug, Serialize)]
struct Unpriced {
    records: u64,
    tokens: u64,
    components: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Serialize)]
struct Reported {
    kind: &'static str,
    currency: String,
    amount: Amount,
}

#[derive(Debug, Serialize)]
struct GroupFigures {
    key: BTreeMap<String, String>,
    #[serde(flatten)]
    figures: Figures,
    #[serde(skip)]
    cells: Vec<String>,
}

fn named(counts: &ComponentCounts, tokens: bool) -> BTreeMap<&'static str, u64> {
    counts.iter().filter(|(c, _)| c.is_tokens() == tokens).map(|(c, n)| (c.name(), n)).collect()
}

/// Each count fits into 64 bits; their sum need not.
fn added<'n>(counts: impl Iterator<Item = &'n u64>) -> u64 {
    counts.fold(0, |sum, n| sum.saturating_add(*n))
}

impl Figures {
    fn of(totals: &Totals) -> Self {
        Self {
            requests: totals.requests,
            tokens: named(&totals.components, true),
            other: named(&totals.components, false),
            costs: totals.costs,
            unpriced: Unpriced {
                records: totals.unpriced.records,
                tokens: totals.unpriced.components.tokens(),
                components: totals.unpriced.components.iter().map(|(c, n)| (c.name(), n)).collect(),
            },
            reported: totals
                .reported
                .iter()
                .map(|((kind, currency), amount)| Reported {
                    kind: kind.name(),
                    currency: currency.to_string(),
                    amount: *amount,
                })
                .collect(),
        }
    }

    fn sum(&self, names: &[&str]) -> u64 {
        let starts =
            |name: &str| names.iter().any(|n| name == *n || name.starts_with(&format!("{n}.")));
        added(self.tokens.iter().filter(|(name, _)| starts(name)).map(|(_, n)| n))
    }

    /// True if nothing in it has a price.
    fn is_unpriced(&self) -> bool {
        let unpriced = added(self.unpriced.components.values());
        let all = added(self.tokens.values().chain(self.other.values()));
        unpriced > 0 && unpriced == all
    }

    /// True if nothing was counted of which a cost could be computed, but costs are reported.
    fn has_costs_alone(&self) -> bool {
        self.tokens.is_empty() && self.other.is_empty() && !self.reported.is_empty()
    }

    /// A cost that the logs report, of one kind and currency.
    fn reported_as(&self, (kind, currency): (&str, &str)) -> Option<Amount> {
        let same = |r: &&Reported| r.kind == kind && r.currency == currency;
        self.reported.iter().find(same).map(|r| r.amount)
    }

    /// What has no price at all costs an unknown amount, not nothing.
    fn shown_cost(&self) -> String {
        if self.is_unpriced() {
            return "unpriced".to_owned();
        }
        if self.has_costs_alone() {
            return "not computed".to_owned();
        }
        format::amount(self.costs.billed_cost)
    }

    fn cells(&self, reported: &[(&'static str, String)]) -> Vec<String> {
        let mut cells = vec![
            format::grouped(self.requests),
            format::grouped(self.sum(&["input.uncached", "input.tool"])),
            format::grouped(self.sum(&["input.cache_read"])),
            format::grouped(self.sum(&["input.cache_write"])),
            format::grouped(self.sum(&["output"])),
            format::grouped(self.unpriced.tokens),
            self.shown_cost(),
        ];
        let shown = |(kind, currency): &(&'static str, String)| {
            self.reported_as((kind, currency)).map(format::amount).unwrap_or_default()
        };
        cells.extend(reported.iter().map(shown));
        cells
    }
}

impl CostReport {
    /// From a summary and what was read.
    #[must_use]
    pub fn new(
        summary: &Summary,
        inputs: InputFacts,
        diagnostics: Vec<Diagnostic>,
        price_book: PriceBookFacts,
        period: Option<String>,
    ) -> Self {
        let names: Vec<String> = summary.dimensions.iter().map(ToString::to_string).collect();
        let groups = summary.groups.iter().map(|group| GroupFigures {
            key: names.iter().cloned().zip(group.key.iter().cloned()).collect(),
            figures: Figures::of(&group.totals),
            cells: group.key.clone(),
        });
        Self {
            schema: SCHEMA,
            currency: summary.currency.to_string(),
            inputs,
            totals: Figures::of(&summary.totals),
            groups: groups.collect(),
            group_by: names,
            diagnostics: shown_findings(diagnostics),
            price_book,
            period,
        }
    }

    /// Kinds and currencies of the costs that the logs report, a column each.
    fn reported_columns(&self) -> Vec<(&'static str, String)> {
        self.totals.reported.iter().map(|r| (r.kind, r.currency.clone())).collect()
    }

    /// The table.
    #[must_use]
    pub fn grid(&self) -> Grid {
        let cost = format!("cost {}", self.currency);
        let reported = self.reported_columns();
        let names: Vec<String> =
            reported.iter().map(|(kind, currency)| format!("{kind} {currency} (log)")).collect();
        let figures = [
            ("requests", Align::Right),
            ("input", Align::Right),
            ("cache read", Align::Right),
            ("cache write", Align::Right),
            ("output", Align::Right),
            ("unpriced tokens", Align::Right),
            (cost.as_str(), Align::Right),
        ];
        let keys: Vec<(&str, Align)> =
            self.group_by.iter().map(|name| (name.as_str(), Align::Left)).collect();
        let logged: Vec<(&str, Align)> = names.iter().map(|n| (n.as_str(), Align::Right)).collect();
        let mut grid = Grid::new(&[keys.as_slice(), &figures, &logged].concat());
        for group in &self.groups {
            grid.rows
                .push(group.cells.iter().cloned().chain(group.figures.cells(&reported)).collect());
        }
        let mut label = vec![String::new(); self.group_by.len()];
        if let Some(first) = label.first_mut() {
            *first = "total".to_owned();
        }
        grid.rows.push(label.into_iter().chain(self.totals.cells(&reported)).collect());
        grid.totals = 1;
        grid
    }

    /// Exact figures for programs: one row a group, all components and cost columns.
    #[must_use]
    pub fn csv_grid(&self) -> Grid {
        let components: Vec<&str> =
            self.totals.tokens.keys().chain(self.totals.other.keys()).copied().collect();
        let mut columns: Vec<(&str, Align)> =
            self.group_by.iter().map(|n| (n.as_str(), Align::Left)).collect();
        columns.push(("requests", Align::Right));
        columns.extend(components.iter().map(|c| (*c, Align::Right)));
        for name in [
            "list_cost",
            "contracted_cost",
            "effective_cost",
            "billed_cost",
            "unpriced_records",
            "unpriced_tokens",
        ] {
            columns.push((name, Align::Right));
        }
        columns.push(("currency", Align::Left));
        let reported = self.reported_columns();
        let names: Vec<String> = reported
            .iter()
            .map(|(kind, currency)| format!("reported_{kind}_{}", currency.to_lowercase()))
            .collect();
        columns.extend(names.iter().map(|n| (n.as_str(), Align::Right)));
        let mut grid = Grid::new(&columns);
        let row = |key: &[String], f: &Figures| -> Vec<String> {
            let count = |c: &&str| {
                f.tokens.get(c).or_else(|| f.other.get(c)).copied().unwrap_or(0).to_string()
            };
            let costs = [
                f.costs.list_cost,
                f.costs.contracted_cost,
                f.costs.effective_cost,
                f.costs.billed_cost,
            ];
            key.iter()
                .cloned()
                .chain([f.requests.to_string()])
                .chain(components.iter().map(count))
                .chain(costs.iter().map(ToString::to_string))
                .chain([
                    f.unpriced.records.to_string(),
                    f.unpriced.tokens.to_string(),
                    self.currency.clone(),
                ])
                .chain(reported.iter().map(|(kind, currency)| {
                    f.reported_as((kind, currency)).map(|a| a.to_string()).unwrap_or_default()
                }))
                .collect()
        };
        if self.group_by.is_empty() {
            grid.rows.push(row(&[], &self.totals));
        } else {
            grid.rows = self.groups.iter().map(|g| row(&g.cells, &g.figures)).collect();
        }
        grid
    }

    /// Lines above and below the table.
    #[must_use]
    pub fn sentences(&self) -> (String, Vec<String>) {
        let head = match &self.period {
            Some(period) => format!("Cost of {period} ({})", self.inputs.sentence()),
            None => format!("Cost ({})", self.inputs.sentence()),
        };
        let mut notes = Vec::new();
        if !self.totals.other.is_empty() {
            let calls: Vec<String> = self
                .totals
                .other
                .iter()
                .map(|(n, c)| format!("{} {n}", format::grouped(*c)))
                .collect();
            notes.push(format!("Besides tokens: {}.", calls.join(", ")));
        }
        if self.totals.unpriced.records > 0 {
            notes.push(format!(
                "Not in the cost: {} of {} records have usage without a price ({} tokens).",
                format::grouped(self.totals.unpriced.records),
                format::grouped(self.inputs.records),
                format::grouped(self.totals.unpriced.tokens)
            ));
        }
        for cost in &self.totals.reported {
            notes.push(format!(
                "The logs themselves report {} {} ({}).",
                format::amount(cost.amount),
                cost.currency,
                cost.kind
            ));
        }
        notes.push(format!("Prices: {}", self.price_book.sentence()));
        (head, notes)
    }
}

impl PriceBookFacts {
    /// One line for people.
    #[must_use]
    pub fn sentence(&self) -> String {
        let checked =
            self.checked_on.as_ref().map(|d| format!(", checked {d}")).unwrap_or_default();
        let known =
            self.known_at.as_ref().map(|k| format!(", as known at {k}")).unwrap_or_default();
        format!("book {}{checked}{known}.", &self.version[..self.version.len().min(12)])
    }
}
