//! Every key of a scenario file. Reader, JSON Schema and template are derived from these.

use crate::tokenizer::ContentClass;

/// The values that a key takes.
#[derive(Debug, Clone, Copy)]
pub enum KeyValue {
    /// Any text that is not blank.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A day as text.
    Day,
    /// Yes or no.
    Flag,
    /// A decimal string from 0 to 1.
    Share,
    /// A decimal string from 0 to 100.
    Ratio,
    /// A decimal string, not negative.
    Factor,
    /// A decimal string above zero.
    Positive,
    /// Three letters.
    Currency,
    /// A table of dimensions with the value that each must have.
    Scope,
    /// The keys of `[[seats]]` of a contract file.
    Seats,
}

/// One key of a `[[scenario.change]]`, or of a `[[fallback]]`.
#[derive(Debug, Clone, Copy)]
pub struct ChangeKey {
    /// As written.
    pub name: &'static str,
    /// The kinds of change that have it; none: a fallback.
    pub kinds: &'static [&'static str],
    /// The table is wrong without it.
    pub required: bool,
    /// What it takes.
    pub value: KeyValue,
    /// A value as TOML.
    pub example: &'static str,
    /// What it means.
    pub doc: &'static str,
}

const fn key(
    name: &'static str,
    kinds: &'static [&'static str],
    value: KeyValue,
    example: &'static str,
    doc: &'static str,
) -> ChangeKey {
    ChangeKey { name, kinds, required: false, value, example, doc }
}

impl ChangeKey {
    const fn required(mut self) -> Self {
        self.required = true;
        self
    }
}

/// Every kind of change.
pub const KINDS: [&str; 9] =
    ["swap", "move", "cache_hit", "price_shock", "event", "growth", "launch", "billing", "fx"];

/// What each kind of change is, in the order of [`KINDS`].
pub const ABOUT: [&str; 9] = [
    "A share of a model's usage goes to another model, or to another provider.",
    "A share of usage goes to another provider, tier, region or endpoint; the model's name stays.",
    "Another share of prompts is read from the cache.",
    "Prices of the books times a factor.",
    "A dated change of usage.",
    "Planned growth.",
    "Usage that will begin.",
    "From seats to tokens or back: terms of the scenario's contracts end or begin.",
    "Another exchange rate.",
];

const OF_USAGE: &[&str] = &["swap", "move", "cache_hit", "price_shock"];

/// Every key of a `[[scenario.change]]`.
pub const KEYS: &[ChangeKey] = &[
    key("kind", &KINDS, KeyValue::Choice(&KINDS), "", "What changes.").required(),
    key(
        "from",
        &["swap"],
        KeyValue::Text,
        r#""claude-opus-5-5""#,
        "The model that is left, as MODEL or PROVIDER/MODEL.",
    )
    .required(),
    key(
        "to",
        &["swap"],
        KeyValue::Text,
        r#""aws.bedrock/amazon.nova-pro-v1:0""#,
        "The model that takes over, as MODEL (same provider) or PROVIDER/MODEL.",
    )
    .required(),
    key("provider", &["move"], KeyValue::Text, r#""azure.ai.openai""#, "Who bills then."),
    key(
        "service_tier",
        &["move"],
        KeyValue::Text,
        r#""batch""#,
        "The tier then, such as batch, flex or priority.",
    ),
    key("region", &["move"], KeyValue::Text, r#""eu-west-1""#, "The region then."),
    key(
        "endpoint",
        &["move"],
        KeyValue::Text,
        r#""us""#,
        "Where processing happens then, such as us or global.",
    ),
    key(
        "share",
        &["swap", "move"],
        KeyValue::Share,
        r#""0.4""#,
        "Share that goes, from 0 to 1. Default: 1.",
    ),
    key(
        "target",
        &["cache_hit"],
        KeyValue::Share,
        r#""0.7""#,
        "Share of the text tokens of prompts that the cache serves, among these and the uncached ones.",
    )
    .required(),
    key(
        "factor",
        &["price_shock"],
        KeyValue::Factor,
        r#""1.2""#,
        "What list prices and those of own books are multiplied by.",
    )
    .required(),
    key(
        "scope",
        OF_USAGE,
        KeyValue::Scope,
        r#"{ team = "search" }"#,
        "Which usage: dimensions with the value that it must have. Default: all usage.",
    ),
    key(
        "from_date",
        OF_USAGE,
        KeyValue::Day,
        r#""2027-01-01""#,
        "First day. Default: the first of the horizon.",
    ),
    key(
        "token_ratio_input",
        &["swap"],
        KeyValue::Ratio,
        r#""1.10""#,
        "Tokens of the new model's tokenizer for one of the prompt now. Default: as --token-ratios or else the shipped table has it, the latter with a finding; 1 with another finding for tokenizers that both lack.",
    ),
    key(
        "token_ratio_output",
        &["swap"],
        KeyValue::Ratio,
        r#""1.10""#,
        "The same for the response.",
    ),
    key(
        "content",
        &["swap"],
        KeyValue::Choice(&ContentClass::NAMES),
        r#""code""#,
        "The kind of text whose ratio is taken from --token-ratios: prose, code (and structured data), numbers, cjk, other_script. Default: that of the whole corpus.",
    ),
    key(
        "output_ratio",
        &["swap"],
        KeyValue::Ratio,
        r#""0.9""#,
        "Length of the new model's responses, in text, for one now. Default: 1.",
    ),
    key(
        "keep_cache",
        &["swap"],
        KeyValue::Flag,
        "false",
        "false: cached prompt tokens are billed as uncached ones. Default: true.",
    ),
    key(
        "keep_tools",
        &["swap"],
        KeyValue::Flag,
        "false",
        "false: calls of built-in tools, and what else is no token, end for what goes. Default: true.",
    ),
    key("event", &["event"], KeyValue::Text, r#""2027-01-15:+30%""#, "As for --event.").required(),
    key("growth", &["growth"], KeyValue::Text, r#""8%/month""#, "As for --grow.").required(),
    key(
        "launch",
        &["launch"],
        KeyValue::Text,
        r#""2027-01-15:anthropic/claude-sonnet-5:input.uncached=2000000,output=300000""#,
        "As for --launch.",
    )
    .required(),
    key(
        "to",
        &["billing"],
        KeyValue::Choice(&["tokens", "seats"]),
        r#""seats""#,
        "tokens: seats and flat fees end, and usage is invoiced by token. seats: seats begin.",
    )
    .required(),
    key("from_date", &["billing"], KeyValue::Day, r#""2027-01-01""#, "First day.").required(),
    key(
        "contract",
        &["billing"],
        KeyValue::Text,
        r#""my-contract""#,
        "Id of the contract. Default: all contracts of the scenario for tokens, its only one for seats.",
    ),
    key(
        "seats",
        &["billing"],
        KeyValue::Seats,
        r#"{ count = 100, price = "30", period = "month", included_amount_per_seat = "20" }"#,
        "The seats that begin, with the keys of [[seats]] of a contract file. For seats only.",
    ),
    key("from", &["fx"], KeyValue::Currency, r#""USD""#, "Currency converted from.").required(),
    key("to", &["fx"], KeyValue::Currency, r#""EUR""#, "Currency converted to.").required(),
    key(
        "rate",
        &["fx"],
        KeyValue::Positive,
        r#""0.85""#,
        "The rate: units of `to` for one of `from`. This or `factor`.",
    ),
    key("factor", &["fx"], KeyValue::Positive, r#""0.9""#, "The rates of --fx times this."),
    key("from_date", &["fx"], KeyValue::Day, r#""2027-01-01""#, "First day. Default: every day."),
];

/// Every key of a `[[fallback]]`.
pub const FALLBACK_KEYS: &[ChangeKey] = &[
    key(
        "from",
        &[],
        KeyValue::Text,
        r#""anthropic""#,
        "What is left if the provider is: PROVIDER, or PROVIDER/MODEL for one of its models.",
    )
    .required(),
    key(
        "to",
        &[],
        KeyValue::Text,
        r#""aws.bedrock/amazon.nova-pro-v1:0""#,
        "What takes over: PROVIDER/MODEL, or PROVIDER where the models have the same names.",
    )
    .required(),
    key("token_ratio_input", &[], KeyValue::Ratio, r#""0.8""#, "As of a swap."),
    key("token_ratio_output", &[], KeyValue::Ratio, r#""0.8""#, "As of a swap."),
    key("content", &[], KeyValue::Choice(&ContentClass::NAMES), r#""code""#, "As of a swap."),
    key("output_ratio", &[], KeyValue::Ratio, r#""0.9""#, "As of a swap."),
    key("keep_cache", &[], KeyValue::Flag, "false", "As of a swap."),
    key("keep_tools", &[], KeyValue::Flag, "false", "As of a swap."),
];

/// The keys of a kind of change.
pub fn keys_of(kind: &str) -> impl Iterator<Item = &'static ChangeKey> {
    KEYS.iter().filter(move |key| key.kinds.contains(&kind))
}
