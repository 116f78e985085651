//! Findings: stable codes, severities that a user can set, counts and the first place seen.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Not shown.
    Allow,
    /// Shown, result stands.
    Warn,
    /// Shown, the command fails.
    Deny,
}

/// A kind of finding. Its name never changes once released.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    name: &'static str,
    default: Severity,
    /// A skipped or doubtful part of the input: fatal under `--strict`.
    data_loss: bool,
}

impl Code {
    /// The kebab-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Severity unless the user sets another.
    #[must_use]
    pub const fn default_severity(self) -> Severity {
        self.default
    }

    /// True if `--strict` makes it fatal.
    #[must_use]
    pub const fn is_fatal_when_strict(self) -> bool {
        self.data_loss
    }

    /// The code of a name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        ALL.iter().copied().find(|c| c.name == name)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.name)
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $ident:ident = $name:literal, $default:ident, $loss:literal;)*) => {
        /// Every kind of finding, one constant each.
        pub mod code {
            use super::{Code, Severity};
            $($(#[$doc])* pub const $ident: Code =
                Code { name: $name, default: Severity::$default, data_loss: $loss };)*
        }
        /// Every kind of finding, in the order of the reference page.
        pub const ALL: &[Code] = &[$(code::$ident),*];
    };
}

codes! {
    /// A line is not valid JSON or CSV.
    INVALID_LINE = "invalid-line", Warn, true;
    /// The last line of a file ends in the middle of a record.
    PARTIAL_LINE = "partial-line", Warn, true;
    /// A line is longer than the cap.
    LINE_TOO_LONG = "line-too-long", Warn, true;
    /// A record of no known format.
    UNKNOWN_RECORD = "unknown-record", Warn, true;
    /// A record without the time it needs.
    MISSING_TIME = "missing-time", Warn, true;
    /// A record without the model it needs.
    MISSING_MODEL = "missing-model", Warn, true;
    /// A field holds a value that cannot be read.
    INVALID_FIELD = "invalid-field", Warn, true;
    /// A response without usage, as a stream that was cut off leaves behind.
    NO_USAGE = "no-usage", Warn, false;
    /// A request that failed and carries no usage.
    FAILED_REQUEST = "failed-request", Allow, false;
    /// Lines that are part of the format but carry no usage.
    NOT_USAGE = "not-usage", Allow, false;
    /// The same request seen again.
    DUPLICATE_RECORD = "duplicate-record", Allow, false;
    /// A file in which nothing was recognised.
    UNRECOGNISED_FILE = "unrecognised-file", Warn, true;
    /// A file without a single byte or record.
    EMPTY_FILE = "empty-file", Warn, false;
    /// A compressed file that ends early or is damaged: what came before is counted.
    TRUNCATED_FILE = "truncated-file", Warn, true;
    /// The parts do not add up to the total that the provider states.
    TOTAL_MISMATCH = "total-mismatch", Warn, true;
    /// A part was larger than the whole and was cut to it.
    CLAMPED = "clamped", Warn, true;
    /// Whether input counts include cached tokens had to be assumed.
    INCLUSIVE_ASSUMED = "inclusive-assumed", Warn, false;
    /// Cache writes without a time to live were taken as five minutes.
    TTL_ASSUMED = "ttl-assumed", Warn, false;
    /// Usage under a subscription, whose computed cost nobody bills.
    SUBSCRIPTION_USAGE = "subscription-usage", Warn, false;
    /// Times without a zone were taken as UTC though they are local.
    ZONE_ASSUMED = "zone-assumed", Warn, false;
    /// A log that samples requests.
    SAMPLED_USAGE = "sampled-usage", Warn, false;
    /// Requests, sessions, buckets or bills of one provider over the same time, which are views of one spend.
    MIXED_GRAINS = "mixed-grains", Deny, false;
    /// Two formats that look like two views of the same spend.
    TWO_VIEWS = "two-views", Warn, false;
    /// Records that hold costs but no quantities, as billing lines do.
    COST_WITHOUT_QUANTITIES = "cost-without-quantities", Warn, false;
    /// A bucket whose requests cannot be put in a context band was priced in the lowest.
    CONTEXT_BAND_ASSUMED = "context-band-assumed", Warn, false;
    /// Usage for which no price applies.
    UNPRICED_USAGE = "unpriced-usage", Warn, true;
    /// A label to group by that no record has.
    UNKNOWN_LABEL = "unknown-label", Warn, false;
    /// Two inputs that hold the same usage.
    OVERLAPPING_INPUTS = "overlapping-inputs", Warn, false;
    /// A model name that no price book knows.
    UNKNOWN_MODEL = "unknown-model", Warn, true;
    /// A price of low or disputed confidence was used.
    LOW_CONFIDENCE_PRICE = "low-confidence-price", Warn, false;
    /// A price was used long after its book was checked last.
    STALE_PRICE = "stale-price", Warn, false;
    /// A promotional price without a stated end was used.
    OPEN_PROMOTION = "open-promotion", Warn, false;
    /// Units were charged that an account may have free.
    FREE_ALLOWANCE = "free-allowance", Warn, false;
    /// A price book that parses but looks wrong.
    PRICE_BOOK_SUSPECT = "price-book-suspect", Warn, false;
    /// The last day is not over; what is known of it bounds the forecast from below.
    PARTIAL_LAST_DAY = "partial-last-day", Warn, false;
    /// Days without any record inside the history, counted as zero.
    ZERO_DAYS = "zero-days", Warn, false;
    /// Rows of one day and series of a cost table, added up.
    SUMMED_ROWS = "summed-rows", Warn, false;
    /// Credits of a cost table, taken off the cost of their day.
    CREDITS_NETTED = "credits-netted", Warn, false;
    /// Days inside a cost table without any row; their cost is not known.
    UNKNOWN_DAYS = "unknown-days", Warn, false;
    /// Too little history for a weekly pattern.
    SHORT_HISTORY = "short-history", Warn, false;
    /// A day whose usage is far from what was to be expected, damped in the forecast.
    OUTLIER_DAY = "outlier-day", Warn, false;
    /// Usage that recently moved to another level.
    LEVEL_SHIFT = "level-shift", Warn, false;
    /// A known event whose scope holds no usage.
    IDLE_EVENT = "idle-event", Warn, false;
    /// A change of a scenario that touches no usage.
    IDLE_CHANGE = "idle-change", Warn, false;
    /// A move to another model without a stated ratio of tokens.
    TOKEN_RATIO_ASSUMED = "token-ratio-assumed", Warn, false;
    /// A move to another model with the ratio of tokens of the shipped table.
    TOKEN_RATIO_ESTIMATED = "token-ratio-estimated", Warn, false;
    /// A budget whose scope holds no usage.
    IDLE_BUDGET = "idle-budget", Warn, false;
    /// A term of a contract whose scope holds no usage.
    IDLE_TERM = "idle-term", Warn, false;
    /// A commitment, schedule or credit that began before the usage that is given.
    CONTRACT_HISTORY_MISSING = "contract-history-missing", Warn, false;
    /// Usage that the terms do not serve: it is in no cost.
    USAGE_STOPPED = "usage-stopped", Warn, false;
    /// Usage of a period in which terms change.
    USAGE_STRADDLES_TERMS = "usage-straddles-terms", Warn, false;
    /// More users than seats with an allowance of their own.
    SEATS_EXCEEDED = "seats-exceeded", Warn, false;
    /// A price protection without a list price of its base date.
    NO_BASE_PRICE = "no-base-price", Warn, false;
    /// A volume discount at which a bill falls when usage rises.
    VOLUME_TIER_CLIFF = "volume-tier-cliff", Warn, false;
    /// A commitment whose period goes on after what is settled.
    OPEN_COMMITMENT = "open-commitment", Warn, false;
    /// How usage spreads over the minutes of longer periods had to be assumed.
    LOAD_PROFILE_ASSUMED = "load-profile-assumed", Warn, false;
    /// Usage of capacity that comes in periods of several lengths.
    MIXED_LOAD_GRAIN = "mixed-load-grain", Warn, false;
    /// Parts of prompts that are in no count of tokens.
    MEDIA_NOT_COUNTED = "media-not-counted", Warn, true;
    /// Tokens that are not counted by the tokenizer of the model.
    INEXACT_COUNT = "inexact-count", Allow, true;
    /// How often a prompt file is sent is not known.
    TRAFFIC_UNKNOWN = "traffic-unknown", Warn, true;
    /// A record of a log that a calibration cannot use.
    SAMPLE_LEFT_OUT = "sample-left-out", Warn, true;
    /// Too few requests of a model to fit its tokens to.
    TOO_FEW_SAMPLES = "too-few-samples", Warn, false;
    /// Ratios fitted to a log that are no better than those of the program.
    CALIBRATION_NO_BETTER = "calibration-no-better", Warn, false;
    /// A calibration that has nothing for a model that is estimated.
    IDLE_CALIBRATION = "idle-calibration", Warn, false;
    /// Output expected of a model by the usage of others.
    OUTPUT_RATIO_BORROWED = "output-ratio-borrowed", Warn, false;
    /// No usage record was found in any input.
    NO_RECORDS = "no-records", Warn, false;
}

/// A place in an input.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Location {
    /// The file as the user named it, or `-`.
    pub file: String,
    /// The line or row, from 1; 0 if the whole file is meant.
    pub line: u64,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            f.write_str(&self.file)
        } else {
            write!(f, "{}:{}", self.file, self.line)
        }
    }
}

/// One finding, possibly seen many times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Its kind.
    pub code: Code,
    /// Its severity after the user's settings.
    pub severity: Severity,
    /// How often it was seen.
    pub count: u64,
    /// What was seen, with the value and what was expected.
    pub message: String,
    /// Where it was seen first.
    pub location: Option<Location>,
}

/// Severities that the user set, beside the defaults.
#[derive(Debug, Clone, Default)]
pub struct SeverityPolicy {
    set: BTreeMap<&'static str, Severity>,
    strict: bool,
}

impl SeverityPolicy {
    /// Every data-loss finding is fatal.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Sets the severity of one code.
    pub fn set(&mut self, code: Code, severity: Severity) {
        self.set.insert(code.name(), severity);
    }

    /// The severity that applies.
    #[must_use]
    pub fn of(&self, code: Code) -> Severity {
        match self.set.get(code.name()) {
            Some(severity) => *severity,
            None if self.strict && code.is_fatal_when_strict() => Severity::Deny,
            None => code.default_severity(),
        }
    }
}

#[derive(Debug, Clone)]
struct Seen {
    count: u64,
    location: Option<Location>,
}

/// Different messages kept for one code: broken input must not fill the memory with its own text.
const MOST_MESSAGES: usize = 50;
const FURTHER: &str = "further findings of this kind, with other values";

/// Collects findings; equal code and message are counted together, the earliest place is kept, so
/// the result does not depend on the order in which parts of the input were read.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    seen: BTreeMap<(Code, String), Seen>,
}

impl Diagnostics {
    /// Adds one finding.
    pub fn add(&mut self, code: Code, message: impl Into<String>, location: Option<Location>) {
        self.add_many(code, message, location, 1);
    }

    /// Adds a finding seen `count` times.
    pub fn add_many(
        &mut self,
        code: Code,
        message: impl Into<String>,
        location: Option<Location>,
        count: u64,
    ) {
        let mut message = message.into();
        let same_code = (code, String::new())..;
        let kinds = self.seen.range(same_code).take_while(|((c, _), _)| *c == code).count();
        if kinds >= MOST_MESSAGES && !self.seen.contains_key(&(code, message.clone())) {
            FURTHER.clone_into(&mut message);
        }
        let entry =
            self.seen.entry((code, message)).or_insert_with(|| Seen { count: 0, location: None });
        entry.count = entry.count.saturating_add(count);
        entry.location = match (entry.location.take(), location) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }

    /// Adds all findings of another collection.
    pub fn merge(&mut self, other: Self) {
        for ((code, message), seen) in other.seen {
            self.add_many(code, message, seen.location, seen.count);
        }
    }

    /// The findings of some codes.
    #[must_use]
    pub fn only(&self, codes: &[Code]) -> Self {
        let of = self.seen.iter().filter(|((code, _), _)| codes.contains(code));
        Self { seen: of.map(|(key, seen)| (key.clone(), seen.clone())).collect() }
    }

    /// How often a code was seen.
    #[must_use]
    pub fn count(&self, code: Code) -> u64 {
        self.seen.iter().filter(|((c, _), _)| *c == code).map(|(_, s)| s.count).sum()
    }

    /// The findings with the severities of a policy, in the order of their codes; allowed ones too.
    #[must_use]
    pub fn resolve(&self, policy: &SeverityPolicy) -> Vec<Diagnostic> {
        self.seen
            .iter()
            .map(|((code, message), seen)| Diagnostic {
                code: *code,
                severity: policy.of(*code),
                count: seen.count,
                message: message.clone(),
                location: seen.location.clone(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: u64) -> Option<Location> {
        Some(Location { file: "a.jsonl".into(), line })
    }

    #[test]
    fn order_of_arrival_does_not_matter() {
        let mut one = Diagnostics::default();
        one.add(code::INVALID_LINE, "not JSON", place(9));
        one.add(code::INVALID_LINE, "not JSON", place(3));
        let mut two = Diagnostics::default();
        two.add(code::INVALID_LINE, "not JSON", place(3));
        two.add(code::INVALID_LINE, "not JSON", place(9));
        let policy = SeverityPolicy::default();
        assert_eq!(one.resolve(&policy), two.resolve(&policy));
        assert_eq!(one.resolve(&policy)[0].location, place(3));
        assert_eq!(one.count(code::INVALID_LINE), 2);
    }

    #[test]
    fn severities() {
        let mut policy = SeverityPolicy::default().strict(true);
        assert_eq!(policy.of(code::INVALID_LINE), Severity::Deny);
        assert_eq!(policy.of(code::NO_USAGE), Severity::Warn);
        policy.set(code::INVALID_LINE, Severity::Allow);
        assert_eq!(policy.of(code::INVALID_LINE), Severity::Allow);
    }

    #[test]
    fn names_are_unique_and_kebab_case() {
        for (i, code) in ALL.iter().enumerate() {
            assert!(code.name().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
            assert!(ALL[i + 1..].iter().all(|other| other.name() != code.name()));
            assert_eq!(Code::from_name(code.name()), Some(*code));
        }
    }
}
