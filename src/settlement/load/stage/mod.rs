//! One term that serves usage minute by minute.

mod divide;
mod hours;
mod queue;

pub(super) use self::divide::emit;
use self::divide::{Excess, Parts};
use self::hours::HeldHour;
use self::queue::Backlog;
use super::batch::{Batch, Take};
use super::gauge::{BySide, Gauge};
use super::grains::Grains;
use super::spread::{Outcome, Spread, assumed};
use super::steps::{MINUTE_NANOS, Steps};
use super::tally::{LoadUse, Tally};
use super::{LoadError, Sink};
use crate::contract::Contract;
use crate::contract::terms::{Capacity, LoadProfile, Overflow, ReservedSpend, Term};
use crate::diagnostic::Diagnostics;
use crate::period::{Period, Timestamp};
use crate::settlement::{TermRef, UsageProfile};

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
    /// Where stretches of time begin; the last is the end of the window.
    edges: Vec<Timestamp>,
    tally: Tally,
    grains: Grains,
    backlog: Backlog,
    held: HeldHour,
    spare: Batch,
    // Reused for each row.
    row: Parts,
    /// Loads of the rows that are divided next, where they were weighed just before.
    whole: Vec<Option<BySide>>,
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
            edges: edges.to_vec(),
            tally: Tally::default(),
            grains: Grains::default(),
            backlog: Backlog::default(),
            held: HeldHour::default(),
            spare: Batch::new(Period { start: never, end: never }),
            row: Parts::default(),
            whole: Vec::new(),
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

    /// Takes the rows of one period: `None` if they are kept until later.
    pub(super) fn take(
        &mut self,
        mut batch: Batch,
        sink: Sink<'_>,
    ) -> Result<Option<Batch>, LoadError> {
        let in_force = self.steps.in_force(batch.start());
        let unit = self.minutes * MINUTE_NANOS;
        let mut whole = std::mem::take(&mut self.whole);
        whole.clear();
        let (loads, rows) =
            if in_force { self.weigh_all(&batch, &mut whole)? } else { Default::default() };
        if rows > 0 {
            let stated = self.profile.is_some() || batch.period.nanos() <= unit;
            self.grains.add(batch.period, unit, rows, !stated);
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
            let takes = self.takes(&loads, &room)?;
            self.record(&batch, &loads);
            self.whole = whole;
            self.divide(&mut batch, &takes, self.excess, sink)?;
        }
        Ok(Some(batch))
    }

    /// What capacity serves of loads.
    fn takes(&self, loads: &BySide, room: &BySide) -> Result<[Take; 3], LoadError> {
        self.tightest([0, 1, 2].map(|side| Take::of(loads[side], room[side])))
    }

    /// With meters for input and output apart, a request needs both: the tighter one decides.
    fn tightest(&self, takes: [Take; 3]) -> Result<[Take; 3], LoadError> {
        if !self.has_meters_apart() {
            return Ok(takes);
        }
        let least = takes[1].least(takes[2])?;
        Ok([takes[0], least, least])
    }

    /// True if prompts and responses have meters of their own.
    fn has_meters_apart(&self) -> bool {
        self.gauge.has_meter(1) && self.gauge.has_meter(2)
    }

    /// Load by meter.
    fn loads(&self, batch: &Batch) -> Result<BySide, LoadError> {
        if !self.steps.in_force(batch.start()) {
            return Ok(BySide::default());
        }
        Ok(self.weigh_all(batch, &mut Vec::new())?.0)
    }

    /// Load by meter, and how many rows have any part in it. `whole` gets the load of each row, or
    /// `None` where not all of it is on a meter.
    fn weigh_all(
        &self,
        batch: &Batch,
        whole: &mut Vec<Option<BySide>>,
    ) -> Result<(BySide, u64), LoadError> {
        let (mut loads, mut rows) = (BySide::default(), 0);
        let counts_requests = self.gauge.request_side().is_some();
        for flow in &batch.flows {
            let parts = batch.parts(flow);
            let (mut mine, mut on_meter) = (BySide::default(), 0);
            for part in parts {
                let Some(weighed) = self.gauge.weigh(flow.profile, part) else { continue };
                let (side, load) = weighed.ok_or_else(|| self.too_large())?;
                mine[side] = mine[side].checked_add(load).ok_or_else(|| self.too_large())?;
                on_meter += 1;
            }
            for (sum, load) in loads.iter_mut().zip(mine) {
                *sum = sum.checked_add(load).ok_or_else(|| self.too_large())?;
            }
            rows += u64::from(on_meter > 0);
            let is_whole = on_meter == parts.len() && on_meter > 0 && counts_requests;
            whole.push(is_whole.then_some(mine));
        }
        Ok((loads, rows))
    }

    /// The stretch of time of a batch.
    fn segment_of(&self, batch: &Batch) -> usize {
        self.edges.partition_point(|edge| *edge <= batch.start()).saturating_sub(1)
    }

    /// Counts a period whose load is the same all the time.
    fn record(&mut self, batch: &Batch, loads: &BySide) {
        let room = self.steps.at(batch.start());
        let any = loads.iter().any(|load| *load > 0);
        let over = loads.iter().zip(room).any(|(load, room)| *load > room);
        let seconds = self.minutes.unsigned_abs() * 60;
        let count = |yes: bool| if yes { seconds } else { 0 };
        let peak = [0, 1, 2].map(|side| (loads[side], room[side]));
        let outcome = Outcome { seconds: (count(any), count(over)), peak };
        self.tally.loaded(self.segment_of(batch), &outcome);
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
        // Input and output of a row come in a fixed ratio, so one meter is the tighter all along.
        let takes = self.tightest(takes)?;
        let segment = self.segment_of(batch);
        self.tally.loaded(segment, &outcome);
        if self.queue.is_some() && outcome.seconds.1 > 0 {
            self.tally.waited(segment, 1);
        }
        self.divide(batch, &takes, self.excess, sink)
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
