//! The identity of a bucket or of a line of cost: its format, its time, and every cell that is no
//! figure.

use crate::period::Period;
use crate::source::header::{ColumnRule, Header};

/// An identity, spelled out.
pub(in crate::source) type Named = Vec<u8>;

/// Columns of times, which are no dimensions: exports print one instant in several ways.
const TIMES: [&str; 9] = [
    "starttime",
    "endtime",
    "starttimeiso",
    "endtimeiso",
    "utcdate",
    "usagedateutc",
    "date",
    "day",
    "aggregationtimestamp",
];
/// Columns that only spell out the id in another one, and may be renamed between two exports.
pub(super) const NAMES: [(&str, &str); 4] = [
    ("projectname", "projectid"),
    ("organizationname", "organizationid"),
    ("useremail", "userid"),
    ("apikey", "apikeyid"),
];

pub(super) fn is_time(column: &str) -> bool {
    TIMES.contains(&column)
}

pub(super) fn is_no_name(column: &str) -> bool {
    NAMES.iter().all(|(name, _)| *name != column)
}

pub(super) fn is_no_id(column: &str) -> bool {
    NAMES.iter().all(|(_, id)| *id != column)
}

/// Begins an identity of a period.
pub(in crate::source) fn begin(named: &mut Named, format: &str, period: Period) {
    named.clear();
    named.extend_from_slice(format.as_bytes());
    named.push(0);
    named.extend_from_slice(&period.start.nanos().to_le_bytes());
    named.extend_from_slice(&period.end.nanos().to_le_bytes());
}

/// Adds a cell with a text.
pub(in crate::source) fn add(named: &mut Named, key: &str, value: &str) {
    named.extend_from_slice(key.as_bytes());
    named.push(0x1f);
    named.extend_from_slice(value.as_bytes());
    named.push(0x1e);
}

/// The columns that an identity is spelled from, with their keys, in their order; `None` where its
/// rows decide which.
pub(in crate::source) fn columns(
    header: &Header,
    is_figure: ColumnRule,
) -> Option<Vec<(usize, String)>> {
    if !header.names().iter().all(|name| is_no_name(name)) {
        return None;
    }
    let rules = [is_figure, is_time];
    let kept = header.but(&rules);
    Some(kept.map(|at| (header.firsts[at], header.names()[at].clone())).collect())
}
