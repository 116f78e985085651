//! Summing records into a rollup.

mod parts;

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use indexmap::{Equivalent, IndexSet};
use rayon::prelude::*;

use super::{Edges, Profile, ReportedCosts, Rollup, RollupError, RollupRow};
use crate::period::Period;
use crate::sku::{ContextBand, Sku};
use crate::tokens::ComponentCounts;
use crate::usage::dedup::{Contribution, Dedup, RequestId, Verdict};
use crate::usage::edges::ChargePeriods;
use crate::usage::{Labels, RecordGrain, ReportedCost, UsageRecord};

/// The rows so far, in the order that they came up: at the end they are the rollup's without a copy.
#[derive(Debug, Default)]
struct Rows {
    rows: Vec<RollupRow>,
    /// Where the row of a period and profile stands, behind its hash.
    places: HashTable<(u64, usize)>,
}

impl Rows {
    fn hash(period: Period, profile: u32) -> u64 {
        FixedState::default().hash_one((period, profile))
    }

    fn find(&self, period: Period, profile: u32) -> Option<usize> {
        self.find_hashed(Self::hash(period, profile), period, profile)
    }

    fn find_hashed(&self, hash: u64, period: Period, profile: u32) -> Option<usize> {
        let same = |(hashed, at): &(u64, usize)| {
            let row = &self.rows[*at];
            *hashed == hash && row.profile == profile && row.period == period
        };
        self.places.find(hash, same).map(|(_, at)| *at)
    }

    /// The place of a row, which is added if there is none.
    fn place(&mut self, period: Period, profile: u32) -> usize {
        let hash = Self::hash(period, profile);
        self.find_hashed(hash, period, profile).unwrap_or_else(|| {
            let at = self.rows.len();
            self.rows.push(RollupRow {
                period,
                profile,
                records: 0,
                requests: 0,
                components: ComponentCounts::default(),
                reported: ReportedCosts::default(),
            });
            self.places.insert_unique(hash, (hash, at), |(hash, _)| *hash);
            at
        })
    }
}

/// Shared names that are remembered.
const MOST_SHARED: usize = 1_024;

/// Where a SKU and labels stand in memory, and what else a profile has.
type SharedKey = ((usize, usize), RecordGrain, ContextBand);

/// A profile by its parts, which hashes as it does: the fields are in the same order.
#[derive(Debug, Hash)]
struct ProfileRef<'p> {
    sku: &'p Sku,
    grain: RecordGrain,
    context: ContextBand,
    labels: &'p Labels,
}

impl Equivalent<Profile> for ProfileRef<'_> {
    fn equivalent(&self, profile: &Profile) -> bool {
        self.grain == profile.grain
            && self.context == profile.context
            && *self.sku == profile.sku
            && *self.labels == profile.labels
    }
}

/// The profile of names that several records share.
#[derive(Debug)]
struct Shared {
    profile: u32,
    /// Held, so that nothing else comes to stand where they are.
    _names: (Arc<Sku>, Arc<Labels>),
}

/// Rows of the latest period by profile: logs are mostly in order of time.
#[derive(Debug, Default)]
struct Latest {
    period: Option<Period>,
    /// Number of the periods so far: what was noted under another is of no use.
    number: u32,
    rows: Vec<(u32, usize)>,
}

impl Latest {
    /// The place of a row among all, which `find` knows otherwise.
    fn row(&mut self, period: Period, profile: u32, find: impl FnOnce() -> usize) -> usize {
        if self.period != Some(period) {
            self.period = Some(period);
            // Before numbers come again, everything is forgotten.
            self.number = self.number.checked_add(1).unwrap_or_else(|| {
                self.rows.clear();
                1
            });
        }
        let place = profile as usize;
        if self.rows.len() <= place {
            self.rows.resize(place + 1, (0, 0));
        }
        if self.rows[place].0 != self.number {
            self.rows[place] = (self.number, find());
        }
        self.rows[place].1
    }
}

/// Builds a rollup record by record, in any order.
#[derive(Debug)]
pub struct RollupBuilder {
    edges: Edges,
    profiles: IndexSet<Profile, FixedState>,
    shared: HashMap<SharedKey, Shared, FixedState>,
    rows: Rows,
    latest: Latest,
    periods: ChargePeriods,
    dedup: Dedup,
    duplicates: u64,
}

impl RollupBuilder {
    /// An empty rollup cut at `edges`.
    #[must_use]
    pub fn new(edges: Edges) -> Self {
        Self {
            edges,
            profiles: IndexSet::default(),
            shared: HashMap::default(),
            rows: Rows::default(),
            latest: Latest::default(),
            periods: ChargePeriods::default(),
            dedup: Dedup::default(),
            duplicates: 0,
        }
    }

    /// Records that were copies of one seen before.
    #[must_use]
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Adds one record, unless it is a copy of one that was added.
    ///
    /// # Errors
    /// [`RollupError`] if a sum does not fit.
    pub fn add(&mut self, record: UsageRecord) -> Result<(), RollupError> {
        let (id, new) = self.contribution(&record);
        match id {
            Some(id) => self.offer(id, &new),
            None => self.count(&new, 1),
        }
    }

    /// What a record adds, if it is no copy.
    pub(super) fn contribution(
        &mut self,
        record: &UsageRecord,
    ) -> (Option<RequestId>, Contribution) {
        let new = Contribution {
            time: record.time,
            profile: self.profile_of(record),
            requests: record.requests,
            components: record.components.clone(),
            reported_cost: record.reported_cost,
        };
        (record.request_id, new)
    }

    /// Different request ids that are remembered.
    pub(super) fn ids(&self) -> usize {
        self.dedup.len()
    }

    /// Forgets the ids of a part, none of whose copies will come any more.
    pub(super) fn forget(&mut self, part: usize) {
        self.dedup.forget(part);
    }

    /// Adds what an id stands for, unless it is a copy.
    pub(super) fn offer(&mut self, id: RequestId, new: &Contribution) -> Result<(), RollupError> {
        let profiles = &self.profiles;
        let better = |old: u32, new: u32| rank(profiles, new) > rank(profiles, old);
        match self.dedup.offer(id, new, better) {
            Verdict::New => self.count(new, 1),
            Verdict::Duplicate => {
                self.duplicates += 1;
                Ok(())
            }
            Verdict::Replace(change) => {
                self.duplicates += 1;
                self.take_back(&change.0);
                self.count(&change.1, 1)
            }
        }
    }

    /// Adds every row of a rollup with the same edges.
    ///
    /// # Errors
    /// [`RollupError`] if it is cut differently or a sum does not fit.
    pub fn add_rollup(&mut self, other: &Rollup) -> Result<(), RollupError> {
        if other.edges.grain != self.edges.grain {
            return Err(RollupError::EdgesDiffer("grains"));
        }
        if other.edges.context != self.edges.context {
            return Err(RollupError::EdgesDiffer("context thresholds"));
        }
        if other.edges.times != self.edges.times {
            return Err(RollupError::EdgesDiffer("times of price changes"));
        }
        let numbers: Vec<u32> = other.profiles.iter().map(|p| self.profile(p.clone())).collect();
        for row in &other.rows {
            let at = self.rows.place(row.period, numbers[row.profile as usize]);
            let sums = &mut self.rows.rows[at];
            sums.records =
                sums.records.checked_add(row.records).ok_or(RollupError::CountOverflow)?;
            sums.requests =
                sums.requests.checked_add(row.requests).ok_or(RollupError::CountOverflow)?;
            sums.add_components(&row.components)?;
            for ((kind, currency), amount) in &row.reported {
                sums.add_cost(&ReportedCost { amount: *amount, currency: *currency, kind: *kind })?;
            }
        }
        Ok(())
    }

    /// The profile of a record. Records that share their names are told by where these stand.
    pub(super) fn profile_of(&mut self, record: &UsageRecord) -> u32 {
        let UsageRecord { sku, grain, labels, .. } = record;
        let context = record
            .context()
            .map_or(ContextBand::Unknown, |tokens| ContextBand::of(tokens, &self.edges.context));
        if Arc::strong_count(sku) == 1 {
            return self.number(&ProfileRef { sku, grain: *grain, context, labels });
        }
        let names = (Arc::as_ptr(&record.sku).addr(), Arc::as_ptr(&record.labels).addr());
        let key = (names, record.grain, context);
        if let Some(known) = self.shared.get(&key) {
            return known.profile;
        }
        if self.shared.len() >= MOST_SHARED {
            self.shared.clear();
        }
        let profile = self.number(&ProfileRef { sku, grain: *grain, context, labels });
        let names = (Arc::clone(&record.sku), Arc::clone(&record.labels));
        self.shared.insert(key, Shared { profile, _names: names });
        profile
    }

    fn number(&mut self, wanted: &ProfileRef<'_>) -> u32 {
        let number = self.profiles.get_index_of(wanted).unwrap_or_else(|| {
            let ProfileRef { sku, grain, context, labels } = *wanted;
            let (sku, labels) = (sku.clone(), labels.clone());
            self.profiles.insert_full(Profile { sku, grain, context, labels }).0
        });
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    fn profile(&mut self, profile: Profile) -> u32 {
        let (number, _) = self.profiles.insert_full(profile);
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    /// Counts what so many records add.
    pub(super) fn count(&mut self, c: &Contribution, records: u64) -> Result<(), RollupError> {
        let period = self.periods.of(c.time, &self.edges);
        let rows = &mut self.rows;
        let at = self.latest.row(period, c.profile, || rows.place(period, c.profile));
        let sums = &mut rows.rows[at];
        sums.records = sums.records.checked_add(records).ok_or(RollupError::CountOverflow)?;
        sums.requests = sums.requests.checked_add(c.requests).ok_or(RollupError::CountOverflow)?;
        sums.add_components(&c.components)?;
        c.reported_cost.as_ref().map_or(Ok(()), |cost| sums.add_cost(cost))
    }

    fn take_back(&mut self, c: &Contribution) {
        let period = self.periods.of(c.time, &self.edges);
        if let Some(at) = self.rows.find(period, c.profile) {
            let sums = &mut self.rows.rows[at];
            sums.records -= 1;
            sums.requests -= c.requests;
            sums.components.remove_all(&c.components);
            if let Some(cost) = &c.reported_cost
                && let Some(sum) = sums.reported.get_mut(&(cost.kind, cost.currency))
            {
                // It was added before, so taking it away stays in range.
                *sum = sum.checked_sub(cost.amount).unwrap_or_default();
            }
        }
    }

    /// The rollup, sorted so that it does not depend on the order of adding.
    #[must_use]
    pub fn finish(self) -> Rollup {
        let Self { edges, profiles, rows: Rows { mut rows, places }, dedup, .. } = self;
        // No more copies come: what was known of requests is let go beside.
        let ((), order) = rayon::join(
            || drop((dedup, places)),
            || {
                let mut used = vec![false; profiles.len()];
                rows.retain(|row| {
                    used[row.profile as usize] |= row.records > 0;
                    row.records > 0
                });
                let mut order: Vec<usize> = (0..profiles.len()).filter(|old| used[*old]).collect();
                order.sort_by_key(|old| &profiles[*old]);
                order
            },
        );
        let mut renumbered = vec![u32::MAX; profiles.len()];
        for (new, old) in (0..).zip(&order) {
            renumbered[*old] = new;
        }
        let profiles = order.iter().map(|old| profiles[*old].clone()).collect();
        let finished = |(at, row): (usize, &mut RollupRow)| {
            row.profile = renumbered[row.profile as usize];
            row.reported.retain(|_, amount| !amount.is_zero());
            (row.period, row.profile, at)
        };
        let mut keys: Vec<(Period, u32, usize)> =
            rows.par_iter_mut().enumerate().map(finished).collect();
        keys.par_sort_unstable();
        arrange(&mut rows, keys.into_iter().map(|(_, _, at)| at).collect());
        Rollup { edges, profiles, rows, whole: None }
    }
}

/// Brings rows into an order of their places. Rows are large, so each is moved once and within the
/// room that they have.
fn arrange(rows: &mut [RollupRow], mut order: Vec<usize>) {
    for first in 0..order.len() {
        // One goes to the place of the next, round until the first comes again.
        let mut at = first;
        loop {
            let from = std::mem::replace(&mut order[at], at);
            if from == first {
                break;
            }
            rows.swap(at, from);
            at = from;
        }
    }
}

/// Copies of one request that differ in profile: the longer prompt wins, then the later name.
fn rank(profiles: &IndexSet<Profile, FixedState>, number: u32) -> (u64, &Profile) {
    let profile = &profiles[number as usize];
    let from = match profile.context {
        ContextBand::Known { from, .. } => from,
        ContextBand::Unknown => 0,
    };
    (from, profile)
}

impl RollupRow {
    fn add_components(&mut self, components: &ComponentCounts) -> Result<(), RollupError> {
        if self.components.checked_add_all(components) {
            Ok(())
        } else {
            Err(RollupError::CountOverflow)
        }
    }

    fn add_cost(&mut self, cost: &ReportedCost) -> Result<(), RollupError> {
        let sum = self.reported.entry((cost.kind, cost.currency)).or_default();
        *sum = sum.checked_add(cost.amount)?;
        Ok(())
    }
}
