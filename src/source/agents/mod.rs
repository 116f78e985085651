//! Logs of coding agents.

mod amp;
mod claude_code;
mod cline;
mod codex;
mod codex_exec;
mod codex_replay;
mod copilot;
mod cursor;
mod droid;
mod gemini_cli;
mod goose;
mod gptme;
mod kimi;
mod mistral_vibe;
mod opencode;
mod pi;
mod qwen_code;
mod shared;

use super::format::FormatInfo;

/// Agents' logs in the order of detection: what others could be taken for comes first.
pub(crate) const FORMATS: &[FormatInfo] = &[
    codex::FORMAT,
    codex_exec::FORMAT,
    qwen_code::FORMAT,
    opencode::FORMAT,
    gemini_cli::FORMAT,
    gemini_cli::STATS,
    cursor::CSV,
    cursor::API,
    copilot::SESSIONS,
    copilot::STORE,
    kimi::FORMAT,
    amp::FORMAT,
    droid::FORMAT,
    goose::FORMAT,
    pi::FORMAT,
    gptme::FORMAT,
    mistral_vibe::FORMAT,
    cline::FORMAT,
    claude_code::FORMAT,
];
