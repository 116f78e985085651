//! Workflow commands of GitHub Actions: lines that become annotations.

use super::CheckReport;
use super::figures::BudgetFigures;
use super::text::Level;

impl CheckReport {
    /// One line a budget and period; at the line of the budget file where there is one.
    #[must_use]
    pub fn github(&self) -> String {
        self.budgets.iter().map(|budget| self.annotation(budget) + "\n").collect()
    }

    fn annotation(&self, budget: &BudgetFigures) -> String {
        let command = match budget.level() {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        let mut properties = Vec::new();
        if let Some(place) = budget.location.as_ref().filter(|place| place.file != "-") {
            properties.push(format!("file={}", property(&place.file)));
            properties.push(format!("line={}", place.line));
        }
        properties.push(format!("title={}", property(&format!("Budget {}", budget.title()))));
        format!("::{command} {}::{}", properties.join(","), data(&self.message(budget)))
    }
}

/// A message: `%`, carriage returns and newlines would end it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property: `:` and `,` would end it as well.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_value_is_escaped() {
        assert_eq!(data("50 %, a:b\r\nc"), "50 %25, a:b%0D%0Ac");
        assert_eq!(property("50 %, a:b\nc"), "50 %25%2C a%3Ab%0Ac");
        // The percent sign first, so that nothing is escaped twice.
        assert_eq!(property("%3A:"), "%253A%3A");
    }
}
