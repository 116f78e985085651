//! What a forecast costs in time: `cargo bench --bench forecast`.
//!
//! One series of 180 days, 30 days ahead, 2,000 paths, one thread: fit, draws, simulation and the
//! quantiles of every day and of the total. Several kinds of series take turns; least, median and
//! largest milliseconds of a series.

use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use chrono::NaiveDate;
use tokencast::forecast::{ForecastOptions, forecast, quantiles};
use tokencast::series::DailySeries;

const DAYS: u32 = 180;
const ROUNDS: u32 = 25;
const LEVELS: [f64; 5] = [0.025, 0.1, 0.5, 0.9, 0.975];

type Failure = Box<dyn std::error::Error>;
/// The value of a day, given noise in (0, 1).
type Kind = fn(u32, f64) -> f64;

const KINDS: [(&str, Kind); 4] = [
    ("weekly with noise", |t, u| if t % 7 < 5 { 80.0 + 40.0 * u } else { 10.0 + 10.0 * u }),
    ("growing", |t, u| (100.0 + f64::from(t)) * (0.8 + 0.4 * u)),
    ("bursts and zeros", |_, u| if u < 0.3 { 0.0 } else { 1.0 / (1.02 - u) }),
    ("weekday only", |t, u| if t % 7 < 5 { 44.0 + 10.0 * u } else { 0.0 }),
];

fn main() -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let mut all = Vec::new();
    for (name, kind) in KINDS {
        let mut times = Vec::new();
        for round in 0..ROUNDS {
            let values: Vec<f64> = (0..DAYS).map(|t| kind(t, noise(t + 1000 * round))).collect();
            let start = NaiveDate::from_ymd_opt(2026, 1, 5).ok_or("date")?;
            let series = [DailySeries::known(start, &values)];
            let options = ForecastOptions { seed: u64::from(round), ..ForecastOptions::default() };
            let before = Instant::now();
            let made = forecast(&series, &options)?;
            black_box(made.paths.daily_quantiles(0, &LEVELS));
            black_box(quantiles(&mut made.paths.totals(0, 30), &LEVELS));
            times.push(before.elapsed().as_secs_f64() * 1e3);
        }
        write_times(&mut out, name, &mut times)?;
        all.append(&mut times);
    }
    write_times(&mut out, "all", &mut all)
}

fn write_times(out: &mut impl Write, name: &str, times: &mut [f64]) -> Result<(), Failure> {
    times.sort_by(f64::total_cmp);
    let (least, median, most) = (times[0], times[times.len() / 2], times[times.len() - 1]);
    writeln!(
        out,
        "{name:18} {least:6.2} {median:6.2} {most:6.2} ms a series (least, median, largest)"
    )?;
    Ok(())
}

/// Noise in (0, 1): a multiplicative hash.
fn noise(i: u32) -> f64 {
    let mixed = i.wrapping_mul(2_654_435_761);
    (f64::from(mixed ^ (mixed >> 15)) + 0.5) / 4_294_967_296.0
}
