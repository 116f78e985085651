//! Behaviour of whole forecasts.

use chrono::NaiveDate;

use super::rng::{Stream, unit};
use super::*;

/// A series that ends on a fixed Sunday.
pub(super) fn series(values: &[f64]) -> DailySeries {
    let end = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
    let days = chrono::Days::new(u64::try_from(values.len()).unwrap() - 1);
    DailySeries::known(end.checked_sub_days(days).unwrap(), values)
}

pub(super) fn days(n: u32, value: impl Fn(u32) -> f64) -> Vec<f64> {
    (0..n).map(value).collect()
}

pub(super) fn run(values: &[f64]) -> Forecast {
    forecast(&[series(values)], &ForecastOptions::default()).unwrap()
}

pub(super) fn method(f: &Forecast) -> Method {
    f.model.series[0].method
}

pub(super) fn total_quantiles(f: &Forecast, days: usize, probabilities: &[f64]) -> Vec<f64> {
    quantiles(&mut f.paths.totals(0, days), probabilities)
}

pub(super) fn median_total(f: &Forecast, days: usize) -> f64 {
    total_quantiles(f, days, &[0.5])[0]
}

/// Deterministic noise in (0, 1).
pub(super) fn noise(i: u32) -> f64 {
    unit(Stream::new(99, 0).bits(u64::from(i)))
}

pub(super) fn assert_near(actual: f64, expected: f64, tolerance: f64) {
    let error = actual / expected - 1.0;
    assert!(error.abs() <= tolerance, "{actual} is not within {tolerance} of {expected}");
}

#[test]
fn constant_series_has_no_width() {
    for n in [3, 8, 13, 14, 60] {
        let f = run(&vec![12.34; n]);
        assert_eq!(method(&f), Method::Constant);
        assert!(f.paths.path(0, 77).iter().all(|v| v.to_bits() == 12.34_f64.to_bits()));
        assert_eq!(f.paths.path(0, 0), f.paths.path(0, 1999));
    }
}

#[test]
fn zeros_stay_zero() {
    for n in [1, 2, 20, 90] {
        let f = run(&vec![0.0; n]);
        assert!((0..2000).all(|p| f.paths.path(0, p).iter().all(|v| *v <= 0.0)));
    }
}

#[test]
fn noisy_weekday_usage_rests_on_weekends() {
    let f = run(&days(84, |t| if t % 7 < 5 { 30.0 + 28.0 * noise(t) } else { 0.0 }));
    let medians: Vec<f64> = f.paths.daily_quantiles(0, &[0.5]).concat();
    assert!(medians[5] < 4.0 && medians[6] < 4.0, "{medians:?}");
    assert_near(median_total(&f, 28), 20.0 * 44.0, 0.06);
}

#[test]
fn a_weekly_job_is_drawn_in_whole_weeks() {
    let f = run(&days(70, |t| if t % 7 == 2 { 50.0 + 10.0 * noise(t) } else { 0.0 }));
    assert_eq!(method(&f), Method::WeekBootstrap);
    let q = f.paths.daily_quantiles(0, &[0.05, 0.95]);
    assert!(q[2][0] >= 50.0 && q[9][0] >= 50.0 && q[3][1] <= 0.0);
    assert_near(median_total(&f, 28), 4.0 * 55.0, 0.05);
}

#[test]
fn zeros_before_a_launch_do_not_count() {
    let f = run(&days(60, |t| if t < 40 { 0.0 } else { 90.0 + 20.0 * noise(t) }));
    assert_eq!((method(&f), f.model.series[0].history_days), (Method::Pool, 20));
    assert_near(median_total(&f, 7), 700.0, 0.08);
}

#[test]
fn short_histories() {
    for (n, expected) in [
        (1, Method::Mean),
        (2, Method::Mean),
        (3, Method::Ses),
        (6, Method::Ses),
        (8, Method::SeasonalNaiveSes),
        (13, Method::SeasonalNaiveSes),
        (14, Method::Pool),
    ] {
        let f = run(&days(n, |t| 90.0 + 20.0 * noise(t)));
        let info = &f.model.series[0];
        assert_eq!((info.method, info.low_confidence), (expected, n < 7), "{n} days");
        assert_near(median_total(&f, 7), 700.0, 0.1);
        let q = total_quantiles(&f, 30, &[0.1, 0.9]);
        assert!(q[0] < q[1], "{n} days: {q:?}");
    }
    let profile = [10.0, 12.0, 11.0, 10.0, 12.0, 2.0, 1.0];
    let f = run(&days(13, |t| profile[(t as usize + 1) % 7]));
    let medians = f.paths.daily_quantiles(0, &[0.5]).concat();
    assert!(medians[0] > 8.0 && medians[5] < 6.0, "{medians:?}");
}

#[test]
fn missing_days_are_not_zeros() {
    let full = days(60, |t| 90.0 + 20.0 * noise(t));
    let mut gaps = series(&full);
    for t in [20, 33, 34, 58, 59] {
        gaps.values[t] = None;
    }
    let f = forecast(&[gaps], &ForecastOptions::default()).unwrap();
    assert_eq!(f.model.series[0].observed_days, 55);
    assert_near(median_total(&f, 30), 3000.0, 0.05);
    assert_near(median_total(&f, 30), median_total(&run(&full), 30), 0.05);
}

#[test]
fn quantiles_are_ordered_and_hold_the_truth() {
    let f = run(&days(90, |t| 50.0 + 100.0 * noise(t)));
    for q in f.paths.daily_quantiles(0, &[0.025, 0.1, 0.5, 0.9, 0.975]) {
        assert!(q.is_sorted(), "{q:?}");
        assert!(q[0] < 75.0 && q[4] > 125.0, "{q:?}");
    }
}

#[test]
fn the_seed_decides() {
    let values = days(60, |t| 50.0 + 100.0 * noise(t));
    let seeded = |seed| {
        let options = ForecastOptions { seed, ..ForecastOptions::default() };
        forecast(&[series(&values)], &options).unwrap().paths
    };
    assert_eq!(seeded(1), seeded(1));
    assert_ne!(seeded(1), seeded(2));
    let medians = [1, 2].map(|s| quantiles(&mut seeded(s).totals(0, 30), &[0.5])[0]);
    assert_near(medians[0], medians[1], 0.02);
}

#[test]
fn totals_keep_the_correlation_of_the_series() {
    let width = |values: &mut [f64]| {
        let q = quantiles(values, &[0.1, 0.9]);
        q[1] - q[0]
    };
    let total = |f: &Forecast| -> Vec<f64> {
        let (a, b) = (f.paths.totals(0, 30), f.paths.totals(1, 30));
        a.iter().zip(b).map(|(a, b)| a + b).collect()
    };
    let one = days(80, |t| 50.0 + 100.0 * noise(t));
    let twice = days(80, |t| 2.0 * (50.0 + 100.0 * noise(t)));
    let mirrored = days(80, |t| 50.0 + 100.0 * (1.0 - noise(t)));
    let unrelated = days(80, |t| 50.0 + 100.0 * noise(t + 5000));
    let both = |other: &[f64]| {
        forecast(&[series(&one), series(other)], &ForecastOptions::default()).unwrap()
    };
    let f = both(&twice);
    let alone = width(&mut f.paths.totals(0, 30));
    assert_near(width(&mut total(&f)), 3.0 * alone, 1e-6);
    assert!(width(&mut total(&both(&mirrored))) < 0.9 * alone);
    assert_near(width(&mut total(&both(&unrelated))), std::f64::consts::SQRT_2 * alone, 0.2);
}

#[test]
fn a_shorter_series_is_paired_by_calendar_day() {
    // The second is the last 40 days of the first: its residuals of those days belong together.
    let long = days(80, |t| 50.0 + 100.0 * noise(t));
    let pair = [series(&long), series(&long[40..])];
    let f = forecast(&pair, &ForecastOptions::default()).unwrap();
    let (a, b) = (f.paths.totals(0, 7), f.paths.totals(1, 7));
    let mean = |v: &[f64]| v.iter().sum::<f64>() / 2000.0;
    let (ma, mb) = (mean(&a), mean(&b));
    let cov = |x: &[f64], mx: f64, y: &[f64], my: f64| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum()
    };
    let r = cov(&a, ma, &b, mb) / (cov(&a, ma, &a, ma) * cov(&b, mb, &b, mb)).sqrt();
    assert!(r > 0.3, "correlation {r}");
}

#[test]
fn a_series_does_not_depend_on_its_neighbours() {
    let (a, b) = (days(60, |t| 50.0 + noise(t)), days(60, |t| 9.0 + noise(t + 7)));
    let both = forecast(&[series(&a), series(&b)], &ForecastOptions::default()).unwrap();
    assert_eq!(both.paths.path(1, 1234), run(&b).paths.path(0, 1234));
}

#[test]
fn without_a_season() {
    let options = ForecastOptions { season_length: 1, ..ForecastOptions::default() };
    let f = forecast(&[series(&days(60, |t| 90.0 + 20.0 * noise(t)))], &options).unwrap();
    assert_eq!(f.model.members.len(), 6);
    assert_near(median_total(&f, 30), 3000.0, 0.06);
}

#[test]
fn nothing_is_ever_nan_or_out_of_bounds() {
    let options = ForecastOptions { paths: 40, horizon_days: 10, ..ForecastOptions::default() };
    for case in 0..1500_u32 {
        let u = |i: u32| noise(case * 977 + i);
        let length = 1 + (case * 7) % 130;
        let zeros = [0.0, 0.2, 0.6, 0.9][case as usize % 4];
        let growth = [0.9, 0.99, 1.0, 1.05, 1.3][case as usize % 5];
        let size = [1e-9, 1.0, 1e12][case as usize % 3];
        let mut values: Vec<Option<f64>> = (0..length)
            .map(|t| {
                let burst = if u(4 * t) < 0.05 { 1000.0 } else { 1.0 };
                let used = u(4 * t + 1) >= zeros;
                let value = size * burst * u(4 * t + 2) * f64::powf(growth, f64::from(t));
                (u(4 * t + 3) > 0.1).then_some(if used { value } else { 0.0 })
            })
            .collect();
        values[0] = Some(size);
        let largest = values.iter().flatten().copied().fold(0.0, f64::max);
        let one = DailySeries { start: NaiveDate::MIN, values };
        let Ok(f) = forecast(&[one], &options) else {
            continue;
        };
        let inside = |v: &f64| (0.0..=5.0 * largest).contains(v);
        assert!((0..40).all(|p| f.paths.path(0, p).iter().all(inside)), "case {case}");
    }
}

#[test]
fn errors() {
    let options = ForecastOptions::default();
    let fails = |series: &[DailySeries], options| forecast(series, options).unwrap_err();
    assert_eq!(fails(&[], &options), ForecastError::NoSeries);
    let good = series(&[1.0, 2.0]);
    let unknown = DailySeries { start: good.start, values: vec![None, None] };
    assert_eq!(fails(&[good.clone(), unknown], &options), ForecastError::NoHistory { series: 1 });
    let later = DailySeries::known(good.end(), &[1.0]);
    assert!(matches!(fails(&[good.clone(), later], &options), ForecastError::DifferentEnds { .. }));
    assert_eq!(
        fails(&[series(&[1.0, -2.0])], &options).to_string(),
        "series 0 has -2 on 2026-11-22, expected a finite number from 0"
    );
    let none = ForecastOptions { horizon_days: 0, ..options };
    assert_eq!(fails(&[good], &none).to_string(), "`horizon_days` is 0, must be in range 1..=3660");
}
