//! Fields of a JSON object and cells of a table alike: most gateways export both.

use std::borrow::Cow;

use crate::diagnostic::code;
use crate::money::Amount;
use crate::period::Timestamp;
use crate::source::outcome::Skipped;
use crate::source::row::{self, Cell, Row};
use crate::source::scan::{Object, Value, parse_count};

/// Words that exports print for "no value".
const NOTHING: [&str; 9] = ["", "-", "null", "None", "none", "NaN", "nan", "N/A", "n/a"];

/// A JSON object, or a row of a table whose columns are named as its keys.
pub(crate) trait Fields {
    /// The trimmed text of a scalar, or the JSON of an object or array; empty where there is none.
    fn text(&self, key: &str) -> Cow<'_, str>;

    /// The first of several keys with a text.
    fn first(&self, keys: &[&str]) -> Cow<'_, str> {
        let found = keys.iter().map(|k| self.text(k)).find(|t| !NOTHING.contains(&&**t));
        found.unwrap_or_default()
    }

    /// A count; `None` where there is none.
    fn count(&self, key: &str) -> Result<Option<u64>, Skipped> {
        let text = self.text(key);
        parse_count(&text)
            .ok_or_else(|| Skipped::bad_field(key, &text, "a whole number of at least 0"))
    }

    /// The count under the first of several keys that has one.
    fn first_count(&self, keys: &[&str]) -> Result<Option<u64>, Skipped> {
        for key in keys {
            if let Some(count) = self.count(key)? {
                return Ok(Some(count));
            }
        }
        Ok(None)
    }

    /// The count under the first of several keys that has one; 0 if none does.
    fn count_of(&self, keys: &[&str]) -> Result<u64, Skipped> {
        Ok(self.first_count(keys)?.unwrap_or(0))
    }

    /// The amount of money under the first of several keys that has one.
    fn amount(&self, keys: &[&str]) -> Result<Option<Amount>, Skipped> {
        for key in keys {
            let text = self.text(key);
            let found = row::amount(&text).map_err(|e| Skipped::bad_field(key, &text, &e))?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The time under the first of several keys that has a text.
    fn instant(&self, keys: &[&str]) -> Result<Timestamp, Skipped> {
        let first = keys.first().copied().unwrap_or_default();
        for key in keys {
            if let Some(time) = self.held_instant(key) {
                return Ok(time);
            }
            let text = self.text(key);
            if !NOTHING.contains(&&*text) {
                return row::instant(&text).ok_or_else(|| {
                    Skipped::bad_field(first, &text, "a time such as `2026-11-20T12:00:00Z`")
                });
            }
        }
        Err(Skipped::new(code::MISSING_TIME, format!("record without a time (`{first}`)")))
    }

    /// A time that is held as such, not as text.
    fn held_instant(&self, _key: &str) -> Option<Timestamp> {
        None
    }

    /// True for `true` and `1`.
    fn is_true(&self, key: &str) -> bool {
        let text = self.text(key);
        text.eq_ignore_ascii_case("true") || text == "1"
    }

    /// The object under a key, also one that is written as text.
    fn nested(&self, key: &str) -> Nested {
        Nested(self.text(key).into_owned())
    }
}

impl Fields for Object<'_> {
    fn text(&self, key: &str) -> Cow<'_, str> {
        let Some(value) = self.get(key) else { return Cow::Borrowed("") };
        match value.scalar() {
            Some(Cow::Borrowed(text)) => Cow::Borrowed(text.trim()),
            Some(Cow::Owned(text)) => Cow::Owned(text.trim().to_owned()),
            None => String::from_utf8_lossy(value.raw()),
        }
    }
}

impl Fields for Row<'_> {
    fn text(&self, key: &str) -> Cow<'_, str> {
        self.cell_of(key).map(Cell::text).unwrap_or_default()
    }

    fn count(&self, key: &str) -> Result<Option<u64>, Skipped> {
        self.cell_of(key).map_or(Ok(None), |cell| cell.count(key))
    }

    fn held_instant(&self, key: &str) -> Option<Timestamp> {
        match self.cell_of(key) {
            Some(Cell::Time(time)) => Some(time),
            _ => None,
        }
    }
}

/// The text of an object.
#[derive(Debug)]
pub(crate) struct Nested(String);

impl Nested {
    /// The object; an empty one where the text is none.
    pub(crate) fn object(&self) -> Object<'_> {
        Value::new(self.0.as_bytes()).object().unwrap_or_default()
    }
}
