//! tokencast forecasts what LLM usage will cost.
//!
//! ```text
//! source ─► usage ─► rollup ─┬─► rating(price_book) ─► charges ─────────────────────────┐
//!                            └─► series ─► forecast ─► projection(rating) ─► cost paths ─┴─► budget ─► report ─► cli
//! ```
//!
//! The library reads no clock, no environment, no terminal and no unseeded random source; the
//! command line resolves those once and passes them down. See `docs/architecture.md`.

pub mod budget;
pub mod cli;
pub mod config;
pub mod contract;
pub mod corpus;
pub mod costs;
pub mod counting;
pub mod diagnostic;
pub mod explain;
pub mod forecast;
pub mod money;
pub mod period;
pub mod price_book;
pub mod projection;
pub mod prompt_diff;
pub mod rating;
pub mod report;
pub mod rollup;
pub mod scenario;
pub mod series;
pub mod settlement;
pub mod sku;
pub mod source;
pub mod tokenizer;
pub mod tokens;
pub mod usage;
