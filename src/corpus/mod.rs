//! Prompt corpora: requests that have not been sent, and datasets of prompts.
//!
//! Reads what is to be sent, not what was used: batch inputs of the providers, fine-tuning files, datasets of
//! conversations and questions, folders of texts. Each file of this module holds the shapes of one maker. See
//! `docs/guides/count.md`.

mod anthropic;
mod bedrock;
mod content;
mod dataset;
mod extent;
mod files;
mod found;
mod gemini;
mod logged;
mod media;
mod openai;
mod pieces;
mod prompt;
mod request;
#[cfg(test)]
mod tests;
mod values;
mod work;
mod wrapped;

pub use content::{Image, Media, MediaKind, Part, Resolution};
pub use extent::{Extent, extent};
pub use files::{Sink, expand, is_by_lines, is_prompt_file, read_all};
pub use found::CorpusReport;
pub use logged::{Logged, LoggedReport, expand_logs, opening, read_logged};
pub use media::{ImageSize, image_size};
pub use prompt::{Message, Prompt, Shape, Tool, ToolChoice};
