//! Logs that hold requests with what was billed for them: gateways' payloads, traces, invocation logs, pairs of a
//! request and its response.
//!
//! A record is read twice: as a prompt, by the code that reads corpora, and as usage, by the readers of logs.

use std::collections::BTreeMap;
use std::io;

use super::Part;
use super::prompt::{Message, Prompt};
use super::values::{Line, document, lines};
use super::wrapped::{Found, with_prompt};
use crate::diagnostic::{Code, Diagnostics, Location, code};
use crate::period::Timestamp;
use crate::source::inputs::{Input, expand_to};
use crate::source::reader::{Container, container, open, peek};
use crate::source::scan::{Object, ScanError, Value};
use crate::source::{LabelPolicy, Progress, ReadOptions, SourceError, usage_of, wrapped_array};
use crate::tokens::Component;
use crate::usage::UsageRecord;

/// Endings of files that folders are read for.
const ENDINGS: [&str; 7] = ["jsonl", "ndjson", "json", "log", "gz", "zst", "zstd"];
/// Bytes looked at to tell what a file is.
const HEAD: u64 = 64 << 10;
/// Objects in objects are looked through down to here.
const MOST_LEVELS: u8 = 3;

const NO_PROMPT: &str = "records without the text of a prompt";
const REDACTED: &str = "prompts whose text was taken out of the log";
const PARTLY: &str = "prompts of which a part is not in the log: an earlier response, a stored prompt, a tool of the \
                      provider";
const NO_INPUT: &str = "records whose usage has no input tokens";
const TURNS: &str = "answers of several turns that are billed each by itself";

/// A request and what was billed for it.
#[derive(Debug)]
pub struct Logged<'a> {
    /// What was sent.
    pub prompt: &'a Prompt<'a>,
    /// What was used.
    pub usage: &'a UsageRecord,
    /// Where it stands.
    pub place: Location,
}

/// What reading found, beside the requests.
#[derive(Debug, Clone, Default)]
pub struct LoggedReport {
    /// Files read.
    pub files: u64,
    /// Records: JSON objects, each a line, a document or an element of one.
    pub records: u64,
    /// Records that were left out, by reason.
    pub left_out: BTreeMap<String, u64>,
    /// Everything that was odd.
    pub diagnostics: Diagnostics,
}

impl LoggedReport {
    /// Leaves a record out.
    pub fn leave_out(&mut self, code: Code, why: &str, place: Option<Location>) {
        *self.left_out.entry(why.to_owned()).or_default() += 1;
        self.diagnostics.add(code, why, place);
    }
}

/// The files that the arguments stand for: of folders those with JSON, hidden ones left out.
///
/// # Errors
/// [`SourceError`] for a name or pattern that stands for nothing.
pub fn expand_logs(arguments: &[String]) -> Result<Vec<Input>, SourceError> {
    expand_to(arguments, &ENDINGS)
}

/// Reads all files; `sink` gets each request with its usage, in order, and may leave it out.
///
/// # Errors
/// [`SourceError`] if a file cannot be read.
pub fn read_logged(
    inputs: &[Input],
    progress: &Progress,
    mut sink: impl FnMut(&Logged<'_>, &mut LoggedReport),
) -> Result<LoggedReport, SourceError> {
    let options = ReadOptions {
        // When a request was sent does not matter here.
        time: Some(Timestamp::from_nanos(0)),
        labels: LabelPolicy::Only(std::collections::BTreeSet::new()),
        ..ReadOptions::default()
    };
    let mut report = LoggedReport::default();
    for input in inputs {
        let failed = |source| SourceError::Io { file: input.name(), source };
        let opened = open(input, progress)?;
        let (head, stream) = peek(opened.stream, HEAD).map_err(failed)?;
        let mut reading =
            Reading { file: input.name(), options: &options, report: &mut report, sink: &mut sink };
        let read: io::Result<()> = match container(&head) {
            Container::Empty => {
                reading.odd(code::EMPTY_FILE, "files without any content", 0);
                Ok(())
            }
            Container::JsonLines => lines(stream, |value, line| reading.line(value, line)),
            Container::JsonDocument => document(stream, |value, line| reading.line(value, line)),
            other => {
                let message = format!("no requests are read from a {}", other.name());
                reading.odd(code::UNRECOGNISED_FILE, &message, 0);
                Ok(())
            }
        };
        read.map_err(failed)?;
        if let Some(reason) = opened.cut.reason() {
            let message = format!("files that end early: {reason}");
            reading.odd(code::TRUNCATED_FILE, &message, 0);
        }
        report.files += 1;
    }
    Ok(report)
}

struct Reading<'r> {
    file: String,
    options: &'r ReadOptions,
    report: &'r mut LoggedReport,
    sink: &'r mut dyn FnMut(&Logged<'_>, &mut LoggedReport),
}

impl Reading<'_> {
    fn place(&self, line: u64) -> Location {
        Location { file: self.file.clone(), line }
    }

    fn odd(&mut self, code: Code, message: &str, line: u64) {
        let place = Some(self.place(line));
        self.report.diagnostics.add(code, message, place);
    }

    fn leave_out(&mut self, code: Code, why: &str, line: u64) {
        let place = Some(self.place(line));
        self.report.leave_out(code, why, place);
    }

    fn line(&mut self, found: Line<'_>, line: u64) {
        match found {
            Line::Value(value) => match value.array() {
                Some(items) => items.into_iter().for_each(|item| self.value(item, line)),
                None => self.value(value, line),
            },
            Line::NotJson(error) => self.not_json(error, line),
            Line::TooLong(message) => self.leave_out(code::LINE_TOO_LONG, &message, line),
        }
    }

    fn not_json(&mut self, error: ScanError, line: u64) {
        match error {
            ScanError::Incomplete => {
                self.leave_out(code::PARTIAL_LINE, "records that end in the middle", line);
            }
            ScanError::Invalid(_) => {
                self.leave_out(code::INVALID_LINE, "lines that are not JSON", line);
            }
        }
    }

    fn value(&mut self, value: Value<'_>, line: u64) {
        let row = match Object::parse(value.raw()) {
            Ok(row) => row,
            Err(error) => return self.not_json(error, line),
        };
        let mut was_request = false;
        with_prompt(&row, MOST_LEVELS, &mut |found| {
            was_request = true;
            self.report.records += 1;
            self.request(value.raw(), &found, line);
        });
        if was_request {
            return;
        }
        match wrapped_array(&row) {
            Some(items) => items.into_iter().for_each(|item| self.value(item, line)),
            None => {
                self.report.records += 1;
                self.leave_out(code::SAMPLE_LEFT_OUT, NO_PROMPT, line);
            }
        }
    }

    fn request(&mut self, row: &[u8], found: &Found<'_>, line: u64) {
        let usage = match usage_of(row, self.options) {
            Ok(records) => records,
            Err(skipped) => return self.leave_out(skipped.code, &skipped.message, line),
        };
        // Fees stand beside the tokens of a request.
        let mut billed = usage.iter().filter(|record| record.components.prompt_tokens() > 0);
        let why = match (billed.next(), billed.next()) {
            (None, _) => NO_INPUT,
            (Some(_), Some(_)) => TURNS,
            (Some(usage), None) if found.is_partial || uses_tools(usage) => PARTLY,
            (Some(_), None) if is_redacted(&found.prompt) => REDACTED,
            (Some(usage), None) => {
                let place = self.place(line);
                let logged = Logged { prompt: &found.prompt, usage, place };
                (self.sink)(&logged, self.report);
                return;
            }
        };
        self.leave_out(code::SAMPLE_LEFT_OUT, why, line);
    }
}

/// What a provider's own tools found is billed as input.
fn uses_tools(usage: &UsageRecord) -> bool {
    usage.components.iter().any(|(component, _)| component.name().starts_with("tool."))
        || usage.components.get(Component::InputTool) > 0
}

/// Gateways write a word instead of the text where they are told to.
fn is_redacted(prompt: &Prompt<'_>) -> bool {
    let parts = prompt.messages.iter().flat_map(|said| &said.parts);
    let mut texts = parts.filter_map(|part| match part {
        Part::Text(text) => Some(text.trim()),
        _ => None,
    });
    texts.any(|text| text == "redacted-by-litellm")
}

/// All that is said in the first message of the user: what conversations are told by.
#[must_use]
pub fn opening<'p>(prompt: &'p Prompt<'_>) -> Vec<&'p str> {
    let is_user = |said: &&Message<'_>| !matches!(&*said.role, "system" | "developer");
    let first = prompt.messages.iter().find(is_user).or(prompt.messages.first());
    let parts = first.map(|said| said.parts.as_slice()).unwrap_or_default();
    let texts = parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(&**text),
        _ => None,
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::wrapped::of_messages;
    use super::*;

    /// What each record says, and billed input, or why it is left out.
    fn read(text: &str) -> Vec<String> {
        let input = Input::Bytes { name: "log".to_owned(), bytes: text.as_bytes().into() };
        let mut found = Vec::new();
        let report = read_logged(&[input], &Progress::default(), |logged, _| {
            let said: Vec<String> = logged
                .prompt
                .messages
                .iter()
                .map(|m| format!("{}:{}", m.role, m.parts.len()))
                .collect();
            let tools = logged.prompt.tools.len();
            let input = logged.usage.components.prompt_tokens();
            let model = &logged.usage.sku.model;
            found.push(format!("{model} {input} {} {tools}", said.join(",")));
        });
        let report = report.unwrap();
        found.extend(report.left_out.keys().cloned());
        found
    }

    const ANSWER: &str = r#"{"id":"a","type":"message","role":"assistant","model":"claude-opus-5","content":[],"usage":{"input_tokens":30,"cache_read_input_tokens":12,"output_tokens":5}}"#;

    #[test]
    fn a_request_beside_its_response() {
        let body = r#"{"model":"claude-opus-5","system":"Be short.","messages":[{"role":"user","content":"Hi"}],"tools":[{"name":"f","input_schema":{}}]}"#;
        let expected = ["claude-opus-5 42 system:1,user:1 1"];
        assert_eq!(read(&format!(r#"{{"request":{body},"response":{ANSWER}}}"#)), expected);
        let text = serde_json::to_string(body).unwrap();
        let around = format!(r#"{{"request":{{"body":{text}}},"response":{{"body":{ANSWER}}}}}"#);
        assert_eq!(read(&around), expected);
    }

    #[test]
    fn payloads_of_gateways_and_tracers() {
        let litellm = r#"{"call_type":"acompletion","response_cost":0.1,"model":"grok-4.3","custom_llm_provider":"xai","startTime":1790846446.8,"messages":[{"role":"user","content":"Hi"}],"model_parameters":{"tools":[{"type":"function","function":{"name":"f"}}]},"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}"#;
        assert_eq!(read(litellm), ["grok-4.3 9 user:1 1"]);
        let spend = r#"{"request_id":"1","call_type":"acompletion","spend":0.1,"model":"grok-4.3","custom_llm_provider":"xai","startTime":"2026-10-01T09:00:00Z","messages":"[{\"role\":\"user\",\"content\":\"Hi\"}]","prompt_tokens":9,"completion_tokens":2,"total_tokens":11}"#;
        assert_eq!(read(spend), ["grok-4.3 9 user:1 0"]);
        let langfuse = r#"{"data":[{"id":"g","traceId":"t","type":"GENERATION","startTime":"2026-10-01T10:00:00Z","model":"claude-opus-5","input":[{"role":"system","content":"Be short."},{"role":"user","content":"Hi"}],"usageDetails":{"input":20,"output":5,"total":25}}]}"#;
        assert_eq!(read(langfuse), ["claude-opus-5 20 system:1,user:1 0"]);
        let helicone = r#"{"request_created_at":"2026-10-01T10:00:00Z","request_model":"claude-opus-5","provider":"ANTHROPIC","prompt_tokens":31,"completion_tokens":4,"request_body":{"messages":[{"role":"user","content":"Hi"}]}}"#;
        assert_eq!(read(helicone), ["claude-opus-5 31 user:1 0"]);
        let bedrock = r#"{"schemaType":"ModelInvocationLog","timestamp":"2026-11-20T10:00:00Z","modelId":"amazon.nova-lite-v1:0","input":{"inputBodyJson":{"system":[{"text":"Be short."}],"messages":[{"role":"user","content":[{"text":"Hi"}]}],"inferenceConfig":{}},"inputTokenCount":12},"output":{"outputTokenCount":4}}"#;
        assert_eq!(read(bedrock), ["amazon.nova-lite-v1:0 12 system:1,user:1 0"]);
        let wrapped = format!(r#"{{"message":{}}}"#, serde_json::to_string(bedrock).unwrap());
        assert_eq!(read(&wrapped), ["amazon.nova-lite-v1:0 12 system:1,user:1 0"]);
        let gemini = r#"{"request":{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]},"response":{"modelVersion":"gemini-4-argon","usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"totalTokenCount":5}}}"#;
        assert_eq!(read(gemini), ["gemini-4-argon 3 user:1 0"]);
    }

    #[test]
    fn records_that_cannot_be_compared_are_left_out() {
        let with = |request: &str| read(&format!(r#"{{"request":{request},"response":{ANSWER}}}"#));
        let messages = r#""messages":[{"role":"user","content":"Hi"}]"#;
        assert_eq!(
            with(&format!(r#"{{{messages},"tools":[{{"type":"web_search_20250305"}}]}}"#)),
            [PARTLY]
        );
        assert_eq!(with(r#"{"input":"Hi","previous_response_id":"r"}"#), [PARTLY]);
        assert_eq!(
            with(r#"{"messages":[{"role":"user","content":"redacted-by-litellm"}]}"#),
            [REDACTED]
        );
        assert_eq!(with("{}"), [NO_PROMPT]);
        let empty = ANSWER.replace("30", "0").replace("12", "0");
        assert_eq!(
            read(&format!(r#"{{"request":{{{messages}}},"response":{empty}}}"#)),
            [NO_INPUT]
        );
    }

    #[test]
    fn conversations_are_told_by_what_the_user_says_first() {
        let text = |s: &'static str| vec![Part::Text(Cow::Borrowed(s))];
        let say = |role: &'static str, said| Message {
            role: Cow::Borrowed(role),
            name: None,
            parts: text(said),
        };
        let prompt =
            of_messages(vec![say("system", "Be short."), say("user", "Hi"), say("user", "Ho")]);
        assert_eq!(opening(&prompt), ["Hi"]);
        assert_eq!(opening(&of_messages(vec![say("system", "a")])), ["a"]);
    }
}
