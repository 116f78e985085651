//! Pictures and transcripts of OpenAI: bodies that name neither model nor id.

use super::{InputParts, draft, no_usage, only_event, sku};
use crate::money::Amount;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::envelope::Envelope;
use crate::source::outcome::{Outcome, Skipped, count_field, optional_count};
use crate::source::scan::{Object, Value};
use crate::tokens::Component;

/// True for an answer of the Images API, or an event of one.
pub(crate) fn is_images(object: &Object<'_>, usage: Option<&Object<'_>>) -> bool {
    let is_event = || {
        let of = |t: &str| t.starts_with("image_generation.") || t.starts_with("image_edit.");
        object.text("type").is_some_and(|t| of(&t))
    };
    match usage {
        Some(usage) => {
            usage.has("input_tokens")
                && usage.has("output_tokens")
                && (is_event() || object.has("created") && object.has("data"))
        }
        None => is_event(),
    }
}

/// Reads an answer of the Images API. What comes out is pictures, unless details name text.
pub(crate) fn read_images(envelope: &Envelope<'_>, options: &ReadOptions) -> Outcome {
    let usage = envelope.usage().ok_or_else(only_event)?;
    let in_input = usage.object("input_tokens_details").unwrap_or_default();
    let in_output = usage.object("output_tokens_details").unwrap_or_default();
    let text = count_field!(in_output, "text_tokens");
    let sku = sku(envelope);
    let mut splitter = Splitter::default();
    let input = InputParts::read(&in_input)?;
    input.split(&mut splitter, count_field!(usage, "input_tokens"), &sku);
    let output = count_field!(usage, "output_tokens");
    splitter.split(output, Component::OutputImage, &[(Component::Output, text)]);
    splitter.check_total(optional_count!(usage, "total_tokens"));
    draft(envelope, sku, splitter, "created").finish(envelope, options)
}

/// True for a transcript whose usage is counted in tokens or in seconds.
pub(crate) fn is_transcript(object: &Object<'_>, usage: Option<&Object<'_>>) -> bool {
    match usage {
        Some(usage) => {
            usage.text("type").is_some_and(|t| matches!(&*t, "tokens" | "duration"))
                && (usage.has("seconds") || usage.has("input_tokens"))
        }
        None => object.text("type").is_some_and(|t| t.starts_with("transcript.text.")),
    }
}

/// Reads a transcript.
pub(crate) fn read_transcript(envelope: &Envelope<'_>, options: &ReadOptions) -> Outcome {
    let body = envelope.body();
    let Some(usage) = envelope.usage() else {
        let event = body.has("type") && !body.text("type").is_some_and(|t| t.ends_with(".done"));
        return Err(if event { only_event() } else { no_usage(body) });
    };
    let sku = sku(envelope);
    let mut splitter = Splitter::default();
    if let Some(seconds) = usage.get("seconds") {
        let whole = whole_seconds(&seconds).ok_or_else(|| {
            let found = String::from_utf8_lossy(seconds.raw()).into_owned();
            Skipped::bad_field("seconds", &found, "a number of at least 0")
        })?;
        splitter.put(Component::MediaInputSeconds, whole);
    } else {
        let details = usage
            .object("input_token_details")
            .or_else(|| usage.object("input_tokens_details"))
            .unwrap_or_default();
        let input = InputParts::read(&details)?;
        input.split(&mut splitter, count_field!(usage, "input_tokens"), &sku);
        splitter.put(Component::Output, count_field!(usage, "output_tokens"));
        splitter.check_total(optional_count!(usage, "total_tokens"));
    }
    draft(envelope, sku, splitter, "created").finish(envelope, options)
}

/// A length in seconds; providers bill to the nearest second, and halves count.
pub(super) fn whole_seconds(value: &Value<'_>) -> Option<u64> {
    let length = Amount::parse_rounded(&value.scalar()?).ok().filter(|a| !a.is_negative())?;
    let second = Amount::from_units(1).atto();
    u64::try_from(length.atto().checked_add(second / 2)? / second).ok()
}
