//! What drives a difference: changes put on one after the other.

use super::case::Case;
use super::change::{Change, Reroute, Stated, Target};
use super::settled::{PathCost, failed};
use super::{Basis, ScenarioError};
use crate::money::{Amount, MoneyError};

/// What a step of a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriverKind {
    /// More or less usage.
    Volume,
    /// Another price of the same tokens.
    Price,
    /// Other tokens for the same text.
    TokensPerText,
    /// Longer or shorter answers.
    AnswerLength,
    /// Another service tier.
    Tier,
    /// Another provider, region or endpoint with the model's name as it is.
    Place,
    /// More or fewer tokens from the cache.
    Cache,
    /// Other contracts, or terms that begin or end.
    Contract,
    /// Other exchange rates.
    Fx,
    /// What usage above and below the mean adds, where terms are not linear.
    Spread,
}

impl DriverKind {
    /// The word in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Volume => "volume",
            Self::Price => "price",
            Self::TokensPerText => "tokens per text",
            Self::AnswerLength => "answer length",
            Self::Tier => "tier",
            Self::Place => "place",
            Self::Cache => "cache",
            Self::Contract => "contract",
            Self::Fx => "fx",
            Self::Spread => "spread",
        }
    }
}

/// A scenario on the way from the base.
#[derive(Debug)]
pub struct Step<'a> {
    /// What the step is about.
    pub kind: DriverKind,
    /// The change in words.
    pub label: String,
    /// The scenario with it.
    pub case: Case<'a>,
}

/// What one step adds to the cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driver {
    /// What it is about.
    pub kind: DriverKind,
    /// The change.
    pub label: String,
    /// Cost with it less cost without it, on the mean of all paths, after the changes before it.
    pub amount: Amount,
}

/// The cost of each step less that of the one before, on the mean of all paths. The amounts add up to
/// the difference between the last step and the base.
///
/// # Errors
/// [`ScenarioError`] if contracts cannot be settled or amounts do not fit.
pub fn drivers(
    base: &Case<'_>,
    steps: &[Step<'_>],
    basis: Basis,
) -> Result<Vec<Driver>, ScenarioError> {
    let cost = |case: &Case<'_>| -> Result<Amount, ScenarioError> {
        let settlement = case.settle_mean(1.0).map_err(|source| failed(case, source))?;
        Ok(PathCost::read(case, &settlement)?.of(basis))
    };
    let mut before = cost(base)?;
    let mut found = Vec::with_capacity(steps.len());
    for step in steps {
        let after = cost(&step.case)?;
        let amount = after.checked_sub(before)?;
        found.push(Driver { kind: step.kind, label: step.label.clone(), amount });
        before = after;
    }
    Ok(found)
}

/// What the mean difference of all paths is beyond what drivers on mean usage add up to; `None` where that
/// is nothing, or nobody asked what drives it.
///
/// # Errors
/// [`MoneyError::Overflow`] if a sum does not fit.
pub(super) fn spread(drivers: &[Driver], mean: Amount) -> Result<Option<Driver>, MoneyError> {
    let sum = Amount::checked_sum(drivers.iter().map(|driver| driver.amount))?;
    let amount = mean.checked_sub(sum)?;
    let is_seen = amount.to_fixed(2).parse() != Ok(Amount::ZERO);
    let label = "paths above and below their mean".to_owned();
    let found = Driver { kind: DriverKind::Spread, label, amount };
    Ok((is_seen && !drivers.is_empty()).then_some(found))
}

/// A change as far as each of its steps; the last one is all of it. What a model costs comes before what
/// it makes of the text, and that before how much it says.
#[must_use]
pub fn stages(stated: &Stated) -> Vec<(DriverKind, Stated)> {
    let with = |change| Stated { change, ..stated.clone() };
    let Change::Reroute(whole) = &stated.change else {
        let kind = match &stated.change {
            Change::Event(_) | Change::Growth(_) | Change::Launch(_) => DriverKind::Volume,
            Change::CacheHit(_) => DriverKind::Cache,
            Change::Billing(_) => DriverKind::Contract,
            Change::Fx(_) => DriverKind::Fx,
            Change::Price(_) | Change::Reroute(_) => DriverKind::Price,
        };
        return vec![(kind, stated.clone())];
    };
    let of = if whole.to.model.is_some() { swapped(whole) } else { moved(whole) };
    of.into_iter().map(|(kind, reroute)| (kind, with(Change::Reroute(reroute)))).collect()
}

#[expect(clippy::float_cmp, reason = "one is what is not stated")]
fn swapped(whole: &Reroute) -> Vec<(DriverKind, Reroute)> {
    let mut so_far = Reroute {
        input_ratio: Some(1.0),
        output_ratio: Some(1.0),
        length: 1.0,
        keep_cache: true,
        ..whole.clone()
    };
    let mut found = vec![(DriverKind::Price, so_far.clone())];
    if !whole.keep_cache {
        so_far.keep_cache = false;
        found.push((DriverKind::Cache, so_far.clone()));
    }
    if (whole.input_ratio, whole.output_ratio) != (Some(1.0), Some(1.0)) {
        so_far.input_ratio = whole.input_ratio;
        so_far.output_ratio = whole.output_ratio;
        found.push((DriverKind::TokensPerText, so_far.clone()));
    }
    if whole.length != 1.0 {
        found.push((DriverKind::AnswerLength, whole.clone()));
    }
    found
}

fn moved(whole: &Reroute) -> Vec<(DriverKind, Reroute)> {
    let place = Target { service_tier: None, ..whole.to.clone() };
    let mut found = Vec::new();
    if place != Target::default() {
        found.push((DriverKind::Place, Reroute { to: place, ..whole.clone() }));
    }
    if whole.to.service_tier.is_some() {
        found.push((DriverKind::Tier, whole.clone()));
    }
    found
}
