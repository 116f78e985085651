//! One row a thing: a bar, an interval around a point, a mark beside it.

use super::axis::{GAP, down, ticks};
use super::chart::{Chart, Key, Sign};
use super::scale::Scale;
use super::svg::{Anchor, Drawing, Rect, WIDTH, in_lines, width_of};
use super::table::Table;
use crate::money::Amount;
use crate::report::Grid;

const TOP: i64 = 60;
const ROW: i64 = 300;
/// Between the two lines of a long name.
const LINE: i64 = 140;
/// Characters of a line of a name.
const NAME: usize = 30;
/// Rows that are drawn.
const MOST: usize = 30;
/// Half of how thick an interval is, the narrowest first.
const THICK: [i64; 3] = [75, 35, 12];

/// Things beside each other on one axis.
#[derive(Debug, Clone)]
pub(in crate::report) struct Rows {
    pub(in crate::report) title: String,
    /// What the values are: a currency, or a share.
    pub(in crate::report) unit: String,
    /// How a value is shown.
    pub(in crate::report) show: fn(Amount) -> String,
    pub(in crate::report) rows: Vec<Row>,
    /// What a bar means.
    pub(in crate::report) bar: &'static str,
    /// The names of the intervals, the narrowest first.
    pub(in crate::report) ranges: Vec<String>,
    /// What the dot means.
    pub(in crate::report) point: &'static str,
    /// What the diamond means.
    pub(in crate::report) mark: &'static str,
    /// What the line across means.
    pub(in crate::report) limit: &'static str,
    /// The same figures as a table.
    pub(in crate::report) grid: Grid,
}

/// One thing.
#[derive(Debug, Clone, Default)]
pub(in crate::report) struct Row {
    pub(in crate::report) name: String,
    pub(in crate::report) bar: Option<Amount>,
    /// Where the bar begins: not at zero in a chain of bars, each from the end of the one before.
    pub(in crate::report) start: Amount,
    pub(in crate::report) ranges: Vec<(Amount, Amount)>,
    pub(in crate::report) point: Option<Amount>,
    pub(in crate::report) mark: Option<Amount>,
    pub(in crate::report) limit: Option<Amount>,
}

impl Row {
    fn values(&self) -> impl Iterator<Item = Amount> {
        let ends = self.ranges.iter().flat_map(|(low, high)| [*low, *high]);
        let bar = self.bar.map(|_| self.bar_end());
        ends.chain([bar, self.point, self.mark, self.limit].into_iter().flatten())
    }

    /// Where the bar ends; what does not fit has no place on an axis either.
    fn bar_end(&self) -> Amount {
        let bar = self.bar.unwrap_or_default();
        self.start.checked_add(bar).unwrap_or(bar)
    }

    /// The figure beside the row.
    fn main(&self) -> Option<Amount> {
        self.point.or(self.bar).or(self.mark)
    }
}

impl Rows {
    /// The chart; of very many rows those with the largest figures, in their order.
    pub(in crate::report) fn chart(mut self) -> Chart {
        let all = self.rows.len();
        if let Some(least) = self.least_shown() {
            let mut room = MOST;
            self.rows.retain(|row| {
                let kept = row.main() >= Some(least) && room > 0;
                room -= usize::from(kept);
                kept
            });
        }
        let shown = |row: &Row| row.main().map(self.show).unwrap_or_default();
        let widest = |texts: &mut dyn Iterator<Item = String>| {
            texts.map(|text| width_of(&text)).max().unwrap_or(0)
        };
        let mut names = self.rows.iter().flat_map(|row| in_lines(&row.name, NAME));
        let left = widest(&mut names) + 2 * GAP;
        let right = WIDTH - widest(&mut self.rows.iter().map(shown)) - 2 * GAP;
        let bottom = TOP + ROW * i64::try_from(self.rows.len()).unwrap_or(0);
        let scale = Scale::new(self.rows.iter().flat_map(Row::values), (left, right));
        let mut drawing = Drawing::new(bottom + 260);
        let (ticks, _) = ticks(&scale, self.show);
        down(&mut drawing, &scale, &ticks, (TOP, bottom));
        for (at, row) in self.rows.iter().enumerate() {
            let top = TOP + ROW * i64::try_from(at).unwrap_or(0);
            self.row(row, &scale, top, &mut drawing);
            let y = top + ROW / 2 + 45;
            let lines = in_lines(&row.name, NAME);
            let first = y - LINE / 2 * i64::try_from(lines.len() - 1).unwrap_or(0);
            for (line, y) in lines.iter().zip(0..).map(|(line, at)| (line, first + at * LINE)) {
                drawing.text("label", Anchor::End, (left - GAP, y), line);
            }
            drawing.text("value", Anchor::Start, (right + GAP, y), &shown(row));
        }
        Chart {
            description: self.description(all),
            keys: self.keys(),
            drawing,
            table: Table { caption: format!("{}, {}", self.title, self.unit), grid: self.grid },
            title: self.title,
        }
    }

    fn least_shown(&self) -> Option<Amount> {
        let mut main: Vec<Amount> =
            self.rows.iter().map(|r| r.main().unwrap_or_default()).collect();
        main.sort_unstable_by(|a, b| b.cmp(a));
        (main.len() > MOST).then(|| main[MOST - 1])
    }

    fn row(&self, row: &Row, scale: &Scale, top: i64, drawing: &mut Drawing) {
        let middle = top + ROW / 2;
        if row.bar.is_some() {
            let x = (scale.at(row.start), scale.at(row.bar_end()));
            let y = (middle - 95, middle + 95);
            drawing.rect(&Rect { class: "bar", x, y, title: &row.name, data: &[] });
        }
        for (at, (low, high)) in row.ranges.iter().enumerate().rev() {
            let half = THICK[at.min(THICK.len() - 1)];
            let x = (scale.at(*low), scale.at(*high));
            let y = (middle - half, middle + half);
            let class = format!("range range-{}", at.min(THICK.len() - 1));
            drawing.rect(&Rect { class: &class, x, y, title: &row.name, data: &[] });
        }
        if let Some(limit) = row.limit {
            let x = scale.at(limit);
            drawing.line("limit", (x, top + 20), (x, top + ROW - 20));
        }
        if let Some(point) = row.point {
            drawing.circle("point", (scale.at(point), middle), 45);
        }
        if let Some(mark) = row.mark {
            drawing.diamond("mark", (scale.at(mark), middle), 60);
        }
        self.hint(row, (top, top + ROW), drawing);
    }

    /// A box over the row that tells its figures when pointed at.
    fn hint(&self, row: &Row, y: (i64, i64), drawing: &mut Drawing) {
        let mut told: Vec<String> = Vec::new();
        let mut data = vec![("data-name".to_owned(), row.name.clone())];
        let single = [
            ("point", self.point, row.point),
            ("bar", self.bar, row.bar),
            ("mark", self.mark, row.mark),
            ("limit", self.limit, row.limit),
        ];
        for (kind, name, value) in single {
            let Some(value) = value else { continue };
            told.push(format!("{name} {}", (self.show)(value)));
            data.push((format!("data-{kind}"), value.to_string()));
        }
        for (at, ((low, high), name)) in row.ranges.iter().zip(&self.ranges).enumerate() {
            told.push(format!("{name} {} to {}", (self.show)(*low), (self.show)(*high)));
            data.push((format!("data-low-{at}"), low.to_string()));
            data.push((format!("data-high-{at}"), high.to_string()));
        }
        let title = format!("{}: {}", row.name, told.join(", "));
        let data: Vec<(&str, &str)> = data.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        drawing.rect(&Rect { class: "hint", x: (0, WIDTH), y, title: &title, data: &data });
    }

    fn keys(&self) -> Vec<Key> {
        let any = |has: fn(&Row) -> bool| self.rows.iter().any(has);
        let mut keys = Vec::new();
        if any(|row| row.bar.is_some()) {
            keys.push(Key::new(Sign::Area, "bar", self.bar));
        }
        if any(|row| row.point.is_some()) {
            keys.push(Key::new(Sign::Dot, "point", self.point));
        }
        if any(|row| row.mark.is_some()) {
            keys.push(Key::new(Sign::Diamond, "mark", self.mark));
        }
        if any(|row| row.limit.is_some()) {
            keys.push(Key::new(Sign::Tick, "limit", self.limit));
        }
        if any(|row| !row.ranges.is_empty()) {
            for (at, name) in self.ranges.iter().enumerate() {
                let class = format!("range range-{}", at.min(THICK.len() - 1));
                keys.push(Key::new(Sign::Area, &class, name));
            }
        }
        keys
    }

    fn description(&self, all: usize) -> String {
        let mut text = format!("{} rows, {}.", self.rows.len(), self.unit);
        if self.rows.len() < all {
            text = format!(
                "The {} largest of {all} rows, {}; the table has all.",
                self.rows.len(),
                self.unit
            );
        }
        for row in self.rows.iter().take(12) {
            if let Some(main) = row.main() {
                text.push_str(&format!(" {}: {}.", row.name, (self.show)(main)));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::format;

    /// Worked out by hand: names of 1 and figures of 7 characters leave 4,272 tenths from 236 to 4,508
    /// for values from 0 to 400, where 300 is at 3,440 and 200 at 2,372.
    #[test]
    fn a_bar_begins_where_it_is_said() {
        let row = |name: &str, start: i64, bar: i64| Row {
            name: name.to_owned(),
            start: Amount::from_units(start),
            bar: Some(Amount::from_units(bar)),
            ..Row::default()
        };
        let rows = Rows {
            title: String::new(),
            unit: "USD".to_owned(),
            show: format::amount,
            rows: vec![row("a", 0, 400), row("b", 300, -100)],
            bar: "adds",
            ranges: Vec::new(),
            point: "",
            mark: "",
            limit: "",
            grid: Grid::default(),
        };
        let mut out = crate::report::html::markup::Markup::default();
        rows.chart().drawing.write_body(&mut out);
        let found = out.into_text();
        assert!(
            found.contains("<rect class=\"bar\" x=\"237.2\" y=\"41.5\" width=\"106.8\""),
            "{found}"
        );
        assert!(found.contains("data-name=\"b\" data-bar=\"-100.00\""), "{found}");
    }
}
