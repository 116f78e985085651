//! One scenario, made ready to be settled on any path.

use std::collections::BTreeSet;

use crate::contract::{Contract, FxTable};
use crate::money::UnitPrice;
use crate::period::{Period, Timestamp};
use crate::price_book::PriceBook;
use crate::projection::{Measure, UsagePaths};
use crate::rating::{Rater, RatingError};
use crate::rollup::Profile;
use crate::settlement::{
    ListPrices, PricedUsage, SettleError, Settlement, Settler, Setup, TokenPrices, UsageProfile,
    UsageRow, spilled_skus,
};
use crate::tokens::Component;

/// What all scenarios of a comparison share.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// Prices.
    pub book: &'a PriceBook,
    /// Prices as known at this instant; `None`: as the books hold them.
    pub known_at: Option<Timestamp>,
    /// Exchange rates.
    pub fx: &'a FxTable,
}

/// A part of the usage as a scenario has it: a weighted sum of parts of the forecast.
#[derive(Debug, Clone)]
pub struct Column {
    /// Number of the stretch of days.
    pub span: usize,
    /// Number of the profile.
    pub profile: u32,
    /// What is counted.
    pub measure: Measure,
    /// Prices of one unit before contracts.
    pub prices: Option<TokenPrices>,
    /// Numbers of cells of the forecast, with the units that one of theirs becomes.
    pub from: Vec<(usize, f64)>,
}

impl Column {
    /// The forecast as it is.
    #[must_use]
    pub fn all(usage: &UsagePaths) -> Vec<Self> {
        let column = |(number, cell): (usize, &crate::projection::UsageCell)| Self {
            span: cell.span,
            profile: cell.profile,
            measure: cell.measure,
            prices: cell.prices,
            from: vec![(number, 1.0)],
        };
        usage.cells.iter().enumerate().map(column).collect()
    }
}

/// Usage with contracts.
#[derive(Debug)]
pub struct Case<'a> {
    /// Unique in a comparison.
    pub name: String,
    /// By precedence.
    pub contracts: &'a [Contract],
    usage: &'a UsagePaths,
    ground: Ground<'a>,
    columns: Vec<Column>,
    /// Where the row of each stretch and profile begins among the columns, and where the last ends.
    rows: Vec<usize>,
    profiles: Vec<UsageProfile>,
    rater: Rater<'a>,
    /// Mean units of each cell of the forecast.
    means: Vec<f64>,
}

impl<'a> Case<'a> {
    /// Makes a scenario ready. `profiles` are what the numbers of the columns stand for.
    ///
    /// # Errors
    /// [`RatingError::TwoCurrencies`] if the profiles' providers price in different ones.
    pub fn new(
        name: &str,
        ground: Ground<'a>,
        usage: &'a UsagePaths,
        (profiles, mut columns): (&[Profile], Vec<Column>),
        contracts: &'a [Contract],
    ) -> Result<Self, RatingError> {
        columns.sort_by_key(|column| (column.span, column.profile));
        let mut rows = vec![0];
        let same = |a: &Column, b: &Column| (a.span, a.profile) == (b.span, b.profile);
        for row in columns.chunk_by(same) {
            rows.push(rows.last().map_or(0, |end| end + row.len()));
        }
        let at = Some(usage.window.start);
        let looked_up = |profile: &Profile| UsageProfile::of(profile, ground.book, at);
        let looked_up: Vec<UsageProfile> = profiles.iter().map(looked_up).collect();
        price_spills(&mut columns, (profiles, &looked_up), ground, usage, contracts)?;
        let share = 1.0 / f64::from(u32::try_from(usage.paths.max(1)).unwrap_or(u32::MAX));
        let means = usage.cells.iter().map(|c| c.quantities.iter().sum::<f64>() * share);
        Ok(Self {
            name: name.to_owned(),
            contracts,
            usage,
            ground,
            columns,
            rows,
            profiles: looked_up,
            rater: Rater::new(ground.book, profiles, ground.known_at)?,
            means: means.collect(),
        })
    }

    /// What the numbers of profiles in a settlement stand for.
    #[must_use]
    pub fn profiles(&self) -> &[UsageProfile] {
        &self.profiles
    }

    /// The exchange rates it is settled with.
    #[must_use]
    pub fn fx(&self) -> &'a FxTable {
        self.ground.fx
    }

    /// The forecast it is made from.
    #[must_use]
    pub fn usage(&self) -> &'a UsagePaths {
        self.usage
    }

    /// What it uses without a price: provider, model and component.
    #[must_use]
    pub fn unpriced(&self) -> BTreeSet<(String, String, Component)> {
        let mut found = BTreeSet::new();
        for column in self.columns.iter().filter(|column| column.prices.is_none()) {
            let Measure::Component(component) = column.measure else { continue };
            let units = column.from.iter().map(|(cell, weight)| self.means[*cell] * weight).sum();
            if whole(units) > 0 {
                let sku = &self.profiles[column.profile as usize].sku;
                found.insert((sku.provider.to_string(), sku.model.to_string(), component));
            }
        }
        found
    }

    /// Settles a path.
    ///
    /// # Errors
    /// [`SettleError`] if terms do not suit, a rate is missing or an amount does not fit.
    pub fn settle_path(&self, path: usize) -> Result<Settlement, SettleError> {
        self.settle(&|cell| self.usage.cells[cell].quantities[path])
    }

    /// As [`Self::settle_path`], and keeps how usage comes to cost what it costs.
    ///
    /// # Errors
    /// As [`Self::settle_path`].
    pub fn settle_path_in_steps(&self, path: usize) -> Result<Settlement, SettleError> {
        self.settle_with(&|cell| self.usage.cells[cell].quantities[path], true)
    }

    /// The parts of its usage.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Prices and exchange rates.
    #[must_use]
    pub fn ground(&self) -> Ground<'a> {
        self.ground
    }

    /// Settles the mean of all paths times a factor.
    ///
    /// # Errors
    /// As [`Self::settle_path`].
    pub fn settle_mean(&self, factor: f64) -> Result<Settlement, SettleError> {
        self.settle(&|cell| self.means[cell] * factor)
    }

    /// What is settled by what.
    pub(super) fn setup(&self) -> Setup<'_> {
        Setup {
            contracts: self.contracts,
            profiles: &self.profiles,
            prices: self,
            fx: self.ground.fx,
            currency: self.usage.currency,
            window: self.usage.window,
        }
    }

    /// Where each row of its columns begins, and where the last ends.
    pub(super) fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// Mean units of each cell of the forecast.
    pub(super) fn means(&self) -> &[f64] {
        &self.means
    }

    fn settle(&self, units: &dyn Fn(usize) -> f64) -> Result<Settlement, SettleError> {
        self.settle_with(units, false)
    }

    fn settle_with(
        &self,
        units: &dyn Fn(usize) -> f64,
        in_steps: bool,
    ) -> Result<Settlement, SettleError> {
        let settler = Settler::new(self.setup())?;
        let mut settler = if in_steps { settler.with_steps() } else { settler };
        let mut usage = Vec::new();
        for row in self.rows.windows(2) {
            let columns = &self.columns[row[0]..row[1]];
            usage.clear();
            let mut requests = 0;
            for column in columns {
                let quantity = column.from.iter().map(|(cell, weight)| units(*cell) * weight).sum();
                let quantity = whole(quantity);
                match column.measure {
                    Measure::Requests => requests += quantity,
                    Measure::Component(component) if quantity > 0 => {
                        usage.push(PricedUsage { component, quantity, prices: column.prices });
                    }
                    Measure::Component(_) => {}
                }
            }
            if !usage.is_empty() || requests > 0 {
                let period = self.usage.spans[columns[0].span].period;
                let profile = columns[0].profile;
                settler.add(UsageRow { period, profile, requests, usage: &usage })?;
            }
        }
        settler.finish()
    }
}

impl ListPrices for Case<'_> {
    fn list_price(&self, profile: u32, component: Component, at: Timestamp) -> Option<UnitPrice> {
        let instant = Period { start: at, end: Timestamp::from_nanos(at.nanos().checked_add(1)?) };
        // What no list has keeps its own price in that column too.
        let list = self.rater.list_rates(profile).at(component, instant);
        let found = list.or_else(|_| self.rater.rates(profile).at(component, instant));
        found.ok().map(|rate| rate.unit_price)
    }
}

/// While a capacity serves usage, what is above it is priced as what it spills over to.
fn price_spills(
    columns: &mut [Column],
    (profiles, looked_up): (&[Profile], &[UsageProfile]),
    ground: Ground<'_>,
    usage: &UsagePaths,
    contracts: &[Contract],
) -> Result<(), RatingError> {
    for (number, (profile, facts)) in (0_u32..).zip(profiles.iter().zip(looked_up)) {
        let mut open: Vec<&mut Column> =
            columns.iter_mut().filter(|column| column.profile == number).collect();
        // The first term that serves it counts.
        for (during, sku) in spilled_skus(contracts, facts) {
            let spilled = Profile { sku, ..profile.clone() };
            let rater = Rater::new(ground.book, std::slice::from_ref(&spilled), ground.known_at)?;
            let starts = |column: &Column| usage.spans[column.span].period.start;
            let mine = open.extract_if(.., |column| during.contains(starts(column)));
            for column in mine.filter(|_| spilled.sku != profile.sku) {
                let Measure::Component(component) = column.measure else { continue };
                let period = usage.spans[column.span].period;
                let own = rater.rates(0).at(component, period).ok().map(|rate| rate.unit_price);
                let list = rater.list_rates(0).at(component, period);
                // What no list has keeps its own price in that column too.
                column.prices = own
                    .map(|own| TokenPrices { list: list.map_or(own, |rate| rate.unit_price), own });
            }
        }
    }
    Ok(())
}

/// A quantity as a count of units.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates at both ends"
)]
pub(super) fn whole(quantity: f64) -> u64 {
    quantity.round() as u64
}
