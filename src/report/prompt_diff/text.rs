//! What a diff says in words.

use super::DiffReport;
use super::figures::{FileFigures, ModelFigures, ShownCost};
use crate::budget::Gate;
use crate::counting::CountBasis;
use crate::prompt_diff::Status;
use crate::report::Style;
use crate::report::format::{grouped, harmless, one_line};
use crate::sku::STANDARD;

impl DiffReport {
    /// What is compared, and the verdict.
    #[must_use]
    pub fn head(&self) -> String {
        let mut head = format!("Prompts of {}: {}", self.sides(), self.summary());
        if self.gate.outcome.is_some() {
            head.push_str(&format!("\n\n--max-increase: {}.", self.outcome()));
        }
        head
    }

    fn sides(&self) -> String {
        let named = |origin: &super::Origin| match &origin.commit {
            Some(commit) => format!("{} ({})", origin.name, commit.get(..12).unwrap_or(commit)),
            None => origin.name.clone(),
        };
        one_line(&format!("{} and {}", named(&self.before), named(&self.after)))
    }

    /// `1 added, 2 changed, 3 unchanged`.
    fn summary(&self) -> String {
        let count = |status: &Status| self.files.get(status.name()).copied().unwrap_or(0);
        let there = Status::ALL.iter().filter(|status| count(status) > 0);
        let parts: Vec<String> =
            there.map(|status| format!("{} {}", grouped(count(status)), status.name())).collect();
        if parts.is_empty() { "no file".to_owned() } else { parts.join(", ") }
    }

    /// The gate, and how many limits are kept.
    #[must_use]
    pub fn outcome(&self) -> String {
        let limits = || self.models.iter().flat_map(|model| &model.limits);
        let kept = limits().filter(|limit| limit.is_kept).count();
        format!("{}, {kept} of {} limits kept", self.gate.gate.name(), limits().count())
    }

    /// The Markdown of a comment on a change: a hidden mark to find it by, a title, the tables.
    ///
    /// # Errors
    /// If a table cannot be printed, which does not happen in memory.
    pub fn markdown(&self) -> std::io::Result<String> {
        let mark = match (self.gate.outcome, self.gate.gate) {
            (None, _) => "",
            (_, Gate::Passed) => "✅ ",
            _ => "❌ ",
        };
        let outcome = self.gate.outcome.map(|outcome| format!("{outcome}, "));
        let mut text = format!(
            "<!-- {} -->\n### {mark}tokencast diff: {}{}\n\n",
            self.marker,
            outcome.unwrap_or_default(),
            self.summary()
        );
        for grid in self.grids() {
            text.push_str(&harmless(&grid.render(Style::Markdown)?));
            text.push('\n');
        }
        let sides = format!("Prompts of {}.", self.sides());
        for note in self.notes().into_iter().chain([sides]) {
            text.push_str(&format!("- {}\n", harmless(&note)));
        }
        Ok(text)
    }

    /// Lines below the tables.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.models.iter().filter_map(basis_note).collect();
        for model in &self.models {
            let mut reasons: Vec<&String> =
                model.files.iter().flat_map(|file| &file.unpriced).collect();
            reasons.sort();
            reasons.dedup();
            notes.extend(reasons.into_iter().map(|r| format!("{} is unpriced: {r}", model.asked)));
        }
        if self.placeholders.count > 0 {
            notes.push(format!(
                "Placeholders count as the text they are written in ({} in {}); what they are filled with is in no figure.",
                grouped(self.placeholders.count),
                files(self.placeholders.files)
            ));
        }
        let several = |file: &FileFigures| file.prompts_before.max(file.prompts_after) > 1;
        if self.models.iter().any(|model| model.files.iter().any(several)) {
            notes.push("A request of a file with several prompts is their mean.".to_owned());
        }
        notes.push(self.output_note());
        if self.cached {
            notes.push("Input is priced as read from the cache.".to_owned());
        }
        if self.service_tier != STANDARD {
            notes.push(one_line(&format!("Prices of the tier {}.", self.service_tier)));
        }
        notes.extend(self.traffic_notes());
        if self.gate.warn_only {
            notes.push("--warn-only: the exit code is 0 whatever the verdicts.".to_owned());
        }
        notes.push(format!("Prices: {}", self.price_book.sentence()));
        notes
    }

    fn output_note(&self) -> String {
        match self.output_tokens {
            Some(tokens) => {
                format!(
                    "Costs have {} tokens of output a request, before and after.",
                    grouped(tokens)
                )
            }
            None => "Costs are those of input alone.".to_owned(),
        }
    }

    fn traffic_notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(traffic) = &self.traffic {
            notes.push(format!(
                "Traffic of {} to {} ({} days; {}), as a month of 30.4375 days.",
                traffic.from,
                traffic.until,
                grouped(traffic.days),
                traffic.inputs.sentence()
            ));
        }
        if self.has_traffic {
            let unknown = self.models.iter().filter(|model| model.total.without_traffic > 0);
            notes.extend(unknown.map(|model| {
                let count = model.total.without_traffic;
                format!("{}: the requests a month of {} are not known.", model.asked, files(count))
            }));
        }
        notes
    }

    /// The limits that are not kept, each with its reason.
    #[must_use]
    pub fn failing(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for model in &self.models {
            for limit in model.limits.iter().filter(|limit| !limit.is_kept) {
                let reason = match (&limit.doubt, limit.allowed, model.per(limit.per).change) {
                    // Rounded, both may look the same.
                    (None, Some(allowed), Some(change)) => format!(
                        "{} more{} a {} in {}, allowed {allowed}",
                        change.cost,
                        up_to(&change),
                        limit.per,
                        model.currency,
                    ),
                    (doubt, ..) => doubt.clone().unwrap_or_default(),
                };
                let (text, name) = (&limit.limit, &model.asked);
                lines.push(one_line(&format!("{name}: {text} is {}: {reason}", limit.verdict)));
            }
        }
        lines
    }
}

/// The upper end of a band.
fn up_to(change: &ShownCost) -> String {
    let high = change.high.filter(|high| *high != change.cost);
    high.map_or_else(String::new, |high| format!(" (at most {high})"))
}

fn files(count: u64) -> String {
    format!("{} file{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// How a model is counted, where that is not exact.
fn basis_note(model: &ModelFigures) -> Option<String> {
    if model.basis == CountBasis::Exact.name() {
        return None;
    }
    let is_estimated = model.basis == CountBasis::Estimated.name();
    let band = if is_estimated {
        "; the band of a difference is that of the text that differs"
    } else {
        ""
    };
    Some(format!("{} is {}: {}{band}", model.asked, model.basis, model.why))
}
