//! Cells of Parquet tables: whole numbers and times as they are, other scalars as logs print them,
//! lists and objects as JSON.

use std::borrow::Cow;
use std::ops::Range;

use polars::prelude::{
    AnyValue, ChunkedArray, Column, DataType, Float64Chunked, Int64Chunked, Int64Type, PlSmallStr,
    PolarsDataType, StaticArray, StringType, TimeUnit, UInt64Type,
};

use super::marks::{Coder, Mark, NO_VALUE};
use super::row::Cell;
use crate::period::{DAY_NANOS, Timestamp};

/// How deep lists and objects are followed; what lies deeper is null.
const MOST_LEVELS: usize = 16;

/// The values of a column of this type after each other.
type Array<T> = <T as PolarsDataType>::Array;

/// The values of a column.
#[derive(Debug)]
pub(super) enum Values {
    /// Texts, and whether any of them is null.
    Texts(Array<StringType>, bool),
    Whole(Array<Int64Type>),
    Counts(Array<UInt64Type>),
    /// Times, and the nanoseconds of their unit.
    Times(Array<Int64Type>, i64),
    Others(Column),
}

fn array<T: PolarsDataType>(values: &ChunkedArray<T>) -> Option<Array<T>>
where
    Array<T>: Clone,
{
    values.rechunk().downcast_get(0).cloned()
}

/// The value at a place; `None` for null.
fn value<T: PolarsDataType>(values: &Array<T>, at: usize) -> Option<T::Physical<'_>> {
    values.get(at)
}

impl Values {
    /// The values of a column.
    pub(super) fn of(column: &Column) -> Self {
        Self::typed(column).unwrap_or_else(|| Self::Others(column.clone()))
    }

    fn typed(column: &Column) -> Option<Self> {
        let series = column.as_materialized_series();
        let whole = || array(series.to_physical_repr().cast(&DataType::Int64).ok()?.i64().ok()?);
        let has_nulls = series.null_count() > 0;
        Some(match series.dtype() {
            DataType::String => Self::Texts(array(series.str().ok()?)?, has_nulls),
            DataType::Categorical(..) => {
                Self::Texts(array(series.cast(&DataType::String).ok()?.str().ok()?)?, has_nulls)
            }
            DataType::UInt64 => Self::Counts(array(series.u64().ok()?)?),
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32 => Self::Whole(whole()?),
            DataType::Float64 => Self::Whole(array(&counts_of(series.f64().ok()?)?)?),
            DataType::Date => Self::Times(whole()?, DAY_NANOS),
            DataType::Datetime(unit, _) => Self::Times(whole()?, nanos_of(*unit)),
            _ => return None,
        })
    }

    /// The mark of a cell, of columns where that is quickly told: where a text is, or a number.
    pub(super) fn mark(&self, at: usize) -> Option<Mark> {
        let number = |numbers| value::<Int64Type>(numbers, at).map(|n| n.cast_unsigned().into());
        let mark = match self {
            Self::Texts(texts, has_nulls) => {
                let is_null = *has_nulls && value::<StringType>(texts, at).is_none();
                texts.views().get(at).filter(|_| !is_null).map(|view| view.as_u128())
            }
            Self::Whole(numbers) | Self::Times(numbers, _) => number(numbers),
            Self::Counts(counts) => value::<UInt64Type>(counts, at).map(Mark::from),
            Self::Others(_) => return None,
        };
        Some(mark.unwrap_or(NO_VALUE))
    }

    /// Of some cells numbers that only equal ones share, and how many of these there are.
    pub(super) fn codes(&self, places: Range<usize>) -> Option<(Vec<u32>, usize)> {
        let mut coder = Coder::default();
        let codes = match self {
            Self::Texts(texts, false) => {
                let views = texts.views().get(places)?;
                views.iter().map(|view| coder.code(view.as_u128())).collect()
            }
            _ => {
                let codes = places.map(|at| self.mark(at).map(|mark| coder.code(mark)));
                codes.collect::<Option<_>>()?
            }
        };
        Some((codes, coder.len()))
    }

    /// The count in a cell of a column of numbers, `Some(None)` for null.
    pub(super) fn count(&self, at: usize) -> Option<Option<u64>> {
        match self {
            Self::Whole(numbers) => match value::<Int64Type>(numbers, at) {
                Some(number) => u64::try_from(number).ok().map(Some),
                None => Some(None),
            },
            Self::Counts(counts) => Some(value::<UInt64Type>(counts, at)),
            Self::Texts(..) | Self::Times(..) | Self::Others(_) => None,
        }
    }

    /// The instant in a cell of a column of times or numbers.
    pub(super) fn instant(&self, at: usize) -> Option<Timestamp> {
        match self {
            Self::Times(counts, nanos) => {
                let nanos = value::<Int64Type>(counts, at)?.checked_mul(*nanos)?;
                Some(Timestamp::from_nanos(nanos))
            }
            Self::Whole(numbers) => Timestamp::from_epoch_number(value::<Int64Type>(numbers, at)?),
            Self::Counts(..) | Self::Texts(..) | Self::Others(_) => None,
        }
    }

    /// The text in a cell of a column of texts.
    pub(super) fn text(&self, at: usize) -> Option<&str> {
        match self {
            Self::Texts(texts, _) => value::<StringType>(texts, at),
            _ => None,
        }
    }

    /// A cell; `None` for null.
    pub(super) fn cell(&self, at: usize) -> Option<Cell<'_>> {
        match self {
            Self::Texts(texts, _) => {
                value::<StringType>(texts, at).map(|text| Cell::Text(Cow::Borrowed(text)))
            }
            Self::Whole(numbers) => {
                value::<Int64Type>(numbers, at).map(|number| Cell::Whole(number.into()))
            }
            Self::Counts(counts) => {
                value::<UInt64Type>(counts, at).map(|count| Cell::Whole(count.into()))
            }
            Self::Times(..) => self.instant(at).map(Cell::Time),
            Self::Others(column) => {
                let value = column.get(at).ok()?;
                text_of(&value).map(|text| Cell::Text(Cow::Owned(text.into_owned())))
            }
        }
    }
}

/// Counts that are held as floats, as in columns with gaps; `None` if one of them is none.
fn counts_of(floats: &Float64Chunked) -> Option<Int64Chunked> {
    if floats.null_count() > 0 {
        let count =
            |float: Option<f64>| float.map_or(Some(None), |float| count_of(float).map(Some));
        let counts: Option<Vec<Option<i64>>> = floats.iter().map(count).collect();
        return Some(counts?.into_iter().collect());
    }
    let counts: Option<Vec<i64>> = floats.iter().map(|float| count_of(float?)).collect();
    Some(Int64Chunked::from_vec(PlSmallStr::EMPTY, counts?))
}

/// The count that a float holds exactly.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "what is cut or rounded does not come back as it was"
)]
fn count_of(float: f64) -> Option<i64> {
    let count = float as i64;
    let is_exact = (0..1 << f64::MANTISSA_DIGITS).contains(&count)
        && (count as f64).to_bits() == float.to_bits();
    is_exact.then_some(count)
}

const fn nanos_of(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Nanoseconds => 1,
        TimeUnit::Microseconds => 1_000,
        TimeUnit::Milliseconds => 1_000_000,
    }
}

/// A cell as text; `None` for null.
fn text_of<'a>(value: &AnyValue<'a>) -> Option<Cow<'a, str>> {
    match value {
        AnyValue::Null => None,
        AnyValue::String(text) => Some(Cow::Borrowed(text)),
        AnyValue::List(_) | AnyValue::Struct(..) | AnyValue::StructOwned(_) => {
            let mut json = String::new();
            write_json(value, MOST_LEVELS, &mut json);
            Some(Cow::Owned(json))
        }
        AnyValue::Date(_) | AnyValue::Datetime(..) | AnyValue::DatetimeOwned(..) => {
            Some(Cow::Owned(instant_of(value)?.to_string()))
        }
        // `str_value` rounds to six places, which is no way to read a cost.
        AnyValue::Float64(number) => Some(Cow::Owned(number.to_string())),
        AnyValue::Float32(number) => Some(Cow::Owned(number.to_string())),
        other => Some(Cow::Owned(other.str_value().into_owned())),
    }
}

/// A row as an object of JSON, without what is null. Text of `nested` columns that is JSON stays what it is.
pub(super) fn row_json(columns: &[Column], nested: &[&str], at: usize, json: &mut String) {
    json.push('{');
    for column in columns {
        let value = column.get(at).unwrap_or(AnyValue::Null);
        if value.is_null() {
            continue;
        }
        if json.len() > 1 {
            json.push(',');
        }
        write_text(column.name(), json);
        json.push(':');
        match &value {
            AnyValue::String(text)
                if nested.contains(&column.name().as_str()) && is_list_of_json(text) =>
            {
                json.push_str(text);
            }
            value => write_json(value, MOST_LEVELS, json),
        }
    }
    json.push('}');
}

fn is_list_of_json(text: &str) -> bool {
    text.trim_start().starts_with('[')
        && serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
}

fn instant_of(value: &AnyValue<'_>) -> Option<Timestamp> {
    let nanos = match value {
        AnyValue::Date(days) => i64::from(*days).checked_mul(DAY_NANOS),
        AnyValue::Datetime(count, unit, _) | AnyValue::DatetimeOwned(count, unit, _) => {
            count.checked_mul(nanos_of(*unit))
        }
        _ => None,
    };
    nanos.map(Timestamp::from_nanos)
}

fn write_json(value: &AnyValue<'_>, levels: usize, json: &mut String) {
    if levels == 0 {
        json.push_str("null");
        return;
    }
    match value {
        AnyValue::List(items) => {
            let items: Vec<AnyValue<'_>> = items.iter().collect();
            match items.iter().map(entry_of).collect::<Option<Vec<_>>>() {
                Some(entries) if !entries.is_empty() => {
                    let fields = entries.iter().map(|(key, value)| (&**key, value));
                    write_object(fields, levels, json);
                }
                _ => {
                    json.push('[');
                    for (at, item) in items.iter().enumerate() {
                        json.push_str(if at == 0 { "" } else { "," });
                        write_json(item, levels - 1, json);
                    }
                    json.push(']');
                }
            }
        }
        AnyValue::Struct(..) => write_json(&value.clone().into_static(), levels, json),
        AnyValue::StructOwned(payload) => {
            let (values, fields) = &**payload;
            let names = fields.iter().map(|field| field.name().as_str());
            write_object(names.zip(values), levels, json);
        }
        AnyValue::Boolean(_) => json.push_str(&value.str_value()),
        number if number.dtype().is_primitive_numeric() => {
            json.push_str(&text_of(number).unwrap_or_default());
        }
        other => match text_of(other) {
            Some(text) => write_text(&text, json),
            None => json.push_str("null"),
        },
    }
}

fn write_object<'v>(
    fields: impl Iterator<Item = (&'v str, &'v AnyValue<'v>)>,
    levels: usize,
    json: &mut String,
) {
    json.push('{');
    for (at, (name, value)) in fields.enumerate() {
        json.push_str(if at == 0 { "" } else { "," });
        write_text(name, json);
        json.push(':');
        write_json(value, levels - 1, json);
    }
    json.push('}');
}

fn write_text(text: &str, json: &mut String) {
    json.push_str(&serde_json::Value::from(text).to_string());
}

/// Key and value, if this is an element of a map, which Parquet keeps as a list of pairs.
fn entry_of(item: &AnyValue<'_>) -> Option<(String, AnyValue<'static>)> {
    let AnyValue::StructOwned(payload) = item.clone().into_static() else { return None };
    let (values, fields) = *payload;
    let is_pair = fields.len() == 2 && fields[0].name() == "key" && fields[1].name() == "value";
    let mut values = values.into_iter();
    let (key, value) = (values.next()?, values.next()?);
    is_pair.then(|| Some((text_of(&key)?.into_owned(), value)))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::{DataType, Field, NamedFrom, Series};

    fn pair(key: &'static str, value: AnyValue<'static>) -> AnyValue<'static> {
        let fields = vec![
            Field::new("key".into(), DataType::String),
            Field::new("value".into(), value.dtype()),
        ];
        AnyValue::StructOwned(Box::new((vec![AnyValue::String(key), value], fields)))
    }

    fn check(series: Series, expected: &[Option<Cell<'_>>]) {
        let values = Values::of(&series.into());
        let found: Vec<_> = (0..expected.len()).map(|at| values.cell(at)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn columns_keep_what_they_hold() {
        let whole = |number| Some(Cell::Whole(number));
        let text = |text: &'static str| Some(Cell::Text(text.into()));
        let time = |text| Some(Cell::Time(Timestamp::parse(text).unwrap()));
        let counts = Series::new("n".into(), [Some(7_u64), None, Some(u64::MAX)]);
        check(counts, &[whole(7), None, whole(u64::MAX.into())]);
        check(Series::new("n".into(), [-3_i32]), &[whole(-3)]);
        let days = Series::new("n".into(), [1_i32]).cast(&DataType::Date).unwrap();
        check(days, &[time("1970-01-02")]);
        let millis = Series::new("n".into(), [1_500_i64, i64::MAX]);
        let millis = millis.cast(&DataType::Datetime(TimeUnit::Milliseconds, None)).unwrap();
        check(millis, &[time("1970-01-01T00:00:01.5Z"), None]);
        check(Series::new("n".into(), [Some("a"), None]), &[text("a"), None]);
        check(Series::new("n".into(), [0.25, 2.0]), &[text("0.25"), text("2")]);
        check(Series::new("n".into(), [Some(12.0), None]), &[whole(12), None]);
        for odd in [-1.0, -0.0, 9_007_199_254_740_992.0, f64::NAN, f64::INFINITY] {
            let expected = Some(Cell::Text(odd.to_string().into()));
            check(Series::new("n".into(), [odd]), &[expected]);
        }
    }

    #[test]
    fn scalars() {
        assert_eq!(text_of(&AnyValue::Null), None);
        assert_eq!(text_of(&AnyValue::String("a\"b")).unwrap(), "a\"b");
        assert_eq!(text_of(&AnyValue::UInt64(u64::MAX)).unwrap(), "18446744073709551615");
        assert_eq!(text_of(&AnyValue::Float64(1.772_977_47)).unwrap(), "1.77297747");
        assert_eq!(text_of(&AnyValue::Float32(0.1)).unwrap(), "0.1");
        assert_eq!(text_of(&AnyValue::Date(1)).unwrap(), "1970-01-02T00:00:00Z");
        let time = AnyValue::Datetime(1_500, TimeUnit::Milliseconds, None);
        assert_eq!(text_of(&time).unwrap(), "1970-01-01T00:00:01.5Z");
    }

    #[test]
    fn lists_and_objects_are_json() {
        let list = Series::new("".into(), [1_u64, 2]);
        assert_eq!(text_of(&AnyValue::List(list)).unwrap(), "[1,2]");
        let object = pair("say \"hi\"", AnyValue::Float64(0.5));
        let expected = r#"{"key":"say \"hi\"","value":0.5}"#;
        assert_eq!(text_of(&object).unwrap(), expected);
        let map = [pair("input", AnyValue::UInt64(6)), pair("output", AnyValue::UInt64(7))];
        let map = Series::from_any_values("".into(), &map, true).unwrap();
        assert_eq!(text_of(&AnyValue::List(map)).unwrap(), r#"{"input":6,"output":7}"#);
    }
}
