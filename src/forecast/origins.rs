//! Rolling origins: how the members would have forecast the recent past.

use super::math::{count, mean};
use super::members::Member;

/// Origins at most.
const MOST: usize = 12;
/// A forecast of the past is at most this part of the history long.
const PART: usize = 3;
/// Seasons, and days, before the first origin.
const SEASONS_BEFORE: usize = 2;
const DAYS_BEFORE: usize = 14;

/// The origins in a history: equally spaced, the last one as far from the end as the forecasts are
/// long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origins {
    /// Offsets of the first day forecast, ascending.
    pub(super) at: Vec<usize>,
    /// Days of each forecast.
    pub(super) days: usize,
    /// Days of history.
    history: usize,
}

impl Origins {
    pub(super) fn of(history: usize, season: usize, horizon: usize) -> Self {
        let days = horizon.min(history / PART).max(1);
        let first = (SEASONS_BEFORE * season).max(DAYS_BEFORE).max(history / PART);
        let at = (history.checked_sub(first + days)).map_or_else(Vec::new, |room| {
            let stride = (room / (MOST - 1)).max(1);
            let mut at: Vec<usize> =
                (0..=room / stride).map(|i| history - days - i * stride).collect();
            at.reverse();
            at
        });
        Self { at, days, history }
    }

    /// How many forecasts fit into the days that were forecast without overlap.
    pub(super) fn independent(&self) -> f64 {
        self.at.first().map_or(0.0, |first| count(self.history - first) / count(self.days))
    }
}

/// What came of one member.
#[derive(Debug, Clone)]
pub(super) struct Track {
    /// Half the mean absolute error of days plus half that of their mean, over all origins: both a
    /// wrong shape and a wrong total count. NaN without an origin.
    pub(super) error: f64,
    /// The mean error of each origin's forecast. NaN if none of its days is known.
    pub(super) biases: Vec<f64>,
}

impl Track {
    /// Forecasts of a member against the values.
    pub(super) fn of(member: &Member, values: &[f64], origins: &Origins) -> Self {
        let mut sizes = Vec::with_capacity(origins.at.len());
        let mut biases = Vec::with_capacity(origins.at.len());
        member.forecasts(&origins.at, origins.days, |number, path| {
            let truth = &values[origins.at[number]..];
            let errors: Vec<f64> = path.iter().zip(truth).map(|(f, y)| f - y).collect();
            let bias = mean(&errors).unwrap_or(f64::NAN);
            let absolute: Vec<f64> = errors.iter().map(|e| e.abs()).collect();
            biases.push(bias);
            sizes.push(0.5 * (mean(&absolute).unwrap_or(f64::NAN) + bias.abs()));
        });
        Self { error: mean(&sizes).unwrap_or(f64::NAN), biases }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let origins = Origins::of(91, 7, 30);
        assert_eq!((origins.at[0], origins.at.last(), origins.days), (31, Some(&61), 30));
        assert!((origins.independent() - 2.0).abs() < 1e-12);
        assert_eq!(Origins::of(14, 7, 7).at, [] as [usize; 0]);
        assert_eq!(Origins::of(21, 7, 7).at, [14]);
        assert!(Origins::of(3000, 24, 48).at.len() <= 2 * MOST);
    }
}
