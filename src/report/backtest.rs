//! The `backtest` report: how far off forecasts from earlier days were.

mod page;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::{Align, Grid, InputFacts, Model, PriceBookFacts, Source, format, shown_findings};
use crate::diagnostic::Diagnostic;
use crate::money::Amount;
use crate::projection::backtest::{
    Backtest, IntervalScores, LevelScore, PointScores, Scores, Window,
};

/// The name of the JSON form.
pub const SCHEMA: &str = "tokencast.backtest.v1";

/// The whole report.
#[derive(Debug, Serialize)]
pub struct BacktestReport {
    schema: &'static str,
    source: Source,
    currency: String,
    history: History,
    total: ScoreFigures,
    group_by: Vec<String>,
    groups: Vec<GroupFigures>,
    windows: Vec<WindowFigures>,
    level: &'static str,
    levels: Vec<LevelFigures>,
    model: Model,
    inputs: InputFacts,
    diagnostics: Vec<Diagnostic>,
    price_book: Option<PriceBookFacts>,
}

#[derive(Debug, Serialize)]
struct History {
    start: NaiveDate,
    end: NaiveDate,
}

/// Errors as shares; `null` where nothing happened to compare with.
#[derive(Debug, Clone, Copy, Serialize)]
struct PointFigures {
    wape: Option<f64>,
    bias: Option<f64>,
    median_error: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mase: Option<f64>,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct IntervalFigures {
    pinball: Option<f64>,
    coverage_80: f64,
    coverage_95: f64,
}

#[derive(Debug, Serialize)]
struct Contenders {
    forecast: PointFigures,
    seasonal_naive: PointFigures,
    run_rate: PointFigures,
    intervals: IntervalFigures,
}

#[derive(Debug, Serialize)]
struct ScoreFigures {
    windows: usize,
    scored_days: usize,
    days: Contenders,
    totals: Contenders,
}

#[derive(Debug, Serialize)]
struct GroupFigures {
    key: BTreeMap<String, String>,
    #[serde(flatten)]
    scores: ScoreFigures,
    #[serde(skip)]
    cells: Vec<String>,
}

/// One forecast of a total beside what happened.
#[derive(Debug, Clone, Serialize)]
pub(super) struct WindowFigures {
    origin: NaiveDate,
    days: usize,
    unknown_days: usize,
    actual: Amount,
    median: Amount,
    low_80: Amount,
    high_80: Amount,
    low_95: Amount,
    high_95: Amount,
    held_80: bool,
    held_95: bool,
    seasonal_naive: Amount,
    run_rate: Amount,
}

/// A level and its loss in the choice of one.
#[derive(Debug, Serialize)]
pub(super) struct LevelFigures {
    level: &'static str,
    loss: Option<f64>,
}

/// What a report is made of, beside the backtest.
#[derive(Debug)]
pub struct BacktestContext {
    /// What was read.
    pub inputs: InputFacts,
    /// Everything odd, with severities.
    pub diagnostics: Vec<Diagnostic>,
    /// The price books, where prices were needed.
    pub price_book: Option<PriceBookFacts>,
    /// What was forecast again.
    pub source: Source,
    /// Names of the group dimensions.
    pub group_by: Vec<String>,
    /// Seed of the paths.
    pub seed: u64,
    /// Sample paths of each forecast.
    pub paths: usize,
}

/// Scores are printed to a millionth; more digits would only be noise.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

impl From<&LevelScore> for LevelFigures {
    fn from(score: &LevelScore) -> Self {
        Self { level: score.level.name(), loss: score.loss.map(rounded) }
    }
}

impl From<PointScores> for PointFigures {
    fn from(scores: PointScores) -> Self {
        Self {
            wape: scores.wape.map(rounded),
            bias: scores.bias.map(rounded),
            median_error: scores.median_error.map(rounded),
            mase: scores.mase.map(rounded),
        }
    }
}

impl From<IntervalScores> for IntervalFigures {
    fn from(scores: IntervalScores) -> Self {
        Self {
            pinball: scores.pinball.map(rounded),
            coverage_80: rounded(scores.coverage_80),
            coverage_95: rounded(scores.coverage_95),
        }
    }
}

impl From<&Scores> for ScoreFigures {
    fn from(scores: &Scores) -> Self {
        Self {
            windows: scores.windows,
            scored_days: scores.days,
            days: Contenders {
                forecast: scores.daily.into(),
                seasonal_naive: scores.seasonal_naive.0.into(),
                run_rate: scores.run_rate.0.into(),
                intervals: scores.daily_intervals.into(),
            },
            totals: Contenders {
                forecast: scores.totals.into(),
                seasonal_naive: scores.seasonal_naive.1.into(),
                run_rate: scores.run_rate.1.into(),
                intervals: scores.total_intervals.into(),
            },
        }
    }
}

impl From<&Window> for WindowFigures {
    fn from(window: &Window) -> Self {
        let at = |index: usize| window.total.get(index).copied().unwrap_or_default();
        Self {
            origin: window.origin,
            days: window.horizon_days,
            unknown_days: window.unknown_days,
            actual: window.actual,
            median: window.median(),
            low_80: at(1),
            high_80: at(3),
            low_95: at(0),
            high_95: at(4),
            held_80: window.holds(false),
            held_95: window.holds(true),
            seasonal_naive: window.seasonal_naive,
            run_rate: window.run_rate,
        }
    }
}

/// A share as percent with one decimal.
fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |s| format!("{:.1} %", s * 100.0))
}

impl BacktestReport {
    /// From a backtest.
    #[must_use]
    pub fn new(backtest: &Backtest, context: BacktestContext) -> Self {
        let groups = backtest.groups.iter().map(|(key, scores)| GroupFigures {
            key: context.group_by.iter().cloned().zip(key.iter().cloned()).collect(),
            scores: scores.into(),
            cells: key.clone(),
        });
        Self {
            schema: SCHEMA,
            source: context.source,
            currency: backtest.currency.to_string(),
            history: History { start: backtest.history_start, end: backtest.history_end },
            total: (&backtest.total).into(),
            groups: groups.collect(),
            group_by: context.group_by,
            windows: backtest.windows.iter().map(WindowFigures::from).collect(),
            level: backtest.level.name(),
            levels: backtest.levels.iter().map(LevelFigures::from).collect(),
            model: Model::new(context.seed, context.paths),
            inputs: context.inputs,
            diagnostics: shown_findings(context.diagnostics),
            price_book: context.price_book,
        }
    }

    /// The windows, the scores and those of the groups.
    #[must_use]
    pub fn grids(&self) -> Vec<Grid> {
        let mut grids = vec![self.window_grid(), self.score_grid()];
        if !self.groups.is_empty() {
            grids.push(self.group_grid());
        }
        grids
    }

    fn window_grid(&self) -> Grid {
        let mut grid = Grid::new(&[("from", Align::Left), ("days", Align::Right)]);
        let amounts = ["actual", "median", "80 % low", "80 % high"];
        let right = |name: String| (name, Align::Right);
        grid.columns.extend(amounts.map(|name| right(format!("{name} {}", self.currency))));
        grid.columns.push(("held".to_owned(), Align::Left));
        grid.columns.extend(["as week before", "run rate"].map(|n| right(n.to_owned())));
        for window in &self.windows {
            let held = match (window.held_80, window.held_95) {
                (true, _) => "80 %",
                (false, true) => "95 %",
                (false, false) => "no",
            };
            let known = window.days - window.unknown_days;
            let days = match window.unknown_days {
                0 => known.to_string(),
                _ => format!("{known} of {}", window.days),
            };
            let mut row = vec![window.origin.to_string(), days];
            row.extend(
                [window.actual, window.median, window.low_80, window.high_80].map(format::amount),
            );
            row.push(held.to_owned());
            row.extend([window.seasonal_naive, window.run_rate].map(format::amount));
            grid.rows.push(row);
        }
        grid
    }

    fn score_grid(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("of", Align::Left),
            ("method", Align::Left),
            ("WAPE", Align::Right),
            ("median error", Align::Right),
            ("bias", Align::Right),
            ("MASE", Align::Right),
            ("pinball", Align::Right),
            ("80 % held", Align::Right),
            ("95 % held", Align::Right),
        ]);
        for (name, found) in [("days", &self.total.days), ("totals", &self.total.totals)] {
            let methods = [
                ("forecast", found.forecast, Some(found.intervals)),
                ("as week before", found.seasonal_naive, None),
                ("run rate", found.run_rate, None),
            ];
            for (method, scores, intervals) in methods {
                let of_intervals = |pick: fn(IntervalFigures) -> Option<f64>| {
                    intervals.map_or_else(String::new, |i| percent(pick(i)))
                };
                grid.rows.push(vec![
                    name.to_owned(),
                    method.to_owned(),
                    percent(scores.wape),
                    percent(scores.median_error),
                    percent(scores.bias),
                    scores.mase.map(|m| format!("{m:.2}")).unwrap_or_default(),
                    of_intervals(|i| i.pinball),
                    of_intervals(|i| Some(i.coverage_80)),
                    of_intervals(|i| Some(i.coverage_95)),
                ]);
            }
        }
        grid
    }

    fn group_grid(&self) -> Grid {
        let keys: Vec<(&str, Align)> =
            self.group_by.iter().map(|name| (name.as_str(), Align::Left)).collect();
        let mut grid = Grid::new(&keys);
        let columns =
            ["total WAPE", "bias", "as week before", "run rate", "80 % held", "95 % held"];
        grid.columns.extend(columns.map(|name| (name.to_owned(), Align::Right)));
        for group in &self.groups {
            let found = &group.scores.totals;
            let mut row = group.cells.clone();
            row.extend([
                percent(found.forecast.wape),
                percent(found.forecast.bias),
                percent(found.seasonal_naive.wape),
                percent(found.run_rate.wape),
                percent(Some(found.intervals.coverage_80)),
                percent(Some(found.intervals.coverage_95)),
            ]);
            grid.rows.push(row);
        }
        grid
    }

    /// Exact figures for programs: one row a window.
    #[must_use]
    pub fn csv_grid(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("origin", Align::Left),
            ("days", Align::Right),
            ("unknown_days", Align::Right),
        ]);
        let names = [
            "actual",
            "median",
            "low_80",
            "high_80",
            "low_95",
            "high_95",
            "seasonal_naive",
            "run_rate",
        ];
        grid.columns.extend(names.map(|name| (name.to_owned(), Align::Right)));
        grid.columns.push(("currency".to_owned(), Align::Left));
        for w in &self.windows {
            let mut row =
                vec![w.origin.to_string(), w.days.to_string(), w.unknown_days.to_string()];
            let amounts = [
                w.actual,
                w.median,
                w.low_80,
                w.high_80,
                w.low_95,
                w.high_95,
                w.seasonal_naive,
                w.run_rate,
            ];
            row.extend(amounts.map(|a| a.to_string()));
            row.push(self.currency.clone());
            grid.rows.push(row);
        }
        grid
    }

    /// Lines above and below the tables.
    #[must_use]
    pub fn sentences(&self) -> (String, Vec<String>) {
        let head = format!(
            "Backtest of {} forecasts, by {} of {} to {} ({})",
            self.total.windows,
            self.source.words(),
            self.history.start,
            self.history.end.pred_opt().unwrap_or(self.history.end),
            self.inputs.sentence()
        );
        let paths = format::grouped(u64::try_from(self.model.paths).unwrap_or(0));
        let mut notes = vec![
            "WAPE: sum of absolute errors as a share of spend. Bias above 0: too much was forecast. MASE below 1: better than \"as a week before\" did in the history.".to_owned(),
            match self.source {
                Source::Usage => format!(
                    "Forecast by {}: {paths} paths from each origin with the days before it only, at the prices of the days forecast; seed {}.",
                    self.level, self.model.seed
                ),
                Source::Costs => format!(
                    "Each id forecast by itself: {paths} paths from each origin with the days before it only; seed {}.",
                    self.model.seed
                ),
            },
        ];
        if self.windows.iter().any(|window| window.unknown_days > 0) {
            notes.push("Days whose cost is not known are in no total, neither of what happened nor of the forecast.".to_owned());
        }
        if self.total.windows < FEW_WINDOWS {
            notes.push(format!(
                "{} windows are few: a share held of one more or less says little.",
                self.total.windows
            ));
        }
        notes.extend(self.price_book.as_ref().map(|book| format!("Prices: {}", book.sentence())));
        (head, notes)
    }
}

/// Windows below which shares held are said to be uncertain.
const FEW_WINDOWS: usize = 10;
