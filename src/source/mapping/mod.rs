//! The generic mapping: the user names the columns or JSON paths of a log that no reader knows.

mod row;
mod usual;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use thiserror::Error;

use self::row::{Row, SKU_FIELDS};

use super::ReadOptions;
use super::memo::{Fields, Memo};
use super::outcome::{Outcome, Skipped};
use super::row::Cell;
pub(crate) use super::row::Names;
use crate::tokens::Component;

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

/// Works out what a row names, with what other rows named.
type WorkOut<'w> = dyn Fn(&ReadOptions, &mut Memo<Names>) -> Result<Names, Skipped> + 'w;

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

    /// The same by their places in [`Self::columns`].
    pub(crate) fn named_columns(&self) -> Option<impl Iterator<Item = usize>> {
        let named = self.named_by()?;
        let bits = usize::try_from(Fields::BITS).unwrap_or(0);
        Some((0..self.columns.len().min(bits)).filter(move |column| named & (1 << column) != 0))
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
        self.read_with(cell, |work_out| work_out(options, names))
    }

    /// Builds the record of one row, whose names `known` knows or has worked out.
    pub(crate) fn read_with<'a>(
        &'a self,
        cell: impl Fn(usize) -> Option<Cell<'a>>,
        known: impl FnOnce(&WorkOut<'_>) -> Result<Names, Skipped>,
    ) -> Outcome {
        let row = Row { mapping: self, cell };
        row.record(|| known(&|options, names| row.names(options, names)))
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
