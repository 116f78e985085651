//! From one JSON value to records: which format is it, and what does it say.

use smallvec::SmallVec;

use super::envelope::Envelope;
use super::outcome::{Outcome, Skipped};
use super::scan::{Object, ScanError, Value};
use super::{ReadOptions, anthropic, bedrock, canonical, claude_code, gemini, openai};
use crate::diagnostic::code;

/// A format that lines can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// `tokencast.usage.v1`.
    Tokencast,
    /// Claude Code session logs.
    ClaudeCode,
    /// Gemini API and Vertex AI bodies.
    Gemini,
    /// Amazon Bedrock Converse bodies.
    BedrockConverse,
    /// OpenAI Chat Completions bodies and their like.
    OpenAiChat,
    /// OpenAI Responses bodies.
    OpenAiResponses,
    /// Anthropic Messages bodies.
    Anthropic,
    /// Columns or paths that the user maps.
    Mapped,
}

/// Every format with its name and what it is, in the order of detection.
pub const FORMATS: [(Format, &str, &str); 8] = [
    (Format::Tokencast, "tokencast", "tokencast.usage.v1 records, one a line"),
    (Format::ClaudeCode, "claude-code", "Claude Code session logs"),
    (Format::Gemini, "gemini", "Gemini API and Vertex AI generateContent bodies"),
    (Format::BedrockConverse, "bedrock-converse", "Amazon Bedrock Converse bodies"),
    (Format::OpenAiChat, "openai-chat", "OpenAI Chat Completions bodies and compatible ones"),
    (Format::Anthropic, "anthropic", "Anthropic Messages bodies"),
    (Format::OpenAiResponses, "openai-responses", "OpenAI Responses bodies"),
    (Format::Mapped, "map", "any CSV, JSON lines or Parquet whose columns --map names"),
];

impl Format {
    /// The name used by flags and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        FORMATS.iter().find(|(f, _, _)| *f == self).map_or("", |(_, name, _)| name)
    }

    /// The format of a name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        FORMATS.iter().find(|(_, n, _)| *n == name).map(|(f, _, _)| *f)
    }
}

/// What one line gave, and which format it had.
pub(crate) type Reading = (Option<Format>, Outcome);
/// What one line gave: mostly one reading.
pub(crate) type Readings = SmallVec<[Reading; 1]>;

/// Reads one line or document; an array, or an object that only wraps one, gives many.
pub(crate) fn read_json(text: &[u8], options: &ReadOptions) -> Result<Readings, ScanError> {
    let mut readings = SmallVec::new();
    if text.first() == Some(&b'[') {
        let items = Value::new(text).array().ok_or(ScanError::Incomplete)?;
        items.iter().for_each(|item| readings.push(read_item(item, options)));
        return Ok(readings);
    }
    let object = Object::parse(text)?;
    let reading = read_object(object, options);
    if let (None, Err(skipped)) = &reading
        && skipped.code == code::UNKNOWN_RECORD
        && let Some(items) = wrapped_array(text)
    {
        items.iter().for_each(|item| readings.push(read_item(item, options)));
    } else {
        readings.push(reading);
    }
    Ok(readings)
}

/// The array that an exported page or query result wraps.
fn wrapped_array(text: &[u8]) -> Option<Vec<Value<'_>>> {
    let object = Object::parse(text).ok()?;
    ["data", "result", "results", "items", "records", "logs", "observations", "requests"]
        .iter()
        .find_map(|key| object.get(key)?.array().filter(|items| !items.is_empty()))
}

fn read_item(item: &Value<'_>, options: &ReadOptions) -> Reading {
    match item.object() {
        Some(object) => read_object(object, options),
        None => {
            (None, Err(Skipped::new(code::UNKNOWN_RECORD, "array elements that are no objects")))
        }
    }
}

fn read_object(object: Object<'_>, options: &ReadOptions) -> Reading {
    if let Some(mapping) = &options.mapping {
        return (Some(Format::Mapped), mapping.read(options, |path| at_path(&object, path)));
    }
    let wanted = |format: Format| options.format.is_none_or(|f| f == format);
    if wanted(Format::Tokencast) && canonical::is_record(&object) {
        return (Some(Format::Tokencast), canonical::read(&object, options));
    }
    if wanted(Format::ClaudeCode) && claude_code::is_line(&object) {
        return (Some(Format::ClaudeCode), claude_code::read(&object, options));
    }
    let recognise = |body: &Object<'_>, usage: Option<&Object<'_>>| {
        body_format(body, usage).filter(|f| wanted(*f))
    };
    match Envelope::find(object, recognise) {
        Ok((envelope, format)) => (Some(format), read_body(format, &envelope, options)),
        Err(outer) => (None, unknown(&outer)),
    }
}

type IsShape = fn(&Object<'_>, Option<&Object<'_>>) -> bool;

/// The provider shape of an object, by the keys of its usage.
fn body_format(body: &Object<'_>, usage: Option<&Object<'_>>) -> Option<Format> {
    let shapes: [(Format, IsShape); 5] = [
        (Format::Gemini, gemini::is_generate_content),
        (Format::BedrockConverse, bedrock::is_converse),
        (Format::OpenAiChat, openai::is_chat),
        (Format::Anthropic, anthropic::is_messages),
        (Format::OpenAiResponses, openai::is_responses),
    ];
    shapes.into_iter().find(|(_, is_shape)| is_shape(body, usage)).map(|(format, _)| format)
}

fn read_body(format: Format, envelope: &Envelope<'_>, options: &ReadOptions) -> Outcome {
    match format {
        Format::Gemini => gemini::read(envelope, options),
        Format::BedrockConverse => bedrock::read(envelope, options),
        Format::OpenAiChat => openai::read_chat(envelope, options),
        Format::OpenAiResponses => openai::read_responses(envelope, options),
        Format::Anthropic => anthropic::read(envelope, options),
        Format::Tokencast | Format::ClaudeCode | Format::Mapped => unknown(envelope.body()),
    }
}

fn unknown(object: &Object<'_>) -> Outcome {
    if object.object("error").is_some() {
        return Err(Skipped::new(code::FAILED_REQUEST, "failed requests without usage"));
    }
    Err(Skipped::new(code::UNKNOWN_RECORD, "JSON objects of no known format"))
}

/// The scalar at a dotted path; a key that itself holds dots is found too.
fn at_path<'a>(object: &Object<'a>, path: &str) -> Option<std::borrow::Cow<'a, str>> {
    if let Some(value) = object.get(path) {
        return value.scalar();
    }
    // Null is a value: the path exists, and holds nothing.
    if object.has(path) {
        return Some(std::borrow::Cow::Borrowed(""));
    }
    let (head, rest) = path.split_once('.')?;
    at_path(&object.object(head)?, rest)
}

/// Records of a reading, for the tests of the formats.
#[cfg(test)]
pub(crate) fn records_of(
    text: &str,
    options: &ReadOptions,
) -> Vec<(crate::usage::UsageRecord, super::outcome::Notes)> {
    let readings = read_json(text.as_bytes(), options).unwrap();
    readings
        .into_iter()
        .flat_map(|(_, outcome)| match outcome {
            Ok(records) => records.into_vec(),
            Err(skipped) => panic!("{}: {}", skipped.code, skipped.message),
        })
        .collect()
}
