//! What a forecast refuses.

use std::error::Error;
use std::fmt;

use chrono::NaiveDate;

use super::ForecastOptions;
use crate::series::DailySeries;

/// Why there is no forecast.
#[derive(Debug, Clone, PartialEq)]
pub enum ForecastError {
    /// No series was given.
    NoSeries,
    /// No day of a series is known within the history that is used.
    NoHistory {
        /// Index of the series.
        series: usize,
    },
    /// A value that is negative or not finite.
    NotAQuantity {
        /// Index of the series.
        series: usize,
        /// Its day.
        day: NaiveDate,
        /// The value.
        value: f64,
    },
    /// Series that end on different days.
    DifferentEnds {
        /// Index of the series.
        series: usize,
        /// The day after its last.
        end: NaiveDate,
        /// The day after the last of the first series.
        expected: NaiveDate,
    },
    /// An option out of range.
    Option {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: usize,
        /// The smallest allowed value.
        least: usize,
        /// The largest allowed value.
        most: usize,
    },
}

impl fmt::Display for ForecastError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSeries => write!(f, "no series to forecast"),
            Self::NoHistory { series } => write!(f, "series {series} has no day of known usage"),
            Self::NotAQuantity { series, day, value } => {
                write!(f, "series {series} has {value} on {day}, expected a finite number from 0")
            }
            Self::DifferentEnds { series, end, expected } => {
                write!(f, "series {series} ends before {end}, expected {expected} as for the first")
            }
            Self::Option { name, value, least, most } => {
                write!(f, "`{name}` is {value}, must be in range {least}..={most}")
            }
        }
    }
}

impl Error for ForecastError {}

/// Largest horizon, season and history in days, and largest number of paths.
const MOST_DAYS: usize = 3_660;
const MOST_PATHS: usize = 1_000_000;

/// Checks what the models rely on: for callers that fit series one by one.
///
/// # Errors
/// See [`super::forecast`].
pub fn check<'a>(
    series: impl IntoIterator<Item = &'a DailySeries>,
    options: &ForecastOptions,
) -> Result<(), ForecastError> {
    let ranges = [
        ("horizon_days", options.horizon_days, 1, MOST_DAYS),
        ("paths", options.paths, 1, MOST_PATHS),
        ("season_length", options.season_length, 1, 366),
        ("history_days", options.history_days, 1, MOST_DAYS),
    ];
    for (name, value, least, most) in ranges {
        if !(least..=most).contains(&value) {
            return Err(ForecastError::Option { name, value, least, most });
        }
    }
    let mut expected = None;
    for (index, one) in series.into_iter().enumerate() {
        let expected = *expected.get_or_insert(one.end());
        if one.end() != expected {
            return Err(ForecastError::DifferentEnds { series: index, end: one.end(), expected });
        }
        let bad = |v: &Option<f64>| v.is_some_and(|v| !v.is_finite() || v < 0.0);
        if let Some(at) = one.values.iter().position(bad) {
            let value = one.values[at].unwrap_or(f64::NAN);
            return Err(ForecastError::NotAQuantity { series: index, day: one.date(at), value });
        }
    }
    expected.map(|_| ()).ok_or(ForecastError::NoSeries)
}
