//! Response bodies of providers, one a request.

pub(crate) mod anthropic;
pub(crate) mod bedrock;
pub(crate) mod gemini;
pub(crate) mod openai;

use super::format::{FormatInfo, Group, Reads};
use crate::usage::RecordGrain;

/// Bodies in the order of detection.
pub(crate) const FORMATS: &[FormatInfo] = &[
    FormatInfo {
        name: "gemini",
        title: "Gemini API and Vertex AI generateContent bodies",
        group: Group::Provider,
        grain: RecordGrain::Request,
        reads: &[Reads::Body { is: gemini::is_generate_content, read: gemini::read }],
    },
    FormatInfo {
        name: "bedrock-converse",
        title: "Amazon Bedrock Converse bodies",
        group: Group::Provider,
        grain: RecordGrain::Request,
        reads: &[Reads::Body { is: bedrock::is_converse, read: bedrock::read }],
    },
    FormatInfo {
        name: "openai-chat",
        title: "OpenAI Chat Completions bodies and compatible ones",
        group: Group::Provider,
        grain: RecordGrain::Request,
        reads: &[Reads::Body { is: openai::is_chat, read: openai::read_chat }],
    },
    FormatInfo {
        name: "anthropic",
        title: "Anthropic Messages bodies",
        group: Group::Provider,
        grain: RecordGrain::Request,
        reads: &[Reads::Body { is: anthropic::is_messages, read: anthropic::read }],
    },
    FormatInfo {
        name: "openai-responses",
        title: "OpenAI Responses bodies",
        group: Group::Provider,
        grain: RecordGrain::Request,
        reads: &[Reads::Body { is: openai::is_responses, read: openai::read_responses }],
    },
];
