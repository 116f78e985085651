//! How much of the ups and downs of leaves cancels out in their sum.

use super::backtest::approximate;
use super::blend::{Pricing, Shares};
use super::history::{Leaf, quantity};
use crate::money::{BlendedPrice, MoneyError};
use chrono::NaiveDate;

/// Days that are looked at, and days from one value to the one it is compared with.
const DAYS: usize = 56;
const WEEK: usize = 7;
/// Differences without which nothing can be told.
const LEAST_DIFFERENCES: usize = 7;
/// Units whose cost is taken to tell the price of one as a number.
const MANY: u64 = 1_000_000;

/// A price of one unit as a number for statistics.
pub(super) fn per_unit(price: BlendedPrice) -> Result<f64, MoneyError> {
    Ok(approximate(price.checked_cost(MANY)?) / quantity(MANY))
}

/// One less the variance of the sum over the square of the sum of standard deviations, of changes
/// from week to week: 0 if all series move together or there is only one, 1 - 1/n for n equal ones
/// that move by themselves.
#[derive(Debug, Clone)]
pub(super) struct Cancelling {
    sum: [f64; DAYS],
    deviations: f64,
}

impl Cancelling {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self { sum: [0.0; DAYS], deviations: 0.0 }
    }

    /// Adds a series at a price of its unit.
    pub(super) fn add(&mut self, values: &[Option<f64>], price: f64) {
        let changes = changes(values, price);
        if changes.iter().flatten().count() < LEAST_DIFFERENCES {
            return;
        }
        self.deviations += changes.iter().flatten().map(|x| x * x).sum::<f64>().sqrt();
        for (total, change) in self.sum.iter_mut().zip(&changes) {
            *total += change.unwrap_or(0.0);
        }
    }

    /// The share that cancels out.
    pub(super) fn share(&self) -> f64 {
        let together = self.sum.iter().map(|x| x * x).sum::<f64>();
        let share = 1.0 - together / (self.deviations * self.deviations);
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// The share that cancels out among leaves at the prices of a day.
pub(super) fn cancelled_share(
    leaves: &[Leaf],
    pricing: &Pricing<'_, '_>,
    day: NaiveDate,
) -> Result<f64, MoneyError> {
    let mut cancelling = Cancelling::new();
    for leaf in leaves {
        let Some(component) = leaf.component() else { continue };
        let prices = Shares::of(component, &leaf.mix).prices(day, pricing)?;
        let price = prices.last().map_or(Ok(0.0), |p| per_unit(p.whole))?;
        cancelling.add(&leaf.series.values, price);
    }
    Ok(cancelling.share())
}

/// Changes from the same weekday of the week before by age, in money.
fn changes(values: &[Option<f64>], price: f64) -> Vec<Option<f64>> {
    let by_age = |age: usize| values.len().checked_sub(age + 1).and_then(|at| values[at]);
    (0..DAYS).map(|age| Some((by_age(age)? - by_age(age + WEEK)?) * price)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_week_over_week() {
        let values: Vec<Option<f64>> = (0..20).map(|t| Some(f64::from(t * t))).collect();
        let found = changes(&values, 2.0);
        // 19^2 - 12^2 = 217.
        assert_eq!(found[0], Some(434.0));
        assert_eq!(found.iter().flatten().count(), 13);
    }
}
