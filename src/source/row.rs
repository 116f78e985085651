//! Rows of tables, whatever the container: cells by the name of their column.

use std::borrow::Cow;
use std::convert::Infallible;

use super::header::KnownNames;
pub(crate) use super::header::{Asked, ColumnRule, Header, Names, normalised};
use super::marks::Mark;
use super::memo::{Fields, Memo};
use super::outcome::Skipped;
use super::scan::parse_count;
use crate::diagnostic::code;
use crate::money::Amount;
use crate::period::Timestamp;

/// A text without white space around it. Most have none, which two bytes tell.
pub(super) fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// A cell as its table holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell<'r> {
    /// A text.
    Text(Cow<'r, str>),
    /// A whole number.
    Whole(i128),
    /// An instant.
    Time(Timestamp),
}

impl<'r> Cell<'r> {
    /// The trimmed text.
    pub(crate) fn text(self) -> Cow<'r, str> {
        match self {
            Self::Text(Cow::Borrowed(text)) => Cow::Borrowed(trimmed(text)),
            Self::Text(Cow::Owned(text)) if trimmed(&text).len() == text.len() => Cow::Owned(text),
            Self::Text(Cow::Owned(text)) => Cow::Owned(text.trim().to_owned()),
            Self::Whole(number) => Cow::Owned(number.to_string()),
            Self::Time(time) => Cow::Owned(time.to_string()),
        }
    }

    /// Writes what it holds, so that only equal cells write the same.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => {
                out.push(1);
                out.extend_from_slice(text.as_bytes());
            }
            Self::Whole(number) => {
                out.push(2);
                out.extend_from_slice(&number.to_le_bytes());
            }
            Self::Time(time) => {
                out.push(3);
                out.extend_from_slice(&time.nanos().to_le_bytes());
            }
        }
    }

    /// The count that it is; `None` where it says "no value". `name` is for messages.
    pub(crate) fn count(self, name: &str) -> Result<Option<u64>, Skipped> {
        let bad = |text: &str| Skipped::bad_field(name, text, "a whole number of at least 0");
        if let Self::Whole(number) = self {
            return u64::try_from(number).map(Some).map_err(|_| bad(&number.to_string()));
        }
        let text = self.text();
        parse_count(&text).ok_or_else(|| bad(&text))
    }

    /// The instant that it is, or else its text.
    pub(crate) fn instant(self) -> Result<Timestamp, Cow<'r, str>> {
        let known = match &self {
            Self::Text(_) => None,
            Self::Whole(number) => {
                i64::try_from(*number).ok().and_then(Timestamp::from_epoch_number)
            }
            Self::Time(time) => Some(*time),
        };
        known.map_or_else(
            || {
                let text = self.text();
                instant(&text).ok_or(text)
            },
            Ok,
        )
    }
}

/// The cells of a row, whatever holds them.
pub(crate) trait Cells {
    /// The cell at the place of a column; `None` where there is no value.
    fn cell(&self, place: usize) -> Option<Cell<'_>>;

    /// The mark of a cell, if its table has marks.
    fn mark(&self, _place: usize) -> Option<Mark> {
        None
    }
}

/// One row.
pub(crate) struct Row<'r> {
    header: &'r Header,
    asked: &'r Asked,
    cells: &'r dyn Cells,
}

impl<'r> Row<'r> {
    pub(crate) fn new(header: &'r Header, asked: &'r Asked, cells: &'r dyn Cells) -> Self {
        Self { header, asked, cells }
    }

    fn place(&self, key: &'static str) -> Option<usize> {
        self.asked.place(key, true, || self.header.place_of(key))
    }

    /// Normalised names of the columns in order, each with the trimmed text of its cell.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&'r str, Cow<'r, str>)> {
        let columns = self.header.names.iter().zip(&self.header.firsts);
        columns.map(|(name, at)| (name.as_str(), self.text_at(*at)))
    }

    fn text_at(&self, place: usize) -> Cow<'r, str> {
        self.at(place).map(Cell::text).unwrap_or_default()
    }

    /// True if the table has a column of this name, in any spelling.
    pub(crate) fn has(&self, column: &'static str) -> bool {
        self.place(column).is_some()
    }

    /// The cell at the place of a column.
    pub(crate) fn at(&self, place: usize) -> Option<Cell<'r>> {
        self.cells.cell(place)
    }

    /// The cell of a column; `None` where the column or the value is missing.
    pub(crate) fn cell(&self, column: &'static str) -> Option<Cell<'r>> {
        self.place(column).and_then(|place| self.at(place))
    }

    /// The cell of the column that a key of JSON names.
    pub(crate) fn cell_of(&self, key: &str) -> Option<Cell<'r>> {
        let place = self.asked.place(key, false, || self.header.place_of(key))?;
        self.at(place)
    }

    /// The trimmed text of a cell; empty where the column or the value is missing.
    pub(crate) fn text(&self, column: &'static str) -> Cow<'r, str> {
        self.cell(column).map(Cell::text).unwrap_or_default()
    }

    /// The first of several columns with a text.
    pub(crate) fn first_text(&self, columns: &[&'static str]) -> Cow<'r, str> {
        columns.iter().map(|c| self.text(c)).find(|t| !t.is_empty()).unwrap_or_default()
    }

    /// The normalised names that none of the rules holds for, in their order, each with the trimmed
    /// text of its cell.
    pub(crate) fn cells_but<const N: usize>(
        &self,
        rules: [ColumnRule; N],
    ) -> impl Iterator<Item = (&'r str, Cow<'r, str>)> {
        let kept = self.asked.kept(&rules, self.header);
        (0..kept.len()).map(move |number| {
            let at = kept[number];
            (self.header.names[at].as_str(), self.text_at(self.header.firsts[at]))
        })
    }

    /// What the row names, remembered by the cells of all `columns` that it is worked out from. They
    /// are asked for once a table.
    pub(crate) fn known_names(
        &self,
        columns: impl FnOnce() -> Vec<&'static str>,
        work_out: impl FnOnce() -> Names,
    ) -> Names {
        let mut names = self.asked.names.borrow_mut();
        let KnownNames { columns, known } =
            names.get_or_insert_with(|| KnownNames { columns: columns(), known: Memo::default() });
        let places = columns.iter().filter_map(|name| self.place(name));
        let names = self.marked_names(places, || {
            Ok::<_, Infallible>(self.remembered_names(columns, known, work_out))
        });
        match names {
            Ok(names) => names,
        }
    }

    /// What the row names, told by the cells at these places where they have marks.
    pub(crate) fn marked_names<E>(
        &self,
        places: impl Iterator<Item = usize>,
        work_out: impl FnOnce() -> Result<Names, E>,
    ) -> Result<Names, E> {
        let marks = places.map(|place| self.cells.mark(place));
        self.asked.marked.borrow_mut().names(marks, work_out)
    }

    fn remembered_names(
        &self,
        columns: &[&'static str],
        known: &mut Memo<Names>,
        work_out: impl FnOnce() -> Names,
    ) -> Names {
        let write = |number: u32, key: &mut Vec<u8>| {
            if let Some(cell) = columns.get(number as usize).and_then(|name| self.cell(name)) {
                cell.write(key);
            }
        };
        if let Some(names) = known.recall(write) {
            return names.clone();
        }
        let names = work_out();
        if let Some(none_left) =
            Fields::MAX.checked_shl(u32::try_from(columns.len()).unwrap_or(u32::MAX))
        {
            known.learn(!none_left, write, names.clone());
        }
        names
    }

    /// A count; `None` where the column or the value is missing.
    pub(crate) fn count(&self, column: &'static str) -> Result<Option<u64>, Skipped> {
        self.cell(column).map_or(Ok(None), |cell| cell.count(column))
    }

    /// A count, zero where the column or the value is missing.
    pub(crate) fn count_or_zero(&self, column: &'static str) -> Result<u64, Skipped> {
        Ok(self.count(column)?.unwrap_or(0))
    }

    /// An amount of money, read from its text; `None` where the column or the value is missing.
    /// A currency sign before it and thousands separators are passed over.
    pub(crate) fn amount(&self, column: &'static str) -> Result<Option<Amount>, Skipped> {
        let text = self.text(column);
        amount(&text).map_err(|reason| Skipped::bad_field(column, &text, &reason))
    }

    /// An instant, ISO 8601 or an epoch number.
    pub(crate) fn instant(&self, column: &'static str) -> Result<Timestamp, Skipped> {
        let found = self.cell(column).map_or(Err(Cow::Borrowed("")), Cell::instant);
        found.map_err(|text| {
            if text.is_empty() {
                let message = format!("row without a value for `{column}`");
                return Skipped::new(code::MISSING_TIME, message);
            }
            Skipped::bad_field(column, &text, "a time such as `2026-11-20T12:00:00Z`")
        })
    }
}

/// Reads an amount as exports print it; `None` for the words that they print for "no value".
pub(crate) fn amount(text: &str) -> Result<Option<Amount>, String> {
    let text = text.trim();
    if matches!(text, "" | "-" | "null" | "None" | "NaN" | "nan" | "N/A" | "n/a") {
        return Ok(None);
    }
    let bare = text.strip_prefix('$').unwrap_or(text);
    let bare = if bare.contains(',') { bare.replace(',', "") } else { bare.to_owned() };
    Amount::parse_rounded(&bare).map(Some).map_err(|e| e.to_string())
}

/// Reads an amount that is printed in hundredths, exactly.
pub(crate) fn cents(text: &str) -> Result<Option<Amount>, String> {
    let (digits, power) = text.trim().split_once(['e', 'E']).unwrap_or((text.trim(), "0"));
    match power.parse::<i32>() {
        Ok(power) if digits.bytes().any(|b| b.is_ascii_digit()) => {
            amount(&format!("{digits}e{}", power.saturating_sub(2)))
        }
        _ => amount(text),
    }
}

/// Reads a time printed as ISO 8601 or as an epoch number of any common unit, with or without a
/// fraction of it.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    // Dates have a dash behind four digits.
    let is_number = text.len() > 8 && text.as_bytes()[..8].iter().all(u8::is_ascii_digit);
    if !is_number && let Ok(parsed) = Timestamp::parse(text) {
        return Some(parsed);
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let number: i64 = whole.parse().ok()?;
    let base = Timestamp::from_epoch_number(number)?;
    // Fractional seconds, as `created_at` may print; other units have no fraction worth keeping.
    let is_seconds = (100_000_000..100_000_000_000).contains(&number);
    if part.is_empty() || !is_seconds || !part.bytes().all(|b| b.is_ascii_digit()) {
        return Some(base);
    }
    let nanos: i64 = format!("{part:0<9}")[..9].parse().ok()?;
    Some(Timestamp::from_nanos(base.nanos() + nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a table holds as a number or a time reads as its text does.
    #[test]
    fn cells_that_are_no_text_read_as_their_text() {
        let time = Timestamp::parse("2026-11-20T12:00:00.25Z").unwrap();
        let numbers = [0, 7, -1, 99_999_999, 100_000_000, 1_763_640_000, 1_763_640_000_123];
        let large = [i128::from(u64::MAX), i128::from(u64::MAX) + 1, i128::from(i64::MAX)];
        let whole = numbers.into_iter().chain(large).map(Cell::Whole);
        for cell in whole.chain([Cell::Time(time)]) {
            let text = Cell::Text(cell.clone().text());
            assert_eq!(cell.clone().count("n"), text.clone().count("n"), "{cell:?}");
            assert_eq!(cell.clone().instant(), text.instant(), "{cell:?}");
        }
        for text in ["", " ", "a", " a", "a\u{a0}", "\u{e9} ", "a b"] {
            assert_eq!(trimmed(text), text.trim(), "{text:?}");
        }
        assert_eq!(Cell::Whole(12).count("n").unwrap(), Some(12));
        assert_eq!(Cell::Text(" a ".into()).text(), "a");
        assert_eq!(Cell::Text(Cow::Owned(" - ".to_owned())).count("n").unwrap(), None);
    }
}
