//! A chart with its caption, its key and its table.

use super::markup::Markup;
use super::svg::{Drawing, px};
use super::table::Table;

/// What a sign on a chart looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Area,
    Line,
    Dot,
    Diamond,
    Square,
    Triangle,
    /// A line across the direction of the values.
    Tick,
}

/// A sign and what it means.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) sign: Sign,
    pub(super) class: String,
    pub(super) text: String,
}

impl Key {
    pub(super) fn new(sign: Sign, class: &str, text: &str) -> Self {
        Self { sign, class: class.to_owned(), text: text.to_owned() }
    }

    fn write(&self, out: &mut Markup) {
        out.open("li", &[]);
        let mut drawing = Drawing::new(140);
        let class = self.class.as_str();
        match self.sign {
            Sign::Area => {
                let corners = [(10, 10), (270, 10), (270, 130), (10, 130)];
                drawing.path(class, &corners, true);
            }
            Sign::Line => drawing.line(class, (10, 70), (270, 70)),
            Sign::Dot => drawing.circle(class, (140, 70), 45),
            Sign::Diamond => drawing.diamond(class, (140, 70), 55),
            Sign::Square => drawing.square(class, (140, 70), 45),
            Sign::Triangle => drawing.triangle(class, (140, 70), 55),
            Sign::Tick => drawing.line(class, (140, 10), (140, 130)),
        }
        drawing.sign((280, 140), out);
        out.element("span", &[], &self.text);
        out.close("li");
    }
}

impl Drawing {
    /// The drawing as a sign in a line of text, which says all it says.
    fn sign(&self, (width, height): (i64, i64), out: &mut Markup) {
        let [width, height] = [width, height].map(px);
        let view = format!("0 0 {width} {height}");
        let all = [
            ("class", "key"),
            ("aria-hidden", "true"),
            ("width", width.as_str()),
            ("height", height.as_str()),
            ("viewBox", view.as_str()),
        ];
        out.open("svg", &all);
        self.write_body(out);
        out.close("svg");
    }
}

/// A chart.
#[derive(Debug, Clone)]
pub(in crate::report) struct Chart {
    pub(super) title: String,
    /// What the chart shows, in words.
    pub(super) description: String,
    pub(super) drawing: Drawing,
    pub(super) keys: Vec<Key>,
    pub(super) table: Table,
}

impl Chart {
    /// The chart under the id that its texts are found by.
    pub(super) fn write(&self, id: &str, out: &mut Markup) {
        out.open("figure", &[]);
        out.element("figcaption", &[], &self.title);
        let label = format!("Chart: {}", self.title);
        let scrolls =
            [("class", "scroll"), ("role", "region"), ("aria-label", &label), ("tabindex", "0")];
        out.open("div", &scrolls);
        self.drawing.picture(id, &self.title, &self.description, out);
        out.close("div");
        if !self.keys.is_empty() {
            out.open("ul", &[("class", "keys")]);
            self.keys.iter().for_each(|key| key.write(out));
            out.close("ul");
        }
        out.line();
        self.table.write_folded(out);
        out.close("figure");
        out.line();
    }
}
