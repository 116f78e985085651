//! The tables of a comparison.

use std::collections::BTreeSet;

use super::CompareReport;
use super::assumed::{ModelName, RatioFigures};
use super::figures::ScenarioFigures;
use crate::money::Amount;
use crate::report::forecast::figures::Spread;
use crate::report::{Align, Grid, format};

pub(super) const SHOWN: [(&str, &str); 4] =
    [("P10", "0.1"), ("P50", "0.5"), ("P90", "0.9"), ("P95", "0.95")];

impl CompareReport {
    /// Every table that has rows, in order.
    #[must_use]
    pub fn grids(&self) -> Vec<Grid> {
        let cash = |s: &ScenarioFigures, month: &str| s.cash.get(month).copied();
        let months = self.scenarios.iter().flat_map(|s| s.cash.keys());
        let mut cash_grid = self.side_by_side(self.cash_title(), months, cash);
        if self.scenarios.iter().any(|s| s.present_value.is_some()) {
            let mut row = vec!["present value, mean".to_owned()];
            let worth = |s: &ScenarioFigures| s.present_value.map(format::amount);
            row.extend(self.scenarios.iter().map(|s| worth(s).unwrap_or_default()));
            cash_grid.rows.push(row);
        }
        let provider = |s: &ScenarioFigures, name: &str| s.providers.get(name).copied();
        let providers = self.scenarios.iter().flat_map(|s| s.providers.keys());
        let mut shares = self.side_by_side("effective cost by provider, mean", providers, provider);
        if self.scenarios.iter().any(|s| s.beside_usage.to_fixed(2) != "0.00") {
            let mut row = vec!["fees, shortfalls and other".to_owned()];
            row.extend(self.scenarios.iter().map(|s| format::amount(s.beside_usage)));
            shares.rows.push(row);
        }
        let grids = [
            self.cost_grid(),
            self.difference_grid(),
            self.driver_grid(),
            self.ratio_grid(),
            cash_grid,
            shares,
            self.leaving_grid(),
        ];
        grids.into_iter().filter(|grid| !grid.rows.is_empty()).collect()
    }

    pub(super) fn cost_grid(&self) -> Grid {
        let mut columns = vec![("scenario", Align::Left), ("cost", Align::Left)];
        columns.push(("mean", Align::Right));
        columns.extend(SHOWN.map(|(name, _)| (name, Align::Right)));
        let mut grid = Grid::new(&columns);
        for scenario in &self.scenarios {
            for (name, spread) in [("effective", &scenario.effective), ("billed", &scenario.billed)]
            {
                let title = if name == "effective" { scenario.name.clone() } else { String::new() };
                let mut row = vec![title, name.to_owned(), format::amount(spread.mean)];
                row.extend(SHOWN.map(|(_, p)| format::amount(quantile(spread, p))));
                grid.rows.push(row);
            }
        }
        grid
    }

    pub(super) fn difference_grid(&self) -> Grid {
        let against = format!("against {}", self.base);
        let mut grid = Grid::new(&[
            (&against, Align::Left),
            ("mean", Align::Right),
            ("80% interval", Align::Right),
            ("cheaper on", Align::Right),
            ("cheapest of all on", Align::Right),
            ("mean regret", Align::Right),
            ("P95 - P50", Align::Right),
            ("break-even volume", Align::Left),
        ]);
        for scenario in &self.scenarios {
            let (mean, interval, cheaper) = match &scenario.difference {
                Some(found) => (
                    format::amount(found.paired.mean),
                    format!(
                        "{} to {}",
                        format::amount(quantile(&found.paired, "0.1")),
                        format::amount(quantile(&found.paired, "0.9"))
                    ),
                    percent(found.cheaper),
                ),
                None => Default::default(),
            };
            let even = match (&scenario.break_even, &scenario.difference) {
                (Some(even), _) => {
                    format!("{:.3} x, cheaper {}", even.volume_factor, even.cheaper)
                }
                (None, Some(_)) => "none from 0.05 x to 20 x".to_owned(),
                (None, None) if !scenario.unpriced.is_empty() => "lacks prices".to_owned(),
                (None, None) => String::new(),
            };
            grid.rows.push(vec![
                scenario.name.clone(),
                mean,
                interval,
                cheaper,
                scenario.regret.map(|_| percent(scenario.cheapest)).unwrap_or_default(),
                scenario.regret.map(format::amount).unwrap_or_default(),
                format::amount(scenario.p95_less_p50),
                even,
            ]);
        }
        grid
    }

    /// Months, or years where there are many.
    pub(super) fn cash_title(&self) -> &'static str {
        let by_year = |s: &ScenarioFigures| s.cash.keys().any(|name| !name.contains('-'));
        if self.scenarios.iter().any(by_year) {
            "cash by year, median"
        } else {
            "cash by month, median"
        }
    }

    /// What each change adds, on mean usage.
    pub(super) fn driver_grid(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("what drives it", Align::Left),
            ("kind", Align::Left),
            ("change", Align::Left),
            ("adds", Align::Right),
        ]);
        for scenario in &self.scenarios {
            for (at, driver) in scenario.drivers.iter().enumerate() {
                let title = if at == 0 { scenario.name.clone() } else { String::new() };
                let (kind, change) = (driver.kind.to_owned(), driver.change.clone());
                grid.rows.push(vec![title, kind, change, format::amount(driver.amount)]);
            }
        }
        grid
    }

    /// The ratios of tokens that moves to other models took.
    fn ratio_grid(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("tokens for one now", Align::Left),
            ("from", Align::Left),
            ("to", Align::Left),
            ("prompts", Align::Right),
            ("responses", Align::Right),
            ("ratio is", Align::Left),
        ]);
        let mut row = |title: String, used: &RatioFigures| {
            let model = |name: &ModelName| format!("{}/{}", name.provider, name.model);
            let (input, output) = (&used.input, &used.output);
            let mut basis = vec![input.basis, output.basis];
            basis.dedup();
            let (from, to) = (model(&used.from), model(&used.to));
            let cells = vec![title, from, to, input.words(), output.words(), basis.join(", ")];
            if !grid.rows.contains(&cells) {
                grid.rows.push(cells);
            }
        };
        for scenario in &self.scenarios {
            scenario.token_ratios.iter().for_each(|used| row(scenario.name.clone(), used));
        }
        for left in self.scenarios.iter().flat_map(|scenario| &scenario.leaving) {
            let title = format!("leaving {}", left.provider);
            left.token_ratios.iter().for_each(|used| row(title.clone(), used));
        }
        grid
    }

    /// What leaving a provider adds; no rows where no fallback is stated at all.
    fn leaving_grid(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("leaving a provider", Align::Left),
            ("provider", Align::Left),
            ("usage goes to", Align::Left),
            ("adds, mean", Align::Right),
            ("80% interval", Align::Right),
        ]);
        if !self.has_fallbacks() {
            return grid;
        }
        for scenario in &self.scenarios {
            for (at, left) in scenario.leaving.iter().enumerate() {
                let title = if at == 0 { scenario.name.clone() } else { String::new() };
                let (mean, interval) = match &left.added {
                    Some(added) => (
                        format::amount(added.mean),
                        format!(
                            "{} to {}",
                            format::amount(quantile(added, "0.1")),
                            format::amount(quantile(added, "0.9"))
                        ),
                    ),
                    None => ("not known".to_owned(), String::new()),
                };
                let to = match (left.to.is_empty(), left.lacks.is_empty()) {
                    (true, true) => "no fallback is stated".to_owned(),
                    (_, true) => left.to.join(", "),
                    _ => format!("lacks {}", left.lacks.join(", ")),
                };
                grid.rows.push(vec![title, left.provider.clone(), to, mean, interval]);
            }
        }
        grid
    }

    /// True if a fallback is stated for any usage.
    pub(super) fn has_fallbacks(&self) -> bool {
        let mut all = self.scenarios.iter().flat_map(|s| &s.leaving);
        all.any(|left| !left.to.is_empty() || !left.lacks.is_empty())
    }

    /// One row a name, one column a scenario.
    fn side_by_side<'s>(
        &'s self,
        title: &str,
        names: impl Iterator<Item = &'s String>,
        of: impl Fn(&ScenarioFigures, &str) -> Option<Amount>,
    ) -> Grid {
        let mut columns = vec![(title, Align::Left)];
        columns.extend(self.scenarios.iter().map(|s| (s.name.as_str(), Align::Right)));
        let mut grid = Grid::new(&columns);
        for name in names.collect::<BTreeSet<_>>() {
            let mut row = vec![name.clone()];
            let amount = |s: &ScenarioFigures| of(s, name).map(format::amount).unwrap_or_default();
            row.extend(self.scenarios.iter().map(amount));
            grid.rows.push(row);
        }
        grid
    }
}

/// A quantile by its name.
pub(in crate::report) fn quantile(spread: &Spread, name: &str) -> Amount {
    spread.quantiles.get(name).copied().unwrap_or_default()
}

/// A share of the paths.
pub(in crate::report) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
