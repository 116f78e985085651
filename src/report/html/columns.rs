//! Columns of amounts, stacked or side by side.

use super::axis::{across, ticks};
use super::chart::{Chart, Key, Sign};
use super::scale::Scale;
use super::svg::{Anchor, Drawing, Rect, WIDTH, shortened, width_of};
use super::table::Table;
use crate::money::{Amount, MoneyError};
use crate::report::{Align, Grid, format};

const TOP: i64 = 100;
const BOTTOM: i64 = 2_500;
const HEIGHT: i64 = 2_800;
const RIGHT: i64 = WIDTH - 250;
/// Widest column.
const WIDEST: i64 = 700;
/// Characters of a name that fit below a column.
const NAME: usize = 24;
/// Between two lines of names.
const LINE: i64 = 150;
/// Fills that can be told apart.
const FILLS: usize = 8;

/// How the amounts of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Layout {
    /// On each other: parts of a sum.
    Stacked,
    /// Beside each other: there is no sum.
    Beside,
}

/// Amounts, column by column.
#[derive(Debug, Clone)]
pub(in crate::report) struct Columns {
    pub(in crate::report) title: String,
    /// What a column is: a day, an invoice.
    pub(in crate::report) axis: String,
    pub(in crate::report) currency: String,
    /// Names of the columns.
    pub(in crate::report) names: Vec<String>,
    pub(in crate::report) layout: Layout,
    /// What is stacked, the lowest first, or stands side by side from the left.
    pub(in crate::report) series: Vec<Series>,
    /// A line over each column that is not part of the stack.
    pub(in crate::report) mark: Option<Series>,
}

/// One amount a column.
#[derive(Debug, Clone)]
pub(in crate::report) struct Series {
    pub(in crate::report) name: String,
    pub(in crate::report) values: Vec<Amount>,
}

impl Series {
    fn at(&self, column: usize) -> Amount {
        self.values.get(column).copied().unwrap_or_default()
    }
}

impl Columns {
    /// The chart.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub(in crate::report) fn chart(self) -> Result<Chart, MoneyError> {
        let table = self.table()?;
        let stacks = self.drawn()?;
        let scale = Scale::new(self.extremes(&stacks)?, (BOTTOM, TOP));
        let (ticks, widest) = ticks(&scale, format::amount);
        let left = widest + 160;
        let mut drawing = Drawing::new(HEIGHT);
        across(&mut drawing, &scale, &ticks, (left, RIGHT));
        for column in 0..self.names.len() {
            let x = self.place(column, left);
            let column = Column { stacks: &stacks, at: column, name: &self.names[column] };
            match self.layout {
                Layout::Stacked => column.stacked((&scale, x), &mut drawing)?,
                Layout::Beside => column.beside((&scale, x), &mut drawing),
            }
            if let Some(mark) = &self.mark {
                let y = scale.at(mark.at(column.at));
                drawing.line("limit", (x.0 - 40, y), (x.1 + 40, y));
            }
        }
        self.column_names(left, &mut drawing);
        Ok(Chart {
            description: self.description()?,
            drawing,
            keys: self.keys(&stacks),
            table,
            title: self.title,
        })
    }

    /// Where columns end, above and below.
    fn extremes(&self, stacks: &[Series]) -> Result<Vec<Amount>, MoneyError> {
        let mut ends: Vec<Amount> =
            self.mark.iter().flat_map(|mark| mark.values.iter().copied()).collect();
        if self.layout == Layout::Beside {
            ends.extend(stacks.iter().flat_map(|series| series.values.iter().copied()));
            return Ok(ends);
        }
        for column in 0..self.names.len() {
            for below in [true, false] {
                let values = stacks.iter().map(|series| series.at(column));
                let part = values.filter(|value| value.is_negative() == below);
                ends.push(Amount::checked_sum(part)?);
            }
        }
        Ok(ends)
    }

    /// The series that are drawn: those that are nothing everywhere are not, and of very many the
    /// smallest are one.
    fn drawn(&self) -> Result<Vec<Series>, MoneyError> {
        let mut sized = Vec::new();
        for series in self.series.iter().filter(|s| s.values.iter().any(|v| !v.is_zero())) {
            let size = series.values.iter().map(|v| Amount::from_atto(v.atto().saturating_abs()));
            sized.push((Amount::checked_sum(size)?, series));
        }
        if sized.len() <= FILLS || self.layout == Layout::Beside {
            return Ok(sized.into_iter().map(|(_, series)| series.clone()).collect());
        }
        let mut sizes: Vec<Amount> = sized.iter().map(|(size, _)| *size).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        let mut kept = Vec::new();
        let mut other = Vec::new();
        for (size, series) in sized {
            let large = size >= sizes[FILLS - 2] && kept.len() < FILLS - 1;
            if large { kept.push(series.clone()) } else { other.push(series) }
        }
        let sum = |column| Amount::checked_sum(other.iter().map(|series| series.at(column)));
        let values = (0..self.names.len()).map(sum).collect::<Result<_, _>>()?;
        kept.push(Series { name: format!("{} others", other.len()), values });
        Ok(kept)
    }

    fn place(&self, column: usize, left: i64) -> (i64, i64) {
        let count = i64::try_from(self.names.len()).unwrap_or(1).max(1);
        let at = |n: i64| left + n * (RIGHT - left) / count;
        let column = i64::try_from(column).unwrap_or(0);
        let (start, end) = (at(column), at(column + 1));
        let width = ((end - start) * 4 / 5).clamp(5, WIDEST);
        let middle = i64::midpoint(start, end);
        (middle - width / 2, middle + width / 2)
    }

    /// Of how many columns one is named, so that names do not touch.
    fn named(&self, left: i64) -> usize {
        let count = i64::try_from(self.names.len()).unwrap_or(1).max(1);
        let names = self.names.iter().map(|name| width_of(&shortened(name, NAME)));
        let widest = names.max().unwrap_or(0);
        usize::try_from((widest + 150) * count / (RIGHT - left) + 1).unwrap_or(1)
    }

    /// Names below the columns, in two lines if that names all.
    fn column_names(&self, left: i64, drawing: &mut Drawing) {
        let each = self.named(left);
        let step = if each == 2 { 1 } else { each };
        if each == 2 {
            drawing.height += LINE;
        }
        for (at, name) in self.names.iter().enumerate().step_by(step) {
            let (start, end) = self.place(at, left);
            let below = if each == 2 && at % 2 == 1 { LINE } else { 0 };
            let place = (i64::midpoint(start, end), BOTTOM + 190 + below);
            drawing.text("tick", Anchor::Middle, place, &shortened(name, NAME));
        }
    }

    fn keys(&self, stacks: &[Series]) -> Vec<Key> {
        let key = |(at, series): (usize, &Series)| {
            Key::new(Sign::Area, &format!("fill-{}", at % FILLS), &series.name)
        };
        let mut keys: Vec<Key> = stacks.iter().enumerate().map(key).collect();
        keys.extend(self.mark.as_ref().map(|mark| Key::new(Sign::Line, "limit", &mark.name)));
        keys
    }

    fn total(&self, column: usize) -> Result<Amount, MoneyError> {
        Amount::checked_sum(self.series.iter().map(|series| series.at(column)))
    }

    fn has_sums(&self) -> bool {
        self.series.len() > 1 && self.layout == Layout::Stacked
    }

    fn table(&self) -> Result<Table, MoneyError> {
        let mut grid = Grid::new(&[(&self.axis, Align::Left)]);
        let mut add = |name: &str| grid.columns.push((name.to_owned(), Align::Right));
        self.series.iter().for_each(|series| add(&series.name));
        if self.has_sums() {
            add("sum");
        }
        self.mark.iter().for_each(|mark| add(&mark.name));
        for (column, name) in self.names.iter().enumerate() {
            let mut row = vec![name.clone()];
            row.extend(self.series.iter().map(|series| format::amount(series.at(column))));
            if self.has_sums() {
                row.push(format::amount(self.total(column)?));
            }
            row.extend(self.mark.iter().map(|mark| format::amount(mark.at(column))));
            grid.rows.push(row);
        }
        Ok(Table { caption: format!("{}, {}", self.title, self.currency), grid })
    }

    fn description(&self) -> Result<String, MoneyError> {
        let mut text = format!("{} columns, {}.", self.names.len(), self.currency);
        for (column, name) in self.names.iter().enumerate().take(12) {
            let told = match self.layout {
                Layout::Stacked => format::amount(self.total(column)?),
                Layout::Beside => {
                    let one = |s: &Series| format!("{} {}", s.name, format::amount(s.at(column)));
                    self.series.iter().map(one).collect::<Vec<_>>().join(", ")
                }
            };
            text.push_str(&format!(" {name}: {told}."));
        }
        Ok(text)
    }
}

/// One column.
#[derive(Debug, Clone, Copy)]
struct Column<'a> {
    stacks: &'a [Series],
    at: usize,
    name: &'a str,
}

impl Column<'_> {
    /// What is above zero upwards, what is below downwards.
    fn stacked(
        &self,
        (scale, x): (&Scale, (i64, i64)),
        drawing: &mut Drawing,
    ) -> Result<(), MoneyError> {
        let (mut above, mut below) = (Amount::ZERO, Amount::ZERO);
        for (number, series) in self.stacks.iter().enumerate() {
            let value = series.at(self.at);
            if value.is_zero() {
                continue;
            }
            let end = if value.is_negative() { &mut below } else { &mut above };
            let start = *end;
            *end = end.checked_add(value)?;
            self.part(number, (x, (scale.at(start), scale.at(*end))), drawing);
        }
        Ok(())
    }

    /// Each from zero, in a place of its own.
    fn beside(&self, (scale, x): (&Scale, (i64, i64)), drawing: &mut Drawing) {
        let count = i64::try_from(self.stacks.len()).unwrap_or(1).max(1);
        let place = |n: usize| x.0 + i64::try_from(n).unwrap_or(0) * (x.1 - x.0) / count;
        for (number, series) in self.stacks.iter().enumerate() {
            let y = (scale.at(Amount::ZERO), scale.at(series.at(self.at)));
            self.part(number, ((place(number), place(number + 1)), y), drawing);
        }
    }

    fn part(&self, number: usize, (x, y): ((i64, i64), (i64, i64)), drawing: &mut Drawing) {
        let series = &self.stacks[number];
        let value = series.at(self.at);
        let title = format!("{}, {}: {}", self.name, series.name, format::amount(value));
        let exact = value.to_string();
        let data = [
            ("data-column", self.name),
            ("data-series", series.name.as_str()),
            ("data-amount", exact.as_str()),
        ];
        let class = format!("fill-{}", number % FILLS);
        drawing.rect(&Rect { class: &class, x, y, title: &title, data: &data });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::html::markup::Markup;

    fn columns(names: &[&str], layout: Layout) -> Columns {
        let series = |name: &str, value: i64| Series {
            name: name.to_owned(),
            values: vec![Amount::from_units(value); names.len()],
        };
        Columns {
            title: "Cash".to_owned(),
            axis: "month".to_owned(),
            currency: "USD".to_owned(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            layout,
            series: vec![series("a", 1), series("b", 2)],
            mark: None,
        }
    }

    fn drawn(columns: Columns) -> String {
        let mut out = Markup::default();
        columns.chart().unwrap().write("chart", &mut out);
        out.into_text()
    }

    /// Worked out by hand: labels of 4 characters leave 448.6 pixels from 46.4; a column is 70 wide
    /// around its middle at 270.7, and 2 is at 10, zero at 250.
    #[test]
    fn amounts_side_by_side_begin_at_zero() {
        let found = drawn(columns(&["2026-11"], Layout::Beside));
        for part in [
            "x=\"235.7\" y=\"130\" width=\"35\" height=\"120\" data-column=\"2026-11\" data-series=\"a\"",
            "x=\"270.7\" y=\"10\" width=\"35\" height=\"240\" data-column=\"2026-11\" data-series=\"b\"",
        ] {
            assert!(found.contains(part), "{part}\n{found}");
        }
        assert!(!found.contains(">sum<"));
        assert!(drawn(columns(&["2026-11"], Layout::Stacked)).contains(">sum<"));
    }

    #[test]
    fn names_that_touch_have_two_lines() {
        let names = ["base", "nova-40", "half-batch", "growth-and-rise"];
        let found = drawn(columns(&names, Layout::Stacked));
        let at = |name: &str, y: &str| found.contains(&format!("y=\"{y}\">{name}</text>"));
        assert!(at("base", "269") && at("nova-40", "284"), "{found}");
        assert!(at("half-batch", "269") && at("growth-and-rise", "284"), "{found}");
    }
}
