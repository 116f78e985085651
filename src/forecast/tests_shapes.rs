//! What series of a certain shape must be forecast as.

use chrono::NaiveDate;

use super::tests::{assert_near, days, median_total, method, noise, run, series, total_quantiles};
use super::*;

/// Seeds of noise that a behaviour must hold for.
const SEEDS: u32 = 12;

/// Noise in (0, 1) of a seed.
fn noise_of(seed: u32, t: u32) -> f64 {
    noise(100_000 + 1_000 * seed + t)
}

/// A Poisson number of a seed: by counting products of uniform numbers (Knuth 1969).
fn poisson(seed: u32, t: u32, mean: f64) -> f64 {
    let (mut product, mut count) = (1.0, 0_u32);
    let limit = (-mean).exp();
    loop {
        product *= noise(1_000_000 + 100_000 * seed + 200 * t + count);
        if product <= limit {
            return f64::from(count);
        }
        count += 1;
    }
}

fn weekday(t: u32) -> bool {
    t % 7 < 5
}

#[test]
fn the_rest_of_a_period_of_weekdays_is_projected() {
    // 60 of 90 days are known; 44 a weekday on average.
    let exact = days(90, |t| if weekday(t) { 44.0 } else { 0.0 });
    let truth: f64 = exact[60..].iter().sum();
    let f = run(&exact[..60]);
    assert_near(median_total(&f, 30), truth, 1e-3);
    for day in f.paths.daily_quantiles(0, &[0.1, 0.5, 0.9]).iter().zip(&exact[60..]) {
        assert!((day.0[1] - day.1).abs() < 0.5 && day.0[2] - day.0[0] < 1.0, "{day:?}");
    }
    for seed in 0..SEEDS {
        let mild = |t| if weekday(t) { 40.0 + 8.0 * noise_of(seed, t) } else { 0.0 };
        let f = run(&days(60, mild));
        assert_near(median_total(&f, 30), truth, 0.03);
        let q = total_quantiles(&f, 30, &[0.1, 0.9]);
        assert!(q[0] <= truth && truth <= q[1], "seed {seed}: {q:?}");
        let counts = |t| if weekday(t) { poisson(seed, t, 44.0) } else { 0.0 };
        let f = run(&days(60, counts));
        assert_near(median_total(&f, 30), truth, 0.1);
        let q = total_quantiles(&f, 30, &[0.1, 0.9]);
        assert!(q[0] <= truth && truth <= q[1], "seed {seed}: {q:?}");
        let weekend = f.paths.daily_quantiles(0, &[0.5])[2][0];
        assert!(weekend < 4.0, "seed {seed}: {weekend} on a day of rest");
    }
}

#[test]
fn linear_growth_has_no_lag() {
    for start in [50.0, 400.0] {
        let line = |t| start + 10.0 * f64::from(t);
        let f = run(&days(60, line));
        for (horizon, tolerance) in [(7, 0.01), (30, 0.02)] {
            let truth = (60..60 + horizon).map(line).sum();
            assert_near(median_total(&f, horizon as usize), truth, tolerance);
        }
    }
    let errors: Vec<f64> = (0..SEEDS)
        .map(|seed| {
            let line = |t| 200.0 + 10.0 * f64::from(t);
            let f = run(&days(60, |t| line(t) * (0.9 + 0.2 * noise_of(seed, t))));
            median_total(&f, 30) / (60..90).map(line).sum::<f64>() - 1.0
        })
        .collect();
    let mean = errors.iter().sum::<f64>() / f64::from(SEEDS);
    assert!(mean.abs() < 0.05 && errors.iter().all(|e| e.abs() < 0.16), "{errors:?}");
}

#[test]
fn steady_exponential_growth_and_decline_are_followed() {
    for rate in [1.01, 0.98] {
        let curve = |t: u32| 100.0 * f64::powf(rate, f64::from(t));
        let truth = |n: u32| (60..60 + n).map(curve).sum::<f64>();
        let exact = run(&days(60, curve));
        assert_near(median_total(&exact, 7), truth(7), 0.01);
        assert_near(median_total(&exact, 30), truth(30), 0.02);
        let noisy = |seed| days(60, |t| curve(t) * (0.9 + 0.2 * noise_of(seed, t)));
        let errors: Vec<f64> =
            (0..SEEDS).map(|s| median_total(&run(&noisy(s)), 30) / truth(30) - 1.0).collect();
        let mean = errors.iter().sum::<f64>() / f64::from(SEEDS);
        assert!(mean.abs() < 0.09, "{rate}: {errors:?}");
    }
}

#[test]
fn a_level_shift_is_found_and_followed() {
    for (before, after) in [(100.0, 300.0), (300.0, 100.0)] {
        for seed in 0..4 {
            let level = |t| if t < 50 { before } else { after };
            let f = run(&days(60, |t| level(t) * (0.95 + 0.1 * noise_of(seed, t))));
            assert_near(median_total(&f, 7), 7.0 * after, 0.04);
            assert_near(median_total(&f, 30), 30.0 * after, 0.04);
            let shift = NaiveDate::from_ymd_opt(2026, 11, 13);
            assert_eq!(f.model.series[0].level_shift, shift);
        }
    }
}

#[test]
fn a_backfill_is_marked_and_damped() {
    for at in [20, 45, 57] {
        let values = |t| if t == at { 2000.0 } else { 95.0 + 10.0 * noise(t) };
        let f = run(&days(60, values));
        let [outlier] = f.model.series[0].outliers[..] else { panic!("one outlier") };
        assert_eq!(outlier.day, series(&days(60, values)).date(at as usize));
        assert!(outlier.value > 1999.0 && (outlier.expected - 100.0).abs() < 10.0);
        assert_near(median_total(&f, 7), 700.0, 0.06);
        let q = total_quantiles(&f, 30, &[0.1, 0.5, 0.9]);
        assert_near(q[1], 3000.0, 0.06);
        assert!(q[2] < 3600.0, "{q:?}");
    }
}

#[test]
fn bursts_that_recur_stay_in_the_interval() {
    let values = days(90, |t| if t % 23 == 7 { 900.0 } else { 95.0 + 10.0 * noise(t) });
    let f = run(&values);
    assert_eq!(f.model.series[0].outliers.len(), 4);
    let q = total_quantiles(&f, 30, &[0.1, 0.5, 0.9]);
    assert!(q[0] < 3200.0 && (3300.0..5000.0).contains(&q[1]) && q[2] > 4500.0, "{q:?}");
}

#[test]
fn stopped_usage_goes_to_zero() {
    let f = run(&days(80, |t| if t < 60 { 90.0 + 20.0 * noise(t) } else { 0.0 }));
    assert_eq!(method(&f), Method::Stopped);
    let q = total_quantiles(&f, 30, &[0.5, 0.8, 0.99]);
    assert!(q[0] <= 0.0 && q[1] <= 0.0 && q[2] > 1000.0, "{q:?}");
    let f = run(&days(22, |t| if t < 2 { 90.0 } else { 0.0 }));
    assert!(median_total(&f, 30) < 60.0);
}

#[test]
fn holidays_rest_like_sundays() {
    // The series ends on a Sunday; day 40 was a Thursday off, and the second Monday ahead will be.
    let busy = |t: u32| if (t + 3) % 7 < 5 && t != 40 { 90.0 + 20.0 * noise(t) } else { 0.0 };
    let history = series(&days(60, busy));
    let holidays = Holidays::new([history.date(40), history.date(67)]);
    let options = ForecastOptions::default();
    let of = |holidays| {
        let f = forecast_with(std::slice::from_ref(&history), &options, holidays).unwrap();
        f.paths.daily_quantiles(0, &[0.5]).concat()
    };
    let (with, without) = (of(&holidays), of(&Holidays::default()));
    assert!(without[7] > 80.0 && with[7] < 10.0, "{} {}", without[7], with[7]);
    assert!(with[0] > 85.0 && with[8] > 85.0 && with[5] < 5.0, "{with:?}");
}

#[test]
fn month_ends_need_history() {
    // The last two days of a month have half as much again; the series ends on 22 November.
    let values = |n: usize| {
        let mut one = series(&vec![0.0; n]);
        for t in 0..n {
            let next = one.date(t + 2);
            let last = chrono::Datelike::day(&next) <= 2;
            let factor = if last { 1.5 } else { 1.0 };
            one.values[t] = Some(factor * (95.0 + 10.0 * noise(u32::try_from(t).unwrap())));
        }
        forecast(&[one], &ForecastOptions::default()).unwrap()
    };
    let (short, long) = (values(90), values(300));
    assert_eq!(short.model.series[0].month_edges, None);
    assert_near(long.model.series[0].month_edges.unwrap().last, 1.5, 0.05);
    // 29 and 30 November are days 6 and 7 ahead.
    let medians = long.paths.daily_quantiles(0, &[0.5]).concat();
    assert_near(medians[6], 150.0, 0.08);
    assert_near(medians[7], 150.0, 0.08);
    assert_near(medians[8], 100.0, 0.08);
}

#[test]
fn other_seasons_and_lengths() {
    for season in [1, 4, 12, 24, 52] {
        let wave = |t: u32| {
            let phase = f64::from(t % u32::try_from(season).unwrap()) / 8.0;
            (10.0 + phase) * (0.98 + 0.04 * noise(t))
        };
        for n in [1, 2, 3, 5, 7, 13, 14, 23, 24, 30, 49, 120, 600] {
            let horizon = 13;
            let options = ForecastOptions {
                season_length: season,
                horizon_days: horizon,
                paths: 200,
                ..ForecastOptions::default()
            };
            let f = forecast(&[series(&days(n, wave))], &options).unwrap();
            let truth: f64 = (n..n + 13).map(wave).sum();
            let tolerance = if n as usize >= 2 * season && n >= 14 { 0.05 } else { 0.5 };
            assert_near(median_total(&f, horizon), truth, tolerance);
        }
    }
}

#[test]
fn hours_have_a_week_too() {
    // Three weeks of hours; weekends have a fifth.
    let busy = |t: u32| if (t / 24) % 7 < 5 { 1.0 } else { 0.2 };
    let hours = |t: u32| {
        let hour = f64::from(t % 24);
        100.0 * busy(t) * (1.2 - ((hour - 13.0) / 13.0).powi(2)) * (0.95 + 0.1 * noise(t))
    };
    let options = ForecastOptions {
        season_length: 24,
        horizon_days: 48,
        paths: 400,
        ..ForecastOptions::default()
    };
    // It ends on a Friday evening: a weekend is ahead.
    let n = 4 * 168 + 5 * 24;
    let f = forecast(&[series(&days(n, hours))], &options).unwrap();
    let truth: f64 = (n..n + 48).map(hours).sum();
    assert_near(median_total(&f, 48), truth, 0.15);
}
