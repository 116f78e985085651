//! Why figures cannot bear a verdict.

use std::fmt;

use chrono::NaiveDate;

use crate::period::Period;
use crate::projection::LEAST_HISTORY_DAYS;

/// Something that keeps a budget from being called within. What is missing can only add to the
/// spend, so a budget that breaks without it is broken all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// No usage, or no costs, at all.
    NoUsage,
    /// No usage in the scope.
    IdleScope,
    /// Too few days to forecast from.
    TooShort {
        /// Complete days.
        days: i64,
    },
    /// Usage that is only known by month or week.
    CoarseBuckets(Period),
    /// Usage, and no price for any of it.
    NothingPriced,
    /// More usage without a price than is allowed.
    Unpriced {
        /// Units without a price.
        units: u64,
        /// All units.
        of: u64,
    },
    /// Usage to come without a price, though the history has one.
    PriceEnds {
        /// Mean units.
        units: u64,
    },
    /// The period began before the history: what was spent until then is not known.
    HistoryStartsLater {
        /// First day known.
        first: NaiveDate,
    },
    /// Days of the period whose cost is not known.
    UnknownDays {
        /// How many.
        days: usize,
    },
}

impl Doubt {
    /// Its stable name in JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NoUsage => "no-usage",
            Self::IdleScope => "idle-scope",
            Self::TooShort { .. } => "too-short",
            Self::CoarseBuckets(_) => "coarse-buckets",
            Self::NothingPriced => "nothing-priced",
            Self::Unpriced { .. } => "unpriced",
            Self::PriceEnds { .. } => "price-ends",
            Self::HistoryStartsLater { .. } => "history-starts-later",
            Self::UnknownDays { .. } => "unknown-days",
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoUsage => f.write_str("no usage was found"),
            Self::IdleScope => f.write_str("no usage is in its scope"),
            Self::TooShort { days } => write!(
                f,
                "too little history: complete days {days} (at least {LEAST_HISTORY_DAYS})"
            ),
            Self::CoarseBuckets(period) => {
                write!(f, "usage is only known for {} to {} as a whole", period.start, period.end)
            }
            Self::NothingPriced => f.write_str("no price for any of its usage"),
            Self::Unpriced { units, of } => {
                write!(f, "{units} of {of} units have no price (set --max-unpriced)")
            }
            Self::PriceEnds { units } => {
                write!(f, "about {units} units to come have no price (set --max-unpriced)")
            }
            Self::HistoryStartsLater { first } => write!(
                f,
                "what was spent before {first} is not known (set --complete-history if nothing was)"
            ),
            Self::UnknownDays { days } => {
                write!(f, "the cost of {days} days is not known (set --missing-days)")
            }
        }
    }
}
