//! Lines of invoices: those beside usage, and one line by itself.

use super::usage::With;
use super::{Making, is_on};
use crate::explain::steps::{Phase, phase};
use crate::explain::{Column, ExplainError};
use crate::money::Amount;
use crate::settlement::steps::{Steps, UsageWay};
use crate::settlement::{Invoice, Line, LineCategory};

impl Making<'_, '_> {
    /// Lines of an invoice that are not in the steps of usage.
    pub(super) fn beside(&mut self, invoice: &Invoice) -> Result<(), ExplainError> {
        for line in &invoice.lines {
            let is_usage = match line.category {
                LineCategory::Usage => true,
                LineCategory::Overage => self.column != Column::Billed,
                _ => false,
            };
            if !is_usage {
                let by = (line.term, line.category.name());
                let phase = phase(line.category, self.agreed(line.term));
                self.step(phase, by, line.description.clone(), self.column.of(&line.costs))?;
            }
        }
        Ok(())
    }

    /// Each line of usage is rounded once.
    pub(super) fn rounding(
        &mut self,
        invoices: &[&Invoice],
        base: Amount,
    ) -> Result<(), ExplainError> {
        let mut rest = Amount::ZERO.checked_sub(base)?;
        for line in invoices.iter().flat_map(|invoice| &invoice.lines) {
            if line.category == LineCategory::Usage {
                rest = rest.checked_add(line.costs.billed_cost)?;
            }
        }
        let text = "lines of usage are rounded once each".to_owned();
        self.step(Phase::Rounding, (None, "rounding"), text, rest)?;
        Ok(())
    }

    /// One line.
    pub(super) fn line(
        &mut self,
        steps: &Steps,
        invoice: &Invoice,
        line: &Line,
    ) -> Result<(), ExplainError> {
        let whole = self.column.of(&line.costs);
        if line.category == LineCategory::Usage {
            let profiles = self.ground.profiles;
            let wanted = |way: &UsageWay| {
                let sku = &profiles[way.key.profile as usize].sku;
                is_on(way, invoice)
                    && way.key.served_by == line.term
                    && (sku.provider.as_str(), sku.model.as_str())
                        == (line.provider.as_str(), line.model.as_str())
            };
            if self.column != Column::Billed {
                return self.usage(steps, &wanted, With::NoSurcharge);
            }
            self.usage(steps, &wanted, With::UnitPrices)?;
            let rest = whole.checked_sub(self.base)?;
            let text = "the line is rounded once".to_owned();
            return Ok(self.step(Phase::Rounding, (None, "rounding"), text, rest)?);
        }
        self.name = format!("what the line is for: {}", line.description);
        // In other columns what terms take off is in the lines of the usage.
        let is_here = self.column == Column::Billed || line.category == LineCategory::Overage;
        for way in steps.ways.iter().filter(|way| is_here && is_on(way, invoice)) {
            let mut before = way.before;
            for step in &way.steps {
                let change = self.column.of(&step.after).checked_sub(self.column.of(&before))?;
                before = step.after;
                let is_its = step.term == line.term
                    && step.category == line.category
                    && step.text == line.description;
                if is_its {
                    let sku = &self.ground.profiles[way.key.profile as usize].sku;
                    let text = format!("{}/{}", sku.provider, sku.model);
                    let by = (line.term, line.category.name());
                    self.step(Phase::Usage, by, text, change)?;
                }
            }
        }
        let rest = whole.checked_sub(self.amount)?;
        let small = rest.atto().abs() < Amount::from_cents(1).atto();
        let (by, text, phase) = if self.amount.is_zero() || !small {
            ((line.term, line.category.name()), line.description.clone(), Phase::Beside)
        } else {
            ((None, "rounding"), "the line is rounded once".to_owned(), Phase::Rounding)
        };
        self.step(phase, by, text, rest)?;
        Ok(())
    }
}
