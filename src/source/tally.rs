//! Counting what the lines of one file gave.

use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::Arc;

use hashbrown::HashSet;

use super::format::Format;
use super::line::JsonReader;
use super::outcome::{Note, Notes, Outcome, Skipped};
use super::pipeline::{Batch, Run};
use super::scan::ScanError;
use super::sums::Sums;
use super::views::Views;
use crate::diagnostic::{Code, Location, code};
use crate::sku::Sku;
use crate::usage::{Labels, RecordRef, UsageRecord};

/// How often something was seen, and the first line.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    count: u64,
    line: u64,
}

impl Seen {
    fn again(&mut self, line: u64) {
        if self.count == 0 {
            self.line = line;
        }
        self.count += 1;
    }
}

/// Counts of one file or block.
#[derive(Debug)]
pub(super) struct Tally<'f> {
    file: &'f str,
    run: Run<'f>,
    notes: [Seen; Note::ALL.len()],
    skips: BTreeMap<(Code, String), Seen>,
    formats: BTreeMap<Format, u64>,
    skus: Interned<Sku>,
    labels: Interned<Labels>,
    /// Where sums are all that is asked for.
    sums: Option<Sums<'f>>,
}

/// Names that records of one part share, so that they are let go where they were made, once.
type Interned<T> = HashSet<Arc<T>, foldhash::fast::FixedState>;
/// Names held of one part: where there are more, they hardly repeat.
const MOST_NAMES: usize = 1 << 10;

/// Takes the name that other records have for an equal one that none has.
fn share<T: Hash + Eq>(names: &mut Interned<T>, name: &mut Arc<T>) {
    if Arc::strong_count(name) > 1 {
        return;
    }
    match names.get(&**name) {
        Some(known) => *name = Arc::clone(known),
        None if names.len() < MOST_NAMES => drop(names.insert(Arc::clone(name))),
        None => {}
    }
}

/// Counts a record, or a sum of records, of a format; the place of its view.
fn view(views: &mut Views, format: Option<Format>, record: &UsageRecord) -> Option<usize> {
    format.and_then(|format| views.count(format, record))
}

fn keep_all(sums: &mut Sums<'_>, batch: &mut Batch) {
    let (part, formats) = sums.take();
    let views = &mut batch.report.views;
    let each = part.sums().iter().zip(formats);
    let seen: Vec<_> = each.map(|(sum, format)| view(views, format, &sum.record)).collect();
    for request in part.requests() {
        if let Some(at) = seen[request.sum as usize] {
            views.sample(at, request.id);
        }
    }
    batch.parts.push(part);
}

impl<'f> Tally<'f> {
    pub(super) fn new(file: &'f str, run: Run<'f>) -> Self {
        Self {
            file,
            run,
            notes: [Seen::default(); Note::ALL.len()],
            skips: BTreeMap::new(),
            formats: BTreeMap::new(),
            skus: Interned::default(),
            labels: Interned::default(),
            sums: run.edges.map(Sums::new),
        }
    }

    /// Reads one line or document of JSON and counts what it gives; `is_cut` if the file ends in it
    /// without a newline.
    pub(super) fn json(
        &mut self,
        reader: &mut JsonReader<'_>,
        line: u64,
        text: &[u8],
        is_cut: bool,
        batch: &mut Batch,
    ) {
        let result = reader.read(line, text, &mut |line, format, outcome| {
            self.outcome(line, format, outcome, batch);
        });
        match result {
            Ok(None) => {}
            Ok(Some((format, record))) => {
                *self.formats.entry(format).or_default() += 1;
                self.record(Some(format), record, batch);
            }
            Err(error) => self.not_json(line, error, is_cut, batch),
        }
    }

    /// Counts a text that is not JSON.
    pub(super) fn not_json(
        &mut self,
        line: u64,
        error: ScanError,
        is_cut: bool,
        batch: &mut Batch,
    ) {
        let skipped = if error == ScanError::Incomplete && is_cut {
            Skipped::new(code::PARTIAL_LINE, "last lines that end in the middle of a record")
        } else {
            Skipped::new(code::INVALID_LINE, "lines that are not valid JSON")
        };
        self.outcome(line, None, Err(skipped), batch);
    }

    /// Counts one outcome and keeps its records.
    pub(super) fn outcome(
        &mut self,
        line: u64,
        format: Option<Format>,
        outcome: Outcome,
        batch: &mut Batch,
    ) {
        match outcome {
            Ok(mut records) => {
                if let Some(format) = format {
                    *self.formats.entry(format).or_default() += 1;
                }
                for (record, notes) in records.drain(..) {
                    self.note(line, notes);
                    self.record(format, record, batch);
                }
            }
            Err(skipped) => {
                if skipped.code != code::NOT_USAGE {
                    batch.report.skipped += 1;
                }
                self.skips.entry((skipped.code, skipped.message)).or_default().again(line);
            }
        }
    }

    /// Counts a record about which nothing is odd, where records are summed.
    pub(super) fn usual(&mut self, format: Format, record: &RecordRef<'_>, batch: &mut Batch) {
        *self.formats.entry(format).or_default() += 1;
        batch.report.records += 1;
        if let Some(sums) = &mut self.sums {
            sums.add(Some(format), record);
            if sums.is_full() {
                keep_all(sums, batch);
            }
        }
    }

    /// Counts a record and keeps it.
    fn record(&mut self, format: Option<Format>, mut record: UsageRecord, batch: &mut Batch) {
        batch.report.records += 1;
        // Nothing after this sees what a label held.
        if let Some(hash) = &self.run.options.hash_labels {
            hash.apply(Arc::make_mut(&mut record.labels));
        }
        share(&mut self.skus, &mut record.sku);
        share(&mut self.labels, &mut record.labels);
        if let Some(sums) = &mut self.sums {
            sums.add(format, &RecordRef::from(&record));
            if sums.is_full() {
                keep_all(sums, batch);
            }
        } else {
            view(&mut batch.report.views, format, &record);
            batch.records.push(record);
        }
    }

    fn note(&mut self, line: u64, notes: Notes) {
        if notes.is_empty() {
            return;
        }
        for (seen, (note, _, _)) in self.notes.iter_mut().zip(Note::ALL) {
            if notes.has(note) {
                seen.again(line);
            }
        }
    }

    /// Moves the counts into the report of a batch.
    pub(super) fn finish(self, batch: &mut Batch) {
        let place = |line| Some(Location { file: self.file.to_owned(), line });
        for (seen, (_, code, message)) in self.notes.iter().zip(Note::ALL) {
            if seen.count > 0 {
                batch.report.diagnostics.add_many(code, message, place(seen.line), seen.count);
            }
        }
        for ((code, message), seen) in self.skips {
            batch.report.diagnostics.add_many(code, message, place(seen.line), seen.count);
        }
        if let Some(mut sums) = self.sums {
            keep_all(&mut sums, batch);
        }
        for (format, count) in self.formats {
            *batch.report.formats.entry(format.name()).or_default() += count;
        }
    }
}
