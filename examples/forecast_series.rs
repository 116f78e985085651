//! Forecasts any regular series with the engine of `tokencast forecast`.
//!
//! Reads CSV with the columns `unique_id`, `step` and `y` (`unique_id`, `ds`, `y` is the same) and
//! writes `unique_id,step,mean,lo80,hi80,lo95,hi95`: `mean` is the point forecast, the median of
//! the paths, of each future step 1 to H.
//!
//! ```text
//! cargo run --release --example forecast_series -- --horizon 13 --season 1 weekly.csv
//! ```
//!
//! A step is a whole number, a date (one step a day) or a date with a time (one step an hour, or
//! the least distance found). Rows may come in any order. A step without a row, or with an empty
//! value, is unknown. Values are quantities: a negative one is an error.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail, ensure};
use chrono::{NaiveDate, NaiveDateTime};
use clap::Parser;
use tokencast::forecast::{ForecastOptions, forecast, quantiles};
use tokencast::series::DailySeries;

/// Levels of the columns: lo95, lo80, mean, hi80, hi95.
const LEVELS: [f64; 5] = [0.025, 0.1, 0.5, 0.9, 0.975];
/// Days whose mean is the run rate that budgets are multiples of.
const RUN_RATE: usize = 28;
/// A gap of more steps than this is an error in the steps, not unknown values.
const LONGEST: i64 = 100_000;

#[derive(Parser)]
#[command(about = "Forecast series from a CSV of unique_id,step,y")]
struct Args {
    /// The CSV file; standard input without one.
    input: Option<PathBuf>,
    /// Steps to forecast.
    #[arg(long, value_name = "H")]
    horizon: usize,
    /// Steps of the season: 7 for days, 24 for hours, 12 for months; 1 for none.
    #[arg(long, value_name = "M")]
    season: usize,
    /// Seed of all random choices.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Sample paths.
    #[arg(long, default_value_t = 2000)]
    paths: usize,
    /// Write to this file, whole or not at all, instead of to standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Threads; the output does not depend on it.
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    /// Add a row with the step `total`: the sum over the horizon.
    #[arg(long)]
    totals: bool,
    /// Write to this file the probability of exceeding budgets: multiples of the horizon times the
    /// mean of the last 28 values.
    #[arg(long, value_name = "FILE")]
    budgets: Option<PathBuf>,
    /// The multiples.
    #[arg(long, value_delimiter = ',', default_value = "0.6,0.8,1,1.2,1.5,2")]
    budget_multiples: Vec<f64>,
}

/// What is written for one series.
#[derive(Default)]
struct Rows {
    forecast: Vec<u8>,
    budgets: Vec<u8>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let source: Box<dyn Read> = match &args.input {
        Some(path) => Box::new(File::open(path).with_context(|| path.display().to_string())?),
        None => Box::new(std::io::stdin().lock()),
    };
    let series: Vec<(String, Vec<Option<f64>>)> = read(source)?.into_iter().collect();
    let options = ForecastOptions {
        horizon_days: args.horizon,
        season_length: args.season,
        seed: args.seed,
        paths: args.paths,
        ..ForecastOptions::default()
    };
    let threads = args.threads.or_else(|| std::thread::available_parallelism().ok());
    let threads = threads.map_or(1, NonZeroUsize::get).min(series.len().max(1));
    let rows = forecast_all(&series, &options, &args, threads)?;
    let header = "unique_id,step,mean,lo80,hi80,lo95,hi95\n";
    let forecasts = rows.iter().map(|r| &r.forecast[..]);
    match &args.out {
        Some(path) => write_whole(path, header, forecasts)?,
        None => write_to(std::io::stdout().lock(), header, forecasts)?,
    }
    if let Some(path) = &args.budgets {
        write_whole(path, "unique_id,budget,p\n", rows.iter().map(|r| &r.budgets[..]))?;
    }
    Ok(())
}

/// Series by identifier, each from its first to its last step.
fn read(source: impl Read) -> Result<BTreeMap<String, Vec<Option<f64>>>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(source);
    let header = reader.headers()?.clone();
    let column = |names: &[&str]| {
        let found = header.iter().position(|name| names.contains(&name));
        found.with_context(|| format!("no column `{}` in `{}`", names[0], join(&header)))
    };
    let (id, step, y) = (column(&["unique_id"])?, column(&["step", "ds"])?, column(&["y"])?);
    let mut rows: BTreeMap<String, BTreeMap<i64, Option<f64>>> = BTreeMap::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let at = parse_step(cell(step)).with_context(|| format!("line {line}"))?;
        let value = parse_value(cell(y)).with_context(|| format!("line {line}"))?;
        let series = rows.entry(cell(id).to_owned()).or_default();
        ensure!(series.insert(at, value).is_none(), "line {line}: step `{}` again", cell(step));
    }
    rows.into_iter().map(|(id, steps)| Ok((id.clone(), regular(&id, &steps)?))).collect()
}

fn join(header: &csv::StringRecord) -> String {
    header.iter().collect::<Vec<_>>().join(",")
}

/// A step as a number: itself, or the seconds of a date.
fn parse_step(text: &str) -> Result<i64> {
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    let time = text.parse::<NaiveDate>().ok().and_then(|day| day.and_hms_opt(0, 0, 0));
    let formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    let plain = text.strip_suffix('Z').unwrap_or(text);
    let parsed = formats.iter().find_map(|f| NaiveDateTime::parse_from_str(plain, f).ok());
    let time = time.or(parsed);
    time.map(|t| t.and_utc().timestamp()).with_context(|| {
        format!("step `{text}` is neither a whole number nor a date such as 2026-11-20")
    })
}

/// A value, or `None` for an unknown one.
fn parse_value(text: &str) -> Result<Option<f64>> {
    if text.is_empty() || text.eq_ignore_ascii_case("nan") {
        return Ok(None);
    }
    let value: f64 = text.parse().with_context(|| format!("`{text}` is no number"))?;
    ensure!(value.is_finite() && value >= 0.0, "{value} is no quantity: expected a number from 0");
    Ok(Some(value))
}

/// The values at equal distances: the least distance between two steps.
fn regular(id: &str, steps: &BTreeMap<i64, Option<f64>>) -> Result<Vec<Option<f64>>> {
    let keys: Vec<i64> = steps.keys().copied().collect();
    let unit = keys.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(1);
    let mut values = Vec::with_capacity(keys.len());
    let mut last = None;
    for (step, value) in steps {
        if let Some(last) = last {
            let distance: i64 = step - last;
            ensure!(distance % unit == 0, "series `{id}`: steps are not at equal distances");
            let missing = distance / unit - 1;
            ensure!(missing <= LONGEST, "series `{id}`: a gap of {missing} steps");
            values.extend((0..missing).map(|_| None));
        }
        values.push(*value);
        last = Some(*step);
    }
    Ok(values)
}

/// Forecasts every series by itself; threads take the next one when they are done with one.
fn forecast_all(
    series: &[(String, Vec<Option<f64>>)],
    options: &ForecastOptions,
    args: &Args,
    threads: usize,
) -> Result<Vec<Rows>> {
    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<usize, Result<Rows>>> = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some((id, values)) = series.get(at) else { break };
                    let rows = forecast_one(id, values, options, args);
                    if let Ok(mut done) = done.lock() {
                        done.insert(at, rows);
                    }
                }
            });
        }
    });
    let done = done.into_inner().unwrap_or_default();
    ensure!(done.len() == series.len(), "a thread stopped");
    done.into_values().collect()
}

fn forecast_one(
    id: &str,
    values: &[Option<f64>],
    options: &ForecastOptions,
    args: &Args,
) -> Result<Rows> {
    // Steps are treated as days; any Monday will do for the first.
    let start = NaiveDate::from_ymd_opt(1900, 1, 1).context("first day")?;
    let series = DailySeries { start, values: values.to_vec() };
    let made = forecast(&[series], options).with_context(|| format!("series `{id}`"))?;
    let mut rows = Rows::default();
    for (step, q) in (1..).zip(made.paths.daily_quantiles(0, &LEVELS)) {
        line(&mut rows.forecast, id, &step, &[q[2], q[1], q[3], q[0], q[4]])?;
    }
    let mut totals = made.paths.totals(0, options.horizon_days);
    if args.totals {
        let q = quantiles(&mut totals, &LEVELS);
        line(&mut rows.forecast, id, &"total", &[q[2], q[1], q[3], q[0], q[4]])?;
    }
    let recent: Vec<f64> = values.iter().rev().take(RUN_RATE).flatten().copied().collect();
    if args.budgets.is_some() && !recent.is_empty() {
        let run_rate = recent.iter().sum::<f64>() / as_number(recent.len())?;
        for multiple in &args.budget_multiples {
            let budget = multiple * run_rate * as_number(options.horizon_days)?;
            let over = totals.iter().filter(|total| **total > budget).count();
            let p = as_number(over)? / as_number(totals.len())?;
            line(&mut rows.budgets, id, &budget, &[p])?;
        }
    }
    Ok(rows)
}

fn as_number(n: usize) -> Result<f64> {
    Ok(f64::from(u32::try_from(n)?))
}

/// Appends a line; the identifier is quoted where CSV asks for it.
fn line(
    out: &mut Vec<u8>,
    id: &str,
    second: &dyn std::fmt::Display,
    numbers: &[f64],
) -> Result<()> {
    if id.contains([',', '"', '\n', '\r']) {
        write!(out, "\"{}\"", id.replace('"', "\"\""))?;
    } else {
        write!(out, "{id}")?;
    }
    write!(out, ",{second}")?;
    for number in numbers {
        write!(out, ",{number}")?;
    }
    writeln!(out)?;
    Ok(())
}

/// Writes a temporary file beside the target and renames it.
fn write_whole<'a>(
    path: &PathBuf,
    header: &str,
    parts: impl Iterator<Item = &'a [u8]>,
) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => std::path::Path::new("."),
    };
    let file = tempfile::NamedTempFile::new_in(folder)?;
    write_to(file.as_file(), header, parts)?;
    if let Err(error) = file.persist(path) {
        bail!("{}: {error}", path.display());
    }
    Ok(())
}

fn write_to<'a>(
    out: impl Write,
    header: &str,
    parts: impl Iterator<Item = &'a [u8]>,
) -> Result<()> {
    let mut out = BufWriter::new(out);
    out.write_all(header.as_bytes())?;
    for part in parts {
        out.write_all(part)?;
    }
    out.flush()?;
    Ok(())
}
