//! Response bodies of providers, one a request.

pub(crate) mod anthropic;
mod anthropic_stream;
mod batch;
pub(crate) mod bedrock;
mod bedrock_invoke;
mod cohere;
pub(crate) mod cost;
pub(crate) mod gemini;
mod gemini_interactions;
pub(crate) mod openai;
#[cfg(test)]
mod tests;

use super::ReadOptions;
use super::envelope::Envelope;
use super::format::{FormatInfo, Group, Reads, WAYS};
use super::outcome::Outcome;
use super::scan::Object;
use crate::usage::RecordGrain;

/// Bodies in the order of detection.
pub(crate) const FORMATS: &[FormatInfo] = &[
    batch::ANTHROPIC,
    batch::OPENAI,
    batch::BEDROCK,
    batch::MANIFEST,
    batch::GEMINI,
    batch::VERTEX,
    of_bodies(
        "gemini",
        "Gemini API and Vertex AI generateContent bodies",
        &[Reads::Body {
            is: gemini::is_generate_content,
            read: gemini::read,
            usual: Some(&gemini::USUAL),
        }],
    ),
    of_bodies(
        "bedrock-converse",
        "Amazon Bedrock Converse bodies",
        &[Reads::Body { is: bedrock::is_converse, read: bedrock::read, usual: None }],
    ),
    of_bodies(
        "openai-chat",
        "OpenAI Chat Completions, completions and embeddings bodies and compatible ones",
        &[Reads::Body {
            is: openai::chat::is_chat,
            read: openai::chat::read,
            usual: Some(&openai::chat::USUAL),
        }],
    ),
    of_bodies(
        "openai-images",
        "OpenAI Images API bodies",
        &[Reads::Body {
            is: openai::media::is_images,
            read: openai::media::read_images,
            usual: None,
        }],
    ),
    of_bodies(
        "openai-transcription",
        "OpenAI transcription bodies",
        &[Reads::Body {
            is: openai::media::is_transcript,
            read: openai::media::read_transcript,
            usual: None,
        }],
    ),
    of_bodies(
        "anthropic",
        "Anthropic Messages bodies and streams",
        &[
            Reads::Session {
                markers: &["type", "event", "chunk", "data"],
                is: anthropic_stream::is_line,
                start: anthropic_stream::start,
            },
            Reads::Body {
                is: anthropic::is_messages,
                read: anthropic::read,
                usual: Some(&anthropic::USUAL),
            },
            Reads::Body {
                is: anthropic_stream::is_array,
                read: anthropic_stream::read_array,
                usual: None,
            },
        ],
    ),
    of_bodies(
        "openai-realtime",
        "OpenAI Realtime responses",
        &[Reads::Body {
            is: openai::responses::is_realtime,
            read: openai::responses::read,
            usual: None,
        }],
    ),
    of_bodies(
        "openai-responses",
        "OpenAI Responses bodies",
        &[Reads::Body {
            is: openai::responses::is_responses,
            read: openai::responses::read,
            usual: Some(&openai::responses::USUAL),
        }],
    ),
    of_bodies(
        "gemini-interactions",
        "Gemini Interactions API bodies",
        &[Reads::Body {
            is: gemini_interactions::is_interaction,
            read: gemini_interactions::read,
            usual: None,
        }],
    ),
    of_bodies(
        "cohere",
        "Cohere chat, embedding and reranking bodies",
        &[Reads::Body { is: cohere::is_cohere, read: cohere::read, usual: None }],
    ),
    of_bodies(
        "bedrock-invoke",
        "Amazon Bedrock InvokeModel answers told by headers or stream metrics",
        &[Reads::Body { is: bedrock_invoke::is_invoke, read: bedrock_invoke::read, usual: None }],
    ),
];

const fn of_bodies(name: &'static str, title: &'static str, reads: &'static [Reads]) -> FormatInfo {
    FormatInfo { name, title, group: Group::Provider, grain: RecordGrain::Request, reads }
}

/// Reads the body in a line of a batch file, whichever it is; `None` if there is none.
fn of_batch_line(line: &Object<'_>, options: &ReadOptions) -> Option<Outcome> {
    let recognise =
        |body: &Object<'_>, usage: Option<&Object<'_>>| WAYS.of_body(body, usage, |_| true);
    let (envelope, (_, reads)) = Envelope::find(line.clone(), recognise).ok()?;
    reads.read_body(&envelope.of_batch(), options)
}
