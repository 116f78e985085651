//! Records summed where they are read.
//!
//! A rollup needs only sums, but for copies of what was counted before. So a worker sums those records
//! of one part of a file that name the same and lie in one charge period and context band before
//! they are handed on, and writes down what each that has an id adds, for it may be such a copy: less
//! goes from thread to thread, and the one thread that makes the rollup has less to do. What comes
//! out is the same.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::format::Format;
use crate::money::Currency;
use crate::period::Period;
use crate::sku::ContextBand;
use crate::usage::edges::{ChargePeriods, Edges};
use crate::usage::{CostKind, RecordGrain, RecordRef, SummedRecords, UsagePart};

/// Records after which summing must have paid for itself.
const TRIES: usize = 512;
/// Sums, or records with an id, after which a part is full.
const MOST: usize = 8_192;

/// What records have in common that are summed. Names are told by where they stand in memory: the
/// sums hold them, so that nothing else comes to stand there.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    sku: usize,
    labels: usize,
    period: Period,
    context: ContextBand,
    grain: RecordGrain,
    cost: Option<(CostKind, Currency)>,
    format: Option<Format>,
}

impl Hash for Key {
    /// Of names and time alone: what agrees in them and differs in the rest is little.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.sku);
        state.write_usize(self.labels);
        state.write_i64(self.period.start.nanos());
    }
}

/// Sums of one part of a file.
#[derive(Debug)]
pub(super) struct Sums<'e> {
    edges: &'e Edges,
    periods: ChargePeriods,
    places: HashMap<Key, usize, FixedState>,
    part: UsagePart,
    /// Of each sum the format of its records.
    formats: Vec<Option<Format>>,
    added: usize,
}

impl<'e> Sums<'e> {
    /// No records yet; they will be summed within these edges.
    pub(super) fn new(edges: &'e Edges) -> Self {
        Self {
            edges,
            periods: ChargePeriods::default(),
            places: HashMap::default(),
            part: UsagePart::default(),
            formats: Vec::new(),
            added: 0,
        }
    }

    /// Adds a record of a format.
    pub(super) fn add(&mut self, format: Option<Format>, record: &RecordRef<'_>) {
        self.added += 1;
        let end = self.formats.len();
        // Where hardly any are alike, they are kept as they are.
        let place = if self.added > TRIES && end > self.added / 2 {
            end
        } else {
            self.place_of(format, record)
        };
        if let Some(id) = record.request_id {
            self.part.identify(id, record, place);
        }
        if place == end {
            self.part.push(record);
            self.formats.push(format);
        }
    }

    /// The place of the sum that a record was added to, or will be the first of.
    fn place_of(&mut self, format: Option<Format>, record: &RecordRef<'_>) -> usize {
        let bands = &self.edges.context;
        let context = record.context();
        let key = Key {
            sku: Arc::as_ptr(record.sku).addr(),
            labels: Arc::as_ptr(record.labels).addr(),
            period: self.periods.of(record.time, self.edges),
            context: context.map_or(ContextBand::Unknown, |size| ContextBand::of(size, bands)),
            grain: record.grain,
            cost: record.reported_cost.map(|cost| (cost.kind, cost.currency)),
            format,
        };
        let end = self.formats.len();
        let place = self.places.entry(key).or_insert(end);
        if !self.part.sum_mut(*place).is_some_and(|sum| add(sum, record)) {
            // The first of its kind, or one sum more where it does not fit into the one before.
            *place = end;
        }
        *place
    }

    /// True if there is so much that it should be handed on.
    pub(super) fn is_full(&self) -> bool {
        self.formats.len() >= MOST || self.part.ids() >= MOST
    }

    /// Takes all, with the format of the records of each sum.
    pub(super) fn take(&mut self) -> (UsagePart, Vec<Option<Format>>) {
        self.places.clear();
        self.added = 0;
        (std::mem::take(&mut self.part), std::mem::take(&mut self.formats))
    }
}

/// Adds a record; false, and nothing is added, if a sum does not fit.
fn add(sum: &mut SummedRecords, record: &RecordRef<'_>) -> bool {
    let whole = &mut sum.record;
    let Some(requests) = whole.requests.checked_add(record.requests) else { return false };
    let cost = match (whole.reported_cost, record.reported_cost) {
        (Some(mut cost), Some(more)) => match cost.amount.checked_add(more.amount) {
            Ok(amount) => {
                cost.amount = amount;
                Some(cost)
            }
            Err(_) => return false,
        },
        (cost, _) => cost,
    };
    if !whole.components.checked_add_all(record.components) {
        return false;
    }
    whole.requests = requests;
    whole.reported_cost = cost;
    sum.records += 1;
    true
}
