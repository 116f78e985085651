//! Usage of a rollup, with its prices, as settlement takes it.

use std::collections::BTreeMap;

use super::error::SettleError;
use super::invoice::Settlement;
use super::settler::{Settler, Setup};
use super::usage::{ListPrices, PricedUsage, TokenPrices, UsageProfile, UsageRow};
use crate::contract::terms::{Capacity, Overflow, SpillTo};
use crate::contract::{Contract, FxTable, Term, TermKind};
use crate::diagnostic::code;
use crate::money::{Currency, UnitPrice};
use crate::period::{Period, Timestamp};
use crate::price_book::{PriceBook, Rate, Unpriced};
use crate::rating::{Rater, RatingError};
use crate::rollup::{Profile, Rollup, RollupRow};
use crate::sku::{STANDARD, Sku};
use crate::tokens::{Component, ComponentCounts};

/// A rollup whose profiles have prices.
#[derive(Debug)]
pub struct RatedRollup<'a> {
    rollup: &'a Rollup,
    contracts: &'a [Contract],
    profiles: Vec<UsageProfile>,
    rater: Rater<'a>,
    /// By profile: while a capacity serves it, what is above is priced as the profile of this
    /// number of the rater.
    spills: Vec<Vec<(Period, u32)>>,
}

impl<'a> RatedRollup<'a> {
    /// Looks up the prices of every profile, as known at an instant or, with `None`, now.
    /// `contracts` say what capacity serves, and whose prices count for what is above it.
    ///
    /// # Errors
    /// [`RatingError::TwoCurrencies`] if the profiles' providers price in different ones.
    pub fn new(
        rollup: &'a Rollup,
        book: &'a PriceBook,
        known_at: Option<Timestamp>,
        contracts: &'a [Contract],
    ) -> Result<Self, RatingError> {
        let profiles = usage_profiles(rollup, book);
        let mut priced: Vec<Profile> = rollup.profiles().to_vec();
        let mut spills = Vec::with_capacity(profiles.len());
        for (usage, profile) in profiles.iter().zip(rollup.profiles()) {
            let mut mine = Vec::new();
            for (during, sku) in spilled_skus(contracts, usage) {
                mine.push((during, u32::try_from(priced.len()).unwrap_or(u32::MAX)));
                priced.push(Profile { sku, ..profile.clone() });
            }
            spills.push(mine);
        }
        let rater = Rater::new(book, &priced, known_at)?;
        Ok(Self { rollup, contracts, profiles, rater, spills })
    }

    /// The profiles, by number.
    #[must_use]
    pub fn profiles(&self) -> &[UsageProfile] {
        &self.profiles
    }

    /// The currency of the prices.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.rater.currency()
    }

    /// Which profiles a capacity or a reserved amount is for, by number: their tokens may have no
    /// price of their own.
    #[must_use]
    pub fn served_by_capacity(&self) -> Vec<bool> {
        self.spills.iter().map(|mine| !mine.is_empty()).collect()
    }

    /// Settles the rows that begin in the window.
    ///
    /// # Errors
    /// [`SettleError`] if a row cannot be rated, terms do not suit the currencies, a rate is
    /// missing or an amount does not fit.
    pub fn settle(&self, fx: &FxTable, window: Period) -> Result<Settlement, SettleError> {
        self.settle_with(fx, window, false)
    }

    /// As [`Self::settle`], and keeps how usage comes to cost what it costs.
    ///
    /// # Errors
    /// As [`Self::settle`].
    pub fn settle_in_steps(&self, fx: &FxTable, window: Period) -> Result<Settlement, SettleError> {
        self.settle_with(fx, window, true)
    }

    fn settle_with(
        &self,
        fx: &FxTable,
        window: Period,
        in_steps: bool,
    ) -> Result<Settlement, SettleError> {
        let settler = Settler::new(Setup {
            contracts: self.contracts,
            profiles: &self.profiles,
            prices: self,
            fx,
            currency: self.currency(),
            window,
        })?;
        let mut settler = if in_steps { settler.with_steps() } else { settler };
        let mut usage = Vec::new();
        for row in self.rollup.rows().iter().filter(|row| window.contains(row.period.start)) {
            self.price(row, &mut usage)?;
            let (period, profile, requests) = (row.period, row.profile, row.requests);
            settler.add(UsageRow { period, profile, requests, usage: &usage })?;
        }
        let mut settlement = settler.finish()?;
        self.note_unserved(&mut settlement);
        Ok(settlement)
    }

    /// The components of a row with their prices.
    fn price(&self, row: &RollupRow, usage: &mut Vec<PricedUsage>) -> Result<(), RatingError> {
        let number = self.priced_as(row.profile, row.period.start);
        let (own, list) = (self.rater.rates(number), self.rater.list_rates(number));
        usage.clear();
        for (component, quantity) in row.components.iter() {
            let prices = match own.at(component, row.period) {
                Ok(rate) => {
                    // What no list has keeps its own price in that column too.
                    let own = rate.unit_price;
                    let list = list.at(component, row.period).map_or(own, |rate| rate.unit_price);
                    Some(TokenPrices { list, own })
                }
                Err(Unpriced::BandStraddlesThreshold { edge, .. }) => {
                    let model = self.rollup.profile(row).sku.model.to_string();
                    return Err(RatingError::BandStraddles { edge, model });
                }
                Err(_) => None,
            };
            usage.push(PricedUsage { component, quantity, prices });
        }
        Ok(())
    }

    /// The price entry of a component of a row before any contract, and that of the list; `None`:
    /// no book has a price.
    #[must_use]
    pub fn rates_of(&self, row: &RollupRow, component: Component) -> Option<(Rate<'a>, Rate<'a>)> {
        let number = self.priced_as(row.profile, row.period.start);
        let own = self.rater.rates(number).at(component, row.period).ok()?;
        let list = self.rater.list_rates(number).at(component, row.period);
        Some((list.unwrap_or_else(|_| own.clone()), own))
    }

    /// The number of the rater's profile whose prices count at an instant.
    fn priced_as(&self, profile: u32, at: Timestamp) -> u32 {
        let spills = &self.spills[profile as usize];
        spills.iter().find(|(during, _)| during.contains(at)).map_or(profile, |(_, number)| *number)
    }

    /// Usage that a capacity should serve, but did not, and that has no price by token either.
    fn note_unserved(&self, settlement: &mut Settlement) {
        let served = self.served_by_capacity();
        let mut left: BTreeMap<u32, ComponentCounts> = BTreeMap::new();
        for share in settlement.shares.iter().filter(|share| served[share.profile as usize]) {
            let counts = left.entry(share.profile).or_default();
            for (component, quantity) in share.unpriced.iter() {
                counts.add(component, quantity);
            }
        }
        for (profile, counts) in left.iter().filter(|(_, counts)| !counts.is_empty()) {
            let sku = &self.profiles[*profile as usize].sku;
            let names: Vec<&str> = counts.iter().map(|(component, _)| component.name()).collect();
            let message = format!(
                "`{}` of `{}`: no price for {} that no capacity served",
                sku.model,
                sku.provider,
                names.join(", ")
            );
            settlement.diagnostics.add(code::UNPRICED_USAGE, message, None);
        }
    }
}

impl ListPrices for RatedRollup<'_> {
    fn list_price(&self, profile: u32, component: Component, at: Timestamp) -> Option<UnitPrice> {
        // A base date may be before the capacity began: what spills is still another SKU.
        let spill = self.spills[profile as usize].first().map_or(profile, |(_, number)| *number);
        let instant = Period { start: at, end: Timestamp::from_nanos(at.nanos().checked_add(1)?) };
        // What no list has keeps its own price in that column too.
        let list = self.rater.list_rates(spill).at(component, instant);
        list.or_else(|_| self.rater.rates(spill).at(component, instant)).ok().map(|r| r.unit_price)
    }
}

/// What scopes ask of each profile. A name is looked up at the time of its first row.
fn usage_profiles(rollup: &Rollup, book: &PriceBook) -> Vec<UsageProfile> {
    let mut first: Vec<Option<Timestamp>> = vec![None; rollup.profiles().len()];
    for row in rollup.rows() {
        first[row.profile as usize].get_or_insert(row.period.start);
    }
    let profiles = rollup.profiles().iter().zip(first);
    profiles.map(|(profile, first)| UsageProfile::of(profile, book, first)).collect()
}

/// What usage is priced as by token while a term serves it, in the order of contracts and terms.
#[must_use]
pub fn spilled_skus(contracts: &[Contract], usage: &UsageProfile) -> Vec<(Period, Sku)> {
    let mut found = Vec::new();
    for contract in contracts.iter().filter(|contract| contract.scope.accepts(usage.facts())) {
        for term in contract.terms.iter().filter(|term| term.scope.accepts(usage.facts())) {
            if let Some(sku) = spilled_sku(term, usage) {
                let (start, end) = term.days;
                let day = |day| contract.calendar.day_start(day);
                found.push((Period { start: day(start), end: day(end) }, sku));
            }
        }
    }
    found
}

fn spilled_sku(term: &Term, usage: &UsageProfile) -> Option<Sku> {
    match &term.kind {
        TermKind::Capacity(capacity) if serves(capacity, usage) => {
            let to = match &capacity.overflow {
                Overflow::Spill(to) | Overflow::Queue { spill: to, .. } => to.as_ref(),
                Overflow::Throttle => None,
            };
            Some(spilled_to(&usage.sku, to))
        }
        // What it does not pay for stays what it was, but for tiers that only name the term.
        TermKind::ReservedSpend(_) => {
            let named = CAPACITY_TIERS.contains(&usage.sku.service_tier.as_str());
            Some(if named { spilled_to(&usage.sku, None) } else { usage.sku.clone() })
        }
        _ => None,
    }
}

/// True if the capacity has a rate for the usage.
fn serves(capacity: &Capacity, usage: &UsageProfile) -> bool {
    capacity.rates.iter().any(|rate| {
        let named = rate.models.accepts(&usage.sku.model)
            || usage.model_id.as_deref().is_some_and(|id| rate.models.names(id));
        named && rate.context_from <= usage.context_from
    })
}

/// Tiers that stand for capacity: no book has a price by token for them.
const CAPACITY_TIERS: [&str; 2] = ["provisioned", "reserved"];

/// The SKU that serves and bills what is above a capacity: unless stated the same model at standard
/// tier.
fn spilled_to(sku: &Sku, to: Option<&SpillTo>) -> Sku {
    let mut spilled = Sku { service_tier: STANDARD.into(), ..sku.clone() };
    let Some(to) = to else { return spilled };
    if let Some(provider) = to.provider.as_ref().filter(|provider| **provider != sku.provider) {
        // Places and deployments are names of the provider that was left.
        spilled = Sku { speed: sku.speed.clone(), ..Sku::new(provider, &sku.model) };
    }
    if let Some(model) = &to.model {
        spilled.model = model.clone();
    }
    if let Some(tier) = &to.service_tier {
        spilled.service_tier = tier.clone();
    }
    spilled
}

#[cfg(test)]
mod tests;
