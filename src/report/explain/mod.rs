//! The `explain` report: a figure, its lines and steps, and that they add up to it.

mod figures;
mod list;
mod tables;
mod text;

use std::collections::BTreeMap;

use serde::Serialize;

use self::figures::{PartFigures, ProofFigures};
pub use self::list::{FigureList, ListedFigure, ListedProof};
use super::{InputFacts, PriceBookFacts, shown_findings};
use crate::diagnostic::Diagnostic;
use crate::explain::{Count, Explained};
use crate::money::{Amount, Currency, MoneyError};
use crate::price_book::PriceBook;

/// The name of the JSON form.
pub const SCHEMA: &str = "tokencast.explain.v1";

/// What a report is made of, beside the lines.
#[derive(Debug)]
pub struct ExplainContext<'a> {
    /// The command whose report is explained.
    pub command: &'static str,
    /// The JSON Pointer of the figure in that report.
    pub pointer: String,
    /// The figure as that report has it.
    pub value: Amount,
    /// The books, for the days on which they were checked; `None` without prices.
    pub book: Option<&'a PriceBook>,
    /// What was read.
    pub inputs: InputFacts,
    /// Everything odd, with severities.
    pub diagnostics: Vec<Diagnostic>,
    /// The price books.
    pub price_book: Option<PriceBookFacts>,
}

/// The whole report.
#[derive(Debug, Serialize)]
pub struct ExplainReport {
    schema: &'static str,
    command: &'static str,
    figure: String,
    value: Amount,
    currency: String,
    what: String,
    proof: ProofFigures,
    parts: Vec<PartFigures>,
    inputs: InputFacts,
    diagnostics: Vec<Diagnostic>,
    price_book: Option<PriceBookFacts>,
    #[serde(skip)]
    unit: Currency,
}

impl ExplainReport {
    /// From the lines of a figure.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn new(explained: &Explained<'_>, context: ExplainContext<'_>) -> Result<Self, MoneyError> {
        let checked = checked_days(context.book);
        let parts = explained.parts.iter().map(|part| PartFigures::of(part, &checked));
        Ok(Self {
            schema: SCHEMA,
            command: context.command,
            figure: context.pointer,
            value: context.value,
            currency: explained.currency.to_string(),
            what: explained.what.clone(),
            proof: ProofFigures::of(explained.proof(context.value)?),
            parts: parts.collect::<Result<_, _>>()?,
            inputs: context.inputs,
            diagnostics: shown_findings(context.diagnostics),
            price_book: context.price_book,
            unit: explained.currency,
        })
    }

    /// True if the lines add up to the figure.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.proof.holds
    }
}

/// The day on which each file of the books was checked.
fn checked_days(book: Option<&PriceBook>) -> BTreeMap<String, String> {
    let tables = book.into_iter().flat_map(PriceBook::providers).flat_map(|book| &book.tables);
    tables.map(|table| (table.location.file.to_string(), table.checked_on.to_string())).collect()
}

/// A share of paths, which is a count and no sum of lines.
#[derive(Debug, Serialize)]
pub struct CountReport {
    schema: &'static str,
    command: &'static str,
    figure: String,
    what: String,
    counted: usize,
    of: usize,
    threshold: Amount,
    currency: String,
    /// Totals of the paths on both sides of the threshold, sorted.
    around: Vec<figures::PathTotal>,
    inputs: InputFacts,
    diagnostics: Vec<Diagnostic>,
}

impl CountReport {
    /// From a count.
    #[must_use]
    pub fn new(count: &Count, context: ExplainContext<'_>) -> Self {
        Self {
            schema: SCHEMA,
            command: context.command,
            figure: context.pointer,
            what: count.what.clone(),
            counted: count.counted,
            of: count.of,
            threshold: count.threshold,
            currency: count.currency.to_string(),
            around: count.around.iter().map(figures::PathTotal::of).collect(),
            inputs: context.inputs,
            diagnostics: shown_findings(context.diagnostics),
        }
    }
}
