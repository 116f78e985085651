//! Records in the making: what every reader of response bodies ends in.

use std::borrow::Cow;
use std::sync::Arc;

use super::ReadOptions;
use super::envelope::Envelope;
use super::outcome::{Note, Notes, Outcome, Skipped, one};
use crate::diagnostic::code;
use crate::period::Timestamp;
use crate::sku::Sku;
use crate::tokens::{Component, ComponentCounts};
use crate::usage::dedup::RequestId;
use crate::usage::{RecordGrain, UsageRecord, UsageTime};

/// A record in the making: what every provider body ends in.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) sku: Arc<Sku>,
    pub(crate) time: Option<Timestamp>,
    /// The provider's id of the request, and which of its turns this is.
    pub(crate) request_id: Option<Cow<'a, str>>,
    pub(crate) turn: usize,
    pub(crate) components: ComponentCounts,
    pub(crate) notes: Notes,
}

impl Draft<'_> {
    /// The finished record, or why there is none.
    pub(crate) fn finish(self, envelope: &Envelope<'_>, options: &ReadOptions) -> Outcome {
        let known = self.time.or(options.time);
        let Some(time) = known.filter(|_| !self.sku.model.is_empty()) else {
            return Err(lacking(known.is_none(), self.sku.model.is_empty()));
        };
        let (sku, cost) = envelope.billed(self.sku, options);
        let id = self.request_id.as_deref();
        let request_id = id.map(|id| RequestId::new(&sku.provider, id, self.turn));
        let record = UsageRecord {
            time: UsageTime::At(time),
            grain: RecordGrain::Request,
            sku,
            context_tokens: None,
            requests: 1,
            request_id,
            labels: envelope.labels(&options.labels),
            components: self.components,
            reported_cost: if self.turn == 0 { cost.of_request } else { None },
        };
        let fee = if self.turn == 0 { cost.fee_record(&record, id) } else { None };
        let mut records = one(record, self.notes);
        records.extend(fee.map(|fee| (fee, Notes::default())));
        Ok(records)
    }
}

/// Why a body gives no record: what a record needs and neither it nor the line around it says.
fn lacking(time: bool, model: bool) -> Skipped {
    match (time, model) {
        (true, true) => Skipped::new(
            code::MISSING_TIME,
            "response with neither a time nor a model name, in itself or in the line around it",
        ),
        (true, false) => Skipped::new(
            code::MISSING_TIME,
            "response without a time, in itself or in the line around it",
        ),
        (false, _) => Skipped::new(
            code::MISSING_MODEL,
            "response without a model name, in itself or in the line around it",
        ),
    }
}

/// Splits whole counts into disjoint components and keeps note of what had to be cut.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    pub(crate) components: ComponentCounts,
    pub(crate) notes: Notes,
}

impl Splitter {
    /// Counts a component as it stands.
    pub(crate) fn put(&mut self, component: Component, count: u64) {
        self.components.add(component, count);
    }

    /// Takes the parts out of `whole` in order, each cut to what is left, and counts what remains
    /// as `rest`.
    pub(crate) fn split(&mut self, whole: u64, rest: Component, parts: &[(Component, u64)]) {
        let mut left = whole;
        for (component, count) in parts {
            let taken = (*count).min(left);
            if taken < *count {
                self.notes.set(Note::Clamped);
            }
            self.components.add(*component, taken);
            left -= taken;
        }
        self.components.add(rest, left);
    }

    /// Notes a mismatch if the provider states a total that the parts do not reach.
    pub(crate) fn check_total(&mut self, stated: Option<u64>) {
        if stated.is_some_and(|total| total != self.components.tokens()) {
            self.notes.set(Note::TotalMismatch);
        }
    }
}
