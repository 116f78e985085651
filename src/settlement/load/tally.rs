//! What a term served, by stretch of time.

use super::Portion;
use super::batch::{Flow, LoadPart, tokens};
use super::gauge::BySide;
use super::spread::{Outcome, is_higher};
use super::steps::Steps;
use crate::money::{Amount, MoneyError};
use crate::period::Timestamp;
use crate::settlement::TermRef;

/// How a term was used in one stretch of time. Loads are in a common unit of the term: only their
/// ratios say something. Numbers by meter are in the order all, input, output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LoadUse {
    /// The term.
    pub(crate) term: TermRef,
    /// The stretch, from the edge of this number to the next.
    pub(crate) segment: usize,
    /// Capacity of all its minutes, with and without usage.
    pub(crate) offered: BySide,
    /// What each profile had of it.
    pub(crate) profiles: Vec<ProfileUse>,
    /// Highest load as a share of the capacity, in millionths.
    pub(crate) peak_millionths: u64,
    /// Minutes (of reserved spend by the hour: hours) with load above the capacity.
    pub(crate) periods_over: u64,
    /// Minutes (or hours) with any load.
    pub(crate) periods_loaded: u64,
    /// Longest wait in a queue.
    pub(crate) longest_wait_minutes: u64,
}

/// What a term did for the usage of one profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ProfileUse {
    /// The profile.
    pub(crate) profile: u32,
    /// Load served by meter.
    pub(crate) load: BySide,
    /// Tokens served, in millionths.
    pub(crate) served: i128,
    /// Tokens passed on, in millionths.
    pub(crate) spilled: i128,
    /// Tokens that nobody served, in millionths.
    pub(crate) unserved: i128,
    /// Value of what was served at list.
    pub(crate) list: Amount,
    /// And after unit-price terms.
    pub(crate) contracted: Amount,
}

#[derive(Debug, Default)]
struct Stretch {
    profiles: Vec<ProfileUse>,
    peak: [(i128, i128); 3],
    /// Seconds, since an hour can be half busy.
    loaded: u64,
    over: u64,
    longest_wait: u64,
}

/// Sums of one term.
#[derive(Debug, Default)]
pub(super) struct Tally {
    stretches: Vec<Stretch>,
}

impl Tally {
    #[inline]
    fn stretch(&mut self, segment: usize) -> &mut Stretch {
        if self.stretches.len() <= segment {
            self.stretches.resize_with(segment + 1, Stretch::default);
        }
        &mut self.stretches[segment]
    }

    #[inline]
    fn profile(&mut self, segment: usize, local: usize) -> &mut ProfileUse {
        let profiles = &mut self.stretch(segment).profiles;
        if profiles.len() <= local {
            profiles.resize(local + 1, ProfileUse::default());
        }
        &mut profiles[local]
    }

    /// Adds what was served of a row.
    #[inline]
    pub(super) fn served(
        &mut self,
        local: usize,
        portion: &Portion<'_>,
        loads: &BySide,
    ) -> Result<(), MoneyError> {
        let entry = self.profile(portion.segment, local);
        for (sum, load) in entry.load.iter_mut().zip(loads) {
            *sum = sum.checked_add(*load).ok_or(MoneyError::Overflow)?;
        }
        entry.served += portion.tokens;
        entry.list = entry.list.checked_add(portion.list)?;
        entry.contracted = entry.contracted.checked_add(portion.contracted)?;
        Ok(())
    }

    pub(super) fn spilled(&mut self, flow: &Flow, local: usize, parts: &[LoadPart]) {
        self.profile(flow.segment, local).spilled += tokens(parts);
    }

    pub(super) fn unserved(&mut self, flow: &Flow, local: usize, parts: &[LoadPart]) {
        self.profile(flow.segment, local).unserved += tokens(parts);
    }

    pub(super) fn waited(&mut self, segment: usize, minutes: i64) {
        let longest = &mut self.stretch(segment).longest_wait;
        *longest = (*longest).max(u64::try_from(minutes).unwrap_or(0));
    }

    /// Adds periods with the same load.
    pub(super) fn loaded(&mut self, segment: usize, outcome: &Outcome) {
        let stretch = self.stretch(segment);
        stretch.loaded += outcome.seconds.0;
        stretch.over += outcome.seconds.1;
        for (highest, found) in stretch.peak.iter_mut().zip(outcome.peak) {
            if is_higher(found, *highest) {
                *highest = found;
            }
        }
    }

    /// The sums of each stretch between two edges in which the term holds; `None` if a number does
    /// not fit.
    pub(super) fn finish(
        mut self,
        term: TermRef,
        (steps, minutes): (&Steps, i64),
        edges: &[Timestamp],
        profiles: &[u32],
    ) -> Option<Vec<LoadUse>> {
        let mut uses = Vec::new();
        for (segment, edge) in edges.windows(2).enumerate() {
            let Some(offered) = steps.offered((edge[0], edge[1]), minutes)? else { continue };
            let stretch = std::mem::take(self.stretch(segment));
            let numbered = profiles.iter().zip(stretch.profiles);
            let used = numbered.map(|(number, used)| ProfileUse { profile: *number, ..used });
            let seconds = u64::try_from(minutes * 60).ok()?;
            uses.push(LoadUse {
                term,
                segment,
                offered,
                profiles: used
                    .filter(|u| *u != ProfileUse { profile: u.profile, ..ProfileUse::default() })
                    .collect(),
                peak_millionths: stretch.peak.into_iter().map(millionths).max().unwrap_or(0),
                periods_over: stretch.over.div_ceil(seconds),
                periods_loaded: stretch.loaded.div_ceil(seconds),
                longest_wait_minutes: stretch.longest_wait,
            });
        }
        Some(uses)
    }
}

/// A share in millionths; without any capacity there is none.
fn millionths((load, room): (i128, i128)) -> u64 {
    if room == 0 {
        return 0;
    }
    let (whole, rest) = (load / room, load % room);
    let part = rest.checked_mul(1_000_000).map_or(rest / (room / 1_000_000).max(1), |r| r / room);
    u64::try_from(whole.saturating_mul(1_000_000).saturating_add(part)).unwrap_or(u64::MAX)
}
