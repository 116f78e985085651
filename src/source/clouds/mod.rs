//! Logs and bills of clouds.

use super::format::FormatInfo;

/// Formats in the order of detection.
pub(crate) const FORMATS: &[FormatInfo] = &[];
