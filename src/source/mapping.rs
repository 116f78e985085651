//! The generic mapping: the user names the columns or JSON paths of a log that no reader knows.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use compact_str::CompactString;
use thiserror::Error;

use super::ReadOptions;
use super::envelope::Splitter;
use super::memo::{Fields, Memo};
use super::outcome::{Outcome, Skipped, one};
use super::provider;
use super::resolve::{Counted, Includes, Stated, input_includes_cache};
use super::row::Cell;
use crate::diagnostic::code;
use crate::money::{Amount, Currency};
use crate::period::{Period, Timestamp};
use crate::sku::{Sku, service_tier};
use crate::tokens::Component;
use crate::usage::dedup::RequestId;
use crate::usage::{CostKind, Labels, ReportedCost, UsageRecord, UsageTime};

/// Whether a log's input count includes what caches read and wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InputIncludesCache {
    /// It does, as OpenAI and Gemini count.
    Yes,
    /// It does not, as Anthropic and Bedrock count.
    No,
    /// Decided record by record from totals and sizes; assumed to include it where they do not tell.
    #[default]
    Auto,
}

/// A mapping that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MappingError {
    /// Not `field=column`.
    #[error("`{0}` is not `field=column` (or `field=@constant`)")]
    NotAPair(String),
    /// No such field.
    #[error("`{name}` is no field of a mapping{}", hint.as_ref().map(|h| format!(" (did you mean `{h}`?)")).unwrap_or_default())]
    UnknownField {
        /// What the user wrote.
        name: String,
        /// The nearest field.
        hint: Option<String>,
    },
    /// A field was mapped twice.
    #[error("field `{0}` is mapped twice")]
    Twice(String),
    /// A field that every record needs is not mapped.
    #[error(
        "field `{0}` is not mapped (a mapping needs `model`, and `time` or both `start` and `end`)"
    )]
    Missing(&'static str),
    /// An instant and a bucket at once.
    #[error("`time` and `start` or `end` are mapped: a record is a request or a bucket, not both")]
    TwoTimes,
    /// Nothing to count is mapped.
    #[error("no token field is mapped (such as `input`, `output` or `input.cache_read`)")]
    NoTokens,
}

/// Fields that are not component names, with what they mean, for the reference page.
pub const FIELDS: [(&str, &str); 21] = [
    ("time", "instant of the request"),
    ("start", "start of a bucket"),
    ("end", "end of a bucket, exclusive"),
    ("provider", "who bills; default: told by the model name"),
    ("model", "the model that answered"),
    ("service_tier", "standard, batch, flex, priority, ..."),
    ("speed", "standard or fast"),
    ("region", "cloud region"),
    ("endpoint", "global, regional or a geography"),
    ("deployment", "Azure deployment type"),
    ("requests", "number of requests; default 1"),
    ("request_id", "id for de-duplication"),
    ("context_tokens", "prompt tokens of each request of a bucket"),
    ("input", "input tokens; with or without cache as --input-includes-cache says"),
    ("cache_read", "input tokens read from a cache"),
    ("cache_write", "input tokens written to a cache, five minutes"),
    ("output", "output tokens, reasoning included"),
    ("reasoning", "the part of output that is reasoning"),
    ("total", "the log's own total, used to check and to decide what input includes"),
    ("reported_cost", "the log's own cost in US dollars, kept as an estimate"),
    ("label.NAME", "a label"),
];

/// Places of fields in [`FIELDS`].
mod field {
    pub(super) const TIME: usize = 0;
    pub(super) const START: usize = 1;
    pub(super) const END: usize = 2;
    pub(super) const PROVIDER: usize = 3;
    pub(super) const MODEL: usize = 4;
    pub(super) const SERVICE_TIER: usize = 5;
    pub(super) const SPEED: usize = 6;
    pub(super) const REGION: usize = 7;
    pub(super) const ENDPOINT: usize = 8;
    pub(super) const DEPLOYMENT: usize = 9;
    pub(super) const REQUESTS: usize = 10;
    pub(super) const REQUEST_ID: usize = 11;
    pub(super) const CONTEXT_TOKENS: usize = 12;
    pub(super) const INPUT: usize = 13;
    pub(super) const CACHE_READ: usize = 14;
    pub(super) const CACHE_WRITE: usize = 15;
    pub(super) const OUTPUT: usize = 16;
    pub(super) const REASONING: usize = 17;
    pub(super) const TOTAL: usize = 18;
    pub(super) const REPORTED_COST: usize = 19;
}

/// Where a field comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    /// A column or a JSON path, by its place among those of the mapping.
    Column(usize),
    /// The same for every record.
    Constant(String),
}

/// A checked mapping.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// By the place in [`FIELDS`].
    fields: [Option<Origin>; FIELDS.len()],
    components: Vec<(Component, Origin)>,
    labels: Vec<(String, Origin)>,
    columns: Vec<String>,
    includes_cache: InputIncludesCache,
    /// Columns that some record had: a path that none has is a slip, not a zero.
    found: Arc<Vec<AtomicBool>>,
}

impl Mapping {
    /// From `field=column` pairs, several in one text separated by commas.
    ///
    /// # Errors
    /// [`MappingError`].
    pub fn parse(
        texts: &[String],
        includes_cache: InputIncludesCache,
    ) -> Result<Self, MappingError> {
        let mut named = BTreeMap::new();
        for pair in texts.iter().flat_map(|t| t.split(',')).map(str::trim).filter(|p| !p.is_empty())
        {
            let (name, origin) =
                pair.split_once('=').ok_or_else(|| MappingError::NotAPair(pair.to_owned()))?;
            let (name, origin) = (name.trim(), origin.trim());
            check_field(name)?;
            if named.insert(name, origin).is_some() {
                return Err(MappingError::Twice(name.to_owned()));
            }
        }
        check_fields(&named)?;
        let mut mapping = Self {
            fields: std::array::from_fn(|_| None),
            components: Vec::new(),
            labels: Vec::new(),
            columns: Vec::new(),
            includes_cache,
            found: Arc::default(),
        };
        for (name, origin) in named {
            mapping.put(name, origin);
        }
        mapping.found = Arc::new(mapping.columns.iter().map(|_| AtomicBool::new(false)).collect());
        Ok(mapping)
    }

    fn put(&mut self, name: &str, origin: &str) {
        let origin = match origin.strip_prefix('@') {
            Some(constant) => Origin::Constant(constant.to_owned()),
            None => {
                let known = self.columns.iter().position(|c| c == origin);
                Origin::Column(known.unwrap_or_else(|| {
                    self.columns.push(origin.to_owned());
                    self.columns.len() - 1
                }))
            }
        };
        if let Some(label) = name.strip_prefix("label.") {
            self.labels.push((label.to_owned(), origin));
        } else if let Some(at) = FIELDS.iter().position(|(field, _)| *field == name) {
            self.fields[at] = Some(origin);
        } else if let Some(component) = Component::from_name(name) {
            self.components.push((component, origin));
        }
    }

    /// Names of the columns or paths that the mapping reads, each once.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The columns that a SKU and labels are told by; `None` if there are too many of them.
    fn named_by(&self) -> Option<Fields> {
        let of_sku = SKU_FIELDS.iter().filter_map(|field| self.fields[*field].as_ref());
        let mut origins = of_sku.chain(self.labels.iter().map(|(_, origin)| origin));
        origins.try_fold(0, |bits, origin| match origin {
            Origin::Column(column) => {
                Some(bits | Fields::checked_shl(1, u32::try_from(*column).ok()?)?)
            }
            Origin::Constant(_) => Some(bits),
        })
    }

    /// Columns or paths that no record had so far.
    pub fn never_found(&self) -> impl Iterator<Item = &str> {
        let columns = self.columns.iter().zip(self.found.iter());
        columns.filter(|(_, f)| !f.load(Ordering::Relaxed)).map(|(c, _)| c.as_str())
    }

    /// Builds the record of one row; `cell` gives a cell by the place of its column in
    /// [`Self::columns`].
    pub(crate) fn read<'a>(
        &'a self,
        options: &ReadOptions,
        names: &mut Memo<Names>,
        cell: impl Fn(usize) -> Option<Cell<'a>>,
    ) -> Outcome {
        Row { mapping: self, cell }.record(options, names)
    }
}

fn check_fields(named: &BTreeMap<&str, &str>) -> Result<(), MappingError> {
    let has = |name: &str| named.contains_key(name);
    if !has("model") {
        return Err(MappingError::Missing("model"));
    }
    if !(has("time") || has("start") && has("end")) {
        return Err(MappingError::Missing("time"));
    }
    if has("time") && (has("start") || has("end")) {
        return Err(MappingError::TwoTimes);
    }
    let counts = |name: &&str| {
        matches!(*name, "input" | "output" | "cache_read" | "cache_write")
            || Component::from_name(name).is_some()
    };
    if named.keys().any(counts) { Ok(()) } else { Err(MappingError::NoTokens) }
}

fn check_field(name: &str) -> Result<(), MappingError> {
    let known = FIELDS.iter().any(|(f, _)| *f == name) || Component::from_name(name).is_some();
    let label = name.strip_prefix("label.").is_some_and(|l| !l.is_empty() && l != "NAME");
    if known || label {
        return Ok(());
    }
    let names = FIELDS.iter().map(|(f, _)| *f).chain(Component::ALL.iter().map(|c| c.name()));
    let hint = names.map(|n| (strsim::jaro_winkler(n, name), n)).max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = hint.filter(|(score, _)| *score > 0.75).map(|(_, n)| n.to_owned());
    Err(MappingError::UnknownField { name: name.to_owned(), hint })
}

/// What rows say alike.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    sku: Arc<Sku>,
    labels: Arc<Labels>,
}

/// Fields of a SKU.
const SKU_FIELDS: [usize; 7] = [
    field::MODEL,
    field::PROVIDER,
    field::SERVICE_TIER,
    field::SPEED,
    field::REGION,
    field::ENDPOINT,
    field::DEPLOYMENT,
];

struct Row<'m, F> {
    mapping: &'m Mapping,
    cell: F,
}

impl<'m, F: Fn(usize) -> Option<Cell<'m>>> Row<'m, F> {
    fn text(&self, field: usize) -> Cow<'m, str> {
        self.at(field).map(Cell::text).unwrap_or_default()
    }

    fn at(&self, field: usize) -> Option<Cell<'m>> {
        self.of(self.mapping.fields[field].as_ref()?)
    }

    fn of(&self, origin: &'m Origin) -> Option<Cell<'m>> {
        match origin {
            Origin::Constant(constant) => Some(Cell::Text(Cow::Borrowed(constant))),
            Origin::Column(column) => {
                let cell = (self.cell)(*column)?;
                let found = &self.mapping.found[*column];
                if !found.load(Ordering::Relaxed) {
                    found.store(true, Ordering::Relaxed);
                }
                Some(cell)
            }
        }
    }

    fn count(&self, field: usize) -> Result<Option<u64>, Skipped> {
        self.at(field).map_or(Ok(None), |cell| cell.count(FIELDS[field].0))
    }

    fn instant(&self, field: usize) -> Result<Timestamp, Skipped> {
        let found = self.at(field).map_or(Err(Cow::Borrowed("")), Cell::instant);
        found.map_err(|text| {
            let name = FIELDS[field].0;
            if text.is_empty() {
                let message = format!("row without a value for `{name}`");
                return Skipped::new(code::MISSING_TIME, message);
            }
            let expected = "a time such as `2026-11-20T12:00:00Z` or an epoch number";
            Skipped::bad_field(name, &text, expected)
        })
    }

    fn record(&self, options: &ReadOptions, names: &mut Memo<Names>) -> Outcome {
        let time =
            if self.mapping.fields[field::TIME].is_some() {
                UsageTime::At(self.instant(field::TIME)?)
            } else {
                let period = Period::new(self.instant(field::START)?, self.instant(field::END)?);
                UsageTime::Bucket(period.map_err(|e| {
                    Skipped::bad_field("end", &self.text(field::END), &e.to_string())
                })?)
            };
        let splitter = self.components()?;
        let default_requests = u64::from(matches!(time, UsageTime::At(_)));
        let id = self.text(field::REQUEST_ID);
        let Names { sku, labels } = self.names(options, names)?;
        let record = UsageRecord {
            time,
            grain: time.usual_grain(),
            context_tokens: self.count(field::CONTEXT_TOKENS)?,
            requests: self.count(field::REQUESTS)?.unwrap_or(default_requests),
            request_id: (!id.is_empty()).then(|| RequestId::new(&sku.provider, &id, 0)),
            labels,
            components: splitter.components,
            reported_cost: self.reported_cost()?,
            sku,
        };
        Ok(one(record, splitter.notes))
    }

    /// What rows say alike, remembered by the cells that it is worked out from.
    fn names(&self, options: &ReadOptions, known: &mut Memo<Names>) -> Result<Names, Skipped> {
        let write = |column: u32, key: &mut Vec<u8>| {
            if let Some(cell) = (self.cell)(column as usize) {
                cell.write(key);
            }
        };
        if let Some(names) = known.recall(write) {
            return Ok(names.clone());
        }
        let names = Names { sku: self.sku(options)?.into(), labels: self.labels().into() };
        if let Some(columns) = self.mapping.named_by() {
            known.learn(columns, write, names.clone());
        }
        Ok(names)
    }

    fn sku(&self, options: &ReadOptions) -> Result<Sku, Skipped> {
        let model = self.text(field::MODEL);
        if model.is_empty() {
            return Err(Skipped::new(code::MISSING_MODEL, "row without a value for `model`"));
        }
        let stated = self.text(field::PROVIDER);
        let provider = match &options.provider {
            Some(provider) => provider.clone(),
            None if stated.is_empty() => provider::of_model(&model),
            None => provider::canonical(&stated),
        };
        let mut sku = Sku::new(&provider, &model);
        if provider == "aws.bedrock" {
            let found = provider::bedrock_model(&model);
            sku.model = found.model.into();
            sku.endpoint = found.endpoint.into();
            sku.region = found.region.into();
        }
        provider::take_prefix(&mut sku);
        sku.service_tier = service_tier(&self.text(field::SERVICE_TIER));
        for (field, slot) in [
            (field::SPEED, &mut sku.speed),
            (field::REGION, &mut sku.region),
            (field::ENDPOINT, &mut sku.endpoint),
            (field::DEPLOYMENT, &mut sku.deployment),
        ] {
            let text = self.text(field);
            if !text.is_empty() {
                *slot = CompactString::new(text);
            }
        }
        Ok(sku)
    }

    fn components(&self) -> Result<Splitter, Skipped> {
        let mut splitter = Splitter::default();
        let input = self.count(field::INPUT)?;
        let read = self.count(field::CACHE_READ)?.unwrap_or(0);
        let written = self.count(field::CACHE_WRITE)?.unwrap_or(0);
        let output = self.count(field::OUTPUT)?;
        let reasoning = self.count(field::REASONING)?.unwrap_or(0);
        let total = self.count(field::TOTAL)?;
        let parts = [(Component::InputCacheRead, read), (Component::InputCacheWrite5m, written)];
        let counted = Counted {
            input: input.unwrap_or(0),
            output: output.unwrap_or(0),
            read,
            written,
            total,
        };
        let stated = match self.mapping.includes_cache {
            InputIncludesCache::Yes => Stated::Yes,
            InputIncludesCache::No => Stated::No,
            InputIncludesCache::Auto => Stated::Unknown,
        };
        if input_includes_cache(&counted, stated, Includes::Yes, &mut splitter.notes) {
            let whole = input.unwrap_or_else(|| read.saturating_add(written));
            splitter.split(whole, Component::InputUncached, &parts);
        } else {
            splitter.put(Component::InputUncached, input.unwrap_or(0));
            parts.iter().for_each(|(component, count)| splitter.put(*component, *count));
        }
        splitter.split(
            output.unwrap_or(0),
            Component::Output,
            &[(Component::OutputReasoning, reasoning)],
        );
        for (component, origin) in &self.mapping.components {
            let cell = self.of(origin);
            let count = cell.map_or(Ok(None), |cell| cell.count(component.name()))?.unwrap_or(0);
            splitter.put(*component, count);
        }
        splitter.check_total(total);
        Ok(splitter)
    }

    /// A mapped label was asked for by name, so it is always kept.
    fn labels(&self) -> Labels {
        let mut labels = Labels::default();
        for (name, origin) in &self.mapping.labels {
            labels.set(name, &self.of(origin).map(Cell::text).unwrap_or_default());
        }
        labels
    }

    fn reported_cost(&self) -> Result<Option<ReportedCost>, Skipped> {
        let text = self.text(field::REPORTED_COST);
        if matches!(&*text, "" | "-" | "null" | "None" | "NaN") {
            return Ok(None);
        }
        let amount = Amount::parse_rounded(text.trim_start_matches('$'))
            .map_err(|e| Skipped::bad_field("reported_cost", &text, &e.to_string()))?;
        Ok(Some(ReportedCost { amount, currency: Currency::USD, kind: CostKind::Estimate }))
    }
}
