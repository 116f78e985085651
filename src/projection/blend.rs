//! What one unit of a leaf will cost on a day: the recent mix at the prices in force then.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};

use super::events::{EventFactors, Scope};
use super::mix::{Mix, VARIANTS};
use crate::money::{BLEND_WHOLE, BlendedPrice, MoneyError, UnitPrice};
use crate::period::{Calendar, Period, Timestamp};
use crate::price_book::Rate;
use crate::rating::Rater;
use crate::rollup::Profile;
use crate::settlement::TokenPrices;
use crate::tokens::Component;

/// Prices of a leaf on one day, by report group.
#[derive(Debug, Clone, Default)]
pub(super) struct DayPrices {
    /// Price of the whole mix.
    pub(super) whole: BlendedPrice,
    /// Price of the mix, for each group that has a part in it.
    pub(super) by_group: BTreeMap<usize, BlendedPrice>,
    /// Share of [`BLEND_WHOLE`] that has no price, by profile.
    pub(super) unpriced: BTreeMap<u32, u32>,
}

impl DayPrices {
    fn add(&mut self, group: usize, price: UnitPrice, share: u32) -> Result<(), MoneyError> {
        self.whole = self.whole.checked_add(price, share)?;
        let part = self.by_group.entry(group).or_default();
        *part = part.checked_add(price, share)?;
        Ok(())
    }
}

/// Everything a price of the future depends on, beside the leaf.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pricing<'a, 'b> {
    pub(super) rater: &'a Rater<'b>,
    pub(super) calendar: &'a Calendar,
    pub(super) events: &'a EventFactors<'a>,
    /// What the profiles are.
    pub(super) profiles: &'a [Profile],
    /// The report group of each profile.
    pub(super) group_of: &'a [usize],
}

impl Pricing<'_, '_> {
    /// True if a profile is inside a scope.
    pub(super) fn is_in(&self, scope: &Scope, profile: u32) -> bool {
        self.profiles.get(profile as usize).is_some_and(|p| scope.matches(p, self.calendar))
    }

    /// The prices that hold in all of a period; `None` if there is none, or several.
    fn prices_in(&self, profile: u32, component: Component, period: Period) -> Option<TokenPrices> {
        let own = self.rater.rates(profile).at(component, period).ok()?.unit_price;
        let list = self.rater.list_rates(profile).at(component, period);
        // What no list has keeps its own price in that column too.
        Some(TokenPrices { list: list.map_or(own, |rate| rate.unit_price), own })
    }
}

/// One profile in one hour.
#[derive(Debug, Clone, Copy)]
struct Part {
    profile: u32,
    hour: u8,
}

/// The mix of a leaf as whole shares, in all of its variants.
#[derive(Debug)]
pub(super) struct Shares {
    component: Component,
    parts: Vec<Part>,
    /// Shares of the parts, variant by variant; the last variant is the expected mix.
    variants: Vec<Vec<u32>>,
}

impl Shares {
    /// Divides [`BLEND_WHOLE`] by the weights; what rounding leaves over goes to the heaviest.
    pub(super) fn of(component: Component, mix: &Mix) -> Self {
        let hours = mix.profiles.iter().zip(&mix.hours);
        let parts: Vec<(usize, Part, f64)> = hours
            .enumerate()
            .flat_map(|(at, (profile, hours))| {
                hours
                    .iter()
                    .map(move |(hour, share)| (at, Part { profile: *profile, hour: *hour }, *share))
            })
            .collect();
        let wanted = if mix.varies() { 0..VARIANTS + 1 } else { VARIANTS..VARIANTS + 1 };
        let variants = wanted.map(|variant| {
            let of_profile = mix.shares(variant);
            let shares = parts.iter().map(|(at, _, hour)| whole_share(of_profile[*at] * hour));
            let mut shares: Vec<u32> = shares.collect();
            let given: u32 = shares.iter().sum();
            if let Some(heaviest) = shares.iter_mut().max_by_key(|share| **share) {
                *heaviest += BLEND_WHOLE.saturating_sub(given);
            }
            shares
        });
        let variants = variants.collect();
        Self { component, parts: parts.into_iter().map(|(_, part, _)| part).collect(), variants }
    }

    /// Which of [`Self::prices`] a path uses. Paths of the same number use the same past week in
    /// every leaf; four paths in a row, one of each member of the pool, share it.
    pub(super) fn variant_of(&self, path: usize) -> usize {
        if self.variants.len() > VARIANTS { (path / 4) % VARIANTS } else { 0 }
    }

    /// The prices of a day, one for each variant; the last is that of the expected mix.
    pub(super) fn prices(
        &self,
        day: NaiveDate,
        pricing: &Pricing<'_, '_>,
    ) -> Result<Vec<DayPrices>, MoneyError> {
        let period = pricing.calendar.day(day);
        let mut prices = vec![DayPrices::default(); self.variants.len()];
        let mut at = 0;
        while at < self.parts.len() {
            let profile = self.parts[at].profile;
            let same = self.parts[at..].iter().take_while(|p| p.profile == profile).count();
            let range = at..at + same;
            at += same;
            let factor = pricing.events.at(profile, day);
            let group = pricing.group_of[profile as usize];
            let rates = pricing.rater.rates(profile);
            // One price all day, else that of each quarter of an hour: every known price change
            // falls on one.
            if let Ok(rate) = rates.at(self.component, period) {
                for (price, shares) in prices.iter_mut().zip(&self.variants) {
                    let share = shares[range.clone()].iter().sum();
                    price.add(group, rate.unit_price, scaled(share, factor))?;
                }
                continue;
            }
            for (index, quarter) in range.flat_map(|i| (0..4).map(move |quarter| (i, quarter))) {
                let hour = u32::from(self.parts[index].hour);
                let wall = NaiveTime::from_hms_opt(hour, 15 * quarter, 0).unwrap_or_default();
                let start = pricing.calendar.instant_of(day.and_time(wall));
                let end = Timestamp::from_nanos(start.nanos() + 1);
                let rate = rates.at(self.component, Period { start, end });
                for (price, shares) in prices.iter_mut().zip(&self.variants) {
                    let share = shares[index] / 4 + u32::from(quarter < shares[index] % 4);
                    let share = scaled(share, factor);
                    match &rate {
                        Ok(rate) => price.add(group, rate.unit_price, share)?,
                        Err(_) => *price.unpriced.entry(profile).or_default() += share,
                    }
                }
            }
        }
        Ok(prices)
    }
}

/// A profile at one price, with its share of [`BLEND_WHOLE`] by variant.
#[derive(Debug, PartialEq)]
pub(super) struct PricedPart {
    pub(super) profile: u32,
    pub(super) prices: Option<TokenPrices>,
    pub(super) shares: Vec<u32>,
}

impl Shares {
    /// What one unit of the leaf is on a day: profiles, each at its prices of that day, with the same
    /// shares as [`Self::prices`]. Without `with_prices` there are profiles only.
    pub(super) fn parts(
        &self,
        day: NaiveDate,
        pricing: &Pricing<'_, '_>,
        with_prices: bool,
    ) -> Vec<PricedPart> {
        let period = pricing.calendar.day(day);
        let mut found: Vec<PricedPart> = Vec::new();
        let mut add = |profile, prices, shares: Vec<u32>| {
            let same = |part: &&mut PricedPart| part.profile == profile && part.prices == prices;
            match found.iter_mut().find(same) {
                Some(part) => part.shares.iter_mut().zip(shares).for_each(|(sum, s)| *sum += s),
                None => found.push(PricedPart { profile, prices, shares }),
            }
        };
        // The hours of a profile stand together.
        let mut last: Option<(u32, f64, Option<TokenPrices>)> = None;
        for (index, part) in self.parts.iter().enumerate() {
            let profile = part.profile;
            let (_, factor, whole_day) =
                last.filter(|(of, ..)| *of == profile).unwrap_or_else(|| {
                    let prices = pricing.prices_in(profile, self.component, period);
                    (profile, pricing.events.at(profile, day), prices)
                });
            last = Some((profile, factor, whole_day));
            if !with_prices || whole_day.is_some() {
                let shares = self.variants.iter().map(|shares| scaled(shares[index], factor));
                add(profile, whole_day.filter(|_| with_prices), shares.collect());
                continue;
            }
            for quarter in 0..4 {
                let wall = NaiveTime::from_hms_opt(u32::from(part.hour), 15 * quarter, 0);
                let start = pricing.calendar.instant_of(day.and_time(wall.unwrap_or_default()));
                let moment = Period { start, end: Timestamp::from_nanos(start.nanos() + 1) };
                let share = |shares: &Vec<u32>| {
                    scaled(shares[index] / 4 + u32::from(quarter < shares[index] % 4), factor)
                };
                let shares = self.variants.iter().map(share).collect();
                add(profile, pricing.prices_in(profile, self.component, moment), shares);
            }
        }
        found
    }
}

/// A profile with the rate of its usage, and its share of [`BLEND_WHOLE`] by variant.
#[derive(Debug)]
pub(super) struct RatedPart<'r> {
    pub(super) profile: u32,
    /// `None`: no price.
    pub(super) rate: Option<Rate<'r>>,
    pub(super) shares: Vec<u32>,
}

impl Shares {
    /// How many variants of the mix there are.
    pub(super) fn variants(&self) -> usize {
        self.variants.len()
    }

    /// What one unit of the leaf is on a day: profiles, each with the price entry of that day, with the
    /// same shares as [`Self::prices`].
    pub(super) fn rated<'r>(
        &self,
        day: NaiveDate,
        pricing: &Pricing<'_, 'r>,
    ) -> Vec<RatedPart<'r>> {
        let period = pricing.calendar.day(day);
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.parts.len() {
            let profile = self.parts[at].profile;
            let same = self.parts[at..].iter().take_while(|p| p.profile == profile).count();
            let range = at..at + same;
            at += same;
            let factor = pricing.events.at(profile, day);
            let rates = pricing.rater.rates(profile);
            if let Ok(rate) = rates.at(self.component, period) {
                let sum = |shares: &Vec<u32>| scaled(shares[range.clone()].iter().sum(), factor);
                let shares = self.variants.iter().map(sum).collect();
                found.push(RatedPart { profile, rate: Some(rate), shares });
                continue;
            }
            for (index, quarter) in range.flat_map(|i| (0..4).map(move |quarter| (i, quarter))) {
                let hour = u32::from(self.parts[index].hour);
                let wall = NaiveTime::from_hms_opt(hour, 15 * quarter, 0).unwrap_or_default();
                let start = pricing.calendar.instant_of(day.and_time(wall));
                let moment = Period { start, end: Timestamp::from_nanos(start.nanos() + 1) };
                let share = |shares: &Vec<u32>| {
                    scaled(shares[index] / 4 + u32::from(quarter < shares[index] % 4), factor)
                };
                let shares = self.variants.iter().map(share).collect();
                let rate = rates.at(self.component, moment).ok();
                found.push(RatedPart { profile, rate, shares });
            }
        }
        found
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share is between 0 and 2^20, and saturates"
)]
fn whole_share(share: f64) -> u32 {
    (share * f64::from(BLEND_WHOLE)).floor() as u32
}

/// A share times the factor of an event. Factors are at most 1000, so the result fits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share is between 0 and 2^20, a factor between 0 and 1000; saturates"
)]
fn scaled(share: u32, factor: f64) -> u32 {
    if factor.to_bits() == 1.0_f64.to_bits() {
        share
    } else {
        (f64::from(share) * factor).round() as u32
    }
}
