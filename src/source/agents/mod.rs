//! Logs of coding agents.

mod claude_code;

use super::format::FormatInfo;

/// Agents' logs in the order of detection.
pub(crate) const FORMATS: &[FormatInfo] = &[claude_code::FORMAT];
