//! Level shifts of the recent past.

use super::math::{count, median};
use super::members::Scale;
use super::season::{initial_season, line};

/// Days looked at, and the part of them at the end in which a shift is looked for.
const WINDOW: usize = 60;
const RECENT: usize = 30;
/// Days at the end of the window before the earliest shift, and from the latest one on.
const BEFORE: usize = 10;
const SINCE: usize = 4;
/// Days before a shift whose level it is compared with.
const OLD: usize = 28;
/// A shift is a step of at least 28 % (0.25 on the log scale), of 3 standard deviations of a day
/// and of 6 of the difference of means, ...
const LEAST_STEP: f64 = 0.25;
const DAY_DEVIATIONS: f64 = 3.0;
const MEAN_DEVIATIONS: f64 = 6.0;
/// ... and a step must explain the days much better than a line: absolute errors below this part.
/// At .75 more than real shifts were found, and the OWA at 7 days of the development tasks rose by
/// .006; at .68 it does not.
const AGAINST_LINE: f64 = 0.68;
/// Standard deviation of a normal distribution in units of its mean absolute deviation.
const MEAN_ABSOLUTE: f64 = 1.2533;
/// Levels below this part of the recent mean have no ratio: usage began or stopped.
const LEAST_LEVEL: f64 = 0.02;

/// A level shift.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shift {
    /// The first day of the new level.
    pub(super) at: usize,
    /// New level over old level.
    pub(super) ratio: f64,
}

/// The clearest level shift of the last 30 days, if there is one, in values that are divided by
/// their recent mean. NaN is a missing day.
pub(super) fn find(values: &[f64], season: usize) -> Option<Shift> {
    let from = values.len().saturating_sub(WINDOW);
    let mut plain: Vec<f64> = values.iter().map(|v| Scale::Log.forward(*v)).collect();
    let season = initial_season(&plain, season);
    for (t, value) in plain.iter_mut().enumerate() {
        *value -= season[t % season.len()];
    }
    let days = &plain[from..];
    let last = days.len().checked_sub(SINCE)?;
    let (error, at, old, new) = (days.len().saturating_sub(RECENT).max(BEFORE)..=last)
        .filter_map(|k| {
            let old = median(&days[k.saturating_sub(OLD)..k])?;
            let new = median(&days[k..])?;
            Some((distance(&days[..k], |_| old) + distance(&days[k..], |_| new), k, old, new))
        })
        .min_by(|a, b| a.0.total_cmp(&b.0))?;
    let known = days.iter().filter(|v| !v.is_nan()).count();
    let deviation = MEAN_ABSOLUTE * error / count(known);
    let of_means = deviation * (1.0 / count(days.len() - at) + 1.0 / count(at.min(OLD))).sqrt();
    let (first, slope) = line(days)?;
    let straight = distance(days, |t| first + slope * count(t));
    let least = LEAST_STEP.max(DAY_DEVIATIONS * deviation).max(MEAN_DEVIATIONS * of_means);
    if (new - old).abs() < least || error > AGAINST_LINE * straight {
        return None;
    }
    let (old, new) = (Scale::Log.back(old), Scale::Log.back(new));
    (old > LEAST_LEVEL && new > LEAST_LEVEL).then(|| Shift { at: from + at, ratio: new / old })
}

/// Brings the days before a shift to the new level: what they tell of the season and of the size of
/// errors is kept, and no member has to learn the level anew.
pub(super) fn bridge(values: &mut [f64], shift: &Shift) {
    values[..shift.at].iter_mut().for_each(|v| *v *= shift.ratio);
}

/// Sum of absolute errors of a fit to the known days.
fn distance(days: &[f64], fit: impl Fn(usize) -> f64) -> f64 {
    let known = days.iter().enumerate().filter(|(_, v)| !v.is_nan());
    known.map(|(t, v)| (v - fit(t)).abs()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(t: usize) -> f64 {
        0.9 + 0.2 * count((t * 7919) % 101) / 101.0
    }

    #[test]
    fn steps_are_found_and_slopes_are_not() {
        let step: Vec<f64> = (0..60).map(|t| noise(t) * if t < 50 { 1.0 } else { 3.0 }).collect();
        let shift = find(&step, 7).unwrap();
        assert_eq!(shift.at, 50);
        assert!((shift.ratio - 3.0).abs() < 0.2, "{shift:?}");
        let mut bridged = step.clone();
        bridge(&mut bridged, &shift);
        assert!(
            (bridged[10] - 3.0 * step[10]).abs() < 0.3
                && bridged[55].to_bits() == step[55].to_bits()
        );
        let slope: Vec<f64> = (0..60).map(|t| noise(t) * (1.0 + 0.05 * count(t))).collect();
        assert_eq!(find(&slope, 7), None);
        let level: Vec<f64> = (0..60).map(noise).collect();
        assert_eq!(find(&level, 7), None);
    }

    #[test]
    fn beginnings_and_stops_are_none() {
        let begun: Vec<f64> = (0..60).map(|t| if t < 50 { 0.0 } else { noise(t) }).collect();
        assert_eq!(find(&begun, 7), None);
        assert_eq!(find(&[1.0; 3], 7), None);
    }
}
