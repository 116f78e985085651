//! Summing records into a rollup.

use foldhash::fast::FixedState;
use indexmap::{IndexMap, IndexSet};

use super::{Edges, Profile, ReportedCosts, Rollup, RollupError, RollupRow};
use crate::period::Period;
use crate::sku::ContextBand;
use crate::tokens::ComponentCounts;
use crate::usage::dedup::{Contribution, Dedup, RequestId, Verdict};
use crate::usage::{ReportedCost, UsageRecord, UsageTime};

#[derive(Debug, Default)]
struct Sums {
    records: u64,
    requests: u64,
    components: ComponentCounts,
    reported: ReportedCosts,
}

/// Builds a rollup record by record, in any order.
#[derive(Debug)]
pub struct RollupBuilder {
    edges: Edges,
    profiles: IndexSet<Profile, FixedState>,
    rows: IndexMap<(Period, u32), Sums, FixedState>,
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
            rows: IndexMap::default(),
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
        let (id, new) = self.contribution(record);
        match id {
            Some(id) => self.offer(id, &new),
            None => self.count(&new),
        }
    }

    /// What a record adds, if it is no copy.
    pub(super) fn contribution(
        &mut self,
        record: UsageRecord,
    ) -> (Option<RequestId>, Contribution) {
        let context = record
            .context()
            .map_or(ContextBand::Unknown, |tokens| ContextBand::of(tokens, &self.edges.context));
        let profile = self.profile(Profile {
            sku: record.sku,
            grain: record.grain,
            context,
            labels: record.labels,
        });
        let new = Contribution {
            time: record.time,
            profile,
            requests: record.requests,
            components: record.components,
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
            Verdict::New => self.count(new),
            Verdict::Duplicate => {
                self.duplicates += 1;
                Ok(())
            }
            Verdict::Replace(change) => {
                self.duplicates += 1;
                self.take_back(&change.0);
                self.count(&change.1)
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
            let sums = self.rows.entry((row.period, numbers[row.profile as usize])).or_default();
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

    fn profile(&mut self, profile: Profile) -> u32 {
        let (number, _) = self.profiles.insert_full(profile);
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    /// A request belongs to the charge period of its instant. So does a bucket that lies in one; a
    /// longer bucket keeps its own period, because nothing tells how to divide it.
    fn period(&self, time: UsageTime) -> Period {
        match time {
            UsageTime::At(instant) => self.edges.period_of(instant),
            UsageTime::Bucket(bucket) => {
                let period = self.edges.period_of(bucket.start);
                if bucket.end <= period.end { period } else { bucket }
            }
        }
    }

    pub(super) fn count(&mut self, c: &Contribution) -> Result<(), RollupError> {
        let sums = self.rows.entry((self.period(c.time), c.profile)).or_default();
        sums.records = sums.records.checked_add(1).ok_or(RollupError::CountOverflow)?;
        sums.requests = sums.requests.checked_add(c.requests).ok_or(RollupError::CountOverflow)?;
        sums.add_components(&c.components)?;
        c.reported_cost.as_ref().map_or(Ok(()), |cost| sums.add_cost(cost))
    }

    fn take_back(&mut self, c: &Contribution) {
        let key = (self.period(c.time), c.profile);
        if let Some(sums) = self.rows.get_mut(&key) {
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
        let used: IndexSet<u32> =
            self.rows.iter().filter(|(_, s)| s.records > 0).map(|((_, p), _)| *p).collect();
        let mut order: Vec<u32> = used.into_iter().collect();
        order.sort_by(|a, b| self.profiles[*a as usize].cmp(&self.profiles[*b as usize]));
        let mut renumbered = vec![u32::MAX; self.profiles.len()];
        for (new, old) in (0_u32..).zip(&order) {
            renumbered[*old as usize] = new;
        }
        let profiles = order.iter().map(|old| self.profiles[*old as usize].clone()).collect();
        let mut rows: Vec<RollupRow> = self
            .rows
            .into_iter()
            .filter(|(_, sums)| sums.records > 0)
            .map(|((period, profile), mut sums)| {
                sums.reported.retain(|_, amount| !amount.is_zero());
                RollupRow {
                    period,
                    profile: renumbered[profile as usize],
                    records: sums.records,
                    requests: sums.requests,
                    components: sums.components,
                    reported: sums.reported,
                }
            })
            .collect();
        rows.sort_unstable_by_key(|row| (row.period, row.profile));
        Rollup { edges: self.edges, profiles, rows, whole: None }
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

impl Sums {
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
