//! What a scenario changes about the usage or its prices.

use chrono::NaiveDate;

use crate::config::EntryRef;
use crate::contract::{FxMove, Term};
use crate::money::{Currency, Factor};
use crate::period::{Calendar, Timestamp};
use crate::price_book::PriceBook;
use crate::projection::events::{Event, Scope};
use crate::projection::{Growth, Launch};
use crate::rollup::Profile;
use crate::sku::Sku;

/// One scenario, as stated.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Unique in a comparison.
    pub name: String,
    /// In the order in which they apply; those of volume come first in any case.
    pub changes: Vec<Stated>,
    /// Contract files as written.
    pub contracts: Vec<String>,
    /// Where it is written; `None`: on the command line.
    pub place: Option<EntryRef>,
}

/// A change with its words.
#[derive(Debug, Clone)]
pub struct Stated {
    /// The change.
    pub change: Change,
    /// In a few words, for reports.
    pub label: String,
    /// Where it is written.
    pub place: Option<EntryRef>,
}

/// A change.
#[derive(Debug, Clone)]
pub enum Change {
    /// A dated change of usage.
    Event(Event),
    /// Planned growth.
    Growth(Growth),
    /// Usage that will begin.
    Launch(Launch),
    /// Usage that goes somewhere else.
    Reroute(Reroute),
    /// More or fewer prompt tokens from the cache.
    CacheHit(CacheHit),
    /// Prices that change.
    Price(PriceShock),
    /// From seats to tokens, or back.
    Billing(Billing),
    /// Another exchange rate.
    Fx(FxChange),
}

impl Change {
    /// True if it changes how usage is forecast, and not what becomes of it.
    #[must_use]
    pub fn is_volume(&self) -> bool {
        matches!(self, Self::Event(_) | Self::Growth(_) | Self::Launch(_))
    }

    /// True if it changes contracts or exchange rates, and neither usage nor its prices.
    #[must_use]
    pub fn is_of_deal(&self) -> bool {
        matches!(self, Self::Billing(_) | Self::Fx(_))
    }

    /// What it is about, where that is a part of the usage.
    #[must_use]
    pub fn scope(&self) -> Option<&Scope> {
        match self {
            Self::Event(event) => Some(&event.scope),
            Self::Growth(growth) => Some(&growth.scope),
            Self::Launch(_) | Self::Billing(_) | Self::Fx(_) => None,
            Self::Reroute(reroute) => Some(&reroute.scope),
            Self::CacheHit(hit) => Some(&hit.scope),
            Self::Price(shock) => Some(&shock.scope),
        }
    }

    /// The first day on which usage or its prices are others, if it is stated.
    #[must_use]
    pub fn from(&self) -> Option<NaiveDate> {
        match self {
            Self::Event(_) | Self::Growth(_) | Self::Launch(_) => None,
            Self::Billing(_) | Self::Fx(_) => None,
            Self::Reroute(reroute) => reroute.from,
            Self::CacheHit(hit) => hit.from,
            Self::Price(shock) => shock.from,
        }
    }
}

/// A share of usage that another model, provider, tier or place serves.
#[derive(Debug, Clone)]
pub struct Reroute {
    /// Which usage.
    pub scope: Scope,
    /// The model that is left, and its provider if stated; `None`: any in scope.
    pub leaves: Option<(Option<String>, String)>,
    /// The share that goes, from 0 to 1.
    pub share: f64,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Where it goes.
    pub to: Target,
    /// Tokens that one of text of the prompt becomes; `None`: as the table of tokenizers has it.
    pub input_ratio: Option<f64>,
    /// The same of responses.
    pub output_ratio: Option<f64>,
    /// The kind of text, where ratios measured on a corpus tell kinds apart.
    pub content: Option<&'static str>,
    /// Length of responses in text for one now.
    pub length: f64,
    /// Whether cached prompts stay cached.
    pub keep_cache: bool,
    /// Whether calls of built-in tools, and what else is no token, go along; otherwise they end.
    pub keep_tools: bool,
}

impl Default for Reroute {
    /// All usage, with its cache and tools, to nowhere else.
    fn default() -> Self {
        Self {
            scope: Scope::default(),
            leaves: None,
            share: 1.0,
            from: None,
            to: Target::default(),
            input_ratio: None,
            output_ratio: None,
            content: None,
            length: 1.0,
            keep_cache: true,
            keep_tools: true,
        }
    }
}

/// What of a SKU becomes another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// Who bills.
    pub provider: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The tier that serves.
    pub service_tier: Option<String>,
    /// Cloud region.
    pub region: Option<String>,
    /// Where processing may happen.
    pub endpoint: Option<String>,
}

impl Target {
    /// The SKU that usage of another one becomes.
    #[must_use]
    pub fn of(&self, sku: &Sku) -> Sku {
        let mut found = sku.clone();
        if let Some(provider) = self.provider.as_ref().filter(|p| **p != sku.provider) {
            // Places and deployments are names of the provider that was left.
            found =
                Sku { service_tier: sku.service_tier.clone(), ..Sku::new(provider, &sku.model) };
        }
        let parts = [
            (&self.model, &mut found.model),
            (&self.service_tier, &mut found.service_tier),
            (&self.region, &mut found.region),
            (&self.endpoint, &mut found.endpoint),
        ];
        for (stated, part) in parts {
            if let Some(stated) = stated {
                *part = stated.into();
            }
        }
        found
    }
}

/// What names of usage are looked up by: the calendar of days, the books and an instant.
pub type Names<'a> = (&'a Calendar, &'a PriceBook, Timestamp);

impl Reroute {
    /// True if it is about the usage of a profile.
    #[must_use]
    pub fn covers(&self, profile: &Profile, (calendar, book, at): Names<'_>) -> bool {
        let sku = &profile.sku;
        let leaves = self.leaves.as_ref().is_none_or(|(provider, model)| {
            // A model has several names; that of the log is as good as its id.
            let id = book.find_model(&sku.provider, &sku.model, at).map(|found| &found.id);
            provider.as_ref().is_none_or(|p| *p == sku.provider)
                && (*model == sku.model || id.is_some_and(|id| id == model))
        });
        leaves && self.scope.matches(profile, calendar) && self.to.of(sku) != *sku
    }

    /// What a profile becomes.
    #[must_use]
    pub fn target(&self, profile: &Profile) -> Profile {
        Profile { sku: self.to.of(&profile.sku), ..profile.clone() }
    }
}

/// From a day on, seats with their fee instead of tokens, or tokens instead of seats.
#[derive(Debug, Clone)]
pub struct Billing {
    /// Id of the contract; `None`: all of the scenario for tokens, its only one for seats.
    pub contract: Option<String>,
    /// First day.
    pub from: NaiveDate,
    /// What is billed then.
    pub to: Billed,
}

/// What usage is billed by.
#[derive(Debug, Clone)]
pub enum Billed {
    /// Every token.
    Tokens,
    /// Seats, as a term of a contract whose end is not known yet.
    Seats(Box<Term>),
}

/// Another exchange rate.
#[derive(Debug, Clone)]
pub struct FxChange {
    /// Currency converted from.
    pub from: Currency,
    /// Currency converted to.
    pub to: Currency,
    /// First day; `None`: every day.
    pub on: Option<NaiveDate>,
    /// What becomes of the rate.
    pub to_be: FxMove,
}

/// The share of prompt tokens that the cache serves.
#[derive(Debug, Clone)]
pub struct CacheHit {
    /// Which usage.
    pub scope: Scope,
    /// Share of the text tokens that are read from the cache among these and the uncached ones.
    pub target: f64,
    /// First day.
    pub from: Option<NaiveDate>,
}

/// Prices times a factor.
#[derive(Debug, Clone)]
pub struct PriceShock {
    /// Which usage.
    pub scope: Scope,
    /// The factor.
    pub factor: Factor,
    /// First day.
    pub from: Option<NaiveDate>,
}
