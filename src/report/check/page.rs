//! The HTML page of a check.

use super::CheckReport;
use super::figures::{BudgetFigures, ForecastFigures};
use super::text::chance;
use crate::report::format;
use crate::report::html::{Figure, Page, Row, Rows, Section};

impl CheckReport {
    /// The page.
    #[must_use]
    pub fn page(&self) -> Page {
        let (head, notes) = self.sentences();
        Page {
            title: format!("Budget gate: {}", self.gate.outcome),
            lead: head.split("\n\n").map(str::to_owned).collect(),
            figures: self.main_figures(),
            sections: vec![
                Section::new("Budgets").chart(self.rows().chart()),
                Section::notes(notes),
                Section::quality(&self.inputs, &self.diagnostics),
            ],
        }
    }

    fn main_figures(&self) -> Vec<Figure> {
        let mut figures = vec![Figure {
            name: "Gate".to_owned(),
            value: self.gate.outcome.to_owned(),
            more: self
                .gate
                .verdicts
                .iter()
                .map(|(name, count)| format!("{count} {name}"))
                .collect(),
        }];
        figures.extend(self.forecast.as_ref().map(|forecast| self.expected(forecast)));
        let riskiest = self.budgets.iter().filter_map(|budget| Some((budget, budget.over?)));
        let riskiest = riskiest.max_by(|(_, a), (_, b)| a.probability.total_cmp(&b.probability));
        figures.extend(riskiest.map(|(budget, over)| Figure {
            name: format!("Largest chance over: {}", budget.title()),
            value: chance(&over),
            more: vec![format!("budget {}", self.money(budget.amount))],
        }));
        figures
    }

    fn expected(&self, forecast: &ForecastFigures) -> Figure {
        let at = |name: &str| forecast.spread.quantiles.get(name).copied().unwrap_or_default();
        let last = forecast.days.end.pred_opt().unwrap_or(forecast.days.end);
        let (low, high) = (format::amount(at("0.1")), format::amount(at("0.9")));
        Figure {
            name: format!("{} to {last}, expected", forecast.days.start),
            value: self.money(at("0.5")),
            more: vec![format!("80 %: {low} to {high}")],
        }
    }

    fn rows(&self) -> Rows {
        let row = |budget: &BudgetFigures| Row {
            name: format!("{}: {}", budget.verdict, budget.title()),
            bar: budget.actual,
            ranges: budget.quantile("0.1").zip(budget.quantile("0.9")).into_iter().collect(),
            point: budget.quantile("0.5"),
            limit: Some(budget.amount),
            ..Row::default()
        };
        Rows {
            title: "Budgets and what is expected of them".to_owned(),
            unit: self.currency.clone(),
            show: format::amount,
            rows: self.budgets.iter().map(row).collect(),
            bar: "known so far",
            ranges: vec!["80 % interval".to_owned()],
            point: "median",
            mark: "",
            limit: "budget",
            grid: self.grid(),
        }
    }
}
