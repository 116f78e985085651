//! The figures of a report that can be explained.

use serde::Serialize;

use super::SCHEMA;
use crate::money::Amount;
use crate::report::{Align, Grid, format};

/// One of them.
#[derive(Debug, Clone, Serialize)]
pub struct ListedFigure {
    /// Its JSON Pointer.
    pub figure: String,
    /// `money`, or `count` for a share of paths.
    pub kind: &'static str,
    /// Its value as the report has it; for a count the share.
    pub value: String,
    /// What it is.
    pub what: String,
}

/// All of them.
#[derive(Debug, Serialize)]
pub struct FigureList {
    schema: &'static str,
    command: &'static str,
    figures: Vec<ListedFigure>,
}

impl FigureList {
    /// In the order of the report.
    #[must_use]
    pub fn new(command: &'static str, figures: Vec<ListedFigure>) -> Self {
        Self { schema: SCHEMA, command, figures }
    }

    /// The line above.
    #[must_use]
    pub fn head(&self) -> String {
        format!("{} figures of `{}` that can be explained", self.figures.len(), self.command)
    }

    /// The table.
    #[must_use]
    pub fn grid(&self) -> Grid {
        self.rows(|figure| match figure.value.parse::<Amount>() {
            Ok(value) if figure.kind == "money" => format::amount(value),
            _ => figure.value.clone(),
        })
    }

    /// The table with all digits.
    #[must_use]
    pub fn csv_grid(&self) -> Grid {
        self.rows(|figure| figure.value.clone())
    }

    fn rows(&self, shown: impl Fn(&ListedFigure) -> String) -> Grid {
        let columns = [("figure", Align::Left), ("value", Align::Right), ("what", Align::Left)];
        let mut grid = Grid::new(&columns);
        let row = |f: &ListedFigure| vec![f.figure.clone(), shown(f), f.what.clone()];
        grid.rows = self.figures.iter().map(row).collect();
        grid
    }
}
