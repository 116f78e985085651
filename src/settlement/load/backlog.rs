//! Load that waits for later minutes.

use std::collections::VecDeque;

use super::batch::Batch;
use super::gauge::BySide;

/// What is left of the load of one minute.
#[derive(Debug)]
pub(super) struct Waiting {
    /// The minute in which it arrived, counted from 1970.
    pub(super) minute: i64,
    pub(super) load: BySide,
    pub(super) batch: Batch,
}

/// The load of all minutes that wait, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    pub(super) entries: VecDeque<Waiting>,
    /// The first minute whose capacity was not given out yet.
    pub(super) next: i64,
}

impl Backlog {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes the oldest entry if it arrived at or before a minute.
    pub(super) fn pop_until(&mut self, minute: i64) -> Option<Waiting> {
        let due = self.entries.front().is_some_and(|entry| entry.minute <= minute);
        due.then(|| self.entries.pop_front()).flatten()
    }
}
