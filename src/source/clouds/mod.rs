//! Logs and bills of clouds.

mod aws_cost_explorer;
mod aws_cur;
mod aws_wording;
mod azure_apim;
mod azure_cost;
mod azure_monitor;
mod azure_wording;
mod bedrock_log;
mod bill;
mod focus;
mod gcp_billing;
mod gcp_wording;
mod models;
mod vertex_log;

use super::format::FormatInfo;

/// Formats in the order of detection.
pub(crate) const FORMATS: &[FormatInfo] = &[
    bedrock_log::FORMAT,
    focus::FORMAT,
    aws_cur::FORMAT,
    aws_cost_explorer::FORMAT,
    azure_cost::FORMAT,
    azure_monitor::FORMAT,
    azure_apim::FORMAT,
    gcp_billing::FORMAT,
    vertex_log::FORMAT,
];
