//! LangChain messages and LangSmith runs: both count in LangChain's usage metadata, whose input
//! always includes what caches read and wrote, whoever answered.

mod message;
mod run;

use super::call::Tokens;
use super::fields::Fields;
use crate::source::outcome::Skipped;
use crate::source::resolve::{Counted, Stated};
use crate::source::scan::Object;

pub(crate) use self::message::FORMAT as LANGCHAIN;
pub(crate) use self::run::FORMAT as LANGSMITH;

/// The counts of a usage metadata object.
fn tokens_of(usage: &Object<'_>) -> Result<Tokens, Skipped> {
    let input = usage.nested("input_token_details");
    let input = input.object();
    let output = usage.nested("output_token_details");
    let output = output.object();
    Ok(Tokens {
        counted: Counted {
            input: usage.count_of(&["input_tokens"])?,
            output: usage.count_of(&["output_tokens"])?,
            read: input.count_of(&["cache_read"])?,
            written: input.count_of(&["cache_creation"])?,
            total: usage.first_count(&["total_tokens"])?,
        },
        stated: Stated::Yes,
        written_5m: input.count_of(&["ephemeral_5m_input_tokens"])?,
        written_1h: input.count_of(&["ephemeral_1h_input_tokens"])?,
        reasoning: output.count_of(&["reasoning"])?,
        input_audio: input.count_of(&["audio"])?,
        output_audio: output.count_of(&["audio"])?,
        ..Tokens::default()
    })
}
