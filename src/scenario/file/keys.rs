//! Every key of a change, with the kinds that have it.

/// One key of a `[[scenario.change]]`.
#[derive(Debug, Clone, Copy)]
pub struct ChangeKey {
    /// As written.
    pub name: &'static str,
    /// The kinds of change that have it.
    pub kinds: &'static [&'static str],
    /// What it means.
    pub doc: &'static str,
}

const fn key(name: &'static str, kinds: &'static [&'static str], doc: &'static str) -> ChangeKey {
    ChangeKey { name, kinds, doc }
}

/// Every kind of change.
pub const KINDS: [&str; 7] =
    ["swap", "move", "cache_hit", "price_shock", "event", "growth", "launch"];

/// Every key of a `[[scenario.change]]`.
pub const KEYS: &[ChangeKey] = &[
    key(
        "kind",
        &KINDS,
        "What changes: swap, move, cache_hit, price_shock, event, growth or launch.",
    ),
    key(
        "scope",
        &["swap", "move", "cache_hit", "price_shock"],
        "Which usage: dimensions with the value that it must have. Default: all usage.",
    ),
    key(
        "from_date",
        &["swap", "move", "cache_hit", "price_shock"],
        "First day. Default: the first of the horizon.",
    ),
    key("share", &["swap", "move"], "Share that goes, from 0 to 1. Default: 1."),
    key("from", &["swap"], "The model that is left, as MODEL or PROVIDER/MODEL."),
    key("to", &["swap"], "The model that takes over, as MODEL (same provider) or PROVIDER/MODEL."),
    key(
        "token_ratio_input",
        &["swap"],
        "Tokens of the new model's tokenizer for one of the prompt now. Default: 1, with a finding.",
    ),
    key("token_ratio_output", &["swap"], "The same for the response. Default: 1, with a finding."),
    key(
        "output_ratio",
        &["swap"],
        "Length of the new model's responses, in text, for one now. Default: 1.",
    ),
    key(
        "keep_cache",
        &["swap"],
        "false: cached prompt tokens are billed as uncached ones. Default: true.",
    ),
    key(
        "keep_tools",
        &["swap"],
        "false: calls of built-in tools, and what else is no token, end for what goes. Default: true.",
    ),
    key("provider", &["move"], "Who bills then."),
    key("service_tier", &["move"], "The tier then, such as batch, flex or priority."),
    key("region", &["move"], "The region then."),
    key("endpoint", &["move"], "Where processing happens then, such as us or global."),
    key(
        "target",
        &["cache_hit"],
        "Share of the text tokens of prompts that the cache serves, among these and the uncached ones.",
    ),
    key("factor", &["price_shock"], "What list prices and those of own books are multiplied by."),
    key("event", &["event"], "As for --event."),
    key("growth", &["growth"], "As for --grow."),
    key("launch", &["launch"], "As for --launch."),
];
