//! Batches put back into the order of the input, and handed on.
//!
//! No thread does only that, for which another would have to stand back. One of the workers hands on,
//! whenever it has read a batch, all that are next in order: always the same, so that what the sink
//! holds stays near its processor and in its part of the memory. Only where much is left the others
//! help.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};

use super::pipeline::{Batch, Numbered};
use super::{ReadReport, SourceError};

/// Takes batches of any order.
pub(super) struct Collector<'s, S> {
    waiting: Mutex<BTreeMap<u64, Result<Batch, SourceError>>>,
    /// Batches that may be left.
    most: usize,
    /// Told whenever fewer are left.
    fewer: Condvar,
    collected: Mutex<Collected<S>>,
    stop: &'s AtomicBool,
}

/// What was handed on so far.
struct Collected<S> {
    /// Number of the batch that is next.
    next: u64,
    sink: S,
    report: Result<ReadReport, SourceError>,
}

impl<'s, S: FnMut(&mut Batch)> Collector<'s, S> {
    /// Hands on records to a sink. After an error, `stop` is set, and nothing more is handed on.
    pub(super) fn new(sink: S, most: usize, stop: &'s AtomicBool) -> Self {
        let collected = Collected { next: 0, sink, report: Ok(ReadReport::default()) };
        let (waiting, fewer, collected) = (Mutex::default(), Condvar::new(), Mutex::new(collected));
        Self { waiting, most, fewer, collected, stop }
    }

    /// Takes a batch, and hands on what is next.
    pub(super) fn put(&self, numbered: Numbered) {
        self.keep(numbered);
        self.hand_on();
    }

    /// Takes a batch, and leaves it to others to hand it on, unless many are left.
    pub(super) fn leave(&self, numbered: Numbered) {
        if self.keep(numbered) > self.most {
            self.hand_on();
        }
    }

    fn keep(&self, (number, result): Numbered) -> usize {
        let Ok(mut waiting) = self.waiting.lock() else { return 0 };
        waiting.insert(number, result);
        waiting.len()
    }

    /// Waits until few are left. Only the thread that cuts may wait: what is missing has been cut and is
    /// read by a worker, or will be.
    pub(super) fn wait(&self) {
        let are_many = |waiting: &mut BTreeMap<_, _>| {
            waiting.len() > self.most && !self.stop.load(Ordering::Relaxed)
        };
        if self.waiting.lock().is_ok_and(|mut waiting| are_many(&mut waiting)) {
            self.hand_on();
            if let Ok(waiting) = self.waiting.lock() {
                drop(self.fewer.wait_while(waiting, are_many));
            }
        }
    }

    /// Hands on all batches that are next in order.
    fn hand_on(&self) {
        let Ok(mut collected) = self.collected.lock() else { return };
        let collected = &mut *collected;
        let next = |number: u64| {
            let found = self.waiting.lock().ok()?.remove(&number);
            self.fewer.notify_all();
            found
        };
        while let Ok(report) = &mut collected.report
            && let Some(result) = next(collected.next)
        {
            collected.next += 1;
            match result {
                Ok(mut batch) => {
                    (collected.sink)(&mut batch);
                    report.add(batch.report);
                }
                Err(error) => {
                    collected.report = Err(error);
                    self.stop();
                }
            }
        }
    }

    /// Makes all threads end that cut or read.
    fn stop(&self) {
        {
            // Under the lock, so that who is about to wait does not miss it.
            let _waiting = self.waiting.lock();
            self.stop.store(true, Ordering::Relaxed);
        }
        self.fewer.notify_all();
    }

    /// What a thread that reads holds: should it panic, nobody waits for what it would have read.
    pub(super) fn guard(&self) -> Guard<'_, 's, S> {
        Guard(self)
    }

    /// Hands on what is left, when nothing more will come; what was found.
    pub(super) fn finish(self) -> Result<ReadReport, SourceError> {
        self.hand_on();
        let collected = self.collected.into_inner();
        collected.unwrap_or_else(std::sync::PoisonError::into_inner).report
    }
}

/// Stops the others when its thread panics.
pub(super) struct Guard<'c, 's, S: FnMut(&mut Batch)>(&'c Collector<'s, S>);

impl<S: FnMut(&mut Batch)> Drop for Guard<'_, '_, S> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

impl ReadReport {
    /// Adds what was found in a later part.
    pub(super) fn add(&mut self, other: Self) {
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;
    use std::thread;

    use super::*;
    use crate::period::Timestamp;
    use crate::usage::{Labels, RecordGrain, UsageRecord, UsageTime};

    /// A batch of one record, whose time is its number.
    fn batch(number: u64) -> Result<Batch, SourceError> {
        let record = UsageRecord {
            time: UsageTime::At(Timestamp::from_nanos(i64::try_from(number).unwrap())),
            grain: RecordGrain::Request,
            sku: crate::sku::Sku::new("anthropic", "claude-x").into(),
            context_tokens: None,
            requests: number,
            request_id: None,
            labels: Labels::default().into(),
            components: crate::tokens::ComponentCounts::default(),
            reported_cost: None,
        };
        let report = ReadReport { files: 1, ..ReadReport::default() };
        Ok(Batch { records: vec![record], parts: vec![], report })
    }

    fn failed() -> Result<Batch, SourceError> {
        Err(SourceError::Parquet { file: "x".to_owned(), reason: "y".to_owned() })
    }

    #[test]
    fn batches_of_many_threads_come_in_order_and_few_are_left() {
        const MOST: usize = 3;
        let stop = AtomicBool::new(false);
        let mut seen = Vec::new();
        let sink =
            |batch: &mut Batch| seen.extend(batch.records.iter().map(|record| record.requests));
        let collector = Collector::new(sink, MOST, &stop);
        let (cut, tasks) = sync_channel::<u64>(2);
        let tasks = Mutex::new(tasks);
        thread::scope(|scope| {
            for worker in 0..4 {
                let (collector, tasks) = (&collector, &tasks);
                scope.spawn(move || {
                    while let Ok(number) = { tasks.lock().unwrap().recv() } {
                        if number % 7 == 0 {
                            thread::yield_now();
                        }
                        let take = if worker == 0 { Collector::put } else { Collector::leave };
                        take(collector, (number, batch(number)));
                    }
                });
            }
            for number in 0..2_000 {
                // Some are read where they are cut.
                match number % 100 {
                    0..60 => cut.send(number).unwrap(),
                    _ => collector.leave((number, batch(number))),
                }
                collector.wait();
                // Those that are cut and not yet read, and those being read, may come to it.
                assert!(collector.waiting.lock().unwrap().len() <= MOST + 2 + 4);
            }
            drop(cut);
        });
        assert_eq!(collector.finish().unwrap().files, 2_000);
        assert_eq!(seen, (0..2_000).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_is_handed_on_behind_an_error() {
        let stop = AtomicBool::new(false);
        let mut seen = Vec::new();
        let sink =
            |batch: &mut Batch| seen.extend(batch.records.iter().map(|record| record.requests));
        let collector = Collector::new(sink, 1, &stop);
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in [1, 3, 4] {
                    collector.leave((number, batch(number)));
                }
                collector.wait();
            });
            collector.leave((2, failed()));
            collector.put((0, batch(0)));
        });
        assert!(stop.load(Ordering::Relaxed));
        assert!(collector.finish().is_err());
        assert_eq!(seen, [0, 1]);
    }

    #[test]
    fn a_panic_ends_all_and_hangs_nobody() {
        let stop = AtomicBool::new(false);
        let collector = Collector::new(|_| panic!("on purpose"), 1, &stop);
        let panicked = thread::scope(|scope| {
            let cuts = scope.spawn(|| {
                let _guard = collector.guard();
                for number in [2, 3] {
                    collector.leave((number, batch(number)));
                }
                collector.wait();
            });
            let reads = scope.spawn(|| {
                let _guard = collector.guard();
                collector.put((0, batch(0)));
            });
            [cuts.join(), reads.join()].iter().any(Result::is_err)
        });
        assert!(panicked, "whichever of them hands on");
        assert!(stop.load(Ordering::Relaxed));
    }
}
