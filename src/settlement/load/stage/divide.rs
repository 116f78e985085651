//! Rows divided between what is served and the rest.

use super::Stage;
use crate::settlement::load::batch::{Batch, Flow, LoadPart, Take};
use crate::settlement::load::gauge::BySide;
use crate::settlement::load::{Fate, LoadError, Portion, Sink};

/// What happens to what is above the capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Excess {
    Spill,
    Stop,
    /// It waits in the batch it is in.
    Stay,
}

/// The parts of one row by what becomes of them.
#[derive(Debug, Default)]
pub(super) struct Parts {
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

impl Stage<'_> {
    /// Divides what is on the meters of this term between those served and the rest.
    pub(super) fn divide(
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
        let all = (0..3).all(|side| takes[side] == Take::All || !self.gauge.has_meter(side));
        let mut whole = std::mem::take(&mut self.whole);
        if all && whole.len() != batch.flows.len() {
            whole.clear();
            self.weigh_all(batch, &mut whole)?;
        }
        for (number, flow) in batch.flows.iter().enumerate() {
            let parts = batch.parts(flow);
            if let Some(local) = self.gauge.local(flow.profile) {
                if all && let Some(loads) = whole[number] {
                    let portion = Portion::of(Fate::Served(self.term), flow, flow.requests, parts)?;
                    self.tally.served(local, &portion, &loads)?;
                    sink(portion)?;
                    continue;
                }
                let loads = self.cut(flow, parts, takes)?;
                self.hand_out((flow, local), takes, &loads, (excess, &mut next), sink)?;
            } else {
                next.push((flow.profile, flow.segment), flow.requests, parts.iter().copied());
            }
        }
        self.spare = std::mem::replace(batch, next);
        whole.clear();
        self.whole = whole;
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
            let portion = Portion::of(Fate::Served(self.term), flow, requests, served)?;
            self.tally.served(local, &portion, loads)?;
            sink(portion)?;
        }
        let other = other.iter().copied();
        match excess {
            Excess::Stop => {
                let (stopped, left) = if side.is_some() { (left, 0) } else { (0, left) };
                self.tally.unserved(flow, local, over);
                emit(Fate::Stopped(self.term), flow, stopped, over, sink)?;
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
pub(in crate::settlement::load) fn emit(
    fate: Fate,
    flow: &Flow,
    requests: i128,
    parts: &[LoadPart],
    sink: Sink<'_>,
) -> Result<(), LoadError> {
    if !parts.is_empty() || requests != 0 {
        sink(Portion::of(fate, flow, requests, parts)?)?;
    }
    Ok(())
}
