//! Load that waits for later minutes.

use std::collections::VecDeque;

use super::Stage;
use super::divide::Excess;
use crate::period::{Period, Timestamp};
use crate::settlement::load::batch::{Batch, LoadPart, Take};
use crate::settlement::load::gauge::BySide;
use crate::settlement::load::steps::{MINUTE_NANOS, minute_of};
use crate::settlement::load::{LoadError, Sink};

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

impl Stage<'_> {
    /// Gives out the capacity of the minutes before an instant; stops at the first that leaves
    /// something to pass on.
    pub(super) fn due_backlog(
        &mut self,
        until: Timestamp,
        sink: Sink<'_>,
    ) -> Result<Option<Batch>, LoadError> {
        let window_end = self.edges.last().copied().unwrap_or_default();
        let until = minute_of(until.min(window_end));
        while self.backlog.next < until && !self.backlog.is_empty() {
            let minute = self.backlog.next;
            self.backlog.next += 1;
            let at = Timestamp::from_nanos(minute * MINUTE_NANOS);
            let mut batch = Batch::new(minute_period(at));
            if self.steps.in_force(at) {
                self.serve_waiting(minute, sink)?;
            }
            self.expire(minute, &mut batch, sink)?;
            if !batch.is_empty() {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// Serves those who wait, then new rows; the rest of these waits.
    pub(super) fn serve_queued(
        &mut self,
        batch: &mut Batch,
        mut loads: BySide,
        sink: Sink<'_>,
    ) -> Result<(), LoadError> {
        let minute = minute_of(batch.start());
        self.backlog.next = minute + 1;
        if !self.steps.in_force(batch.start()) {
            return self.expire(minute, batch, sink);
        }
        let room = self.serve_waiting(minute, sink)?;
        let takes = self.takes(&loads, &room)?;
        self.record(batch, &loads);
        if (0..3).any(|side| self.gauge.has_meter(side) && takes[side] != Take::All) {
            // What this term does not measure goes on at once.
            let (mut mine, others) = self.separate(batch);
            self.divide(&mut mine, &takes, Excess::Stay, sink)?;
            loads = self.left_of(&mine, &loads, &room)?;
            if !mine.is_empty() {
                self.backlog.entries.push_back(Waiting { minute, load: loads, batch: mine });
            }
            *batch = others;
        } else {
            self.divide(batch, &takes, self.excess, sink)?;
        }
        self.expire(minute, batch, sink)
    }

    /// Parts that are on a meter of this term, and the others.
    fn separate(&self, batch: &Batch) -> (Batch, Batch) {
        let (mut mine, mut others) = (Batch::new(batch.period), Batch::new(batch.period));
        for flow in &batch.flows {
            let measured = |p: &&LoadPart| self.gauge.weigh(flow.profile, p).is_some();
            let parts = batch.parts(flow);
            let key = (flow.profile, flow.segment);
            let own = parts.iter().any(|p| measured(&p)) && self.gauge.request_side().is_some();
            let (requests, requests_left) =
                if own { (flow.requests, 0) } else { (0, flow.requests) };
            mine.push(key, requests, parts.iter().filter(measured).copied());
            others.push(key, requests_left, parts.iter().filter(|p| !measured(p)).copied());
        }
        (mine, others)
    }

    /// Serves those who wait, the oldest first, and gives the capacity that is left.
    fn serve_waiting(&mut self, minute: i64, sink: Sink<'_>) -> Result<BySide, LoadError> {
        let mut room = self.steps.at(Timestamp::from_nanos(minute * MINUTE_NANOS));
        let mut entries = std::mem::take(&mut self.backlog.entries);
        for entry in &mut entries {
            let takes = self.takes(&entry.load, &room)?;
            if takes == [Take::Nothing; 3] {
                break;
            }
            if let Some(flow) = entry.batch.flows.first() {
                self.tally.waited(flow.segment, minute - entry.minute);
            }
            self.divide(&mut entry.batch, &takes, Excess::Stay, sink)?;
            let left = self.left_of(&entry.batch, &entry.load, &room)?;
            for (side, room) in room.iter_mut().enumerate() {
                *room -= entry.load[side] - left[side];
            }
            entry.load = left;
        }
        entries.retain(|entry| !entry.batch.is_empty());
        self.backlog.entries = entries;
        Ok(room)
    }

    /// The load that is left of a minute after what there was room for.
    fn left_of(&self, left: &Batch, loads: &BySide, room: &BySide) -> Result<BySide, LoadError> {
        if self.has_meters_apart() {
            return self.loads(left);
        }
        Ok([0, 1, 2].map(|side| loads[side] - loads[side].min(room[side])))
    }

    /// Lets go what may wait no longer at the end of a minute: all, once the term is over.
    fn expire(&mut self, minute: i64, batch: &mut Batch, sink: Sink<'_>) -> Result<(), LoadError> {
        let over = !self.steps.in_force(Timestamp::from_nanos(minute * MINUTE_NANOS));
        let longest = self.queue.unwrap_or(0);
        let oldest = if over { minute } else { minute.saturating_sub(longest) };
        while let Some(mut entry) = self.backlog.pop_until(oldest) {
            if let Some(flow) = entry.batch.flows.first() {
                self.tally.waited(flow.segment, longest.min(minute - entry.minute));
            }
            self.divide(&mut entry.batch, &[Take::Nothing; 3], self.excess, sink)?;
            batch.append(&entry.batch);
        }
        Ok(())
    }
}

fn minute_period(start: Timestamp) -> Period {
    Period { start, end: Timestamp::from_nanos(start.nanos() + MINUTE_NANOS) }
}
