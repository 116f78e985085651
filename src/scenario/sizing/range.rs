//! How far it makes sense to look.

use super::axis::Axis;
use super::deal::Sizer;
use crate::money::Amount;
use crate::scenario::ScenarioError;

/// Paths that are looked at for the largest need.
const PATHS: usize = 200;
/// Doublings after which the largest size stands in any case.
const DOUBLINGS: u32 = 24;
/// Where nothing tells how much is needed: this many times the size that is stated.
const BLIND: i128 = 3;

/// The axis ends where so many of them at most still need more.
const STILL_OVER: usize = 4;
/// Halvings of the last doubling.
const HALVINGS: u32 = 3;

/// From the smallest size to one that is enough on almost every path looked at.
///
/// # Errors
/// [`ScenarioError`] if contracts cannot be settled at some size.
pub fn axis(sizer: &Sizer<'_>, knob: usize) -> Result<Axis, ScenarioError> {
    let of = &sizer.deal.knobs[knob];
    let mut sizes: Vec<Amount> = sizer.deal.knobs.iter().map(|knob| knob.stated).collect();
    let mut is_enough = |size: Amount| -> Result<Option<bool>, ScenarioError> {
        sizes[knob] = size;
        let paths = sizer.settle(&sizes, PATHS)?;
        let over = |path: &super::deal::OnPath| path.fits[knob].map(|fit| fit.is_over);
        let fits: Option<Vec<bool>> = paths.iter().map(over).collect();
        Ok(fits.map(|over| over.iter().filter(|over| **over).count() <= STILL_OVER))
    };
    let mut high = of.stated;
    match is_enough(high)? {
        None => high = high.checked_ratio(BLIND, 1)?,
        Some(stated) => {
            let (mut short, mut enough) = (Amount::ZERO, high);
            if !stated {
                for _ in 0..DOUBLINGS {
                    short = enough;
                    enough = enough.checked_ratio(2, 1)?;
                    if is_enough(enough)? == Some(true) {
                        break;
                    }
                }
            }
            let halvings = if stated { DOUBLINGS } else { HALVINGS };
            for _ in 0..halvings {
                let between = of.rounded(short.checked_add(enough)?.checked_ratio(1, 2)?);
                if between <= short || between >= enough {
                    break;
                }
                if is_enough(between)? == Some(true) {
                    enough = between;
                } else {
                    short = between;
                    if stated && enough.checked_sub(short)? <= enough.checked_ratio(1, 8)? {
                        break;
                    }
                }
            }
            high = enough;
        }
    }
    // A size at which an offer begins can be worth more than is needed.
    let offered = sizer.deal.offers[knob].iter().flat_map(|offer| offer.steps.last());
    let high = offered.fold(high, |high, (size, _)| high.max(*size));
    Ok(Axis::about(of.least, high.max(of.least), of.step)?)
}
