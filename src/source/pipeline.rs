//! Reading with several threads: one cuts files into blocks, the others parse, and results come
//! back in the order of the input, so that nothing depends on timing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::cost_columns::is_cost_table;
use super::inputs::Input;
use super::line::{Format, read_json};
use super::outcome::{Outcome, Skipped};
use super::reader::{Block, Blocks, Container, LONGEST_LINE, container, open, peek, skip_mark};
use super::tally::Tally;
use super::{Progress, ReadOptions, ReadReport, SourceError, csv, parquet};
use crate::diagnostic::{Location, code};
use crate::usage::UsageRecord;

/// Bytes looked at to tell what a file is.
pub(super) const HEAD: u64 = 64 << 10;
/// Rows of a table handed on together.
const ROWS: usize = 8_192;
/// A whole JSON document must fit in memory; larger logs are written one record a line.
const LARGEST_DOCUMENT: usize = 1 << 30;

/// The records of one block, with what was odd about it.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) records: Vec<UsageRecord>,
    pub(super) report: ReadReport,
}

/// A batch, or nothing but the end of the run on an error, with its place in the order.
type Numbered = (u64, Result<Batch, SourceError>);

/// A block to parse, with its place in the order.
struct Task {
    number: u64,
    file: Arc<str>,
    block: Block,
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
        let cutter =
            Cutter { options, progress, to_workers, done: done.clone(), next: 0, stop: &stop };
        scope.spawn(move || cutter.run(inputs));
        for _ in 0..workers {
            let done = done.clone();
            let tasks = &tasks;
            let stop = &stop;
            scope.spawn(move || work(tasks, &done, stop, options));
        }
        drop(done);
        let collected = collect(&results, &mut sink);
        stop.store(true, Ordering::Relaxed);
        // What is still under way is taken off the channels so that nobody waits for room.
        drop(results);
        collected
    })
    .and_then(|report| check_mapping(report, options))
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
        self.diagnostics.merge(other.diagnostics);
    }
}

fn work(
    tasks: &Mutex<Receiver<Task>>,
    done: &SyncSender<Numbered>,
    stop: &AtomicBool,
    options: &ReadOptions,
) {
    loop {
        let task = match tasks.lock() {
            Ok(receiver) => receiver.recv(),
            Err(_) => return,
        };
        let Ok(task) = task else { return };
        // After an error the rest is taken off the channel unread, so that the cutter never waits.
        if !stop.load(Ordering::Relaxed) {
            let batch = parse_block(&task.block, &task.file, options);
            let _ = done.send((task.number, Ok(batch)));
        }
    }
}

/// The thread that opens files and cuts them up.
struct Cutter<'a> {
    options: &'a ReadOptions,
    progress: &'a Progress,
    to_workers: SyncSender<Task>,
    done: SyncSender<Numbered>,
    next: u64,
    stop: &'a AtomicBool,
}

impl Cutter<'_> {
    fn run(mut self, inputs: &[Input]) {
        for input in inputs {
            if let Err(error) = self.file(input) {
                // A failed send means that nobody listens any more.
                let _ = self.done.send((self.next, Err(error)));
                return;
            }
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    fn send(&mut self, batch: Batch) {
        let number = self.number();
        let _ = self.done.send((number, Ok(batch)));
    }

    fn file(&mut self, input: &Input) -> Result<(), SourceError> {
        let failed = |source| SourceError::Io { file: input.name(), source };
        let stream = open(input, self.progress)?;
        let (head, stream) = peek(stream, HEAD).map_err(failed)?;
        let mut about = Batch::default();
        about.report.files = 1;
        let file: Arc<str> = input.name().into();
        let place = || Some(Location { file: file.to_string(), line: 0 });
        let found = container(&head);
        if found == Container::Empty {
            about.report.diagnostics.add(code::EMPTY_FILE, "files without any content", place());
        }
        let mapping = self.options.mapping.as_ref();
        if let (Container::Delimited, None) = (found, mapping) {
            if is_cost_table(&csv::column_names(&head)) {
                // The costs of a billing export are another view of the same spend, not more of it.
                about.report.files = 0;
                let message =
                    "tables of daily costs hold no usage (`forecast --series` reads them)";
                about.report.diagnostics.add(code::NOT_USAGE, message, place());
            } else {
                about.report.skipped = 1;
                about.report.diagnostics.add(code::UNRECOGNISED_FILE, unrecognised(&head), place());
            }
        }
        self.send(about);
        match found {
            Container::Empty => Ok(()),
            Container::Unsupported(kind) => {
                Err(SourceError::Unsupported { file: input.name(), kind })
            }
            Container::JsonLines => self.lines(stream, &file).map_err(failed),
            Container::JsonDocument => self.document(stream, &file).map_err(failed),
            Container::Delimited => match mapping {
                None => Ok(()),
                Some(mapping) => {
                    let stream = skip_mark(&head, stream).map_err(failed)?;
                    let options = self.options;
                    self.rows(&file, |each| csv::read(stream, &head, input, mapping, options, each))
                }
            },
            Container::Parquet => {
                let options = self.options;
                let (Some(mapping), Input::File(path)) = (mapping, input) else {
                    let kind =
                        "Parquet table (name its columns with --map, and read it from a file)";
                    return Err(SourceError::Unsupported { file: input.name(), kind });
                };
                self.rows(&file, |each| parquet::read(path, mapping, options, each))
            }
        }
    }

    fn lines(&mut self, stream: impl std::io::Read, file: &Arc<str>) -> std::io::Result<()> {
        let mut blocks = Blocks::new(stream);
        while let Some(block) = blocks.next_block()? {
            let task = Task { number: self.number(), file: Arc::clone(file), block };
            if self.stop.load(Ordering::Relaxed) || self.to_workers.send(task).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Reads a document of several lines, or several of them after each other.
    fn document(&mut self, stream: impl std::io::Read, file: &Arc<str>) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        let most = u64::try_from(LARGEST_DOCUMENT).unwrap_or(u64::MAX);
        std::io::Read::read_to_end(&mut std::io::Read::take(stream, most), &mut bytes)?;
        let mut batch = Batch::default();
        let mut tally = Tally::new(file);
        if bytes.len() >= LARGEST_DOCUMENT {
            let message = format!(
                "JSON document of more than {} MiB: write one record a line instead",
                LARGEST_DOCUMENT >> 20
            );
            return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, message));
        }
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        for (line, value) in super::scan::documents(text) {
            match value {
                Ok(value) => {
                    tally.json(line, read_json(value.raw(), self.options), false, &mut batch);
                }
                Err(error) => tally.json(line, Err(error), true, &mut batch),
            }
        }
        tally.finish(&mut batch);
        self.send(batch);
        Ok(())
    }

    fn rows(
        &mut self,
        file: &Arc<str>,
        read: impl FnOnce(&mut dyn FnMut(u64, Outcome)) -> Result<(), SourceError>,
    ) -> Result<(), SourceError> {
        let mut batch = Batch::default();
        let mut tally = Tally::new(file);
        let result = read(&mut |line, outcome| {
            tally.outcome(line, Some(Format::Mapped), outcome, &mut batch);
            if batch.records.len() >= ROWS {
                let full = std::mem::take(&mut batch);
                let number = self.number();
                let _ = self.done.send((number, Ok(full)));
            }
        });
        tally.finish(&mut batch);
        self.send(batch);
        result
    }
}

fn unrecognised(head: &[u8]) -> String {
    let columns = csv::column_names(head);
    if columns.len() < 2 {
        return "files that are neither JSON nor a table".to_owned();
    }
    let mut shown = columns.join(", ");
    if shown.len() > 300 {
        shown = format!("{}...", shown.chars().take(300).collect::<String>());
    }
    format!("tables of no known format (name their columns with --map; they have: {shown})")
}

fn parse_block(block: &Block, file: &str, options: &ReadOptions) -> Batch {
    let mut batch =
        Batch { records: Vec::with_capacity(block.bytes.len() / 600), ..Batch::default() };
    let mut tally = Tally::new(file);
    if block.too_long {
        let message = format!("lines longer than {} MiB", LONGEST_LINE >> 20);
        tally.outcome(
            block.first_line,
            None,
            Err(Skipped::new(code::LINE_TOO_LONG, message)),
            &mut batch,
        );
    }
    let mut start = 0;
    let mut number = block.first_line;
    while start < block.bytes.len() {
        let end = memchr::memchr(b'\n', &block.bytes[start..]).map(|at| start + at);
        let mut line = block.bytes[start..end.unwrap_or(block.bytes.len())].trim_ascii();
        if number == 1 {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if !line.is_empty() {
            let is_cut = end.is_none() && block.unterminated;
            tally.json(number, read_json(line, options), is_cut, &mut batch);
        }
        start = end.unwrap_or(block.bytes.len()) + 1;
        number += 1;
    }
    tally.finish(&mut batch);
    batch
}
