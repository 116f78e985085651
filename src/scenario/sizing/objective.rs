//! What of the costs of all paths is to be small.

use std::str::FromStr;

use crate::money::{Amount, MoneyError};
use crate::projection::{BasisPoints, Distribution};

/// One number for the costs of all paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Objective {
    /// Their mean: what the size costs on average.
    #[default]
    Mean,
    /// A quantile: the budget that holds with this probability.
    Quantile(BasisPoints),
    /// The mean of the costliest paths, those beyond this quantile (CVaR, expected shortfall).
    Cvar(BasisPoints),
}

impl Objective {
    /// Its value.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn of(self, costs: &[Amount]) -> Result<Amount, MoneyError> {
        match self {
            Self::Mean => Ok(Distribution::of(costs, &[])?.mean),
            Self::Quantile(p) => Ok(Distribution::of(costs, &[p])?.quantiles[0]),
            Self::Cvar(p) => cvar(costs, p),
        }
    }
}

/// Basis points of a whole.
const WHOLE: u64 = 10_000;

/// The mean of the costliest share of the costs, a part of a cost where the share ends inside it.
/// Source: Rockafellar and Uryasev 2002, "Conditional value-at-risk for general loss distributions",
/// proposition 8.
fn cvar(costs: &[Amount], level: BasisPoints) -> Result<Amount, MoneyError> {
    let mut sorted = costs.to_vec();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let count = u64::try_from(sorted.len()).map_err(|_| MoneyError::Overflow)?;
    // In ten-thousandths of a path, so that the share is exact.
    let tail = count * WHOLE.saturating_sub(u64::from(level));
    if tail == 0 {
        return Ok(sorted.first().copied().unwrap_or_default());
    }
    let (mut left, mut sum) = (tail, Amount::ZERO);
    for cost in sorted {
        let part = left.min(WHOLE);
        let weighed = cost.checked_ratio(i128::from(part), i128::from(tail))?;
        sum = sum.checked_add(weighed)?;
        left -= part;
        if left == 0 {
            break;
        }
    }
    Ok(sum)
}

impl std::fmt::Display for Objective {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let percent = |p: BasisPoints| {
            let text = format!("{}.{:02}", p / 100, p % 100);
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        match self {
            Self::Mean => f.write_str("mean"),
            Self::Quantile(p) => write!(f, "P{}", percent(*p)),
            Self::Cvar(p) => write!(f, "CVaR{}", percent(*p)),
        }
    }
}

impl FromStr for Objective {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{typed}` is no objective (expected mean, p50 to p99.9, or cvar50 to cvar99.9)"
            )
        };
        let lower = typed.to_ascii_lowercase();
        if lower == "mean" {
            return Ok(Self::Mean);
        }
        let (make, digits): (fn(BasisPoints) -> Self, _) = match lower.strip_prefix("cvar") {
            Some(digits) => (Self::Cvar, digits),
            None => (Self::Quantile, lower.strip_prefix('p').ok_or_else(wrong)?),
        };
        let points = Amount::parse_rounded(digits).map_err(|_| wrong())?;
        let points = points.checked_ratio(100, 1).map_err(|_| wrong())?;
        let basis = points.atto() / Amount::from_units(1).atto();
        let exact = Amount::from_units(i64::try_from(basis).map_err(|_| wrong())?) == points;
        let basis = BasisPoints::try_from(basis).map_err(|_| wrong())?;
        if exact && (5_000..=9_990).contains(&basis) { Ok(make(basis)) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(units: &[i64]) -> Vec<Amount> {
        units.iter().map(|u| Amount::from_units(*u)).collect()
    }

    #[test]
    fn the_tail_is_cut_inside_a_path() {
        let costs = amounts(&[4, 1, 3, 2, 10]);
        // The worst 30 % of five paths are one and a half: (10 + 4 / 2) / 1.5 = 8.
        assert_eq!(Objective::Cvar(7_000).of(&costs).unwrap(), Amount::from_units(8));
        assert_eq!(Objective::Cvar(8_000).of(&costs).unwrap(), Amount::from_units(10));
        assert_eq!(Objective::Mean.of(&costs).unwrap(), Amount::from_units(4));
        assert_eq!(Objective::Quantile(5_000).of(&costs).unwrap(), Amount::from_units(3));
    }

    #[test]
    fn typed_and_shown() {
        for (typed, shown) in
            [("mean", "mean"), ("p90", "P90"), ("CVaR95", "CVaR95"), ("p97.5", "P97.5")]
        {
            assert_eq!(typed.parse::<Objective>().unwrap().to_string(), shown);
        }
        for typed in ["", "p", "p100", "p40", "cvar", "cvar101", "median", "p97.512"] {
            assert!(typed.parse::<Objective>().is_err(), "{typed}");
        }
    }
}
