//! Reading with several threads: one cuts files into blocks, the others parse, and results come
//! back in the order of the input, so that nothing depends on timing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::blocks::{Block, LONGEST_LINE, Spares};
use super::csv::Dialect;
use super::cutter::Cutter;
use super::inputs::Input;
use super::line::JsonReader;
use super::outcome::Skipped;
use super::parquet::Slice;
use super::table::Table;
use super::tally::Tally;
use super::{Progress, ReadOptions, ReadReport, SourceError};
use crate::diagnostic::code;
use crate::usage::UsageRecord;

/// The records of one block, with what was odd about it.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) records: Vec<UsageRecord>,
    pub(super) report: ReadReport,
}

/// A batch, or nothing but the end of the run on an error, with its place in the order.
pub(super) type Numbered = (u64, Result<Batch, SourceError>);

/// Something to parse, with its place in the order.
pub(super) struct Task {
    pub(super) number: u64,
    pub(super) file: Arc<str>,
    pub(super) work: Work,
}

/// What a worker parses.
pub(super) enum Work {
    /// Lines of JSON.
    Lines(Block),
    /// Rows of a delimited table.
    Rows(Arc<Table>, Dialect, Block),
    /// Rows of a Parquet table.
    Slice(Arc<Table>, Slice),
}

/// Reads all inputs; `sink` gets every record in the order of the inputs and their lines.
///
/// # Errors
/// The first [`SourceError`] in that order; records before it have been handed on.
pub fn read_all(
    inputs: &[Input],
    options: &ReadOptions,
    progress: &Progress,
    mut sink: impl FnMut(UsageRecord),
) -> Result<ReadReport, SourceError> {
    let workers = options.threads.max(1);
    let (to_workers, tasks) = sync_channel::<Task>(workers * 2);
    let tasks = Mutex::new(tasks);
    let (done, results) = sync_channel::<Numbered>(workers * 2);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let spares = Spares::default();
        let cutter =
            Cutter::new(options, progress, to_workers, done.clone(), spares.clone(), &stop);
        scope.spawn(move || cutter.run(inputs));
        for _ in 0..workers {
            let done = done.clone();
            let tasks = &tasks;
            let stop = &stop;
            let spares = spares.clone();
            scope.spawn(move || work(tasks, &done, &spares, stop, options));
        }
        drop(done);
        let collected = collect(&results, &mut sink);
        stop.store(true, Ordering::Relaxed);
        // What is still under way is taken off the channels so that nobody waits for room.
        drop(results);
        collected
    })
    .and_then(|report| check_mapping(report, options))
    .map(|mut report| {
        let views = std::mem::take(&mut report.views);
        views.note(&mut report.diagnostics);
        report
    })
}

/// Reads bytes in memory as a file of that name would be read.
///
/// # Errors
/// As [`read_all`].
pub fn read_bytes(
    name: &str,
    bytes: &[u8],
    options: &ReadOptions,
) -> Result<(Vec<UsageRecord>, ReadReport), SourceError> {
    let input = Input::Bytes { name: name.to_owned(), bytes: bytes.into() };
    let mut records = Vec::new();
    let report = read_all(&[input], options, &Progress::default(), |record| records.push(record))?;
    Ok((records, report))
}

/// A path that no record has is a slip of the pen: its counts are unknown, not zero.
fn check_mapping(report: ReadReport, options: &ReadOptions) -> Result<ReadReport, SourceError> {
    let never = options.mapping.as_ref().and_then(|mapping| mapping.never_found().next());
    match never {
        // Rows that gave no record have findings of their own.
        Some(column) if report.records > 0 => {
            Err(SourceError::NeverFound { column: column.to_owned() })
        }
        _ => Ok(report),
    }
}

fn collect(
    results: &Receiver<Numbered>,
    sink: &mut impl FnMut(UsageRecord),
) -> Result<ReadReport, SourceError> {
    let mut report = ReadReport::default();
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    for (number, result) in results {
        waiting.insert(number, result);
        while let Some(result) = waiting.remove(&next) {
            next += 1;
            let batch = result?;
            batch.records.into_iter().for_each(&mut *sink);
            report.add(batch.report);
        }
    }
    Ok(report)
}

impl ReadReport {
    fn add(&mut self, other: Self) {
        self.files += other.files;
        self.records += other.records;
        self.skipped += other.skipped;
        for (format, count) in other.formats {
            *self.formats.entry(format).or_default() += count;
        }
        self.views.merge(other.views);
        self.diagnostics.merge(other.diagnostics);
    }
}

fn work(
    tasks: &Mutex<Receiver<Task>>,
    done: &SyncSender<Numbered>,
    spares: &Spares,
    stop: &AtomicBool,
    options: &ReadOptions,
) {
    let mut reader = JsonReader::by_line(options);
    loop {
        let task = match tasks.lock() {
            Ok(receiver) => receiver.recv(),
            Err(_) => return,
        };
        let Ok(task) = task else { return };
        // After an error the rest is taken off the channel unread, so that the cutter never waits.
        if !stop.load(Ordering::Relaxed) {
            let _ = done
                .send((task.number, parse(task.work, &task.file, &mut reader, spares, options)));
        }
    }
}

fn parse(
    work: Work,
    file: &str,
    reader: &mut JsonReader<'_>,
    spares: &Spares,
    options: &ReadOptions,
) -> Result<Batch, SourceError> {
    match work {
        Work::Lines(block) => {
            let batch = parse_block(reader, &block, file, options);
            spares.put(block);
            Ok(batch)
        }
        Work::Rows(table, dialect, block) => {
            let mut reader = table.reader(file, options);
            let batch = reader.part(block.lines(), |each| dialect.rows(&block, each));
            spares.put(block);
            Ok(batch)
        }
        Work::Slice(table, slice) => {
            let mut read = Ok(());
            let batch =
                table.reader(file, options).part(slice.len(), |each| read = slice.rows(each));
            read.map(|()| batch)
        }
    }
}

/// Reads the lines of one block.
pub(super) fn parse_block(
    reader: &mut JsonReader<'_>,
    block: &Block,
    file: &str,
    options: &ReadOptions,
) -> Batch {
    let mut batch =
        Batch { records: Vec::with_capacity(block.text().len() / 600), ..Batch::default() };
    let mut tally = Tally::new(file, options);
    reader.next_batch();
    if block.too_long {
        let message = format!("lines longer than {} MiB", LONGEST_LINE >> 20);
        tally.outcome(
            block.first_line,
            None,
            Err(Skipped::new(code::LINE_TOO_LONG, message)),
            &mut batch,
        );
    }
    let text = block.text();
    let mut start = 0;
    let mut number = block.first_line;
    while start < text.len() {
        let end = memchr::memchr(b'\n', &text[start..]).map(|at| start + at);
        let mut line = text[start..end.unwrap_or(text.len())].trim_ascii();
        if number == 1 {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if !line.is_empty() {
            let is_cut = end.is_none() && block.unterminated;
            tally.json(reader, number, line, is_cut, &mut batch);
        }
        start = end.unwrap_or(text.len()) + 1;
        number += 1;
    }
    tally.finish(&mut batch);
    batch
}
