//! Growth that is planned instead of the trend that the history shows.

use std::str::FromStr;

use super::blend::Pricing;
use super::events::{EventError, Scope, parse_change};
use super::history::Leaf;
use crate::forecast::compound;

/// Days of a year and of its parts, on average.
const DAYS_A_YEAR: f64 = 365.25;
/// Days of a season: levels are compared week by week.
const WEEK: usize = 7;

/// A growth target: from the level of the first week on, usage grows at a steady rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Growth {
    /// What usage is multiplied by in one day.
    pub daily_factor: f64,
    /// What grows.
    pub scope: Scope,
}

impl FromStr for Growth {
    type Err = EventError;

    /// `[SCOPE@]RATE/PERIOD`, such as `8%/month` or `team=search@-2%/week`; compound.
    fn from_str(text: &str) -> Result<Self, EventError> {
        let wrong = || EventError::Growth(text.to_owned());
        let (scope, rest) = match text.rsplit_once('@') {
            Some((scope, rest)) => (scope.parse()?, rest),
            None => (Scope::default(), text),
        };
        let (rate, period) = rest.split_once('/').ok_or_else(wrong)?;
        let signed = if rate.trim().starts_with(['+', '-']) {
            rate.trim().to_owned()
        } else {
            format!("+{}", rate.trim())
        };
        let factor = parse_change(&signed).map_err(|_| wrong())?;
        let days = match period.trim() {
            "day" => 1.0,
            "week" => 7.0,
            "month" => DAYS_A_YEAR / 12.0,
            "quarter" => DAYS_A_YEAR / 4.0,
            "year" => DAYS_A_YEAR,
            _ => return Err(wrong()),
        };
        if factor <= 0.0 {
            return Err(wrong());
        }
        Ok(Self { daily_factor: compound(factor, 1.0 / days), scope })
    }
}

/// Brings the paths of a leaf to the planned growth: the mean of each week, relative to that of the
/// first, is divided out, and the growth since then multiplied in. The last growth whose scope holds
/// at least half of the leaf applies.
///
/// It is the mean because means of leaves add up, so that all usage grows as planned. The median of
/// a leaf that fades out comes near zero while some of its paths go on; divided by it, those few
/// would outgrow everything else.
pub(super) fn apply(
    growth: &[Growth],
    leaf: &Leaf,
    pricing: &Pricing<'_, '_>,
    quantities: &mut [f64],
    horizon: usize,
) {
    let Some(wanted) = growth.iter().rev().find(|g| covers(g, leaf, pricing)) else { return };
    let factors = factors(&sums(quantities, horizon), wanted.daily_factor);
    for path in quantities.chunks_exact_mut(horizon) {
        path.iter_mut().zip(&factors).for_each(|(q, f)| *q *= f);
    }
}

/// The sum of each day over the paths, which lie one after the other.
fn sums(quantities: &[f64], horizon: usize) -> Vec<f64> {
    let mut sums = vec![0.0; horizon];
    for path in quantities.chunks_exact(horizon) {
        sums.iter_mut().zip(path).for_each(|(sum, quantity)| *sum += quantity);
    }
    sums
}

fn covers(growth: &Growth, leaf: &Leaf, pricing: &Pricing<'_, '_>) -> bool {
    let shares = leaf.mix.profiles.iter().zip(leaf.mix.expected_shares());
    let inside = shares.filter(|(p, _)| pricing.is_in(&growth.scope, **p));
    inside.map(|(_, share)| share).sum::<f64>() >= 0.5
}

/// Factor of each day. Day t is compared with the week around it, day 3 being the centre of the
/// first.
fn factors(levels: &[f64], daily: f64) -> Vec<f64> {
    let sum_of = |start: usize| levels[start..start + WEEK].iter().sum::<f64>();
    let last_start = levels.len().checked_sub(WEEK);
    let mut grown = 1.0;
    let mut factors = Vec::with_capacity(levels.len());
    for day in 0..levels.len() {
        // The level of the first week is that of its middle.
        if day > WEEK / 2 {
            grown *= daily;
        }
        let trend = last_start.map_or(1.0, |last| {
            let first = sum_of(0);
            let around = sum_of(day.saturating_sub(WEEK / 2).min(last));
            if first > 0.0 && around > 0.0 { around / first } else { 1.0 }
        });
        factors.push(grown / trend);
    }
    factors
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a / b - 1.0).abs() < 1e-6
    }

    #[test]
    fn rates_are_compound() {
        let monthly: Growth = "8%/month".parse().unwrap();
        // 1.08^(12 / 365.25) by hand: exp(0.0769610411 * 0.0328542094).
        assert!(near(monthly.daily_factor, 1.002_531_69), "{}", monthly.daily_factor);
        let shrinking: Growth = "team=search@-50%/week".parse().unwrap();
        assert!(near(shrinking.daily_factor.powi(7), 0.5));
        for text in ["8%", "8/month", "8%/fortnight", "-100%/month", "%/month", "x@8%/month"] {
            assert!(text.parse::<Growth>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_trend_is_replaced() {
        // Levels grow by 10 % a week; wanted is no growth.
        let levels: Vec<f64> = (0..28).map(|t| 100.0 * 1.1_f64.powi(t / 7)).collect();
        let flat = factors(&levels, 1.0);
        assert!(near(levels[27] * flat[27], 100.0), "{}", levels[27] * flat[27]);
        assert!(near(flat[0], 1.0));
        // Without a trend only the growth is left, from the middle of the first week on.
        let grown = factors(&[100.0; 14], 1.01);
        assert!(near(grown[3], 1.0) && near(grown[13], 1.01_f64.powi(10)));
    }

    #[test]
    fn a_leaf_that_fades_out_on_most_paths_does_not_outgrow_the_plan() {
        // Of three paths two halve every week, so that the median is nearly nothing in the end.
        let path = |weekly: f64| (0..70).map(move |t| 100.0 * weekly.powi(t / 7));
        let quantities: Vec<f64> = [0.5, 0.5, 1.0].into_iter().flat_map(path).collect();
        let factors = factors(&sums(&quantities, 70), 1.0);
        let all = |day: usize| -> f64 {
            [day, 70 + day, 140 + day].map(|at| quantities[at]).iter().sum()
        };
        // Three paths of 100 at first, of which one is left: no growth asks for 300 again.
        assert!(near(all(0), 300.0) && all(69) < 101.0);
        assert!(near(all(69) * factors[69], 300.0), "{}", all(69) * factors[69]);
        assert!(factors.iter().all(|factor| *factor <= 3.0));
    }
}
