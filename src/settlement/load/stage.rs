//! One term that serves usage minute by minute.

use super::backlog::{Backlog, Waiting};
use super::batch::{Batch, Flow, LoadPart, Take};
use super::gauge::{BySide, Gauge};
use super::grains::Grains;
use super::hours::HeldHour;
use super::spread::{Outcome, Spread, assumed};
use super::steps::{MINUTE_NANOS, Steps};
use super::tally::{LoadUse, Tally};
use super::{Fate, LoadError, Portion, Sink};
use crate::contract::Contract;
use crate::contract::terms::{Capacity, LoadProfile, Overflow, ReservedSpend, Term};
use crate::diagnostic::Diagnostics;
use crate::period::{Period, Timestamp};
use crate::settlement::{TermRef, UsageProfile};

/// What happens to what is above the capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Excess {
    Spill,
    Stop,
    /// It waits in the batch it is in.
    Stay,
}

/// A term with what it is about to serve.
#[derive(Debug)]
pub(super) struct Stage<'c> {
    term: TermRef,
    contract: &'c Contract,
    clause: &'c Term,
    gauge: Gauge,
    steps: Steps,
    /// Length of the periods in which capacity can be used: 1 or 60 minutes.
    minutes: i64,
    profile: Option<LoadProfile>,
    excess: Excess,
    /// Longest wait.
    queue: Option<i64>,
    window_end: Timestamp,
    tally: Tally,
    grains: Grains,
    backlog: Backlog,
    held: HeldHour,
    spare: Batch,
    // Reused for each row.
    row: Parts,
}

/// The parts of one row by what becomes of them.
#[derive(Debug, Default)]
struct Parts {
    served: Vec<LoadPart>,
    /// On a meter of the term, but above its capacity.
    over: Vec<LoadPart>,
    /// On none.
    other: Vec<LoadPart>,
}

impl Parts {
    fn clear(&mut self) {
        self.served.clear();
        self.over.clear();
        self.other.clear();
    }
}

impl<'c> Stage<'c> {
    /// Capacity with the profiles it serves.
    pub(super) fn of_capacity(
        term: TermRef,
        contract: &'c Contract,
        clause: &'c Term,
        capacity: &Capacity,
        (profiles, edges): (&[UsageProfile], &[Timestamp]),
    ) -> Result<Self, LoadError> {
        let too_large = || LoadError::too_large(contract, clause);
        let gauge = Gauge::of_capacity(contract, clause, capacity, profiles);
        let gauge = gauge.ok_or_else(too_large)?;
        let steps = Steps::of_units(contract, clause, capacity, gauge.unit);
        let (excess, queue) = match &capacity.overflow {
            Overflow::Spill(_) => (Excess::Spill, None),
            Overflow::Throttle => (Excess::Stop, None),
            Overflow::Queue { minutes, spill } => {
                let then = if spill.is_some() { Excess::Spill } else { Excess::Stop };
                (then, (*minutes > 0).then_some(i64::from(*minutes)))
            }
        };
        let steps = steps.ok_or_else(too_large)?;
        let stage = Self::new((term, contract, clause), gauge, steps, edges);
        Ok(Self { excess, queue, profile: capacity.load_profile, ..stage })
    }

    /// Reserved spend with the profiles it pays for.
    pub(super) fn of_spend(
        term: TermRef,
        contract: &'c Contract,
        clause: &'c Term,
        reserved: &ReservedSpend,
        (profiles, edges): (&[UsageProfile], &[Timestamp]),
    ) -> Result<Self, LoadError> {
        let too_large = || LoadError::too_large(contract, clause);
        let gauge = Gauge::of_spend(contract, clause, reserved, profiles);
        let gauge = gauge.ok_or_else(too_large)?;
        let room = reserved.amount.atto().checked_mul(gauge.unit).ok_or_else(too_large)?;
        let steps = Steps::constant(&contract.calendar, clause, room);
        let minutes = i64::from(reserved.minutes.max(1));
        let stage = Self::new((term, contract, clause), gauge, steps, edges);
        Ok(Self { minutes, profile: reserved.load_profile, ..stage })
    }

    fn new(
        (term, contract, clause): (TermRef, &'c Contract, &'c Term),
        gauge: Gauge,
        steps: Steps,
        edges: &[Timestamp],
    ) -> Self {
        let never = Timestamp::from_nanos(0);
        Self {
            term,
            contract,
            clause,
            gauge,
            steps,
            minutes: 1,
            profile: None,
            excess: Excess::Spill,
            queue: None,
            window_end: edges.last().copied().unwrap_or_default(),
            tally: Tally::default(),
            grains: Grains::default(),
            backlog: Backlog::default(),
            held: HeldHour::default(),
            spare: Batch::new(Period { start: never, end: never }),
            row: Parts::default(),
        }
    }

    /// The profiles it can serve.
    pub(super) fn profiles(&self) -> &[u32] {
        self.gauge.profiles()
    }

    fn too_large(&self) -> LoadError {
        LoadError::too_large(self.contract, self.clause)
    }

    /// Gives back what is complete before rows of a later instant are taken, in order.
    pub(super) fn due(
        &mut self,
        until: Timestamp,
        sink: Sink<'_>,
    ) -> Result<Option<Batch>, LoadError> {
        if self.minutes > 1 {
            self.due_hour(until, sink)
        } else if self.backlog.is_empty() {
            Ok(None)
        } else {
            self.due_backlog(until, sink)
        }
    }

    fn due_hour(&mut self, until: Timestamp, sink: Sink<'_>) -> Result<Option<Batch>, LoadError> {
        let hour = until.nanos().div_euclid(self.minutes * MINUTE_NANOS);
        if self.held.hour.is_none_or(|held| held == hour) {
            return Ok(None);
        }
        let Some(mut batch) = self.held.batches.pop_front() else {
            self.held = HeldHour::default();
            return Ok(None);
        };
        let take = match self.held.take {
            Some(take) => take,
            None => {
                let mut loads = self.loads(&batch)?.0;
                for later in &self.held.batches {
                    let load = self.loads(later)?.0[0];
                    loads[0] = loads[0].checked_add(load).ok_or_else(|| self.too_large())?;
                }
                self.record(&batch, &loads);
                Take::of(loads[0], self.steps.at(batch.start())[0])
            }
        };
        self.held.take = Some(take);
        self.divide(&mut batch, &[take; 3], self.excess, sink)?;
        Ok(Some(batch))
    }

    /// Takes the rows of one period: `None` if they are kept until later.
    pub(super) fn take(
        &mut self,
        mut batch: Batch,
        sink: Sink<'_>,
    ) -> Result<Option<Batch>, LoadError> {
        let in_force = self.steps.in_force(batch.start());
        let unit = self.minutes * MINUTE_NANOS;
        let (loads, rows) = if in_force { self.loads(&batch)? } else { Default::default() };
        if rows > 0 {
            let stated = self.profile.is_some() || batch.period.nanos() <= unit;
            self.grains.add(batch.period.nanos(), rows, !stated);
        }
        if self.minutes > 1 && batch.period.nanos() <= unit {
            // Held even where nothing is for this term, so that later terms see rows in order.
            self.held.hour = Some(batch.start().nanos().div_euclid(unit));
            self.held.batches.push_back(batch);
            return Ok(None);
        }
        if batch.period.nanos() > unit {
            if rows > 0 {
                self.serve_spread(&mut batch, &loads, sink)?;
            }
        } else if self.queue.is_some() {
            self.serve_queued(&mut batch, loads, sink)?;
        } else if rows > 0 {
            let room = self.steps.at(batch.start());
            let takes = [0, 1, 2].map(|side| Take::of(loads[side], room[side]));
            self.record(&batch, &loads);
            self.divide(&mut batch, &takes, self.excess, sink)?;
        }
        Ok(Some(batch))
    }

    /// Load by meter, and how many rows have any part in it.
    fn loads(&self, batch: &Batch) -> Result<(BySide, u64), LoadError> {
        let (mut loads, mut rows) = (BySide::default(), 0);
        if !self.steps.in_force(batch.start()) {
            return Ok((loads, rows));
        }
        for flow in &batch.flows {
            let mut concerned = false;
            for part in batch.parts(flow) {
                let Some(weighed) = self.gauge.weigh(flow.profile, part) else { continue };
                let (side, load) = weighed.ok_or_else(|| self.too_large())?;
                loads[side] = loads[side].checked_add(load).ok_or_else(|| self.too_large())?;
                concerned = true;
            }
            rows += u64::from(concerned);
        }
        Ok((loads, rows))
    }

    /// Counts a period whose load is the same all the time.
    fn record(&mut self, batch: &Batch, loads: &BySide) {
        let Some(flow) = batch.flows.first() else { return };
        let room = self.steps.at(batch.start());
        let any = loads.iter().any(|load| *load > 0);
        let over = loads.iter().zip(room).any(|(load, room)| *load > room);
        let seconds = self.minutes.unsigned_abs() * 60;
        let count = |yes: bool| if yes { seconds } else { 0 };
        let peak = [0, 1, 2].map(|side| (loads[side], room[side]));
        self.tally.loaded(flow.segment, &Outcome { seconds: (count(any), count(over)), peak });
    }

    fn serve_spread(
        &mut self,
        batch: &mut Batch,
        loads: &BySide,
        sink: Sink<'_>,
    ) -> Result<(), LoadError> {
        let profile = self.profile.unwrap_or_else(|| assumed(batch.period.nanos()));
        let spread = |profile: &LoadProfile| {
            let calendar = &self.contract.calendar;
            Spread::new(batch.period, calendar, profile, &self.steps, self.minutes)
        };
        let real = spread(&profile);
        let outcome = real.outcome(loads).ok_or_else(|| self.too_large())?;
        // With a queue the busy minutes of an hour wait for the quiet ones between them.
        let waited = self.queue.map(|_| spread(&LoadProfile { peak_percent: 100, ..profile }));
        let serving = waited.as_ref().unwrap_or(&real);
        let mut takes = [Take::Nothing; 3];
        for (side, take) in takes.iter_mut().enumerate() {
            *take = serving.served(side, loads[side]).ok_or_else(|| self.too_large())?;
        }
        if let Some(flow) = batch.flows.first() {
            self.tally.loaded(flow.segment, &outcome);
            if self.queue.is_some() && outcome.seconds.1 > 0 {
                self.tally.waited(flow.segment, 1);
            }
        }
        self.divide(batch, &takes, self.excess, sink)
    }

    /// Divides what is on the meters of this term between those served and the rest.
    fn divide(
        &mut self,
        batch: &mut Batch,
        takes: &[Take; 3],
        excess: Excess,
        sink: Sink<'_>,
    ) -> Result<(), LoadError> {
        if !self.steps.in_force(batch.start()) {
            return Ok(());
        }
        let mut next = std::mem::replace(&mut self.spare, Batch::new(batch.period));
        next.clear(batch.period);
        for flow in &batch.flows {
            let parts = batch.parts(flow);
            if let Some(local) = self.gauge.local(flow.profile) {
                let loads = self.cut(flow, parts, takes)?;
                self.hand_out((flow, local), takes, &loads, (excess, &mut next), sink)?;
            } else {
                next.push((flow.profile, flow.segment), flow.requests, parts.iter().copied());
            }
        }
        self.spare = std::mem::replace(batch, next);
        Ok(())
    }

    /// Sorts the parts of a row into served, over and other ones, and gives the load served.
    fn cut(
        &mut self,
        flow: &Flow,
        parts: &[LoadPart],
        takes: &[Take; 3],
    ) -> Result<BySide, LoadError> {
        self.row.clear();
        let mut loads = BySide::default();
        for part in parts {
            let Some(weighed) = self.gauge.weigh(flow.profile, part) else {
                self.row.other.push(*part);
                continue;
            };
            let (side, load) = weighed.ok_or_else(|| self.too_large())?;
            let [served, over] = part.cut(takes[side])?;
            loads[side] += match (&served, &over) {
                (Some(_), None) => load,
                (Some(part), Some(_)) => {
                    self.gauge.weigh(flow.profile, part).flatten().map_or(0, |(_, load)| load)
                }
                (None, _) => 0,
            };
            self.row.served.extend(served);
            self.row.over.extend(over);
        }
        Ok(loads)
    }

    /// Passes on what [`Self::cut`] sorted; what goes to later terms is put in `next`.
    fn hand_out(
        &mut self,
        (flow, local): (&Flow, usize),
        takes: &[Take; 3],
        loads: &BySide,
        (excess, next): (Excess, &mut Batch),
        sink: Sink<'_>,
    ) -> Result<(), LoadError> {
        let key = (flow.profile, flow.segment);
        let Parts { served, over, other } = &self.row;
        let side = self.gauge.request_side();
        let side = side.filter(|_| !(served.is_empty() && over.is_empty()));
        let (requests, left) = side.map_or(Take::Nothing, |at| takes[at]).cut(flow.requests)?;
        if !served.is_empty() {
            self.tally.served(flow, local, served, loads)?;
            emit(Fate::Served(self.term), key, requests, served, sink)?;
        }
        let other = other.iter().copied();
        match excess {
            Excess::Stop => {
                let (stopped, left) = if side.is_some() { (left, 0) } else { (0, left) };
                self.tally.unserved(flow, local, over);
                emit(Fate::Stopped(self.term), key, stopped, over, sink)?;
                next.push(key, left, other);
            }
            Excess::Stay => next.push(key, left, over.iter().copied().chain(other)),
            Excess::Spill => {
                self.tally.spilled(flow, local, over);
                let by = Some(self.term);
                let over = over.iter().map(|part| LoadPart { spilled_by: by, ..*part });
                next.push(key, left, over.chain(other));
            }
        }
        Ok(())
    }
}

/// Passes a portion on, unless it is nothing.
pub(super) fn emit(
    fate: Fate,
    (profile, segment): (u32, usize),
    requests: i128,
    parts: &[LoadPart],
    sink: Sink<'_>,
) -> Result<(), LoadError> {
    if parts.is_empty() && requests == 0 {
        return Ok(());
    }
    let mut portion = Portion::new(fate, profile, segment, requests, parts);
    for part in parts {
        portion.list = portion.list.checked_add(part.list.unwrap_or_default())?;
        let contracted = part.contracted.unwrap_or_default();
        portion.contracted = portion.contracted.checked_add(contracted)?;
    }
    Ok(sink(portion)?)
}

/// The queue of a term.
impl Stage<'_> {
    /// Gives out the capacity of the minutes before an instant; stops at the first that leaves
    /// something to pass on.
    fn due_backlog(
        &mut self,
        until: Timestamp,
        sink: Sink<'_>,
    ) -> Result<Option<Batch>, LoadError> {
        let until = minute_of(until.min(self.window_end));
        while self.backlog.next < until && !self.backlog.is_empty() {
            let minute = self.backlog.next;
            self.backlog.next += 1;
            let at = Timestamp::from_nanos(minute * MINUTE_NANOS);
            let mut batch = Batch::new(minute_period(at));
            if self.steps.in_force(at) {
                self.serve_waiting(minute, sink)?;
                self.expire(minute, &mut batch, sink)?;
            } else {
                // Nothing is to be hoped for after the end.
                self.expire(i64::MAX, &mut batch, sink)?;
            }
            if !batch.is_empty() {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// Serves those who wait, then new rows; the rest of these waits.
    fn serve_queued(
        &mut self,
        batch: &mut Batch,
        mut loads: BySide,
        sink: Sink<'_>,
    ) -> Result<(), LoadError> {
        let minute = minute_of(batch.start());
        self.backlog.next = minute + 1;
        if !self.steps.in_force(batch.start()) {
            return self.expire(i64::MAX, batch, sink);
        }
        let room = self.serve_waiting(minute, sink)?;
        let takes = [0, 1, 2].map(|side| Take::of(loads[side], room[side]));
        self.record(batch, &loads);
        if (0..3).any(|side| self.gauge.has_meter(side) && takes[side] != Take::All) {
            // What this term does not measure goes on at once.
            let (mut mine, others) = self.separate(batch);
            self.divide(&mut mine, &takes, Excess::Stay, sink)?;
            for side in 0..3 {
                loads[side] -= loads[side].min(room[side].max(0));
            }
            self.backlog.entries.push_back(Waiting { minute, load: loads, batch: mine });
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
            let takes = [0, 1, 2].map(|side| Take::of(entry.load[side], room[side]));
            if takes == [Take::Nothing; 3] {
                break;
            }
            if let Some(flow) = entry.batch.flows.first() {
                self.tally.waited(flow.segment, minute - entry.minute);
            }
            self.divide(&mut entry.batch, &takes, Excess::Stay, sink)?;
            for side in 0..3 {
                let served = entry.load[side].min(room[side]);
                entry.load[side] -= served;
                room[side] -= served;
            }
        }
        entries.retain(|entry| !entry.batch.is_empty());
        self.backlog.entries = entries;
        Ok(room)
    }

    /// Lets go what may wait no longer at the end of a minute.
    fn expire(&mut self, minute: i64, batch: &mut Batch, sink: Sink<'_>) -> Result<(), LoadError> {
        let oldest = minute.saturating_sub(self.queue.unwrap_or(0));
        while let Some(mut entry) = self.backlog.pop_until(oldest) {
            if let (Some(flow), Some(longest)) = (entry.batch.flows.first(), self.queue) {
                self.tally.waited(flow.segment, longest);
            }
            self.divide(&mut entry.batch, &[Take::Nothing; 3], self.excess, sink)?;
            batch.append(&entry.batch);
        }
        Ok(())
    }

    /// Ends the data: what still waits was not served.
    pub(super) fn close(
        mut self,
        edges: &[Timestamp],
        findings: &mut Diagnostics,
        sink: Sink<'_>,
    ) -> Result<Vec<LoadUse>, LoadError> {
        while let Some(mut entry) = self.backlog.pop_until(i64::MAX) {
            self.divide(&mut entry.batch, &[Take::Nothing; 3], Excess::Stop, sink)?;
        }
        self.grains.report(self.contract, self.clause, findings);
        let too_large = LoadError::too_large(self.contract, self.clause);
        let steps = (&self.steps, self.minutes);
        self.tally.finish(self.term, steps, edges, self.gauge.profiles()).ok_or(too_large)
    }
}

/// The minute of an instant, counted from 1970.
pub(super) fn minute_of(at: Timestamp) -> i64 {
    at.nanos().div_euclid(MINUTE_NANOS)
}

fn minute_period(start: Timestamp) -> Period {
    Period { start, end: Timestamp::from_nanos(start.nanos() + MINUTE_NANOS) }
}
