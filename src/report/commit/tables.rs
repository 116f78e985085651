//! The tables of a plan.

use super::CommitReport;
use super::figures::{FitFigures, PointFigures, SizeFigures};
use crate::money::Amount;
use crate::report::compare::{percent, quantile};
use crate::report::{Align, Grid, format};

/// Rows of a curve on a terminal; JSON and CSV have all.
const SHOWN: usize = 22;

impl SizeFigures {
    /// A size with two decimals, or as a whole number.
    pub(super) fn shown(&self, size: Amount) -> String {
        if self.is_money { format::amount(size) } else { whole(size) }
    }

    /// A name with the unit of the sizes, where it does not hold it already.
    pub(super) fn titled(&self, name: &str) -> String {
        if name.contains(&self.unit) { name.to_owned() } else { format!("{name}, {}", self.unit) }
    }

    /// A size with its unit.
    pub(super) fn with_unit(&self, size: Amount) -> String {
        format!("{} {}", self.shown(size), self.unit)
    }

    /// The sizes that are nearly as good.
    pub(super) fn near_words(&self) -> String {
        let (low, high) = (self.shown(self.near.low), self.shown(self.near.high));
        match (self.near.from_start, self.near.to_end) {
            (true, true) => "any that was looked at".to_owned(),
            (true, false) => format!("up to {high}"),
            (false, true) => format!("from {low}"),
            (false, false) => format!("{low} to {high}"),
        }
    }
}

pub(super) fn whole(size: Amount) -> String {
    size.to_fixed(0).parse().map_or_else(|_| size.to_fixed(0), format::grouped)
}

impl CommitReport {
    /// Every table, in order.
    #[must_use]
    pub fn grids(&self) -> Vec<Grid> {
        let mut grids = vec![self.choice_grid()];
        grids.extend(self.sizes.iter().map(|size| self.curve_grid(size, Some(SHOWN))));
        if !self.searches.is_empty() {
            grids.push(self.search_grid());
        }
        grids
    }

    /// The best sizes and other ways of choosing.
    pub(super) fn choice_grid(&self) -> Grid {
        let against = format!("more than best, {}", self.objective_words());
        let mut columns = vec![("choice".to_owned(), Align::Left)];
        let unit = |size: &SizeFigures| {
            let name = if self.sizes.len() == 1 { &size.what } else { &size.term };
            (size.titled(name), Align::Right)
        };
        columns.extend(self.sizes.iter().map(unit));
        let costs = ["mean", "P50", "P90", "P95"].map(|name| (name.to_owned(), Align::Right));
        columns.extend(costs);
        columns.push((against, Align::Right));
        columns.push(("80% interval of it".to_owned(), Align::Right));
        columns.push(("cheaper on".to_owned(), Align::Right));
        let mut grid = Grid { columns, ..Grid::default() };
        let spread = |cost: &crate::report::forecast::figures::Spread| {
            let at = |name: &str| format::amount(quantile(cost, name));
            vec![format::amount(cost.mean), at("0.5"), at("0.9"), at("0.95")]
        };
        let mut row = vec!["best".to_owned()];
        row.extend(self.sizes.iter().map(|size| size.shown(size.best)));
        row.extend(spread(&self.best.cost));
        row.extend([String::new(), String::new(), String::new()]);
        grid.rows.push(row);
        for other in &self.alternatives {
            let mut row = vec![match other.name {
                "look-back" => format!("look-back, {} days", self.look_back_days),
                "without" if self.sizes.len() > 1 => "without these contracts".to_owned(),
                "without" => "without the contract".to_owned(),
                name => name.to_owned(),
            }];
            let sizes = self.sizes.iter().enumerate();
            row.extend(
                sizes.map(|(at, size)| {
                    other.sizes.get(at).map_or(String::new(), |s| size.shown(*s))
                }),
            );
            row.extend(spread(&other.cost));
            let more = other.objective.checked_sub(self.best.objective).unwrap_or_default();
            row.push(format::amount(more));
            let (low, high) = (quantile(&other.more, "0.1"), quantile(&other.more, "0.9"));
            row.push(format!("{} to {}", format::amount(low), format::amount(high)));
            row.push(percent(other.cheaper));
            grid.rows.push(row);
        }
        grid
    }

    /// What each size comes to; `most` rows, or all.
    pub(super) fn curve_grid(&self, size: &SizeFigures, most: Option<usize>) -> Grid {
        let title = match self.sizes.len() {
            1 => size.titled(&size.what),
            _ => format!("{}, others at their best", size.term),
        };
        let right = ["mean", "P50", "P90", "CVaR95"];
        let fits = ["P(shortfall)", "unused", "P(overage)", "need beyond"];
        let mut columns = vec![(title, Align::Right)];
        columns.extend(right.iter().chain(&fits).map(|name| ((*name).to_owned(), Align::Right)));
        columns.push((String::new(), Align::Left));
        let mut grid = Grid { columns, ..Grid::default() };
        for point in shown(size, most) {
            let cost = |name: &str| format::amount(quantile(&point.cost, name));
            let mut row = vec![size.shown(point.size), format::amount(point.cost.mean)];
            row.extend([cost("0.5"), cost("0.9"), format::amount(point.cvar95)]);
            row.extend(fit_cells(point.fit.as_ref()));
            row.push(self.remark(size, point));
            grid.rows.push(row);
        }
        grid
    }

    fn remark(&self, size: &SizeFigures, point: &PointFigures) -> String {
        let allowed = self.best.objective.checked_add(
            self.best
                .objective
                .checked_ratio(self.near.atto(), Amount::from_units(1).atto())
                .unwrap_or_default(),
        );
        match point.size {
            found if found == size.best => "best".to_owned(),
            _ if allowed.is_ok_and(|allowed| point.objective <= allowed) => {
                "nearly as good".to_owned()
            }
            _ => String::new(),
        }
    }

    /// Where searches for several sizes began and ended.
    fn search_grid(&self) -> Grid {
        let mut columns = vec![("search from".to_owned(), Align::Left)];
        columns.push(("found".to_owned(), Align::Left));
        columns.push((self.objective.clone(), Align::Right));
        columns.push(("rounds".to_owned(), Align::Right));
        let mut grid = Grid { columns, ..Grid::default() };
        let words = |sizes: &[Amount]| {
            let one = |(size, of): (&Amount, &SizeFigures)| of.shown(*size);
            sizes.iter().zip(&self.sizes).map(one).collect::<Vec<_>>().join(" | ")
        };
        for search in &self.searches {
            let cost = format::amount(search.objective);
            grid.rows.push(vec![
                words(&search.from),
                words(&search.to),
                cost,
                search.rounds.to_string(),
            ]);
        }
        grid
    }

    /// One row a size that was looked at, exact.
    #[must_use]
    pub fn csv_grid(&self) -> Grid {
        let left = ["term", "unit"].map(|name| (name, Align::Left));
        let right = [
            "size",
            "objective",
            "mean",
            "p10",
            "p50",
            "p90",
            "p95",
            "cvar95",
            "shortfall",
            "unused",
            "overage",
            "beyond",
        ];
        let mut columns = left.to_vec();
        columns.extend(right.map(|name| (name, Align::Right)));
        columns.extend([("best", Align::Left), ("currency", Align::Left)]);
        let mut grid = Grid::new(&columns);
        for size in &self.sizes {
            for point in &size.curve {
                let mut row = vec![size.term.clone(), size.unit.clone(), point.size.to_string()];
                row.extend([point.objective.to_string(), point.cost.mean.to_string()]);
                let quantiles = ["0.1", "0.5", "0.9", "0.95"];
                row.extend(quantiles.map(|name| quantile(&point.cost, name).to_string()));
                row.push(point.cvar95.to_string());
                let of = |of: fn(&FitFigures) -> f64| {
                    point.fit.as_ref().map(|fit| of(fit).to_string()).unwrap_or_default()
                };
                row.extend([
                    of(|f| f.shortfall),
                    of(|f| f.unused),
                    of(|f| f.overage),
                    of(|f| f.beyond),
                ]);
                row.push((point.size == size.best).to_string());
                row.push(self.currency.clone());
                grid.rows.push(row);
            }
        }
        grid
    }
}

fn fit_cells(fit: Option<&FitFigures>) -> [String; 4] {
    let of = |of: fn(&FitFigures) -> f64| fit.map(|fit| percent(of(fit))).unwrap_or_default();
    [of(|f| f.shortfall), of(|f| f.unused), of(|f| f.overage), of(|f| f.beyond)]
}

/// The best size, the ends, and others spread over the curve.
fn shown(size: &SizeFigures, most: Option<usize>) -> Vec<&PointFigures> {
    let count = size.curve.len();
    let Some(most) = most.filter(|most| *most < count) else { return size.curve.iter().collect() };
    let (Some(first), Some(last)) = (size.curve.first(), size.curve.last()) else {
        return Vec::new();
    };
    let mut rows = vec![first];
    let whole = last.size.checked_sub(first.size).unwrap_or_default();
    let intervals = i128::try_from(most.saturating_sub(1).max(1)).unwrap_or(1);
    let gap = whole.checked_ratio(1, intervals).unwrap_or_default();
    for point in &size.curve[1..count - 1] {
        let before = rows.last().map_or(first.size, |row| row.size);
        let far = |a: Amount, b: Amount| a.checked_sub(b).is_ok_and(|way| way >= gap);
        let is_best = point.size == size.best;
        // Those looked at around the best would crowd the table.
        if is_best
            || (far(point.size, before)
                && (far(size.best, point.size) || far(point.size, size.best)))
        {
            rows.push(point);
        }
    }
    rows.push(last);
    rows
}
