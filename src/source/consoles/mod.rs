//! Usage and cost exports of providers' consoles and admin APIs.

use super::format::FormatInfo;

/// Formats in the order of detection.
pub(crate) const FORMATS: &[FormatInfo] = &[];
