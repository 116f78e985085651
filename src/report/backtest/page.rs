//! The HTML page of a backtest.

use super::{BacktestReport, Contenders, percent};
use crate::report::format;
use crate::report::html::{Figure, Page, Row, Rows, Section};

impl BacktestReport {
    /// The page.
    #[must_use]
    pub fn page(&self) -> Page {
        let (head, notes) = self.sentences();
        let groups = (!self.groups.is_empty()).then(|| self.group_grid());
        Page {
            title: format!("Backtest of {} forecasts", self.total.windows),
            lead: vec![head],
            figures: self.main_figures(),
            sections: vec![
                Section::new("Forecast beside what happened").chart(self.window_rows().chart()),
                Section::new("Accuracy").table("Errors and coverage", Some(self.score_grid())),
                Section::new("Groups").table("Errors of totals by group", groups),
                Section::notes(notes),
                Section::quality(&self.inputs, &self.diagnostics),
            ],
        }
    }

    fn main_figures(&self) -> Vec<Figure> {
        let found: &Contenders = &self.total.totals;
        let figure = |name: &str, value: String, more: Vec<String>| Figure {
            name: name.to_owned(),
            value,
            more,
        };
        vec![
            figure(
                "Half of the totals were within",
                percent(found.forecast.median_error),
                vec![
                    format!("as the week before: {}", percent(found.seasonal_naive.median_error)),
                    format!("run rate: {}", percent(found.run_rate.median_error)),
                ],
            ),
            figure(
                "80 % interval held",
                percent(Some(found.intervals.coverage_80)),
                vec![format!("95 %: {}", percent(Some(found.intervals.coverage_95)))],
            ),
        ]
    }

    fn window_rows(&self) -> Rows {
        let rows = self.windows.iter().map(|window| Row {
            name: format!("{}, {} days", window.origin, window.days),
            ranges: vec![(window.low_80, window.high_80), (window.low_95, window.high_95)],
            point: Some(window.median),
            mark: Some(window.actual),
            ..Row::default()
        });
        Rows {
            title: "Total of each window".to_owned(),
            unit: self.currency.clone(),
            show: format::amount,
            rows: rows.collect(),
            bar: "",
            ranges: ["80 % interval", "95 % interval"].map(str::to_owned).to_vec(),
            point: "median of the forecast",
            mark: "what happened",
            limit: "",
            grid: self.window_grid(),
        }
    }
}
