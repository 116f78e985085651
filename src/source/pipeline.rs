//! Reading with several threads: one cuts files into blocks, the others parse them and hand on the
//! results in the order of the input, so that nothing depends on timing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::blocks::{Block, LONGEST_LINE, Spares};
use super::collector::Collector;
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
use crate::usage::edges::Edges;
use crate::usage::{UsagePart, UsageRecord};

/// How to read, and the edges within which records are summed, where they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run<'o> {
    pub(super) options: &'o ReadOptions,
    pub(super) edges: Option<&'o Edges>,
}

/// The records of one block, each by itself or summed in parts, with what was odd about it.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) records: Vec<UsageRecord>,
    pub(super) parts: Vec<UsagePart>,
    pub(super) report: ReadReport,
}

impl Batch {
    /// Puts what comes later behind it.
    fn add(&mut self, later: Self) {
        self.records.extend(later.records);
        self.parts.extend(later.parts);
        self.report.add(later.report);
    }
}

/// A batch, or nothing but the end of the run on an error, with its place in the order.
pub(super) type Numbered = (u64, Result<Batch, SourceError>);

/// Takes what was read.
pub(super) type Done<'d> = &'d (dyn Fn(Numbered) + Sync);

/// Something to parse, with its place in the order.
pub(super) struct Task {
    pub(super) number: u64,
    pub(super) file: Arc<str>,
    pub(super) work: Work,
}

/// Where what is cut goes, as far as there is room.
pub(super) struct ToWorkers<'a> {
    tasks: SyncSender<Task>,
    /// Takes what was read where it was cut.
    done: Done<'a>,
    /// Waits until little is left that was read.
    wait: &'a (dyn Fn() + Sync),
}

impl ToWorkers<'_> {
    /// Hands on something to parse; false if nobody wants it any more.
    pub(super) fn task(&self, task: Task) -> bool {
        (self.wait)();
        self.tasks.send(task).is_ok()
    }

    /// Hands on what was read already.
    pub(super) fn done(&self, numbered: Numbered) {
        (self.done)(numbered);
        (self.wait)();
    }
}

/// What a worker parses.
pub(super) enum Work {
    /// Lines of JSON.
    Lines(Block),
    /// A whole file of lines of JSON that make sense only after each other.
    InOrder(Vec<Block>),
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
    mut sink: impl FnMut(UsageRecord) + Send,
) -> Result<ReadReport, SourceError> {
    let each = |batch: &mut Batch| batch.records.drain(..).for_each(&mut sink);
    read(inputs, Run { options, edges: None }, progress, each)
}

/// Reads all inputs as [`read_all`] does, and sums records within `edges`: what `sink` gets, one part
/// after the other, makes the same rollup, whose own edges are the same or fewer.
///
/// # Errors
/// As [`read_all`].
pub fn read_sums(
    inputs: &[Input],
    options: &ReadOptions,
    edges: &Edges,
    progress: &Progress,
    mut sink: impl FnMut(UsagePart) + Send,
) -> Result<ReadReport, SourceError> {
    let each = |batch: &mut Batch| batch.parts.drain(..).for_each(&mut sink);
    read(inputs, Run { options, edges: Some(edges) }, progress, each)
}

fn read(
    inputs: &[Input],
    run: Run<'_>,
    progress: &Progress,
    sink: impl FnMut(&mut Batch) + Send,
) -> Result<ReadReport, SourceError> {
    let options = run.options;
    let workers = options.threads.max(1);
    let (to_workers, tasks) = sync_channel::<Task>(workers * 2);
    // Of the workers: when the last one is gone, nobody waits to hand it a task.
    let tasks = Arc::new(Mutex::new(tasks));
    let stop = AtomicBool::new(false);
    let collector = Collector::new(sink, workers * 4, &stop);
    let put = |numbered: Numbered| collector.put(numbered);
    let leave = |numbered: Numbered| collector.leave(numbered);
    let spares = Spares::default();
    let wait = || collector.wait();
    thread::scope(|scope| {
        let (collector, spares, stop) = (&collector, &spares, &stop);
        let to_workers = ToWorkers { tasks: to_workers, done: &leave, wait: &wait };
        let cutter = Cutter::new(run, progress, to_workers, spares.clone(), stop);
        scope.spawn(|| {
            let _guard = collector.guard();
            cutter.run(inputs);
        });
        for _ in 1..workers {
            let (tasks, leave) = (Arc::clone(&tasks), &leave);
            scope.spawn(move || {
                let _guard = collector.guard();
                work(&tasks, leave, spares, stop, run);
            });
        }
        let (_guard, tasks) = (collector.guard(), tasks);
        work(&tasks, &put, spares, stop, run);
    });
    let report = collector.finish();
    report.and_then(|report| check_mapping(report, options)).map(|mut report| {
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

fn work(
    tasks: &Mutex<Receiver<Task>>,
    done: Done<'_>,
    spares: &Spares,
    stop: &AtomicBool,
    run: Run<'_>,
) {
    let mut reader = JsonReader::by_line(run.options);
    loop {
        let task = match tasks.lock() {
            Ok(receiver) => receiver.recv(),
            Err(_) => return,
        };
        let Ok(task) = task else { return };
        // After an error the rest is taken off the channel unread, so that the cutter never waits.
        if !stop.load(Ordering::Relaxed) {
            done((task.number, parse(task.work, &task.file, &mut reader, spares, run)));
        }
    }
}

fn parse(
    work: Work,
    file: &str,
    reader: &mut JsonReader<'_>,
    spares: &Spares,
    run: Run<'_>,
) -> Result<Batch, SourceError> {
    match work {
        Work::Lines(block) => {
            let batch = parse_block(reader, &block, file, run);
            spares.put(block);
            Ok(batch)
        }
        Work::InOrder(blocks) => {
            let mut reader = JsonReader::in_order(run.options);
            let mut whole = Batch::default();
            for block in blocks {
                whole.add(parse_block(&mut reader, &block, file, run));
                spares.put(block);
            }
            whole.add(rest_of(reader, file, run));
            Ok(whole)
        }
        Work::Rows(table, dialect, block) => {
            let mut reader = table.reader(file, run);
            let batch = reader.part(block.lines(), |each| dialect.rows(&block, each));
            spares.put(block);
            Ok(batch)
        }
        Work::Slice(table, slice) => table.reader(file, run).slice(&slice),
    }
}

/// Reads the lines of one block.
pub(super) fn parse_block(
    reader: &mut JsonReader<'_>,
    block: &Block,
    file: &str,
    run: Run<'_>,
) -> Batch {
    let mut batch = Batch::default();
    let mut tally = Tally::new(file, run);
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
    let ends = memchr::memchr_iter(b'\n', text).chain(std::iter::once(text.len()));
    for (number, end) in (block.first_line..).zip(ends) {
        let mut line = text[start..end].trim_ascii();
        if number == 1 {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if !line.is_empty() {
            let is_cut = end == text.len() && block.unterminated;
            tally.json(reader, number, line, is_cut, &mut batch);
        }
        start = end + 1;
    }
    tally.finish(&mut batch);
    batch
}

/// What a reader of a file in its order held back until the end.
pub(super) fn rest_of(mut reader: JsonReader<'_>, file: &str, run: Run<'_>) -> Batch {
    let mut batch = Batch::default();
    let mut tally = Tally::new(file, run);
    reader.finish(&mut |line, format, outcome| tally.outcome(line, format, outcome, &mut batch));
    tally.finish(&mut batch);
    batch
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A session whose counts say nothing without the model before them, about as long as asked,
    /// with a line that is no JSON and one that the end cuts.
    fn session(number: u64, filler: usize) -> Input {
        let model = format!(
            r#"{{"timestamp":"2026-10-01T10:00:00Z","type":"turn_context","payload":{{"model":"m-{number}"}}}}"#
        );
        let filler = format!(
            r#"{{"timestamp":"2026-10-01T10:00:00Z","type":"response_item","payload":{{"text":"{}"}}}}"#,
            "x".repeat(filler / 40)
        );
        let mut lines = vec![model, "{no json}".to_owned()];
        for turn in 1..=40 {
            let counts =
                format!(r#"{{"input_tokens":{},"output_tokens":{turn}}}"#, number + 10 * turn);
            lines.push(filler.clone());
            lines.push(format!(
                r#"{{"timestamp":"2026-10-01T10:{turn:02}:00Z","type":"event_msg","payload":{{"type":"token_count","info":{{"total_token_usage":{counts}}}}}}}"#
            ));
        }
        lines.push("{\"timestamp\":".to_owned());
        Input::Bytes { name: format!("{number}.jsonl"), bytes: lines.join("\n").as_bytes().into() }
    }

    /// All that reading gives, in words: models and counts of the records, and the report.
    fn read(inputs: &[Input], threads: usize) -> (Vec<String>, String) {
        let options = ReadOptions { threads, ..ReadOptions::default() };
        let mut records = Vec::new();
        let report = read_all(inputs, &options, &Progress::default(), |record| {
            records.push(format!("{} {:?} {:?}", record.sku.model, record.time, record.components));
        });
        (records, format!("{:?}", report.unwrap()))
    }

    #[test]
    fn sessions_read_side_by_side_come_in_their_order() {
        let sizes = [1_000, 700_000, 3_000_000, 1_000, 20_000];
        let inputs: Vec<Input> =
            (1..).zip(sizes.repeat(4)).map(|(number, size)| session(number, size)).collect();
        let one = read(&inputs, 1);
        assert_eq!(one.0.len(), 20 * 40);
        let in_order =
            |(at, record): (usize, &String)| record.starts_with(&format!("m-{} ", at / 40 + 1));
        assert!(one.0.iter().enumerate().all(in_order));
        assert_eq!(read(&inputs, 4), one);
    }

    #[test]
    fn a_session_says_the_same_as_one_task_and_by_the_block() {
        let read = |filler| read(&[session(7, filler)], 2);
        assert_eq!(read(400_000), read(4_000_000));
    }

    /// Runs something that may hang, for no longer than a while.
    fn in_time<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> thread::Result<T> {
        let (done, result) = sync_channel(1);
        thread::spawn(move || {
            let run = std::panic::AssertUnwindSafe(run);
            done.send(std::panic::catch_unwind(run)).unwrap();
        });
        result.recv_timeout(std::time::Duration::from_secs(60)).expect("it ends")
    }

    #[test]
    fn much_that_is_read_where_it_is_cut_waits_for_what_is_before_it() {
        for threads in [1, 2, 4] {
            let small = |number| Input::Bytes {
                name: format!("{number}.json"),
                bytes: if number % 2 == 0 { b"{\n \"a\": 1\n}\n".as_slice() } else { b"" }.into(),
            };
            let line = r#"{"id":"i","created":1790000000,"model":"m","usage":{"prompt_tokens":1}}"#;
            let large = format!("{line}\n").repeat(30_000 * threads);
            let large = Input::Bytes { name: "large.jsonl".into(), bytes: large.as_bytes().into() };
            let inputs: Vec<Input> = std::iter::once(large).chain((0..80).map(small)).collect();
            let options = ReadOptions { threads, ..ReadOptions::default() };
            let report =
                in_time(move || read_all(&inputs, &options, &Progress::default(), |_| {}).unwrap());
            let report = report.unwrap();
            assert_eq!((report.files, report.records), (81, 30_000 * threads as u64));
        }
    }

    #[test]
    fn a_panic_of_the_sink_comes_out() {
        for threads in [1, 3] {
            let inputs: Vec<Input> = (0..40).map(|number| session(number, 300_000)).collect();
            let options = ReadOptions { threads, ..ReadOptions::default() };
            let panics = in_time(move || {
                read_all(&inputs, &options, &Progress::default(), |_| panic!("on purpose"))
            });
            assert!(panics.is_err());
        }
    }

    #[test]
    fn records_before_an_error_come_first() {
        let gone = Input::File("no-such-file.jsonl".into());
        let options = ReadOptions { threads: 4, ..ReadOptions::default() };
        let mut count = 0;
        let inputs = [session(1, 1_000), session(2, 700_000), gone];
        let read = read_all(&inputs, &options, &Progress::default(), |_| count += 1);
        assert!(matches!(read, Err(SourceError::Io { .. })) && count == 2 * 40);
    }
}
