//! Parquet tables through the user's mapping, some row groups at a time.

use std::borrow::Cow;
use std::fs::File;
use std::path::Path;

use polars::prelude::{AnyValue, Column, DataFrame, ParquetReader, SerReader, TimeUnit};

use super::inputs::Input;
use super::mapping::Mapping;
use super::outcome::Outcome;
use super::{ReadOptions, SourceError};
use crate::period::{DAY_NANOS, Timestamp};

/// Rows held in memory at a time.
const SLICE: usize = 500_000;

/// Reads every row and hands it on with its row number.
pub(crate) fn read(
    path: &Path,
    mapping: &Mapping,
    options: &ReadOptions,
    mut each: impl FnMut(u64, Outcome),
) -> Result<(), SourceError> {
    let failed = |reason: String| SourceError::Parquet { file: path.display().to_string(), reason };
    let open = || {
        File::open(path)
            .map_err(|source| SourceError::Io { file: path.display().to_string(), source })
    };
    let mut reader = ParquetReader::new(open()?);
    let schema = reader.schema().map_err(|e| failed(e.to_string()))?;
    let names: Vec<String> = schema.iter_names().map(ToString::to_string).collect();
    let wanted: Vec<String> = mapping.columns().map(str::to_owned).collect();
    if let Some(missing) = wanted.iter().find(|c| !names.contains(c)) {
        return Err(SourceError::NoSuchColumn {
            file: Input::File(path.to_owned()).name(),
            column: missing.clone(),
            columns: names.join(", "),
        });
    }
    let rows = reader.num_rows().map_err(|e| failed(e.to_string()))?;
    let mut offset = 0;
    while offset < rows {
        let frame: DataFrame = ParquetReader::new(open()?)
            .with_columns(Some(wanted.clone()))
            .with_slice(Some((offset, SLICE)))
            .finish()
            .map_err(|e| failed(e.to_string()))?;
        let columns: Vec<(&str, &Column)> =
            frame.columns().iter().map(|c| (c.name().as_str(), c)).collect();
        for row in 0..frame.height() {
            let cell = |name: &str| {
                let (_, column) = columns.iter().find(|(n, _)| *n == name)?;
                column.get(row).ok().and_then(|value| text_of(&value))
            };
            let number = u64::try_from(offset + row + 1).unwrap_or(0);
            each(number, mapping.read(options, cell));
        }
        offset += SLICE;
    }
    Ok(())
}

/// A cell as the text that the mapping reads.
fn text_of<'a>(value: &AnyValue<'a>) -> Option<Cow<'a, str>> {
    let nanos = |value: i64, unit: TimeUnit| match unit {
        TimeUnit::Nanoseconds => Some(value),
        TimeUnit::Microseconds => value.checked_mul(1_000),
        TimeUnit::Milliseconds => value.checked_mul(1_000_000),
    };
    match value {
        AnyValue::Null => None,
        AnyValue::String(text) => Some(Cow::Borrowed(text)),
        AnyValue::Date(days) => {
            Some(Timestamp::from_nanos(i64::from(*days).checked_mul(DAY_NANOS)?).to_string().into())
        }
        AnyValue::Datetime(value, unit, _) => {
            Some(Timestamp::from_nanos(nanos(*value, *unit)?).to_string().into())
        }
        AnyValue::DatetimeOwned(value, unit, _) => {
            Some(Timestamp::from_nanos(nanos(*value, *unit)?).to_string().into())
        }
        other => Some(Cow::Owned(other.str_value().into_owned())),
    }
}
