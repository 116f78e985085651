//! How long the periods of rows were, and what had to be assumed inside them.

use std::collections::BTreeSet;

use super::steps::MINUTE_NANOS;
use crate::contract::Contract;
use crate::contract::terms::Term;
use crate::diagnostic::{Diagnostics, code};
use crate::period::Period;

/// Lengths kept for the finding about them.
const MOST_LENGTHS: usize = 8;

/// Lengths of rows that a term served.
#[derive(Debug, Default)]
pub(super) struct Grains {
    /// Latest ends of rows by length, in nanoseconds; the length that came last is first.
    ends: Vec<(i64, i64)>,
    /// Lengths of rows that overlap rows of another length.
    mixed: BTreeSet<i64>,
    assumed: u64,
}

impl Grains {
    /// Counts rows of a period; `least` nanoseconds are what the term cannot look into, `assumed`
    /// tells that how they are spread is not stated.
    pub(super) fn add(&mut self, period: Period, least: i64, rows: u64, assumed: bool) {
        let length = period.nanos().max(least).max(MINUTE_NANOS);
        let start = period.start.nanos();
        match self.ends.iter().position(|(other, _)| *other == length) {
            Some(at) => self.ends.swap(0, at),
            None if self.ends.len() < MOST_LENGTHS => self.ends.insert(0, (length, start)),
            // What is left of the lengths is said of the others.
            None => return,
        }
        self.ends[0].1 = self.ends[0].1.max(period.end.nanos());
        let overlapping = self.ends[1..].iter().filter(|(_, end)| *end > start);
        let overlapping: Vec<i64> = overlapping.map(|(other, _)| *other).collect();
        if !overlapping.is_empty() {
            self.mixed.extend(overlapping);
            self.mixed.insert(length);
        }
        if assumed {
            self.assumed += rows;
        }
    }

    /// Says what was odd.
    pub(super) fn report(&self, contract: &Contract, term: &Term, findings: &mut Diagnostics) {
        let name = format!("`{}` of contract `{}`", term.id, contract.id);
        let place = || Some(term.place.location());
        if self.assumed > 0 {
            let message = format!(
                "{name}: usage is only known by periods longer than its capacity is for, and it has no `load_profile`: office hours and peaks of 150 % were assumed"
            );
            findings.add_many(code::LOAD_PROFILE_ASSUMED, message, place(), self.assumed);
        }
        if !self.mixed.is_empty() {
            let minutes: Vec<_> =
                self.mixed.iter().map(|l| (l / MINUTE_NANOS).to_string()).collect();
            let message = format!(
                "{name}: usage of the same time comes in periods of {} minutes, and each length was set against the whole capacity by itself",
                minutes.join(", ")
            );
            findings.add(code::MIXED_LOAD_GRAIN, message, place());
        }
    }
}
