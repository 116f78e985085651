//! Makes prompts of pieces, in one of several threads.

use std::io::{self, Cursor, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};

use super::Sink;
use super::found::{CorpusReport, Found, Noted};
use super::pieces::{Piece, without_mark};
use crate::diagnostic::code;
use crate::source::SourceError;
use crate::source::blocks::{Block, Spares};
use crate::source::reader::Stream;
use crate::source::scan::Value;
use crate::tokenizer;

/// A text up to here is held whole, so that every tokenizer sees all of it.
const HELD: u64 = 16 << 20;

/// A piece of a file.
pub(super) struct Task<'p> {
    /// The number of the file.
    pub(super) number: usize,
    pub(super) file: Arc<str>,
    pub(super) piece: Piece<'p>,
}

/// Works until there are no more tasks. After an error of any thread the rest is taken off unread, so that nobody waits.
pub(super) fn work<S: Sink>(
    tasks: &Mutex<Receiver<Task<'_>>>,
    spares: &Spares,
    stop: &AtomicBool,
    mut sink: S,
) -> Result<(CorpusReport, S), SourceError> {
    let mut report = CorpusReport::default();
    let mut failed = None;
    loop {
        let task = match tasks.lock() {
            Ok(receiver) => receiver.recv(),
            Err(_) => break,
        };
        let Ok(task) = task else { break };
        if stop.load(Ordering::Relaxed) {
            continue;
        }
        let noted = Noted { report: &mut report, file: &task.file };
        let mut found = Found { noted, number: task.number, sink: &mut sink };
        match task.piece {
            Piece::Lines(block) => {
                lines(&block, &mut found);
                spares.put(block);
            }
            Piece::Items(items) => {
                items.values().for_each(|(line, item)| found.item(item, line));
            }
            Piece::Text { stream, cut } => {
                if let Err(source) = text(stream, &mut found) {
                    stop.store(true, Ordering::Relaxed);
                    failed = Some(SourceError::Io { file: task.file.to_string(), source });
                } else if let Some(reason) = cut.reason() {
                    let message = format!("files that end early: {reason}");
                    found.noted.odd(code::TRUNCATED_FILE, &message, 0);
                }
            }
        }
    }
    failed.map_or(Ok((report, sink)), Err)
}

fn lines<S: Sink>(block: &Block, found: &mut Found<'_, S>) {
    lines_of(block).for_each(|(number, text)| found.value(Value::new(text), number));
}

/// The lines of a block that are not empty, with their numbers.
pub(super) fn lines_of(block: &Block) -> impl Iterator<Item = (u64, &[u8])> {
    let lines = block.text().split_inclusive(|b| *b == b'\n');
    let texts = (block.first_line..).zip(lines).map(|(number, line)| {
        (number, if number == 1 { without_mark(line) } else { line }.trim_ascii())
    });
    texts.filter(|(_, text)| !text.is_empty())
}

fn text<S: Sink>(mut stream: Stream<'_>, found: &mut Found<'_, S>) -> io::Result<()> {
    let mut held = Vec::new();
    (&mut stream).take(HELD).read_to_end(&mut held)?;
    let replaced = if u64::try_from(held.len()).unwrap_or(u64::MAX) < HELD {
        let (text, replaced) = tokenizer::lossy(without_mark(&held));
        found.text(text);
        replaced
    } else {
        let skipped = held.len() - without_mark(&held).len();
        let mut start = Cursor::new(held);
        start.set_position(u64::try_from(skipped).unwrap_or(0));
        let parts = tokenizer::parts(start.chain(stream), |part| found.sink.part(part))?;
        found.end_of_parts();
        if parts.forced_cuts > 0 {
            let message = "texts without a place to cut them, counted within a few tokens";
            found.noted.odd(code::INEXACT_COUNT, message, 0);
        }
        parts.replaced
    };
    if replaced > 0 {
        let message = "texts that are not UTF-8, read with U+FFFD";
        found.noted.odd(code::INVALID_FIELD, message, 0);
    }
    Ok(())
}
