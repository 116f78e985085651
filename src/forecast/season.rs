//! Starting values of a filter: the weekly season, the level and the slope.

use super::math::{count, mean, median};

/// Weight of "no season" when a phase was seen k times: the season is shrunk by k / (k + this).
pub(super) const SHRINKAGE: f64 = 0.7;
/// Days the slope is fitted on.
const SLOPE_DAYS: usize = 60;

/// A season of `m` additive terms, one for each phase `t % m`: the median deviation from the
/// centred moving average of one season, shrunk and with sum zero. NaN marks a missing day.
pub(super) fn initial_season(y: &[f64], m: usize) -> Vec<f64> {
    let mut deviations: Vec<Vec<f64>> = vec![Vec::new(); m];
    if m > 1 && y.len() > m {
        for start in 0..=y.len() - m {
            let centre = start + m / 2;
            if !y[centre].is_nan()
                && let Some(average) = mean(&y[start..start + m])
            {
                deviations[centre % m].push(y[centre] - average);
            }
        }
    }
    let mut season: Vec<f64> = deviations
        .iter()
        .map(|d| {
            let k = count(d.len());
            median(d).map_or(0.0, |middle| middle * k / (k + SHRINKAGE))
        })
        .collect();
    let average = mean(&season).unwrap_or(0.0);
    season.iter_mut().for_each(|s| *s -= average);
    season
}

/// Values without their season.
pub(super) fn deseasonalised(y: &[f64], season: &[f64], phases: &[usize]) -> Vec<f64> {
    y.iter().zip(phases).map(|(v, phase)| v - season[*phase]).collect()
}

/// Least-squares slope per day over the last 60 days. 0 with fewer than 3 known days.
pub(super) fn recent_slope(y: &[f64]) -> f64 {
    line(&y[y.len().saturating_sub(SLOPE_DAYS)..]).map_or(0.0, |(_, slope)| slope)
}

/// Value at the first day and slope per day of the least-squares line. `None` with fewer than 3
/// known days.
pub(super) fn line(y: &[f64]) -> Option<(f64, f64)> {
    let known: Vec<(f64, f64)> =
        y.iter().enumerate().filter(|(_, v)| !v.is_nan()).map(|(t, v)| (count(t), *v)).collect();
    if known.len() < 3 {
        return None;
    }
    let n = count(known.len());
    let t_mean = known.iter().map(|(t, _)| t).sum::<f64>() / n;
    let y_mean = known.iter().map(|(_, v)| v).sum::<f64>() / n;
    let cross: f64 = known.iter().map(|(t, v)| (t - t_mean) * (v - y_mean)).sum();
    let square: f64 = known.iter().map(|(t, _)| (t - t_mean) * (t - t_mean)).sum();
    let slope = cross / square;
    Some((y_mean - slope * t_mean, slope))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn season_of_a_week() {
        let y: Vec<f64> = (0..70).map(|t| if t % 7 < 5 { 44.0 } else { 0.0 }).collect();
        let season = initial_season(&y, 7);
        assert!((season[0] - 12.57 * 9.0 / 9.7).abs() < 0.8 && (season[6] + 31.4).abs() < 3.0);
        assert!(season.iter().sum::<f64>().abs() < 1e-9);
        assert_eq!(initial_season(&y, 1), [0.0]);
    }

    #[test]
    fn slope_of_a_line_with_gaps() {
        let mut y: Vec<f64> = (0..80).map(|t| 5.0 + 2.0 * f64::from(t)).collect();
        y[70] = f64::NAN;
        assert!((recent_slope(&y) - 2.0).abs() < 1e-12);
        assert!(recent_slope(&[1.0, f64::NAN]).abs() < 1e-12);
    }
}
