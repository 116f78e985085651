//! The tables of a settlement. The name of the first column says what a table is about.

use super::SettlementReport;
use super::lines::{COSTS, cost_cells};
use super::text::{days, eve, period};
use crate::money::Amount;
use crate::report::{Align, Grid, format};

impl SettlementReport {
    /// Every table that has rows, in order; lines of invoices only if asked for.
    #[must_use]
    pub fn grids(&self, with_lines: bool) -> Vec<Grid> {
        let lines = if with_lines { self.line_grid() } else { Grid::default() };
        let grids = [
            self.invoice_grid(),
            lines,
            self.total_grid(),
            self.burn_down_grid(),
            self.credit_grid(),
            self.capacity_grid(),
            self.cash_grid(),
            self.group_grid(),
        ];
        grids.into_iter().filter(|grid| !grid.rows.is_empty()).collect()
    }

    pub(super) fn invoice_grid(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("invoice of", Align::Left),
            ("period", Align::Left),
            ("due", Align::Left),
            ("lines", Align::Right),
            ("list", Align::Right),
            ("billed", Align::Right),
            ("currency", Align::Left),
        ]);
        for invoice in &self.invoices {
            grid.rows.push(vec![
                invoice.issuer.clone(),
                period(invoice),
                invoice.due.to_string(),
                invoice.lines.len().to_string(),
                format::amount(invoice.costs.list_cost),
                format::amount(invoice.costs.billed_cost),
                invoice.currency.to_string(),
            ]);
        }
        grid
    }

    pub(super) fn total_grid(&self) -> Grid {
        let mut grid = Grid::new(&[&[("total in", Align::Left)][..], &COSTS].concat());
        for total in &self.totals {
            let mut row = vec![total.currency.to_string()];
            row.extend(cost_cells(&total.costs));
            grid.rows.push(row);
        }
        grid.totals = grid.rows.len();
        grid
    }

    pub(super) fn burn_down_grid(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("commitment", Align::Left),
            ("period", Align::Left),
            ("at end of", Align::Left),
            ("committed", Align::Right),
            ("retired", Align::Right),
            ("used", Align::Right),
            ("remaining", Align::Right),
            ("excess", Align::Right),
            ("shortfall", Align::Right),
            ("currency", Align::Left),
        ]);
        for series in &self.burn_down {
            for state in &series.balances {
                grid.rows.push(vec![
                    series.name.shown(),
                    days(series.start, series.end),
                    eve(state.on),
                    format::amount(state.committed),
                    format::amount(state.retired),
                    percent(state.retired, state.committed),
                    format::amount(state.remaining),
                    format::amount(state.excess),
                    format::amount(state.shortfall),
                    series.currency.to_string(),
                ]);
            }
        }
        grid
    }

    pub(super) fn credit_grid(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("credit", Align::Left),
            ("lot", Align::Right),
            ("at end of", Align::Left),
            ("amount", Align::Right),
            ("paid", Align::Right),
            ("drawn", Align::Right),
            ("lapsed", Align::Right),
            ("remaining", Align::Right),
            ("lapses on", Align::Left),
            ("currency", Align::Left),
        ]);
        for lot in &self.credits {
            for state in &lot.balances {
                grid.rows.push(vec![
                    lot.name.shown(),
                    lot.lot.to_string(),
                    eve(state.on),
                    format::amount(lot.amount),
                    format::amount(lot.price),
                    format::amount(state.drawn),
                    format::amount(state.lapsed),
                    format::amount(state.remaining),
                    lot.expires_on.map(|day| day.to_string()).unwrap_or_default(),
                    lot.currency.to_string(),
                ]);
            }
        }
        grid
    }

    pub(super) fn capacity_grid(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("capacity", Align::Left),
            ("period", Align::Left),
            ("mean used", Align::Right),
            ("peak", Align::Right),
            ("minutes over", Align::Right),
            ("served", Align::Right),
            ("spilled", Align::Right),
            ("unserved", Align::Right),
            ("fee", Align::Right),
            ("per million", Align::Right),
            ("currency", Align::Left),
        ]);
        for capacity in &self.capacities {
            let one = Amount::from_units(1);
            grid.rows.push(vec![
                capacity.name.shown(),
                days(capacity.start, capacity.end),
                percent(capacity.mean_used, one),
                percent(capacity.peak_used, one),
                format::grouped(capacity.minutes_over),
                format::grouped(capacity.served_tokens),
                format::grouped(capacity.spilled_tokens),
                format::grouped(capacity.unserved_tokens),
                format::amount(capacity.fee),
                capacity.effective_per_mtok.map(format::amount).unwrap_or_default(),
                capacity.currency.to_string(),
            ]);
        }
        grid
    }

    fn cash_grid(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("cash due in", Align::Left),
            ("billed", Align::Right),
            ("currency", Align::Left),
        ]);
        for cash in &self.cash {
            let billed = format::amount(cash.billed_cost);
            grid.rows.push(vec![cash.month.clone(), billed, cash.currency.to_string()]);
        }
        grid
    }

    pub(super) fn group_grid(&self) -> Grid {
        let keys: Vec<(&str, Align)> =
            self.group_by.iter().map(|name| (name.as_str(), Align::Left)).collect();
        let counts = [
            ("requests", Align::Right),
            ("tokens", Align::Right),
            ("unpriced tokens", Align::Right),
        ];
        let currency = [("currency", Align::Left)];
        let mut grid = Grid::new(&[&keys[..], &counts, &COSTS, &currency].concat());
        if self.group_by.is_empty() {
            return grid;
        }
        for group in &self.groups {
            let mut row = group.cells.clone();
            row.push(format::grouped(group.requests));
            row.push(format::grouped(group.tokens()));
            row.push(format::grouped(group.unpriced.tokens));
            // What has no price at all costs an unknown amount, not nothing.
            if group.units() > 0 && group.units() == group.unpriced.units() {
                row.extend(COSTS.map(|_| "unpriced".to_owned()));
            } else {
                row.extend(cost_cells(&group.costs));
            }
            row.push(group.currency.to_string());
            grid.rows.push(row);
        }
        grid
    }
}

/// A share as a percentage with one decimal; empty of nothing.
fn percent(part: Amount, whole: Amount) -> String {
    let hundredths = Amount::from_units(100).checked_ratio(part.atto(), whole.atto());
    hundredths.map(|share| format!("{} %", share.to_fixed(1))).unwrap_or_default()
}
