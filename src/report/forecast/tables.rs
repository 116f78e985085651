//! The tables of a forecast report.

use chrono::NaiveDate;

use super::ForecastReport;
use super::figures::{BudgetFigures, PeriodFigures, Spread, ends, probability};
use crate::money::Amount;
use crate::projection::BasisPoints;
use crate::report::{Align, Grid, format};

impl ForecastReport {
    /// The table: months, longer periods that the horizon completes, the horizon, days if asked
    /// for.
    #[must_use]
    pub fn grid(&self, with_days: bool) -> Grid {
        let mut grid = Grid::new(&[("period", Align::Left), ("actual", Align::Right)]);
        self.spread_columns(&mut grid);
        if with_days {
            for day in &self.days {
                grid.rows.push(self.row(day.day.to_string(), None, &day.spread));
            }
        }
        for period in self.periods() {
            let name = part(period.name.text(), period.complete);
            grid.rows.push(self.row(name, Some(period.actual), &period.spread));
        }
        let name = format!("{} to {}", self.horizon.start, self.last_day());
        grid.rows.push(self.row(name, None, &self.total));
        grid.totals = 1;
        grid
    }

    /// The days: what is known of the given ones, then what is forecast.
    pub(super) fn day_grid(&self, known: &[(NaiveDate, Option<Amount>)]) -> Grid {
        let mut grid = Grid::new(&[("day", Align::Left), ("known", Align::Right)]);
        self.spread_columns(&mut grid);
        for (day, cost) in known {
            let mut row = vec![day.to_string()];
            row.push(cost.map_or_else(|| "not known".to_owned(), format::amount));
            row.resize(grid.columns.len(), String::new());
            grid.rows.push(row);
        }
        let ahead = self.days.iter().map(|day| self.row(day.day.to_string(), None, &day.spread));
        grid.rows.extend(ahead);
        grid
    }

    /// All months, and the quarters and years that the horizon reaches the end of.
    pub(super) fn periods(&self) -> impl Iterator<Item = &PeriodFigures> {
        let longer = self.quarters.iter().chain(&self.years).filter(|period| period.reached);
        self.months.iter().chain(longer)
    }

    /// The groups over the horizon, if any were asked for.
    #[must_use]
    pub fn group_grid(&self) -> Option<Grid> {
        if self.groups.is_empty() {
            return None;
        }
        let keys: Vec<(&str, Align)> =
            self.group_by.iter().map(|name| (name.as_str(), Align::Left)).collect();
        let mut grid = Grid::new(&keys);
        self.spread_columns(&mut grid);
        for group in &self.groups {
            let mut row = group.cells.clone();
            row.extend(self.row(String::new(), None, &group.spread).into_iter().skip(2));
            grid.rows.push(row);
        }
        Some(grid)
    }

    /// The budgets period by period, if any were given.
    #[must_use]
    pub fn budget_grid(&self) -> Option<Grid> {
        let level = *self.level_points.first()?;
        if self.budgets.is_empty() {
            return None;
        }
        let mut grid = Grid::new(&[
            ("budget", Align::Right),
            ("period", Align::Left),
            ("actual", Align::Right),
            (&format!("median {}", self.currency), Align::Right),
            ("chance over", Align::Right),
            ("used up on", Align::Left),
            (&format!("{} % from", percent(level)), Align::Left),
            (&format!("{} % to", percent(level)), Align::Left),
        ]);
        for budget in &self.budgets {
            let median = budget.spread.quantiles.get("0.5").copied().unwrap_or_default();
            let mut row = vec![
                format!("{} a {}", format::amount(budget.amount), budget.per),
                part(&budget.period, budget.complete),
                format::amount(budget.actual),
                format::amount(median),
                chance(budget),
            ];
            if budget.per == "total" {
                row[0] = format!("{} in all", format::amount(budget.amount));
            }
            let [low, high] = ends(level);
            row.extend([5_000, low, high].map(|p| self.used_up(budget, p)));
            grid.rows.push(row);
        }
        Some(grid)
    }

    /// Why the forecast differs from the last period.
    #[must_use]
    pub fn driver_grid(&self) -> Option<Grid> {
        self.drivers.as_ref().map(|drivers| drivers.grid(&self.currency))
    }

    /// A day, or until when there is none.
    fn used_up(&self, budget: &BudgetFigures, points: BasisPoints) -> String {
        match budget.used_up_by.get(&probability(points)) {
            Some(Some(day)) => day.to_string(),
            _ => {
                let end = budget.end.min(self.horizon.end);
                format!("not by {}", end.pred_opt().unwrap_or(end))
            }
        }
    }

    fn spread_columns(&self, grid: &mut Grid) {
        let mut add = |name: String| grid.columns.push((name, Align::Right));
        add(format!("median {}", self.currency));
        for level in &self.level_points {
            add(format!("{} % low", percent(*level)));
            add(format!("{} % high", percent(*level)));
        }
    }

    fn row(&self, name: String, actual: Option<Amount>, spread: &Spread) -> Vec<String> {
        let at = |p: BasisPoints| {
            spread.quantiles.get(&probability(p)).copied().map(format::amount).unwrap_or_default()
        };
        let mut row = vec![name, actual.map(format::amount).unwrap_or_default(), at(5_000)];
        row.extend(self.level_points.iter().flat_map(|level| ends(*level)).map(at));
        row
    }

    /// Exact figures for programs: one row a day, period, budget, group and the horizon.
    #[must_use]
    pub fn csv_grid(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("kind", Align::Left),
            ("period", Align::Left),
            ("actual", Align::Right),
            ("mean", Align::Right),
        ]);
        let names: Vec<String> = self.probabilities.iter().map(|p| probability(*p)).collect();
        grid.columns.extend(names.iter().map(|name| (format!("p{name}"), Align::Right)));
        grid.columns.push(("currency".to_owned(), Align::Left));
        let mut add = |kind: &str, period: String, actual: Option<Amount>, spread: &Spread| {
            let actual = actual.map(|a| a.to_string()).unwrap_or_default();
            let mut row = vec![kind.to_owned(), period, actual, spread.mean.to_string()];
            let at = |name| spread.quantiles.get(name).map(ToString::to_string).unwrap_or_default();
            row.extend(names.iter().map(at));
            row.push(self.currency.clone());
            grid.rows.push(row);
        };
        for day in &self.days {
            add("day", day.day.to_string(), None, &day.spread);
        }
        for period in self.periods() {
            let (kind, name) = (period.name.kind(), period.name.text().to_owned());
            add(kind, name, Some(period.actual), &period.spread);
        }
        for group in &self.groups {
            add("group", group.cells.join(" / "), None, &group.spread);
        }
        add("total", format!("{}/{}", self.horizon.start, self.horizon.end), None, &self.total);
        for budget in &self.budgets {
            add("budget", budget.period.clone(), Some(budget.actual), &budget.spread);
        }
        self.add_budget_columns(&mut grid, &names);
        grid
    }

    /// Columns that only the last rows, those of the budgets, have values in.
    fn add_budget_columns(&self, grid: &mut Grid, names: &[String]) {
        if self.budgets.is_empty() {
            return;
        }
        let mut add = |name: String, align| grid.columns.push((name, align));
        add("budget".to_owned(), Align::Right);
        add("over".to_owned(), Align::Right);
        names.iter().for_each(|name| add(format!("used_up_p{name}"), Align::Left));
        let blank = vec![String::new(); names.len() + 2];
        let first = grid.rows.len() - self.budgets.len();
        for (at, row) in grid.rows.iter_mut().enumerate() {
            let Some(budget) = at.checked_sub(first).and_then(|i| self.budgets.get(i)) else {
                row.extend(blank.clone());
                continue;
            };
            row.extend([budget.amount.to_string(), format!("{:.4}", budget.over.probability)]);
            let day = |name| budget.used_up_by.get(name).copied().flatten();
            let text = |name| day(name).map(|d| d.to_string()).unwrap_or_default();
            row.extend(names.iter().map(text));
        }
    }
}

/// The chance of going over with its standard error in points; what so few paths cannot tell is
/// not told.
pub(super) fn chance(budget: &BudgetFigures) -> String {
    let share = budget.over.probability;
    match budget.used_up_on {
        Some(_) => "over".to_owned(),
        None if share < 0.01 => "<1 %".to_owned(),
        None if share > 0.99 => ">99 %".to_owned(),
        None => format!("{:.0} % ± {:.1}", share * 100.0, budget.over.standard_error * 100.0),
    }
}

fn part(name: &str, complete: bool) -> String {
    if complete { name.to_owned() } else { format!("{name} (part)") }
}

/// A level as percent without trailing zeros: 9750 is `97.5`.
pub(in crate::report) fn percent(points: BasisPoints) -> String {
    let text = format!("{}.{:02}", points / 100, points % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_in_percent() {
        assert_eq!([8_000, 9_990].map(percent), ["80", "99.9"]);
    }
}
