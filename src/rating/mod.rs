//! Rating: counts times dated prices, exactly.
//!
//! There is one rating function for actual usage, for every sample path of a forecast and for
//! every scenario. A rated row is a list of charges, each with the price entry it came from; totals
//! are sums of charges. What has no price is listed beside them and never counts as zero.
#![deny(clippy::float_arithmetic)]

mod allowance;
mod doubt;
pub mod group;
pub mod lines;
pub mod stale;
pub mod summary;

use serde::Serialize;
use smallvec::SmallVec;
use thiserror::Error;

use crate::money::{Amount, Currency, MoneyError, UnitPrice};
use crate::period::{Period, Timestamp};
use crate::price_book::{PriceBook, Rate, SkuRates, Unpriced};
use crate::rollup::{Profile, Rollup, RollupRow};
use crate::sku::ContextBand;
use crate::tokens::{Component, ComponentCounts};
use crate::usage::{UsageRecord, UsageTime};

/// The four cost columns of FinOps FOCUS.
///
/// Without a contract they are equal, but for the list cost where an organisation's own price book
/// stands above the bundled one: that column keeps the bundled price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Costs {
    /// List unit price times quantity.
    pub list_cost: Amount,
    /// Contracted unit price times quantity.
    pub contracted_cost: Amount,
    /// After all discounts and the share of commitments paid elsewhere.
    pub effective_cost: Amount,
    /// What an invoice asks for.
    pub billed_cost: Amount,
}

impl Costs {
    /// The same amount in every column.
    #[must_use]
    pub fn uniform(amount: Amount) -> Self {
        Self {
            list_cost: amount,
            contracted_cost: amount,
            effective_cost: amount,
            billed_cost: amount,
        }
    }

    /// Sum, column by column.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if one does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        Ok(Self {
            list_cost: self.list_cost.checked_add(other.list_cost)?,
            contracted_cost: self.contracted_cost.checked_add(other.contracted_cost)?,
            effective_cost: self.effective_cost.checked_add(other.effective_cost)?,
            billed_cost: self.billed_cost.checked_add(other.billed_cost)?,
        })
    }
}

/// One priced component of one row.
#[derive(Debug, Clone)]
pub struct Charge<'a> {
    /// What was used.
    pub component: Component,
    /// How many units.
    pub quantity: u64,
    /// The price of one unit and where it comes from.
    pub rate: Rate<'a>,
    /// Quantity times price.
    pub costs: Costs,
}

/// One component that has no price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnpricedUsage {
    /// What was used.
    pub component: Component,
    /// How many units.
    pub quantity: u64,
    /// Why there is no price.
    pub reason: Unpriced,
}

/// A row, rated: every component is in exactly one of the lists.
#[derive(Debug, Clone, Default)]
pub struct Rated<'a> {
    /// Priced components.
    pub charges: SmallVec<[Charge<'a>; 4]>,
    /// Components without a price.
    pub unpriced: Vec<UnpricedUsage>,
}

impl Rated<'_> {
    /// Sum of the charges.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if it does not fit.
    pub fn costs(&self) -> Result<Costs, MoneyError> {
        self.charges.iter().try_fold(Costs::default(), |sum, charge| sum.checked_add(charge.costs))
    }
}

/// Why rating stopped.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RatingError {
    /// A cost does not fit.
    #[error("cost of {quantity} units of `{component}` of `{model}`")]
    Money {
        /// The component.
        component: Component,
        /// The count.
        quantity: u64,
        /// The model.
        model: String,
        /// The reason.
        source: MoneyError,
    },
    /// A sum of costs does not fit.
    #[error("total cost")]
    Total(#[from] MoneyError),
    /// Prices in two currencies.
    #[error(
        "prices in {0} and {1} cannot be summed (rate their usage apart, or give a price book in one currency)"
    )]
    TwoCurrencies(Currency, Currency),
    /// A rollup whose context bands cross a threshold of the price books.
    #[error(
        "rollup is not cut at prompts of {edge} tokens, where the price of `{model}` changes: roll the logs up again"
    )]
    BandStraddles {
        /// The missing edge.
        edge: u64,
        /// The model.
        model: String,
    },
}

/// Rates the rows of one rollup: prices of every profile are looked up once.
#[derive(Debug)]
pub struct Rater<'a> {
    rates: Vec<SkuRates<'a>>,
    /// List prices, where the books hold others above them.
    list: Vec<SkuRates<'a>>,
    currency: Currency,
}

impl<'a> Rater<'a> {
    /// Prepares the prices of every profile, as known at an instant or, with `None`, now.
    ///
    /// # Errors
    /// [`RatingError::TwoCurrencies`] if the profiles' providers price in different ones.
    pub fn new(
        book: &'a PriceBook,
        profiles: &[Profile],
        known_at: Option<Timestamp>,
    ) -> Result<Self, RatingError> {
        let mut currency = None;
        for found in profiles.iter().filter_map(|p| book.currency(&p.sku.provider)) {
            match currency {
                Some(first) if first != found => {
                    return Err(RatingError::TwoCurrencies(first, found));
                }
                _ => currency = Some(found),
            }
        }
        let rates_of = |book: &'a PriceBook| -> Vec<SkuRates<'a>> {
            profiles.iter().map(|p| book.rates(&p.sku, p.context, known_at)).collect()
        };
        let list = book.list_book().map(rates_of).unwrap_or_default();
        Ok(Self { rates: rates_of(book), list, currency: currency.unwrap_or(Currency::USD) })
    }

    /// The currency of every cost.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The prices of a profile.
    #[must_use]
    pub fn rates(&self, profile: u32) -> &SkuRates<'a> {
        &self.rates[profile as usize]
    }

    /// The list prices of a profile: those of the bundled books, where others stand above them.
    #[must_use]
    pub fn list_rates(&self, profile: u32) -> &SkuRates<'a> {
        self.list.get(profile as usize).unwrap_or_else(|| self.rates(profile))
    }

    /// Rates one row of the rollup that the profiles are from.
    ///
    /// # Errors
    /// [`RatingError`] if a cost does not fit or the rollup is cut wrongly for these books.
    pub fn rate_row(&self, rollup: &Rollup, row: &RollupRow) -> Result<Rated<'a>, RatingError> {
        let model = &rollup.profile(row).sku.model;
        let list = self.list.get(row.profile as usize);
        rate_components(self.rates(row.profile), list, &row.components, row.period, model)
    }
}

fn rate_components<'a>(
    rates: &SkuRates<'a>,
    list: Option<&SkuRates<'a>>,
    components: &ComponentCounts,
    period: Period,
    model: &str,
) -> Result<Rated<'a>, RatingError> {
    let mut rated = Rated::default();
    for (component, quantity) in components.iter() {
        match rates.at(component, period) {
            Ok(rate) => {
                let cost_at = |price: UnitPrice| {
                    price.checked_cost(quantity).map_err(|source| RatingError::Money {
                        component,
                        quantity,
                        model: model.to_owned(),
                        source,
                    })
                };
                let mut costs = Costs::uniform(cost_at(rate.unit_price)?);
                // What no list has keeps its own price in that column too.
                if let Some(Ok(listed)) = list.map(|list| list.at(component, period)) {
                    costs.list_cost = cost_at(listed.unit_price)?;
                }
                rated.charges.push(Charge { component, quantity, rate, costs });
            }
            Err(Unpriced::BandStraddlesThreshold { edge, .. }) => {
                return Err(RatingError::BandStraddles { edge, model: model.to_owned() });
            }
            Err(reason) => rated.unpriced.push(UnpricedUsage { component, quantity, reason }),
        }
    }
    Ok(rated)
}

/// Rates one record by itself, at its own instant and prompt size.
///
/// # Errors
/// [`RatingError`] if a cost does not fit.
pub fn rate_record<'a>(
    book: &'a PriceBook,
    record: &UsageRecord,
    known_at: Option<Timestamp>,
) -> Result<Rated<'a>, RatingError> {
    let context = record.context().map_or(ContextBand::Unknown, |tokens| ContextBand::Known {
        from: tokens,
        until: tokens.checked_add(1),
    });
    let period = match record.time {
        UsageTime::At(instant) => {
            Period { start: instant, end: Timestamp::from_nanos(instant.nanos().saturating_add(1)) }
        }
        UsageTime::Bucket(period) => period,
    };
    let rates = book.rates(&record.sku, context, known_at);
    let list = book.list_book().map(|list| list.rates(&record.sku, context, known_at));
    rate_components(&rates, list.as_ref(), &record.components, period, &record.sku.model)
}
