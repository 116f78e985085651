//! Messages as LangChain writes them. They carry no time: the line around them does.

use super::tokens_of;
use crate::source::ReadOptions;
use crate::source::draft::Draft;
use crate::source::envelope::Envelope;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::gateways::call::sku;
use crate::source::gateways::fields::Fields;
use crate::source::outcome::Outcome;
use crate::source::scan::Object;
use crate::usage::RecordGrain;

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "langchain",
    title: "LangChain messages with usage metadata",
    group: Group::Gateway,
    grain: RecordGrain::Request,
    reads: &[Reads::Body { is: is_message, read, usual: None }],
};

/// Gemini's SDK keeps its own counts under the same key.
fn is_message(object: &Object<'_>, usage: Option<&Object<'_>>) -> bool {
    usage.is_some_and(|usage| usage.has("input_tokens") && usage.has("output_tokens"))
        && object.has("usage_metadata")
        && !object.has("usage")
}

fn read(envelope: &Envelope<'_>, options: &ReadOptions) -> Outcome {
    let message = envelope.body();
    let about = message.nested("response_metadata");
    let about = about.object();
    let usage = envelope.usage().cloned().unwrap_or_default();
    let own = about.first(&["model_name", "model", "model_id"]);
    let model = if own.is_empty() {
        envelope.text(&["model", "model_name", "ls_model_name"]).unwrap_or_default()
    } else {
        own
    };
    let sku = sku(&about.first(&["model_provider", "ls_provider"]), &model, options)?;
    let split = tokens_of(&usage)?.split(&sku);
    let id = about.first(&["id"]);
    Draft {
        time: envelope.time("created_at"),
        request_id: if id.is_empty() { envelope.text(&["id"]) } else { Some(id) },
        turn: 0,
        components: split.components,
        notes: split.notes,
        sku: sku.into(),
    }
    .finish(envelope, options)
}
