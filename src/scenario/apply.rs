//! Changes applied to the parts of a forecast: every one is a linear map of quantities, or of prices.

mod reroute;

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};

use super::ScenarioError;
use super::case::{Column, Ground};
use super::change::{CacheHit, Change, Names, PriceShock, Stated};
use super::ratios::{Band, UsedRatio};
use crate::diagnostic::{Diagnostics, code};
use crate::money::{MoneyError, UnitPrice};
use crate::period::{Calendar, Period, Timestamp};
use crate::price_book::TokenRatios;
use crate::projection::{Measure, UsagePaths};
use crate::rating::Rater;
use crate::rollup::Profile;
use crate::settlement::TokenPrices;
use crate::sku::Sku;
use crate::tokens::Component;

/// The usage of a scenario in the making.
pub struct Changed<'a> {
    ground: Ground<'a>,
    usage: &'a UsagePaths,
    calendar: &'a Calendar,
    /// Whose usage it is, in words.
    owner: String,
    table: &'a TokenRatios,
    band: Band,
    /// Tokens of text that moves of usage took, in the order of the changes.
    pub ratios: Vec<UsedRatio>,
    /// What the numbers of the columns stand for.
    pub profiles: Vec<Profile>,
    /// The usage.
    pub columns: Vec<Column>,
    raters: BTreeMap<u32, Rater<'a>>,
    /// Changes of prices so far: they hold for usage that moves there later, too.
    shocks: Vec<PriceShock>,
}

impl std::fmt::Debug for Changed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changed").field("owner", &self.owner).finish_non_exhaustive()
    }
}

/// Every profile that usage can have after changes.
#[must_use]
pub fn reached(profiles: &[Profile], changes: &[Stated], names: Names<'_>) -> Vec<Profile> {
    let mut all = profiles.to_vec();
    for stated in changes {
        let Change::Reroute(reroute) = &stated.change else { continue };
        let inside = all.iter().filter(|p| reroute.covers(p, names));
        let targets: Vec<Profile> = inside.map(|p| reroute.target(p)).collect();
        for target in targets {
            if !all.contains(&target) {
                all.push(target);
            }
        }
    }
    all
}

impl<'a> Changed<'a> {
    /// The forecast as it is.
    #[must_use]
    pub fn new(
        ground: Ground<'a>,
        usage: &'a UsagePaths,
        calendar: &'a Calendar,
        scenario: &str,
        table: &'a TokenRatios,
    ) -> Self {
        let (profiles, columns) = (usage.profiles.clone(), Column::all(usage));
        Self {
            ground,
            usage,
            calendar,
            owner: format!("scenario `{scenario}`"),
            table,
            band: Band::default(),
            ratios: Vec::new(),
            profiles,
            columns,
            raters: BTreeMap::new(),
            shocks: Vec::new(),
        }
    }

    /// The same, where shipped ratios of tokens are taken at an end of their bands.
    #[must_use]
    pub fn at_band(mut self, band: Band) -> Self {
        self.band = band;
        self
    }

    /// The same usage, to go another way from here.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            owner: self.owner.clone(),
            profiles: self.profiles.clone(),
            columns: self.columns.clone(),
            ratios: self.ratios.clone(),
            shocks: self.shocks.clone(),
            raters: BTreeMap::new(),
            ..*self
        }
    }

    /// The same usage under another name.
    pub(super) fn fork_as(&self, owner: String) -> Self {
        Self { owner, ..self.fork() }
    }

    /// What is used on any path.
    pub(super) fn used(&self) -> impl Iterator<Item = &Sku> {
        let cells = &self.usage.cells;
        let any = |(cell, weight): &(usize, f64)| {
            *weight > 0.0 && cells[*cell].quantities.iter().any(|units| *units > 0.0)
        };
        let used = self.columns.iter().filter(move |column| column.from.iter().any(any));
        used.map(|column| &self.profiles[column.profile as usize].sku)
    }

    /// Applies a change that is none of volume, and none of contracts or exchange rates.
    ///
    /// # Errors
    /// [`ScenarioError`] if prices cannot be looked up, or do not fit.
    pub fn apply(&mut self, stated: &Stated, found: &mut Diagnostics) -> Result<(), ScenarioError> {
        let touched = match &stated.change {
            Change::Event(_) | Change::Growth(_) | Change::Launch(_) => true,
            Change::Billing(_) | Change::Fx(_) => true,
            Change::Reroute(reroute) => self.reroute(reroute, stated, found)?,
            Change::CacheHit(hit) => self.cache_hit(hit, stated, found)?,
            Change::Price(shock) => self.shock(shock)?,
        };
        if !touched {
            let message =
                format!("{}: {} touches no usage of the horizon", self.owner, stated.label);
            found.add(code::IDLE_CHANGE, message, stated.place.as_ref().map(|p| p.location()));
        }
        Ok(())
    }

    /// Looks up the prices of every part anew.
    ///
    /// # Errors
    /// [`ScenarioError`] if prices cannot be looked up, or do not fit.
    pub fn reprice(&mut self) -> Result<(), ScenarioError> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for column in std::mem::take(&mut self.columns) {
            match column.measure {
                Measure::Requests => columns.push(column),
                Measure::Component(component) => {
                    columns.extend(self.priced(&column, (column.profile, component))?);
                }
            }
        }
        self.columns = columns;
        Ok(())
    }

    fn is_in(&self, column: &Column, from: Option<NaiveDate>) -> bool {
        from.is_none_or(|from| self.usage.spans[column.span].days.0 >= from)
    }

    /// Of the text tokens that are read from the cache or not cached, the target is read.
    fn cache_hit(
        &mut self,
        hit: &CacheHit,
        stated: &Stated,
        found: &mut Diagnostics,
    ) -> Result<bool, ScenarioError> {
        let inside: Vec<bool> =
            self.profiles.iter().map(|p| hit.scope.matches(p, self.calendar)).collect();
        let mut columns = Vec::with_capacity(self.columns.len() * 2);
        let mut touched = false;
        for column in std::mem::take(&mut self.columns) {
            let (other, stays) = match column.measure {
                Measure::Component(Component::InputUncached) => {
                    (Component::InputCacheRead, 1.0 - hit.target)
                }
                Measure::Component(Component::InputCacheRead) => {
                    (Component::InputUncached, hit.target)
                }
                _ => {
                    columns.push(column);
                    continue;
                }
            };
            if !inside[column.profile as usize] || !self.is_in(&column, hit.from) {
                columns.push(column);
                continue;
            }
            let moved = self.priced(&scaled(&column, 1.0 - stays), (column.profile, other))?;
            if moved.iter().any(|c| c.prices.is_none()) && column.prices.is_some() {
                let sku = &self.profiles[column.profile as usize].sku;
                let message = format!(
                    "{}: {}: `{}` of `{}` has no price for `{other}`, its cache stays as it is",
                    self.owner, stated.label, sku.model, sku.provider
                );
                let place = stated.place.as_ref().map(|p| p.location());
                found.add(code::IDLE_CHANGE, message, place);
                columns.push(column);
                continue;
            }
            touched = true;
            columns.extend(moved);
            columns.push(scaled(&column, stays));
        }
        self.columns = columns;
        Ok(touched)
    }

    fn shock(&mut self, shock: &PriceShock) -> Result<bool, ScenarioError> {
        let mut touched = false;
        for at in 0..self.columns.len() {
            let Some(old) = self.columns[at].prices else { continue };
            let new = self.shocked(shock, &self.columns[at], old)?;
            touched |= new.is_some();
            self.columns[at].prices = new.or(Some(old));
        }
        self.shocks.push(shock.clone());
        Ok(touched)
    }

    /// Prices of a column after a shock; `None` if it is not about them.
    fn shocked(
        &self,
        shock: &PriceShock,
        column: &Column,
        old: TokenPrices,
    ) -> Result<Option<TokenPrices>, MoneyError> {
        let profile = &self.profiles[column.profile as usize];
        if !shock.scope.matches(profile, self.calendar) || !self.is_in(column, shock.from) {
            return Ok(None);
        }
        let times = |price: UnitPrice| -> Result<UnitPrice, MoneyError> {
            Ok(UnitPrice::of_one(price.per(0)?.checked_mul_rounded(shock.factor)?))
        };
        Ok(Some(TokenPrices { list: times(old.list)?, own: times(old.own)? }))
    }

    /// The number of a profile, a new one if need be.
    fn number(&mut self, profile: Profile) -> u32 {
        let at = self.profiles.iter().position(|p| *p == profile).unwrap_or_else(|| {
            self.profiles.push(profile);
            self.profiles.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// A column as one of another profile and component, at the prices of the hours in which it is
    /// used: several columns where these differ.
    fn priced(
        &mut self,
        column: &Column,
        to: (u32, Component),
    ) -> Result<Vec<Column>, ScenarioError> {
        let mut found = self.priced_by_books(column, to)?;
        for column in &mut found {
            for shock in &self.shocks {
                if let Some(old) = column.prices {
                    column.prices = self.shocked(shock, column, old)?.or(Some(old));
                }
            }
        }
        Ok(found)
    }

    fn priced_by_books(
        &mut self,
        column: &Column,
        (profile, component): (u32, Component),
    ) -> Result<Vec<Column>, ScenarioError> {
        let hours = match column.measure {
            Measure::Component(old) => self.usage.hours.get(&(column.profile, old)).cloned(),
            Measure::Requests => None,
        };
        let rater = match self.raters.entry(profile) {
            std::collections::btree_map::Entry::Occupied(found) => found.into_mut(),
            std::collections::btree_map::Entry::Vacant(empty) => {
                let one = std::slice::from_ref(&self.profiles[profile as usize]);
                empty.insert(Rater::new(self.ground.book, one, self.ground.known_at)?)
            }
        };
        let at = |period: Period| -> Option<TokenPrices> {
            let own = rater.rates(0).at(component, period).ok()?.unit_price;
            let list = rater.list_rates(0).at(component, period);
            Some(TokenPrices { list: list.map_or(own, |rate| rate.unit_price), own })
        };
        let span = self.usage.spans[column.span];
        let measure = Measure::Component(component);
        let with = |prices, weight| Column { profile, measure, prices, ..scaled(column, weight) };
        if let Some(prices) = at(span.period) {
            return Ok(vec![with(Some(prices), 1.0)]);
        }
        let even = || (0..24).map(|hour| (hour, 1.0 / 24.0)).collect();
        let hours: Vec<(u8, f64)> = hours.filter(|h| !h.is_empty()).unwrap_or_else(even);
        let days: Vec<NaiveDate> =
            span.days.0.iter_days().take_while(|day| *day < span.days.1).collect();
        let each = 1.0 / f64::from(u32::try_from(days.len().max(1)).unwrap_or(u32::MAX));
        let mut by_price: Vec<(Option<TokenPrices>, f64)> = Vec::new();
        for day in days {
            for (hour, share) in &hours {
                let wall = NaiveTime::from_hms_opt(u32::from(*hour), 0, 0).unwrap_or_default();
                let start = self.calendar.instant_of(day.and_time(wall));
                let prices = at(Period { start, end: Timestamp::from_nanos(start.nanos() + 1) });
                match by_price.iter_mut().find(|(known, _)| *known == prices) {
                    Some((_, weight)) => *weight += share * each,
                    None => by_price.push((prices, share * each)),
                }
            }
        }
        Ok(by_price.into_iter().map(|(prices, weight)| with(prices, weight)).collect())
    }
}

/// A column with all of its weights times a factor.
fn scaled(column: &Column, factor: f64) -> Column {
    let from = column.from.iter().map(|(cell, weight)| (*cell, weight * factor)).collect();
    Column { from, ..column.clone() }
}

/// The days of a window on which a price of a profile becomes another: usage is cut there, so that
/// parts that move there have one price.
#[must_use]
pub fn price_edges(
    profiles: &[Profile],
    ground: Ground<'_>,
    window: Period,
    calendar: &Calendar,
) -> Vec<Timestamp> {
    let rates: Vec<_> =
        profiles.iter().map(|p| ground.book.rates(&p.sku, p.context, ground.known_at)).collect();
    let prices = |day: NaiveDate| -> Vec<Option<UnitPrice>> {
        let start = calendar.day_start(day);
        let instant = Period { start, end: Timestamp::from_nanos(start.nanos() + 1) };
        let all = rates.iter().flat_map(|rates| {
            let price = move |c: &Component| rates.at(*c, instant).ok().map(|r| r.unit_price);
            Component::ALL.iter().map(price)
        });
        all.collect()
    };
    let mut found = Vec::new();
    let mut before = None;
    for day in calendar.date_of(window.start).iter_days() {
        let start = calendar.day_start(day);
        if start >= window.end {
            break;
        }
        let now = prices(day);
        if before.is_some_and(|before| before != now) {
            found.push(start);
        }
        before = Some(now);
    }
    found
}
