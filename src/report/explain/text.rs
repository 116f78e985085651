//! What an explanation says in words.

use super::figures::{PartFigures, Weight};
use super::{CountReport, ExplainReport};
use crate::report::format;

/// Kinds of unpriced usage that are listed one by one.
const SHOWN_UNPRICED: usize = 5;

/// `1`, `-1`, `9/10`.
pub(super) fn weight(weight: Weight) -> String {
    match (weight.numerator, weight.denominator) {
        (numerator, 1) => numerator.to_string(),
        (numerator, denominator) => format!("{numerator}/{denominator}"),
    }
}

/// `1 line`, `2 lines`.
pub(super) fn counted(number: usize, what: &str) -> String {
    format!("{} {what}{}", format::grouped(number as u64), if number == 1 { "" } else { "s" })
}

impl ExplainReport {
    /// Lines above and below the tables.
    #[must_use]
    pub fn sentences(&self) -> (String, Vec<String>) {
        let head = format!(
            "{} of `{}`: {}\n{}.",
            self.figure,
            self.command,
            format::money(self.value, self.unit),
            self.what
        );
        let mut notes = Vec::new();
        if self.parts.len() > 1 {
            for (at, part) in self.parts.iter().enumerate() {
                notes.push(format!(
                    "Part {}, times {}: {}, {}.",
                    at + 1,
                    weight(part.weight),
                    part.name,
                    format::money(part.amount, self.unit)
                ));
            }
        }
        notes.push(self.proof_sentence());
        for (at, part) in self.parts.iter().enumerate() {
            let is_whole = self.parts.len() == 1 && part.weight.denominator == 1;
            let whose = if is_whole { "the figure".to_owned() } else { format!("part {}", at + 1) };
            notes.extend(unpriced_sentence(part, &whose));
        }
        if let Some(books) = &self.price_book {
            notes.push(format!("Prices: {}", books.sentence()));
        }
        (head, notes)
    }

    /// What adds up to what.
    #[must_use]
    pub fn proof_sentence(&self) -> String {
        let charges: usize = self.parts.iter().map(|part| part.charges.len()).sum();
        let steps: usize = self.parts.iter().map(|part| part.steps.len()).sum();
        let what = match (charges, steps) {
            (n, 0) => format!("sum of {}", counted(n, "line")),
            (0, n) => format!("sum of {}", counted(n, "step")),
            (n, m) => format!("sum of {} and {}", counted(n, "line"), counted(m, "step")),
        };
        let weighed = if self.parts.iter().all(|part| part.weight.denominator == 1) {
            ""
        } else {
            ", each part with its weight"
        };
        let proof = &self.proof;
        if proof.difference.is_zero() {
            format!("Proof: {what}{weighed} = {} = the figure, exactly.", proof.sum)
        } else if proof.holds {
            format!(
                "Proof: {what}{weighed} = {}; the figure is {}. The difference of {} is rounding at the 18th place, at most {}.",
                proof.sum, self.value, proof.difference, proof.tolerance
            )
        } else {
            format!(
                "NOT explained: {what}{weighed} = {}, but the figure is {}: {} is missing. Please report this.",
                proof.sum, self.value, proof.difference
            )
        }
    }
}

fn unpriced_sentence(part: &PartFigures, whose: &str) -> Option<String> {
    let shown = part.unpriced.iter().take(SHOWN_UNPRICED);
    let mut names: Vec<String> = shown
        .map(|u| {
            format!("{} {} of {}/{}", format::grouped(u.units), u.component, u.provider, u.model)
        })
        .collect();
    let left = part.unpriced.len().saturating_sub(SHOWN_UNPRICED);
    if left > 0 {
        names.push(format!("{left} more"));
    }
    let names = (!names.is_empty()).then(|| names.join("; "))?;
    Some(format!("Not in {whose}, without a price: {names}."))
}

impl CountReport {
    /// Lines above and below the table.
    #[must_use]
    pub fn sentences(&self) -> (String, Vec<String>) {
        let counted = format!(
            "{} of {} paths",
            format::grouped(self.counted as u64),
            format::grouped(self.of as u64)
        );
        let head = format!("{} of `{}`: {counted}\n{}.", self.figure, self.command, self.what);
        let note = format!(
            "Paths are sorted by their totals; those around {} {} are shown.",
            format::amount(self.threshold),
            self.currency
        );
        (head, vec![note])
    }
}
