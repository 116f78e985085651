//! What is odd about prices: usage without one, and prices that deserve a second look.

use std::collections::BTreeMap;

use super::Rated;
use crate::diagnostic::{Diagnostics, code};
use crate::price_book::{Confidence, PriceBook, Unpriced};
use crate::rollup::{Rollup, RollupRow};

/// A kind of doubt about one profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Doubt {
    UnknownModel,
    // Component and, where a price changes inside a period, the instant.
    Unpriced(u8, i64),
    LowConfidence,
    Promotion,
    ContextAssumed,
}

/// Counts doubts as numbers; texts are made once at the end, not for every row.
#[derive(Debug, Default)]
pub(crate) struct Doubts {
    seen: BTreeMap<(u32, Doubt), (u64, Option<Unpriced>)>,
}

impl Doubts {
    /// Looks at one rated row.
    pub(crate) fn add(&mut self, row: &RollupRow, rated: &Rated<'_>) {
        for usage in &rated.unpriced {
            let doubt = match &usage.reason {
                Unpriced::UnknownModel { .. } => Doubt::UnknownModel,
                Unpriced::PeriodStraddlesChange { component, edge } => {
                    Doubt::Unpriced(*component as u8, edge.nanos())
                }
                _ => Doubt::Unpriced(usage.component as u8, 0),
            };
            let (records, reason) = self.seen.entry((row.profile, doubt)).or_default();
            *records += row.records;
            if reason.is_none() {
                *reason = Some(usage.reason.clone());
            }
            if doubt == Doubt::UnknownModel {
                break;
            }
        }
        let any = |is: fn(&super::Charge<'_>) -> bool| rated.charges.iter().any(is);
        let low = any(|c| {
            matches!(c.rate.entry.origin.confidence, Confidence::Low | Confidence::Conflict)
        });
        let flags = [
            (low, Doubt::LowConfidence),
            (any(|c| c.rate.entry.promotion), Doubt::Promotion),
            (any(|c| c.rate.context_assumed), Doubt::ContextAssumed),
        ];
        for (_, doubt) in flags.into_iter().filter(|(set, _)| *set) {
            self.seen.entry((row.profile, doubt)).or_default().0 += row.records;
        }
    }

    /// Turns the counts into findings.
    pub(crate) fn report(self, book: &PriceBook, rollup: &Rollup, found: &mut Diagnostics) {
        for ((profile, doubt), (records, reason)) in self.seen {
            let sku = &rollup.profiles()[profile as usize].sku;
            let name = format!("`{}` of `{}`", sku.model, sku.provider);
            let (code, message) = match doubt {
                Doubt::UnknownModel => {
                    let similar = book.similar_models(&sku.provider, &sku.model);
                    let hint = match similar.as_slice() {
                        [] => String::new(),
                        names => format!(" (nearest names: {})", names.join(", ")),
                    };
                    (code::UNKNOWN_MODEL, format!("no price book knows model {name}{hint}"))
                }
                Doubt::Unpriced(..) => {
                    (code::UNPRICED_USAGE, format!("{name}: {}", reason_text(reason.as_ref())))
                }
                Doubt::LowConfidence => (
                    code::LOW_CONFIDENCE_PRICE,
                    format!("{name}: price is of low or disputed confidence (see `prices show`)"),
                ),
                Doubt::Promotion => (
                    code::OPEN_PROMOTION,
                    format!(
                        "{name}: price is a promotion without a stated end (--promotions-end TIME shows what its end would cost)"
                    ),
                ),
                Doubt::ContextAssumed => (
                    code::CONTEXT_BAND_ASSUMED,
                    format!("{name}: prompt sizes are not known: priced as short prompts"),
                ),
            };
            found.add_many(code, message, None, records);
        }
    }
}

/// The hour of use is left out, or every hour would be a finding of its own.
fn reason_text(reason: Option<&Unpriced>) -> String {
    match reason {
        Some(Unpriced::NoPriceAtThatTime { component, .. }) => {
            format!("no price for `{component}` in force when it was used")
        }
        Some(other) => other.to_string(),
        None => String::new(),
    }
}
