//! OpenTelemetry: spans, log events and metrics of model calls, under the names of its conventions,
//! old and new, and of the instrumentations beside them.

mod attributes;
mod flat;
mod logs;
mod metrics;
mod names;
mod traces;

pub(crate) use self::flat::FORMAT as SPANS;
pub(crate) use self::logs::FORMAT as LOGS;
pub(crate) use self::metrics::FORMAT as METRICS;
pub(crate) use self::traces::FORMAT as TRACES;
