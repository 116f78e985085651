//! What usage weighs on the meters of a term.

use super::batch::{LoadPart, MILLION, gcd};
use crate::contract::Contract;
use crate::contract::terms::{Capacity, CapacityRate, ReservedSpend, Share, Side, Term};
use crate::settlement::UsageProfile;
use crate::tokens::{self, Component};

/// Numbers by meter, in the order of [`Side`]: all, input, output.
pub(crate) type BySide = [i128; 3];

/// The place of a side in [`BySide`].
pub(crate) const fn place(side: Side) -> usize {
    match side {
        Side::All => 0,
        Side::Input => 1,
        Side::Output => 2,
    }
}

/// What one millionth of a unit of a component weighs, and on which meter; `None`: the term does
/// not serve it.
type Weight = Option<(usize, i128)>;

/// How usage is measured: everything in whole numbers of a common unit of the term.
#[derive(Debug)]
enum Measured {
    /// By quantity: a table for each rate that is needed, by component.
    Tokens(Vec<Vec<Weight>>),
    /// By list cost times this.
    Spend(i128),
}

/// The gauge of one term.
#[derive(Debug)]
pub(super) struct Gauge {
    measured: Measured,
    /// By profile: its number among those that the term serves, and its table.
    served: Vec<Option<(u32, u32)>>,
    /// The profiles that the term serves.
    profiles: Vec<u32>,
    /// Load in the common unit that one unit of capacity holds.
    pub(super) unit: i128,
    sides: [bool; 3],
}

impl Gauge {
    /// Of capacity; `None` if the common unit of its rates does not fit.
    pub(super) fn of_capacity(
        contract: &Contract,
        term: &Term,
        capacity: &Capacity,
        profiles: &[UsageProfile],
    ) -> Option<Self> {
        let mut used: Vec<usize> = Vec::new();
        let rates = profiles.iter().map(|profile| {
            let facts = profile.facts();
            let meant = contract.scope.accepts(facts) && term.scope.accepts(facts);
            let rate = meant.then(|| rate_of(&capacity.rates, profile)).flatten()?;
            let table = used.iter().position(|u| *u == rate).unwrap_or_else(|| {
                used.push(rate);
                used.len() - 1
            });
            u32::try_from(table).ok()
        });
        let (served, concerned) = numbered(rates.collect());
        let (ceiling, ceiling_of) = capacity.ceiling.as_ratio();
        let shares = used.iter().flat_map(|u| &capacity.rates[*u].shares);
        let common = shares
            .map(|(_, share)| reduced(*share).1)
            .try_fold(ceiling_of, |common, denominator| {
                (common / gcd(common, denominator)).checked_mul(denominator)
            })?;
        let mut sides = [false; 3];
        for meter in &capacity.meters {
            sides[place(meter.side)] = true;
        }
        let tables = used.iter().map(|u| table(&capacity.rates[*u], common, sides));
        let tables = tables.collect::<Option<Vec<_>>>()?;
        let unit = (common / ceiling_of).checked_mul(ceiling)?.checked_mul(MILLION)?;
        Some(Self { measured: Measured::Tokens(tables), served, profiles: concerned, unit, sides })
    }

    /// Of reserved spend, whose unit of capacity is 10^-18 of the currency.
    pub(super) fn of_spend(
        contract: &Contract,
        term: &Term,
        reserved: &ReservedSpend,
        profiles: &[UsageProfile],
    ) -> Option<Self> {
        let (paid, unit) = reserved.discount.complement().ok()?.as_ratio();
        let meant = |profile: &UsageProfile| {
            let facts = profile.facts();
            let tiers = [&term.scope, &contract.scope].map(|scope| &scope.service_tiers);
            let tier = &profile.sku.service_tier;
            let deferred = tier == "batch" || tier == "flex";
            let named = tiers.iter().any(|names| names.names(tier));
            let meant = contract.scope.accepts(facts) && term.scope.accepts(facts);
            (meant && (named || !deferred)).then_some(0)
        };
        let (served, profiles) = numbered(profiles.iter().map(meant).collect());
        let measured = Measured::Spend(paid);
        Some(Self { measured, served, profiles, unit, sides: [true, false, false] })
    }

    /// The profiles that the term serves, in the order of their numbers.
    pub(super) fn profiles(&self) -> &[u32] {
        &self.profiles
    }

    /// The number of a profile among those that the term serves.
    pub(super) fn local(&self, profile: u32) -> Option<usize> {
        let served = self.served.get(profile as usize).copied().flatten();
        served.map(|(number, _)| number as usize)
    }

    /// True if there is a meter for a side.
    pub(super) fn has_meter(&self, side: usize) -> bool {
        self.sides[side]
    }

    /// The meter on which requests count: that of prompts.
    pub(super) fn request_side(&self) -> Option<usize> {
        [Side::Input, Side::All].into_iter().map(place).find(|at| self.sides[*at])
    }

    /// The meter that a part is on, and what it weighs: `None` where the term does not serve it,
    /// `Some(None)` where the number does not fit.
    #[inline]
    pub(super) fn weigh(&self, profile: u32, part: &LoadPart) -> Option<Option<(usize, i128)>> {
        let (_, table) = self.served.get(profile as usize).copied().flatten()?;
        match &self.measured {
            Measured::Tokens(tables) => {
                let (side, weight) = tables[table as usize][part.component as usize]?;
                Some(times(part.quantity, weight).map(|load| (side, load)))
            }
            Measured::Spend(paid) => {
                let list = part.list?;
                Some(times(list.atto(), *paid).map(|load| (place(Side::All), load)))
            }
        }
    }
}

/// A product; most factors are short, and the long form is slow.
#[inline]
fn times(a: i128, b: i128) -> Option<i128> {
    match (i64::try_from(a), i64::try_from(b)) {
        (Ok(a), Ok(b)) => Some(i128::from(a) * i128::from(b)),
        _ => a.checked_mul(b),
    }
}

/// Numbers the profiles that have a table.
fn numbered(tables: Vec<Option<u32>>) -> (Vec<Option<(u32, u32)>>, Vec<u32>) {
    let mut profiles = Vec::new();
    let served = (0_u32..).zip(tables).map(|(profile, table)| {
        let table = table?;
        profiles.push(profile);
        u32::try_from(profiles.len() - 1).ok().map(|number| (number, table))
    });
    (served.collect(), profiles)
}

/// The rate of a profile: of those that name its model the one for the longest prompts it has, of
/// equal ones the first.
fn rate_of(rates: &[CapacityRate], profile: &UsageProfile) -> Option<usize> {
    let names = |rate: &CapacityRate| {
        rate.models.names(&profile.sku.model)
            || profile.model_id.as_ref().is_some_and(|id| rate.models.names(id))
    };
    let fits = |rate: &CapacityRate| rate.context_from <= profile.context_from && names(rate);
    let fitting = rates.iter().enumerate().filter(|(_, rate)| fits(rate));
    fitting.rev().max_by_key(|(_, rate)| rate.context_from).map(|(at, _)| at)
}

fn reduced(share: Share) -> (i128, i128) {
    let (numerator, denominator) =
        (i128::from(share.numerator), i128::from(share.denominator.max(1)));
    let common = gcd(numerator, denominator);
    (numerator / common, denominator / common)
}

/// What a millionth of each component weighs, in parts of `common`.
fn table(rate: &CapacityRate, common: i128, sides: [bool; 3]) -> Option<Vec<Weight>> {
    let meter = |component: Component| {
        let own = match component.side() {
            tokens::Side::Input => Side::Input,
            tokens::Side::Output => Side::Output,
            tokens::Side::Other => return None,
        };
        [own, Side::All].into_iter().map(place).find(|at| sides[*at])
    };
    let mut table: Vec<Weight> =
        Component::ALL.iter().map(|c| meter(*c).map(|side| (side, 0))).collect();
    for (component, share) in &rate.shares {
        let (numerator, denominator) = reduced(*share);
        let weight = numerator.checked_mul(common / denominator)?;
        if let Some(entry) = &mut table[*component as usize] {
            entry.1 = weight;
        }
    }
    Some(table)
}
