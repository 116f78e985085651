//! What is told about the forecast of a series.

use chrono::NaiveDate;

use super::month::MonthEdges;

/// How a series was forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// The pool of exponential smoothing, Theta and recent means.
    Pool,
    /// Exponential smoothing plus the shrunk shape of the last season: 7 to 13 days of a week.
    SeasonalNaiveSes,
    /// Exponential smoothing: 3 to 6 days.
    Ses,
    /// The mean of one or two days, with a spread that is assumed.
    Mean,
    /// Every known day has the same value, and so have the paths.
    Constant,
    /// Whole weeks drawn from a history that is mostly zero.
    WeekBootstrap,
    /// Usage stopped: zero, with a small chance of return.
    Stopped,
}

impl Method {
    /// The name used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pool => "ets-theta pool",
            Self::SeasonalNaiveSes => "seasonal-naive+ses",
            Self::Ses => "ses",
            Self::Mean => "mean",
            Self::Constant => "constant",
            Self::WeekBootstrap => "week bootstrap",
            Self::Stopped => "stopped",
        }
    }
}

/// A day that does not belong: a one-off backfill, a load test, an outage. It is damped in the fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlier {
    /// The day.
    pub day: NaiveDate,
    /// Its value.
    pub value: f64,
    /// About what was to be expected.
    pub expected: f64,
}

/// What was used for one series and why.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesInfo {
    /// The method.
    pub method: Method,
    /// Why this one, as a fragment of a sentence.
    pub reason: String,
    /// Days of the history that was used, known or not.
    pub history_days: usize,
    /// Known days in it.
    pub observed_days: usize,
    /// True if the history is so short that the spread is mostly assumption: under a week.
    pub low_confidence: bool,
    /// Outliers in the history, ascending; looked for from 14 known days on.
    pub outliers: Vec<Outlier>,
    /// The first day of a new level, if there was a clear level shift in the last 30 days.
    pub level_shift: Option<NaiveDate>,
    /// Factors of the first and the last days of a month, if the history shows them.
    pub month_edges: Option<MonthEdges>,
}
