//! The sizes that can be chosen.

use crate::money::{Amount, MoneyError};

/// Sizes from one to another in equal steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis {
    /// The smallest.
    pub low: Amount,
    /// Between two neighbours; above zero.
    pub step: Amount,
    /// Number of the largest; the smallest has number 0.
    pub last: u64,
}

impl Axis {
    /// From a size to another, or to the last step before it.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if there are more than `u64::MAX` steps.
    pub fn new(low: Amount, high: Amount, step: Amount) -> Result<Self, MoneyError> {
        let steps = high.checked_sub(low)?.atto() / step.atto().max(1);
        let last = u64::try_from(steps.max(0)).map_err(|_| MoneyError::Overflow)?;
        Ok(Self { low, step, last })
    }

    /// From a size to another or a little more, in steps of about a two-thousandth: `1`, `2` or `5` times a
    /// power of ten times `least`.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a size does not fit.
    pub fn about(low: Amount, high: Amount, least: Amount) -> Result<Self, MoneyError> {
        let way = high.checked_sub(low)?;
        let mut step = least;
        for factor in [2, 5].into_iter().chain([1, 2, 5].into_iter().cycle()) {
            if step.checked_ratio(PARTS, 1)? >= way {
                break;
            }
            // 1, 2, 5, 10: each of them from the one before.
            step = match factor {
                5 => step.checked_ratio(5, 2)?,
                _ => step.checked_ratio(2, 1)?,
            };
        }
        Self::new(low, high.checked_add(step)?, step)
    }

    /// The size with a number.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if it does not fit.
    pub fn at(&self, number: u64) -> Result<Amount, MoneyError> {
        self.low.checked_add(self.step.checked_ratio(i128::from(number), 1)?)
    }

    /// The number of the size nearest to another one.
    #[must_use]
    pub fn nearest(&self, size: Amount) -> u64 {
        let above = (size.atto() - self.low.atto()).max(0) + self.step.atto() / 2;
        u64::try_from(above / self.step.atto().max(1)).unwrap_or(u64::MAX).min(self.last)
    }

    /// Numbers spread evenly over all sizes, the first and the last among them.
    #[must_use]
    pub fn spread(&self, intervals: u64) -> Vec<u64> {
        let at = |k: u64| u128::from(self.last) * u128::from(k) / u128::from(intervals.max(1));
        let mut numbers: Vec<u64> =
            (0..=intervals).map(|k| u64::try_from(at(k)).unwrap_or(self.last)).collect();
        numbers.dedup();
        numbers
    }
}

/// Steps that a size is about.
const PARTS: i128 = 2_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        let of = |high: i64| {
            Axis::about(Amount::ZERO, Amount::from_units(high), Amount::from_cents(1)).unwrap()
        };
        // A two-thousandth of 1,240,000 is 620: the next round number is 1,000.
        assert_eq!(of(1_240_000).step, Amount::from_units(1_000));
        assert_eq!(of(9).step, Amount::from_cents(1));
        assert_eq!(of(9_999).step, Amount::from_units(5));
        assert_eq!(of(10_001).step, Amount::from_units(10));
        // The last step is at or above what was asked for.
        assert!(of(1_240_000).at(of(1_240_000).last).unwrap() >= Amount::from_units(1_240_000));
        // 15, 20, ... 40: a step past what was asked for.
        let [low, high, step] = [15, 37, 5].map(Amount::from_units);
        let counted = Axis::about(low, high, step).unwrap();
        assert_eq!(
            (counted.step, counted.at(counted.last).unwrap()),
            (step, Amount::from_units(40))
        );
    }

    #[test]
    fn numbers_go_from_end_to_end() {
        let units = |from, to, step| {
            Axis::new(Amount::from_units(from), Amount::from_units(to), Amount::from_units(step))
        };
        let axis = units(15, 200, 50).unwrap();
        // 15, 65, 115, 165: another step would pass the end.
        assert_eq!(axis.spread(20), [0, 1, 2, 3]);
        assert_eq!(axis.at(3).unwrap(), Amount::from_units(165));
        assert_eq!([0, 60, 500].map(|s| axis.nearest(Amount::from_units(s))), [0, 1, 3]);
        let fine = units(0, 1_000, 1).unwrap();
        assert_eq!(fine.spread(4), [0, 250, 500, 750, 1_000]);
    }
}
