//! The volume at which two scenarios cost the same.

use super::case::Case;
use super::priced::Ready;
use super::{Basis, ScenarioError};
use crate::forecast::compound;
use crate::money::Amount;

/// Factors of all volume that are looked at.
const LEAST: f64 = 0.05;
const MOST: f64 = 20.0;
/// Steps of the first look; the one in the middle is the volume as forecast.
const STEPS: u32 = 24;
/// Halvings of a step: the factor is known to a millionth.
const HALVINGS: u32 = 24;

/// Where the cost of a scenario crosses that of the base.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BreakEven {
    /// All usage times this costs the same in both.
    pub factor: f64,
    /// The scenario is the cheaper one above it; otherwise below.
    pub cheaper_above: bool,
}

/// The crossing nearest to the volume as forecast, on the mean of all paths; `None` if one of both is
/// the cheaper one at every volume from a twentieth to twenty times.
pub(super) fn break_even(
    base: &Case<'_>,
    case: &Case<'_>,
    basis: Basis,
) -> Result<Option<BreakEven>, ScenarioError> {
    let (base, case) = (Ready::new(base)?, Ready::new(case)?);
    let more = |factor: f64| -> Result<Amount, ScenarioError> {
        let (case, base) = (case.mean_cost(factor)?.of(basis), base.mean_cost(factor)?.of(basis));
        Ok(case.checked_sub(base)?)
    };
    let at = |step: u32| LEAST * compound(MOST / LEAST, f64::from(step) / f64::from(STEPS));
    let looked = (0..=STEPS).map(|step| more(at(step))).collect::<Result<Vec<_>, _>>()?;
    // A tie is no crossing by itself: what comes after must differ from what was before.
    let crossed = |step: &u32| {
        let (before, rest) = looked[*step as usize..].split_at(1);
        let after = rest.iter().find(|difference| !difference.is_zero());
        !before[0].is_zero() && after.is_some_and(|a| a.is_negative() != before[0].is_negative())
    };
    let middle = STEPS / 2;
    let nearest = (0..STEPS).filter(crossed).min_by_key(|step| (2 * step + 1).abs_diff(2 * middle));
    let Some(step) = nearest else { return Ok(None) };
    let (mut low, mut high) = (at(step), at(step + 1));
    let was_dearer = !looked[step as usize].is_negative();
    for _ in 0..HALVINGS {
        let between = f64::midpoint(low, high);
        let difference = more(between)?;
        let still = !difference.is_zero() && difference.is_negative() != was_dearer;
        if still { low = between } else { high = between }
    }
    Ok(Some(BreakEven { factor: high, cheaper_above: was_dearer }))
}
