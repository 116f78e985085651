//! Do two rollups hold the same usage?

use std::collections::BTreeSet;

use super::{Profile, Rollup, RollupRow};

/// Number of rows that stand in both with the same counts. Parts of one log share periods and
/// profiles, but hardly ever the exact tokens: many equal rows mean that usage is there twice.
#[must_use]
pub fn equal_rows(a: &Rollup, b: &Rollup) -> usize {
    let signature =
        |rollup: &Rollup, row: &RollupRow| -> (i64, i64, Profile, u64, Vec<(u8, u64)>) {
            let counts = row.components.iter().map(|(c, n)| (c as u8, n)).collect();
            let (start, end) = (row.period.start.nanos(), row.period.end.nanos());
            (start, end, rollup.profile(row).clone(), row.records, counts)
        };
    let rows: BTreeSet<_> = a.rows().iter().map(|row| signature(a, row)).collect();
    b.rows().iter().filter(|row| rows.contains(&signature(b, row))).count()
}

/// True if at least half of the smaller one's rows stand in the other as they are.
#[must_use]
pub fn looks_doubled(a: &Rollup, b: &Rollup) -> bool {
    let smaller = a.rows().len().min(b.rows().len());
    smaller > 0 && equal_rows(a, b) * 2 >= smaller
}
