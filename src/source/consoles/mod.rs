//! Usage and cost exports of providers' consoles and admin APIs.

mod anthropic;
mod anthropic_costs;
mod anthropic_usage;
mod bucket;
mod claude_code_analytics;
mod copilot_billing;
mod copilot_metrics;
mod deepseek;
pub(super) mod identity;
mod openai_costs;
mod openai_legacy;
mod openai_usage;
#[cfg(test)]
mod tests;

use super::format::FormatInfo;

/// Formats in the order of detection. Of two that a bucket without results could be of, the one of
/// usage takes it; of two tables, the one with more columns comes first.
pub(crate) const FORMATS: &[FormatInfo] = &[
    openai_costs::API,
    openai_costs::CSV,
    openai_usage::API,
    openai_usage::CSV,
    openai_legacy::FORMAT,
    anthropic_costs::API,
    anthropic_costs::CSV,
    anthropic_usage::API,
    anthropic_usage::CSV,
    claude_code_analytics::FORMAT,
    deepseek::USAGE,
    deepseek::COSTS,
    copilot_billing::FORMAT,
    copilot_metrics::FORMAT,
];
