//! The thread that opens files, tells what they are, and cuts them up for the workers.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::archive::{self, Member};
use super::blocks::{Blocks, Spares};
use super::cost_columns::is_cost_table;
use super::csv::{self, Dialect};
use super::format::Format;
use super::inputs::Input;
use super::line::{JsonReader, needs_order};
use super::outcome::Outcome;
use super::pipeline::{Batch, Run, Task, ToWorkers, Work, parse_block, rest_of};
use super::reader::{Container, Opened, Stream, container, open, peek, skip_mark};
use super::table::Table;
use super::tally::Tally;
use super::{Progress, SourceError, database, parquet};
use crate::diagnostic::{Code, Location, code};

/// Bytes looked at to tell what a file is.
pub(super) const HEAD: u64 = 64 << 10;
/// Records of a database handed on together.
const ROWS: usize = 8_192;
/// Bytes of a file read in its order up to which a worker gets the whole of it.
const SMALL: usize = 2 << 20;
/// A whole JSON document must fit in memory; larger logs are written one record a line.
const LARGEST_DOCUMENT: usize = 1 << 30;

/// Where bytes come from.
struct Place<'i> {
    /// The name shown in messages.
    file: Arc<str>,
    /// The input, where the bytes are as it holds them.
    lies_open: Option<&'i Input>,
    /// True for a member of an archive.
    is_member: bool,
}

impl Place<'_> {
    fn whole(&self) -> Option<Location> {
        Some(Location { file: self.file.to_string(), line: 0 })
    }
}

/// Opens files and cuts them up.
pub(super) struct Cutter<'a> {
    run: Run<'a>,
    progress: &'a Progress,
    to_workers: ToWorkers<'a>,
    spares: Spares,
    next: u64,
    stop: &'a AtomicBool,
}

impl<'a> Cutter<'a> {
    pub(super) fn new(
        run: Run<'a>,
        progress: &'a Progress,
        to_workers: ToWorkers<'a>,
        spares: Spares,
        stop: &'a AtomicBool,
    ) -> Self {
        Self { run, progress, to_workers, spares, next: 0, stop }
    }

    pub(super) fn run(mut self, inputs: &[Input]) {
        for input in inputs {
            if let Err(error) = self.file(input) {
                self.to_workers.done((self.next, Err(error)));
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
        self.to_workers.done((number, Ok(batch)));
    }

    fn file(&mut self, input: &Input) -> Result<(), SourceError> {
        let opened = open(input, self.progress)?;
        let lies_open = opened.layers.is_empty().then_some(input);
        self.opened(opened, &Place { file: input.name().into(), lies_open, is_member: false })
    }

    fn opened(&mut self, opened: Opened<'_>, place: &Place<'_>) -> Result<(), SourceError> {
        let failed = |source| SourceError::Io { file: place.file.to_string(), source };
        let (head, stream) = peek(opened.stream, HEAD).map_err(failed)?;
        let mut about = Batch::default();
        let file = &place.file;
        let found = container(&head);
        let names = if found == Container::Delimited { csv::column_names(&head) } else { vec![] };
        // The costs of a billing export are another view of the same spend, not more of it.
        let is_costs = self.run.options.mapping.is_none()
            && is_cost_table(&names)
            && Table::of(&names, file, self.run.options)?.is_none();
        about.report.files = u64::from(!is_costs && found != Container::Zip);
        if found == Container::Empty {
            about.report.diagnostics.add(
                code::EMPTY_FILE,
                "files without any content",
                place.whole(),
            );
        }
        self.send(about);
        match found {
            Container::Empty => Ok(()),
            Container::Unsupported(kind) => self.refuse(kind, place),
            Container::JsonLines if needs_order(&head, self.run.options) => {
                self.lines_in_order(stream, file).map_err(failed)
            }
            Container::JsonLines => self.lines(stream, file).map_err(failed),
            Container::JsonDocument => self.document(stream, file).map_err(failed),
            Container::Delimited => self.delimited(stream, &head, &names, file),
            Container::Parquet => match place.lies_open {
                Some(Input::File(path)) => self.parquet(path, file),
                Some(_) => self.refuse("Parquet table (read it from a file)", place),
                None => self.refuse("packed Parquet table (unpack it first)", place),
            },
            Container::Sqlite => match place.lies_open {
                Some(Input::File(path)) => self.database(path, file),
                Some(_) => self.refuse("SQLite database (read it from a file)", place),
                None => self.refuse("packed SQLite database (unpack it first)", place),
            },
            Container::Zip => match place.lies_open {
                Some(input) => self.archive(input),
                None => self.refuse("zip archive inside of another (unpack it first)", place),
            },
        }?;
        if let Some(reason) = opened.cut.reason() {
            let message = format!(
                "packed files that end early or are damaged ({reason}); what came before is counted"
            );
            self.note(code::TRUNCATED_FILE, message, place);
        }
        Ok(())
    }

    /// Reads every member of an archive.
    fn archive(&mut self, archive: &Input) -> Result<(), SourceError> {
        let progress = self.progress;
        let whole = Place { file: archive.name().into(), lies_open: None, is_member: false };
        archive::each_member(archive, progress, |member| {
            match member {
                Member::File(name, opened) => {
                    let place = Place { file: name.into(), lies_open: None, is_member: true };
                    self.opened(opened, &place)?;
                }
                Member::Unreadable(name, reason) => {
                    let place = Place { file: name.into(), lies_open: None, is_member: true };
                    let message = format!("members of archives that cannot be read ({reason})");
                    self.note(code::UNRECOGNISED_FILE, message, &place);
                }
                Member::Broken(_, reason) => {
                    let message = format!("zip archives without a whole directory ({reason})");
                    self.note(code::TRUNCATED_FILE, message, &whole);
                }
            }
            Ok(())
        })
    }

    /// A finding about a whole file, part of which is not read.
    fn note(&mut self, code: Code, message: String, place: &Place<'_>) {
        let mut batch = Batch::default();
        batch.report.skipped = 1;
        batch.report.diagnostics.add(code, message, place.whole());
        self.send(batch);
    }

    /// A file that the user named must be read; an archive may hold what is no log.
    fn refuse(&mut self, kind: &'static str, place: &Place<'_>) -> Result<(), SourceError> {
        if !place.is_member {
            return Err(SourceError::Unsupported { file: place.file.to_string(), kind });
        }
        let message = format!("members of archives that are not read: {kind}");
        self.note(code::UNRECOGNISED_FILE, message, place);
        Ok(())
    }

    fn lines(&mut self, stream: impl Read, file: &Arc<str>) -> io::Result<()> {
        let mut blocks = Blocks::new(stream, self.spares.clone());
        while let Some(block) = blocks.next_block()? {
            if !self.hand_on(file, Work::Lines(block)) {
                break;
            }
        }
        Ok(())
    }

    /// Hands work on to the workers; false if nobody wants it any more.
    fn hand_on(&mut self, file: &Arc<str>, work: Work) -> bool {
        let task = Task { number: self.number(), file: Arc::clone(file), work };
        !self.stop.load(Ordering::Relaxed) && self.to_workers.task(task)
    }

    /// Reads lines that make sense only after each other: those of a small file as one task, so
    /// that files are read side by side, and those of a larger one here, a block at a time.
    fn lines_in_order(&mut self, stream: impl Read, file: &Arc<str>) -> io::Result<()> {
        let run = self.run;
        let mut blocks = Blocks::new(stream, self.spares.clone());
        let (mut begun, mut bytes, mut failed) = (Vec::new(), 0, None);
        while bytes <= SMALL && failed.is_none() {
            match blocks.next_block() {
                Ok(Some(block)) => {
                    bytes += block.text().len();
                    begun.push(block);
                }
                Ok(None) => {
                    self.hand_on(file, Work::InOrder(begun));
                    return Ok(());
                }
                // What came before it is handed on first.
                Err(error) => failed = Some(error),
            }
        }
        let begun = begun.into_iter().map(Ok).chain(failed.map(Err));
        let mut reader = JsonReader::in_order(run.options);
        for block in begun.chain(std::iter::from_fn(|| blocks.next_block().transpose())) {
            let block = block?;
            let batch = parse_block(&mut reader, &block, file, run);
            self.spares.put(block);
            self.send(batch);
            if self.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
        }
        self.send(rest_of(reader, file, run));
        Ok(())
    }

    /// Reads a document of several lines, or several of them after each other.
    fn document(&mut self, stream: impl Read, file: &Arc<str>) -> io::Result<()> {
        let mut bytes = Vec::new();
        let most = u64::try_from(LARGEST_DOCUMENT).unwrap_or(u64::MAX);
        stream.take(most).read_to_end(&mut bytes)?;
        let mut batch = Batch::default();
        let mut tally = Tally::new(file, self.run);
        if bytes.len() >= LARGEST_DOCUMENT {
            let message = format!(
                "JSON document of more than {} MiB: write one record a line instead",
                LARGEST_DOCUMENT >> 20
            );
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        let mut reader = JsonReader::in_order(self.run.options);
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        for (line, value) in super::scan::documents(text) {
            match value {
                Ok(value) => tally.json(&mut reader, line, value.raw(), false, &mut batch),
                Err(error) => tally.not_json(line, error, true, &mut batch),
            }
        }
        tally.finish(&mut batch);
        self.send(batch);
        self.send(rest_of(reader, file, self.run));
        Ok(())
    }

    fn delimited(
        &mut self,
        stream: Stream<'_>,
        head: &[u8],
        names: &[String],
        file: &Arc<str>,
    ) -> Result<(), SourceError> {
        let failed = |source| SourceError::Io { file: file.to_string(), source };
        let Some(table) = Table::of(names, file, self.run.options)? else {
            self.send(unknown_table(names, file));
            return Ok(());
        };
        let dialect = Dialect::of(head);
        let stream = skip_mark(head, stream).map_err(failed)?;
        let mut blocks = Blocks::of_rows(stream, self.spares.clone(), dialect.delimiter);
        if table.needs_order() {
            let mut reader = table.reader(file, self.run);
            while let Some(block) = blocks.next_block().map_err(failed)? {
                let batch = reader.part(block.lines(), |each| dialect.rows(&block, each));
                self.spares.put(block);
                self.send(batch);
                if self.stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
            }
            self.send(reader.rest());
            return Ok(());
        }
        let table = Arc::new(table);
        while let Some(block) = blocks.next_block().map_err(failed)? {
            if !self.hand_on(file, Work::Rows(Arc::clone(&table), dialect, block)) {
                break;
            }
        }
        Ok(())
    }

    fn parquet(&mut self, path: &Path, file: &Arc<str>) -> Result<(), SourceError> {
        let names = parquet::column_names(path)?;
        let Some(table) = Table::of(&names, file, self.run.options)? else {
            self.send(unknown_table(&names, file));
            return Ok(());
        };
        if table.needs_order() {
            let mut reader = table.reader(file, self.run);
            parquet::slices(path, table.wanted(), |slice| {
                let batch = reader.slice(&slice)?;
                self.send(batch);
                Ok(!self.stop.load(Ordering::Relaxed))
            })?;
            self.send(reader.rest());
            return Ok(());
        }
        let table = Arc::new(table);
        parquet::slices(path, table.wanted(), |slice| {
            Ok(self.hand_on(file, Work::Slice(Arc::clone(&table), slice)))
        })
    }

    fn database(&mut self, path: &Path, file: &Arc<str>) -> Result<(), SourceError> {
        let options = self.run.options;
        let opened = database::Database::open(path)?;
        let ways = opened.ways(options)?;
        if ways.is_empty() {
            let place = Some(Location { file: file.to_string(), line: 0 });
            let mut batch = Batch::default();
            batch.report.skipped = 1;
            let message = "SQLite databases of no known format";
            batch.report.diagnostics.add(code::UNRECOGNISED_FILE, message, place);
            self.send(batch);
        }
        for (format, reads) in ways {
            self.rows(file, format, |each| opened.read(reads, options, each))?;
        }
        Ok(())
    }

    fn rows(
        &mut self,
        file: &Arc<str>,
        format: Format,
        read: impl FnOnce(&mut dyn FnMut(u64, Outcome)) -> Result<(), SourceError>,
    ) -> Result<(), SourceError> {
        let mut batch = Batch::default();
        let mut tally = Tally::new(file, self.run);
        let result = read(&mut |line, outcome| {
            tally.outcome(line, Some(format), outcome, &mut batch);
            if batch.records.len() >= ROWS || !batch.parts.is_empty() {
                let full = std::mem::take(&mut batch);
                let number = self.number();
                self.to_workers.done((number, Ok(full)));
            }
        });
        tally.finish(&mut batch);
        self.send(batch);
        result
    }
}

/// A table that no format and no mapping reads.
fn unknown_table(names: &[String], file: &Arc<str>) -> Batch {
    let mut batch = Batch::default();
    let place = Some(Location { file: file.to_string(), line: 0 });
    if is_cost_table(names) {
        let message = "tables of daily costs hold no usage (`forecast --series` reads them)";
        batch.report.diagnostics.add(code::NOT_USAGE, message, place);
    } else {
        batch.report.skipped = 1;
        batch.report.diagnostics.add(code::UNRECOGNISED_FILE, unrecognised(names), place);
    }
    batch
}

fn unrecognised(columns: &[String]) -> String {
    if columns.len() < 2 {
        return "files that are neither JSON nor a table".to_owned();
    }
    let mut shown = columns.join(", ");
    if shown.len() > 300 {
        shown = format!("{}...", shown.chars().take(300).collect::<String>());
    }
    format!("tables of no known format (name their columns with --map; they have: {shown})")
}
