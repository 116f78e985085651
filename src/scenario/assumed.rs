//! What a scenario takes from tables and from the small print of contracts, for its report.

use super::case::Case;
use super::drivers::{DriverKind, Step, drivers};
use super::exchange::rates_used;
use super::ratios::UsedRatio;
use super::{Basis, ScenarioError};
use crate::contract::FxRate;
use crate::money::Amount;

/// What a scenario assumes.
#[derive(Debug, Clone, Default)]
pub struct Assumed {
    /// Tokens of text of moves to other models.
    pub ratios: Vec<UsedRatio>,
    /// Cost on mean usage less that of the scenario, with every shipped ratio at its low and at its high
    /// end; `None` without such ratios.
    pub band: Option<(Amount, Amount)>,
    /// Exchange rates that convert amounts, by pair and day.
    pub rates: Vec<FxRate>,
    /// What became of terms of its contracts, in words.
    pub terms: Vec<String>,
}

impl Assumed {
    /// From a scenario, and the same one with shipped ratios at the low and at the high end of their
    /// bands.
    ///
    /// # Errors
    /// [`ScenarioError`] if contracts cannot be settled or amounts do not fit.
    pub fn of<'a>(
        case: &Case<'a>,
        ends: Option<(Case<'a>, Case<'a>)>,
        ratios: Vec<UsedRatio>,
        terms: Vec<String>,
        basis: Basis,
    ) -> Result<Self, ScenarioError> {
        let apart = |end: Case<'a>| -> Result<Amount, ScenarioError> {
            let step = Step { kind: DriverKind::TokensPerText, label: String::new(), case: end };
            let found = drivers(case, &[step], basis)?;
            Ok(Amount::checked_sum(found.into_iter().map(|driver| driver.amount))?)
        };
        let band = match ends {
            Some((low, high)) => Some((apart(low)?, apart(high)?)),
            None => None,
        };
        Ok(Self { ratios, band, rates: rates_used(case), terms })
    }
}
