//! Rated usage as settlement takes it.

use compact_str::CompactString;

use crate::contract::Facts;
use crate::money::UnitPrice;
use crate::period::{Period, Timestamp};
use crate::price_book::PriceBook;
use crate::rollup::Profile;
use crate::sku::{ContextBand, Sku};
use crate::tokens::Component;
use crate::usage::Labels;

/// What usage is, for scopes and reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageProfile {
    /// What was used, and how.
    pub sku: Sku,
    /// The id of its model in the price books.
    pub model_id: Option<CompactString>,
    /// Who made the model.
    pub maker: Option<CompactString>,
    /// Free-form dimensions.
    pub labels: Labels,
    /// Smallest prompt of its context band in tokens; 0 if not known.
    pub context_from: u64,
}

impl UsageProfile {
    /// The profile of a rollup; its name is looked up at an instant.
    #[must_use]
    pub fn of(profile: &Profile, book: &PriceBook, at: Option<Timestamp>) -> Self {
        let sku = &profile.sku;
        let model = at.and_then(|at| book.find_model(&sku.provider, &sku.model, at));
        Self {
            sku: sku.clone(),
            model_id: model.map(|model| model.id.clone()),
            maker: model.and_then(|model| model.maker.clone()),
            labels: profile.labels.clone(),
            context_from: match profile.context {
                ContextBand::Known { from, .. } => from,
                ContextBand::Unknown => 0,
            },
        }
    }

    /// What scopes ask about.
    #[must_use]
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            sku: &self.sku,
            model_id: self.model_id.as_deref(),
            maker: self.maker.as_deref(),
            labels: &self.labels,
        }
    }
}

/// One component of a row with its prices in the currency of the price books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PricedUsage {
    /// What was used.
    pub component: Component,
    /// How many units.
    pub quantity: u64,
    /// Prices of one unit; `None`: no book has one.
    pub prices: Option<TokenPrices>,
}

/// Prices of one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenPrices {
    /// At list.
    pub list: UnitPrice,
    /// Of the books in use, an organisation's own among them, before any contract.
    pub own: UnitPrice,
}

/// The usage of one charge period and profile. Rows come sorted by period and profile.
#[derive(Debug, Clone, Copy)]
pub struct UsageRow<'a> {
    /// When.
    pub period: Period,
    /// Number of the profile.
    pub profile: u32,
    /// Requests; 0 where the logs do not say.
    pub requests: u64,
    /// Its components.
    pub usage: &'a [PricedUsage],
}

/// List prices of other days than that of the usage, for price protection.
pub trait ListPrices: Sync {
    /// The list price of one unit at an instant; `None`: no book has one.
    fn list_price(&self, profile: u32, component: Component, at: Timestamp) -> Option<UnitPrice>;
}
