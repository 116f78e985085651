//! Columns of stacked amounts.

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
/// Fills that can be told apart.
const FILLS: usize = 8;

/// Stacked amounts, column by column.
#[derive(Debug, Clone)]
pub(in crate::report) struct Columns {
    pub(in crate::report) title: String,
    /// What a column is: a day, an invoice.
    pub(in crate::report) axis: String,
    pub(in crate::report) currency: String,
    /// Names of the columns.
    pub(in crate::report) names: Vec<String>,
    /// What is stacked, the lowest first.
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
        let part = |column: usize, below: bool| {
            let values = stacks.iter().map(move |s| s.at(column));
            Amount::checked_sum(values.filter(|value| value.is_negative() == below))
        };
        let mut ends = Vec::new();
        for column in 0..self.names.len() {
            ends.extend([part(column, true)?, part(column, false)?]);
        }
        ends.extend(self.mark.iter().flat_map(|mark| mark.values.iter().copied()));
        let scale = Scale::new(ends, (BOTTOM, TOP));
        let (ticks, widest) = ticks(&scale, format::amount);
        let left = widest + 160;
        let mut drawing = Drawing::new(HEIGHT);
        across(&mut drawing, &scale, &ticks, (left, RIGHT));
        for column in 0..self.names.len() {
            let x = self.place(column, left);
            stack(&stacks, column, &self.names[column], (&scale, x), &mut drawing)?;
            if let Some(mark) = &self.mark {
                let y = scale.at(mark.at(column));
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

    /// The series that are drawn: those that are nothing everywhere are not, and of very many the
    /// smallest are one.
    fn drawn(&self) -> Result<Vec<Series>, MoneyError> {
        let mut sized = Vec::new();
        for series in self.series.iter().filter(|s| s.values.iter().any(|v| !v.is_zero())) {
            let size = series.values.iter().map(|v| Amount::from_atto(v.atto().saturating_abs()));
            sized.push((Amount::checked_sum(size)?, series));
        }
        if sized.len() <= FILLS {
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

    fn column_names(&self, left: i64, drawing: &mut Drawing) {
        let count = i64::try_from(self.names.len()).unwrap_or(1).max(1);
        let names: Vec<String> = self.names.iter().map(|name| shortened(name, NAME)).collect();
        let widest = names.iter().map(|name| width_of(name)).max().unwrap_or(0);
        let each = usize::try_from((widest + 150) * count / (RIGHT - left) + 1).unwrap_or(1);
        for (at, name) in names.iter().enumerate().step_by(each) {
            let (start, end) = self.place(at, left);
            let x = i64::midpoint(start, end);
            drawing.text("tick", Anchor::Middle, (x, BOTTOM + 190), name);
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

    fn is_stacked(&self) -> bool {
        self.series.len() > 1
    }

    fn table(&self) -> Result<Table, MoneyError> {
        let mut grid = Grid::new(&[(&self.axis, Align::Left)]);
        let mut add = |name: &str| grid.columns.push((name.to_owned(), Align::Right));
        self.series.iter().for_each(|series| add(&series.name));
        if self.is_stacked() {
            add("sum");
        }
        self.mark.iter().for_each(|mark| add(&mark.name));
        for (column, name) in self.names.iter().enumerate() {
            let mut row = vec![name.clone()];
            row.extend(self.series.iter().map(|series| format::amount(series.at(column))));
            if self.is_stacked() {
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
            text.push_str(&format!(" {name}: {}.", format::amount(self.total(column)?)));
        }
        Ok(text)
    }
}

/// A column: what is above zero upwards, what is below downwards.
fn stack(
    series: &[Series],
    column: usize,
    name: &str,
    (scale, x): (&Scale, (i64, i64)),
    drawing: &mut Drawing,
) -> Result<(), MoneyError> {
    let (mut above, mut below) = (Amount::ZERO, Amount::ZERO);
    for (at, series) in series.iter().enumerate() {
        let value = series.at(column);
        if value.is_zero() {
            continue;
        }
        let end = if value.is_negative() { &mut below } else { &mut above };
        let start = *end;
        *end = end.checked_add(value)?;
        let y = (scale.at(start), scale.at(*end));
        let title = format!("{name}, {}: {}", series.name, format::amount(value));
        let exact = value.to_string();
        let data = [
            ("data-column", name),
            ("data-series", series.name.as_str()),
            ("data-amount", exact.as_str()),
        ];
        let class = format!("fill-{}", at % FILLS);
        drawing.rect(&Rect { class: &class, x, y, title: &title, data: &data });
    }
    Ok(())
}
