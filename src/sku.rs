//! What is being priced: provider, model and the modifiers that change its price.

use compact_str::CompactString;

/// Everything but time, context band and component that can change a unit price.
///
/// Empty text means "not stated". Names follow OpenTelemetry GenAI; the provider is the one who
/// bills.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sku {
    /// Who bills: `openai`, `anthropic`, `aws.bedrock`, `gcp.vertex_ai`, `gcp.gemini`, ...
    pub provider: CompactString,
    /// The model that answered, as the provider spells it.
    pub model: CompactString,
    /// The tier that served: `standard`, `batch`, `flex`, `priority`, `provisioned`, ...
    pub service_tier: CompactString,
    /// `standard` or `fast`.
    pub speed: CompactString,
    /// Cloud region such as `us-east-1`.
    pub region: CompactString,
    /// Where processing may happen: `global`, `regional`, or a geography such as `us` or `eu`.
    pub endpoint: CompactString,
    /// Azure's deployment type: `global_standard`, `data_zone`, `regional`, ...
    pub deployment: CompactString,
}

/// The tier and speed of a request that states none.
pub const STANDARD: &str = "standard";

impl Sku {
    /// A model at standard tier and speed, with nothing else stated.
    #[must_use]
    pub fn new(provider: &str, model: &str) -> Self {
        Self {
            provider: provider.into(),
            model: model.into(),
            service_tier: CompactString::const_new(STANDARD),
            speed: CompactString::const_new(STANDARD),
            region: CompactString::const_new(""),
            endpoint: CompactString::const_new(""),
            deployment: CompactString::const_new(""),
        }
    }
}

/// The tier in our words for what providers print. Unknown words are kept: no price will match
/// them, and the report says so.
#[must_use]
pub fn service_tier(printed: &str) -> CompactString {
    let known = TIERS.iter().find(|(word, _)| word.eq_ignore_ascii_case(printed));
    known.map_or_else(|| CompactString::new(printed), |(_, tier)| CompactString::const_new(tier))
}

/// What providers print and the tier it stands for.
const TIERS: [(&str, &str); 16] = [
    ("", STANDARD),
    ("default", STANDARD),
    ("standard", STANDARD),
    ("auto", STANDARD),
    ("on_demand", STANDARD),
    ("traffic_type_unspecified", STANDARD),
    ("batch", "batch"),
    ("flex", "flex"),
    ("flex_discount", "flex"),
    ("on_demand_flex", "flex"),
    ("priority", "priority"),
    ("priority_on_demand", "priority"),
    ("on_demand_priority", "priority"),
    ("provisioned", "provisioned"),
    ("provisioned_throughput", "provisioned"),
    ("reserved", "reserved"),
];

/// A band of prompt sizes within which no price changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContextBand {
    /// Every request had a prompt of `from..until` tokens.
    Known {
        /// Smallest prompt.
        from: u64,
        /// First size above the band; `None`: open.
        until: Option<u64>,
    },
    /// A bucket that does not say how large its prompts were.
    Unknown,
}

impl ContextBand {
    /// The band of a prompt between sorted `edges`, each the first size of a band.
    #[must_use]
    pub fn of(prompt_tokens: u64, edges: &[u64]) -> Self {
        let above = edges.partition_point(|edge| *edge <= prompt_tokens);
        Self::Known {
            from: if above == 0 { 0 } else { edges[above - 1] },
            until: edges.get(above).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_as_providers_print_them() {
        for (printed, tier) in [
            ("default", "standard"),
            ("ON_DEMAND", "standard"),
            ("ON_DEMAND_PRIORITY", "priority"),
            ("PROVISIONED_THROUGHPUT", "provisioned"),
            ("flex", "flex"),
            ("turbo", "turbo"),
        ] {
            assert_eq!(service_tier(printed), tier);
        }
    }
}
