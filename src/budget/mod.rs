//! Budgets: what may be spent, by whom, in which period, and how likely it may be too little.
//!
//! A budget is judged by the same sample paths that `forecast` shows. A verdict that figures cannot
//! bear is undecided, never within.

pub mod baseline;
mod doubt;
mod evidence;
pub mod file;
mod gate;
mod scope;
mod verdict;

use crate::config::EntryRef;
use crate::money::{Amount, Currency};
use crate::projection::{BasisPoints, SpanKind};

pub use self::doubt::Doubt;
pub use self::evidence::{CostGround, Evidence, Ground, UsageGround};
pub use self::gate::{Gate, GateError, Outcome, Settings, judge, own_horizon};
pub use self::scope::BudgetScope;
pub use self::verdict::{Judged, JudgedPeriod, Over, SHOWN, Verdict};

/// What follows when a budget is not within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The gate fails.
    Fail,
    /// It is said, and nothing else.
    Warn,
}

impl Action {
    /// The word in files and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
        }
    }
}

/// A budget and how it is to be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its own name in reports.
    pub id: String,
    /// Which usage it is for.
    pub scope: BudgetScope,
    /// What may be spent in each of these periods.
    pub per: SpanKind,
    /// What may be spent.
    pub amount: Amount,
    /// Its currency; `None`: that of the forecast.
    pub currency: Option<Currency>,
    /// The probability of going over that is allowed.
    pub allowed: BasisPoints,
    /// What follows when it is not within.
    pub action: Action,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Anything for people.
    pub notes: Option<String>,
    /// Where it is written; `None` for a flag.
    pub place: Option<EntryRef>,
}

/// A share between 0 and 1 as whole ten-thousandths.
///
/// # Errors
/// A lowercase fragment that says what was expected.
pub fn parse_share(text: &str) -> Result<BasisPoints, String> {
    const POINT: i128 = 10_i128.pow(14);
    let amount: Amount = text.trim().parse().map_err(|error| format!("{error}"))?;
    let points = u32::try_from(amount.atto() / POINT).ok().filter(|p| *p <= 10_000);
    points.filter(|p| i128::from(*p) * POINT == amount.atto()).ok_or_else(|| {
        format!("`{text}` is no share (expected from 0 to 1 in steps of 0.0001, such as 0.1)")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares() {
        assert_eq!(
            ["0", "0.1", "0.0001", "1"].map(|t| parse_share(t).ok()),
            [Some(0), Some(1_000), Some(1), Some(10_000)]
        );
        for text in ["-0.1", "1.1", "0.00001", "10 %", ""] {
            assert!(parse_share(text).is_err(), "{text}");
        }
    }
}
