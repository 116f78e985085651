//! The `forecast` report: spend to a horizon with its intervals.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde::Serialize;

use super::{Align, Grid, InputFacts, PriceBookFacts, format};
use crate::diagnostic::{Diagnostic, Severity};
use crate::forecast::{MODEL_NAME, MODEL_VERSION};
use crate::money::{Amount, MoneyError};
use crate::projection::{BasisPoints, Distribution, Projection};

/// The name of the JSON form.
pub const SCHEMA: &str = "tokencast.forecast.v1";

/// The whole report.
#[derive(Debug, Serialize)]
pub struct ForecastReport {
    schema: &'static str,
    currency: String,
    origin: NaiveDate,
    horizon: Horizon,
    history: History,
    levels: Vec<f64>,
    total: Spread,
    months: Vec<MonthFigures>,
    days: Vec<DayFigures>,
    group_by: Vec<String>,
    groups: Vec<GroupFigures>,
    unpriced: Unpriced,
    model: Model,
    inputs: InputFacts,
    diagnostics: Vec<Diagnostic>,
    price_book: PriceBookFacts,
    #[serde(skip)]
    level_points: Vec<BasisPoints>,
    #[serde(skip)]
    probabilities: Vec<BasisPoints>,
}

/// First day and the day after the last one.
#[derive(Debug, Serialize)]
struct Horizon {
    start: NaiveDate,
    end: NaiveDate,
}

#[derive(Debug, Serialize)]
struct History {
    start: NaiveDate,
    end: NaiveDate,
    actual: Amount,
}

#[derive(Debug, Clone, Serialize)]
struct Spread {
    mean: Amount,
    quantiles: BTreeMap<String, Amount>,
}

#[derive(Debug, Serialize)]
struct MonthFigures {
    month: String,
    complete: bool,
    actual: Amount,
    #[serde(flatten)]
    spread: Spread,
}

#[derive(Debug, Serialize)]
struct DayFigures {
    day: NaiveDate,
    #[serde(flatten)]
    spread: Spread,
}

#[derive(Debug, Serialize)]
struct GroupFigures {
    key: BTreeMap<String, String>,
    #[serde(flatten)]
    spread: Spread,
    #[serde(skip)]
    cells: Vec<String>,
}

/// Mean units over the horizon for which no price is known.
#[derive(Debug, Serialize)]
struct Unpriced {
    units: u64,
}

#[derive(Debug, Serialize)]
struct Model {
    name: &'static str,
    version: &'static str,
    seed: u64,
    paths: usize,
    leaves: usize,
    methods: BTreeMap<&'static str, usize>,
}

/// What a report is made of, beside the projection.
#[derive(Debug)]
pub struct ForecastContext {
    /// What was read.
    pub inputs: InputFacts,
    /// Everything odd, with severities.
    pub diagnostics: Vec<Diagnostic>,
    /// The price books.
    pub price_book: PriceBookFacts,
    /// Interval levels in ten-thousandths, such as 8000 for 80 %.
    pub levels: Vec<BasisPoints>,
    /// Seed of the paths.
    pub seed: u64,
    /// Names of the group dimensions.
    pub group_by: Vec<String>,
    /// Sample paths.
    pub paths: usize,
}

/// A probability as decimal text without trailing zeros: 250 is `0.025`.
fn probability(points: BasisPoints) -> String {
    let text = format!("{}.{:04}", points / 10_000, points % 10_000);
    let trimmed = text.trim_end_matches('0');
    trimmed.strip_suffix('.').unwrap_or(trimmed).to_owned()
}

/// The median and both ends of each interval, sorted.
fn probabilities(levels: &[BasisPoints]) -> Vec<BasisPoints> {
    let ends =
        levels.iter().flat_map(|level| [(10_000 - level) / 2, 10_000 - (10_000 - level) / 2]);
    let mut all: Vec<BasisPoints> = ends.chain([5_000]).collect();
    all.sort_unstable();
    all.dedup();
    all
}

impl ForecastReport {
    /// From a projection.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn new(projection: &Projection, context: ForecastContext) -> Result<Self, MoneyError> {
        let probabilities = probabilities(&context.levels);
        let names: Vec<String> = probabilities.iter().map(|p| probability(*p)).collect();
        let spread = |found: Distribution| Spread {
            mean: found.mean,
            quantiles: names.iter().cloned().zip(found.quantiles).collect(),
        };
        let all = projection.total.days();
        let at = |from, until, base| {
            projection.total.distribution(from, until, base, &probabilities).map(spread)
        };
        let months = projection.months.iter().map(|m| {
            Ok(MonthFigures {
                month: m.month.to_string(),
                complete: m.complete,
                actual: m.actual,
                spread: at(m.from, m.until, m.actual)?,
            })
        });
        let days = (0..all).map(|day| {
            let offset = Days::new(u64::try_from(day).unwrap_or(0));
            let date = projection.origin.checked_add_days(offset).unwrap_or(NaiveDate::MAX);
            Ok(DayFigures { day: date, spread: at(day, day + 1, Amount::ZERO)? })
        });
        let groups = projection.groups.iter().map(|group| {
            let found = group.paths.distribution(0, all, Amount::ZERO, &probabilities)?;
            Ok(GroupFigures {
                key: context.group_by.iter().cloned().zip(group.key.iter().cloned()).collect(),
                spread: spread(found),
                cells: group.key.clone(),
            })
        });
        Ok(Self {
            schema: SCHEMA,
            currency: projection.currency.to_string(),
            origin: projection.origin,
            horizon: Horizon { start: projection.origin, end: projection.end },
            history: History {
                start: projection.history_start,
                end: projection.origin,
                actual: Amount::checked_sum(projection.actual.values().copied())?,
            },
            levels: context.levels.iter().map(|l| f64::from(*l) / 10_000.0).collect(),
            level_points: context.levels,
            total: at(0, all, Amount::ZERO)?,
            months: months.collect::<Result<_, MoneyError>>()?,
            days: days.collect::<Result<_, MoneyError>>()?,
            groups: groups.collect::<Result<_, MoneyError>>()?,
            group_by: context.group_by,
            unpriced: Unpriced { units: projection.unpriced_units },
            model: Model {
                name: MODEL_NAME,
                version: MODEL_VERSION,
                seed: context.seed,
                paths: context.paths,
                leaves: projection.model.leaves,
                methods: projection.model.methods.clone(),
            },
            inputs: context.inputs,
            diagnostics: context
                .diagnostics
                .into_iter()
                .filter(|d| d.severity > Severity::Allow)
                .collect(),
            price_book: context.price_book,
            probabilities,
        })
    }

    /// The table: months and the horizon, groups if asked for, days if asked for.
    #[must_use]
    pub fn grid(&self, with_days: bool) -> Grid {
        let mut grid = Grid::new(&[("period", Align::Left), ("actual", Align::Right)]);
        self.spread_columns(&mut grid);
        if with_days {
            for day in &self.days {
                grid.rows.push(self.row(day.day.to_string(), None, &day.spread));
            }
        }
        for month in &self.months {
            let name = if month.complete {
                month.month.clone()
            } else {
                format!("{} (part)", month.month)
            };
            grid.rows.push(self.row(name, Some(month.actual), &month.spread));
        }
        let last = self.horizon.end.pred_opt().unwrap_or(self.horizon.end);
        let name = format!("{} to {last}", self.horizon.start);
        grid.rows.push(self.row(name, None, &self.total));
        grid.totals = 1;
        grid
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

    fn spread_columns(&self, grid: &mut Grid) {
        let mut add = |name: String| grid.columns.push((name, Align::Right));
        add(format!("median {}", self.currency));
        for level in &self.level_points {
            add(format!("{} % low", percent(*level)));
            add(format!("{} % high", percent(*level)));
        }
    }

    fn row(&self, name: String, actual: Option<Amount>, spread: &Spread) -> Vec<String> {
        let at = |p: &str| spread.quantiles.get(p).copied().map(format::amount).unwrap_or_default();
        let mut row = vec![name, actual.map(format::amount).unwrap_or_default(), at("0.5")];
        for points in &self.level_points {
            row.push(at(&probability((10_000 - points) / 2)));
            row.push(at(&probability(10_000 - (10_000 - points) / 2)));
        }
        row
    }

    /// Exact figures for programs: one row a day, month and the horizon.
    #[must_use]
    pub fn csv_grid(&self) -> Grid {
        let names: Vec<String> =
            self.probabilities.iter().map(|p| format!("p{}", probability(*p))).collect();
        let mut grid = Grid::new(&[
            ("kind", Align::Left),
            ("period", Align::Left),
            ("actual", Align::Right),
            ("mean", Align::Right),
        ]);
        grid.columns.extend(names.into_iter().map(|n| (n, Align::Right)));
        grid.columns.push(("currency".to_owned(), Align::Left));
        let mut add = |kind: &str, period: String, actual: Option<Amount>, spread: &Spread| {
            let mut row = vec![
                kind.to_owned(),
                period,
                actual.map(|a| a.to_string()).unwrap_or_default(),
                spread.mean.to_string(),
            ];
            let at = |p: &BasisPoints| {
                spread.quantiles.get(&probability(*p)).map(ToString::to_string).unwrap_or_default()
            };
            row.extend(self.probabilities.iter().map(at));
            row.push(self.currency.clone());
            grid.rows.push(row);
        };
        for day in &self.days {
            add("day", day.day.to_string(), None, &day.spread);
        }
        for month in &self.months {
            add("month", month.month.clone(), Some(month.actual), &month.spread);
        }
        for group in &self.groups {
            add("group", group.cells.join(" / "), None, &group.spread);
        }
        add("total", format!("{}/{}", self.horizon.start, self.horizon.end), None, &self.total);
        grid
    }

    /// Lines above and below the table.
    #[must_use]
    pub fn sentences(&self) -> (String, Vec<String>) {
        let head = format!(
            "Forecast from {} on, by usage of {} to {} ({})",
            self.origin,
            self.history.start,
            self.history.end.pred_opt().unwrap_or(self.history.end),
            self.inputs.sentence()
        );
        let mut notes = vec![
            format!(
                "Median of {} sample paths of daily quantities ({}), each rated with the prices in force on its days; seed {}.",
                format::grouped(u64::try_from(self.model.paths).unwrap_or(0)),
                self.model.name,
                self.model.seed
            ),
            "Months count what is known plus what is forecast; an interval holds for the sum, not for its days.".to_owned(),
        ];
        if !self.groups.is_empty() {
            notes.push(
                "Groups divide the forecast by their share of the last 28 days; they are not forecast by themselves."
                    .to_owned(),
            );
        }
        if self.unpriced.units > 0 {
            notes.push(format!(
                "Not in the forecast: about {} units without a price.",
                format::grouped(self.unpriced.units)
            ));
        }
        notes.push(format!("Prices: {}", self.price_book.sentence()));
        (head, notes)
    }
}

/// A level as percent without trailing zeros: 9750 is `97.5`.
fn percent(points: BasisPoints) -> String {
    let text = format!("{}.{:02}", points / 100, points % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_have_plain_names() {
        assert_eq!(probabilities(&[8_000, 9_500]), [250, 1_000, 5_000, 9_000, 9_750]);
        assert_eq!([250, 1_000, 5_000, 9_750].map(probability), ["0.025", "0.1", "0.5", "0.975"]);
        assert_eq!([8_000, 9_990].map(percent), ["80", "99.9"]);
    }
}
