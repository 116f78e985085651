//! The first and the last days of a month.

use chrono::{Datelike, NaiveDate};

use super::math::{count, exp, mean, median, running_median};
use super::members::Scale;
use super::season::initial_season;
use crate::series::DailySeries;

/// Known days from which an effect is looked for: six months.
const LEAST_DAYS: usize = 180;
/// Days of history that are looked at.
const MOST_DAYS: usize = 730;
/// Days at each edge of a month.
const EDGE: u32 = 2;
/// An effect has this many standard errors and at least this size on the log scale.
const LEAST_T: f64 = 3.5;
const LEAST_SIZE: f64 = 0.05;
/// A relative change is this many times that of ln(1 + 10 y) at the mean, y = 1.
const PER_LOG: f64 = 1.1;
/// Days before and after a day that make its running median.
const REACH: usize = 7;

/// Factors of the first two and of the last two days of a month; 1 for no effect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MonthEdges {
    /// Of the first two days.
    pub first: f64,
    /// Of the last two days.
    pub last: f64,
}

impl MonthEdges {
    /// Estimates the factors, if the history is long enough and one of them is clear. Each month
    /// has one vote per edge; a mean vote with t standard errors is shrunk by t^2 / (t^2 + 1).
    pub(super) fn of(series: &DailySeries) -> Option<Self> {
        let recent = series.values.len().saturating_sub(MOST_DAYS);
        let values: Vec<f64> =
            series.values[recent..].iter().map(|v| v.unwrap_or(f64::NAN)).collect();
        if values.iter().filter(|v| !v.is_nan()).count() < LEAST_DAYS {
            return None;
        }
        let unit = mean(&values).filter(|unit| *unit > 0.0)?;
        let mut plain: Vec<f64> = values.iter().map(|v| Scale::Log.forward(v / unit)).collect();
        let season = initial_season(&plain, 7);
        for (t, value) in plain.iter_mut().enumerate() {
            *value -= season[t % 7];
        }
        let centre = running_median(&plain, REACH);
        let (mut first, mut last) = (Votes::default(), Votes::default());
        for (t, (value, centre)) in plain.iter().zip(&centre).enumerate() {
            let day = series.date(recent + t);
            match edge(day) {
                Some(Edge::First) => first.add(day, PER_LOG * (value - centre)),
                Some(Edge::Last) => last.add(day, PER_LOG * (value - centre)),
                None => {}
            }
        }
        let edges = Self { first: first.factor(), last: last.factor() };
        (edges != Self { first: 1.0, last: 1.0 }).then_some(edges)
    }

    /// The factor of a day.
    pub(super) fn factor(&self, day: NaiveDate) -> f64 {
        match edge(day) {
            Some(Edge::First) => self.first,
            Some(Edge::Last) => self.last,
            None => 1.0,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    First,
    Last,
}

fn edge(day: NaiveDate) -> Option<Edge> {
    let later = day.checked_add_days(chrono::Days::new(u64::from(EDGE)));
    if day.day() <= EDGE {
        Some(Edge::First)
    } else if later.is_none_or(|later| later.month() != day.month()) {
        Some(Edge::Last)
    } else {
        None
    }
}

/// What each month says of one edge: the relative deviations of its days.
#[derive(Debug, Default)]
struct Votes(Vec<(u32, Vec<f64>)>);

impl Votes {
    fn add(&mut self, day: NaiveDate, deviation: f64) {
        let month = day.month();
        match self.0.last_mut() {
            Some((of, votes)) if *of == month => votes.push(deviation),
            _ => self.0.push((month, vec![deviation])),
        }
    }

    fn factor(&self) -> f64 {
        let votes: Vec<f64> = self.0.iter().filter_map(|(_, v)| mean(v)).collect();
        let (Some(average), Some(middle)) = (mean(&votes), median(&votes)) else { return 1.0 };
        let n = count(votes.len());
        let squares: f64 = votes.iter().map(|v| (v - average) * (v - average)).sum();
        let error = (squares / (n * (n - 1.0).max(1.0))).sqrt() + 1e-6;
        let t = middle / error;
        let clear = t.abs() > LEAST_T && middle.abs() > LEAST_SIZE;
        if clear { exp(middle * t * t / (t * t + 1.0)) } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(n: usize, last: f64) -> DailySeries {
        let start = NaiveDate::from_ymd_opt(2026, 1, 5).unwrap();
        let mut series = DailySeries::known(start, &vec![0.0; n]);
        for t in 0..n {
            let noise = 0.95 + 0.1 * count((t * 7919) % 101) / 101.0;
            let effect = if edge(series.date(t)) == Some(Edge::Last) { last } else { 1.0 };
            series.values[t] = Some(50.0 * noise * effect);
        }
        series
    }

    #[test]
    fn only_a_clear_effect_with_history_counts() {
        let edges = MonthEdges::of(&series(240, 1.5)).unwrap();
        assert!((edges.last - 1.5).abs() < 0.1 && (edges.first - 1.0).abs() < 1e-12, "{edges:?}");
        assert_eq!(MonthEdges::of(&series(240, 1.0)), None);
        assert_eq!(MonthEdges::of(&series(150, 1.5)), None);
        let day = |d| NaiveDate::from_ymd_opt(2026, 2, d).unwrap();
        assert!((edges.factor(day(27)) - edges.last).abs() < 1e-12);
        assert!((edges.factor(day(26)) - 1.0).abs() < 1e-12);
    }
}
