//! The tables of a diff.

use super::DiffReport;
use super::figures::{
    CostFigures, FileFigures, ModelFigures, ShownCost, ShownTokens, TokenFigures,
};
use crate::money::Amount;
use crate::prompt_diff::Status;
use crate::report::count::ShownBand;
use crate::report::format::{amount, grouped, percent_change, signed, signed_count};
use crate::report::{Align, Grid};

const LEFT: Align = Align::Left;
const RIGHT: Align = Align::Right;

impl DiffReport {
    /// What models come to, the files that changed, and the limits.
    #[must_use]
    pub fn grids(&self) -> Vec<Grid> {
        let mut grids = vec![self.totals()];
        if self.models.iter().any(|model| model.changed().next().is_some()) {
            grids.push(self.changes());
        }
        if self.models.iter().any(|model| !model.limits.is_empty()) {
            grids.push(self.limits());
        }
        grids
    }

    fn totals(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("model", LEFT),
            ("basis", LEFT),
            ("per", LEFT),
            ("before", RIGHT),
            ("after", RIGHT),
            ("change", RIGHT),
            ("%", RIGHT),
            ("", LEFT),
        ]);
        for model in &self.models {
            let total = &model.total;
            let mut row =
                vec![format!("{}/{}", model.provider, model.model), model.basis.to_owned()];
            row.extend(["request".to_owned()]);
            row.extend(tokens(&total.tokens));
            row.push("tokens".to_owned());
            grid.rows.push(row);
            let mut costs = vec![("request", &total.request)];
            if self.has_traffic {
                costs.push(("month", &total.month));
            }
            for (per, of) in costs {
                let mut row = vec![String::new(), String::new(), per.to_owned()];
                row.extend(cost(of));
                row.push(model.currency.clone());
                grid.rows.push(row);
            }
        }
        grid
    }

    fn changes(&self) -> Grid {
        let mut columns = vec![
            ("file", LEFT),
            ("is", LEFT),
            ("model", LEFT),
            ("tokens before", RIGHT),
            ("after", RIGHT),
            ("change", RIGHT),
            ("cost of a request", RIGHT),
        ];
        if self.has_traffic {
            columns.extend([("requests a month", RIGHT), ("cost of a month", RIGHT)]);
        }
        columns.push(("", LEFT));
        let mut grid = Grid::new(&columns);
        for model in &self.models {
            for file in model.changed() {
                grid.rows.push(self.change(file, model));
            }
        }
        grid.rows.sort_by(|a, b| a[0].cmp(&b[0]));
        grid
    }

    fn change(&self, file: &FileFigures, model: &ModelFigures) -> Vec<String> {
        let status = match &file.from {
            Some(from) => format!("{} from {from}", file.status.name()),
            None => file.status.name().to_owned(),
        };
        let change = change_of(&file.request);
        let side = |is_there: bool, band: &ShownBand| {
            if is_there { band.words() } else { String::new() }
        };
        let mut row = vec![
            file.file.clone(),
            status,
            model.model.clone(),
            side(file.status != Status::Added, &file.tokens.before),
            side(file.status != Status::Removed, &file.tokens.after),
            more(&file.tokens.change),
            change.unwrap_or_else(|| "unpriced".to_owned()),
        ];
        if self.has_traffic {
            let unknown = || "unknown".to_owned();
            row.push(file.requests_per_month.map_or_else(unknown, grouped));
            row.push(change_of(&file.month).unwrap_or_else(unknown));
        }
        row.push(model.currency.clone());
        row
    }

    fn limits(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("limit", LEFT),
            ("model", LEFT),
            ("per", LEFT),
            ("change", RIGHT),
            ("allowed", RIGHT),
            ("", LEFT),
            ("verdict", LEFT),
        ]);
        for model in &self.models {
            for limit in &model.limits {
                let of = model.per(limit.per);
                grid.rows.push(vec![
                    limit.limit.clone(),
                    format!("{}/{}", model.provider, model.model),
                    limit.per.to_owned(),
                    change_of(of).unwrap_or_else(|| "unknown".to_owned()),
                    limit.allowed.map_or_else(|| "unknown".to_owned(), amount),
                    model.currency.clone(),
                    limit.verdict.to_owned(),
                ]);
            }
        }
        grid
    }

    /// One row a model and file, and one a model for all files, whose `file` is empty.
    #[must_use]
    pub fn csv_grid(&self) -> Grid {
        let text = ["provider", "model", "file", "from", "status", "tokenizer", "basis"];
        let tokens = ["before", "after", "change", "change_low", "change_high"];
        let costs = tokens.map(|name| (format!("request_{name}"), format!("month_{name}")));
        let mut columns: Vec<(String, Align)> =
            text.iter().map(|name| ((*name).to_owned(), LEFT)).collect();
        columns.extend(tokens.map(|name| (format!("tokens_{name}"), RIGHT)));
        columns.extend(costs.iter().map(|(name, _)| (name.clone(), RIGHT)));
        columns.push(("requests_per_month".to_owned(), RIGHT));
        columns.extend(costs.iter().map(|(_, name)| (name.clone(), RIGHT)));
        columns.push(("currency".to_owned(), LEFT));
        let mut grid = Grid { columns, ..Grid::default() };
        for model in &self.models {
            for file in &model.files {
                let from = file.from.clone().unwrap_or_default();
                let head = [file.file.clone(), from, file.status.name().to_owned()];
                let requests = file.requests_per_month.map(|n| n.to_string());
                let costs = [&file.request, &file.month];
                grid.rows.push(csv_row(model, head, &file.tokens, costs, requests));
            }
            let total = &model.total;
            let costs = [&total.request, &total.month];
            grid.rows.push(csv_row(model, Default::default(), &total.tokens, costs, None));
        }
        grid
    }
}

impl ModelFigures {
    /// The cost that a limit is for.
    pub(super) fn per(&self, per: &str) -> &CostFigures {
        if per == "month" { &self.total.month } else { &self.total.request }
    }
}

fn tokens(of: &TokenFigures) -> [String; 4] {
    [of.before.words(), of.after.words(), more(&of.change), share(of.percent)]
}

fn cost(of: &CostFigures) -> [String; 4] {
    let shown = |cost: &Option<ShownCost>| {
        cost.as_ref().map_or_else(|| "unknown".to_owned(), |cost| band(cost, amount))
    };
    let change = change_of(of).unwrap_or_else(|| "unknown".to_owned());
    [shown(&of.before), shown(&of.after), change, share(of.percent)]
}

fn share(percent: Option<Amount>) -> String {
    percent.map(percent_change).unwrap_or_default()
}

fn more(change: &ShownTokens) -> String {
    match (change.low, change.high) {
        (Some(low), Some(high)) if low != high => format!(
            "{} ({} to {})",
            signed_count(change.tokens),
            signed_count(low),
            signed_count(high)
        ),
        _ => signed_count(change.tokens),
    }
}

/// A change of cost with its sign.
fn change_of(of: &CostFigures) -> Option<String> {
    of.change.as_ref().map(|change| band(change, signed))
}

fn band(cost: &ShownCost, words: fn(Amount) -> String) -> String {
    match (cost.low, cost.high) {
        (Some(low), Some(high)) if low != high => {
            format!("{} ({} to {})", words(cost.cost), words(low), words(high))
        }
        _ => words(cost.cost),
    }
}

fn csv_row(
    model: &ModelFigures,
    file: [String; 3],
    tokens: &TokenFigures,
    costs: [&CostFigures; 2],
    requests: Option<String>,
) -> Vec<String> {
    let [path, from, status] = file;
    let mut row = vec![model.provider.clone(), model.model.clone(), path, from, status];
    row.extend([model.tokenizer.clone(), model.basis.to_owned()]);
    let change = &tokens.change;
    row.extend([tokens.before.tokens.to_string(), tokens.after.tokens.to_string()]);
    row.push(change.tokens.to_string());
    row.extend([change.low, change.high].map(|n| n.map(|n| n.to_string()).unwrap_or_default()));
    let exact = |of: Option<Amount>| of.map(|a| a.to_string()).unwrap_or_default();
    let cells = |of: &CostFigures| {
        let change = of.change;
        [
            exact(of.before.map(|c| c.cost)),
            exact(of.after.map(|c| c.cost)),
            exact(change.map(|c| c.cost)),
            exact(change.and_then(|c| c.low)),
            exact(change.and_then(|c| c.high)),
        ]
    };
    row.extend(cells(costs[0]));
    row.push(requests.unwrap_or_default());
    row.extend(cells(costs[1]));
    row.push(model.currency.clone());
    row
}
