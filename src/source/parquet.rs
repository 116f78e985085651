//! Parquet tables, some row groups at a time: through a format of tables, or through the user's
//! mapping.

use std::borrow::Cow;
use std::fs::File;
use std::path::Path;

use polars::prelude::{Column, DataFrame, ParquetReader, SerReader};

use super::cells::text_of;
use super::format::Reads;
use super::inputs::Input;
use super::mapping::Mapping;
use super::outcome::Outcome;
use super::row::{Header, Row};
use super::{ReadOptions, SourceError};

/// Rows held in memory at a time.
const SLICE: usize = 500_000;

fn failed(path: &Path, reason: &dyn std::fmt::Display) -> SourceError {
    SourceError::Parquet { file: path.display().to_string(), reason: reason.to_string() }
}

fn open(path: &Path) -> Result<File, SourceError> {
    File::open(path).map_err(|source| SourceError::Io { file: path.display().to_string(), source })
}

/// Names of the columns.
pub(crate) fn column_names(path: &Path) -> Result<Vec<String>, SourceError> {
    let mut reader = ParquetReader::new(open(path)?);
    let schema = reader.schema().map_err(|e| failed(path, &e))?;
    Ok(schema.iter_names().map(ToString::to_string).collect())
}

/// Number of rows.
pub(crate) fn row_count(path: &Path) -> Result<u64, SourceError> {
    let rows = ParquetReader::new(open(path)?).num_rows().map_err(|e| failed(path, &e))?;
    Ok(u64::try_from(rows).unwrap_or(u64::MAX))
}

/// Reads every row through the mapping and hands it on with its row number.
pub(crate) fn read_mapped(
    path: &Path,
    mapping: &Mapping,
    options: &ReadOptions,
    mut each: impl FnMut(u64, Outcome),
) -> Result<(), SourceError> {
    let names = column_names(path)?;
    let wanted = mapping.columns();
    if let Some(missing) = wanted.iter().find(|c| !names.contains(c)) {
        return Err(SourceError::NoSuchColumn {
            file: Input::File(path.to_owned()).name(),
            column: missing.clone(),
            columns: names.join(", "),
        });
    }
    slices(path, wanted, |row, columns, at| {
        let cell = |place: usize| {
            // A file keeps its own order of columns.
            let column = columns.iter().find(|c| c.name().as_str() == wanted[place])?;
            column.get(at).ok().and_then(|value| text_of(&value))
        };
        each(row, mapping.read(options, cell));
    })
}

/// Reads every row of a known format and hands it on with its row number.
pub(crate) fn read_table(
    path: &Path,
    names: &[String],
    header: &Header,
    reads: &Reads,
    options: &ReadOptions,
    mut each: impl FnMut(u64, Outcome),
) -> Result<(), SourceError> {
    let Some(mut reader) = reads.row_reader() else { return Ok(()) };
    slices(path, names, |row, columns, at| {
        let cell = |place: usize| {
            let value = columns.get(place)?.get(at).ok()?;
            text_of(&value).map(|text| Cow::Owned(text.into_owned()))
        };
        reader.row(row, &Row::new(header, &cell), options, &mut each);
    })?;
    reader.finish(options, &mut each);
    Ok(())
}

/// Reads some row groups at a time: each row's number, the columns of its slice, and its place in it.
fn slices(
    path: &Path,
    wanted: &[String],
    mut each: impl FnMut(u64, &[Column], usize),
) -> Result<(), SourceError> {
    let rows = ParquetReader::new(open(path)?).num_rows().map_err(|e| failed(path, &e))?;
    let mut offset = 0;
    while offset < rows {
        let frame: DataFrame = ParquetReader::new(open(path)?)
            .with_columns(Some(wanted.to_vec()))
            .with_slice(Some((offset, SLICE)))
            .finish()
            .map_err(|e| failed(path, &e))?;
        for at in 0..frame.height() {
            each(u64::try_from(offset + at + 1).unwrap_or(0), frame.columns(), at);
        }
        offset += SLICE;
    }
    Ok(())
}
