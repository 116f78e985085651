//! Tables of a file that say which usage is meant, by dimension.

use crate::config::{Reporter, Value, wrong_kind};
use crate::rating::group::Dimension;

/// Reads `{ team = "search", ... }`; `one` reads what is accepted of a dimension. Times and components
/// are no part of usage that `owner` could be for, and are reported.
pub(crate) fn conditions<T>(
    owner: &str,
    value: &Value<'_>,
    report: &mut Reporter,
    one: impl Fn(&str, &Value<'_>, &mut Reporter) -> Option<T>,
) -> Vec<(Dimension, T)> {
    let Some(raw) = value.get_ref().as_table() else {
        wrong_kind("scope", "a table such as { team = \"search\" }", value, report);
        return Vec::new();
    };
    let mut found = Vec::new();
    for (name, value) in raw {
        let written: &str = name.get_ref().as_ref();
        let dimension: Dimension = match written.parse() {
            Ok(dimension) => dimension,
            Err(never) => match never {},
        };
        if dimension.is_time() || dimension == Dimension::Component || written.is_empty() {
            let message = format!("{owner} cannot be for a `{written}`: it is no part of usage");
            report.problem(name.span().start, message);
        } else if let Some(accepted) = one(written, value, report) {
            found.push((dimension, accepted));
        }
    }
    found
}
