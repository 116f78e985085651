//! The tables of a check.

use chrono::NaiveDate;

use super::CheckReport;
use super::figures::BudgetFigures;
use super::text::chance;
use crate::money::Amount;
use crate::report::forecast::tables::percent;
use crate::report::{Align, Grid, format};

impl CheckReport {
    /// One row a budget and period.
    #[must_use]
    pub fn grid(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("budget", Align::Left),
            ("period", Align::Left),
            ("verdict", Align::Left),
            (&format!("budget {}", self.currency), Align::Right),
            ("actual", Align::Right),
            ("median", Align::Right),
            ("80 % low", Align::Right),
            ("80 % high", Align::Right),
            ("headroom", Align::Right),
            ("chance over", Align::Right),
            ("allowed", Align::Right),
            ("breaks on", Align::Left),
            ("earliest", Align::Left),
        ]);
        if self.baseline.is_some() {
            grid.columns.push(("since baseline".to_owned(), Align::Right));
        }
        for budget in &self.budgets {
            let mut row = vec![
                budget.id.clone(),
                budget.period.clone().unwrap_or_default(),
                verdict(budget),
                format::amount(budget.amount),
                shown(budget.actual),
                shown(budget.quantile("0.5")),
                shown(budget.quantile("0.1")),
                shown(budget.quantile("0.9")),
                shown(budget.headroom),
                budget.over.as_ref().map(chance).unwrap_or_default(),
                format!("{} %", percent(budget.allowed_points)),
                day(budget.breaks_on),
                day(budget.breaks_from),
            ];
            if budget.used_up_on.is_some() {
                "over".clone_into(&mut row[9]);
            }
            if self.baseline.is_some() {
                row.push(budget.change.as_ref().map(|c| c.words()).unwrap_or_default());
            }
            grid.rows.push(row);
        }
        grid
    }

    /// The exact figures, one row a budget and period.
    #[must_use]
    pub fn csv_grid(&self) -> Grid {
        let (left, right) = (Align::Left, Align::Right);
        let mut grid = Grid::new(&[
            ("budget", left),
            ("scope", left),
            ("per", left),
            ("period", left),
            ("action", left),
            ("verdict", left),
            ("amount", right),
            ("actual", right),
            ("mean", right),
            ("p0.1", right),
            ("p0.5", right),
            ("p0.9", right),
            ("headroom", right),
            ("over", right),
            ("standard_error", right),
            ("allowed", right),
            ("used_up_on", left),
            ("breaks_from", left),
            ("breaks_on", left),
            ("doubts", left),
            ("currency", left),
        ]);
        if self.baseline.is_some() {
            grid.columns.push(("baseline_p0.5".to_owned(), right));
            grid.columns.push(("change_percent".to_owned(), right));
        }
        grid.rows = self.budgets.iter().map(|budget| self.csv_row(budget)).collect();
        grid
    }

    fn csv_row(&self, budget: &BudgetFigures) -> Vec<String> {
        let exact = |amount: Option<Amount>| amount.map(|a| a.to_string()).unwrap_or_default();
        let share = |of: Option<f64>| of.map(|s| format!("{s:.4}")).unwrap_or_default();
        let doubts: Vec<&str> = budget.doubts.iter().map(|doubt| doubt.kind).collect();
        let mut row = vec![
            budget.id.clone(),
            budget.scope_text.clone(),
            budget.per.to_owned(),
            budget.period.clone().unwrap_or_default(),
            budget.action.to_owned(),
            budget.verdict.to_owned(),
            budget.amount.to_string(),
            exact(budget.actual),
            exact(budget.mean),
            exact(budget.quantile("0.1")),
            exact(budget.quantile("0.5")),
            exact(budget.quantile("0.9")),
            exact(budget.headroom),
            share(budget.over.map(|o| o.probability)),
            share(budget.over.map(|o| o.standard_error)),
            budget.allowed.clone(),
            day(budget.used_up_on),
            day(budget.breaks_from),
            day(budget.breaks_on),
            doubts.join(" "),
            self.currency.clone(),
        ];
        if self.baseline.is_some() {
            let change = budget.change.as_ref();
            row.push(exact(change.and_then(|c| c.median)));
            row.push(exact(change.and_then(|c| c.percent)));
        }
        row
    }
}

/// The verdict, and whether it only warns.
fn verdict(budget: &BudgetFigures) -> String {
    match budget.action {
        "warn" => format!("{} (warn)", budget.verdict),
        _ => budget.verdict.to_owned(),
    }
}

fn shown(amount: Option<Amount>) -> String {
    amount.map(format::amount).unwrap_or_default()
}

fn day(day: Option<NaiveDate>) -> String {
    day.map(|d| d.to_string()).unwrap_or_default()
}
