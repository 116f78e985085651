//! Parquet tables, a part at a time, and of each part only the columns that are asked for.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use polars::prelude::{FileMetadata, FileMetadataRef, ParquetReader, SerReader};

use super::cells::{Values, row_json};
use super::marks::Mark;
use super::row::{Cell, Cells};
use super::{Progress, SourceError};

/// Rows decoded at a time, where row groups are no smaller than the least and no larger than the
/// most; smaller ones are taken together, larger ones are cut.
const LEAST: usize = 1 << 16;
const MOST: usize = 500_000;
/// Bytes of rows decoded at a time, where a row can be a long text.
const BATCH: usize = 32 << 20;
/// Rows of one text after the other say little of their size where it is kept once.
const BATCH_ROWS: usize = 50_000;
/// Rows read together: enough for what is learned of the first to pay for itself, and a tenth of the
/// row groups that DuckDB writes.
const ROWS: usize = 12_288;

fn failed(path: &Path, reason: &dyn std::fmt::Display) -> SourceError {
    SourceError::Parquet { file: path.display().to_string(), reason: reason.to_string() }
}

fn open(path: &Path) -> Result<ParquetReader<File>, SourceError> {
    let file = File::open(path)
        .map_err(|source| SourceError::Io { file: path.display().to_string(), source })?;
    Ok(ParquetReader::new(file))
}

/// Names of the columns.
pub(crate) fn column_names(path: &Path) -> Result<Vec<String>, SourceError> {
    let schema = open(path)?.schema().map_err(|e| failed(path, &e))?;
    Ok(schema.iter_names().map(ToString::to_string).collect())
}

/// Number of rows.
pub(super) fn row_count(path: &Path) -> Result<u64, SourceError> {
    let rows = open(path)?.num_rows().map_err(|e| failed(path, &e))?;
    Ok(u64::try_from(rows).unwrap_or(u64::MAX))
}

/// Row groups that are decoded together: from which to which, and which of their rows.
#[derive(Debug, PartialEq, Eq)]
struct Stretch {
    groups: Range<usize>,
    rows: Range<usize>,
}

/// Row groups of so many rows, taken together and cut.
fn stretches(groups: &[usize]) -> Vec<Stretch> {
    let mut found = Vec::new();
    let (mut first, mut rows) = (0, 0);
    for (at, group) in groups.iter().enumerate() {
        rows += group;
        if rows >= LEAST || at + 1 == groups.len() {
            for start in (0..rows).step_by(MOST) {
                let rows = start..rows.min(start + MOST);
                found.push(Stretch { groups: first..at + 1, rows });
            }
            (first, rows) = (at + 1, 0);
        }
    }
    found
}

/// Some row groups of a file. A column is decoded when it is first asked for.
#[derive(Debug)]
struct Part {
    path: PathBuf,
    /// Of these row groups alone, so that no others are looked at.
    metadata: FileMetadataRef,
    rows: Range<usize>,
    columns: Vec<OnceLock<Option<Values>>>,
    asked: Arc<Vec<AtomicBool>>,
    failed: OnceLock<String>,
}

impl Part {
    /// The values of columns.
    fn read(&self, places: &[usize]) -> Result<Vec<Values>, SourceError> {
        let mut reader = open(&self.path)?;
        reader.set_metadata(Arc::clone(&self.metadata));
        let frame = reader
            .with_projection(Some(places.to_vec()))
            .with_slice(Some((self.rows.start, self.rows.len())))
            .set_rechunk(true)
            .finish()
            .map_err(|e| failed(&self.path, &e))?;
        Ok(frame.columns().iter().map(Values::of).collect())
    }

    /// Decodes together the columns that earlier parts were asked for.
    fn decode_asked(&self) -> Result<(), SourceError> {
        let asked = self.asked.iter().enumerate().filter(|(_, a)| a.load(Ordering::Relaxed));
        let places: Vec<usize> = asked.map(|(place, _)| place).collect();
        if places.is_empty() {
            return Ok(());
        }
        for (place, values) in places.iter().zip(self.read(&places)?) {
            let _ = self.columns[*place].set(Some(values));
        }
        Ok(())
    }

    fn column(&self, place: usize) -> Option<&Values> {
        let column = self.columns.get(place)?;
        match column.get() {
            Some(decoded) => decoded.as_ref(),
            None => self.decode(column, place),
        }
    }

    #[cold]
    fn decode<'p>(&self, column: &'p OnceLock<Option<Values>>, place: usize) -> Option<&'p Values> {
        let decoded = column.get_or_init(|| {
            self.asked[place].store(true, Ordering::Relaxed);
            match self.read(&[place]) {
                Ok(mut values) => values.pop(),
                Err(error) => {
                    let reason = match error {
                        SourceError::Parquet { reason, .. } => reason,
                        other => other.to_string(),
                    };
                    let _ = self.failed.set(reason);
                    None
                }
            }
        });
        decoded.as_ref()
    }
}

/// A row of a part.
pub(super) struct PartRow<'p> {
    part: &'p Part,
    at: usize,
}

impl Cells for PartRow<'_> {
    fn cell(&self, place: usize) -> Option<Cell<'_>> {
        self.part.column(place)?.cell(self.at)
    }

    fn mark(&self, place: usize) -> Option<Mark> {
        self.part.column(place)?.mark(self.at)
    }
}

/// Rows of a table that are read together.
#[derive(Debug)]
pub(super) struct Slice {
    part: Arc<Part>,
    rows: Range<usize>,
    /// Rows of the file before its part.
    before: usize,
}

impl Slice {
    /// Where its rows are in its columns.
    pub(super) fn places(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// A column.
    pub(super) fn column(&self, place: usize) -> Option<&Values> {
        self.part.column(place)
    }

    /// The row at a place with its number, from 1.
    pub(super) fn row(&self, at: usize) -> (u64, PartRow<'_>) {
        let number = u64::try_from(self.before + at + 1).unwrap_or(u64::MAX);
        (number, PartRow { part: &self.part, at })
    }

    /// What failed of the columns that were asked for.
    pub(super) fn failed(&self) -> Result<(), SourceError> {
        self.part.failed.get().map_or(Ok(()), |reason| Err(failed(&self.part.path, reason)))
    }
}

/// Hands on the rows of a table in slices until one is refused. The columns at the `wanted` places
/// will be asked for.
pub(super) fn slices(
    path: &Path,
    wanted: &[usize],
    mut each: impl FnMut(Slice) -> Result<bool, SourceError>,
) -> Result<(), SourceError> {
    let mut reader = open(path)?;
    let width = reader.schema().map_err(|e| failed(path, &e))?.len();
    let whole = Arc::clone(reader.get_metadata().map_err(|e| failed(path, &e))?);
    let sizes: Vec<usize> = whole.row_groups.iter().map(|group| group.num_rows()).collect();
    let none = FileMetadata { row_groups: Vec::new(), ..(*whole).clone() };
    let asked = Arc::new((0..width).map(|at| AtomicBool::new(wanted.contains(&at))).collect());
    let mut before = 0;
    for Stretch { groups, rows } in stretches(&sizes) {
        let row_groups = whole.row_groups[groups.clone()].to_vec();
        let num_rows: usize = sizes[groups].iter().sum();
        let is_last = rows.end == num_rows;
        let part = Arc::new(Part {
            path: path.to_owned(),
            metadata: Arc::new(FileMetadata { row_groups, num_rows, ..none.clone() }),
            rows: rows.clone(),
            columns: (0..width).map(|_| OnceLock::new()).collect(),
            asked: Arc::clone(&asked),
            failed: OnceLock::new(),
        });
        part.decode_asked()?;
        for start in (0..rows.len()).step_by(ROWS) {
            let rows_of = start..rows.len().min(start + ROWS);
            let slice =
                Slice { part: Arc::clone(&part), rows: rows_of, before: before + rows.start };
            if !each(slice)? {
                return Ok(());
            }
        }
        before += if is_last { num_rows } else { 0 };
    }
    Ok(())
}

/// Reads some columns of every row as an object of JSON, until it is told to stop. A cell that is text is JSON where
/// its column is `nested` and the text is that. Of a large row group some rows are read at a time.
pub(crate) fn read_json_rows(
    path: &Path,
    columns: &[String],
    nested: &[&str],
    progress: &Progress,
    mut each: impl FnMut(u64, &str) -> bool,
) -> Result<(), SourceError> {
    let metadata = Arc::clone(open(path)?.get_metadata().map_err(|e| failed(path, &e))?);
    let size = path.metadata().map_or(0, |found| usize::try_from(found.len()).unwrap_or(0));
    let (mut json, mut offset) = (String::new(), 0);
    for group in &metadata.row_groups {
        let parts = group.total_byte_size().div_ceil(BATCH).max(1);
        let step = group.num_rows().div_ceil(parts).clamp(1, BATCH_ROWS);
        let end = offset + group.num_rows();
        while offset < end {
            let rows = step.min(end - offset);
            let mut reader = open(path)?;
            reader.set_metadata(Arc::clone(&metadata));
            let frame = reader
                .with_columns(Some(columns.to_vec()))
                .with_slice(Some((offset, rows)))
                .finish()
                .map_err(|e| failed(path, &e))?;
            for at in 0..frame.height() {
                json.clear();
                row_json(frame.columns(), nested, at, &mut json);
                if !each(u64::try_from(offset + at + 1).unwrap_or(0), &json) {
                    return Ok(());
                }
            }
            offset += rows;
            progress.advance(size / metadata.num_rows.max(1) * rows);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_row_groups_are_taken_together_and_large_ones_cut() {
        let of = |groups, rows| Stretch { groups, rows };
        assert_eq!(stretches(&[]), []);
        assert_eq!(stretches(&[0, 7]), [of(0..2, 0..7)]);
        assert_eq!(
            stretches(&[122_880, 122_880, 9]),
            [of(0..1, 0..122_880), of(1..2, 0..122_880), of(2..3, 0..9),]
        );
        assert_eq!(
            stretches(&[40_000, 40_000, 1_048_576]),
            [
                of(0..2, 0..80_000),
                of(2..3, 0..500_000),
                of(2..3, 500_000..1_000_000),
                of(2..3, 1_000_000..1_048_576),
            ]
        );
    }
}
