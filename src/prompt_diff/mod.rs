//! Prompts before and after a change: which files differ, what their tokens cost a request and a month, and whether that is
//! within a limit.
//!
//! See `docs/guides/prompt-diff.md`.

mod change;
mod files;
mod limit;
mod map;
mod placeholder;
mod traffic;

pub use change::{CostBand, CostChange, Line, Side, TokenChange, Total};
pub use files::{Pair, PromptFile, Status, pair, rest};
pub use limit::{Judged, Limit, LimitError, Per, gate};
pub use map::{KEYS, MapKey, PromptMap, Row, SCHEMA, template};
pub use placeholder::placeholders;
pub use traffic::{Seen, monthly, seen};
