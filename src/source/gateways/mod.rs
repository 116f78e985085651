//! Gateways and observability.

mod call;
mod fields;
mod langfuse;
mod litellm;
mod tree;

use super::format::FormatInfo;

/// Formats in the order of detection.
pub(crate) const FORMATS: &[FormatInfo] =
    &[litellm::LOGGING_PAYLOAD, litellm::SPEND_LOGS, litellm::DAILY_SPEND, langfuse::FORMAT];
