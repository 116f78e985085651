//! The HTML page of a forecast report.

use super::ForecastReport;
use super::figures::{GroupFigures, Spread, ends, probability};
use super::tables::{chance, percent};
use crate::money::{Amount, MoneyError};
use crate::projection::BasisPoints;
use crate::report::html::{Columns, Fan, FanDay, Figure, Layout, Page, Row, Rows, Section, Series};
use crate::report::{Grid, format};

/// Known days beside a short forecast.
const FEW_DAYS: usize = 28;

impl ForecastReport {
    /// The page.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn page(&self) -> Result<Page, MoneyError> {
        let (head, notes) = self.sentences();
        let months = self.rows("Months and longer periods", self.period_rows(), self.grid(false));
        let by_day = self.fan().map(|fan| Section::new("Cost by day").chart(fan.chart()));
        let sections = [
            by_day,
            self.budget_section(),
            Some(Section::new("Totals").chart(months.chart())),
            self.group_section()?,
            Some(
                Section::new("Why it changes")
                    .table("From the last period to the forecast", self.driver_grid()),
            ),
            Some(Section::notes(notes)),
            Some(Section::quality(&self.inputs, &self.diagnostics)),
        ];
        Ok(Page {
            title: format!("Cost forecast, {} to {}", self.horizon.start, self.last_day()),
            lead: head.split("\n\n").map(str::to_owned).collect(),
            figures: self.main_figures(),
            sections: sections.into_iter().flatten().collect(),
        })
    }

    fn main_figures(&self) -> Vec<Figure> {
        let figure = |name: String, spread: &Spread| Figure {
            name: format!("{name}, expected"),
            value: self.money(at(spread, 5_000)),
            more: self
                .level_points
                .iter()
                .map(|level| {
                    let [low, high] = ends(*level).map(|p| format::amount(at(spread, p)));
                    format!("{} %: {low} to {high}", percent(*level))
                })
                .collect(),
        };
        let month = self.months.first().map(|m| figure(m.name.text().to_owned(), &m.spread));
        let days = format!("{} to {}", self.horizon.start, self.last_day());
        let mut figures: Vec<Figure> = month.into_iter().collect();
        figures.push(figure(days, &self.total));
        figures.extend(self.budgets.first().map(|budget| Figure {
            name: format!("Chance over {} in {}", self.money(budget.amount), budget.period),
            value: chance(budget),
            more: Vec::new(),
        }));
        figures
    }

    /// As many known days as are forecast, at least some weeks.
    fn fan(&self) -> Option<Fan> {
        if self.days.is_empty() {
            return None;
        }
        let shown = self.days.len().max(FEW_DAYS);
        let known = &self.recent[self.recent.len().saturating_sub(shown)..];
        let ahead = self.days.iter().map(|day| FanDay {
            day: day.day,
            median: at(&day.spread, 5_000),
            bands: self.ranges(&day.spread),
        });
        Some(Fan {
            title: "Cost by day, known and forecast".to_owned(),
            currency: self.currency.clone(),
            known: known.to_vec(),
            ahead: ahead.collect(),
            bands: self.level_names(),
            grid: self.day_grid(known),
        })
    }

    fn budget_section(&self) -> Option<Section> {
        let grid = self.budget_grid()?;
        let rows = self.budgets.iter().map(|budget| Row {
            bar: Some(budget.actual),
            limit: Some(budget.amount),
            ..self.row_of(format!("{} a {}", budget.period, budget.per), &budget.spread)
        });
        let rows = self.rows("Budgets, with the chance of going over", rows.collect(), grid);
        Some(Section::new("Budgets").chart(rows.chart()))
    }

    /// Means are stacked, because they sum to that of the total; intervals stand side by side.
    fn group_section(&self) -> Result<Option<Section>, MoneyError> {
        let Some(grid) = self.group_grid() else { return Ok(None) };
        let rows =
            self.groups.iter().map(|group| self.row_of(group.cells.join(" / "), &group.spread));
        let title = format!("Forecast by {}", self.group_by.join(", "));
        let rows = self.rows(&title, rows.collect(), grid);
        let mean = |group: &GroupFigures| Series {
            name: group.cells.join(" / "),
            values: vec![group.spread.mean],
        };
        let means = Columns {
            title: "Mean of the horizon by group".to_owned(),
            axis: "period".to_owned(),
            currency: self.currency.clone(),
            names: vec![format!("{} to {}", self.horizon.start, self.last_day())],
            layout: Layout::Stacked,
            series: self.groups.iter().map(mean).collect(),
            mark: None,
        };
        Ok(Some(Section::new("Groups").chart(rows.chart()).chart(means.chart()?)))
    }

    fn period_rows(&self) -> Vec<Row> {
        let period = self.periods().map(|period| Row {
            bar: Some(period.actual),
            ..self.row_of(period.name.text().to_owned(), &period.spread)
        });
        let days = format!("{} to {}", self.horizon.start, self.last_day());
        period.chain([self.row_of(days, &self.total)]).collect()
    }

    fn rows(&self, title: &str, rows: Vec<Row>, grid: Grid) -> Rows {
        Rows {
            title: title.to_owned(),
            unit: self.currency.clone(),
            show: format::amount,
            rows,
            bar: "known so far",
            ranges: self.level_names().iter().map(|name| format!("{name} interval")).collect(),
            point: "median",
            mark: "",
            limit: "budget",
            grid,
        }
    }

    fn row_of(&self, name: String, spread: &Spread) -> Row {
        let (ranges, point) = (self.ranges(spread), Some(at(spread, 5_000)));
        Row { name, ranges, point, ..Row::default() }
    }

    /// Both ends of each interval, the narrowest first.
    pub(super) fn ranges(&self, spread: &Spread) -> Vec<(Amount, Amount)> {
        let ends = self.level_points.iter().map(|level| ends(*level).map(|p| at(spread, p)));
        ends.map(|[low, high]| (low, high)).collect()
    }

    /// The names of the intervals.
    pub(super) fn level_names(&self) -> Vec<String> {
        self.level_points.iter().map(|level| format!("{} %", percent(*level))).collect()
    }
}

/// A quantile.
pub(super) fn at(spread: &Spread, points: BasisPoints) -> Amount {
    spread.quantiles.get(&probability(points)).copied().unwrap_or_default()
}
