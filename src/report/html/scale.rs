//! From amounts to places on a chart, in whole numbers.

use crate::money::Amount;
use crate::report::axis::nice_step;

/// Ticks aimed at.
const TICKS: i128 = 5;

/// Steps that places are computed in; more than any screen shows.
const FINE: i128 = 1_000_000_000;

/// Values are cut to this, so that an axis around them fits.
const MOST: i128 = i128::MAX / 8;

/// A linear axis from one tick to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    low: i128,
    high: i128,
    step: i128,
    from: i64,
    to: i64,
}

impl Scale {
    /// An axis that holds zero and all values, drawn from one place to another.
    pub(super) fn new(values: impl IntoIterator<Item = Amount>, places: (i64, i64)) -> Self {
        let (mut low, mut high) = (0_i128, 0_i128);
        for value in values {
            low = low.min(cut(value));
            high = high.max(cut(value));
        }
        Self::between(low, high, places)
    }

    /// An axis that holds all values, and zero unless most of the axis would lie between it and them:
    /// for lines, whose changes count, not their heights.
    pub(super) fn near(values: impl IntoIterator<Item = Amount>, places: (i64, i64)) -> Self {
        let all: Vec<i128> = values.into_iter().map(cut).collect();
        let low = all.iter().min().copied().unwrap_or(0);
        let high = all.iter().max().copied().unwrap_or(0);
        let range = high - low;
        if range > 0 && (low > range || high < -range) {
            return Self::between(low, high, places);
        }
        Self::between(low.min(0), high.max(0), places)
    }

    /// Where the axis begins.
    pub(super) fn start(&self) -> Amount {
        Amount::from_atto(self.low)
    }

    fn between(low: i128, mut high: i128, (from, to): (i64, i64)) -> Self {
        if low == high {
            high = Amount::from_units(1).atto();
        }
        let step = nice_step(high.saturating_sub(low) / TICKS);
        let low = low.div_euclid(step).saturating_mul(step);
        let high = high.saturating_add(step - 1).div_euclid(step).saturating_mul(step);
        Self { low, high, step, from, to }
    }

    /// Where a value is.
    pub(super) fn at(&self, value: Amount) -> i64 {
        let range = self.high.saturating_sub(self.low).max(1);
        let unit = (range / FINE).max(1);
        let length = i128::from(self.to - self.from);
        let place = cut(value).saturating_sub(self.low) / unit;
        let place = place.saturating_mul(length) / (range / unit).max(1);
        self.from.saturating_add(i64::try_from(place).unwrap_or(0))
    }

    /// Values to label.
    pub(super) fn ticks(&self) -> Vec<Amount> {
        let count = self.high.saturating_sub(self.low) / self.step;
        (0..=count).map(|n| Amount::from_atto(self.low.saturating_add(n * self.step))).collect()
    }
}

fn cut(value: Amount) -> i128 {
    value.atto().clamp(-MOST, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(texts: &[&str]) -> Vec<Amount> {
        texts.iter().map(|t| t.parse().unwrap()).collect()
    }

    #[test]
    fn ticks_are_round_and_hold_all() {
        let scale = Scale::new(amounts(&["3", "87"]), (0, 1_000));
        assert_eq!(scale.ticks(), amounts(&["0", "20", "40", "60", "80", "100"]));
        assert_eq!(scale.at("87".parse().unwrap()), 870);
        let scale = Scale::new(amounts(&["-0.3", "0.5"]), (1_000, 0));
        assert_eq!(scale.ticks(), amounts(&["-0.4", "-0.2", "0", "0.2", "0.4", "0.6"]));
        assert_eq!([scale.at("-0.4".parse().unwrap()), scale.at(Amount::ZERO)], [1_000, 600]);
    }

    #[test]
    fn axes_of_lines_leave_zero_out_where_it_is_far() {
        let scale = Scale::near(amounts(&["812", "934"]), (0, 1_000));
        assert_eq!(scale.ticks(), amounts(&["800", "850", "900", "950"]));
        assert_eq!(scale.at("875".parse().unwrap()), 500);
        assert_eq!(Scale::near(amounts(&["12", "34"]), (0, 1_000)).start(), Amount::ZERO);
        assert_eq!(Scale::near(amounts(&["7", "7"]), (0, 1_000)).start(), Amount::ZERO);
        let below = Scale::near(amounts(&["-934", "-812"]), (0, 1_000));
        assert_eq!(below.start(), Amount::from_units(-950));
        assert_eq!(Scale::near([], (0, 10)).at(Amount::from_units(1)), 10);
    }

    #[test]
    fn nothing_and_very_much_have_axes_too() {
        assert_eq!(Scale::new([], (0, 10)).at(Amount::from_units(1)), 10);
        let much = Amount::from_atto(i128::MAX);
        let scale = Scale::new([much], (0, 1_000));
        assert!((500..=1_000).contains(&scale.at(much)), "{}", scale.at(much));
    }
}
