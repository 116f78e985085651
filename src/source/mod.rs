//! Sources: files of many formats in, usage records out.
//!
//! The format is told by content, line by line where a file mixes providers. Each format's file
//! holds only what differs: where the fields are and what they mean. Opening, decompression,
//! splitting, reading with several threads and counting what was skipped are shared.

mod agents;
mod archive;
pub(crate) mod blocks;
pub mod canonical;
mod cells;
mod clouds;
mod collector;
mod consoles;
mod cost_columns;
pub mod cost_table;
mod csv;
mod cutter;
mod database;
pub mod detect;
mod draft;
mod envelope;
mod facts;
mod format;
#[cfg(test)]
mod format_tests;
mod gateways;
pub mod hash_labels;
mod header;
pub mod inputs;
mod key_filter;
mod known;
mod line;
#[cfg(test)]
mod line_tests;
pub mod mapping;
mod marks;
mod memo;
mod outcome;
mod packed;
pub(crate) mod parquet;
mod pipeline;
pub mod provider;
mod providers;
pub(crate) mod reader;
mod resolve;
mod row;
mod row_ends;
pub mod scan;
mod sums;
mod table;
mod tally;
mod usual;
mod usual_rows;
mod utf16;
mod views;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use compact_str::CompactString;
use thiserror::Error;

pub use self::cost_columns::{COST_COLUMNS, CostColumn, CostColumns};
pub use self::format::{Format, FormatInfo, Group};
pub use self::inputs::Input;
use self::key_filter::KeyFilter;
pub(crate) use self::line::{usage_of, wrapped_array};

pub use self::hash_labels::HashLabels;
pub use self::mapping::{InputIncludesCache, Mapping, MappingError};
pub use self::pipeline::{read_all, read_bytes, read_sums};
use crate::diagnostic::Diagnostics;
use crate::period::Timestamp;

/// Labels kept without being asked for: words that companies split cost by, with few values.
pub const DEFAULT_LABELS: [&str; 16] = [
    "app",
    "application",
    "cost_center",
    "customer",
    "department",
    "env",
    "environment",
    "feature",
    "organization",
    "product",
    "project",
    "project_id",
    "service",
    "team",
    "tenant",
    "workspace",
];

static DEFAULT_FILTER: KeyFilter = {
    let mut filter = KeyFilter::empty();
    let mut at = 0;
    while at < DEFAULT_LABELS.len() {
        filter = filter.with(DEFAULT_LABELS[at].as_bytes());
        at += 1;
    }
    filter
};

/// Which labels of a log are kept. Labels multiply the rows of a rollup, so ids and free text must
/// not come in by accident.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum LabelPolicy {
    /// [`DEFAULT_LABELS`].
    #[default]
    Default,
    /// Every scalar of a metadata object.
    All,
    /// These, and no other.
    Only(BTreeSet<String>),
}

impl LabelPolicy {
    /// True if a label of this name is kept.
    #[must_use]
    pub fn keeps(&self, key: &str) -> bool {
        match self {
            Self::Default => DEFAULT_LABELS.contains(&key),
            Self::All => true,
            Self::Only(names) => names.contains(key),
        }
    }

    /// False only if a key is no label that is kept.
    pub(crate) fn may_keep(&self, key: &[u8]) -> bool {
        !matches!(self, Self::Default) || DEFAULT_FILTER.may_have(key)
    }

    /// True if no label is kept.
    #[must_use]
    pub fn keeps_nothing(&self) -> bool {
        matches!(self, Self::Only(names) if names.is_empty())
    }
}

/// How to read.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The provider of every record, whatever it says.
    pub provider: Option<CompactString>,
    /// Which labels to keep.
    pub labels: LabelPolicy,
    /// Labels whose values are hashed.
    pub hash_labels: Option<HashLabels>,
    /// The one format to read; `None` detects.
    pub format: Option<Format>,
    /// Columns or paths of a log that no reader knows.
    pub mapping: Option<Mapping>,
    /// The time of response bodies that state none; `None`: they are skipped.
    pub time: Option<Timestamp>,
    /// Reading threads, at least one.
    pub threads: usize,
}

/// What reading found, beside the records.
#[derive(Debug, Clone, Default)]
pub struct ReadReport {
    /// Files read.
    pub files: u64,
    /// Lines and rows that are usage records.
    pub records: u64,
    /// Lines and rows that should be usage but gave no record.
    pub skipped: u64,
    /// Records by format.
    pub formats: BTreeMap<&'static str, u64>,
    /// Everything that was odd.
    pub diagnostics: Diagnostics,
    views: views::Views,
}

/// Bytes read so far, for a progress display; shared between threads.
#[derive(Debug, Default)]
pub struct Progress {
    bytes: AtomicU64,
}

impl Progress {
    /// Bytes read from disk so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn advance(&self, bytes: usize) {
        self.bytes.fetch_add(u64::try_from(bytes).unwrap_or(0), Ordering::Relaxed);
    }
}

/// True if a file was not read because it unpacks to too much.
#[must_use]
pub fn is_out_of_proportion(error: &std::io::Error) -> bool {
    packed::is_bomb(error)
}

/// Why reading stopped.
#[derive(Debug, Error)]
pub enum SourceError {
    /// An input that does not exist, or a pattern that matches nothing.
    #[error("no such file or folder: `{0}`")]
    NotFound(String),
    /// A pattern with a syntax error.
    #[error("`{pattern}` is not a valid pattern: {reason}")]
    BadPattern {
        /// What the user wrote.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A folder without a file that could be a log.
    #[error("no log files in `{0}`")]
    EmptyFolder(String),
    /// The operating system or a decompressor refused.
    #[error("failed to read `{file}`")]
    Io {
        /// The file.
        file: String,
        /// The reason.
        source: std::io::Error,
    },
    /// A Parquet file that cannot be read.
    #[error("failed to read Parquet file `{file}`: {reason}")]
    Parquet {
        /// The file.
        file: String,
        /// The reason.
        reason: String,
    },
    /// A database that cannot be read.
    #[error("failed to read SQLite database `{file}`: {reason}")]
    Database {
        /// The file.
        file: String,
        /// The reason.
        reason: String,
    },
    /// A mapped column that a table does not have.
    #[error("`{file}` has no column `{column}` (columns: {columns})")]
    NoSuchColumn {
        /// The file.
        file: String,
        /// The mapped column.
        column: String,
        /// The columns it has.
        columns: String,
    },
    /// A mapped path that no record has.
    #[error("no record has a value at `{column}`, which --map names")]
    NeverFound {
        /// The mapped column or path.
        column: String,
    },
    /// A container that is not supported.
    #[error("`{file}` is a {kind}, which is not supported")]
    Unsupported {
        /// The file.
        file: String,
        /// What it is.
        kind: &'static str,
    },
}
