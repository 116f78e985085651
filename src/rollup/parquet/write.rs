//! Writes rollups: the columns of a row group are encoded and compressed side by side.

use std::collections::BTreeSet;
use std::io::Write;

use foldhash::fast::FixedState;
use indexmap::IndexSet;
use polars::prelude::{
    CompatLevel, DataType, FrozenCategories, IdxCa, Int64Chunked, IntoSeries, KeyValueMetadata,
    NamedFrom, ParquetWriter, PolarsError, Schema, Series, TimeUnit, UInt64Chunked,
};
use polars_parquet::write::{
    CompressedPage, CompressionOptions, Encoding, ParquetType, StatisticsOptions, Version,
    WriteOptions, array_to_columns, compress,
};
use rayon::prelude::*;

use super::{LABEL, LeftOut, METADATA_KEY, Metadata, ParquetError, REPORTED, SCHEMA};
use crate::money::Currency;
use crate::period::Timestamp;
use crate::rollup::{Profile, Rollup, RollupRow};
use crate::sku::{ContextBand, Sku};
use crate::tokens::Component;
use crate::usage::CostKind;

/// Most rows of a row group.
const GROUP_ROWS: usize = 1 << 18;

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
    let metadata = KeyValueMetadata::from_static(vec![(METADATA_KEY.to_owned(), text)]);
    let present = Present::of(rollup);
    let schema = Group::new(rollup, &[]).schema(&present)?;
    let mut writer =
        ParquetWriter::new(target).with_key_value_metadata(Some(metadata)).batched(&schema)?;
    let kinds = writer.parquet_schema().fields().to_vec();
    // One group after the other, so that only the columns of one are in memory.
    for rows in rollup.rows.chunks(GROUP_ROWS) {
        let columns = Group::new(rollup, rows).columns(&present)?;
        let encoded =
            columns.into_par_iter().zip(&kinds).map(|(column, kind)| pages(&column, kind));
        let encoded = encoded.collect::<Result<Vec<_>, _>>()?;
        writer.write_row_group(u64::try_from(rows.len()).unwrap_or(u64::MAX), &encoded)?;
    }
    writer.finish()?;
    Ok(())
}

/// A column as it stands in the file.
fn pages(column: &Series, kind: &ParquetType) -> Result<Vec<CompressedPage>, ParquetError> {
    let options = WriteOptions {
        statistics: StatisticsOptions::default(),
        version: Version::V1,
        compression: CompressionOptions::Zstd(None),
        data_page_size: None,
    };
    let array = column.to_arrow(0, CompatLevel::newest());
    // A dictionary where that is shorter, else plain.
    let pages = array_to_columns(array, kind.clone(), options, &[Encoding::RleDictionary])?;
    let compressed =
        |page| compress(page?, Vec::new(), options.compression).map_err(PolarsError::from);
    Ok(pages.into_iter().flatten().map(compressed).collect::<Result<_, _>>()?)
}

/// What there are columns for only where some row has it.
struct Present<'r> {
    labels: BTreeSet<&'r str>,
    components: Vec<Component>,
    reported: BTreeSet<(CostKind, Currency)>,
}

impl<'r> Present<'r> {
    fn of(rollup: &'r Rollup) -> Self {
        let labels = rollup.profiles.iter().flat_map(|p| p.labels.iter().map(|(k, _)| k)).collect();
        let mut used = [false; Component::ALL.len()];
        let mut reported = BTreeSet::new();
        for row in &rollup.rows {
            row.components.iter().for_each(|(component, _)| used[component as usize] = true);
            reported.extend(row.reported.keys().copied());
        }
        let components = Component::ALL.iter().copied().filter(|c| used[*c as usize]).collect();
        Self { labels, components, reported }
    }
}

/// The rows of a row group.
struct Group<'r> {
    rows: &'r [RollupRow],
    profiles: Vec<&'r Profile>,
    /// Where the profile of each row stands among them.
    places: IdxCa,
}

impl<'r> Group<'r> {
    fn new(rollup: &'r Rollup, rows: &'r [RollupRow]) -> Self {
        let mut numbers: IndexSet<u32, FixedState> = IndexSet::default();
        let place =
            |row: &RollupRow| u32::try_from(numbers.insert_full(row.profile).0).unwrap_or(u32::MAX);
        let places = IdxCa::from_vec("profile".into(), rows.iter().map(place).collect());
        let profiles = numbers.iter().map(|n| &rollup.profiles[*n as usize]).collect();
        Self { rows, profiles, places }
    }

    /// The columns by name and type. Texts with a dictionary are texts to those who read the file.
    fn schema(&self, present: &Present<'_>) -> Result<Schema, ParquetError> {
        let columns = self.columns(present)?;
        let kind = |column: &Series| match column.dtype() {
            DataType::Enum(..) => DataType::String,
            kind => kind.clone(),
        };
        Ok(columns.iter().map(|column| (column.name().clone(), kind(column))).collect())
    }

    fn columns(&self, present: &Present<'_>) -> Result<Vec<Series>, ParquetError> {
        let (columns, counts) =
            rayon::join(|| self.of_profiles(present), || self.counts(&present.components));
        let mut columns = columns?;
        columns.push(self.numbers("records", |row| row.records));
        columns.push(self.numbers("requests", |row| row.requests));
        columns.extend(counts);
        for key in &present.reported {
            let name = format!("{REPORTED}{}.{}", key.0.name(), key.1);
            let amounts = self.rows.iter().map(|r| r.reported.get(key).map(ToString::to_string));
            columns.push(Series::new(name.into(), amounts.collect::<Vec<_>>()));
        }
        Ok(columns)
    }

    /// The columns of what is counted: periods and profiles.
    fn of_profiles(&self, present: &Present<'_>) -> Result<Vec<Series>, ParquetError> {
        let mut columns = vec![
            self.instants("period_start", |row| row.period.start)?,
            self.instants("period_end", |row| row.period.end)?,
        ];
        for (name, get) in SKU_COLUMNS {
            columns.push(self.texts(name, |profile| Some(get(&profile.sku)))?);
        }
        columns.push(self.texts("grain", |profile| Some(profile.grain.name()))?);
        columns.push(self.band("context_from", |from, _| Some(from))?);
        columns.push(self.band("context_until", |_, until| until)?);
        for label in &present.labels {
            let name = format!("{LABEL}{label}");
            columns.push(self.texts(&name, |profile| profile.labels.get(label))?);
        }
        Ok(columns)
    }

    fn instants(
        &self,
        name: &str,
        get: fn(&RollupRow) -> Timestamp,
    ) -> Result<Series, ParquetError> {
        let nanos: Vec<i64> = self.rows.iter().map(|row| get(row).nanos()).collect();
        // All are of UTC. The type names no zone, so that files of all versions can be put together.
        let kind = DataType::Datetime(TimeUnit::Nanoseconds, None);
        Ok(Int64Chunked::from_vec(name.into(), nanos).into_series().cast(&kind)?)
    }

    fn numbers(&self, name: &str, get: fn(&RollupRow) -> u64) -> Series {
        let numbers = self.rows.iter().map(get).collect();
        UInt64Chunked::from_vec(name.into(), numbers).into_series()
    }

    /// A text of each row's profile. What differs among the few profiles is the dictionary of the
    /// column: to find it among the rows takes longer than all else.
    fn texts(
        &self,
        name: &str,
        get: impl Fn(&'r Profile) -> Option<&'r str>,
    ) -> Result<Series, ParquetError> {
        let texts: Vec<Option<&str>> = self.profiles.iter().map(|profile| get(profile)).collect();
        let differing: IndexSet<&str, FixedState> = texts.iter().copied().flatten().collect();
        let mut column = Series::new(name.into(), texts);
        // Texts that hardly repeat are shorter without.
        if differing.len() <= self.rows.len() / 2 {
            let categories = FrozenCategories::new(differing)?;
            column = column.cast(&DataType::from_frozen_categories(categories))?;
        }
        Ok(column.take(&self.places)?)
    }

    fn band(
        &self,
        name: &str,
        get: fn(u64, Option<u64>) -> Option<u64>,
    ) -> Result<Series, ParquetError> {
        let bound = |profile: &&Profile| match profile.context {
            ContextBand::Known { from, until } => get(from, until),
            ContextBand::Unknown => None,
        };
        let bounds: Vec<Option<u64>> = self.profiles.iter().map(bound).collect();
        Ok(Series::new(name.into(), bounds).take(&self.places)?)
    }

    /// The counts of all components, in one pass: rows are far apart in memory.
    fn counts(&self, components: &[Component]) -> Vec<Series> {
        let mut columns = vec![Vec::new(); Component::ALL.len()];
        for component in components {
            columns[*component as usize] = vec![0_u64; self.rows.len()];
        }
        for (at, row) in self.rows.iter().enumerate() {
            for (component, count) in row.components.iter() {
                columns[component as usize][at] = count;
            }
        }
        let of = |component: &Component| {
            let counts = std::mem::take(&mut columns[*component as usize]);
            UInt64Chunked::from_vec(component.name().into(), counts).into_series()
        };
        components.iter().map(of).collect()
    }
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
