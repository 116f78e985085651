//! The free allowance of a price.

use super::Validator;
use crate::price_book::allowance::{AllowancePeriod, FreeAllowance};
use crate::price_book::file::{RawAllowance, RawPrice};

impl Validator<'_> {
    /// The allowance of an entry; its units are those of the one component that the entry prices.
    pub(super) fn allowance(&mut self, raw: &RawPrice<'_>) -> Option<FreeAllowance> {
        let RawAllowance { offset, quantity, period, pool } = raw.free_allowance.as_ref()?;
        if raw.prices.len() > 1 {
            let message = format!(
                "`free_allowance` is of one component, but the entry has {} prices",
                raw.prices.len()
            );
            let hint = "give the price with the allowance an entry of its own".to_owned();
            self.report.problem_with(*offset, message, Some(hint));
        }
        if quantity.is_none() || period.is_none() {
            self.report.problem(*offset, "`free_allowance` needs a `quantity` and a `period`");
        }
        let period = self.parsed(*period, |text| {
            let found = AllowancePeriod::ALL.iter().find(|(name, _)| *name == text);
            found
                .map(|(_, period)| *period)
                .ok_or_else(|| format!("unknown period `{text}`, expected day or month"))
        });
        Some(FreeAllowance {
            quantity: quantity.as_ref()?.value,
            period: period?,
            pool: pool.map(|text| text.value.into()),
        })
    }
}
