//! The `calibrate` report: what was fitted to logs, and how far off it is.

use std::collections::BTreeMap;

use serde::Serialize;

use super::format::{counted, grouped, share};
use super::{Align, Grid, PriceBookFacts, shown_findings};
use crate::corpus::LoggedReport;
use crate::counting::{Calibrated, Errors, FitReport, OutputRatio, TooFew};
use crate::diagnostic::Diagnostic;
use crate::money::Amount;
use crate::tokenizer::TextClass;

/// The name of the JSON form of `calibrate`.
pub const CALIBRATE_SCHEMA: &str = "tokencast.calibrate.v1";

const CONSTANTS: [&str; 3] = ["request", "message", "tools"];

/// What logs say of the tokens of models.
#[derive(Debug, Serialize)]
pub struct CalibrateReport {
    schema: &'static str,
    inputs: LogFacts,
    fits: Vec<ShownFit>,
    too_few: Vec<ShownTooFew>,
    /// Models that are counted exactly, with their requests.
    exact: BTreeMap<String, u64>,
    outputs: Vec<ShownOutput>,
    /// The file that was written.
    saved: Option<String>,
    diagnostics: Vec<Diagnostic>,
    price_book: PriceBookFacts,
}

#[derive(Debug, Serialize)]
struct LogFacts {
    files: u64,
    records: u64,
    /// Records that were not used, by reason.
    left_out: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize)]
struct ShownFit {
    of: String,
    requests: u64,
    conversations: u64,
    /// Which ratios are saved.
    kept: &'static str,
    /// How far off the ratios of the program are.
    shipped: ShownErrors,
    /// How far off the saved ones are, held out.
    calibrated: ShownErrors,
    ratios: Vec<ShownRatio>,
    constants: BTreeMap<&'static str, ShownConstant>,
}

#[derive(Debug, Serialize)]
struct ShownErrors {
    mean_error: Amount,
    prompt: Amount,
    bill: Amount,
    total: Amount,
}

#[derive(Debug, Serialize)]
struct ShownRatio {
    class: &'static str,
    /// Tokens of the base in the logs.
    tokens: u64,
    shipped: String,
    ratio: String,
    /// Whether the logs have too little of the class to say anything.
    as_shipped: bool,
}

#[derive(Debug, Serialize)]
struct ShownConstant {
    shipped: String,
    calibrated: String,
}

#[derive(Debug, Serialize)]
struct ShownTooFew {
    of: String,
    requests: u64,
    conversations: u64,
}

#[derive(Debug, Serialize)]
struct ShownOutput {
    model: String,
    requests: u64,
    ratio: String,
}

impl ShownErrors {
    fn new(errors: &Errors) -> Self {
        // Shares for people: three places.
        let amount = |value: f64| -> Amount { format!("{value:.3}").parse().unwrap_or_default() };
        Self {
            mean_error: amount(errors.mean),
            prompt: amount(errors.prompt),
            bill: amount(errors.bill),
            total: amount(errors.total),
        }
    }
}

impl ShownFit {
    fn new(report: &FitReport) -> Self {
        let fit = &report.fit;
        let ratio = |at: usize, class: TextClass| ShownRatio {
            class: class.name(),
            tokens: report.classes.of(class),
            shipped: report.shipped_ratios[at].to_string(),
            ratio: fit.ratios[at].to_string(),
            as_shipped: fit.as_shipped.iter().any(|(of, _)| *of == class),
        };
        let constant = |at: usize| ShownConstant {
            shipped: report.shipped_around[at].to_string(),
            calibrated: fit.around[at].to_string(),
        };
        Self {
            of: fit.of.clone(),
            requests: fit.requests,
            conversations: fit.conversations,
            kept: if report.no_better.is_some() { "shipped" } else { "fitted" },
            shipped: ShownErrors::new(&report.before),
            calibrated: ShownErrors::new(&report.after),
            ratios: TextClass::ALL.into_iter().enumerate().map(|(at, c)| ratio(at, c)).collect(),
            constants: CONSTANTS.into_iter().enumerate().map(|(at, n)| (n, constant(at))).collect(),
        }
    }

    /// The ratios and constants of a row: those as shipped, or those that are saved.
    fn values(&self, saved: bool) -> Vec<String> {
        let ratio = |of: &ShownRatio| match (saved, of.as_shipped) {
            (false, _) => of.shipped.clone(),
            (true, false) => of.ratio.clone(),
            (true, true) => format!("{} =", of.ratio),
        };
        let constant = |name: &str| {
            let of = self.constants.get(name)?;
            Some(if saved { of.calibrated.clone() } else { of.shipped.clone() })
        };
        let constants = CONSTANTS.into_iter().filter_map(constant);
        self.ratios.iter().map(ratio).chain(constants).collect()
    }
}

impl CalibrateReport {
    /// From what was read and fitted.
    #[must_use]
    pub fn new(
        read: &LoggedReport,
        calibrated: &Calibrated,
        saved: Option<String>,
        findings: Vec<Diagnostic>,
        price_book: PriceBookFacts,
    ) -> Self {
        let too_few = |few: &TooFew| ShownTooFew {
            of: few.of.clone(),
            requests: few.requests,
            conversations: few.conversations,
        };
        let output = |of: &OutputRatio| ShownOutput {
            model: of.model.clone(),
            requests: of.requests,
            ratio: of.ratio.to_string(),
        };
        Self {
            schema: CALIBRATE_SCHEMA,
            inputs: LogFacts {
                files: read.files,
                records: read.records,
                left_out: read.left_out.clone(),
            },
            fits: calibrated.fits.iter().map(ShownFit::new).collect(),
            too_few: calibrated.too_few.iter().map(too_few).collect(),
            exact: calibrated.exact.clone(),
            outputs: calibrated.outputs.iter().map(output).collect(),
            saved,
            diagnostics: shown_findings(findings),
            price_book,
        }
    }

    /// The line above the tables.
    #[must_use]
    pub fn head(&self) -> String {
        let left_out: u64 = self.inputs.left_out.values().sum();
        let rest =
            if left_out > 0 { format!(", {} left out", grouped(left_out)) } else { String::new() };
        format!(
            "{} from {}{rest}",
            counted(self.inputs.records, "record"),
            counted(self.inputs.files, "file")
        )
    }

    /// How far off fits are, what was fitted, and output by model.
    #[must_use]
    pub fn grids(&self) -> Vec<Grid> {
        let mut errors = Grid::new(&[
            ("fit of", Align::Left),
            ("requests", Align::Right),
            ("conversations", Align::Right),
            ("mean error as shipped", Align::Right),
            ("held out", Align::Right),
            ("one prompt within", Align::Right),
            ("30 and more within", Align::Right),
        ]);
        for fit in &self.fits {
            errors.rows.push(vec![
                fit.of.clone(),
                grouped(fit.requests),
                grouped(fit.conversations),
                share(fit.shipped.mean_error),
                share(fit.calibrated.mean_error),
                share(fit.calibrated.prompt),
                share(fit.calibrated.bill),
            ]);
        }
        let classes = TextClass::ALL.map(TextClass::name).into_iter().chain(CONSTANTS);
        let columns = classes.map(|name| (name, Align::Right));
        let columns: Vec<_> =
            [("fit of", Align::Left), ("", Align::Left)].into_iter().chain(columns).collect();
        let mut ratios = Grid::new(&columns);
        for fit in &self.fits {
            for (name, saved) in [("shipped", false), (fit.kept, true)] {
                let mut row = vec![fit.of.clone(), name.to_owned()];
                row.extend(fit.values(saved));
                ratios.rows.push(row);
            }
        }
        let mut outputs = Grid::new(&[
            ("model", Align::Left),
            ("requests", Align::Right),
            ("output for one of input", Align::Right),
        ]);
        for of in &self.outputs {
            outputs.rows.push(vec![of.model.clone(), grouped(of.requests), of.ratio.clone()]);
        }
        [errors, ratios, outputs].into_iter().filter(|grid| !grid.rows.is_empty()).collect()
    }

    /// One row a fit.
    #[must_use]
    pub fn csv_grid(&self) -> Grid {
        let mut columns = vec![("fit_of", Align::Left), ("kept", Align::Left)];
        let numbers = [
            "requests",
            "conversations",
            "shipped_mean_error",
            "shipped_prompt",
            "shipped_bill",
            "shipped_total",
            "mean_error",
            "prompt",
            "bill",
            "total",
        ];
        let classes = TextClass::ALL.map(TextClass::name);
        columns
            .extend(numbers.into_iter().chain(classes).chain(CONSTANTS).map(|n| (n, Align::Right)));
        let mut grid = Grid::new(&columns);
        for fit in &self.fits {
            let mut row = vec![fit.of.clone(), fit.kept.to_owned()];
            row.extend([fit.requests, fit.conversations].map(|n| n.to_string()));
            for of in [&fit.shipped, &fit.calibrated] {
                row.extend([of.mean_error, of.prompt, of.bill, of.total].map(|a| a.to_string()));
            }
            row.extend(fit.ratios.iter().map(|of| of.ratio.clone()));
            row.extend(
                CONSTANTS
                    .iter()
                    .filter_map(|name| Some(fit.constants.get(name)?.calibrated.clone())),
            );
            grid.rows.push(row);
        }
        grid
    }

    /// Lines below the tables.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.fits.is_empty() {
            notes.push("Held out: each tenth of the conversations is estimated by a fit to the others. Nine of ten prompts, and sums of 30, were within the bands.".to_owned());
            notes.push("Tokens for one of o200k_base, by class of text, and for a request, a message, a request with tools.".to_owned());
        }
        if self.fits.iter().any(|fit| fit.ratios.iter().any(|of| of.as_shipped)) {
            notes.push("= the logs have too little of it: nearly as shipped. Where prompts have more of it, that is counted with the shipped band.".to_owned());
        }
        for (model, requests) in &self.exact {
            notes.push(format!(
                "{model} is counted exactly and needs no fit ({})",
                counted(*requests, "request")
            ));
        }
        let not_used = self.inputs.left_out.iter();
        notes.extend(not_used.map(|(why, n)| format!("Left out: {} {why}", grouped(*n))));
        match &self.saved {
            Some(file) => notes.push(format!(
                "Saved in `{file}`: `tokencast count --calibration {file}` uses it."
            )),
            None => notes.push("Nothing was saved: --out FILE saves it.".to_owned()),
        }
        notes.push(format!("Prices: {}", self.price_book.sentence()));
        notes
    }
}
