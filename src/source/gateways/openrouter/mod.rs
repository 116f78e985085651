//! OpenRouter's own logs. It bills what it calls credits, which are US dollars.
//!
//! With a key of one's own (BYOK) the provider bills the call and OpenRouter only a fee: the tokens
//! are then the provider's, with OpenRouter's estimate of their cost, and the fee is a record
//! without tokens.

pub(crate) mod activity;
pub(crate) mod generations;

/// Who bills calls without a key of one's own.
const NAME: &str = "openrouter";
