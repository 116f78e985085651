//! The files of a corpus: which ones there are, and what each is. Files are opened and cut into pieces by one thread;
//! others make prompts of the pieces.

use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use super::Prompt;
use super::found::{CorpusReport, Noted};
use super::pieces::{Cutter, Piece};
use super::work::{Task, work};
use crate::diagnostic::code;
use crate::source::blocks::Spares;
use crate::source::inputs::{Input, expand_to, may_be};
use crate::source::reader::{Container, container, open, peek};
use crate::source::{Progress, SourceError};

/// Endings of files that folders are read for.
const ENDINGS: [&str; 12] = [
    "jsonl", "ndjson", "json", "parquet", "pq", "gz", "zst", "zstd", "txt", "md", "markdown",
    "prompt",
];
/// Files with these endings are one text each, whatever they begin with.
const TEXTS: [&str; 4] = ["txt", "md", "markdown", "prompt"];
/// Bytes looked at to tell what a file is.
const HEAD: u64 = 64 << 10;

/// Takes prompts, in one thread.
pub trait Sink: Send {
    /// A prompt of a file.
    fn prompt(&mut self, file: usize, prompt: &Prompt<'_>);
    /// The next part of a text that is too long to hold. Parts of one text follow each other.
    fn part(&mut self, text: &str);
    /// The end of a text that came in parts: the prompt that it is, without its text.
    fn end_of_parts(&mut self, file: usize, prompt: &Prompt<'_>);
}

/// The files that the arguments stand for: of folders those with prompts, hidden ones left out.
///
/// # Errors
/// [`SourceError`] for a name or pattern that stands for nothing.
pub fn expand(arguments: &[String]) -> Result<Vec<Input>, SourceError> {
    expand_to(arguments, &ENDINGS)
}

/// Reads all files with a thread for each sink, which get the number of a file and a prompt, in no order. Memory is
/// bounded but for documents of JSON, which are held whole.
///
/// # Errors
/// [`SourceError`] if a file cannot be read.
pub fn read_all<S: Sink>(
    inputs: &[Input],
    progress: &Progress,
    sinks: Vec<S>,
) -> Result<(CorpusReport, Vec<S>), SourceError> {
    let (to_workers, tasks) = sync_channel::<Task<'_>>(sinks.len() * 2);
    // Workers alone hold the end of the channel: when none is left, sending fails instead of waiting.
    let tasks = Arc::new(Mutex::new(tasks));
    let (stop, spares) = (&AtomicBool::new(false), &Spares::default());
    let mut report = CorpusReport::default();
    let (cut, worked) = std::thread::scope(|scope| {
        let start = |sink| {
            let tasks = Arc::clone(&tasks);
            scope.spawn(move || work(&tasks, spares, stop, sink))
        };
        let workers: Vec<_> = sinks.into_iter().map(start).collect();
        drop(tasks);
        let mut reading = Reading { progress, to_workers, spares, stop, report: &mut report };
        let cut = inputs.iter().enumerate().try_for_each(|(at, input)| reading.file(at, input));
        if cut.is_err() {
            stop.store(true, Ordering::Relaxed);
        }
        drop(reading);
        let worked: Vec<_> = workers.into_iter().map(|worker| worker.join()).collect();
        (cut, worked)
    });
    cut?;
    let mut done = Vec::new();
    for worker in worked {
        let (found, sink) = worker.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        report.merge(found);
        done.push(sink);
    }
    Ok((report, done))
}

/// Opens files, one after the other.
struct Reading<'p, 'r> {
    progress: &'p Progress,
    to_workers: SyncSender<Task<'p>>,
    spares: &'r Spares,
    stop: &'r AtomicBool,
    report: &'r mut CorpusReport,
}

impl<'p> Reading<'p, '_> {
    fn file(&mut self, number: usize, input: &'p Input) -> Result<(), SourceError> {
        let name = input.name();
        let failed = |source| SourceError::Io { file: input.name(), source };
        let mut noted = Noted { report: &mut *self.report, file: &name };
        noted.report.files += 1;
        let opened = open(input, self.progress)?;
        let (head, stream) = peek(opened.stream, HEAD).map_err(failed)?;
        let shared: Arc<str> = name.as_str().into();
        let mut cutter = Cutter {
            spares: self.spares,
            send: &mut |piece| {
                let task = Task { number, file: Arc::clone(&shared), piece };
                // Workers leave only after an error, which they have.
                !self.stop.load(Ordering::Relaxed) && self.to_workers.send(task).is_ok()
            },
        };
        let is_packed = !opened.layers.is_empty();
        match (container(&head), input) {
            (Container::Empty, _) => noted.odd(code::EMPTY_FILE, "files without any content", 0),
            (Container::Parquet, Input::File(path)) if !is_packed => {
                cutter.parquet(path, self.progress, &mut noted)?;
            }
            (kind @ (Container::Unsupported(_) | Container::Sqlite | Container::Zip), _) => {
                let message = format!("no prompts are read from a {}", kind.name());
                noted.skip(code::UNRECOGNISED_FILE, &message, 0);
            }
            (Container::Parquet, _) => {
                let message = "Parquet is read from files by themselves, not from packed ones and not from standard input";
                noted.skip(code::UNRECOGNISED_FILE, message, 0);
            }
            (kind, _) if is_text(input) || kind == Container::Delimited => {
                // Its worker reads it, so that it can be as long as it likes.
                let _ = (cutter.send)(Piece::Text { stream, cut: opened.cut });
                return Ok(());
            }
            (Container::JsonDocument, _) => cutter.document(stream, &mut noted).map_err(failed)?,
            _ => cutter.lines(stream, &mut noted).map_err(failed)?,
        }
        if let Some(reason) = opened.cut.reason() {
            noted.odd(code::TRUNCATED_FILE, &format!("files that end early: {reason}"), 0);
        }
        Ok(())
    }
}

/// True if a folder's file of this name is read.
#[must_use]
pub fn is_prompt_file(path: &Path) -> bool {
    may_be(path, &ENDINGS)
}

/// True if a file is text or one prompt a line, told by its name: parts of it can be read by themselves.
#[must_use]
pub fn is_by_lines(path: &Path) -> bool {
    ending(path)
        .is_some_and(|e| TEXTS.contains(&e.as_str()) || ["jsonl", "ndjson"].contains(&e.as_str()))
}

fn ending(path: &Path) -> Option<String> {
    path.extension()?.to_str().map(str::to_ascii_lowercase)
}

fn is_text(input: &Input) -> bool {
    let path = match input {
        Input::File(path) => path,
        Input::Bytes { name, .. } => Path::new(name),
        Input::Stdin => return false,
    };
    let packed = ["gz", "zst", "zstd"];
    let own = ending(path).filter(|e| !packed.contains(&e.as_str()));
    let own = own.or_else(|| ending(Path::new(path.file_stem()?)));
    own.is_some_and(|e| TEXTS.contains(&e.as_str()))
}
