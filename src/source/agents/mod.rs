//! Logs of coding agents.

mod claude_code;
mod codex;
mod codex_exec;
mod codex_replay;
mod gemini_cli;
mod qwen_code;
mod shared;

use super::format::FormatInfo;

/// Agents' logs in the order of detection.
pub(crate) const FORMATS: &[FormatInfo] = &[
    codex::FORMAT,
    codex_exec::FORMAT,
    qwen_code::FORMAT,
    gemini_cli::FORMAT,
    gemini_cli::STATS,
    claude_code::FORMAT,
];
