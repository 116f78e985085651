//! Why usage has no price.

use compact_str::CompactString;
use thiserror::Error;

use crate::period::Timestamp;
use crate::sku::{ContextBand, Sku};
use crate::tokens::Component;

/// Why a component has no single price. Never to be read as "free".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unpriced {
    /// No book has the provider, or none of its books the model.
    #[error("no price book knows model `{model}` of provider `{provider}`")]
    UnknownModel {
        /// Who bills.
        provider: CompactString,
        /// The model as recorded.
        model: CompactString,
    },
    /// The model has no price for the component under any condition at any time.
    #[error("no price for `{component}` of this model")]
    NoPriceForComponent {
        /// The component.
        component: Component,
    },
    /// There is a price, but not at that time.
    #[error("no price for `{component}` in force at {instant}{}", known(*known_at))]
    NoPriceAtThatTime {
        /// The component.
        component: Component,
        /// The time of the usage.
        instant: Timestamp,
        /// The view of the books that was asked for.
        known_at: Option<Timestamp>,
    },
    /// There is a price, but not for usage like this.
    #[error("no price for `{component}` under {stated}")]
    NoPriceUnderConditions {
        /// The component.
        component: Component,
        /// What the record says, as in ``service_tier `batch`, speed `standard` ``.
        stated: Box<str>,
    },
    /// The price changes inside the period.
    #[error("price of `{component}` changes at {edge}, inside the period of the usage")]
    PeriodStraddlesChange {
        /// The component.
        component: Component,
        /// The instant of the change.
        edge: Timestamp,
    },
    /// The price changes inside the band of prompt sizes.
    #[error(
        "price of `{component}` changes at prompts of {edge} tokens, inside the context band of the usage"
    )]
    BandStraddlesThreshold {
        /// The component.
        component: Component,
        /// The first size at which the other price applies.
        edge: u64,
    },
    /// Price times multipliers needs more than 18 decimal places.
    #[error("price of `{component}` times its multipliers needs more than 18 decimal places")]
    Inexact {
        /// The component.
        component: Component,
    },
    /// Price times multipliers does not fit.
    #[error("price of `{component}` times its multipliers does not fit 128 bits")]
    Overflow {
        /// The component.
        component: Component,
    },
}

fn known(known_at: Option<Timestamp>) -> String {
    known_at.map_or_else(String::new, |at| format!(", as known at {at}"))
}

impl Unpriced {
    pub(super) fn under_conditions(
        component: Component,
        sku: &Sku,
        band: ContextBand,
        not_stated: &[&str],
    ) -> Self {
        let words = [
            ("service_tier", &sku.service_tier),
            ("speed", &sku.speed),
            ("endpoint", &sku.endpoint),
            ("region", &sku.region),
            ("deployment", &sku.deployment),
        ];
        let stated = words.iter().filter(|(_, word)| !word.is_empty());
        let mut stated: Vec<_> = stated.map(|(name, word)| format!("{name} `{word}`")).collect();
        match band {
            ContextBand::Known { from: 0, until: None } => {}
            ContextBand::Known { from, until: None } => {
                stated.push(format!("prompts from {from} tokens"));
            }
            ContextBand::Known { from: 0, until: Some(until) } => {
                stated.push(format!("prompts under {until} tokens"));
            }
            ContextBand::Known { from, until: Some(until) } => {
                stated.push(format!("prompts from {from} to under {until} tokens"));
            }
            ContextBand::Unknown => stated.push("prompts of unknown size".to_owned()),
        }
        stated.extend(not_stated.iter().map(|name| format!("no {name} stated")));
        let stated =
            if stated.is_empty() { "no stated conditions".to_owned() } else { stated.join(", ") };
        Self::NoPriceUnderConditions { component, stated: stated.into() }
    }
}
