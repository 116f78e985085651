//! Logs and bills of clouds.

mod aws_cost_explorer;
mod aws_cur;
mod aws_wording;
mod bedrock_log;
mod bill;
mod models;

use super::format::FormatInfo;

/// Formats in the order of detection.
pub(crate) const FORMATS: &[FormatInfo] =
    &[bedrock_log::FORMAT, aws_cur::FORMAT, aws_cost_explorer::FORMAT];
