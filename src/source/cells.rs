//! Cells of Parquet tables as text: scalars as logs print them, lists and objects as JSON.

use std::borrow::Cow;

use polars::prelude::{AnyValue, TimeUnit};

use crate::period::{DAY_NANOS, Timestamp};

/// How deep lists and objects are followed; what lies deeper is null.
const MOST_LEVELS: usize = 16;

/// A cell as text; `None` for null.
pub(super) fn text_of<'a>(value: &AnyValue<'a>) -> Option<Cow<'a, str>> {
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

fn instant_of(value: &AnyValue<'_>) -> Option<Timestamp> {
    let nanos = match value {
        AnyValue::Date(days) => i64::from(*days).checked_mul(DAY_NANOS),
        AnyValue::Datetime(count, unit, _) | AnyValue::DatetimeOwned(count, unit, _) => count
            .checked_mul(match unit {
                TimeUnit::Nanoseconds => 1,
                TimeUnit::Microseconds => 1_000,
                TimeUnit::Milliseconds => 1_000_000,
            }),
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
