//! Cost sample paths and what is read off them, in exact amounts.

use crate::money::{Amount, MoneyError};

/// Cost of every day on every sample path.
#[derive(Debug, Clone)]
pub struct CostPaths {
    days: usize,
    // paths x days
    amounts: Vec<Amount>,
}

/// Mean and quantiles of one sum over the paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// Mean, rounded half-even at the 18th place.
    pub mean: Amount,
    /// One amount for each probability asked for.
    pub quantiles: Vec<Amount>,
}

/// A probability as a whole number of ten-thousandths, so that quantiles of exact amounts stay
/// exact: 2.5 % is 250.
pub type BasisPoints = u32;
const WHOLE: u32 = 10_000;

/// Amounts that the paths of all groups together may hold: 1 GiB of them.
const MOST_GROUP_AMOUNTS: usize = 1 << 26;

/// True if paths of so many groups fit into memory beside those of the total.
pub(super) fn groups_fit(groups: usize, paths: usize, days: usize) -> bool {
    groups.saturating_mul(paths).saturating_mul(days) <= MOST_GROUP_AMOUNTS
}

impl CostPaths {
    pub(super) fn zeros(paths: usize, days: usize) -> Self {
        Self { days, amounts: vec![Amount::ZERO; paths * days] }
    }

    pub(super) fn add(&mut self, path: usize, day: usize, cost: Amount) -> Result<(), MoneyError> {
        let cell = &mut self.amounts[path * self.days + day];
        *cell = cell.checked_add(cost)?;
        Ok(())
    }

    /// Days of each path.
    #[must_use]
    pub fn days(&self) -> usize {
        self.days
    }

    /// Each path, day by day.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[Amount]> {
        self.amounts.chunks_exact(self.days)
    }

    /// The sum of days `from..until` on each path.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn sums(&self, from: usize, until: usize) -> Result<Vec<Amount>, MoneyError> {
        self.iter().map(|path| Amount::checked_sum(path[from..until].iter().copied())).collect()
    }

    /// Mean and quantiles of `base` plus the sum of days `from..until`.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn distribution(
        &self,
        from: usize,
        until: usize,
        base: Amount,
        probabilities: &[BasisPoints],
    ) -> Result<Distribution, MoneyError> {
        spread(self.sums(from, until)?, base, probabilities)
    }

    /// Mean and quantiles of the sum of some days.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub(super) fn distribution_of_days(
        &self,
        days: &[usize],
        probabilities: &[BasisPoints],
    ) -> Result<Distribution, MoneyError> {
        let sum = |path: &[Amount]| Amount::checked_sum(days.iter().map(|day| path[*day]));
        let sums = self.iter().map(sum).collect::<Result<_, _>>()?;
        spread(sums, Amount::ZERO, probabilities)
    }
}

impl Distribution {
    /// Mean and quantiles of amounts, one a path.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if their sum does not fit.
    pub fn of(amounts: &[Amount], probabilities: &[BasisPoints]) -> Result<Self, MoneyError> {
        spread(amounts.to_vec(), Amount::ZERO, probabilities)
    }
}

fn spread(
    mut sums: Vec<Amount>,
    base: Amount,
    probabilities: &[BasisPoints],
) -> Result<Distribution, MoneyError> {
    sums.sort_unstable();
    let count = u32::try_from(sums.len()).map_err(|_| MoneyError::Overflow)?;
    let mean = Amount::checked_sum(sums.iter().copied())?.mean_of(count).checked_add(base)?;
    let quantiles = probabilities
        .iter()
        .map(|p| quantile(&sums, *p)?.checked_add(base))
        .collect::<Result<_, _>>()?;
    Ok(Distribution { mean, quantiles })
}

/// The quantile of sorted amounts, interpolated between neighbours.
/// Source: Hyndman and Fan 1996, "Sample Quantiles in Statistical Packages", definition 7.
fn quantile(sorted: &[Amount], probability: BasisPoints) -> Result<Amount, MoneyError> {
    let Some(last) = sorted.len().checked_sub(1) else {
        return Ok(Amount::ZERO);
    };
    let (below, part) = position(last, probability)?;
    sorted[below].lerp(sorted[(below + 1).min(last)], part, WHOLE)
}

/// Where a quantile lies among sorted amounts: the place below it, and how many ten-thousandths of the
/// way to the next it is.
fn position(last: usize, probability: BasisPoints) -> Result<(usize, u32), MoneyError> {
    let position = u64::try_from(last).map_err(|_| MoneyError::Overflow)? * u64::from(probability);
    let below = usize::try_from(position / u64::from(WHOLE)).map_err(|_| MoneyError::Overflow)?;
    let part = u32::try_from(position % u64::from(WHOLE)).map_err(|_| MoneyError::Overflow)?;
    Ok((below, part))
}

/// A path that a quantile is read off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// Its number, from 0.
    pub path: usize,
    /// Its place by amount, from 1.
    pub rank: usize,
    /// Its amount.
    pub amount: Amount,
    /// How many ten-thousandths of it are in the quantile.
    pub weight: BasisPoints,
}

/// The paths that a quantile of amounts, one a path, is interpolated between; none without amounts.
///
/// # Errors
/// [`MoneyError::Overflow`] if there are too many.
pub fn neighbours(
    amounts: &[Amount],
    probability: BasisPoints,
) -> Result<Vec<Neighbour>, MoneyError> {
    let mut order: Vec<usize> = (0..amounts.len()).collect();
    order.sort_by_key(|path| amounts[*path]);
    let Some(last) = order.len().checked_sub(1) else { return Ok(Vec::new()) };
    let (below, part) = position(last, probability)?;
    let found = [(below, WHOLE - part), ((below + 1).min(last), part)];
    let found = found.into_iter().filter(|(_, weight)| *weight > 0);
    Ok(found
        .map(|(at, weight)| Neighbour {
            path: order[at],
            rank: at + 1,
            amount: amounts[order[at]],
            weight,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_definition_7() {
        // numpy.quantile([1, 2, 3, 10], [0, .1, .5, .9, 1]) = [1, 1.3, 2.5, 7.9, 10].
        let sorted: Vec<Amount> = [1, 2, 3, 10].map(Amount::from_units).to_vec();
        let shown = |p| quantile(&sorted, p).unwrap().to_string();
        assert_eq!(
            [0, 1000, 5000, 9000, 10_000].map(shown),
            ["1.00", "1.30", "2.50", "7.90", "10.00"]
        );
    }

    #[test]
    fn a_quantile_lies_between_its_neighbours() {
        // numpy: sorted 1, 2, 3, 10; 0.9 x 3 = 2.7, so 0.3 of the third and 0.7 of the fourth.
        let amounts: Vec<Amount> = [10, 1, 3, 2].map(Amount::from_units).to_vec();
        let shown = |p| {
            let found = neighbours(&amounts, p).unwrap();
            found.iter().map(|n| (n.path, n.rank, n.weight)).collect::<Vec<_>>()
        };
        assert_eq!(shown(9_000), [(2, 3, 3_000), (0, 4, 7_000)]);
        assert_eq!(shown(10_000), [(0, 4, 10_000)]);
        assert_eq!(neighbours(&[], 5_000).unwrap(), []);
    }

    #[test]
    fn sums_are_taken_path_by_path() {
        let mut paths = CostPaths::zeros(2, 3);
        for (path, day, cost) in [(0, 0, 1), (0, 1, 2), (1, 1, 10), (1, 2, 5)] {
            paths.add(path, day, Amount::from_units(cost)).unwrap();
        }
        assert_eq!(paths.sums(0, 2).unwrap(), [Amount::from_units(3), Amount::from_units(10)]);
        let all = paths.distribution(0, 3, Amount::from_units(100), &[0, 10_000]).unwrap();
        assert_eq!(all.mean, Amount::from_units(109));
        assert_eq!(all.quantiles, [Amount::from_units(103), Amount::from_units(115)]);
        let ends = paths.distribution_of_days(&[0, 2], &[0, 10_000]).unwrap();
        assert_eq!(ends.quantiles, [Amount::from_units(1), Amount::from_units(5)]);
    }
}
