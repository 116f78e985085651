//! The capacity of a term over time.

use super::gauge::{BySide, place};
use crate::contract::Contract;
use crate::contract::terms::{Capacity, Term};
use crate::period::{Calendar, Timestamp};

/// Nanoseconds in a minute.
pub(super) const MINUTE_NANOS: i64 = 60 * crate::period::NANOS;

/// The minute of an instant, counted from 1970.
pub(super) fn minute_of(at: Timestamp) -> i64 {
    at.nanos().div_euclid(MINUTE_NANOS)
}

/// Capacity of one period of the term, a minute or an hour, from each instant on.
#[derive(Debug)]
pub(super) struct Steps {
    // Sorted; the first is where the term begins.
    steps: Vec<(Timestamp, BySide)>,
    /// First instant after the term.
    pub(super) end: Timestamp,
}

impl Steps {
    /// Of units that change from day to day; `None` if a number does not fit.
    pub(super) fn of_units(
        contract: &Contract,
        term: &Term,
        capacity: &Capacity,
        unit: i128,
    ) -> Option<Self> {
        let changes = capacity.meters.iter().flat_map(|m| m.units.0.iter().map(|(day, _)| *day));
        let mut days: Vec<_> = changes.filter(|d| term.days.0 < *d && *d < term.days.1).collect();
        days.push(term.days.0);
        days.sort_unstable();
        days.dedup();
        let mut steps = Vec::with_capacity(days.len());
        for day in days {
            let mut by_side = BySide::default();
            for meter in &capacity.meters {
                let room = i128::from(meter.units.on(day)).checked_mul(unit)?;
                let at = place(meter.side);
                by_side[at] = by_side[at].checked_add(room)?;
            }
            steps.push((contract.calendar.day_start(day), by_side));
        }
        Some(Self { steps, end: contract.calendar.day_start(term.days.1) })
    }

    /// The same from the first day to the last.
    pub(super) fn constant(calendar: &Calendar, term: &Term, room: i128) -> Self {
        let steps = vec![(calendar.day_start(term.days.0), [room, 0, 0])];
        Self { steps, end: calendar.day_start(term.days.1) }
    }

    /// True if the term holds at an instant.
    pub(super) fn in_force(&self, at: Timestamp) -> bool {
        self.steps.first().is_some_and(|(from, _)| *from <= at) && at < self.end
    }

    /// Capacity at an instant; before and after the term that of its first and last day, for rows
    /// that reach over its end.
    pub(super) fn at(&self, at: Timestamp) -> BySide {
        let after = self.steps.partition_point(|(from, _)| *from <= at);
        self.steps.get(after.saturating_sub(1)).map_or_else(BySide::default, |(_, room)| *room)
    }

    /// The first change after an instant.
    pub(super) fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        let after = self.steps.partition_point(|(from, _)| *from <= at);
        self.steps.get(after).map(|(from, _)| *from)
    }

    /// Capacity of all periods of `minutes` between two instants; `None` if it does not fit, and
    /// `Some(None)` if the term does not hold between them.
    pub(super) fn offered(
        &self,
        (from, until): (Timestamp, Timestamp),
        minutes: i64,
    ) -> Option<Option<BySide>> {
        let mut sum = None;
        for (at, (start, room)) in self.steps.iter().enumerate() {
            let end = self.steps.get(at + 1).map_or(self.end, |(next, _)| *next);
            let nanos = end.min(until).nanos() - (*start).max(from).nanos();
            if nanos <= 0 {
                continue;
            }
            let periods = i128::from(nanos / (minutes * MINUTE_NANOS));
            let sums = sum.get_or_insert_with(BySide::default);
            for (sum, room) in sums.iter_mut().zip(room) {
                *sum = sum.checked_add(room.checked_mul(periods)?)?;
            }
        }
        Some(sum)
    }
}
