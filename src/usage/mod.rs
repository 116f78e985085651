//! The usage record that every source normalises to.

mod arena;
pub mod dedup;
pub mod edges;
mod part;

use std::sync::Arc;

use compact_str::CompactString;
use smallvec::SmallVec;

use self::dedup::RequestId;
pub use self::part::UsagePart;
pub(crate) use self::part::{RecordRef, Request};

use crate::money::{Amount, Currency};
use crate::period::{Period, Timestamp};
use crate::sku::Sku;
use crate::tokens::ComponentCounts;

/// When usage happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UsageTime {
    /// One request at one instant.
    At(Timestamp),
    /// A bucket of requests whose instants are not known.
    Bucket(Period),
}

impl UsageTime {
    /// The instant, or the start of the bucket.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        match self {
            Self::At(instant) => *instant,
            Self::Bucket(period) => period.start,
        }
    }

    /// The grain of a record that states none.
    #[must_use]
    pub const fn usual_grain(&self) -> RecordGrain {
        match self {
            Self::At(_) => RecordGrain::Request,
            Self::Bucket(_) => RecordGrain::Bucket,
        }
    }
}

/// What one record stands for. Grains are views of the same spend: a request log and a billing
/// export of one month are never summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum RecordGrain {
    /// One request.
    #[default]
    Request,
    /// A session of an agent, in which requests are not told apart.
    Session,
    /// Usage summed by the provider or a gateway over a bucket of time.
    Bucket,
    /// A line of a bill or of a cost export.
    BillingLine,
}

impl RecordGrain {
    /// Every grain.
    pub const ALL: [Self; 4] = [Self::Request, Self::Session, Self::Bucket, Self::BillingLine];

    /// The name used in files and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Session => "session",
            Self::Bucket => "bucket",
            Self::BillingLine => "billing_line",
        }
    }

    /// The grain of a name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|g| g.name() == name)
    }
}

/// What kind of cost a log reports; kinds are never summed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CostKind {
    /// Charged by the provider.
    Billed,
    /// List price by the provider or a gateway.
    List,
    /// Computed by a tool from its own price table.
    Estimate,
    /// What a subscription's usage would have cost.
    Notional,
}

impl CostKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Billed, Self::List, Self::Estimate, Self::Notional];

    /// The name used in files and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Billed => "billed",
            Self::List => "list",
            Self::Estimate => "estimate",
            Self::Notional => "notional",
        }
    }

    /// The kind of a name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.name() == name)
    }
}

/// A cost that the log itself carries. It is kept beside the computed cost, never instead of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReportedCost {
    /// How much.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// What it stands for.
    pub kind: CostKind,
}

/// Free-form dimensions such as team or project, sorted by key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Labels(SmallVec<[(CompactString, CompactString); 1]>);

impl Labels {
    /// Sets a label; an empty value removes it.
    pub fn set(&mut self, key: &str, value: &str) {
        match self.0.binary_search_by(|(k, _)| k.as_str().cmp(key)) {
            Ok(at) if value.is_empty() => drop(self.0.remove(at)),
            Ok(at) => self.0[at].1 = value.into(),
            Err(_) if value.is_empty() => {}
            Err(at) => self.0.insert(at, (key.into(), value.into())),
        }
    }

    /// The value of a label.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.binary_search_by(|(k, _)| k.as_str().cmp(key)).ok().map(|at| self.0[at].1.as_str())
    }

    /// All labels in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// Keeps only labels whose key passes.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.0.retain(|(k, _)| keep(k));
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Labels {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(items: I) -> Self {
        let mut labels = Self::default();
        for (key, value) in items {
            labels.set(key, value);
        }
        labels
    }
}

/// One request, or one bucket of requests of the same kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRecord {
    /// When.
    pub time: UsageTime,
    /// What it stands for.
    pub grain: RecordGrain,
    /// What was used, and how. Records that were read together and name the same share it.
    pub sku: Arc<Sku>,
    /// Tokens of the whole prompt of each request, where the components do not tell: buckets.
    pub context_tokens: Option<u64>,
    /// Number of requests; 1 for a request record, 0 where a bucket does not say.
    pub requests: u64,
    /// Identity of the request, for de-duplication.
    pub request_id: Option<RequestId>,
    /// Free-form dimensions, shared likewise.
    pub labels: Arc<Labels>,
    /// Disjoint counts.
    pub components: ComponentCounts,
    /// The cost that the log carries.
    pub reported_cost: Option<ReportedCost>,
}

/// Records as one: those that name the same and lie in one charge period and context band.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummedRecords {
    /// Their sum, with the time of the first.
    pub record: UsageRecord,
    /// How many they are.
    pub records: u64,
}

impl From<UsageRecord> for SummedRecords {
    fn from(record: UsageRecord) -> Self {
        Self { record, records: 1 }
    }
}

impl UsageRecord {
    /// The prompt length that decides the context band; `None` for a bucket or a session that does
    /// not say.
    #[must_use]
    pub fn context(&self) -> Option<u64> {
        RecordRef::from(self).context()
    }
}
