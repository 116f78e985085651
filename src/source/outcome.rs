//! What reading one line or row gives.

use smallvec::SmallVec;

use crate::diagnostic::{Code, code};
use crate::usage::UsageRecord;

/// Doubts about one record, counted in the diagnostics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    /// The parts do not add up to the stated total.
    pub(crate) total_mismatch: bool,
    /// A part was larger than the whole.
    pub(crate) clamped: bool,
    /// Cached tokens were assumed to be inside the input count.
    pub(crate) inclusive_assumed: bool,
    /// A cache write without a time to live was taken as five minutes.
    pub(crate) ttl_assumed: bool,
}

impl Notes {
    /// The findings that these notes stand for.
    pub(crate) fn findings(self) -> impl Iterator<Item = (Code, &'static str)> {
        [
            (
                self.total_mismatch,
                code::TOTAL_MISMATCH,
                "token parts do not add up to the total that the provider states",
            ),
            (
                self.clamped,
                code::CLAMPED,
                "a part of a token count was larger than the whole and was cut to it",
            ),
            (
                self.inclusive_assumed,
                code::INCLUSIVE_ASSUMED,
                "cached tokens were taken as part of the input count (set --input-includes-cache)",
            ),
            (
                self.ttl_assumed,
                code::TTL_ASSUMED,
                "cache writes without a time to live were counted as five-minute writes",
            ),
        ]
        .into_iter()
        .filter(|(set, _, _)| *set)
        .map(|(_, code, message)| (code, message))
    }
}

/// The records of one line or row: nearly always one.
pub(crate) type Records = SmallVec<[(UsageRecord, Notes); 1]>;

/// Why a line or row gave no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Skipped {
    pub(crate) code: Code,
    pub(crate) message: String,
}

/// A line or row, read.
pub(crate) type Outcome = Result<Records, Skipped>;

/// One record.
pub(crate) fn one(record: UsageRecord, notes: Notes) -> Records {
    let mut records = SmallVec::new();
    records.push((record, notes));
    records
}

impl Skipped {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A field that cannot be read.
    pub(crate) fn bad_field(name: &str, found: &str, expected: &str) -> Self {
        let found = shown(found);
        Self::new(code::INVALID_FIELD, format!("field `{name}` is `{found}` (expected {expected})"))
    }
}

/// What a message shows of a value: its head, without control characters. A log's text may be long,
/// private or meant to fool a terminal.
pub(crate) fn shown(value: &str) -> String {
    let mut text: String =
        value.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if value.chars().nth(60).is_some() {
        text.push_str("...");
    }
    text
}

/// Reads a count field of an object; `None` if absent, null or a word for "no value".
macro_rules! optional_count {
    ($object:expr, $key:expr) => {
        match $object.get($key).map(|v| v.count()) {
            None => None,
            Some(Ok(count)) => count,
            Some(Err(bad)) => {
                return Err(crate::source::outcome::Skipped::bad_field(
                    $key,
                    &bad.0,
                    "a whole number of at least 0",
                ));
            }
        }
    };
}
pub(crate) use optional_count;

/// Reads a count field of an object; 0 if there is none.
macro_rules! count_field {
    ($object:expr, $key:expr) => {
        crate::source::outcome::optional_count!($object, $key).unwrap_or(0)
    };
}
pub(crate) use count_field;
