//! How forecasts from earlier days did: the lines beside a forecast.

use serde::Serialize;

use super::Source;
use super::backtest::WindowFigures;
use crate::projection::backtest::TrackRecord;

/// The short form of a backtest.
#[derive(Debug, Serialize)]
pub(super) struct RecordFigures {
    /// `month` for calendar months, else `days`.
    windows_of: &'static str,
    window_days: u32,
    held_80: usize,
    held_95: usize,
    /// Median of the absolute errors of totals, as a share of what happened.
    median_error: Option<f64>,
    bias: Option<f64>,
    seasonal_naive_median_error: Option<f64>,
    run_rate_median_error: Option<f64>,
    windows: Vec<WindowFigures>,
}

impl From<&TrackRecord> for RecordFigures {
    fn from(record: &TrackRecord) -> Self {
        let rounded = |share: Option<f64>| share.map(super::backtest::rounded);
        let scores = &record.scores;
        Self {
            windows_of: if record.by_month { "month" } else { "days" },
            window_days: record.window_days,
            held_80: record.held_80,
            held_95: record.held_95,
            median_error: rounded(scores.totals.median_error),
            bias: rounded(scores.totals.bias),
            seasonal_naive_median_error: rounded(scores.seasonal_naive.1.median_error),
            run_rate_median_error: rounded(scores.run_rate.1.median_error),
            windows: record.windows.iter().map(WindowFigures::from).collect(),
        }
    }
}

impl RecordFigures {
    /// The line for people.
    pub(super) fn sentence(&self, source: Source) -> String {
        let count = self.windows.len();
        let what = match (self.windows_of, self.window_days) {
            ("month", _) => format!("last {count} whole months"),
            (_, 7) => format!("last {count} weeks"),
            (_, days) => format!("last {count} times {days} days"),
        };
        let within = |error: Option<f64>| {
            error.map_or_else(|| "-".to_owned(), |e| format!("{:.0} %", e * 100.0))
        };
        let more = match source {
            Source::Usage => "tokencast backtest",
            Source::Costs => "tokencast backtest --series",
        };
        format!(
            "Track record, {what}: half of the totals within {} of the forecast (run rate {}, as the week before {}); 80 % interval held {} of {count}, 95 % {} of {count}. More: `{more}`.",
            within(self.median_error),
            within(self.run_rate_median_error),
            within(self.seasonal_naive_median_error),
            self.held_80,
            self.held_95,
        )
    }
}

/// The line where there is no record.
pub(super) const NO_RECORD: &str = "Track record: none, the history is too short to forecast some of it again (42 days for two weeks).";
