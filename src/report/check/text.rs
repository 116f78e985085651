//! What a check says in words.

use chrono::NaiveDate;

use super::CheckReport;
use super::figures::{BudgetFigures, ForecastFigures, OverFigures};
use crate::budget::Verdict;
use crate::money::Amount;
use crate::report::forecast::tables::percent;
use crate::report::format;

impl CheckReport {
    /// Lines above and below the table.
    #[must_use]
    pub fn sentences(&self) -> (String, Vec<String>) {
        let from = match self.origin {
            Some(origin) => format!(" from {origin} on"),
            None => String::new(),
        };
        let mut head = format!(
            "Budgets{from}, by {} ({})\n\nThe gate is {}.",
            self.source.words(),
            self.inputs.sentence(),
            self.verdict()
        );
        if let Some(forecast) = &self.forecast {
            head.push_str(&format!("\n\n{}", self.headline(forecast)));
        }
        (head, self.notes())
    }

    /// The Markdown of a comment on a change: a hidden mark to find it by, a title, the table.
    ///
    /// # Errors
    /// If a table cannot be printed, which does not happen in memory.
    pub fn markdown(&self) -> std::io::Result<String> {
        let (head, notes) = self.sentences();
        let (from, rest) = head.split_once("\n\n").unwrap_or((&head, ""));
        let mark = if self.has_passed() { "✅" } else { "❌" };
        let grid = self.grid().render(crate::report::Style::Markdown)?;
        let mut text = format!(
            "<!-- {} -->\n### {mark} tokencast check: {}\n\n{rest}\n\n{grid}\n",
            self.marker, self.gate.outcome
        );
        for note in notes.into_iter().chain([from.to_owned()]) {
            text.push_str(&format!("- {}\n", format::harmless(&note)));
        }
        Ok(text)
    }

    fn headline(&self, forecast: &ForecastFigures) -> String {
        let at = |name: &str| forecast.spread.quantiles.get(name).copied().unwrap_or_default();
        let mut line = format!(
            "{} to {}: {} spent, {} expected (80 %: {} to {})",
            forecast.days.start,
            before(forecast.days.end),
            self.money(forecast.actual),
            self.money(at("0.5")),
            format::amount(at("0.1")),
            format::amount(at("0.9")),
        );
        if let Some(change) = &forecast.change {
            line.push_str(&format!(", {}", self.since(&change.words())));
        }
        line + "."
    }

    /// A change with what it is counted from.
    fn since(&self, words: &str) -> String {
        match self.baseline.as_ref().and_then(|b| b.origin) {
            Some(origin) => format!("{words} since the baseline of {origin}"),
            None => format!("{words} since the baseline"),
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self
            .budgets
            .iter()
            .filter(|budget| budget.judged != Verdict::Within)
            .map(|budget| {
                let people = budget.owner.as_ref().map(|owner| format!(" Owner: {owner}."));
                let more = budget.notes.as_ref().map(|notes| format!(" {notes}"));
                let people = people.unwrap_or_default() + &more.unwrap_or_default();
                format::one_line(&format!("{}: {}{people}", budget.title(), self.message(budget)))
            })
            .collect();
        if self.gate.warn_only {
            notes.push("--warn-only: the exit code is 0 whatever the verdicts.".to_owned());
        }
        notes.push(format!(
            "Within: the share of {} sample paths that go over, and the upper end of its 95 % interval, are no more than allowed; seed {}.",
            format::grouped(u64::try_from(self.model.paths).unwrap_or(0)),
            self.model.seed
        ));
        if self.budgets.iter().any(|budget| !budget.scope.is_empty()) {
            notes.push(
                "A budget with a scope is judged by a forecast of the usage in that scope alone."
                    .to_owned(),
            );
        }
        notes.extend(self.price_book.as_ref().map(|book| format!("Prices: {}", book.sentence())));
        notes
    }

    /// The verdicts that make the command fail, each with its reason.
    #[must_use]
    pub fn failing(&self) -> Vec<String> {
        let failing = self.budgets.iter().filter(|budget| budget.level() == Level::Error);
        failing
            .map(|budget| format::one_line(&format!("{}: {}", budget.title(), self.reason(budget))))
            .collect()
    }

    /// The verdict on a budget and why.
    fn reason(&self, budget: &BudgetFigures) -> String {
        match (budget.judged, budget.used_up_on) {
            (_, Some(day)) => {
                format!("exceeded: {} were used up on {day}", self.money(budget.amount))
            }
            (Verdict::Undecided, _) => {
                let doubts: Vec<&str> = budget.doubts.iter().map(|d| d.message.as_str()).collect();
                format!("undecided: {}", doubts.join("; "))
            }
            (verdict, _) => format!("{}{}", verdict.name(), self.over(budget)),
        }
    }

    /// What there is to say of a budget.
    pub(super) fn message(&self, budget: &BudgetFigures) -> String {
        let mut text = self.reason(budget) + ".";
        if let (Some(actual), Some(median)) = (budget.actual, budget.quantile("0.5")) {
            let at = |name| budget.quantile(name).map(format::amount).unwrap_or_default();
            text.push_str(&format!(
                " {} spent, {} expected (80 %: {} to {}) of {}.",
                self.money(actual),
                self.money(median),
                at("0.1"),
                at("0.9"),
                self.money(budget.amount)
            ));
        }
        if let Some(change) = &budget.change {
            text.push_str(&format!(" {}.", self.since(&capitalised(&change.words()))));
        }
        text
    }

    fn over(&self, budget: &BudgetFigures) -> String {
        let Some(over) = &budget.over else { return String::new() };
        let mut text =
            format!(": over with {}, allowed {} %", chance(over), percent(budget.allowed_points));
        if budget.close {
            text.push_str(&format!(
                ", which {} paths cannot tell (set --paths)",
                format::grouped(u64::try_from(self.model.paths).unwrap_or(0))
            ));
        }
        if let (Some(on), Some(from)) = (budget.breaks_on, budget.breaks_from) {
            let earliest = if from == on { String::new() } else { format!(", earliest {from}") };
            text.push_str(&format!("; if it breaks, on {on}{earliest}"));
        }
        text
    }

    pub(super) fn money(&self, amount: Amount) -> String {
        format!("{} {}", format::amount(amount), self.currency)
    }
}

impl BudgetFigures {
    /// Budget and period.
    pub(super) fn title(&self) -> String {
        match &self.period {
            Some(period) => format!("{} {period}", self.id),
            None => self.id.clone(),
        }
    }

    /// How loud it is to be said.
    pub(super) fn level(&self) -> Level {
        match (self.judged, self.may_fail) {
            (Verdict::Within, _) => Level::Note,
            (_, true) => Level::Error,
            (_, false) => Level::Warning,
        }
    }
}

/// How loud something is to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Error,
    Warning,
    Note,
}

/// A share of paths with its standard error in points.
pub(super) fn chance(over: &OverFigures) -> String {
    let points = over.probability * 100.0;
    let share = if over.probability > 0.0 && points < 9.95 {
        format!("{points:.1}")
    } else {
        format!("{points:.0}")
    };
    format!("{share} % ± {:.1}", over.standard_error * 100.0)
}

/// The first letter of a word large.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn before(day: NaiveDate) -> NaiveDate {
    day.pred_opt().unwrap_or(day)
}
