//! How long the periods of rows were, and what had to be assumed inside them.

use std::collections::BTreeSet;

use super::steps::MINUTE_NANOS;
use crate::contract::Contract;
use crate::contract::terms::Term;
use crate::diagnostic::{Diagnostics, code};

/// Lengths kept for the finding about them.
const MOST_LENGTHS: usize = 8;

/// Lengths of rows that a term served.
#[derive(Debug, Default)]
pub(super) struct Grains {
    last: Option<i64>,
    lengths: BTreeSet<i64>,
    assumed: u64,
}

impl Grains {
    /// Counts rows of a length in nanoseconds; `assumed`: how they are spread is not stated.
    pub(super) fn add(&mut self, length: i64, rows: u64, assumed: bool) {
        // Shorter than a minute is a minute.
        let length = length.max(MINUTE_NANOS);
        if self.last != Some(length) {
            self.last = Some(length);
            if self.lengths.len() < MOST_LENGTHS {
                self.lengths.insert(length);
            }
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
        if self.lengths.len() > 1 {
            let minutes: Vec<_> =
                self.lengths.iter().map(|l| (l / MINUTE_NANOS).to_string()).collect();
            let message = format!(
                "{name}: usage comes in periods of {} minutes, and each length was set against the whole capacity by itself",
                minutes.join(", ")
            );
            findings.add(code::MIXED_LOAD_GRAIN, message, place());
        }
    }
}
