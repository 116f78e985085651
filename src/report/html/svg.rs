//! Drawing: lengths are whole tenths of a pixel.

use super::markup::{Attribute, Markup};

/// Width of every chart.
pub(super) const WIDTH: i64 = 5_200;

/// About the width of a character of a label.
pub(super) const CHARACTER: i64 = 76;

/// Which end of a text its place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// What is drawn.
#[derive(Debug, Clone, Default)]
pub(super) struct Drawing {
    pub(super) height: i64,
    body: Markup,
}

/// A length for an attribute.
pub(super) fn px(tenths: i64) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, part) = (tenths.abs() / 10, tenths.abs() % 10);
    if part == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

/// About how wide a label is.
pub(super) fn width_of(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(0).saturating_mul(CHARACTER)
}

/// A label of at most so many characters: names that begin alike differ at their ends, so it is the
/// middle that goes.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let head = most / 3;
    let tail = count - most.saturating_sub(head + 1);
    text.chars().take(head).chain(['…']).chain(text.chars().skip(tail)).collect()
}

/// A name in at most two lines of so many characters, cut at a space where there is one.
pub(super) fn in_lines(text: &str, most: usize) -> Vec<String> {
    if text.chars().count() <= most {
        return vec![text.to_owned()];
    }
    let spaces = text.char_indices().enumerate().filter(|(_, (_, c))| *c == ' ');
    match spaces.take_while(|(at, _)| *at <= most).last() {
        Some((_, (byte, _))) => {
            vec![text[..byte].to_owned(), shortened(&text[byte + 1..], most)]
        }
        None => vec![shortened(text, most)],
    }
}

impl Drawing {
    pub(super) fn new(height: i64) -> Self {
        Self { height, body: Markup::default() }
    }

    pub(super) fn line(&mut self, class: &str, (x1, y1): (i64, i64), (x2, y2): (i64, i64)) {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(px);
        let ends = [("class", class), ("x1", &x1), ("y1", &y1), ("x2", &x2), ("y2", &y2)];
        self.body.empty("line", &ends);
    }

    /// A text; one around its place stays inside the picture.
    pub(super) fn text(&mut self, class: &str, anchor: Anchor, (x, y): (i64, i64), text: &str) {
        let half = width_of(text) / 2;
        let inside = anchor == Anchor::Middle && half < WIDTH / 2;
        let x = if inside { x.clamp(half, WIDTH - half) } else { x };
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let place = [("class", class), ("text-anchor", anchor), ("x", &px(x)), ("y", &px(y))];
        self.body.element("text", &place, text);
    }

    /// A box between two values of each axis, in whichever order, with what it says when pointed at.
    pub(super) fn rect(&mut self, shape: &Rect<'_>) {
        let (left, right) = (shape.x.0.min(shape.x.1), shape.x.0.max(shape.x.1));
        let (top, bottom) = (shape.y.0.min(shape.y.1), shape.y.0.max(shape.y.1));
        let [x, y, width, height] = [left, top, right - left, bottom - top].map(px);
        let mut all = vec![("class", shape.class), ("x", &x), ("y", &y)];
        all.extend([("width", width.as_str()), ("height", height.as_str())]);
        all.extend(shape.data);
        self.body.open("rect", &all);
        self.body.element("title", &[], shape.title);
        self.body.close("rect");
    }

    /// A line through points.
    pub(super) fn path(&mut self, class: &str, points: &[(i64, i64)], closed: bool) {
        let mut d = String::new();
        for (at, (x, y)) in points.iter().enumerate() {
            let command = if at == 0 { "M" } else { "L" };
            d.push_str(&format!("{command}{} {}", px(*x), px(*y)));
        }
        if closed {
            d.push('Z');
        }
        self.body.empty("path", &[("class", class), ("d", &d)]);
    }

    pub(super) fn circle(&mut self, class: &str, (x, y): (i64, i64), radius: i64) {
        let [x, y, r] = [x, y, radius].map(px);
        self.body.empty("circle", &[("class", class), ("cx", &x), ("cy", &y), ("r", &r)]);
    }

    /// A square on its corner.
    pub(super) fn diamond(&mut self, class: &str, (x, y): (i64, i64), radius: i64) {
        let points = [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)];
        self.path(class, &points, true);
    }

    pub(super) fn square(&mut self, class: &str, (x, y): (i64, i64), half: i64) {
        let (left, right, top, bottom) = (x - half, x + half, y - half, y + half);
        self.path(class, &[(left, top), (right, top), (right, bottom), (left, bottom)], true);
    }

    /// A triangle with its point up.
    pub(super) fn triangle(&mut self, class: &str, (x, y): (i64, i64), radius: i64) {
        let base = y + radius * 4 / 5;
        self.path(class, &[(x, y - radius), (x + radius, base), (x - radius, base)], true);
    }

    /// What is drawn, without a frame.
    pub(super) fn write_body(&self, out: &mut Markup) {
        out.append(&self.body);
    }

    /// The picture, with what it says to those who do not see it.
    pub(super) fn picture(&self, id: &str, title: &str, description: &str, out: &mut Markup) {
        let (title_id, text_id) = (format!("{id}-title"), format!("{id}-text"));
        let labelled = format!("{title_id} {text_id}");
        let view = format!("0 0 {} {}", px(WIDTH), px(self.height));
        let named = [
            ("class", "chart"),
            ("role", "img"),
            ("aria-labelledby", labelled.as_str()),
            ("viewBox", view.as_str()),
        ];
        out.open("svg", &named);
        out.element("title", &[("id", &title_id)], title);
        out.element("desc", &[("id", &text_id)], description);
        self.write_body(out);
        out.close("svg");
    }
}

/// A box.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rect<'a> {
    pub(super) class: &'a str,
    pub(super) x: (i64, i64),
    pub(super) y: (i64, i64),
    pub(super) title: &'a str,
    /// Exact figures as `data-` attributes.
    pub(super) data: &'a [Attribute<'a>],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        assert_eq!([px(0), px(10), px(-5), px(1_234)], ["0", "1", "-0.5", "123.4"]);
        assert_eq!(shortened("abcdefgh", 6), "ab…fgh");
    }

    #[test]
    fn long_names_have_two_lines() {
        assert_eq!(in_lines("one two", 7), ["one two"]);
        assert_eq!(in_lines("one two three", 8), ["one two", "three"]);
        assert_eq!(in_lines("one abcdefgh", 6), ["one", "ab…fgh"]);
        assert_eq!(in_lines("abcdefgh", 6), ["ab…fgh"]);
    }
}
