//! Usage on its way from the prices of the books to what contracts make of it.

use std::collections::BTreeMap;

use super::Making;
use crate::explain::steps::{Phase, phase};
use crate::explain::{Column, ExplainError};
use crate::money::{Amount, UnitPrice};
use crate::settlement::LineCategory;
use crate::settlement::steps::{Steps, UNITS_PER, UsageCharge, UsageKey, UsageWay};

/// Which steps of usage count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum With {
    /// None: up to what is invoiced at unit prices.
    UnitPrices,
    /// All but surcharges, which have lines of their own.
    NoSurcharge,
    /// All.
    Terms,
}

impl Making<'_, '_> {
    /// Usage from its prices in the books to the column.
    pub(super) fn usage(
        &mut self,
        steps: &Steps,
        wanted: &dyn Fn(&UsageWay) -> bool,
        with: With,
    ) -> Result<(), ExplainError> {
        let ways: BTreeMap<UsageKey, &UsageWay> =
            steps.ways.iter().filter(|way| wanted(way)).map(|way| (way.key, way)).collect();
        let mut priced: BTreeMap<UsageKey, Amount> = BTreeMap::new();
        for charge in &steps.charges {
            let Some(way) = ways.get(&charge.key) else { continue };
            let sum = priced.entry(charge.key).or_default();
            *sum = sum.checked_add(self.charge(charge, way)?)?;
        }
        for (key, way) in &ways {
            self.way(way, priced.get(key).copied().unwrap_or_default())?;
            self.base = self.base.checked_add(way.base)?;
            if with != With::UnitPrices {
                self.terms(way, with)?;
            } else {
                let lost = way.base.checked_sub(way.before.billed_cost)?;
                self.step(Phase::Stopped, (None, "not served"), "not served".to_owned(), lost)?;
            }
        }
        Ok(())
    }

    /// A charge line, and what unit prices of contracts make of it; gives its value at those.
    fn charge(&mut self, charge: &UsageCharge, way: &UsageWay) -> Result<Amount, ExplainError> {
        let profile = &self.ground.profiles[charge.key.profile as usize];
        let what = (charge.key.profile, charge.component);
        self.roundings += charge.roundings;
        let is_list = self.column == Column::List;
        let value = if is_list { charge.list } else { charge.contracted };
        let found = charge.price.as_ref().map(|trail| {
            let prices = (trail.list(), trail.own());
            (trail, self.ground.entries.find(what, way.period.end, prices))
        });
        let Some((trail, entries)) = found else {
            self.lines.add_cost(profile, charge.component, charge.units, value)?;
            self.amount = self.amount.checked_add(value)?;
            return Ok(value);
        };
        let cost = |price: UnitPrice| price.per(0)?.checked_ratio(charge.units, UNITS_PER);
        let price = if is_list { trail.list() } else { trail.own() };
        match entries {
            Some((list, own)) => {
                let rate = if is_list { list } else { own };
                self.lines.add(profile, charge.component, rate, charge.units)?;
            }
            None => self.lines.add_price(profile, charge.component, price, charge.units)?,
        }
        let mut at = cost(price)?;
        self.amount = self.amount.checked_add(at)?;
        for (term, price) in trail.terms.iter().filter(|_| !is_list) {
            let next = cost(*price)?;
            let text = "unit prices of the contract".to_owned();
            self.step(Phase::UnitPrice, (Some(*term), "unit price"), text, next.checked_sub(at)?)?;
            at = next;
        }
        // Where capacity divides a minute, cost is divided with it and rounded, or discounted.
        let divided = value.checked_sub(at)?;
        let (by, text) = (charge.key.served_by, "as capacity divides it, minute by minute");
        if divided.atto().abs() > i128::from(charge.roundings) {
            self.step(Phase::Capacity, (by, "capacity"), text.to_owned(), divided)?;
        } else {
            self.amount = self.amount.checked_add(divided)?;
        }
        Ok(value)
    }

    /// From its value in the currency of the books to what settlement of its stretch began with.
    fn way(&mut self, way: &UsageWay, priced: Amount) -> Result<(), ExplainError> {
        let begun = match self.column {
            Column::List => way.before.list_cost,
            _ => way.before.contracted_cost,
        };
        let exchanged = begun.checked_sub(priced)?;
        if let Some(fx) = &way.fx {
            let text = format!("{} to {} at {} of {}", fx.from, fx.to, fx.rate, fx.date);
            self.step(Phase::Exchange, (None, "exchange"), text, exchanged)?;
        } else {
            // Nothing but what had no price in the books.
            let text = "usage that capacity serves without a price of its own".to_owned();
            self.step(Phase::Exchange, (None, "other"), text, exchanged)?;
        }
        let served = self.column.of(&way.before).checked_sub(begun)?;
        let text = "served by capacity: a share of its fee in place of prices by token".to_owned();
        self.step(Phase::Capacity, (way.key.served_by, "capacity"), text, served)?;
        Ok(())
    }

    /// What terms did to it.
    fn terms(&mut self, way: &UsageWay, with: With) -> Result<(), ExplainError> {
        let mut before = self.column.of(&way.before);
        for step in &way.steps {
            let after = self.column.of(&step.after);
            let change = after.checked_sub(before)?;
            before = after;
            if step.category == LineCategory::Overage && with == With::NoSurcharge {
                continue;
            }
            let (phase, kind) = match step.term {
                Some(_) => (phase(step.category, self.agreed(step.term)), step.category.name()),
                None => (Phase::Stopped, "not served"),
            };
            self.step(phase, (step.term, kind), step.text.clone(), change)?;
        }
        Ok(())
    }
}
