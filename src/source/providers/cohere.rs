//! Cohere bodies: chat, embeddings and reranking.
//!
//! What is billed stands under `billed_units` and differs from the tokens that the model saw. The
//! body carries neither model nor time: the line around it does.

use crate::sku::{Sku, service_tier};
use crate::source::ReadOptions;
use crate::source::draft::{Draft, Splitter};
use crate::source::envelope::Envelope;
use crate::source::outcome::{Outcome, Skipped, count_field};
use crate::source::provider;
use crate::source::scan::Object;
use crate::tokens::Component;

use super::openai::only_event;

/// What is billed: in `usage` of the second version of the API, in `meta` of the first and of
/// embeddings and reranking.
const PLACES: [&str; 2] = ["usage", "meta"];

fn billed<'a>(object: &Object<'a>) -> Option<Object<'a>> {
    PLACES.iter().find_map(|place| object.object(place)?.object("billed_units"))
}

/// True for a body with billed units, or an event of a stream.
pub(crate) fn is_cohere(object: &Object<'_>, usage: Option<&Object<'_>>) -> bool {
    match usage {
        Some(usage) => usage.has("billed_units"),
        None => billed(object).is_some() || is_event(object),
    }
}

/// True for an event of a stream other than the last, which holds the usage.
fn is_event(object: &Object<'_>) -> bool {
    const EVENTS: [&str; 9] = [
        "message-start",
        "content-start",
        "content-delta",
        "content-end",
        "tool-plan-delta",
        "tool-call-start",
        "tool-call-delta",
        "tool-call-end",
        "citation-start",
    ];
    object.text("type").is_some_and(|t| EVENTS.contains(&&*t))
}

/// Reads a body.
pub(crate) fn read(envelope: &Envelope<'_>, options: &ReadOptions) -> Outcome {
    let body = envelope.body();
    let units = billed(body).ok_or_else(only_event)?;
    let mut splitter = Splitter::default();
    put_units(&units, &mut splitter)?;
    let model = envelope.model(&["model", "modelId"]).unwrap_or_default();
    // Other hosts keep the maker's shape: their ids say so.
    let mut sku = match provider::of_model(&model).as_str() {
        provider::UNKNOWN => Sku::new(provider::UNKNOWN, &model),
        _ => Sku::new("cohere", &model),
    };
    provider::take_prefix(&mut sku);
    if sku.provider == provider::UNKNOWN {
        sku.provider = "cohere".into();
    }
    sku.service_tier = service_tier(if envelope.is_batch_line() { "batch" } else { "" });
    let draft = Draft {
        sku: sku.into(),
        time: envelope.time("created_at"),
        request_id: envelope.text(&["id", "generation_id", "response_id", "request_id"]),
        turn: 0,
        components: splitter.components,
        notes: splitter.notes,
    };
    draft.finish(envelope, options)
}

fn put_units(units: &Object<'_>, splitter: &mut Splitter) -> Result<(), Skipped> {
    for (key, component) in [
        ("input_tokens", Component::InputUncached),
        ("image_tokens", Component::InputUncachedImage),
        ("output_tokens", Component::Output),
        ("search_units", Component::UnitSearch),
        ("images", Component::MediaInputImages),
    ] {
        splitter.put(component, count_field!(units, key));
    }
    Ok(())
}
