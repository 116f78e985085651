//! The HTML page of a cost report.

use indexmap::IndexMap;

use super::{CostReport, GroupFigures};
use crate::money::{Amount, MoneyError};
use crate::rating::group::Dimension;
use crate::report::html::{Columns, Figure, Layout, Page, Row, Rows, Section, Series};
use crate::report::{Align, Grid, format};

impl CostReport {
    /// The page.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn page(&self) -> Result<Page, MoneyError> {
        let (head, notes) = self.sentences();
        let sections = vec![
            self.chart_section()?,
            Section::new("All figures").folded("Usage and cost", self.grid()),
            Section::notes(notes),
            Section::quality(&self.inputs, &self.diagnostics),
        ];
        let period = self.period.as_ref().map(|period| format!(", {period}")).unwrap_or_default();
        Ok(Page {
            title: format!("Cost{period}"),
            lead: vec![head],
            figures: self.main_figures(),
            sections,
        })
    }

    fn main_figures(&self) -> Vec<Figure> {
        let figure =
            |name: &str, value: String| Figure { name: name.to_owned(), value, more: Vec::new() };
        let mut cost = figure("Cost", self.totals.shown_cost());
        if !self.totals.is_unpriced() {
            cost.value = format!("{} {}", cost.value, self.currency);
        }
        if self.totals.unpriced.records > 0 {
            cost.more.push(format!(
                "without {} unpriced tokens",
                format::grouped(self.totals.unpriced.tokens)
            ));
        }
        let tokens = self.totals.tokens.values().fold(0_u64, |sum, n| sum.saturating_add(*n));
        vec![
            cost,
            figure("Requests", format::grouped(self.totals.requests)),
            figure("Tokens", format::grouped(tokens)),
        ]
    }

    /// Columns over time where a dimension is one, otherwise a bar a group.
    fn chart_section(&self) -> Result<Section, MoneyError> {
        if self.groups.is_empty() {
            return Ok(Section::new("Cost by group"));
        }
        let is_time = |name: &String| name.parse().is_ok_and(|d: Dimension| d.is_time());
        match self.group_by.iter().position(is_time) {
            Some(at) => Ok(Section::new("Cost over time").chart(self.over_time(at).chart()?)),
            None => Ok(Section::new("Cost by group").chart(self.bars().chart())),
        }
    }

    fn over_time(&self, time: usize) -> Columns {
        let mut names: Vec<String> =
            self.groups.iter().filter_map(|group| group.cells.get(time).cloned()).collect();
        names.sort();
        names.dedup();
        let mut series: IndexMap<String, Vec<Amount>> = IndexMap::new();
        for group in &self.groups {
            let at = group.cells.get(time).and_then(|name| names.binary_search(name).ok());
            let values =
                series.entry(rest(group, time)).or_insert_with(|| vec![Amount::ZERO; names.len()]);
            if let Some(value) = at.and_then(|at| values.get_mut(at)) {
                // A group is there once: its other cells are the name of the series.
                *value = group.figures.costs.billed_cost;
            }
        }
        Columns {
            title: format!("Cost by {}", self.group_by.join(", ")),
            axis: self.group_by.get(time).cloned().unwrap_or_default(),
            currency: self.currency.clone(),
            names,
            layout: Layout::Stacked,
            series: series.into_iter().map(|(name, values)| Series { name, values }).collect(),
            mark: None,
        }
    }

    fn bars(&self) -> Rows {
        let rows = self.groups.iter().map(|group| Row {
            name: shown(&group.cells),
            // What has no price at all costs an unknown amount, not nothing.
            bar: (!group.figures.is_unpriced()).then_some(group.figures.costs.billed_cost),
            ..Row::default()
        });
        let mut grid = Grid::new(&[("group", Align::Left), ("cost", Align::Right)]);
        grid.rows = self
            .groups
            .iter()
            .map(|group| vec![shown(&group.cells), group.figures.shown_cost()])
            .collect();
        Rows {
            title: format!("Cost by {}", self.group_by.join(", ")),
            unit: self.currency.clone(),
            show: format::amount,
            rows: rows.collect(),
            bar: "cost",
            ranges: Vec::new(),
            point: "",
            mark: "",
            limit: "",
            grid,
        }
    }
}

/// The values of all dimensions but one.
fn rest(group: &GroupFigures, without: usize) -> String {
    let cells = group.cells.iter().enumerate().filter(|(at, _)| *at != without);
    let cells: Vec<String> = cells.map(|(_, cell)| cell.clone()).collect();
    if cells.is_empty() { "cost".to_owned() } else { shown(&cells) }
}

/// The values of a group in one line.
fn shown(cells: &[String]) -> String {
    let named = |cell: &String| if cell.is_empty() { "(none)".to_owned() } else { cell.clone() };
    cells.iter().map(named).collect::<Vec<_>>().join(" / ")
}
