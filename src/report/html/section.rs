//! Parts of a page under a heading.

use super::chart::Chart;
use super::markup::Markup;
use super::table::Table;
use crate::diagnostic::{Diagnostic, Severity};
use crate::report::{Align, Grid, InputFacts, format};

/// A heading and what is below it.
#[derive(Debug, Clone)]
pub(in crate::report) struct Section {
    pub(super) heading: String,
    blocks: Vec<Block>,
}

#[derive(Debug, Clone)]
enum Block {
    List(Vec<String>),
    Chart(Box<Chart>),
    Table(Table),
    Folded(Table),
}

impl Section {
    /// A section without anything in it, which a page leaves out.
    pub(in crate::report) fn new(heading: &str) -> Self {
        Self { heading: heading.to_owned(), blocks: Vec::new() }
    }

    /// With a chart.
    pub(in crate::report) fn chart(mut self, chart: Chart) -> Self {
        self.blocks.push(Block::Chart(Box::new(chart)));
        self
    }

    /// With a table, if it has rows.
    pub(in crate::report) fn table(mut self, caption: &str, grid: Option<Grid>) -> Self {
        let grid = grid.filter(|grid| !grid.rows.is_empty());
        self.blocks
            .extend(grid.map(|grid| Block::Table(Table { caption: caption.to_owned(), grid })));
        self
    }

    /// With a table that is closed at first if it is long.
    pub(in crate::report) fn folded(mut self, caption: &str, grid: Grid) -> Self {
        if !grid.rows.is_empty() {
            self.blocks.push(Block::Folded(Table { caption: caption.to_owned(), grid }));
        }
        self
    }

    /// With a list, if it has items.
    pub(in crate::report) fn list(mut self, items: Vec<String>) -> Self {
        if !items.is_empty() {
            self.blocks.push(Block::List(items));
        }
        self
    }

    /// What a report assumes and says beside its figures.
    pub(in crate::report) fn notes(notes: Vec<String>) -> Self {
        Self::new("Assumptions and notes").list(notes)
    }

    /// What was read, and everything odd about it.
    pub(in crate::report) fn quality(inputs: &InputFacts, findings: &[Diagnostic]) -> Self {
        let mut grid = Grid::new(&[
            ("finding", Align::Left),
            ("severity", Align::Left),
            ("times", Align::Right),
            ("what", Align::Left),
            ("first at", Align::Left),
        ]);
        for finding in findings {
            let severity = match finding.severity {
                Severity::Allow => "allowed",
                Severity::Warn => "warning",
                Severity::Deny => "error",
            };
            grid.rows.push(vec![
                finding.code.to_string(),
                severity.to_owned(),
                format::grouped(finding.count),
                finding.message.clone(),
                finding.location.as_ref().map(ToString::to_string).unwrap_or_default(),
            ]);
        }
        let mut read = vec![format!("Read: {}.", inputs.sentence())];
        if findings.is_empty() {
            read.push("Nothing odd was found.".to_owned());
        }
        Self::new("Data quality").list(read).table("Findings", Some(grid))
    }

    /// True if there is nothing below the heading.
    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The section, with a number that tells it from others.
    pub(super) fn write(&self, number: usize, out: &mut Markup) {
        let id = format!("part-{number}");
        let heading = format!("{id}-heading");
        out.open("section", &[("id", &id), ("aria-labelledby", &heading)]);
        out.element("h2", &[("id", &heading)], &self.heading);
        out.line();
        for (at, block) in self.blocks.iter().enumerate() {
            match block {
                Block::List(items) => {
                    out.open("ul", &[]);
                    items.iter().for_each(|item| out.sentence("li", item));
                    out.close("ul");
                    out.line();
                }
                Block::Chart(chart) => chart.write(&format!("chart-{number}-{at}"), out),
                Block::Table(table) => table.write(out),
                Block::Folded(table) => table.write_folded(out),
            }
        }
        out.close("section");
        out.line();
    }
}
