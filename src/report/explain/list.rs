//! The figures of a report that can be explained.

use serde::Serialize;

use super::SCHEMA;
use super::figures::ProofFigures;
use crate::explain::Explained;
use crate::money::{Amount, MoneyError};
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
    /// Whether its lines add up to it; `null` unless that is asked, or for a count.
    pub proof: Option<ListedProof>,
}

/// What the lines of a figure come to.
#[derive(Debug, Clone, Serialize)]
pub struct ListedProof {
    lines: usize,
    #[serde(flatten)]
    proof: ProofFigures,
}

impl ListedProof {
    /// Takes a figure's lines together.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn of(explained: &Explained<'_>, value: Amount) -> Result<Self, MoneyError> {
        let lines = explained.parts.iter().map(|part| part.charges.len() + part.steps.len()).sum();
        Ok(Self { lines, proof: ProofFigures::of(explained.proof(value)?) })
    }

    /// True if nothing but rounding is left over.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.proof.holds
    }
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

    /// Figures whose lines do not add up.
    #[must_use]
    pub fn unproven(&self) -> usize {
        let fails = |f: &&ListedFigure| f.proof.as_ref().is_some_and(|proof| !proof.holds());
        self.figures.iter().filter(fails).count()
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
        let mut columns = vec![("figure", Align::Left), ("value", Align::Right)];
        let is_proven = self.figures.iter().any(|figure| figure.proof.is_some());
        if is_proven {
            columns.extend([("lines", Align::Right), ("left over", Align::Right)]);
        }
        columns.push(("what", Align::Left));
        let mut grid = Grid::new(&columns);
        let row = |f: &ListedFigure| {
            let mut cells = vec![f.figure.clone(), shown(f)];
            if is_proven {
                let proof = f.proof.as_ref();
                cells.push(proof.map(|p| format::grouped(p.lines as u64)).unwrap_or_default());
                cells.push(proof.map(|p| p.proof.difference.to_string()).unwrap_or_default());
            }
            cells.push(f.what.clone());
            cells
        };
        grid.rows = self.figures.iter().map(row).collect();
        grid
    }
}
