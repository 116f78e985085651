//! Days that do not belong: one-off backfills, load tests, outages.

use super::math::{median, running_median};
use super::members::Scale;
use super::season::initial_season;

/// An outlier is this many standard deviations from the running median, on the log scale.
const LIMIT: f64 = 5.0;
/// Standard deviations from the running median that the fit gets to see.
const DAMPED: f64 = 1.5;
/// Least standard deviation: days of a quiet series may differ by 10 %.
const LEAST_DEVIATION: f64 = 0.1;
/// Standard deviation of a normal distribution in units of its median absolute deviation.
const MAD: f64 = 1.4826;
/// Outliers on more days in a row are something else, a level shift for one.
const LONGEST: usize = 2;
/// Days before and after a day that make its running median.
const REACH: usize = 7;
/// Outliers that happened this often may happen again.
const RECURRING: usize = 2;

/// Seasons of history below which the season is estimated with caution.
const FEW_SEASONS: usize = 4;

/// A day taken for an outlier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Odd {
    /// Its place in the values.
    pub(super) at: usize,
    /// What was expected.
    pub(super) expected: f64,
    /// What the fit sees instead of the value.
    damped: f64,
    /// What a path may see of it if it did not recur.
    bounded: f64,
}

/// The season of a history of less than four seasons. A median of one or two deviations takes a
/// burst for the season of its weekday, and then it is no outlier. Here each day has a deviation
/// from the median of all, and of two of one sign the lesser counts, of different signs none.
fn cautious_season(plain: &[f64], m: usize) -> Vec<f64> {
    let centre = median(plain).unwrap_or(0.0);
    let of_phase = |phase: usize| {
        let days = plain.iter().skip(phase).step_by(m);
        let deviations: Vec<f64> = days.map(|y| y - centre).filter(|d| !d.is_nan()).collect();
        match deviations[..] {
            [one, other] if one * other <= 0.0 => 0.0,
            [one, other] if one.abs() < other.abs() => one,
            [_, other] => other,
            [_] => 0.0,
            _ => median(&deviations).unwrap_or(0.0),
        }
    };
    if m > 1 { (0..m).map(of_phase).collect() } else { vec![0.0] }
}

/// The outliers among values that are divided by their recent mean. NaN is a missing day.
pub(super) fn find(values: &[f64], season: usize) -> Vec<Odd> {
    let mut plain: Vec<f64> = values.iter().map(|v| Scale::Log.forward(*v)).collect();
    let season = if values.len() < FEW_SEASONS * season {
        cautious_season(&plain, season)
    } else {
        initial_season(&plain, season)
    };
    for (t, value) in plain.iter_mut().enumerate() {
        *value -= season[t % season.len()];
    }
    let centre = running_median(&plain, REACH);
    let errors: Vec<f64> = plain.iter().zip(&centre).map(|(y, c)| y - c).collect();
    let sizes: Vec<f64> = errors.iter().map(|e| e.abs()).collect();
    let deviation = (MAD * median(&sizes).unwrap_or(0.0)).max(LEAST_DEVIATION);
    let is_odd = |t: &usize| sizes[*t] > LIMIT * deviation;
    let mut found = Vec::new();
    let mut t = 0;
    while t < values.len() {
        let run = (t..values.len()).take_while(is_odd).count();
        if run <= LONGEST {
            found.extend((t..t + run).map(|at| {
                let back = |error: f64| {
                    Scale::Log.back(centre[at] + season[at % season.len()] + error).max(0.0)
                };
                let within = |n: f64| back(errors[at].clamp(-n * deviation, n * deviation));
                Odd { at, expected: back(0.0), damped: within(DAMPED), bounded: within(LIMIT) }
            }));
        }
        t += run.max(1);
    }
    found
}

/// Damps outliers. Returns what a path adds when it draws such a day, by age: if they recurred, what
/// was taken away; if not, so much that it is as rare but no outlier. So the forecast does not
/// follow a backfill, and the interval of a series with bursts stays honest. Empty for none.
pub(super) fn damp(values: &mut [f64], outliers: &[Odd]) -> Vec<f64> {
    let up = |odd: &Odd| values[odd.at] > odd.expected;
    let events = |upward: bool| {
        let mut last = None;
        let days = outliers.iter().filter(|o| up(o) == upward).map(|o| o.at);
        days.filter(|at| last.replace(*at).is_none_or(|before| before + 1 != *at)).count()
    };
    // A backfill and an outage are one of each kind.
    let recurring = [false, true].map(|upward| events(upward) >= RECURRING);
    let recurs: Vec<bool> = outliers.iter().map(|o| recurring[usize::from(up(o))]).collect();
    let mut extras = vec![0.0; if outliers.is_empty() { 0 } else { values.len() }];
    for (odd, recurs) in outliers.iter().zip(recurs) {
        let drawn = if recurs { values[odd.at] } else { odd.bounded };
        extras[values.len() - 1 - odd.at] = drawn - odd.damped;
        values[odd.at] = odd.damped;
    }
    extras
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(spikes: &[usize]) -> Vec<f64> {
        let value = |t: usize| 1.0 + 0.1 * if t.is_multiple_of(3) { 1.0 } else { -0.5 };
        (0..60).map(|t| if spikes.contains(&t) { 9.0 } else { value(t) }).collect()
    }

    #[test]
    fn single_days_are_found_and_damped() {
        let mut values = wave(&[40]);
        let found = find(&values, 7);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].at, 40);
        assert!((found[0].expected - 1.0).abs() < 0.2, "{found:?}");
        let extras = damp(&mut values, &found);
        assert!((0.3..1.0).contains(&extras[19]), "{}", extras[19]);
        assert!(values[40] < 1.5, "{}", values[40]);
        assert!(find(&wave(&[]), 7).is_empty());
        assert!(find(&wave(&[40, 41, 42, 43, 44]), 7).is_empty());
    }

    #[test]
    fn a_burst_in_a_short_history_is_no_season() {
        for n in [20_u32, 27] {
            for odd in [0, 9] {
                let noise = |t: u32| 1.0 + 0.1 * f64::from(t * 7919 % 11) / 11.0;
                let value = |t: u32| noise(t) * if t % 7 < 5 { 1.0 } else { 0.4 };
                let mut values: Vec<f64> = (0..n).map(value).collect();
                let at = values.len() - 6;
                values[at] = f64::from(odd);
                let found: Vec<usize> = find(&values, 7).iter().map(|o| o.at).collect();
                assert_eq!(found, [at], "{n} days, {odd}");
                values[at] = value(n - 6);
                assert!(find(&values, 7).is_empty(), "{n} days");
            }
        }
    }

    #[test]
    fn a_backfill_and_an_outage_do_not_recur() {
        let mut values = wave(&[20]);
        values[50] = 0.0;
        let found = find(&values, 7);
        assert_eq!(found.len(), 2);
        let extras = damp(&mut values, &found);
        assert!(extras.iter().all(|e| *e < 1.0), "{extras:?}");
    }

    #[test]
    fn what_recurs_is_kept_for_the_paths() {
        let mut values = wave(&[20, 21, 50]);
        let found = find(&values, 7);
        let extras = damp(&mut values, &found);
        assert_eq!(extras.iter().filter(|e| **e > 7.0).count(), 3);
        assert!(extras[59 - 50] > 7.0);
        let mut pair = wave(&[20, 21]);
        let found = find(&pair, 7);
        assert!(damp(&mut pair, &found).iter().all(|e| *e < 1.0));
    }
}
