//! The HTML page of a plan.

use super::CommitReport;
use super::figures::SizeFigures;
use super::tables::whole;
use crate::report::compare::quantile;
use crate::report::format;
use crate::report::html::{
    Curve, CurveLine, CurveMark, CurveRange, CurveReference, Figure, Page, Row, Rows, Section,
};

impl CommitReport {
    /// The page.
    #[must_use]
    pub fn page(&self) -> Page {
        let (head, notes) = self.sentences();
        let mut sections = vec![Section::new("Choices").chart(self.choices().chart())];
        for size in &self.sizes {
            let title = format!("Cost by size: {}", size.term);
            sections.push(Section::new(&title).chart(self.curve(size).chart()));
        }
        sections.push(Section::notes(notes));
        sections.push(Section::quality(&self.inputs, &self.diagnostics));
        Page {
            title: "How much to commit".to_owned(),
            lead: vec![head],
            figures: self.figures(),
            sections,
        }
    }

    fn figures(&self) -> Vec<Figure> {
        let mut figures: Vec<Figure> = self
            .sizes
            .iter()
            .map(|size| Figure {
                name: format!("Best {}: {}", size.what, size.term),
                value: size.with_unit(size.best),
                more: std::iter::once(format!("nearly as good: {}", size.near_words()))
                    .chain(Self::risk(size))
                    .collect(),
            })
            .collect();
        figures.push(Figure {
            name: format!("Cost, {}", self.objective),
            value: format::money(self.best.objective, self.unit),
            more: vec![format!("median {}", format::amount(quantile(&self.best.cost, "0.5")))],
        });
        figures
    }

    fn choices(&self) -> Rows {
        let mut rows = vec![self.choice_row("best", &self.best.cost)];
        rows.extend(self.alternatives.iter().map(|other| self.choice_row(other.name, &other.cost)));
        Rows {
            title: "What each choice costs".to_owned(),
            unit: self.currency.clone(),
            show: format::amount,
            rows,
            bar: "",
            ranges: vec!["P10 to P90".to_owned()],
            point: "median",
            mark: "",
            limit: "",
            grid: self.choice_grid(),
        }
    }

    fn choice_row(&self, name: &str, cost: &crate::report::forecast::figures::Spread) -> Row {
        Row {
            name: name.to_owned(),
            ranges: vec![(quantile(cost, "0.1"), quantile(cost, "0.9"))],
            point: Some(quantile(cost, "0.5")),
            ..Row::default()
        }
    }

    fn curve(&self, size: &SizeFigures) -> Curve {
        let line =
            |name: &str, of: &dyn Fn(&super::figures::PointFigures) -> crate::money::Amount| {
                CurveLine { name: name.to_owned(), values: size.curve.iter().map(of).collect() }
            };
        let mut marks: Vec<CurveMark> = size
            .best_point()
            .map(|point| CurveMark {
                name: "best".to_owned(),
                size: point.size,
                value: point.cost.mean,
            })
            .into_iter()
            .collect();
        let at = self.sizes.iter().position(|other| other.term == size.term).unwrap_or(0);
        let others = self.alternatives.iter().filter(|_| self.sizes.len() == 1);
        marks.extend(others.filter_map(|other| {
            Some(CurveMark {
                name: other.name.to_owned(),
                size: *other.sizes.get(at)?,
                value: other.cost.mean,
            })
        }));
        let without = self.alternatives.iter().find(|other| other.name == "without");
        Curve {
            title: format!("Cost by size of {}", size.term),
            axis: size.titled(&size.what),
            show_size: if size.is_money { format::amount } else { whole },
            unit: format!("cost of the horizon, {}", self.currency),
            sizes: size.curve.iter().map(|point| point.size).collect(),
            lines: vec![
                line("mean", &|point| point.cost.mean),
                line("P90", &|point| quantile(&point.cost, "0.9")),
                line("CVaR95", &|point| point.cvar95),
            ],
            near: Some(CurveRange {
                name: "nearly as good".to_owned(),
                from: size.near.low,
                to: size.near.high,
            }),
            marks,
            reference: without.map(|other| CurveReference {
                name: "without, mean".to_owned(),
                value: other.cost.mean,
            }),
            grid: self.curve_grid(size, None),
        }
    }
}
