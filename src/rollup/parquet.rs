//! Rollups as Parquet: one row a charge period and profile, one column a dimension or component.

mod write;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use polars::prelude::{AnyValue, DataFrame, ParquetReader, SerReader, TimeUnit};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use self::write::write;
use super::{Edges, Profile, Rollup, RollupBuilder, RollupError, RollupRow};
use crate::money::{Amount, Currency};
use crate::period::{Grain, Period, Timestamp};
use crate::sku::{ContextBand, Sku};
use crate::tokens::{Component, ComponentCounts};
use crate::usage::{CostKind, Labels, RecordGrain};

/// The name of the format, in the file's metadata.
pub const SCHEMA: &str = "tokencast.rollup.v1";
const METADATA_KEY: &str = "tokencast";
const LABEL: &str = "label.";
const REPORTED: &str = "reported_cost.";

/// Why a rollup file cannot be read or written.
#[derive(Debug, Error)]
pub enum ParquetError {
    /// The file system or the Parquet library refused.
    #[error("{0}")]
    Format(String),
    /// A Parquet file without our metadata.
    #[error("not a rollup: written by another program (name its columns with --map)")]
    NotARollup,
    /// A rollup of another version.
    #[error("rollup of schema `{0}` (expected `{SCHEMA}`)")]
    OtherSchema(String),
    /// A column that is missing or of another type.
    #[error("column `{0}` is missing or holds something else")]
    BadColumn(String),
    /// Rows that do not make a rollup.
    #[error(transparent)]
    Rollup(#[from] RollupError),
}

impl From<polars::error::PolarsError> for ParquetError {
    fn from(error: polars::error::PolarsError) -> Self {
        Self::Format(error.to_string())
    }
}

#[derive(Serialize, Deserialize)]
struct Metadata {
    schema: String,
    grain: String,
    context_edges: Vec<u64>,
    time_edges: Vec<Timestamp>,
    left_out: LeftOut,
}

/// What reading the logs left out: kept with the rollup, because the logs may be gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Lines and rows that should be usage but gave no record.
    pub skipped: u64,
    /// Copies of records that were counted once.
    pub duplicates: u64,
}

/// True if a file is a Parquet rollup, of any version or damaged; false for any other file.
#[must_use]
pub fn is_rollup(path: &Path) -> bool {
    let magic = File::open(path).and_then(|mut f| {
        let mut magic = [0; 4];
        std::io::Read::read_exact(&mut f, &mut magic)?;
        Ok(magic)
    });
    if !magic.is_ok_and(|m| &m == b"PAR1") {
        return false;
    }
    // A file without a readable footer is for `read` to explain, not for the readers of logs.
    let found = File::open(path).map(|f| metadata(&mut ParquetReader::new(f)));
    !matches!(found, Ok(Err(ParquetError::NotARollup)))
}

fn metadata(reader: &mut ParquetReader<File>) -> Result<Metadata, ParquetError> {
    let found = reader.get_metadata()?.key_value_metadata.as_deref().unwrap_or_default();
    let text = found.iter().find(|kv| kv.key == METADATA_KEY).and_then(|kv| kv.value.as_deref());
    let text = text.ok_or(ParquetError::NotARollup)?;
    let metadata: Metadata =
        serde_json::from_str(text).map_err(|e| ParquetError::Format(e.to_string()))?;
    if metadata.schema == SCHEMA {
        Ok(metadata)
    } else {
        Err(ParquetError::OtherSchema(metadata.schema))
    }
}

/// Reads a rollup.
///
/// # Errors
/// [`ParquetError`] if the file is no rollup or is damaged.
pub fn read(path: &Path) -> Result<(Rollup, LeftOut), ParquetError> {
    let file = File::open(path).map_err(|e| ParquetError::Format(e.to_string()))?;
    let mut reader = ParquetReader::new(file);
    let metadata = metadata(&mut reader)?;
    let grain = Grain::from_name(&metadata.grain)
        .ok_or_else(|| ParquetError::BadColumn("grain".to_owned()))?;
    let edges = Edges { grain, context: metadata.context_edges, times: metadata.time_edges };
    let frame = reader.finish()?;
    let table = Table { frame: &frame };
    let labels = table.named(LABEL);
    let components: Vec<(String, Component)> = frame
        .get_column_names()
        .iter()
        .filter_map(|name| Component::from_name(name).map(|c| (name.to_string(), c)))
        .collect();
    let reported = reported_columns(&table)?;
    let mut profiles: BTreeMap<Profile, u32> = BTreeMap::new();
    let mut rows = Vec::with_capacity(frame.height());
    for at in 0..frame.height() {
        let next = u32::try_from(profiles.len()).unwrap_or(u32::MAX);
        let profile = *profiles.entry(table.profile(at, &labels)?).or_insert(next);
        let period = Period {
            start: table.instant("period_start", at)?,
            end: table.instant("period_end", at)?,
        };
        let mut counts = ComponentCounts::default();
        for (name, component) in &components {
            counts.add(*component, table.number(name, at)?.unwrap_or(0));
        }
        let mut costs = BTreeMap::new();
        for (name, key) in &reported {
            if let Some(text) = table.text(name, at)? {
                let amount: Amount =
                    text.parse().map_err(|_| ParquetError::BadColumn(name.clone()))?;
                costs.insert(*key, amount);
            }
        }
        rows.push(RollupRow {
            period,
            profile,
            records: table.number("records", at)?.unwrap_or(0),
            requests: table.number("requests", at)?.unwrap_or(0),
            components: counts,
            reported: costs,
        });
    }
    let mut numbered: Vec<(u32, Profile)> = profiles.into_iter().map(|(p, n)| (n, p)).collect();
    numbered.sort();
    let profiles = numbered.into_iter().map(|(_, p)| p).collect();
    let mut builder = RollupBuilder::new(edges.clone());
    builder.add_rollup(&Rollup { edges, profiles, rows, whole: None })?;
    Ok((builder.finish(), metadata.left_out))
}

/// A column of reported costs: its name and what it holds.
type ReportedColumn = (String, (CostKind, Currency));

fn reported_columns(table: &Table<'_>) -> Result<Vec<ReportedColumn>, ParquetError> {
    let mut columns = Vec::new();
    for rest in table.named(REPORTED) {
        let name = format!("{REPORTED}{rest}");
        let key = rest
            .split_once('.')
            .and_then(|(k, c)| Some((CostKind::from_name(k)?, c.parse().ok()?)));
        columns.push((name.clone(), key.ok_or(ParquetError::BadColumn(name))?));
    }
    Ok(columns)
}

struct Table<'f> {
    frame: &'f DataFrame,
}

impl Table<'_> {
    fn named(&self, prefix: &str) -> Vec<String> {
        self.frame
            .get_column_names()
            .iter()
            .filter_map(|n| n.strip_prefix(prefix).map(str::to_owned))
            .collect()
    }

    fn value(&self, name: &str, row: usize) -> Result<AnyValue<'_>, ParquetError> {
        let column =
            self.frame.column(name).map_err(|_| ParquetError::BadColumn(name.to_owned()))?;
        Ok(column.get(row)?)
    }

    fn text(&self, name: &str, row: usize) -> Result<Option<String>, ParquetError> {
        // A column of equal values comes back as owned text, any other as borrowed.
        let value = self.value(name, row)?;
        match value.get_str() {
            Some(text) => Ok(Some(text.to_owned())),
            None if value.is_null() => Ok(None),
            None => Err(ParquetError::BadColumn(name.to_owned())),
        }
    }

    fn number(&self, name: &str, row: usize) -> Result<Option<u64>, ParquetError> {
        match self.value(name, row)? {
            AnyValue::Null => Ok(None),
            AnyValue::UInt64(value) => Ok(Some(value)),
            _ => Err(ParquetError::BadColumn(name.to_owned())),
        }
    }

    fn instant(&self, name: &str, row: usize) -> Result<Timestamp, ParquetError> {
        match self.value(name, row)? {
            AnyValue::Datetime(value, TimeUnit::Nanoseconds, _)
            | AnyValue::DatetimeOwned(value, TimeUnit::Nanoseconds, _) => {
                Ok(Timestamp::from_nanos(value))
            }
            _ => Err(ParquetError::BadColumn(name.to_owned())),
        }
    }

    /// Files written before there were grains hold requests alone.
    fn grain(&self, row: usize) -> Result<RecordGrain, ParquetError> {
        if self.frame.column("grain").is_err() {
            return Ok(RecordGrain::Request);
        }
        let name = self.text("grain", row)?.unwrap_or_default();
        RecordGrain::from_name(&name).ok_or_else(|| ParquetError::BadColumn("grain".to_owned()))
    }

    fn profile(&self, row: usize, labels: &[String]) -> Result<Profile, ParquetError> {
        let text = |name: &str| self.text(name, row).map(Option::unwrap_or_default);
        let mut sku = Sku::new(&text("provider")?, &text("model")?);
        sku.service_tier = text("service_tier")?.into();
        sku.speed = text("speed")?.into();
        sku.region = text("region")?.into();
        sku.endpoint = text("endpoint")?.into();
        sku.deployment = text("deployment")?.into();
        let grain = self.grain(row)?;
        let context = match self.number("context_from", row)? {
            Some(from) => ContextBand::Known { from, until: self.number("context_until", row)? },
            None => ContextBand::Unknown,
        };
        let mut kept = Labels::default();
        for label in labels {
            if let Some(value) = self.text(&format!("{LABEL}{label}"), row)? {
                kept.set(label, &value);
            }
        }
        Ok(Profile { sku, grain, context, labels: kept })
    }
}
