//! What counts cost, by the one function that rates usage.

use super::band::Band;
use super::sums::{CACHED_KINDS, Figures, InContext, KINDS, TEXT};
use crate::money::Amount;
use crate::period::Timestamp;
use crate::price_book::PriceBook;
use crate::rating::{RatingError, rate_record};
use crate::sku::Sku;
use crate::tokens::{Component, ComponentCounts};
use crate::usage::{Labels, RecordGrain, UsageRecord, UsageTime};

/// Which prices.
#[derive(Debug, Clone, Copy)]
pub struct Pricing<'b> {
    /// The books.
    pub book: &'b PriceBook,
    /// When the requests are sent.
    pub at: Timestamp,
    /// Prices as known then.
    pub known_at: Option<Timestamp>,
    /// What input is billed as.
    pub input: Component,
}

/// A cost with its band, or what has no price.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Priced {
    /// Low, middle and high; `None`: something has no price.
    pub cost: Option<[Amount; 3]>,
    /// Why, each reason once.
    pub unpriced: Vec<String>,
}

impl Pricing<'_> {
    /// What figures cost for a model, at a tier.
    ///
    /// # Errors
    /// [`RatingError`] if a cost does not fit.
    pub fn price(&self, sku: &Sku, tier: &str, figures: &Figures) -> Result<Priced, RatingError> {
        let sku = Sku { service_tier: tier.into(), ..sku.clone() };
        let mut unpriced = Vec::new();
        let mut costs = [Amount::ZERO; 3];
        let ends: [fn(&Band) -> u64; 3] = [|b| b.low, |b| b.tokens, |b| b.high];
        for context in &figures.by_context {
            for (sum, end) in costs.iter_mut().zip(ends) {
                let record = self.record(&sku, context, end);
                let rated = rate_record(self.book, &record, self.known_at)?;
                *sum = sum.checked_add(rated.costs()?.effective_cost)?;
                for missing in rated.unpriced {
                    let reason = missing.reason.to_string();
                    if !unpriced.contains(&reason) {
                        unpriced.push(reason);
                    }
                }
            }
        }
        let cost = unpriced.is_empty().then_some(costs);
        Ok(Priced { cost, unpriced })
    }

    /// What each kind of input is billed as.
    fn kinds(&self) -> [Component; KINDS.len()] {
        let mut kinds = match self.input {
            Component::InputCacheRead => CACHED_KINDS,
            _ => KINDS,
        };
        kinds[TEXT] = self.input;
        kinds
    }

    fn record(&self, sku: &Sku, context: &InContext, end: fn(&Band) -> u64) -> UsageRecord {
        let mut components = ComponentCounts::default();
        for (kind, band) in self.kinds().into_iter().zip(&context.input) {
            components.add(kind, end(band));
        }
        components.add(Component::Output, end(&context.output));
        let mean = context.all_input().tokens / context.prompts.max(1);
        UsageRecord {
            time: UsageTime::At(self.at),
            grain: RecordGrain::Request,
            sku: sku.clone().into(),
            // No price changes inside of a band, and the mean of its prompts is in it.
            context_tokens: Some(mean),
            requests: context.prompts,
            request_id: None,
            labels: Labels::default().into(),
            components,
            reported_cost: None,
        }
    }
}
