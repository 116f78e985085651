//! Unit prices of contracts: fixed rates, and limits on price rises.

use std::collections::BTreeSet;

use super::deal::Deal;
use super::invoice::TermRef;
use super::timeline::anniversaries;
use super::usage::{ListPrices, TokenPrices};
use crate::contract::terms::{FixedRate, PriceProtection, TermKind};
use crate::money::{Amount, MoneyError, UnitPrice};
use crate::period::Period;
use crate::tokens::Component;

/// What one term does to a unit price.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// This price, or the current one if lower.
    Fixed { price: UnitPrice, lesser: bool },
    /// At most `cap`, and at least `floor`.
    Between { floor: Option<UnitPrice>, cap: UnitPrice },
    /// The term protects nothing here: no list price of its base date is known.
    WithoutBase,
}

impl Step {
    #[inline]
    fn apply(self, price: UnitPrice) -> UnitPrice {
        match self {
            Self::Fixed { price: fixed, lesser: true } => price.min(fixed),
            Self::Fixed { price: fixed, lesser: false } => fixed,
            Self::Between { floor, cap } => price.min(cap).max(floor.unwrap_or(UnitPrice::FREE)),
            Self::WithoutBase => price,
        }
    }
}

/// Unit prices of the current stretch, worked out when first asked for.
#[derive(Debug)]
pub(super) struct UnitPrices {
    /// By profile: whether any term is about its unit prices at all.
    affected: Vec<bool>,
    segment: Option<Period>,
    /// By profile.
    steps: Vec<Option<Vec<(Component, TermRef, Step)>>>,
    /// Terms without a base price for a component that was used, with the profile.
    pub(super) without_base: BTreeSet<(TermRef, u32)>,
}

impl UnitPrices {
    pub(super) fn new(deals: &[Deal<'_>], profiles: usize) -> Self {
        let is_unit_price =
            |kind: &TermKind| matches!(kind, TermKind::FixedRate(_) | TermKind::PriceProtection(_));
        let terms = || deals.iter().flat_map(|d| &d.terms).filter(|b| is_unit_price(&b.term.kind));
        let about = |profile: usize| {
            let number = u32::try_from(profile).unwrap_or(u32::MAX);
            terms().any(|bound| bound.is_about(number))
        };
        Self {
            affected: (0..profiles).map(about).collect(),
            segment: None,
            steps: vec![None; profiles],
            without_base: BTreeSet::new(),
        }
    }

    /// The price of one unit by contract, before percentages.
    #[inline]
    pub(super) fn price(
        &mut self,
        (profile, component): (u32, Component),
        prices: TokenPrices,
        segment: Period,
        deals: &[Deal<'_>],
        list: &dyn ListPrices,
    ) -> Result<UnitPrice, MoneyError> {
        let at = profile as usize;
        if !self.affected[at] {
            return Ok(prices.own);
        }
        if self.segment != Some(segment) {
            self.segment = Some(segment);
            self.steps.fill(None);
        }
        if self.steps[at].is_none() {
            self.steps[at] = Some(Self::steps_of(profile, segment, deals, list)?);
        }
        let steps = self.steps[at].as_deref().unwrap_or_default();
        let mut price = prices.own;
        for (_, term, step) in steps.iter().filter(|(c, ..)| *c == component) {
            if matches!(step, Step::WithoutBase) {
                self.without_base.insert((*term, profile));
            }
            price = step.apply(price);
        }
        Ok(price)
    }

    /// What each term made of the price that [`Self::price`] was last asked for, in their order.
    pub(super) fn trail(
        &self,
        (profile, component): (u32, Component),
        own: UnitPrice,
    ) -> Vec<(TermRef, UnitPrice)> {
        let steps = self.steps[profile as usize].as_deref().unwrap_or_default();
        let mut price = own;
        let mine = steps.iter().filter(|(c, ..)| *c == component);
        mine.map(|(_, term, step)| {
            price = step.apply(price);
            (*term, price)
        })
        .collect()
    }

    fn steps_of(
        profile: u32,
        segment: Period,
        deals: &[Deal<'_>],
        list: &dyn ListPrices,
    ) -> Result<Vec<(Component, TermRef, Step)>, MoneyError> {
        let mut steps = Vec::new();
        for deal in deals.iter().filter(|d| d.is_in_force(segment)) {
            for bound in &deal.terms {
                if !bound.is_about(profile) || !bound.is_in_force(segment) {
                    continue;
                }
                match &bound.term.kind {
                    TermKind::FixedRate(fixed) => {
                        steps.extend(fixed_steps(fixed).map(|(c, step)| (c, bound.at, step)));
                    }
                    TermKind::PriceProtection(protection) => {
                        for component in Component::ALL {
                            let base_at = deal.contract.calendar.day_start(protection.base_date);
                            let base = list.list_price(profile, *component, base_at);
                            match base {
                                Some(base) => {
                                    let step = protected(protection, base, deal, segment)?;
                                    steps.push((*component, bound.at, step));
                                }
                                None => steps.push((*component, bound.at, Step::WithoutBase)),
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(steps)
    }
}

fn fixed_steps(fixed: &FixedRate) -> impl Iterator<Item = (Component, Step)> {
    let step = |price: UnitPrice| Step::Fixed { price, lesser: fixed.lesser_of_list };
    let stated = |component: Component| fixed.prices.iter().find(|(c, _)| *c == component);
    // A component without a price of its own has that of the one it is billed as.
    Component::ALL.iter().filter_map(move |component| {
        let own = stated(*component);
        let found = own.or_else(|| component.rated_as().and_then(stated))?;
        Some((*component, step(found.1)))
    })
}

/// `base x (1 + cap)^years`, rounded half-even at the 18th place each year.
fn protected(
    protection: &PriceProtection,
    base: UnitPrice,
    deal: &Deal<'_>,
    segment: Period,
) -> Result<Step, MoneyError> {
    let today = deal.day(segment.start);
    let passed = anniversaries(protection.base_date, deal.days.1).skip(1);
    let years = passed.take_while(|day| *day <= today).count();
    let mut cap: Amount = base.per(0)?;
    for _ in 0..years {
        cap = cap.checked_add(cap.checked_mul_rounded(protection.annual_cap)?)?;
    }
    let floor = (!protection.lesser_of_list).then_some(base);
    Ok(Step::Between { floor, cap: UnitPrice::of_one(cap) })
}
