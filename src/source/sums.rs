//! Records summed where they are read.
//!
//! A rollup needs of records that cannot be copies of others, as they have no id, only sums. So a
//! worker sums those of one part of a file that name the same and lie in one charge period and
//! context band before they are handed on: fewer go from thread to thread, and the one thread that
//! makes the rollup has less to do. What comes out is the same.

use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::format::Format;
use crate::money::Currency;
use crate::period::Period;
use crate::sku::ContextBand;
use crate::usage::edges::{ChargePeriods, Edges};
use crate::usage::{CostKind, RecordGrain, SummedRecords, UsageRecord};

/// Records after which summing must have paid for itself.
const TRIES: usize = 512;
/// Sums after which they are handed on.
const MOST: usize = 8_192;

/// What records have in common that are summed. Names are told by where they stand in memory: the
/// sums hold them, so that nothing else comes to stand there.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    sku: usize,
    labels: usize,
    period: Period,
    grain: RecordGrain,
    context: ContextBand,
    cost: Option<(CostKind, Currency)>,
    format: Option<Format>,
}

/// Sums of one part of a file.
#[derive(Debug)]
pub(super) struct Sums<'e> {
    edges: &'e Edges,
    periods: ChargePeriods,
    places: HashMap<Key, usize, FixedState>,
    sums: Vec<(Option<Format>, SummedRecords)>,
    added: usize,
}

impl<'e> Sums<'e> {
    /// No records yet; they will be summed within these edges.
    pub(super) fn new(edges: &'e Edges) -> Self {
        Self {
            edges,
            periods: ChargePeriods::default(),
            places: HashMap::default(),
            sums: Vec::new(),
            added: 0,
        }
    }

    /// Adds a record of a format that has no id.
    pub(super) fn add(&mut self, format: Option<Format>, mut record: UsageRecord) {
        // Whatever else is added to it, it stays in its context band.
        record.context_tokens = record.context();
        self.added += 1;
        // Where hardly any are alike, they are kept as they are.
        if self.added > TRIES && self.sums.len() > self.added / 2 {
            self.sums.push((format, record.into()));
            return;
        }
        let bands = &self.edges.context;
        let context = record.context_tokens;
        let key = Key {
            sku: Arc::as_ptr(&record.sku).addr(),
            labels: Arc::as_ptr(&record.labels).addr(),
            period: self.periods.of(record.time, self.edges),
            grain: record.grain,
            context: context.map_or(ContextBand::Unknown, |size| ContextBand::of(size, bands)),
            cost: record.reported_cost.map(|cost| (cost.kind, cost.currency)),
            format,
        };
        let end = self.sums.len();
        let place = self.places.entry(key).or_insert(end);
        let fits = self.sums.get_mut(*place).is_some_and(|(_, sum)| add(sum, &record));
        if !fits {
            // The first of its kind, or one sum more where it does not fit into the one before.
            *place = end;
            self.sums.push((format, record.into()));
        }
    }

    /// True if there are so many that they should be handed on.
    pub(super) fn is_full(&self) -> bool {
        self.sums.len() >= MOST
    }

    /// Takes all sums, each with the format of its records.
    pub(super) fn take(&mut self) -> Vec<(Option<Format>, SummedRecords)> {
        self.places.clear();
        self.added = 0;
        std::mem::take(&mut self.sums)
    }
}

/// Adds a record; false, and nothing is added, if a sum does not fit.
fn add(sum: &mut SummedRecords, record: &UsageRecord) -> bool {
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
    if !whole.components.checked_add_all(&record.components) {
        return false;
    }
    whole.requests = requests;
    whole.reported_cost = cost;
    sum.records += 1;
    true
}
