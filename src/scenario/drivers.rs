//! What drives a difference: changes put on one after the other.

use super::case::Case;
use super::settled::{PathCost, failed};
use super::{Basis, ScenarioError};
use crate::money::Amount;

/// What one change adds to the cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driver {
    /// The change.
    pub label: String,
    /// Cost with it less cost without it, on the mean of all paths, after the changes before it.
    pub amount: Amount,
}

/// The cost of each step less that of the one before, on the mean of all paths. The amounts add up to
/// the difference between the last step and the base.
///
/// # Errors
/// [`ScenarioError`] if contracts cannot be settled or amounts do not fit.
pub fn drivers(
    base: &Case<'_>,
    steps: &[(String, Case<'_>)],
    basis: Basis,
) -> Result<Vec<Driver>, ScenarioError> {
    let cost = |case: &Case<'_>| -> Result<Amount, ScenarioError> {
        let settlement = case.settle_mean(1.0).map_err(|source| failed(case, source))?;
        Ok(PathCost::read(case, &settlement)?.of(basis))
    };
    let mut before = cost(base)?;
    let mut found = Vec::with_capacity(steps.len());
    for (label, case) in steps {
        let after = cost(case)?;
        found.push(Driver { label: label.clone(), amount: after.checked_sub(before)? });
        before = after;
    }
    Ok(found)
}
