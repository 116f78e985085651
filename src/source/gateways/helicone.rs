//! Helicone requests: JSON lines, and the CSV of its page.
//!
//! Helicone takes the input count over from the provider: for Anthropic it is without what caches
//! read and wrote. The CSV has no columns for caches.

use super::call::{Call, LabelSet, Tokens, dollars, request_id, sku};
use super::fields::Fields;
use crate::diagnostic::code;
use crate::source::ReadOptions;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, Skipped};
use crate::source::resolve::{Counted, Includes};
use crate::source::row::Row;
use crate::usage::{CostKind, RecordGrain};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "helicone",
    title: "Helicone requests (JSON lines, CSV)",
    group: Group::Gateway,
    grain: RecordGrain::Request,
    reads: &[
        Reads::Object {
            markers: &["request_created_at"],
            is: |o| {
                o.has("prompt_tokens")
                    && ["request_model", "response_model", "target_url"].iter().any(|k| o.has(k))
            },
            read: |object, options| read(object, options),
        },
        Reads::Table {
            columns: &[&["responseid", "requestcreatedat", "prompttokens", "completiontokens"]],
            read: |row: &Row<'_>, options| read(row, options),
            usual: None,
        },
    ],
};

/// What stands where no answer was reused.
const NO_REFERENCE: &str = "00000000-0000-0000-0000-000000000000";

fn read(line: &impl Fields, options: &ReadOptions) -> Outcome {
    let reused = line.first(&["cache_reference_id"]);
    if !reused.is_empty() && reused != NO_REFERENCE {
        let message = "answers that Helicone served from its own cache";
        return Err(Skipped::new(code::NOT_USAGE, message));
    }
    let counted = Counted {
        input: line.count_of(&["prompt_tokens"])?,
        output: line.count_of(&["completion_tokens"])?,
        read: line.count_of(&["prompt_cache_read_tokens"])?,
        written: line.count_of(&["prompt_cache_write_tokens"])?,
        total: line.first_count(&["total_tokens"])?.filter(|total| *total > 0),
    };
    let none = counted.input == 0 && counted.output == 0 && counted.read == 0;
    // Requests that never got an answer have statuses below zero.
    let status = line.first(&["response_status"]);
    let failed = !status.is_empty() && !status.starts_with('2');
    if none && failed {
        return Err(Skipped::new(code::FAILED_REQUEST, "failed requests without usage"));
    }
    let model = line.first(&["model_override", "response_model", "request_model", "model"]);
    let sku = sku(&line.first(&["provider"]), &model, options)?;
    let usual = match &*sku.provider {
        "anthropic" | "aws.bedrock" => Includes::No,
        _ if sku.model.contains("claude") => Includes::No,
        _ => Includes::Yes,
    };
    let tokens = Tokens {
        counted,
        usual,
        reasoning: line.count_of(&["reasoning_tokens", "completion_reasoning_tokens"])?,
        input_audio: line.count_of(&["prompt_audio_tokens"])?,
        output_audio: line.count_of(&["completion_audio_tokens"])?,
        ..Tokens::default()
    };
    let properties = line.nested("request_properties");
    let labels = LabelSet::new(options)
        .put("user", &line.first(&["request_user_id", "user_id"]))
        .put_all(&properties.object())
        .finish();
    Call {
        time: line.instant(&["request_created_at", "response_created_at"])?,
        request_id: request_id(&sku, &line.first(&["request_id", "response_id"])),
        split: tokens.split(&sku),
        sku,
        labels,
        cost: dollars(line.amount(&["costUSD", "cost_usd", "cost"])?, CostKind::Estimate),
    }
    .outcome()
}
