//! The lines around the tables of a plan.

use super::CommitReport;
use super::figures::SizeFigures;
use crate::money::Amount;
use crate::report::compare::percent;
use crate::report::format;

impl CommitReport {
    /// What is to be small, as words.
    pub(super) fn objective_words(&self) -> String {
        self.objective.clone()
    }

    fn choice(&self, name: &str) -> Option<Amount> {
        let other = self.alternatives.iter().find(|other| other.name == name)?;
        other.objective.checked_sub(self.best.objective).ok()
    }

    /// The headline, and what a reader must know beside the tables.
    #[must_use]
    pub fn sentences(&self) -> (String, Vec<String>) {
        let last = self.horizon.end.pred_opt().unwrap_or(self.horizon.end);
        let mut head = format!("{} to {last}: ", self.horizon.start);
        let best: Vec<String> = self.sizes.iter().map(best_words).collect();
        head.push_str(&format!(
            "{} cost{} least, {} {} in the {}",
            best.join(" and "),
            if best.len() == 1 { "s" } else { "" },
            format::amount(self.best.objective),
            self.currency,
            self.objective
        ));
        match self.choice("without") {
            Some(more) if more.is_negative() => head.push_str(&format!(
                ". Without the contract{} it would be {} less: no size is worth it",
                if self.sizes.len() == 1 { "" } else { "s" },
                format::money(Amount::ZERO.checked_sub(more).unwrap_or_default(), self.unit)
            )),
            Some(more) => {
                head.push_str(&format!(", {} less than without", format::money(more, self.unit)));
            }
            None => {}
        }
        head.push('.');
        (head, self.notes())
    }

    fn notes(&self) -> Vec<String> {
        let near = self.near.checked_ratio(100, 1).unwrap_or_default().to_string();
        let near = near.trim_end_matches('0').trim_end_matches('.');
        let mut notes: Vec<String> = Vec::new();
        for size in &self.sizes {
            notes.push(format!(
                "`{}`: {} is at most {near} % more than the best, between the sizes looked at by straight lines; sizes go in steps of {}.",
                size.term,
                size.near_words(),
                size.with_unit(size.step)
            ));
            let ends = [(size.curve.first(), "smallest"), (size.curve.last(), "largest")];
            for (_, end) in
                ends.iter().filter(|(point, _)| point.is_some_and(|p| p.size == size.best))
            {
                notes.push(format!("The best `{}` is the {end} that was looked at: a wider range may hold a better one.", size.term));
            }
            if size.curve.iter().all(|point| point.fit.is_none()) {
                notes.push(format!("How far `{}` is used cannot be told: none of its periods ends inside the horizon, or it includes no usage.", size.term));
            }
        }
        if let Some(more) = self.choice("look-back").filter(|more| !more.is_zero()) {
            notes.push(format!(
                "Choosing by the last {} days alone, as consoles do, costs {} more in the {}.",
                self.look_back_days,
                format::money(more, self.unit),
                self.objective
            ));
        }
        if let [best, others @ ..] = &self.searches[..] {
            let same = others.iter().all(|other| other.to == best.to);
            notes.push(if same {
                "Sizes were chosen together, one at a time until none could be bettered; all searches ended at the same ones.".to_owned()
            } else {
                "Sizes were chosen together, one at a time until none could be bettered; searches from other starts ended elsewhere, so better ones than these may exist.".to_owned()
            });
        }
        notes.push(format!(
            "Every size is settled on the same {} sample paths (seed {}, level {}), on {} cost; shortfall: some of the size is not used, overage: some of the need is beyond it.",
            self.model.paths, self.model.seed, self.model.level, self.basis
        ));
        notes.push("Usage before the first day is not settled: contracts that began before it start from their `opening`, or from nothing. Periods that go on after the horizon are settled as far as it goes.".to_owned());
        if !self.unpriced.is_empty() {
            notes.push(format!(
                "No price by token: {}. What capacity does not serve of it is in no cost, so small sizes look too cheap.",
                self.unpriced.join(", ")
            ));
        }
        notes.push(format!("Input: {}.", self.inputs.sentence()));
        notes.push(format!("Prices: {}", self.price_book.sentence()));
        notes
    }

    /// How likely the best size is too large, or too small.
    pub(super) fn risk(size: &SizeFigures) -> Option<String> {
        let fit = size.best_point()?.fit.as_ref()?;
        Some(format!(
            "shortfall on {}, overage on {} of the paths",
            percent(fit.shortfall),
            percent(fit.overage)
        ))
    }
}

fn best_words(size: &SizeFigures) -> String {
    format!("`{}` at {} ({})", size.term, size.with_unit(size.best), size.what)
}
