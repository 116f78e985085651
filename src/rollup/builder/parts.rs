//! Adding what was summed where it was read.

use super::{RollupBuilder, rank};
use crate::rollup::RollupError;
use crate::usage::dedup::{Contribution, RequestId, Verdict};
use crate::usage::{SummedRecords, UsagePart, UsageRecord};

impl RollupBuilder {
    /// Adds what one part of a log holds, but for copies of what was added.
    ///
    /// # Errors
    /// [`RollupError`] if a sum does not fit.
    pub fn add_part(&mut self, part: UsagePart) -> Result<(), RollupError> {
        // Looked up together, for the time that it takes to do so one by one below.
        let ids = part.requests().iter().map(|request| request.id);
        std::hint::black_box(ids.filter(|id| self.dedup.has(*id)).count());
        let profiles = self.profiles_of(&part);
        let (mut sums, requests, bytes) = part.take();
        let (known, mut replaced) = (&self.profiles, Vec::new());
        let better = |old: u32, new: u32| rank(known, new) > rank(known, old);
        let duplicates = &mut self.duplicates;
        self.dedup.take_over(&requests, bytes, &profiles, better, |request, new, verdict| {
            sums[request.sum as usize].take_out(new);
            *duplicates += 1;
            if let Verdict::Replace(change) = verdict {
                replaced.push(change);
            }
        });
        self.count_sums(sums, &profiles)?;
        for change in replaced {
            self.take_back(&change.0);
            self.count(&change.1, 1)?;
        }
        Ok(())
    }

    /// Adds the records of one part of a log that have no id; what those with an id would add.
    pub(in crate::rollup) fn add_without_ids(
        &mut self,
        part: UsagePart,
    ) -> Result<Vec<(RequestId, Contribution)>, RollupError> {
        let profiles = self.profiles_of(&part);
        let mut identified = Vec::with_capacity(part.ids());
        identified.extend(part.requests().iter().map(|request| (request.id, part.added(request))));
        let (mut sums, ..) = part.take();
        for (_, added) in &mut identified {
            let sum = added.profile as usize;
            sums[sum].take_out(added);
            added.profile = profiles[sum];
        }
        self.count_sums(sums, &profiles)?;
        Ok(identified)
    }

    /// The profiles of sums.
    fn profiles_of(&mut self, part: &UsagePart) -> Vec<u32> {
        part.sums().iter().map(|sum| self.profile_of(&sum.record)).collect()
    }

    fn count_sums(
        &mut self,
        sums: Vec<SummedRecords>,
        profiles: &[u32],
    ) -> Result<(), RollupError> {
        for (SummedRecords { record, records }, profile) in sums.into_iter().zip(profiles) {
            if records > 0 {
                let UsageRecord { time, requests, components, reported_cost, .. } = record;
                let profile = *profile;
                let sum = Contribution { time, profile, requests, components, reported_cost };
                self.count(&sum, records)?;
            }
        }
        Ok(())
    }
}
