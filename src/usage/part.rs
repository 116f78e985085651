//! Usage of one part of a log, as a rollup takes it: summed, and what each request with an id added.
//!
//! Copies of a request may lie in other parts, so a sum alone is not enough: whoever finds that a
//! request was counted before takes it out of its sum again. What a request adds is kept as few
//! bytes, which stay where they are for as long as its id is remembered.

use std::sync::Arc;

use super::arena::{self, Added};
use super::dedup::{Contribution, RequestId};
use super::{Labels, RecordGrain, ReportedCost, SummedRecords, UsageRecord, UsageTime};
use crate::sku::Sku;
use crate::tokens::ComponentCounts;

/// Records read together: their sums, and those of them that have an id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsagePart {
    sums: Vec<SummedRecords>,
    requests: Vec<Request>,
    bytes: Vec<u8>,
}

/// A usage record whose parts are elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordRef<'r> {
    pub(crate) time: UsageTime,
    pub(crate) grain: RecordGrain,
    pub(crate) sku: &'r Arc<Sku>,
    pub(crate) context_tokens: Option<u64>,
    pub(crate) requests: u64,
    pub(crate) request_id: Option<RequestId>,
    pub(crate) labels: &'r Arc<Labels>,
    pub(crate) components: &'r ComponentCounts,
    pub(crate) reported_cost: Option<ReportedCost>,
}

impl<'r> From<&'r UsageRecord> for RecordRef<'r> {
    fn from(record: &'r UsageRecord) -> Self {
        Self {
            time: record.time,
            grain: record.grain,
            sku: &record.sku,
            context_tokens: record.context_tokens,
            requests: record.requests,
            request_id: record.request_id,
            labels: &record.labels,
            components: &record.components,
            reported_cost: record.reported_cost,
        }
    }
}

impl RecordRef<'_> {
    /// As [`UsageRecord::context`].
    pub(crate) fn context(&self) -> Option<u64> {
        match (self.context_tokens, self.time, self.requests) {
            (Some(tokens), _, _) => Some(tokens),
            (None, UsageTime::At(_), 0 | 1) if self.grain != RecordGrain::Session => {
                Some(self.components.prompt_tokens())
            }
            _ => None,
        }
    }
}

/// A record with an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) id: RequestId,
    /// Where its bytes begin.
    pub(crate) start: u32,
    /// The sum that it is in.
    pub(crate) sum: u32,
}

impl UsagePart {
    /// The sums; one of no records is none.
    #[must_use]
    pub fn sums(&self) -> &[SummedRecords] {
        &self.sums
    }

    /// Number of records with an id.
    #[must_use]
    pub fn ids(&self) -> usize {
        self.requests.len()
    }

    /// Adds a sum of a record; its place.
    pub(crate) fn push(&mut self, record: &RecordRef<'_>) -> usize {
        let record = UsageRecord {
            time: record.time,
            grain: record.grain,
            sku: Arc::clone(record.sku),
            // Whatever else is added to it, it stays in its context band.
            context_tokens: record.context(),
            requests: record.requests,
            request_id: None,
            labels: Arc::clone(record.labels),
            components: record.components.clone(),
            reported_cost: record.reported_cost,
        };
        self.sums.push(record.into());
        self.sums.len() - 1
    }

    /// The sum at a place.
    pub(crate) fn sum_mut(&mut self, place: usize) -> Option<&mut SummedRecords> {
        self.sums.get_mut(place)
    }

    /// Notes a record with an id that is counted, or will be, in the sum at a place.
    pub(crate) fn identify(&mut self, id: RequestId, record: &RecordRef<'_>, place: usize) {
        // A part is handed on long before it has 2^32 of anything.
        let sum = u32::try_from(place).unwrap_or(u32::MAX);
        let start = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        let RecordRef { time, requests, components, reported_cost, .. } = *record;
        let added = Added { time, profile: sum, requests, components, reported_cost };
        arena::encode(added, &mut self.bytes);
        self.requests.push(Request { id, start, sum });
    }

    /// Leaves out all that lies in sums which do not pass; the number of those records.
    pub fn leave_out(&mut self, mut keep: impl FnMut(&SummedRecords) -> bool) -> u64 {
        let mut left_out = 0;
        for sum in self.sums.iter_mut().filter(|sum| !keep(sum)) {
            left_out += std::mem::take(&mut sum.records);
        }
        if left_out > 0 {
            let sums = &self.sums;
            self.requests.retain(|request| sums[request.sum as usize].records > 0);
        }
        left_out
    }

    /// The records with an id.
    pub(crate) fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// What a record with an id adds; its profile is the place of its sum.
    pub(crate) fn added(&self, request: &Request) -> Contribution {
        arena::decode(&self.bytes[request.start as usize..]).0
    }

    /// The sums, the records with an id, and their bytes, whose profiles are the places of sums.
    pub(crate) fn take(self) -> (Vec<SummedRecords>, Vec<Request>, Vec<u8>) {
        (self.sums, self.requests, self.bytes)
    }
}

impl SummedRecords {
    /// Takes a record out that was summed; nothing is left of a sum without records.
    pub(crate) fn take_out(&mut self, record: &Contribution) {
        self.records -= 1;
        let sum = &mut self.record;
        sum.requests -= record.requests;
        sum.components.remove_all(&record.components);
        if let (Some(sum), Some(cost)) = (&mut sum.reported_cost, record.reported_cost) {
            // It was added before, so taking it away stays in range.
            sum.amount = sum.amount.checked_sub(cost.amount).unwrap_or_default();
        }
    }
}
