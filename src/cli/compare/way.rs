//! One scenario on its way from the forecast: its changes, its steps from the base, what it would be
//! without a provider.

use super::cases::Comparison;
use super::load::Loaded;
use crate::contract::{Contract, FxTable};
use crate::diagnostic::{Diagnostics, code};
use crate::money::Currency;
use crate::projection::UsagePaths;
use crate::scenario::change::Change;
use crate::scenario::{
    Assumed, Band, Case, Changed, DriverKind, Exit, RatioBasis, ScenarioError, Step, stages,
};

pub(super) struct Way<'c> {
    pub(super) comparison: &'c Comparison<'c>,
    pub(super) usage: &'c UsagePaths,
    pub(super) scenario: &'c Loaded,
}

impl<'c> Way<'c> {
    /// The forecast as it is.
    pub(super) fn start(&self) -> Changed<'c> {
        let calendar = &self.comparison.usage.calendar;
        let ground = self.comparison.ground(self.rates());
        let (name, table) = (&self.scenario.name, self.comparison.tokenizers);
        Changed::new(ground, self.usage, calendar, name, table)
    }

    /// Exchange rates after its changes.
    pub(super) fn rates(&self) -> &'c FxTable {
        self.scenario.own_rates(self.comparison.fx)
    }

    /// The usage with all changes.
    pub(super) fn changed(
        &self,
        band: Band,
        found: &mut Diagnostics,
    ) -> Result<Changed<'c>, ScenarioError> {
        self.changed_from(self.start().at_band(band), found)
    }

    /// Usage with all changes.
    pub(super) fn changed_from(
        &self,
        mut changed: Changed<'c>,
        found: &mut Diagnostics,
    ) -> Result<Changed<'c>, ScenarioError> {
        for stated in &self.scenario.changes {
            changed.apply(stated, found)?;
        }
        Ok(changed)
    }

    /// The scenario, ready to be settled.
    pub(super) fn case(&self, changed: &Changed<'c>) -> Result<Case<'c>, ScenarioError> {
        self.case_of(changed, self.scenario.own_contracts(), self.rates())
    }

    fn case_of(
        &self,
        changed: &Changed<'c>,
        contracts: &'c [Contract],
        fx: &'c FxTable,
    ) -> Result<Case<'c>, ScenarioError> {
        let usage = (&changed.profiles[..], changed.columns.clone());
        let (name, ground) = (&self.scenario.name, self.comparison.ground(fx));
        Ok(Case::new(name, ground, self.usage, usage, contracts)?)
    }

    /// What it takes from tables, and how far the band of shipped ratios of tokens moves its cost.
    pub(super) fn assumed(
        &self,
        changed: &Changed<'c>,
        case: &Case<'c>,
    ) -> Result<Assumed, ScenarioError> {
        let estimated = changed.ratios.iter().any(|used| used.any(RatioBasis::is_estimated));
        let end = |band| self.case(&self.changed(band, &mut Diagnostics::default())?);
        let ends = match estimated {
            true => Some((end(Band::Low)?, end(Band::High)?)),
            false => None,
        };
        let (ratios, terms) = (changed.ratios.clone(), self.scenario.terms.clone());
        Assumed::of(case, ends, ratios, terms, self.comparison.asked.basis)
    }

    /// It without each of its providers, where a fallback says where that usage goes.
    pub(super) fn exits(
        &self,
        changed: &Changed<'c>,
        found: &mut Diagnostics,
    ) -> Result<Vec<Exit<'c>>, ScenarioError> {
        let fallbacks = self.comparison.fallbacks;
        let mut exits = Vec::new();
        for provider in changed.providers() {
            if !fallbacks.iter().any(|fallback| fallback.provider == provider) {
                let (to, lacks) = (Vec::new(), Vec::new());
                exits.push(Exit { provider, to, lacks, ratios: Vec::new(), case: None });
                continue;
            }
            let (left, to, lacks) = changed.without(&provider, fallbacks, found)?;
            let case = if lacks.is_empty() { Some(self.case(&left)?) } else { None };
            let ratios = left.ratios[changed.ratios.len()..].to_vec();
            exits.push(Exit { provider, to, lacks, ratios, case });
        }
        Ok(exits)
    }

    /// From the base to the scenario, one step at a time: volume, the other changes of usage and prices in
    /// their order, contracts, billing, exchange rates.
    pub(super) fn steps(&self) -> Result<Vec<Step<'c>>, ScenarioError> {
        let all = self.comparison;
        let base = all.scenarios[all.asked.base].own_contracts();
        let mut changed = self.start();
        let mut steps = Vec::new();
        let step = |kind, label: String, changed: &Changed<'c>, contracts, fx| {
            Ok::<_, ScenarioError>(Step {
                kind,
                label,
                case: self.case_of(changed, contracts, fx)?,
            })
        };
        let volume = self.scenario.changes.iter().filter(|stated| stated.change.is_volume());
        let volume: Vec<&str> = volume.map(|stated| stated.label.as_str()).collect();
        if !volume.is_empty() {
            let label = format!("volume: {}", volume.join(", "));
            steps.push(step(DriverKind::Volume, label, &changed, base, all.fx)?);
        }
        let is_step = |change: &Change| !change.is_volume() && !change.is_of_deal();
        for stated in self.scenario.changes.iter().filter(|stated| is_step(&stated.change)) {
            let before = changed.fork();
            for (kind, stage) in stages(stated) {
                changed = before.fork();
                changed.apply(&stage, &mut Diagnostics::default())?;
                let ratios = &changed.ratios[before.ratios.len()..];
                let same_text = ratios.iter().all(|ratio| ratio.keeps_tokens());
                if kind != DriverKind::TokensPerText || !same_text {
                    steps.push(step(kind, stage.label, &changed, base, all.fx)?);
                }
            }
        }
        for (kind, label, contracts, fx) in self.deals(base) {
            steps.push(step(kind, label, &changed, contracts, fx)?);
        }
        Ok(steps)
    }

    /// Contracts and exchange rates from those of the base to its own, one change at a time.
    fn deals(
        &self,
        base: &'c [Contract],
    ) -> Vec<(DriverKind, String, &'c [Contract], &'c FxTable)> {
        let (scenario, table) = (self.scenario, self.comparison.fx);
        let mut found = Vec::new();
        let (mut contracts, mut fx) = (base, table);
        let label = |number: usize| scenario.changes[number].label.clone();
        // Contracts that cannot be settled without a rate that a change states come after it.
        let rates_first = self.pairs().iter().any(|(from, to)| {
            let known = |table: &FxTable| table.rate(*from, *to, self.usage.origin).is_some();
            !known(table) && known(self.rates())
        });
        let mut rates = |contracts: &'c [Contract], found: &mut Vec<_>| {
            for (number, rates) in &scenario.rates {
                fx = rates;
                found.push((DriverKind::Fx, label(*number), contracts, fx));
            }
            fx
        };
        let fx = if rates_first { rates(contracts, &mut found) } else { table };
        if !scenario.contracts.is_empty() || !base.is_empty() {
            let ids: Vec<&str> = scenario.contracts.iter().map(|c| c.id.as_str()).collect();
            let ids = if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
            contracts = &scenario.contracts;
            found.push((DriverKind::Contract, format!("contracts: {ids}"), contracts, fx));
        }
        for (number, billed) in &scenario.billed {
            contracts = billed;
            found.push((DriverKind::Contract, label(*number), contracts, fx));
        }
        if !rates_first {
            rates(contracts, &mut found);
        }
        found
    }

    /// Pairs of currencies that its contracts need, both ways.
    fn pairs(&self) -> Vec<(Currency, Currency)> {
        let own = self.usage.currency;
        let others = self.scenario.own_contracts().iter().map(|c| c.currency);
        let others = others.filter(|other| *other != own);
        others.flat_map(|other| [(own, other), (other, own)]).collect()
    }

    /// Says which changes of exchange rates convert nothing.
    pub(super) fn note_idle_rates(&self, found: &mut Diagnostics) {
        let pairs = self.pairs();
        for stated in &self.scenario.changes {
            let Change::Fx(fx) = &stated.change else { continue };
            let last = self.usage.end.pred_opt().unwrap_or(self.usage.end);
            let held = self.rates().rate(fx.from, fx.to, last).is_some();
            let begins = fx.on.is_none_or(|on| on < self.usage.end);
            if !pairs.contains(&(fx.from, fx.to)) || !held || !begins {
                let message = format!(
                    "scenario `{}`: {} converts no amount of the horizon",
                    self.scenario.name, stated.label
                );
                let place = stated.place.as_ref().map(|place| place.location());
                found.add(code::IDLE_CHANGE, message, place);
            }
        }
    }
}
