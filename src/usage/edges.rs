//! Where time and prompt sizes are cut for sums.

use super::UsageTime;
use crate::period::{Grain, Period, Timestamp};

/// Where charge periods and context bands are cut, so that no price changes inside one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edges {
    /// Length of charge periods.
    pub grain: Grain,
    /// First prompt size of each context band but the lowest, sorted.
    pub context: Vec<u64>,
    /// Further instants at which a charge period is cut, sorted: price changes off the grain.
    pub times: Vec<Timestamp>,
}

impl Edges {
    /// The charge period of an instant.
    #[must_use]
    pub fn period_of(&self, instant: Timestamp) -> Period {
        let mut period = self.grain.period_of(instant);
        let after = self.times.partition_point(|edge| *edge <= instant);
        if let Some(edge) = self.times.get(after).filter(|edge| **edge < period.end) {
            period.end = *edge;
        }
        if let Some(edge) =
            after.checked_sub(1).map(|at| self.times[at]).filter(|edge| *edge > period.start)
        {
            period.start = edge;
        }
        period
    }

    /// The same, cut at further instants.
    #[must_use]
    pub fn also_at(&self, instants: impl IntoIterator<Item = Timestamp>) -> Self {
        let mut edges = self.clone();
        edges.times.extend(instants);
        edges.times.sort_unstable();
        edges.times.dedup();
        edges
    }
}

/// Finds charge periods within one set of edges; mostly they are those of the instants before.
#[derive(Debug, Default)]
pub struct ChargePeriods {
    before: Option<Period>,
}

impl ChargePeriods {
    /// The charge period of a time, within the same edges at every call.
    ///
    /// A request belongs to the charge period of its instant. So does a bucket that lies in one; a
    /// longer bucket keeps its own period, because nothing tells how to divide it.
    pub fn of(&mut self, time: UsageTime, edges: &Edges) -> Period {
        let start = time.start();
        let period = match self.before {
            Some(period) if period.contains(start) => period,
            _ => *self.before.insert(edges.period_of(start)),
        };
        match time {
            UsageTime::Bucket(bucket) if bucket.end > period.end => bucket,
            UsageTime::At(_) | UsageTime::Bucket(_) => period,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn hours_are_cut_where_a_price_changes_inside() {
        let edges = Edges { grain: Grain::Hour, context: vec![], times: vec![] };
        let edges = edges.also_at([at("2026-04-26T12:45:00Z"), at("2026-04-26T12:15:00Z")]);
        let shown = |text: &str| {
            let period = edges.period_of(at(text));
            (period.start.to_string(), period.end.to_string())
        };
        let hour =
            |a: &str, b: &str| (format!("2026-04-26T{a}:00Z"), format!("2026-04-26T{b}:00Z"));
        assert_eq!(shown("2026-04-26T12:14:59.999999999Z"), hour("12:00", "12:15"));
        assert_eq!(shown("2026-04-26T12:15:00Z"), hour("12:15", "12:45"));
        assert_eq!(shown("2026-04-26T12:50:00Z"), hour("12:45", "13:00"));
        assert_eq!(shown("2026-04-26T13:00:00Z"), hour("13:00", "14:00"));
        let mut periods = ChargePeriods::default();
        let bucket = |start, end| Period { start: at(start), end: at(end) };
        let whole = bucket("2026-04-26T13:00:00Z", "2026-04-26T14:00:00Z");
        let inside = bucket("2026-04-26T13:10:00Z", "2026-04-26T14:00:00Z");
        let longer = bucket("2026-04-26T13:10:00Z", "2026-04-26T14:00:01Z");
        assert_eq!(periods.of(UsageTime::At(inside.start), &edges), whole);
        assert_eq!(periods.of(UsageTime::Bucket(inside), &edges), whole);
        assert_eq!(periods.of(UsageTime::Bucket(longer), &edges), longer);
    }
}
