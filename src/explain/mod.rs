//! Figures taken apart: the charge lines and contract steps that a figure is the sum of.
//!
//! A figure is a weighted sum of parts, such as two neighbouring paths of a quantile. A part is a sum
//! of charge lines, quantities at prices of entries, and of steps, which are what terms of contracts
//! and roundings add to them. Nothing is left over: what lines and steps do not give is kept and said.

mod cost;
mod due;
mod entries;
mod paths;
mod scenario;
mod settled;
mod steps;

use std::collections::BTreeMap;

use thiserror::Error;

pub use self::cost::{CostAmount, CostFigure, CostGround, cost};
pub use self::due::DueIn;
pub use self::entries::Entries;
pub use self::paths::{ForecastUsage, PathFigure, PathGround, Read};
pub use self::scenario::{CaseAmount, CaseEntries, CaseFigure, CaseGround, CaseRead};
pub use self::settled::{SettledFigure, SettledFrom, SettledGround, settled};
use crate::config::EntryRef;
use crate::money::{Amount, Currency, MoneyError};
use crate::projection::ProjectionError;
use crate::rating::RatingError;
use crate::rating::lines::ChargeLine;
use crate::scenario::ScenarioError;
use crate::settlement::SettleError;
use crate::tokens::Component;

/// The cost columns of FinOps FOCUS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// At list prices.
    List,
    /// At contracted prices.
    Contracted,
    /// After discounts and the share of what was paid elsewhere.
    Effective,
    /// What an invoice asks for.
    Billed,
}

impl Column {
    /// Every column with its name in reports.
    pub const ALL: [(&'static str, Self); 4] = [
        ("list_cost", Self::List),
        ("contracted_cost", Self::Contracted),
        ("effective_cost", Self::Effective),
        ("billed_cost", Self::Billed),
    ];

    /// The column of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, column)| *column)
    }

    /// Its amount.
    #[must_use]
    pub fn of(self, costs: &crate::rating::Costs) -> Amount {
        match self {
            Self::List => costs.list_cost,
            Self::Contracted => costs.contracted_cost,
            Self::Effective => costs.effective_cost,
            Self::Billed => costs.billed_cost,
        }
    }
}

/// A term of a contract, by name and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermPlace {
    /// Id of the contract.
    pub contract: String,
    /// Id of the term.
    pub term: String,
    /// The key of its table.
    pub kind: &'static str,
    /// Where it is written.
    pub place: EntryRef,
}

/// What is added to the lines above it, or taken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What kind of step: `discount`, `drawdown`, `rounding`, ...
    pub kind: &'static str,
    /// The term that does it.
    pub term: Option<TermPlace>,
    /// What it is, in words and figures.
    pub description: String,
    /// What it adds.
    pub change: Amount,
}

/// Usage of a part that nothing has a price for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnpricedLine {
    /// Who bills.
    pub provider: String,
    /// The model.
    pub model: String,
    /// What is counted.
    pub component: Component,
    /// Units.
    pub units: u64,
}

/// One of the sums that a figure is made of.
#[derive(Debug, Clone)]
pub struct Part<'a> {
    /// What it is, in words.
    pub name: String,
    /// How often it counts, as numerator and denominator.
    pub weight: (i128, i128),
    /// What it comes to.
    pub amount: Amount,
    /// Quantities at prices, the dearest first.
    pub charges: Vec<ChargeLine<'a>>,
    /// In their order.
    pub steps: Vec<Step>,
    /// How often the costs of the part were rounded at the 18th place.
    pub roundings: u64,
    /// What is not in it.
    pub unpriced: Vec<UnpricedLine>,
}

impl Default for Part<'_> {
    fn default() -> Self {
        Self {
            name: String::new(),
            weight: (1, 1),
            amount: Amount::ZERO,
            charges: Vec::new(),
            steps: Vec::new(),
            roundings: 0,
            unpriced: Vec::new(),
        }
    }
}

/// A figure and what it is made of.
#[derive(Debug, Clone)]
pub struct Explained<'a> {
    /// The figure, worked out from the parts.
    pub figure: Amount,
    /// Its currency.
    pub currency: Currency,
    /// What it is, in a sentence.
    pub what: String,
    /// Each once.
    pub parts: Vec<Part<'a>>,
}

/// Whether lines give the amount that a report has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// Sum of the lines and steps, weighted.
    pub sum: Amount,
    /// The figure less that sum.
    pub difference: Amount,
    /// The most that roundings at the 18th place can make of it.
    pub tolerance: Amount,
}

impl Proof {
    /// True if nothing but rounding lies between the lines and the figure.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.difference.atto().abs() <= self.tolerance.atto()
    }
}

/// A share of paths, taken apart.
#[derive(Debug, Clone)]
pub struct Count {
    /// What it is, in a sentence.
    pub what: String,
    /// Paths that count.
    pub counted: usize,
    /// All paths.
    pub of: usize,
    /// What they are compared with.
    pub threshold: Amount,
    /// Its currency.
    pub currency: Currency,
    /// Some paths on both sides of it, sorted by their totals.
    pub around: Vec<PathAt>,
}

/// The total of one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathAt {
    /// Its number, from 0.
    pub path: usize,
    /// Its total.
    pub total: Amount,
}

impl Part<'_> {
    /// What it comes to before and after each step.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn standings(&self) -> Result<Vec<(Amount, Amount)>, MoneyError> {
        let mut before = self.charged()?;
        let next = |step: &Step| {
            let after = before.checked_add(step.change)?;
            Ok((std::mem::replace(&mut before, after), after))
        };
        self.steps.iter().map(next).collect()
    }

    /// Sum of its charge lines.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if it does not fit.
    pub fn charged(&self) -> Result<Amount, MoneyError> {
        Amount::checked_sum(self.charges.iter().map(|line| line.cost))
    }

    /// How its lines compare with its amount.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn proof(&self) -> Result<Proof, MoneyError> {
        let steps = Amount::checked_sum(self.steps.iter().map(|step| step.change))?;
        let sum = self.charged()?.checked_add(steps)?;
        let divided = self.charges.iter().filter(|line| line.quantity.per != 1).count();
        let most = i128::from(self.roundings) + i128::try_from(divided).unwrap_or(0);
        let tolerance = Amount::from_atto(most);
        Ok(Proof { sum, difference: self.amount.checked_sub(sum)?, tolerance })
    }
}

impl Explained<'_> {
    /// An amount less this figure.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if it does not fit.
    pub fn taken_from(mut self, amount: Amount, name: &str) -> Result<Self, MoneyError> {
        self.figure = amount.checked_sub(self.figure)?;
        for part in &mut self.parts {
            part.weight.0 = -part.weight.0;
        }
        let given =
            Step { kind: "given", term: None, description: name.to_owned(), change: amount };
        self.parts.insert(
            0,
            Part { name: name.to_owned(), amount, steps: vec![given], ..Part::default() },
        );
        Ok(self)
    }

    /// How all lines compare with an amount that a report has.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn proof(&self, reported: Amount) -> Result<Proof, MoneyError> {
        let (mut sum, mut tolerance) = (Amount::ZERO, 0);
        for part in &self.parts {
            let proof = part.proof()?;
            let (numerator, denominator) = part.weight;
            sum = sum.checked_add(proof.sum.checked_ratio(numerator, denominator)?)?;
            let scaled = proof.tolerance.atto().saturating_mul(numerator.abs()) / denominator;
            // One more for the product itself.
            tolerance += scaled + i128::from(denominator != 1);
        }
        let difference = reported.checked_sub(sum)?;
        Ok(Proof { sum, difference, tolerance: Amount::from_atto(tolerance) })
    }
}

/// Why a figure cannot be taken apart.
#[derive(Debug, Error)]
pub enum ExplainError {
    /// A sum does not fit.
    #[error("lines of the figure")]
    Money(#[from] MoneyError),
    /// Usage cannot be rated.
    #[error(transparent)]
    Rating(#[from] RatingError),
    /// Contracts cannot be settled.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// Usage cannot be forecast.
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    /// Scenarios cannot be settled.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
}

/// Unpriced counts by provider, model and component.
#[derive(Debug, Default)]
struct Missing(BTreeMap<(String, String, Component), u64>);

impl Missing {
    fn add(&mut self, sku: &crate::sku::Sku, component: Component, units: u64) {
        let key = (sku.provider.to_string(), sku.model.to_string(), component);
        let sum = self.0.entry(key).or_default();
        *sum = sum.saturating_add(units);
    }

    fn lines(self) -> Vec<UnpricedLine> {
        let line = |((provider, model, component), units)| UnpricedLine {
            provider,
            model,
            component,
            units,
        };
        self.0.into_iter().map(line).collect()
    }
}
