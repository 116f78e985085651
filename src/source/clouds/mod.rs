//! Logs and bills of clouds.

mod bedrock_log;

use super::format::FormatInfo;

/// Formats in the order of detection.
pub(crate) const FORMATS: &[FormatInfo] = &[bedrock_log::FORMAT];
