//! The fan of a forecast in lines of characters, for terminals.

use chrono::NaiveDate;

use super::ForecastReport;
use super::page::at;
use crate::money::Amount;
use crate::report::axis::{labels, nice_step};
use crate::report::format;

/// Rows at most, but for one.
const ROWS: i128 = 12;
/// Known days beside the forecast.
const KNOWN: usize = 14;
/// Columns of a terminal that are used at most, and at least.
const WIDTHS: (usize, usize) = (100, 40);
/// Characters of a month, where there is room.
const MONTH: usize = 5;
/// Intervals, the narrowest first.
const BANDS: [char; 3] = ['▓', '░', '·'];

/// What stands above one name on the axis.
struct Column {
    name: String,
    known: Option<Amount>,
    median: Option<Amount>,
    bands: Vec<(Amount, Amount)>,
}

impl Column {
    fn known((day, cost): &(NaiveDate, Option<Amount>)) -> Self {
        Self { name: short(*day), known: *cost, median: None, bands: Vec::new() }
    }

    fn values(&self) -> impl Iterator<Item = Amount> {
        let ends = self.bands.iter().flat_map(|(low, high)| [*low, *high]);
        ends.chain(self.known).chain(self.median)
    }

    /// What of it is in a row of values.
    fn sign(&self, row: i128, step: i128) -> char {
        let row_of = |value: Amount| value.atto().div_euclid(step);
        if self.known.is_some_and(|known| row_of(known) == row) {
            return '•';
        }
        if self.median.is_some_and(|median| row_of(median) == row) {
            return '━';
        }
        let band = self.bands.iter().position(|b| (row_of(b.0)..=row_of(b.1)).contains(&row));
        band.map_or(' ', |band| BANDS[band.min(BANDS.len() - 1)])
    }
}

impl ForecastReport {
    /// The fan in lines of at most so many columns, 0 for any: by day, or by month where the days do
    /// not fit. `None` where there is no room, or nothing to draw.
    #[must_use]
    pub fn fan_lines(&self, columns: u16) -> Option<String> {
        let width = match usize::from(columns) {
            0 => WIDTHS.0,
            columns => columns.min(WIDTHS.0),
        };
        let room = width.checked_sub(12)?;
        if width < WIDTHS.1 {
            return None;
        }
        if self.days.len() + KNOWN < room {
            let known = &self.recent[self.recent.len().saturating_sub(KNOWN)..];
            let ahead = self.days.iter().map(|day| Column {
                name: short(day.day),
                known: None,
                median: Some(at(&day.spread, 5_000)),
                bands: self.ranges(&day.spread),
            });
            let columns = known.iter().map(Column::known).chain(ahead).collect();
            let known = known.len();
            return self.lines("by day", "• known, ━ median", &Fan { columns, known, wide: 1 });
        }
        let months = self.months.iter().filter(|month| month.complete);
        let columns: Vec<Column> = months
            .map(|month| Column {
                name: month.name.text().to_owned(),
                known: None,
                median: Some(at(&month.spread, 5_000)),
                bands: self.ranges(&month.spread),
            })
            .take(room)
            .collect();
        let wide = (room / columns.len().max(1)).min(MONTH);
        self.lines("by month", "━ median", &Fan { columns, known: 0, wide })
    }

    fn lines(&self, by: &str, signs: &str, fan: &Fan) -> Option<String> {
        let mut text = format!("{by}, {}: {signs}", self.currency);
        for (name, sign) in self.level_names().iter().zip(BANDS) {
            text.push_str(&format!(", {sign} {name}"));
        }
        text.push_str(&fan.draw()?);
        Some(text)
    }
}

/// Columns on one axis.
struct Fan {
    columns: Vec<Column>,
    /// How many of them come before the forecast.
    known: usize,
    /// Characters of a column.
    wide: usize,
}

impl Fan {
    fn draw(&self) -> Option<String> {
        let all = || self.columns.iter().flat_map(Column::values).map(Amount::atto);
        let (low, high) = (all().min()?.min(0), all().max()?);
        let range = high.checked_sub(low).filter(|range| *range > 0)?;
        let step = nice_step(range / ROWS);
        let rows: Vec<i128> = (low.div_euclid(step)..=high.div_euclid(step)).rev().collect();
        let ticks: Vec<Amount> =
            rows.iter().map(|row| Amount::from_atto(row.saturating_mul(step))).collect();
        let names = labels(&ticks, format::amount);
        let margin = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let mut text = String::new();
        for (row, name) in rows.iter().zip(&names) {
            let line = self.row(*row, step);
            text.push_str(&format!("\n {name:>margin$} ┤{}", line.trim_end()));
        }
        text.push_str(&format!("\n {:margin$}  {}", "", self.axis().trim_end()));
        Some(text)
    }

    fn row(&self, row: i128, step: i128) -> String {
        let mut line = String::new();
        for (at, column) in self.columns.iter().enumerate() {
            if at == self.known && at > 0 {
                line.push('│');
            }
            let sign = column.sign(row, step);
            line.extend(std::iter::repeat_n(sign, self.drawn()));
            line.extend(std::iter::repeat_n(' ', self.wide - self.drawn()));
        }
        line
    }

    /// Wide columns are apart.
    fn drawn(&self) -> usize {
        self.wide - usize::from(self.wide > 2)
    }

    /// Names below: of days the first known and the first forecast, of months as many as fit.
    fn axis(&self) -> String {
        let mut line = String::new();
        for (at, column) in self.columns.iter().enumerate() {
            let place = at * self.wide + usize::from(at >= self.known && self.known > 0);
            let end = line.chars().count();
            let is_named = self.wide > 1 || [0, self.known, self.columns.len() - 1].contains(&at);
            if is_named && (place > end || end == 0) {
                line.extend(std::iter::repeat_n(' ', place - end));
                line.push_str(&column.name);
            }
        }
        line
    }
}

fn short(day: NaiveDate) -> String {
    day.format("%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(n: i64) -> Amount {
        Amount::from_units(n)
    }

    fn ahead(name: &str, median: i64, inner: (i64, i64), outer: (i64, i64)) -> Column {
        let bands = [inner, outer].map(|(low, high)| (units(low), units(high)));
        Column {
            name: name.to_owned(),
            known: None,
            median: Some(units(median)),
            bands: bands.into(),
        }
    }

    fn known(name: &str, cost: Option<i64>) -> Column {
        let known = cost.map(units);
        Column { name: name.to_owned(), known, median: None, bands: Vec::new() }
    }

    /// 70 in 12 rows is 5.8 a row, so each has 10.
    #[test]
    fn days_stand_where_their_figures_are() {
        let columns = vec![
            known("11-01", Some(35)),
            known("11-02", None),
            known("11-03", Some(5)),
            ahead("11-04", 42, (31, 49), (30, 70)),
            ahead("11-05", 45, (45, 45), (45, 45)),
        ];
        let found = Fan { columns, known: 3, wide: 1 }.draw().unwrap();
        let expected = [
            "",
            " 70 ┤   │░",
            " 60 ┤   │░",
            " 50 ┤   │░",
            " 40 ┤   │━━",
            " 30 ┤•  │▓",
            " 20 ┤   │",
            " 10 ┤   │",
            "  0 ┤  •│",
            "     11-01",
        ];
        assert_eq!(found, expected.join("\n"));
    }

    #[test]
    fn months_are_wide_and_apart() {
        let columns = vec![
            ahead("2026-11", 1_000, (900, 1_100), (500, 1_500)),
            ahead("2026-12", 600, (600, 600), (600, 600)),
            ahead("2027-01", 600, (600, 600), (600, 600)),
        ];
        let found = Fan { columns, known: 0, wide: 5 }.draw().unwrap();
        let expected = [
            "",
            " 1,400 ┤░░░░",
            " 1,200 ┤░░░░",
            " 1,000 ┤━━━━",
            "   800 ┤▓▓▓▓",
            "   600 ┤░░░░ ━━━━ ━━━━",
            "   400 ┤░░░░",
            "   200 ┤",
            "     0 ┤",
            "        2026-11   2027-01",
        ];
        assert_eq!(found, expected.join("\n"));
    }

    #[test]
    fn costs_below_zero_have_rows_and_nothing_has_no_fan() {
        let columns = vec![known("11-01", Some(-6)), known("11-02", Some(4))];
        let found = Fan { columns, known: 2, wide: 1 }.draw().unwrap();
        let rows: Vec<&str> = found.lines().skip(1).collect();
        assert_eq!((rows[0], rows[10]), ("  4 ┤ •", " -6 ┤•"));
        let nothing = |cost| Fan { columns: vec![known("11-01", cost)], known: 1, wide: 1 }.draw();
        assert_eq!((nothing(Some(0)), nothing(None)), (None, None));
    }
}
