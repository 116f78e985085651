//! How good a forecast was: scores of days and of totals, beside two plain rules.

use chrono::NaiveDate;

use super::super::paths::{BasisPoints, CostPaths};
use crate::money::{Amount, MoneyError};

/// Probabilities of the quantiles that are scored: the ends of the 95 and 80 % intervals and the
/// median.
pub const SCORED: [BasisPoints; 5] = [250, 1_000, 5_000, 9_000, 9_750];
/// Days of a season.
const WEEK: usize = 7;
/// Days of the straight-line run rate.
pub const RUN_RATE_DAYS: usize = 28;

/// One forecast from the past beside what happened.
#[derive(Debug, Clone)]
pub struct Window {
    /// First day forecast.
    pub origin: NaiveDate,
    /// Days forecast.
    pub horizon_days: usize,
    /// Days of them whose cost is not known. They are in no sum, neither of what happened nor of
    /// what was forecast.
    pub unknown_days: usize,
    /// What the known days cost.
    pub actual: Amount,
    /// Quantiles of the total at [`SCORED`].
    pub total: Vec<Amount>,
    /// The total if every day were as the last known one of its weekday before the origin.
    pub seasonal_naive: Amount,
    /// The total if every day were as the mean of the last 28 known ones before the origin.
    pub run_rate: Amount,
    days: Vec<Day>,
    /// Mean absolute difference of a day to the same weekday before it, up to the origin.
    scale: Option<f64>,
}

#[derive(Debug, Clone)]
struct Day {
    actual: f64,
    quantiles: Vec<f64>,
    seasonal_naive: f64,
    run_rate: f64,
}

/// An amount as a number for statistics; rated amounts stay exact.
#[expect(clippy::cast_precision_loss, reason = "a score needs no more than 53 bits")]
pub(in super::super) fn approximate(amount: Amount) -> f64 {
    amount.atto() as f64 / 1e18
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut n) = (0.0, 0.0);
    for value in values {
        sum += value;
        n += 1.0;
    }
    (n > 0.0).then(|| sum / n)
}

/// What two plain rules say from the days before an origin.
struct Rules<'a> {
    before: &'a [Option<Amount>],
    run_rate: Amount,
}

impl<'a> Rules<'a> {
    fn of(before: &'a [Option<Amount>]) -> Result<Self, MoneyError> {
        let recent: Vec<Amount> =
            before.iter().rev().flatten().take(RUN_RATE_DAYS).copied().collect();
        let count = u32::try_from(recent.len().max(1)).unwrap_or(u32::MAX);
        Ok(Self { before, run_rate: Amount::checked_sum(recent)?.mean_of(count) })
    }

    /// The last known day of the weekday of a day after the origin; the run rate if there is none.
    fn seasonal_naive(&self, day: usize) -> Amount {
        // A history of less than a week is repeated as it is.
        let season = WEEK.min(self.before.len().max(1));
        let same = self.before.iter().rev().skip(season - 1 - day % season).step_by(season);
        same.flatten().next().copied().unwrap_or(self.run_rate)
    }
}

/// Mean absolute difference of a day to the same weekday before it.
fn scale(costs: &[Option<Amount>]) -> Option<f64> {
    let pairs = costs.iter().skip(WEEK).zip(costs);
    let known = pairs.filter_map(|(a, b)| Some((approximate((*a)?), approximate((*b)?))));
    mean(known.map(|(a, b)| (a - b).abs()))
}

impl Window {
    /// Scores paths from day `at` of a series of daily costs; `None` is a day that is not known.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub(in super::super) fn of(
        costs: &[Option<Amount>],
        at: usize,
        origin: NaiveDate,
        paths: &CostPaths,
    ) -> Result<Self, MoneyError> {
        let horizon_days = paths.days();
        let (before, after) = (&costs[..at], &costs[at..at + horizon_days]);
        let rules = Rules::of(before)?;
        let known: Vec<(usize, Amount)> =
            after.iter().enumerate().filter_map(|(day, cost)| Some((day, (*cost)?))).collect();
        let scored: Vec<usize> = known.iter().map(|(day, _)| *day).collect();
        let mut days = Vec::with_capacity(known.len());
        for (day, actual) in &known {
            let found = paths.distribution(*day, day + 1, Amount::ZERO, &SCORED)?;
            days.push(Day {
                actual: approximate(*actual),
                quantiles: found.quantiles.into_iter().map(approximate).collect(),
                seasonal_naive: approximate(rules.seasonal_naive(*day)),
                run_rate: approximate(rules.run_rate),
            });
        }
        let naive = scored.iter().map(|day| rules.seasonal_naive(*day));
        Ok(Self {
            origin,
            horizon_days,
            unknown_days: horizon_days - known.len(),
            actual: Amount::checked_sum(known.iter().map(|(_, cost)| *cost))?,
            total: paths.distribution_of_days(&scored, &SCORED)?.quantiles,
            seasonal_naive: Amount::checked_sum(naive)?,
            run_rate: Amount::checked_sum(std::iter::repeat_n(rules.run_rate, known.len()))?,
            days,
            scale: scale(before),
        })
    }

    /// The median of the total.
    #[must_use]
    pub fn median(&self) -> Amount {
        self.total.get(2).copied().unwrap_or_default()
    }

    /// True if the 80 % interval of the total holds what happened; `wide`: the 95 % one.
    #[must_use]
    pub fn holds(&self, wide: bool) -> bool {
        let (low, high) = if wide { (0, 4) } else { (1, 3) };
        matches!((self.total.get(low), self.total.get(high)),
            (Some(low), Some(high)) if *low <= self.actual && self.actual <= *high)
    }

    /// Pinball loss of days and total as a share of what was spent, for the choice of a level.
    pub(super) fn relative_loss(&self) -> Option<f64> {
        let spent: f64 = self.days.iter().map(|d| d.actual).sum();
        let daily: f64 = self.days.iter().map(|d| pinball(d.actual, &d.quantiles)).sum();
        let total: Vec<f64> = self.total.iter().copied().map(approximate).collect();
        (spent > 0.0).then(|| (daily + pinball(spent, &total)) / spent)
    }
}

/// Mean pinball loss over [`SCORED`]. Source: Koenker and Bassett 1978, "Regression quantiles".
fn pinball(actual: f64, quantiles: &[f64]) -> f64 {
    let losses = quantiles.iter().zip(SCORED).map(|(q, p)| {
        let p = f64::from(p) / 10_000.0;
        if actual >= *q { p * (actual - q) } else { (1.0 - p) * (q - actual) }
    });
    mean(losses).unwrap_or(0.0)
}

/// Errors of point forecasts of days or totals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PointScores {
    /// Sum of absolute errors over the sum of what happened (WAPE); `None` if nothing did.
    pub wape: Option<f64>,
    /// Sum of errors over the sum of what happened: above 0 too much was forecast.
    pub bias: Option<f64>,
    /// Median of absolute errors, each as a share of what happened.
    pub median_error: Option<f64>,
    /// Mean absolute error over that of "same as a week before" in the history (MASE, Hyndman and
    /// Koehler 2006); days only.
    pub mase: Option<f64>,
}

/// How well intervals held.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IntervalScores {
    /// Mean pinball loss over five quantiles, as a share of what happened.
    pub pinball: Option<f64>,
    /// Share of values inside the 80 % interval.
    pub coverage_80: f64,
    /// Share of values inside the 95 % interval.
    pub coverage_95: f64,
}

/// Scores of one series over all windows.
#[derive(Debug, Clone)]
pub struct Scores {
    /// Days forecast and seen.
    pub days: usize,
    /// Windows.
    pub windows: usize,
    /// The forecast, day by day.
    pub daily: PointScores,
    /// Its intervals of days.
    pub daily_intervals: IntervalScores,
    /// The forecast of window totals.
    pub totals: PointScores,
    /// Its intervals of totals.
    pub total_intervals: IntervalScores,
    /// "As a week before", day by day and in total.
    pub seasonal_naive: (PointScores, PointScores),
    /// "As the mean of the last 28 days", day by day and in total.
    pub run_rate: (PointScores, PointScores),
}

/// (forecast, happened, scale)
type Point = (f64, f64, Option<f64>);

fn points(points: &[Point]) -> PointScores {
    let happened: f64 = points.iter().map(|(_, y, _)| y).sum();
    let share = |error: f64| (happened > 0.0).then(|| error / happened);
    let mut relative: Vec<f64> =
        points.iter().filter(|(_, y, _)| *y > 0.0).map(|(f, y, _)| (f - y).abs() / y).collect();
    relative.sort_unstable_by(f64::total_cmp);
    let scaled = points
        .iter()
        .filter_map(|(f, y, scale)| scale.filter(|s| *s > 0.0).map(|s| (f - y).abs() / s));
    PointScores {
        wape: share(points.iter().map(|(f, y, _)| (f - y).abs()).sum()),
        bias: share(points.iter().map(|(f, y, _)| f - y).sum()),
        median_error: (!relative.is_empty())
            .then(|| crate::forecast::quantile_sorted(&relative, 0.5)),
        mase: mean(scaled),
    }
}

fn intervals<'a>(values: impl Iterator<Item = (f64, &'a [f64])> + Clone) -> IntervalScores {
    let inside = |low: usize, high: usize| {
        let hits = values.clone().map(|(y, q)| f64::from(u8::from(q[low] <= y && y <= q[high])));
        mean(hits).unwrap_or(0.0)
    };
    let happened: f64 = values.clone().map(|(y, _)| y).sum();
    let loss: f64 = values.clone().map(|(y, q)| pinball(y, q)).sum();
    IntervalScores {
        pinball: (happened > 0.0).then(|| loss / happened),
        coverage_80: inside(1, 3),
        coverage_95: inside(0, 4),
    }
}

impl Scores {
    /// Over windows of one series; `None` without any.
    #[must_use]
    pub fn of(windows: &[Window]) -> Option<Self> {
        let days: Vec<(&Day, Option<f64>)> =
            windows.iter().flat_map(|w| w.days.iter().map(move |d| (d, w.scale))).collect();
        if days.is_empty() {
            return None;
        }
        let daily = |forecast: &dyn Fn(&Day) -> f64| {
            let all: Vec<Point> = days.iter().map(|(d, s)| (forecast(d), d.actual, *s)).collect();
            points(&all)
        };
        let totals = |forecast: &dyn Fn(&Window) -> Amount| {
            let point = |w: &Window| (approximate(forecast(w)), approximate(w.actual), None);
            points(&windows.iter().map(point).collect::<Vec<Point>>())
        };
        let sums: Vec<(f64, Vec<f64>)> = windows
            .iter()
            .map(|w| (approximate(w.actual), w.total.iter().copied().map(approximate).collect()))
            .collect();
        Some(Self {
            days: days.len(),
            windows: windows.len(),
            daily: daily(&|d| d.quantiles[2]),
            daily_intervals: intervals(days.iter().map(|(d, _)| (d.actual, &d.quantiles[..]))),
            totals: totals(&Window::median),
            total_intervals: intervals(sums.iter().map(|(y, q)| (*y, &q[..]))),
            seasonal_naive: (daily(&|d| d.seasonal_naive), totals(&|w| w.seasonal_naive)),
            run_rate: (daily(&|d| d.run_rate), totals(&|w| w.run_rate)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Costs by day; below zero a day that is not known.
    fn days(costs: &[i64]) -> Vec<Option<Amount>> {
        costs.iter().map(|cost| (*cost >= 0).then(|| Amount::from_units(*cost))).collect()
    }

    #[test]
    fn plain_rules_pass_over_unknown_days() {
        let before = days(&[1, 2, 3, 4, 5, 6, -1, 8, -1, 10, 11, 12, 13, -1]);
        let rules = Rules::of(&before).unwrap();
        // Known: 1 + 2 + 3 + 4 + 5 + 6 + 8 + 10 + 11 + 12 + 13 = 75 on eleven days.
        assert_eq!(rules.run_rate, Amount::from_units(75).mean_of(11));
        let naive: Vec<Amount> = (0..8).map(|day| rules.seasonal_naive(day)).collect();
        // The second day is that of two weeks before, the seventh never was known.
        let known = [8, 2, 10, 11, 12, 13].map(Amount::from_units);
        assert_eq!(naive[..6], known);
        assert_eq!(naive[6], rules.run_rate);
        assert_eq!(naive[7], known[0]);
        // 7 a week on each of the five pairs that are known.
        assert_eq!(scale(&before), Some(7.0));
    }

    #[test]
    fn totals_are_those_of_known_days() {
        let mut paths = CostPaths::zeros(1, 3);
        for (day, cost) in [(0, 10), (1, 20), (2, 30)] {
            paths.add(0, day, Amount::from_units(cost)).unwrap();
        }
        let costs = days(&[4, 4, 9, -1, 33]);
        let window = Window::of(&costs, 2, NaiveDate::default(), &paths).unwrap();
        assert_eq!((window.unknown_days, window.actual), (1, Amount::from_units(42)));
        assert_eq!(window.median(), Amount::from_units(40));
        assert_eq!(window.run_rate, Amount::from_units(8));
        assert_eq!(Scores::of(&[window]).unwrap().days, 2);
    }
}
