//! Explanations as tables.

use super::figures::{ChargeFigures, EntryFigures, PartFigures, StepFigures};
use super::text::{counted, weight};
use super::{CountReport, ExplainReport};
use crate::money::Amount;
use crate::report::prices_explain::day;
use crate::report::{Align, Grid, format};

const CSV: [(&str, Align); 34] = [
    ("part", Align::Right),
    ("part_name", Align::Left),
    ("weight", Align::Right),
    ("line", Align::Left),
    ("provider", Align::Left),
    ("model", Align::Left),
    ("service_tier", Align::Left),
    ("speed", Align::Left),
    ("endpoint", Align::Left),
    ("region", Align::Left),
    ("deployment", Align::Left),
    ("context", Align::Left),
    ("component", Align::Left),
    ("quantity", Align::Right),
    ("price", Align::Right),
    ("price_for", Align::Right),
    ("rated_as", Align::Left),
    ("multipliers", Align::Left),
    ("entry", Align::Left),
    ("condition", Align::Left),
    ("effective_from", Align::Left),
    ("effective_until", Align::Left),
    ("confidence", Align::Left),
    ("checked_on", Align::Left),
    ("source", Align::Left),
    ("kind", Align::Left),
    ("contract", Align::Left),
    ("term", Align::Left),
    ("location", Align::Left),
    ("description", Align::Left),
    ("before", Align::Right),
    ("after", Align::Right),
    ("amount", Align::Right),
    ("currency", Align::Left),
];

impl ExplainReport {
    /// A table of lines and one of steps for each part, with at most so many lines of charges.
    #[must_use]
    pub fn grids(&self, most: usize) -> Vec<Grid> {
        let mut grids = Vec::new();
        for (at, part) in self.parts.iter().enumerate() {
            let number = (self.parts.len() > 1).then_some(at + 1);
            if !part.charges.is_empty() || part.steps.is_empty() {
                grids.push(self.charge_grid(number, part, most));
            }
            if !part.steps.is_empty() {
                grids.push(self.step_grid(number, part, most));
            }
        }
        grids
    }

    fn charge_grid(&self, number: Option<usize>, part: &PartFigures, most: usize) -> Grid {
        let title =
            number.map_or_else(|| "usage".to_owned(), |number| format!("part {number}: usage"));
        let cost = format!("cost {}", self.currency);
        let mut grid = Grid::new(&[
            (title.as_str(), Align::Left),
            ("component", Align::Left),
            ("quantity", Align::Right),
            ("price", Align::Right),
            ("price entry", Align::Left),
            ("in force", Align::Left),
            ("checked", Align::Left),
            (cost.as_str(), Align::Right),
        ]);
        let shown = part.charges.iter().take(most);
        grid.rows = shown.map(|line| self.charge_row(line)).collect();
        let left = part.charges.get(most..).unwrap_or_default();
        if !left.is_empty() {
            let rest = left.iter().fold(0, |sum, line| sum + line.cost.atto());
            let name = format!("others: {}", counted(left.len(), "line"));
            grid.rows.push(total_row(&name, Amount::from_atto(rest), grid.columns.len()));
        }
        let name = format!("sum of {}", counted(part.charges.len(), "line"));
        grid.rows.push(total_row(&name, part.charged, grid.columns.len()));
        grid.totals = 1;
        grid
    }

    fn charge_row(&self, line: &ChargeFigures) -> Vec<String> {
        let conditions = line.conditions();
        let more = if conditions.is_empty() { String::new() } else { format!(" ({conditions})") };
        let price = line.price.map_or_else(
            || "several".to_owned(),
            |price| match line.price_for {
                1 => format::price(price),
                units => format!("{} / {}", format::price(price), short(units)),
            },
        );
        let entry = line.entry.as_ref();
        let factors = line.multipliers.iter().map(|m| {
            format!(" x {} {}", m.item.factor.as_deref().unwrap_or_default(), m.item.location)
        });
        let place = entry.map_or_else(
            || if line.price.is_some() { "none: the scenario's own price" } else { "" }.to_owned(),
            |entry| entry.item.location.clone(),
        );
        vec![
            format!("{}/{}{more}", line.provider, line.model),
            match line.rated_as {
                Some(other) => format!("{} as {other}", line.component),
                None => line.component.to_owned(),
            },
            shown_quantity(&line.quantity),
            price,
            format!("{place}{}", factors.collect::<String>()),
            entry.map(in_force).unwrap_or_default(),
            entry.and_then(|e| e.checked_on.clone()).unwrap_or_default(),
            format::amount(line.cost),
        ]
    }

    fn step_grid(&self, number: Option<usize>, part: &PartFigures, most: usize) -> Grid {
        let title =
            number.map_or_else(|| "step".to_owned(), |number| format!("part {number}: step"));
        let mut grid = Grid::new(&[
            (title.as_str(), Align::Left),
            ("term", Align::Left),
            ("place", Align::Left),
            ("what", Align::Left),
            ("before", Align::Right),
            ("change", Align::Right),
            ("after", Align::Right),
        ]);
        // Terms are few; the days of a path need not be.
        let shown = part.steps.len().min(most.max(40));
        grid.rows = part.steps[..shown].iter().map(step_row).collect();
        if shown < part.steps.len() {
            let mut row = vec![String::new(); grid.columns.len()];
            row[0] = format!("and {} more", part.steps.len() - shown);
            grid.rows.push(row);
        }
        let mut row = vec![String::new(); grid.columns.len()];
        "sum".clone_into(&mut row[0]);
        row[6] = format::amount(part.amount);
        grid.rows.push(row);
        grid.totals = 1;
        grid
    }

    /// Every line and step of every part, exactly.
    #[must_use]
    pub fn csv_grid(&self) -> Grid {
        let mut grid = Grid::new(&CSV);
        for (at, part) in self.parts.iter().enumerate() {
            let head = [(at + 1).to_string(), part.name.clone(), weight(part.weight)];
            let charges = part.charges.iter().map(csv_charge);
            let steps = part.steps.iter().map(csv_step);
            for cells in charges.chain(steps) {
                grid.rows.push(
                    head.iter().cloned().chain(cells).chain([self.currency.clone()]).collect(),
                );
            }
        }
        grid
    }
}

fn total_row(name: &str, sum: Amount, columns: usize) -> Vec<String> {
    let mut row = vec![String::new(); columns];
    name.clone_into(&mut row[0]);
    row[columns - 1] = format::amount(sum);
    row
}

/// `1 M` for a million units.
fn short(units: u64) -> String {
    match units {
        1_000_000 => "M".to_owned(),
        other => format::grouped(other),
    }
}

/// Whole units as people read them; a part of a unit with two places.
fn shown_quantity(text: &str) -> String {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let grouped = whole.parse().map_or_else(|_| whole.to_owned(), format::grouped);
    if part.is_empty() { grouped } else { format!("{grouped}.{part:0<2.2}") }
}

fn in_force(entry: &EntryFigures) -> String {
    let from = entry.item.effective_from.map(day);
    let until = entry.item.effective_until.map(day);
    match (from, until) {
        (None, None) => "always".to_owned(),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("until {until}"),
        (Some(from), Some(until)) => format!("{from} until {until}"),
    }
}

fn step_row(step: &StepFigures) -> Vec<String> {
    let term = step.contract.as_ref().zip(step.term.as_ref());
    vec![
        step.kind.to_owned(),
        term.map(|(contract, term)| format!("{contract}/{term}")).unwrap_or_default(),
        step.location.clone().unwrap_or_default(),
        step.description.clone(),
        format::amount(step.before),
        format::amount(step.change),
        format::amount(step.after),
    ]
}

fn csv_charge(line: &ChargeFigures) -> Vec<String> {
    let entry = line.entry.as_ref();
    let text = |get: fn(&EntryFigures) -> Option<String>| entry.and_then(get).unwrap_or_default();
    let factor = |m: &EntryFigures| {
        format!("x {} {}", m.item.factor.as_deref().unwrap_or_default(), m.item.location)
    };
    let empty = String::new;
    vec![
        "charge".to_owned(),
        line.provider.clone(),
        line.model.clone(),
        line.service_tier.clone(),
        line.speed.clone(),
        line.endpoint.clone(),
        line.region.clone(),
        line.deployment.clone(),
        line.context.clone(),
        line.component.to_owned(),
        line.quantity.clone(),
        line.price.map(|p| p.to_string()).unwrap_or_default(),
        line.price_for.to_string(),
        line.rated_as.unwrap_or_default().to_owned(),
        line.multipliers.iter().map(factor).collect::<Vec<_>>().join("; "),
        text(|e| Some(e.item.location.clone())),
        text(|e| Some(e.item.condition.clone())),
        text(|e| e.item.effective_from.map(|t| t.to_string())),
        text(|e| e.item.effective_until.map(|t| t.to_string())),
        text(|e| Some(e.item.confidence.to_owned())),
        text(|e| e.checked_on.clone()),
        text(|e| e.item.source.clone()),
        empty(),
        empty(),
        empty(),
        empty(),
        empty(),
        empty(),
        empty(),
        line.cost.to_string(),
    ]
}

fn csv_step(step: &StepFigures) -> Vec<String> {
    let mut cells = vec![String::new(); 22];
    "step".clone_into(&mut cells[0]);
    cells.extend([
        step.kind.to_owned(),
        step.contract.clone().unwrap_or_default(),
        step.term.clone().unwrap_or_default(),
        step.location.clone().unwrap_or_default(),
        step.description.clone(),
        step.before.to_string(),
        step.after.to_string(),
        step.change.to_string(),
    ]);
    cells
}

impl CountReport {
    /// The paths around the threshold.
    #[must_use]
    pub fn grid(&self) -> Grid {
        self.rows(format::amount)
    }

    /// The same with all digits.
    #[must_use]
    pub fn csv_grid(&self) -> Grid {
        self.rows(|total| total.to_string())
    }

    fn rows(&self, shown: impl Fn(Amount) -> String) -> Grid {
        let total = format!("total {}", self.currency);
        let columns =
            [("path", Align::Right), (total.as_str(), Align::Right), ("side", Align::Left)];
        let mut grid = Grid::new(&columns);
        let side = |total: Amount| if total > self.threshold { "over" } else { "not over" };
        let row = |p: &super::figures::PathTotal| {
            vec![p.path.to_string(), shown(p.total), side(p.total).to_owned()]
        };
        grid.rows = self.around.iter().map(row).collect();
        grid
    }
}
