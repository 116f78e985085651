//! How far it makes sense to look.

use super::axis::Axis;
use super::deal::Deal;
use super::knob::SizeUnit;
use crate::money::Amount;
use crate::scenario::ScenarioError;

/// Paths that are looked at for the largest need.
const PATHS: usize = 200;
/// Doublings after which the largest size stands in any case.
const DOUBLINGS: u32 = 24;
/// Where nothing tells how much is needed: this many times the size that is stated.
const BLIND: i128 = 3;

/// From nothing to a size that is more than is needed on every path looked at.
///
/// # Errors
/// [`ScenarioError`] if contracts cannot be settled at some size.
pub fn axis(deal: &Deal<'_>, knob: usize) -> Result<Axis, ScenarioError> {
    let of = &deal.knobs[knob];
    let least = match &of.unit {
        SizeUnit::Money(_) => Amount::from_cents(1),
        SizeUnit::Count(_) => Amount::from_units(1),
    };
    let mut sizes: Vec<Amount> = deal.knobs.iter().map(|knob| knob.stated).collect();
    let mut is_over = |size: Amount| -> Result<Option<bool>, ScenarioError> {
        sizes[knob] = size;
        let paths = deal.settle(&sizes, PATHS)?;
        let over = |fit: &super::fit::Fit| fit.is_over;
        let fits: Option<Vec<bool>> =
            paths.iter().map(|path| path.fits[knob].as_ref().map(over)).collect();
        Ok(fits.map(|fits| fits.contains(&true)))
    };
    let mut high = of.stated;
    match is_over(high)? {
        None => high = high.checked_ratio(BLIND, 1)?,
        Some(true) => {
            for _ in 0..DOUBLINGS {
                high = high.checked_ratio(2, 1)?;
                if is_over(high)? != Some(true) {
                    break;
                }
            }
        }
        Some(false) => {
            for _ in 0..DOUBLINGS {
                let half = high.checked_ratio(1, 2)?;
                if half < least || is_over(half)? != Some(false) {
                    break;
                }
                high = half;
            }
        }
    }
    // A size at which an offer begins can be worth more than is needed.
    let offered = deal.offers[knob].iter().flat_map(|offer| offer.steps.last());
    let high = offered.fold(high, |high, (size, _)| high.max(*size));
    Ok(Axis::up_to(high, least)?)
}
