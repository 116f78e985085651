//! The HTML page of a comparison.

use std::collections::BTreeSet;

use super::CompareReport;
use super::figures::ScenarioFigures;
use super::tables::{percent, quantile};
use crate::money::{Amount, MoneyError};
use crate::report::forecast::figures::Spread;
use crate::report::html::{Columns, Figure, Layout, Page, Row, Rows, Section, Series};
use crate::report::{Align, Grid, format};

impl CompareReport {
    /// The page.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn page(&self) -> Result<Page, MoneyError> {
        let (head, notes) = self.sentences();
        let last = self.horizon.end.pred_opt().unwrap_or(self.horizon.end);
        Ok(Page {
            title: format!("Comparison of scenarios, {} to {last}", self.horizon.start),
            lead: vec![head],
            figures: self.main_figures(),
            sections: vec![
                Section::new("Cost of each scenario").chart(self.cost_rows().chart()),
                self.difference_section(),
                self.driver_section()?,
                self.cash_section()?,
                self.provider_section()?,
                Section::notes(notes),
                Section::quality(&self.inputs, &self.diagnostics),
            ],
        })
    }

    /// A figure a scenario, by the cost that decides.
    fn main_figures(&self) -> Vec<Figure> {
        let figure = |scenario: &ScenarioFigures| {
            let spread = match self.basis {
                "billed" => &scenario.billed,
                _ => &scenario.effective,
            };
            let [low, high] = ["0.1", "0.9"].map(|p| format::amount(quantile(spread, p)));
            let mut more = vec![format!("80 %: {low} to {high}")];
            if scenario.regret.is_some() {
                more.push(format!("the cheapest on {}", percent(scenario.cheapest)));
            }
            Figure {
                name: format!("{}, {}", scenario.name, self.basis),
                value: format::money(quantile(spread, "0.5"), self.unit),
                more,
            }
        };
        self.scenarios.iter().map(figure).collect()
    }

    fn cost_rows(&self) -> Rows {
        let row = |name: &str, kind: &str, spread: &Spread| Row {
            name: format!("{name}, {kind}"),
            ranges: vec![(quantile(spread, "0.1"), quantile(spread, "0.9"))],
            point: Some(quantile(spread, "0.5")),
            mark: Some(quantile(spread, "0.95")),
            ..Row::default()
        };
        let both = |s: &ScenarioFigures| {
            [row(&s.name, "effective", &s.effective), row(&s.name, "billed", &s.billed)]
        };
        Rows {
            title: "Cost to the horizon".to_owned(),
            ranges: vec!["P10 to P90".to_owned()],
            point: "median",
            mark: "P95",
            ..self.rows(self.scenarios.iter().flat_map(both).collect(), self.cost_grid())
        }
    }

    /// Differences, and how often each scenario is the cheaper and the cheapest.
    fn difference_section(&self) -> Section {
        let section = Section::new("Differences");
        if self.scenarios.iter().all(|scenario| scenario.difference.is_none()) {
            return section.table("Against the base", Some(self.difference_grid()));
        }
        // What is compared with nothing keeps its row, empty.
        let row = |scenario: &ScenarioFigures| {
            let found = scenario.difference.as_ref().map(|difference| &difference.paired);
            let itself = (scenario.name == self.base).then_some(Amount::ZERO);
            let interval = found.map(|found| (quantile(found, "0.1"), quantile(found, "0.9")));
            Row {
                name: scenario.name.clone(),
                ranges: interval.into_iter().collect(),
                point: found.map(|found| found.mean).or(itself),
                ..Row::default()
            }
        };
        let rows = self.scenarios.iter().map(row).collect();
        let differences = Rows {
            title: format!("Against {}: below zero is cheaper", self.base),
            ranges: vec!["80 % interval of the difference".to_owned()],
            point: "mean difference",
            ..self.rows(rows, self.difference_grid())
        };
        section.chart(differences.chart()).chart(self.chance_rows().chart())
    }

    fn chance_rows(&self) -> Rows {
        let mut grid = Grid::new(&[
            ("scenario", Align::Left),
            ("cheapest of all on", Align::Right),
            (&format!("cheaper than {} on", self.base), Align::Right),
        ]);
        let compared = self.scenarios.iter().filter(|scenario| scenario.regret.is_some());
        let mut rows = Vec::new();
        for scenario in compared {
            let cheaper = scenario.difference.as_ref().map(|found| found.cheaper);
            grid.rows.push(vec![
                scenario.name.clone(),
                percent(scenario.cheapest),
                cheaper.map(percent).unwrap_or_default(),
            ]);
            rows.push(Row {
                name: scenario.name.clone(),
                bar: Some(share(scenario.cheapest)),
                mark: cheaper.map(share),
                ..Row::default()
            });
        }
        Rows {
            title: "Chance of being the cheapest".to_owned(),
            unit: "share of the paths".to_owned(),
            show: format::share,
            bar: "cheapest of all",
            mark: "cheaper than the base",
            ..self.rows(rows, grid)
        }
    }

    /// A chain of bars a scenario: each change begins where the one before ended.
    fn driver_section(&self) -> Result<Section, MoneyError> {
        let mut section = Section::new("What drives it");
        for scenario in self.scenarios.iter().filter(|s| !s.drivers.is_empty()) {
            let columns =
                [("change", Align::Left), ("about", Align::Left), ("amount", Align::Right)];
            let mut grid = Grid::new(&columns);
            let (mut rows, mut sum) = (Vec::new(), Amount::ZERO);
            for driver in &scenario.drivers {
                let (kind, change) = (driver.kind.to_owned(), driver.change.clone());
                let (name, bar) = (format!("{kind}: {change}"), Some(driver.amount));
                grid.rows.push(vec![change, kind, format::amount(driver.amount)]);
                rows.push(Row { name, bar, start: sum, ..Row::default() });
                sum = sum.checked_add(driver.amount)?;
            }
            if scenario.drivers.len() > 1 {
                grid.rows.push(vec!["all changes".to_owned(), String::new(), format::amount(sum)]);
                grid.totals = 1;
                let name = "all changes".to_owned();
                rows.push(Row { name, bar: Some(sum), ..Row::default() });
            }
            let chain = Rows {
                title: format!("{} against {}, change by change", scenario.name, self.base),
                bar: "adds, from the end of the change before",
                ..self.rows(rows, grid)
            };
            section = section.chart(chain.chart());
        }
        Ok(section)
    }

    fn cash_section(&self) -> Result<Section, MoneyError> {
        let months: BTreeSet<&String> = self.scenarios.iter().flat_map(|s| s.cash.keys()).collect();
        let series = |scenario: &ScenarioFigures| Series {
            name: scenario.name.clone(),
            values: months
                .iter()
                .map(|month| scenario.cash.get(*month).copied().unwrap_or_default())
                .collect(),
        };
        let cash = Columns {
            title: self.cash_title().replacen('c', "C", 1),
            axis: "due in".to_owned(),
            currency: self.currency.clone(),
            names: months.iter().map(|month| (*month).clone()).collect(),
            layout: Layout::Beside,
            series: self.scenarios.iter().map(series).collect(),
            mark: None,
        };
        let mut worth =
            Grid::new(&[("scenario", Align::Left), ("present value, mean", Align::Right)]);
        let known = self.scenarios.iter().filter_map(|s| Some((s, s.present_value?)));
        worth.rows = known.map(|(s, value)| vec![s.name.clone(), format::amount(value)]).collect();
        let caption = format!("Worth of all payments on the first day, {}", self.currency);
        Ok(Section::new("Cash").chart(cash.chart()?).table(&caption, Some(worth)))
    }

    fn provider_section(&self) -> Result<Section, MoneyError> {
        let names: BTreeSet<&String> =
            self.scenarios.iter().flat_map(|s| s.providers.keys()).collect();
        let series = |name: String, of: &dyn Fn(&ScenarioFigures) -> Amount| Series {
            name,
            values: self.scenarios.iter().map(of).collect(),
        };
        let mut all: Vec<Series> = names
            .into_iter()
            .map(|name| {
                let of = |s: &ScenarioFigures| s.providers.get(name).copied().unwrap_or_default();
                series(name.clone(), &of)
            })
            .collect();
        if self.scenarios.iter().any(|s| s.beside_usage.to_fixed(2) != "0.00") {
            all.push(series("fees, shortfalls and other".to_owned(), &|s| s.beside_usage));
        }
        let providers = Columns {
            title: "Effective cost by provider, mean".to_owned(),
            axis: "scenario".to_owned(),
            currency: self.currency.clone(),
            names: self.scenarios.iter().map(|s| s.name.clone()).collect(),
            layout: Layout::Stacked,
            series: all,
            mark: None,
        };
        Ok(Section::new("Providers").chart(providers.chart()?))
    }

    /// Rows of money without names.
    fn rows(&self, rows: Vec<Row>, grid: Grid) -> Rows {
        Rows {
            title: String::new(),
            unit: self.currency.clone(),
            show: format::amount,
            rows,
            bar: "",
            ranges: Vec::new(),
            point: "",
            mark: "",
            limit: "",
            grid,
        }
    }
}

/// A share of the paths, which has six places.
fn share(of: f64) -> Amount {
    format!("{of:.6}").parse().unwrap_or_default()
}
