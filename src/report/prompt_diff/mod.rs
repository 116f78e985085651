//! The `diff` report: what a change of prompts adds, model by model.

mod figures;
mod tables;
mod text;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use self::figures::ModelFigures;
use super::{InputFacts, PriceBookFacts, shown_findings};
use crate::budget::Gate;
use crate::counting::CountedModel;
use crate::diagnostic::Diagnostic;
use crate::money::Currency;
use crate::period::Timestamp;
use crate::prompt_diff::{Judged, Line, Pair, Status, Total};

/// The name of the JSON form of `diff`.
pub const DIFF_SCHEMA: &str = "tokencast.diff.v1";

/// Where a side is from.
#[derive(Debug, Clone, Serialize)]
pub struct Origin {
    /// A folder, a file, a revision, or the work tree.
    pub name: String,
    /// The commit of a revision.
    pub commit: Option<String>,
}

/// Usage that the traffic is that of.
#[derive(Debug, Clone, Serialize)]
pub struct TrafficFacts {
    /// What was read.
    pub inputs: InputFacts,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub until: NaiveDate,
    /// Days from the first to the last.
    pub days: u64,
}

/// What the limits come to.
#[derive(Debug, Clone, Serialize)]
pub struct GateFacts {
    /// `passed`, `violated` or `undecided`; `null` without a limit.
    outcome: Option<&'static str>,
    exit_code: u8,
    warn_only: bool,
    #[serde(skip)]
    gate: Gate,
}

impl GateFacts {
    /// From the gate and the code that the command returns.
    #[must_use]
    pub fn new(gate: Gate, has_limits: bool, exit_code: u8, warn_only: bool) -> Self {
        Self { outcome: has_limits.then_some(gate.name()), exit_code, warn_only, gate }
    }
}

/// A file for a model.
#[derive(Debug)]
pub struct FileDiff {
    /// The number of its pair.
    pub pair: usize,
    /// What it comes to.
    pub line: Line,
    /// Why it has no price, each reason once.
    pub unpriced: Vec<String>,
}

/// A model with its files.
#[derive(Debug)]
pub struct ModelDiff {
    /// The model.
    pub model: CountedModel,
    /// Currency of its prices.
    pub currency: Currency,
    /// Files that are for it.
    pub files: Vec<FileDiff>,
    /// All of them.
    pub total: Total,
    /// The limits.
    pub judged: Vec<Judged>,
}

/// What a report is made of, beside the models.
#[derive(Debug)]
pub struct DiffContext {
    /// The earlier side.
    pub before: Origin,
    /// The later side.
    pub after: Origin,
    /// When the prices hold.
    pub at: Timestamp,
    /// The tier of the prices.
    pub service_tier: String,
    /// Input is priced as read from a cache.
    pub is_cached: bool,
    /// Tokens of output of every request; `None`: costs are those of input alone.
    pub output_tokens: Option<u64>,
    /// Placeholders of each pair.
    pub placeholders: Vec<u64>,
    /// Usage that the traffic is that of.
    pub traffic: Option<TrafficFacts>,
    /// Something says how often prompts are sent.
    pub has_traffic: bool,
    /// What the limits come to.
    pub gate: GateFacts,
    /// Everything odd, with severities.
    pub findings: Vec<Diagnostic>,
    /// The price books.
    pub price_book: PriceBookFacts,
    /// Hidden first line of Markdown, by which a comment is found again.
    pub marker: String,
}

/// The whole report.
#[derive(Debug, Serialize)]
pub struct DiffReport {
    schema: &'static str,
    before: Origin,
    after: Origin,
    /// By what became of them.
    files: BTreeMap<&'static str, u64>,
    placeholders: Placeholders,
    at: Timestamp,
    service_tier: String,
    cached: bool,
    output_tokens: Option<u64>,
    traffic: Option<TrafficFacts>,
    models: Vec<ModelFigures>,
    gate: GateFacts,
    diagnostics: Vec<Diagnostic>,
    price_book: PriceBookFacts,
    #[serde(skip)]
    has_traffic: bool,
    #[serde(skip)]
    marker: String,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Placeholders {
    count: u64,
    files: u64,
}

impl DiffReport {
    /// From the files and the models.
    #[must_use]
    pub fn new(pairs: &[Pair], models: Vec<ModelDiff>, context: DiffContext) -> Self {
        let mut files: BTreeMap<&'static str, u64> =
            Status::ALL.iter().map(|status| (status.name(), 0)).collect();
        for pair in pairs {
            *files.entry(pair.status.name()).or_default() += 1;
        }
        let with = context.placeholders.iter().filter(|count| **count > 0);
        let placeholders = Placeholders {
            count: context.placeholders.iter().sum(),
            files: u64::try_from(with.count()).unwrap_or(u64::MAX),
        };
        let models = models.into_iter().map(|model| ModelFigures::new(model, pairs));
        Self {
            schema: DIFF_SCHEMA,
            before: context.before,
            after: context.after,
            files,
            placeholders,
            at: context.at,
            service_tier: context.service_tier,
            cached: context.is_cached,
            output_tokens: context.output_tokens,
            traffic: context.traffic,
            models: models.collect(),
            gate: context.gate,
            diagnostics: shown_findings(context.findings),
            price_book: context.price_book,
            has_traffic: context.has_traffic,
            marker: context.marker,
        }
    }
}
