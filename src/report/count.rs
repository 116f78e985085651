//! The `count` report: tokens and cost of a corpus, model by model.

use std::collections::BTreeMap;

use serde::Serialize;

use super::format::{amount, counted, grouped, share};
use super::{Align, Grid, PriceBookFacts, shown_findings};
use crate::counting::{Band, CountBasis, CountedModel, Figures, OutputBasis, Priced};
use crate::diagnostic::Diagnostic;
use crate::money::{Amount, Currency};
use crate::period::Timestamp;

/// The name of the JSON form of `count`.
pub const COUNT_SCHEMA: &str = "tokencast.count.v1";

/// What a corpus has of tokens, and what it would cost.
#[derive(Debug, Serialize)]
pub struct CountReport {
    schema: &'static str,
    inputs: CorpusFacts,
    at: Timestamp,
    models: Vec<ModelCount>,
    diagnostics: Vec<Diagnostic>,
    price_book: PriceBookFacts,
}

/// What was read.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CorpusFacts {
    /// Files.
    pub files: u64,
    /// Prompts.
    pub prompts: u64,
    /// Lines and files that gave none.
    pub skipped: u64,
    /// Prompts by the shape of their file.
    pub shapes: BTreeMap<&'static str, u64>,
    /// Prompts by where their output is from.
    pub outputs: BTreeMap<&'static str, u64>,
    /// Parts that are in no count.
    pub not_counted: BTreeMap<&'static str, u64>,
}

/// A model.
#[derive(Debug, Serialize)]
pub struct ModelCount {
    asked: String,
    provider: String,
    model: String,
    tokenizer: String,
    basis: &'static str,
    why: String,
    /// Half of the band of the total, as a share; of an estimate.
    band: Option<String>,
    /// Tokens of output expected for one of input, by usage; and whose.
    output_ratio: Option<String>,
    output_why: Option<String>,
    currency: Option<String>,
    total: Counted,
    files: Vec<FileCount>,
}

#[derive(Debug, Serialize)]
struct FileCount {
    file: String,
    #[serde(flatten)]
    counted: Counted,
}

#[derive(Debug, Clone, Serialize)]
struct Counted {
    prompts: u64,
    input: ShownBand,
    /// Tokens of the input that are counted exactly.
    exact_input: u64,
    /// The same as a share; `null`: there is no input.
    exact_share: Option<Amount>,
    output: Option<ShownBand>,
    standard: ShownCost,
    batch: ShownCost,
}

/// A count with its band, where one is known.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ShownBand {
    pub(super) low: Option<u64>,
    pub(super) tokens: u64,
    pub(super) high: Option<u64>,
}

#[derive(Debug, Clone, Serialize)]
struct ShownCost {
    low: Option<Amount>,
    cost: Option<Amount>,
    high: Option<Amount>,
    unpriced: Vec<String>,
}

/// Figures with their cost online and in a batch.
#[derive(Debug)]
pub struct Costed {
    /// Counts.
    pub figures: Figures,
    /// Online.
    pub standard: Priced,
    /// In a batch.
    pub batch: Priced,
}

impl ModelCount {
    /// From the counts of all files and of each.
    #[must_use]
    pub fn new(
        model: &CountedModel,
        currency: Option<Currency>,
        total: &Costed,
        files: Vec<(String, Costed)>,
    ) -> Self {
        let basis = model.method.basis;
        let counted = |costed: &Costed| Counted::new(costed, basis);
        let band = model.method.estimate().map(|e| e.share(total.figures.prompts).to_string());
        Self {
            asked: model.name.clone(),
            provider: model.sku.provider.to_string(),
            model: model.sku.model.to_string(),
            tokenizer: model.method.tokenizer.clone(),
            basis: basis.name(),
            why: model.method.why.clone(),
            band,
            output_ratio: model.output.as_ref().map(|output| output.ratio.to_string()),
            output_why: model.output.as_ref().map(|output| output.why.clone()),
            currency: currency.map(|c| c.to_string()),
            total: counted(total),
            files: files
                .iter()
                .map(|(file, costed)| FileCount { file: file.clone(), counted: counted(costed) })
                .collect(),
        }
    }
}

impl Counted {
    fn new(costed: &Costed, basis: CountBasis) -> Self {
        let figures = &costed.figures;
        let has_band = basis.has_band();
        let band = |band: Band| ShownBand::new(band, has_band);
        let cost = |priced: &Priced| ShownCost {
            low: priced.cost.filter(|_| has_band).map(|c| c[0]),
            cost: priced.cost.map(|c| c[1]),
            high: priced.cost.filter(|_| has_band).map(|c| c[2]),
            unpriced: priced.unpriced.clone(),
        };
        let (exact, all) = (i128::from(figures.exact_input), i128::from(figures.input.tokens));
        Self {
            prompts: figures.prompts,
            input: band(figures.input),
            exact_input: figures.exact_input,
            exact_share: Amount::from_units(1).checked_ratio(exact, all).ok(),
            output: (figures.unknown_output < figures.prompts).then(|| band(figures.output)),
            standard: cost(&costed.standard),
            batch: cost(&costed.batch),
        }
    }
}

impl ShownBand {
    pub(super) fn new(band: Band, is_known: bool) -> Self {
        Self {
            low: is_known.then_some(band.low),
            tokens: band.tokens,
            high: is_known.then_some(band.high),
        }
    }

    pub(super) fn words(&self) -> String {
        match (self.low, self.high) {
            (Some(low), Some(high)) if low != high => {
                format!("{} ({} to {})", grouped(self.tokens), grouped(low), grouped(high))
            }
            _ => grouped(self.tokens),
        }
    }
}

impl ShownCost {
    fn words(&self) -> String {
        match (self.low, self.cost, self.high) {
            (_, None, _) => "unpriced".to_owned(),
            (Some(low), Some(cost), Some(high)) if low != high => {
                format!("{} ({} to {})", amount(cost), amount(low), amount(high))
            }
            (_, Some(cost), _) => amount(cost),
        }
    }
}

impl CountReport {
    /// From what was read and counted.
    #[must_use]
    pub fn new(
        inputs: CorpusFacts,
        at: Timestamp,
        models: Vec<ModelCount>,
        findings: Vec<Diagnostic>,
        price_book: PriceBookFacts,
    ) -> Self {
        let diagnostics = shown_findings(findings);
        Self { schema: COUNT_SCHEMA, inputs, at, models, diagnostics, price_book }
    }

    /// The line above the tables.
    #[must_use]
    pub fn head(&self) -> String {
        let shapes = self.inputs.shapes.iter().map(|(name, n)| format!("{} {name}", grouped(*n)));
        let shapes: Vec<String> = shapes.collect();
        let mixture = if shapes.len() > 1 { "a mixture of " } else { "" };
        format!(
            "{} from {}: {mixture}{}",
            counted(self.inputs.prompts, "prompt"),
            counted(self.inputs.files, "file"),
            shapes.join(", ")
        )
    }

    /// The totals of each model, and those of each file where there are several.
    #[must_use]
    pub fn grids(&self) -> Vec<Grid> {
        let columns = [
            ("model", Align::Left),
            ("tokenizer", Align::Left),
            ("basis", Align::Left),
            ("exact", Align::Right),
            ("input", Align::Right),
            ("output", Align::Right),
            ("online", Align::Right),
            ("batch", Align::Right),
            ("", Align::Left),
        ];
        let mut totals = Grid::new(&columns);
        for model in &self.models {
            let mut row = vec![
                format!("{}/{}", model.provider, model.model),
                model.tokenizer.clone(),
                model.basis.to_owned(),
                model.total.exact_share.map(share).unwrap_or_default(),
            ];
            row.extend(figures(&model.total));
            row.push(model.currency.clone().unwrap_or_default());
            totals.rows.push(row);
        }
        if self.inputs.files < 2 {
            return vec![totals];
        }
        let mut files = Grid::new(&[
            ("file", Align::Left),
            ("model", Align::Left),
            ("input", Align::Right),
            ("output", Align::Right),
            ("online", Align::Right),
            ("batch", Align::Right),
        ]);
        for model in &self.models {
            for file in &model.files {
                let mut row = vec![file.file.clone(), model.model.clone()];
                row.extend(figures(&file.counted));
                files.rows.push(row);
            }
        }
        files.rows.sort_by(|a, b| a[0].cmp(&b[0]));
        vec![totals, files]
    }

    /// One row a model and file, and one a model for all files, whose `file` is empty.
    #[must_use]
    pub fn csv_grid(&self) -> Grid {
        let text = ["provider", "model", "file", "tokenizer", "basis"].map(|n| (n, Align::Left));
        let numbers = [
            "prompts",
            "input_low",
            "input",
            "input_high",
            "exact_input",
            "output_low",
            "output",
            "output_high",
            "standard_low",
            "standard",
            "standard_high",
            "batch_low",
            "batch",
            "batch_high",
        ];
        let mut columns = text.to_vec();
        columns.extend(numbers.map(|n| (n, Align::Right)));
        columns.push(("currency", Align::Left));
        let mut grid = Grid::new(&columns);
        for model in &self.models {
            let of_files = model.files.iter().map(|f| (f.file.as_str(), &f.counted));
            for (file, counted) in of_files.chain([("", &model.total)]) {
                grid.rows.push(csv_row(model, file, counted));
            }
        }
        grid
    }

    /// Lines below the tables.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for model in &self.models {
            if model.basis != CountBasis::Exact.name() {
                let band = model.band.as_ref().and_then(|b| b.parse().ok()).map(share);
                let band = band.map(|b| format!(", within {b}")).unwrap_or_default();
                notes.push(format!("{} is {}{band}: {}", model.asked, model.basis, model.why));
            }
            if let Some(why) = &model.output_why {
                notes.push(format!("Output of {} is expected: {why}", model.asked));
            }
            for (tier, cost) in [("online", &model.total.standard), ("batch", &model.total.batch)] {
                let reasons = cost.unpriced.iter();
                notes.extend(reasons.map(|r| format!("{} {tier} is unpriced: {r}", model.asked)));
            }
        }
        let of = |basis: OutputBasis| self.inputs.outputs.get(basis.name()).copied().unwrap_or(0);
        if of(OutputBasis::Limit) > 0 {
            notes.push(format!(
                "Output of {} prompts is the most that they allow: an upper bound",
                grouped(of(OutputBasis::Limit))
            ));
        }
        if of(OutputBasis::Unknown) > 0 {
            notes.push(format!(
                "Output of {} prompts is not known and in no figure: --output-tokens or --output-ratio state it",
                grouped(of(OutputBasis::Unknown))
            ));
        }
        notes.push(format!("Prices: {}", self.price_book.sentence()));
        notes
    }
}

fn figures(counted: &Counted) -> [String; 4] {
    let output = counted.output.as_ref().map_or_else(|| "unknown".to_owned(), ShownBand::words);
    [counted.input.words(), output, counted.standard.words(), counted.batch.words()]
}

fn csv_row(model: &ModelCount, file: &str, counted: &Counted) -> Vec<String> {
    let count = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
    let cost = |c: &ShownCost| {
        [c.low, c.cost, c.high].map(|a| a.map(|a| a.to_string()).unwrap_or_default())
    };
    let output = counted.output.as_ref();
    let mut row: Vec<String> = [&model.provider, &model.model, file, &model.tokenizer, model.basis]
        .map(str::to_owned)
        .into();
    row.extend([
        counted.prompts.to_string(),
        count(counted.input.low),
        counted.input.tokens.to_string(),
        count(counted.input.high),
        counted.exact_input.to_string(),
        count(output.and_then(|o| o.low)),
        count(output.map(|o| o.tokens)),
        count(output.and_then(|o| o.high)),
    ]);
    row.extend(cost(&counted.standard));
    row.extend(cost(&counted.batch));
    row.push(model.currency.clone().unwrap_or_default());
    row
}
