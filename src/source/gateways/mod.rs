//! Gateways and observability.

mod call;
mod cloudflare;
mod fields;
mod helicone;
mod langchain;
mod langfuse;
mod litellm;
mod openrouter;
mod otel;
mod portkey;
mod posthog;
mod tree;

use super::format::FormatInfo;

/// Formats in the order of detection.
pub(crate) const FORMATS: &[FormatInfo] = &[
    litellm::LOGGING_PAYLOAD,
    litellm::SPEND_LOGS,
    litellm::DAILY_SPEND,
    langfuse::FORMAT,
    helicone::FORMAT,
    openrouter::activity::FORMAT,
    openrouter::generations::FORMAT,
    portkey::FORMAT,
    cloudflare::FORMAT,
    posthog::FORMAT,
    otel::TRACES,
    otel::LOGS,
    otel::METRICS,
    otel::SPANS,
    langchain::LANGSMITH,
    langchain::LANGCHAIN,
];
