//! A curve: what a choice of size costs, with the best sizes marked.

use super::axis::{GAP, across, down, ends, ticks};
use super::chart::{Chart, Key, Sign};
use super::scale::Scale;
use super::svg::{Anchor, Drawing, Rect, WIDTH, shortened, width_of};
use super::table::Table;
use crate::money::Amount;
use crate::report::{Grid, format};

const TOP: i64 = 420;
const BOTTOM: i64 = 2_700;
const HEIGHT: i64 = 3_150;
/// Characters of the name of a line that fit beside its end.
const NAME: usize = 12;
/// Lines that can be told apart.
const LINES: usize = 4;
/// Signs of marks, in their order.
const SIGNS: [Sign; 4] = [Sign::Dot, Sign::Diamond, Sign::Square, Sign::Triangle];

/// Cost against size: of a commitment, of a capacity.
///
/// A size is an [`Amount`], of money or of whole units (`Amount::from_units`), and `show_size` is how
/// one is shown. Sizes ascend; a line has a value for each, in the same order. Up to four lines and
/// four marks can be told apart.
///
/// ```ignore
/// let curve = Curve {
///     title: "Cost by size of the commitment".to_owned(),
///     axis: "commitment a month, USD".to_owned(),
///     show_size: format::amount,
///     unit: "cost of the horizon, USD".to_owned(),
///     sizes: vec![Amount::ZERO, Amount::from_units(500), Amount::from_units(1_000)],
///     lines: vec![CurveLine { name: "mean".to_owned(), values: means }, ...],
///     near: Some(CurveRange { name: "within 1 % of the optimum".to_owned(), from, to }),
///     marks: vec![CurveMark { name: "optimum".to_owned(), size, value }],
///     reference: Some(CurveReference { name: "without the deal".to_owned(), value: list }),
///     grid: self.curve_grid(),
/// };
/// section.chart(curve.chart())
/// ```
#[derive(Debug, Clone)]
pub(in crate::report) struct Curve {
    pub(in crate::report) title: String,
    /// What a size is, with its unit.
    pub(in crate::report) axis: String,
    /// How a size is shown.
    pub(in crate::report) show_size: fn(Amount) -> String,
    /// What the lines are, with their currency.
    pub(in crate::report) unit: String,
    /// The sizes tried, ascending.
    pub(in crate::report) sizes: Vec<Amount>,
    pub(in crate::report) lines: Vec<CurveLine>,
    /// Sizes that are about as good as the best; shaded.
    pub(in crate::report) near: Option<CurveRange>,
    /// Single sizes: the optimum, one that was asked for.
    pub(in crate::report) marks: Vec<CurveMark>,
    /// A line across: a cost that does not depend on the size.
    pub(in crate::report) reference: Option<CurveReference>,
    /// The same figures as a table.
    pub(in crate::report) grid: Grid,
}

/// One line.
#[derive(Debug, Clone)]
pub(in crate::report) struct CurveLine {
    /// Short enough to stand beside the end of the line.
    pub(in crate::report) name: String,
    /// One value a size.
    pub(in crate::report) values: Vec<Amount>,
}

/// Sizes from one to another.
#[derive(Debug, Clone)]
pub(in crate::report) struct CurveRange {
    pub(in crate::report) name: String,
    pub(in crate::report) from: Amount,
    pub(in crate::report) to: Amount,
}

/// A point of the plane.
#[derive(Debug, Clone)]
pub(in crate::report) struct CurveMark {
    pub(in crate::report) name: String,
    pub(in crate::report) size: Amount,
    pub(in crate::report) value: Amount,
}

/// A value across all sizes.
#[derive(Debug, Clone)]
pub(in crate::report) struct CurveReference {
    pub(in crate::report) name: String,
    pub(in crate::report) value: Amount,
}

/// Both axes.
#[derive(Debug, Clone, Copy)]
struct Plot {
    left: i64,
    right: i64,
    sizes: Scale,
    values: Scale,
}

impl Plot {
    fn at(&self, size: Amount, value: Amount) -> (i64, i64) {
        (self.sizes.at(size), self.values.at(value))
    }
}

impl Curve {
    /// The chart.
    pub(in crate::report) fn chart(self) -> Chart {
        let lines = self.lines.iter().flat_map(|line| line.values.iter().copied());
        let marks = self.marks.iter().map(|mark| mark.value);
        let values = lines.chain(marks).chain(self.reference.iter().map(|r| r.value));
        let values = Scale::near(values, (BOTTOM, TOP));
        let (value_ticks, widest) = ticks(&values, format::amount);
        let names = self.lines.iter().map(|line| width_of(&shortened(&line.name, NAME)));
        let (left, right) = (widest + 160, WIDTH - names.max().unwrap_or(0) - 2 * GAP);
        let all = self.sizes.iter().copied().chain(self.marks.iter().map(|mark| mark.size));
        let all = all.chain(self.near.iter().flat_map(|near| [near.from, near.to]));
        let sizes = Scale::near(all, (left, right));
        let plot = Plot { left, right, sizes, values };
        let mut drawing = Drawing::new(HEIGHT);
        self.near(&plot, &mut drawing);
        across(&mut drawing, &values, &value_ticks, (left, right));
        let (size_ticks, _) = ticks(&sizes, self.show_size);
        down(&mut drawing, &sizes, &size_ticks, (TOP, BOTTOM));
        let middle = i64::midpoint(left, right);
        drawing.text("tick", Anchor::Middle, (middle, BOTTOM + 370), &self.axis);
        drawing.text("tick", Anchor::Start, (0, 110), &self.value_axis(&values));
        self.lines(&plot, &mut drawing);
        self.hints(&plot, &mut drawing);
        self.marks(&plot, &mut drawing);
        Chart {
            description: self.description(),
            drawing,
            keys: self.keys(),
            table: Table { caption: format!("{}, {}", self.title, self.unit), grid: self.grid },
            title: self.title,
        }
    }

    /// What the values are; an axis without zero says so.
    fn value_axis(&self, values: &Scale) -> String {
        let start = values.start();
        if start > Amount::ZERO {
            return format!("{} (the axis begins at {})", self.unit, format::amount(start));
        }
        self.unit.clone()
    }

    fn near(&self, plot: &Plot, drawing: &mut Drawing) {
        let Some(near) = &self.near else { return };
        let (from, to) = (plot.sizes.at(near.from), plot.sizes.at(near.to));
        let (title, exact) = (self.near_text(near), [near.from, near.to].map(|a| a.to_string()));
        let data = [("data-from", exact[0].as_str()), ("data-to", exact[1].as_str())];
        // One size is still seen.
        let x = (from, to.max(from + 20));
        drawing.rect(&Rect { class: "near", x, y: (TOP - 90, BOTTOM), title: &title, data: &data });
    }

    fn near_text(&self, near: &CurveRange) -> String {
        let [from, to] = [near.from, near.to].map(self.show_size);
        format!("{}: {from} to {to}", near.name)
    }

    fn lines(&self, plot: &Plot, drawing: &mut Drawing) {
        if let Some(reference) = &self.reference {
            let y = plot.values.at(reference.value);
            drawing.line("reference", (plot.left, y), (plot.right, y));
        }
        let mut names = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            let points: Vec<(i64, i64)> =
                self.sizes.iter().zip(&line.values).map(|(s, v)| plot.at(*s, *v)).collect();
            drawing.path(&line_class(at), &points, false);
            names.extend(points.last().map(|(_, y)| (*y, shortened(&line.name, NAME))));
        }
        ends(drawing, plot.right, BOTTOM, names);
    }

    fn marks(&self, plot: &Plot, drawing: &mut Drawing) {
        for (at, mark) in self.marks.iter().enumerate() {
            let (x, y) = plot.at(mark.size, mark.value);
            drawing.line("drop", (x, y), (x, BOTTOM));
            let class = if at == 0 { "point" } else { "mark" };
            match SIGNS[at % SIGNS.len()] {
                Sign::Diamond => drawing.diamond(class, (x, y), 65),
                Sign::Square => drawing.square(class, (x, y), 52),
                Sign::Triangle => drawing.triangle(class, (x, y), 65),
                _ => drawing.circle(class, (x, y), 55),
            }
            let exact = [mark.size, mark.value].map(|a| a.to_string());
            let data = [
                ("data-name", mark.name.as_str()),
                ("data-size", exact[0].as_str()),
                ("data-value", exact[1].as_str()),
            ];
            let title = self.mark_text(mark);
            let (x, y) = ((x - 70, x + 70), (y - 70, y + 70));
            drawing.rect(&Rect { class: "hint", x, y, title: &title, data: &data });
        }
    }

    fn mark_text(&self, mark: &CurveMark) -> String {
        let [size, value] = [(self.show_size)(mark.size), format::amount(mark.value)];
        format!("{}: {size}, costs {value}", mark.name)
    }

    /// Boxes around each size, to the middle between it and the next, that tell its figures.
    fn hints(&self, plot: &Plot, drawing: &mut Drawing) {
        let places: Vec<i64> = self.sizes.iter().map(|size| plot.sizes.at(*size)).collect();
        for (at, size) in self.sizes.iter().enumerate() {
            let between =
                |a: usize, b: usize| Some(i64::midpoint(*places.get(a)?, *places.get(b)?));
            let start = at.checked_sub(1).and_then(|before| between(before, at));
            let x = (start.unwrap_or(plot.left), between(at, at + 1).unwrap_or(plot.right));
            let mut told = Vec::new();
            let mut data = vec![("data-size".to_owned(), size.to_string())];
            for (line, curve) in self.lines.iter().enumerate() {
                let Some(value) = curve.values.get(at) else { continue };
                told.push(format!("{} {}", curve.name, format::amount(*value)));
                data.push((format!("data-line-{line}"), value.to_string()));
            }
            let title = format!("{}: {}", (self.show_size)(*size), told.join(", "));
            let data: Vec<(&str, &str)> =
                data.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            drawing.rect(&Rect { class: "hint", x, y: (TOP, BOTTOM), title: &title, data: &data });
        }
    }

    fn keys(&self) -> Vec<Key> {
        let line =
            |(at, line): (usize, &CurveLine)| Key::new(Sign::Line, &line_class(at), &line.name);
        let mut keys: Vec<Key> = self.lines.iter().enumerate().map(line).collect();
        keys.extend(self.reference.as_ref().map(|reference| {
            let text = format!("{}: {}", reference.name, format::amount(reference.value));
            Key::new(Sign::Line, "reference", &text)
        }));
        for (at, mark) in self.marks.iter().enumerate() {
            let class = if at == 0 { "point" } else { "mark" };
            keys.push(Key::new(SIGNS[at % SIGNS.len()], class, &self.mark_text(mark)));
        }
        let near = self.near.as_ref();
        keys.extend(near.map(|near| Key::new(Sign::Area, "near", &self.near_text(near))));
        keys
    }

    fn description(&self) -> String {
        let mut text = format!("{} against {}.", self.unit, self.axis);
        if let (Some(first), Some(last)) = (self.sizes.first(), self.sizes.last()) {
            let [first, last] = [*first, *last].map(self.show_size);
            text.push_str(&format!(" {} sizes from {first} to {last}.", self.sizes.len()));
        }
        for line in &self.lines {
            let (Some(first), Some(last)) = (line.values.first(), line.values.last()) else {
                continue;
            };
            let [first, last] = [*first, *last].map(format::amount);
            text.push_str(&format!(" {}: {first} to {last}.", line.name));
        }
        for mark in &self.marks {
            text.push_str(&format!(" {}.", self.mark_text(mark)));
        }
        text.extend(self.near.as_ref().map(|near| format!(" {}.", self.near_text(near))));
        if let Some(reference) = &self.reference {
            let value = format::amount(reference.value);
            text.push_str(&format!(" {}: {value}.", reference.name));
        }
        text
    }
}

fn line_class(line: usize) -> String {
    format!("line line-{}", line % LINES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::html::markup::Markup;

    fn curve() -> Curve {
        let units = |values: &[i64]| values.iter().map(|n| Amount::from_units(*n)).collect();
        let line =
            |name: &str, values: &[i64]| CurveLine { name: name.to_owned(), values: units(values) };
        let mark = |name: &str, size: i64, value: i64| CurveMark {
            name: name.to_owned(),
            size: Amount::from_units(size),
            value: Amount::from_units(value),
        };
        Curve {
            title: "Cost by size".to_owned(),
            axis: "commitment a month, USD".to_owned(),
            show_size: format::amount,
            unit: "cost, USD".to_owned(),
            sizes: units(&[0, 500, 1_000]),
            lines: vec![line("mean", &[800, 700, 900]), line("P90", &[1_100, 850, 1_000])],
            near: Some(CurveRange {
                name: "within 5 %".to_owned(),
                from: Amount::from_units(400),
                to: Amount::from_units(700),
            }),
            marks: vec![mark("optimum", 500, 700), mark("asked for", 1_000, 900)],
            reference: Some(CurveReference {
                name: "without the deal".to_owned(),
                value: Amount::from_units(950),
            }),
            grid: Grid::default(),
        }
    }

    fn drawn(curve: Curve) -> String {
        let mut out = Markup::default();
        curve.chart().write("chart", &mut out);
        out.into_text()
    }

    /// Worked out by hand: values from 700 to 1,100 over 228 pixels upwards from 270, sizes from 0 to
    /// 1,000 over 419.6 from 54, where the labels of 5 characters and the names of 4 leave off.
    #[test]
    fn places_are_those_of_the_figures() {
        let found = drawn(curve());
        for part in [
            "<path class=\"line line-0\" d=\"M54 213L263.8 270L473.6 156\"/>",
            "<path class=\"line line-1\" d=\"M54 42L263.8 184.5L473.6 99\"/>",
            "<line class=\"reference\" x1=\"54\" y1=\"127.5\" x2=\"473.6\" y2=\"127.5\"/>",
            "<circle class=\"point\" cx=\"263.8\" cy=\"270\" r=\"5.5\"/>",
            "<rect class=\"near\" x=\"221.8\" y=\"33\" width=\"125.9\" height=\"237\"",
            "data-from=\"400.00\" data-to=\"700.00\"",
            "data-size=\"500.00\" data-line-0=\"700.00\" data-line-1=\"850.00\"",
            "data-name=\"asked for\" data-size=\"1000.00\" data-value=\"900.00\"",
        ] {
            assert!(found.contains(part), "{part}\n{found}");
        }
    }

    #[test]
    fn words_tell_what_is_drawn() {
        let found = drawn(curve());
        for part in [
            "cost, USD (the axis begins at 700.00)",
            "<span>optimum: 500.00, costs 700.00</span>",
            "<span>within 5 %: 400.00 to 700.00</span>",
            "<span>without the deal: 950.00</span>",
            " 3 sizes from 0.00 to 1,000.00. mean: 800.00 to 900.00. P90: 1,100.00 to 1,000.00.",
        ] {
            assert!(found.contains(part), "{part}\n{found}");
        }
        let units = |amount: Amount| amount.to_fixed(0);
        let whole = Curve { show_size: units, ..curve() };
        assert!(drawn(whole).contains("optimum: 500, costs 700.00"));
    }

    #[test]
    fn one_size_and_none_are_drawn_too() {
        let none = Curve { near: None, marks: Vec::new(), reference: None, ..curve() };
        let one = Curve {
            sizes: vec![Amount::from_units(5)],
            lines: vec![CurveLine { name: "mean".to_owned(), values: vec![Amount::ZERO] }],
            ..none.clone()
        };
        assert!(drawn(one).contains("data-size=\"5.00\" data-line-0=\"0.00\""));
        let empty = Curve { sizes: Vec::new(), lines: Vec::new(), ..none };
        assert!(!drawn(empty).contains("data-size"));
        let narrow = CurveRange { to: Amount::from_units(400), ..curve().near.unwrap() };
        assert!(drawn(Curve { near: Some(narrow), ..curve() }).contains("width=\"2\""));
    }
}
