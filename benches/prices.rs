//! What prices cost in time: `cargo bench --bench prices`.
//!
//! Loading all bundled books, as every run does, and the share of rating in a `cost` run over
//! 1,000,000 records of 50 models, from the file to the summary. Medians of several runs.

use std::io::Write;
use std::time::{Duration, Instant};

use tokencast::period::{Calendar, Grain, Period, Timestamp};
use tokencast::price_book::PriceBook;
use tokencast::rating::summary;
use tokencast::rollup::{Edges, RollupBuilder};
use tokencast::source::{Input, Progress, ReadOptions, read_all};

const RECORDS: u64 = 1_000_000;
const MODELS: usize = 50;

type Failure = Box<dyn std::error::Error>;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let mut loads = Vec::new();
    for _ in 0..21 {
        let start = Instant::now();
        PriceBook::bundled()?;
        loads.push(start.elapsed());
    }
    let (book, _) = PriceBook::bundled()?;
    let models = book.models().count();
    writeln!(
        out,
        "load {models} models of all books: {:?} (first {:?})",
        median(loads.clone()),
        loads[0]
    )?;

    let file = tempfile::NamedTempFile::new()?;
    write_log(&book, file.as_file())?;
    let mut reading = Vec::new();
    let mut rating = Vec::new();
    for _ in 0..5 {
        let (read, rate) = cost(&book, file.path())?;
        reading.push(read);
        rating.push(rate);
    }
    let (read, rate) = (median(reading), median(rating));
    let share = 100.0 * rate.as_secs_f64() / (read + rate).as_secs_f64();
    writeln!(
        out,
        "cost of {RECORDS} records over {MODELS} models: read and roll up {read:?}, rate and sum {rate:?} ({share:.1} %)"
    )?;
    Ok(())
}

/// A log in our own format over the models that have a standard price for input and output.
fn write_log(book: &PriceBook, file: &std::fs::File) -> Result<(), Failure> {
    let names: Vec<(&str, &str)> = book
        .models()
        .filter(|m| matches!(m.provider.as_str(), "openai" | "anthropic" | "gcp.gemini"))
        .map(|m| (m.provider.as_str(), m.id.as_str()))
        .take(MODELS)
        .collect();
    let mut out = std::io::BufWriter::new(file);
    let start = Timestamp::parse("2026-08-01")?.nanos();
    for record in 0..RECORDS {
        let (provider, model) = names[usize::try_from(record)? % names.len()];
        let time = Timestamp::from_nanos(start + i64::try_from(record)? * 7_776_000_000);
        writeln!(
            out,
            r#"{{"time":"{time}","provider":"{provider}","model":"{model}","request_id":"{record}","components":{{"input.uncached":{},"output":{}}}}}"#,
            1_000 + record % 977,
            100 + record % 89
        )?;
    }
    Ok(out.flush()?)
}

fn cost(book: &PriceBook, path: &std::path::Path) -> Result<(Duration, Duration), Failure> {
    let span = Period::new(Timestamp::parse("2022-01-01")?, Timestamp::parse("2032-01-01")?)?;
    let edges =
        Edges { grain: Grain::Hour, context: book.context_edges(), times: book.time_edges(span) };
    let threads = std::thread::available_parallelism()?.get();
    let options = ReadOptions { threads, ..ReadOptions::default() };
    let start = Instant::now();
    let mut builder = RollupBuilder::new(edges);
    let mut failed = None;
    read_all(&[Input::File(path.to_owned())], &options, &Progress::default(), |record| {
        failed = builder.add(record).err();
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    let rollup = builder.finish();
    let read = start.elapsed();
    let start = Instant::now();
    let dimensions = ["provider".parse()?, "model".parse()?];
    summary::summarise(&rollup, book, None, &dimensions, &Calendar::UTC)?;
    Ok((read, start.elapsed()))
}
