//! Tables of text, and the formats they can be printed in.

use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width,
};

/// One rule under the header: dense enough for long tables, and it copies well.
const PLAIN: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Which side a column leans to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table of text.
#[derive(Debug, Clone, Default)]
pub struct Grid {
    /// Names of the columns.
    pub columns: Vec<(String, Align)>,
    /// Cells, as many in each row as there are columns.
    pub rows: Vec<Vec<String>>,
    /// The last so many rows are totals.
    pub totals: usize,
}

/// How a table is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// For terminals, at most this wide; 0 for no limit.
    Terminal {
        /// Columns of the terminal.
        width: u16,
    },
    /// Markdown.
    Markdown,
    /// Comma-separated values.
    Csv,
}

impl Grid {
    /// A table without rows.
    #[must_use]
    pub fn new(columns: &[(&str, Align)]) -> Self {
        let columns = columns.iter().map(|(name, align)| ((*name).to_owned(), *align)).collect();
        Self { columns, rows: Vec::new(), totals: 0 }
    }

    /// The text of the table, with a newline at the end.
    ///
    /// # Errors
    /// If CSV cannot be written, which does not happen in memory.
    pub fn render(&self, style: Style) -> std::io::Result<String> {
        match style {
            Style::Terminal { width } => Ok(self.terminal(width)),
            Style::Markdown => Ok(self.markdown()),
            Style::Csv => self.csv(),
        }
    }

    fn terminal(&self, width: u16) -> String {
        let mut table = Table::new();
        table.load_style(PLAIN);
        if width > 0 {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        let side = |align: Align| match align {
            Align::Left => CellAlignment::Left,
            Align::Right => CellAlignment::Right,
        };
        table.set_header(
            self.columns.iter().map(|(name, align)| Cell::new(name).set_alignment(side(*align))),
        );
        for row in &self.rows {
            let cells = row.iter().zip(&self.columns);
            table.add_row(
                cells.map(|(text, (_, align))| {
                    Cell::new(printable(text)).set_alignment(side(*align))
                }),
            );
        }
        // A number or a name broken over two lines cannot be read: only long text gives way.
        for at in 0..self.columns.len() {
            let longest = self.rows.iter().map(|row| widest_line(&row[at])).max().unwrap_or(0);
            if let Some(column) = table.column_mut(at) {
                column.set_constraint(if longest <= LONG_TEXT {
                    ColumnConstraint::ContentWidth
                } else {
                    ColumnConstraint::LowerBoundary(Width::Fixed(20))
                });
            }
        }
        let text: Vec<String> =
            table.to_string().lines().map(|l| l.trim_end().to_owned()).collect();
        format!("{}\n", text.join("\n"))
    }

    fn markdown(&self) -> String {
        let escape =
            |text: &str| text.replace('\\', "\\\\").replace('|', "\\|").replace(['\n', '\r'], " ");
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let mut text = line(self.columns.iter().map(|(name, _)| escape(name)).collect());
        let rule = |align: &Align| {
            if *align == Align::Right { "---:" } else { "---" }
        };
        text.push_str(&line(
            self.columns.iter().map(|(_, align)| rule(align).to_owned()).collect(),
        ));
        let first_total = self.rows.len() - self.totals;
        for (at, row) in self.rows.iter().enumerate() {
            let cell = |c: &String| match (at >= first_total, c.is_empty()) {
                (true, false) => format!("**{}**", escape(c)),
                _ => escape(c),
            };
            text.push_str(&line(row.iter().map(cell).collect()));
        }
        text
    }

    /// Cells that a spreadsheet would run as a formula get a quote in front.
    fn csv(&self) -> std::io::Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.columns.iter().map(|(name, _)| name))?;
        for row in &self.rows {
            writer.write_record(
                row.iter().zip(&self.columns).map(|(cell, (_, align))| harmless(cell, *align)),
            )?;
        }
        let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Cells up to this many characters are never broken.
const LONG_TEXT: usize = 44;

fn widest_line(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
}

/// Names come from logs: control characters must not reach a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

fn harmless(cell: &str, align: Align) -> String {
    let risky = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if risky && align == Align::Left { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        let mut grid = Grid::new(&[("model", Align::Left), ("cost", Align::Right)]);
        grid.rows = vec![
            vec!["a|b".into(), "1.00".into()],
            vec!["=cmd()".into(), "-2.00".into()],
            vec!["total".into(), "-1.00".into()],
        ];
        grid.totals = 1;
        grid
    }

    #[test]
    fn markdown_escapes_and_marks_totals() {
        let text = grid().render(Style::Markdown).unwrap();
        assert_eq!(
            text,
            "| model | cost |\n| --- | ---: |\n| a\\|b | 1.00 |\n| =cmd() | -2.00 |\n| **total** | **-1.00** |\n"
        );
    }

    #[test]
    fn csv_defuses_formulas_but_not_numbers() {
        assert_eq!(
            grid().render(Style::Csv).unwrap(),
            "model,cost\na|b,1.00\n'=cmd(),-2.00\ntotal,-1.00\n"
        );
    }

    #[test]
    fn terminal_aligns() {
        let text = grid().render(Style::Terminal { width: 0 }).unwrap();
        assert_eq!(text.lines().last().unwrap().trim_end(), " total    -1.00");
    }
}
