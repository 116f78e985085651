//! What reading one line or row gives.

use smallvec::SmallVec;

use crate::diagnostic::{Code, code};
use crate::usage::UsageRecord;

/// A doubt about one record, counted in the diagnostics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Note {
    /// The parts do not add up to the stated total.
    TotalMismatch,
    /// A part was larger than the whole.
    Clamped,
    /// Cached tokens were assumed to be inside the input count.
    InclusiveAssumed,
    /// A cache write without a time to live was taken as five minutes.
    TtlAssumed,
    /// The record is usage under a subscription.
    Subscription,
    /// A time without a zone was taken as UTC though the program writes local time.
    ZoneAssumed,
    /// A quantity of a bill whose unit nothing tells: its cost is kept, its tokens are not counted.
    UnitUnknown,
    /// Input counts that do not say which part of them caches served.
    CacheNotStated,
    /// A sample of the requests, not all of them.
    Sampled,
}

impl Note {
    /// Every doubt with its finding.
    pub(crate) const ALL: [(Self, Code, &'static str); 9] = [
        (
            Self::TotalMismatch,
            code::TOTAL_MISMATCH,
            "token parts do not add up to the total that the provider states",
        ),
        (
            Self::Clamped,
            code::CLAMPED,
            "a part of a token count was larger than the whole and was cut to it",
        ),
        (
            Self::InclusiveAssumed,
            code::INCLUSIVE_ASSUMED,
            "cached tokens were taken as part of the input count (set --input-includes-cache)",
        ),
        (
            Self::TtlAssumed,
            code::TTL_ASSUMED,
            "cache writes without a time to live were counted as five-minute writes",
        ),
        (
            Self::Subscription,
            code::SUBSCRIPTION_USAGE,
            "usage under a subscription: its computed cost is notional, not billed",
        ),
        (
            Self::ZoneAssumed,
            code::ZONE_ASSUMED,
            "times without a zone were taken as UTC, though the program writes local time",
        ),
        (
            Self::UnitUnknown,
            code::INVALID_FIELD,
            "quantities of a bill whose unit nothing tells: their tokens are not counted",
        ),
        (
            Self::CacheNotStated,
            code::INCLUSIVE_ASSUMED,
            "input counts do not say which part caches served: all of it counts as uncached",
        ),
        (
            Self::Sampled,
            code::SAMPLED_USAGE,
            "the log is a sample of the requests: what was used is more than it shows",
        ),
    ];
}

/// The doubts about one record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Notes(u16);

impl Notes {
    /// Adds a doubt.
    pub(crate) fn set(&mut self, note: Note) {
        self.0 |= 1 << note as u16;
    }

    /// Adds a doubt if something holds.
    pub(crate) fn set_if(&mut self, note: Note, holds: bool) {
        if holds {
            self.set(note);
        }
    }

    /// True if there is this doubt.
    pub(crate) fn has(self, note: Note) -> bool {
        self.0 & (1 << note as u16) != 0
    }

    /// True if there is none.
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
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
