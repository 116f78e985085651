//! Rollups as Parquet: one row a charge period and profile, one column a dimension or component.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::path::Path;

use polars::prelude::{
    AnyValue, Column, DataFrame, DataType, IdxCa, IntoColumn, KeyValueMetadata, NamedFrom,
    ParquetCompression, ParquetReader, ParquetWriter, SerReader, Series, TimeUnit, TimeZone,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use thiserror::Error;

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

/// Writes a rollup.
///
/// # Errors
/// [`ParquetError`] if the target cannot be written.
pub fn write(
    rollup: &Rollup,
    left_out: LeftOut,
    target: impl Write + Send,
) -> Result<(), ParquetError> {
    let metadata = Metadata {
        schema: SCHEMA.to_owned(),
        grain: rollup.edges.grain.name().to_owned(),
        context_edges: rollup.edges.context.clone(),
        time_edges: rollup.edges.times.clone(),
        left_out,
    };
    let text = serde_json::to_string(&metadata).map_err(|e| ParquetError::Format(e.to_string()))?;
    let mut frame = frame_of(rollup)?;
    ParquetWriter::new(target)
        .with_compression(ParquetCompression::Zstd(None))
        .with_key_value_metadata(Some(KeyValueMetadata::from_static(vec![(
            METADATA_KEY.to_owned(),
            text,
        )])))
        .finish(&mut frame)?;
    Ok(())
}

fn frame_of(rollup: &Rollup) -> Result<DataFrame, ParquetError> {
    let rows = &rollup.rows;
    // Profiles are few: their texts are looked at once, and rows say where they are.
    let places = IdxCa::from_vec("profile".into(), rows.iter().map(|r| r.profile).collect());
    let named = |name: &str, get: &dyn for<'p> Fn(&'p Profile) -> Option<&'p str>| {
        texts(name, rollup.profiles.iter().map(get)).take(&places)
    };
    let mut columns = vec![
        instants("period_start", rows.iter().map(|r| r.period.start))?,
        instants("period_end", rows.iter().map(|r| r.period.end))?,
    ];
    for (name, get) in SKU_COLUMNS {
        columns.push(named(name, &|profile| Some(get(&profile.sku)))?);
    }
    columns.push(named("grain", &|profile| Some(profile.grain.name()))?);
    let band = |row: &RollupRow| match rollup.profile(row).context {
        ContextBand::Known { from, until } => (Some(from), until),
        ContextBand::Unknown => (None, None),
    };
    columns.push(numbers("context_from", rows.iter().map(|r| band(r).0)));
    columns.push(numbers("context_until", rows.iter().map(|r| band(r).1)));
    let labels: BTreeSet<&str> =
        rollup.profiles.iter().flat_map(|p| p.labels.iter().map(|(k, _)| k)).collect();
    for label in labels {
        let name = format!("{LABEL}{label}");
        columns.push(named(&name, &|profile| profile.labels.get(label))?);
    }
    columns.push(numbers("records", rows.iter().map(|r| Some(r.records))));
    columns.push(numbers("requests", rows.iter().map(|r| Some(r.requests))));
    let used: BTreeSet<Component> =
        rows.iter().flat_map(|r| r.components.iter().map(|(c, _)| c)).collect();
    let used: Vec<Component> = used.into_iter().collect();
    let counts = used.par_iter().map(|component| {
        numbers(component.name(), rows.iter().map(|r| Some(r.components.get(*component))))
    });
    columns.extend(counts.collect::<Vec<_>>());
    let reported: BTreeSet<(CostKind, Currency)> =
        rows.iter().flat_map(|r| r.reported.keys().copied()).collect();
    for key in reported {
        let name = format!("{REPORTED}{}.{}", key.0.name(), key.1);
        let amounts: Vec<Option<String>> =
            rows.iter().map(|r| r.reported.get(&key).map(ToString::to_string)).collect();
        columns.push(texts(&name, amounts.iter().map(|a| a.as_deref())));
    }
    Ok(DataFrame::new(rows.len(), columns)?)
}

type SkuColumn = (&'static str, fn(&Sku) -> &str);

const SKU_COLUMNS: [SkuColumn; 7] = [
    ("provider", |s| &s.provider),
    ("model", |s| &s.model),
    ("service_tier", |s| &s.service_tier),
    ("speed", |s| &s.speed),
    ("region", |s| &s.region),
    ("endpoint", |s| &s.endpoint),
    ("deployment", |s| &s.deployment),
];

fn instants(name: &str, values: impl Iterator<Item = Timestamp>) -> Result<Column, ParquetError> {
    let nanos: Vec<i64> = values.map(Timestamp::nanos).collect();
    let kind = DataType::Datetime(TimeUnit::Nanoseconds, Some(TimeZone::UTC));
    Ok(Series::new(name.into(), nanos).cast(&kind)?.into_column())
}

fn texts<'a>(name: &str, values: impl Iterator<Item = Option<&'a str>>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn numbers(name: &str, values: impl Iterator<Item = Option<u64>>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
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
