//! Tables: the grids of other forms, with captions and the scope of every head.

use super::markup::Markup;
use crate::report::{Align, Grid};

/// Rows up to which a table is open at once.
const SHORT: usize = 31;

/// A table with what it is about.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) caption: String,
    pub(super) grid: Grid,
}

impl Table {
    /// The table in a box of its own that scrolls.
    pub(super) fn write(&self, out: &mut Markup) {
        let label = self.caption.as_str();
        let scrolls =
            [("class", "scroll"), ("role", "region"), ("aria-label", label), ("tabindex", "0")];
        out.open("div", &scrolls);
        out.open("table", &[]);
        out.element("caption", &[], &self.caption);
        out.open("thead", &[]);
        out.open("tr", &[]);
        for (name, align) in &self.grid.columns {
            out.element("th", &[("scope", "col"), ("class", class(*align))], name);
        }
        out.close("tr");
        out.close("thead");
        let first_total = self.grid.rows.len().saturating_sub(self.grid.totals);
        self.body(&self.grid.rows[..first_total], "rows", out);
        self.body(&self.grid.rows[first_total..], "totals", out);
        out.close("table");
        out.close("div");
        out.line();
    }

    fn body(&self, rows: &[Vec<String>], kind: &str, out: &mut Markup) {
        if rows.is_empty() {
            return;
        }
        out.open("tbody", &[("class", kind)]);
        for row in rows {
            out.line();
            out.open("tr", &[]);
            for (at, (cell, (_, align))) in row.iter().zip(&self.grid.columns).enumerate() {
                if at == 0 {
                    out.element("th", &[("scope", "row"), ("class", class(*align))], cell);
                } else {
                    out.element("td", &[("class", class(*align))], cell);
                }
            }
            out.close("tr");
        }
        out.close("tbody");
    }

    /// The table under a line that opens it; a short one is open.
    pub(super) fn write_folded(&self, out: &mut Markup) {
        let open: &[(&str, &str)] =
            if self.grid.rows.len() <= SHORT { &[("open", "open")] } else { &[] };
        out.open("details", open);
        out.element("summary", &[], &format!("Table: {}", self.caption));
        self.write(out);
        out.close("details");
        out.line();
    }
}

fn class(align: Align) -> &'static str {
    match align {
        Align::Left => "text",
        Align::Right => "number",
    }
}
