//! The lines of an explanation in their JSON form.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::explain::{Part, PathAt, Proof, Step, UnpricedLine};
use crate::money::{Amount, MoneyError};
use crate::price_book::explain::Item;
use crate::price_book::{ContextRange, PriceKey, Rate};
use crate::rating::lines::ChargeLine;
use crate::report::prices_explain::{ShownItem, shown_item, shown_price};
use crate::tokens::Component;

/// Whether the lines add up.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct ProofFigures {
    pub(super) sum: Amount,
    pub(super) difference: Amount,
    pub(super) tolerance: Amount,
    pub(super) holds: bool,
}

impl ProofFigures {
    pub(super) fn of(proof: Proof) -> Self {
        let Proof { sum, difference, tolerance } = proof;
        Self { sum, difference, tolerance, holds: proof.holds() }
    }
}

/// One of the sums that the figure is made of.
#[derive(Debug, Serialize)]
pub(super) struct PartFigures {
    pub(super) name: String,
    /// How often it counts.
    pub(super) weight: Weight,
    pub(super) amount: Amount,
    pub(super) proof: ProofFigures,
    pub(super) charges: Vec<ChargeFigures>,
    pub(super) charged: Amount,
    pub(super) steps: Vec<StepFigures>,
    pub(super) unpriced: Vec<UnpricedFigures>,
}

/// A share as two whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Weight {
    pub(super) numerator: i128,
    pub(super) denominator: i128,
}

#[derive(Debug, Serialize)]
pub(super) struct ChargeFigures {
    pub(super) provider: String,
    pub(super) model: String,
    pub(super) service_tier: String,
    pub(super) speed: String,
    pub(super) endpoint: String,
    pub(super) region: String,
    pub(super) deployment: String,
    pub(super) context: String,
    pub(super) component: &'static str,
    pub(super) quantity: String,
    /// Price of `price_for` units after multipliers.
    pub(super) price: Option<Amount>,
    pub(super) price_for: u64,
    pub(super) cost: Amount,
    /// The component whose price it is, where that is another one.
    pub(super) rated_as: Option<&'static str>,
    pub(super) context_assumed: bool,
    pub(super) entry: Option<EntryFigures>,
    pub(super) multipliers: Vec<EntryFigures>,
}

/// An entry or a multiplier, and when its book was checked.
#[derive(Debug, Serialize)]
pub(super) struct EntryFigures {
    #[serde(flatten)]
    pub(super) item: ShownItem,
    pub(super) checked_on: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct StepFigures {
    pub(super) kind: &'static str,
    pub(super) contract: Option<String>,
    pub(super) term: Option<String>,
    /// The key of the term's table.
    pub(super) term_kind: Option<&'static str>,
    pub(super) location: Option<String>,
    pub(super) description: String,
    pub(super) before: Amount,
    pub(super) change: Amount,
    pub(super) after: Amount,
}

#[derive(Debug, Serialize)]
pub(super) struct UnpricedFigures {
    pub(super) provider: String,
    pub(super) model: String,
    pub(super) component: &'static str,
    pub(super) units: u64,
}

/// The total of one path.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct PathTotal {
    /// Its number, from 0.
    pub(super) path: usize,
    pub(super) total: Amount,
}

impl PathTotal {
    pub(super) fn of(path: &PathAt) -> Self {
        Self { path: path.path, total: path.total }
    }
}

/// Days by file.
pub(super) type CheckedDays = BTreeMap<String, String>;

impl PartFigures {
    pub(super) fn of(part: &Part<'_>, checked: &CheckedDays) -> Result<Self, MoneyError> {
        let charged = part.charged()?;
        let mut steps = Vec::with_capacity(part.steps.len());
        for (step, (before, after)) in part.steps.iter().zip(part.standings()?) {
            steps.push(StepFigures::of(step, before, after));
        }
        Ok(Self {
            name: part.name.clone(),
            weight: Weight { numerator: part.weight.0, denominator: part.weight.1 },
            amount: part.amount,
            proof: ProofFigures::of(part.proof()?),
            charges: part.charges.iter().map(|line| ChargeFigures::of(line, checked)).collect(),
            charged,
            steps,
            unpriced: part.unpriced.iter().map(UnpricedFigures::of).collect(),
        })
    }
}

impl ChargeFigures {
    fn of(line: &ChargeLine<'_>, checked: &CheckedDays) -> Self {
        let sku = &line.sku;
        let rate = line.rate.as_ref();
        let other = |rate: &&Rate<'_>| rate.rated_as != line.component;
        let entry = |rate: &Rate<'_>| {
            let price = rate.entry.price(rate.rated_as)?;
            Some(EntryFigures::of(
                shown_item(Item::Price(rate.entry, price), rate.rated_as),
                checked,
            ))
        };
        let multipliers = rate.iter().flat_map(|rate| &rate.multipliers);
        let factor = |m| EntryFigures::of(shown_item(Item::Factor(m), line.component), checked);
        Self {
            provider: sku.provider.to_string(),
            model: sku.model.to_string(),
            service_tier: sku.service_tier.to_string(),
            speed: sku.speed.to_string(),
            endpoint: sku.endpoint.to_string(),
            region: sku.region.to_string(),
            deployment: sku.deployment.to_string(),
            context: rate
                .map(|rate| shown_context(rate.entry.condition.context))
                .unwrap_or_default(),
            component: line.component.name(),
            quantity: line.quantity.to_string(),
            price: line.unit_price.and_then(|price| shown_price(line.component, price)),
            price_for: price_for(line.component),
            cost: line.cost,
            rated_as: rate.filter(other).map(|rate| rate.rated_as.name()),
            context_assumed: rate.is_some_and(|rate| rate.context_assumed),
            entry: rate.and_then(entry),
            multipliers: multipliers.map(|m| factor(*m)).collect(),
        }
    }

    /// What else than the model tells its price.
    pub(super) fn conditions(&self) -> String {
        let unless =
            |word: &str, usual: &str| (!word.is_empty() && word != usual).then(|| word.to_owned());
        let words = [
            unless(&self.service_tier, "standard"),
            unless(&self.speed, "standard"),
            unless(&self.endpoint, ""),
            unless(&self.region, ""),
            unless(&self.deployment, ""),
            unless(&self.context, ""),
        ];
        words.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// Units that a price is stated for.
fn price_for(component: Component) -> u64 {
    10_u64.pow(PriceKey::of(component).per_power)
}

/// Empty where every prompt has the same price.
fn shown_context(range: ContextRange) -> String {
    match (range.from, range.until) {
        (0, None) => String::new(),
        (from, None) => format!("prompts from {from} tokens"),
        (0, Some(until)) => format!("prompts under {until} tokens"),
        (from, Some(until)) => format!("prompts of {from} to under {until} tokens"),
    }
}

impl EntryFigures {
    fn of(item: ShownItem, checked: &CheckedDays) -> Self {
        let file = item.location.rsplit_once(':').map_or(item.location.as_str(), |(file, _)| file);
        let checked_on = checked.get(file).cloned();
        Self { item, checked_on }
    }
}

impl StepFigures {
    fn of(step: &Step, before: Amount, after: Amount) -> Self {
        let term = step.term.as_ref();
        Self {
            kind: step.kind,
            contract: term.map(|t| t.contract.clone()),
            term: term.map(|t| t.term.clone()),
            term_kind: term.map(|t| t.kind),
            location: term.map(|t| t.place.to_string()),
            description: step.description.clone(),
            before,
            change: step.change,
            after,
        }
    }
}

impl UnpricedFigures {
    fn of(line: &UnpricedLine) -> Self {
        Self {
            provider: line.provider.clone(),
            model: line.model.clone(),
            component: line.component.name(),
            units: line.units,
        }
    }
}
