//! A comparison as rows for programs: scenarios, what drives them, what leaving a provider adds, and ratios of
//! tokens. Each kind of row has values in its own columns.

use super::CompareReport;
use super::assumed::{LeavingFigures, RatioFigures};
use super::figures::{DriverFigures, ScenarioFigures};
use super::tables::{SHOWN, quantile};
use crate::report::forecast::figures::Spread;
use crate::report::{Align, Grid};

/// A row by the names of its columns.
type Cells = Vec<(String, String)>;

impl CompareReport {
    /// Every figure of a scenario that is no table of its own, exact.
    #[must_use]
    pub fn csv_grid(&self) -> Grid {
        let mut columns =
            vec![("kind".to_owned(), Align::Left), ("scenario".to_owned(), Align::Left)];
        columns.extend(names().into_iter().map(|name| (name, Align::Right)));
        columns.extend(WORDS.map(|name| (name.to_owned(), Align::Left)));
        columns.extend(ratio_names().into_iter().map(|name| (name, Align::Right)));
        let mut grid = Grid { columns, ..Grid::default() };
        let mut add = |kind: &str, scenario: &ScenarioFigures, mut cells: Cells| {
            cells.push(("kind".to_owned(), kind.to_owned()));
            cells.push(("scenario".to_owned(), scenario.name.clone()));
            let value = |name: &String| {
                let found = cells.iter().find(|(column, _)| column == name);
                found.map(|(_, value)| value.clone()).unwrap_or_default()
            };
            let row = grid.columns.iter().map(|(name, _)| value(name)).collect();
            grid.rows.push(row);
        };
        for scenario in &self.scenarios {
            add("scenario", scenario, self.with_currency(of_scenario(scenario)));
        }
        for scenario in &self.scenarios {
            for driver in &scenario.drivers {
                add("driver", scenario, self.with_currency(of_driver(driver)));
            }
            for ratio in &scenario.token_ratios {
                add("token_ratio", scenario, of_ratio(&ratio.change, ratio));
            }
            for left in scenario.leaving.iter().filter(|_| self.has_fallbacks()) {
                add("leaving", scenario, self.with_currency(of_leaving(left)));
                for ratio in &left.token_ratios {
                    add("leaving_token_ratio", scenario, of_ratio(&left.provider, ratio));
                }
            }
        }
        grid
    }

    fn with_currency(&self, mut cells: Cells) -> Cells {
        cells.push(("currency".to_owned(), self.currency.clone()));
        cells
    }
}

/// Columns of words, after those of figures.
const WORDS: [&str; 4] = ["name", "detail", "from", "to"];

/// Columns of figures.
fn names() -> Vec<String> {
    let mut names = Vec::new();
    for kind in ["effective", "billed"] {
        names.push(format!("{kind}_mean"));
        names.extend(SHOWN.map(|(name, _)| format!("{kind}_{}", name.to_lowercase())));
    }
    let more = ["difference_mean", "difference_p10", "difference_p90", "cheaper", "cheapest"];
    let last = ["regret", "p95_less_p50", "break_even", "present_value", "currency"];
    names.extend(more.into_iter().chain(last).map(str::to_owned));
    names
}

/// Columns of ratios of tokens.
fn ratio_names() -> Vec<String> {
    let of = |text: &str| ["ratio", "low", "high", "basis"].map(|name| format!("{text}_{name}"));
    let mut names: Vec<String> = ["input", "output"].iter().flat_map(|text| of(text)).collect();
    names.push("output_length".to_owned());
    names
}

fn cell(name: &str, value: impl ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}

fn of_difference(spread: &Spread) -> Cells {
    vec![
        cell("difference_mean", spread.mean),
        cell("difference_p10", quantile(spread, "0.1")),
        cell("difference_p90", quantile(spread, "0.9")),
    ]
}

fn of_scenario(scenario: &ScenarioFigures) -> Cells {
    let mut cells = Vec::new();
    for (kind, spread) in [("effective", &scenario.effective), ("billed", &scenario.billed)] {
        cells.push(cell(&format!("{kind}_mean"), spread.mean));
        for (name, probability) in SHOWN {
            let name = format!("{kind}_{}", name.to_lowercase());
            cells.push(cell(&name, quantile(spread, probability)));
        }
    }
    if let Some(found) = &scenario.difference {
        cells.extend(of_difference(&found.paired));
        cells.push(cell("cheaper", found.cheaper));
    }
    cells.push(cell("cheapest", scenario.cheapest));
    cells.extend(scenario.regret.map(|regret| cell("regret", regret)));
    cells.push(cell("p95_less_p50", scenario.p95_less_p50));
    cells.extend(scenario.break_even.as_ref().map(|even| cell("break_even", even.volume_factor)));
    cells.extend(scenario.present_value.map(|worth| cell("present_value", worth)));
    cells
}

/// What a change adds, of a kind.
fn of_driver(driver: &DriverFigures) -> Cells {
    vec![
        cell("difference_mean", driver.amount),
        cell("name", &driver.change),
        cell("detail", driver.kind),
    ]
}

/// What leaving a provider adds: nothing is known of it where usage has nowhere to go.
fn of_leaving(left: &LeavingFigures) -> Cells {
    let mut cells = left.added.as_ref().map(of_difference).unwrap_or_default();
    cells.push(cell("name", &left.provider));
    cells.push(cell("to", left.to.join(", ")));
    if !left.lacks.is_empty() {
        cells.push(cell("detail", format!("lacks {}", left.lacks.join(", "))));
    }
    cells
}

fn of_ratio(name: &str, ratio: &RatioFigures) -> Cells {
    let mut cells = vec![
        cell("name", name),
        cell("from", format!("{}/{}", ratio.from.provider, ratio.from.model)),
        cell("to", format!("{}/{}", ratio.to.provider, ratio.to.model)),
        cell("output_length", ratio.output_length),
    ];
    for (text, of) in [("input", &ratio.input), ("output", &ratio.output)] {
        cells.push(cell(&format!("{text}_ratio"), of.ratio));
        cells.push(cell(&format!("{text}_low"), of.low));
        cells.push(cell(&format!("{text}_high"), of.high));
        cells.push(cell(&format!("{text}_basis"), of.basis));
    }
    cells
}
