//! Portkey log exports. The cost is in cents, whatever its currency column says of dollars.
//!
//! The columns count input and output alone; what caches did stands in the response.

use super::call::{Call, LabelSet, Tokens, dollars, request_id, sku};
use super::fields::Fields;
use crate::diagnostic::code;
use crate::money::Amount;
use crate::source::ReadOptions;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, Skipped};
use crate::source::resolve::Counted;
use crate::source::row::Row;
use crate::source::scan::Object;
use crate::usage::{CostKind, RecordGrain};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "portkey",
    title: "Portkey log exports",
    group: Group::Gateway,
    grain: RecordGrain::Request,
    reads: &[
        Reads::Object {
            markers: &["ai_org"],
            is: |o| o.has("ai_model") && o.has("req_units"),
            read: |object, options| read(object, options),
        },
        Reads::Table {
            columns: &[&["aiorg", "aimodel", "requnits"]],
            read: |row: &Row<'_>, options| read(row, options),
            usual: None,
        },
    ],
};

fn read(line: &impl Fields, options: &ReadOptions) -> Outcome {
    let input = line.count_of(&["req_units"])?;
    let output = line.count_of(&["res_units"])?;
    if line.text("is_success").eq_ignore_ascii_case("false") && input == 0 && output == 0 {
        return Err(Skipped::new(code::FAILED_REQUEST, "failed requests without usage"));
    }
    if matches!(&*line.first(&["cache_status"]), "HIT" | "SEMANTIC HIT") {
        let message = "answers that Portkey served from its own cache";
        return Err(Skipped::new(code::NOT_USAGE, message));
    }
    let sku = sku(&line.first(&["ai_org"]), &line.first(&["ai_model"]), options)?;
    let response = line.nested("response");
    let response = response.object();
    let body = response.nested("body");
    let usage = if response.has("usage") {
        response.nested("usage")
    } else {
        body.object().nested("usage")
    };
    let total = line.first_count(&["total_units"])?.filter(|total| *total > 0);
    let tokens = tokens(&usage.object(), input, output, total)?;
    let labels = LabelSet::new(options)
        .put_all(&line.nested("metadata").object())
        .put("workspace", &line.first(&["workspace_slug"]))
        .put("trace", &line.first(&["trace_id"]))
        .finish();
    Call {
        time: line.instant(&["created_at"])?,
        request_id: request_id(&sku, &line.first(&["id"])),
        split: tokens.split(&sku),
        sku,
        labels,
        cost: dollars(line.amount(&["cost"])?.map(of_cents), CostKind::Estimate),
    }
    .outcome()
}

/// Cents as dollars. Digits past the 18th place, which floats print, are cut off.
fn of_cents(amount: Amount) -> Amount {
    Amount::from_atto(amount.atto() / 100)
}

/// The counts of the columns, with the parts that the response tells of.
fn tokens(
    usage: &Object<'_>,
    input: u64,
    output: u64,
    total: Option<u64>,
) -> Result<Tokens, Skipped> {
    let details = usage.nested("prompt_tokens_details");
    let details = details.object();
    let output_details = usage.nested("completion_tokens_details");
    let output_details = output_details.object();
    let by_ttl = usage.nested("cache_creation");
    let by_ttl = by_ttl.object();
    let counted = Counted {
        input,
        output,
        read: details
            .count_of(&["cached_tokens"])?
            .max(usage.count_of(&["cache_read_input_tokens"])?),
        written: details
            .count_of(&["cache_write_tokens"])?
            .max(usage.count_of(&["cache_creation_input_tokens"])?),
        total,
    };
    Ok(Tokens {
        counted,
        written_5m: by_ttl.count_of(&["ephemeral_5m_input_tokens"])?,
        written_1h: by_ttl.count_of(&["ephemeral_1h_input_tokens"])?,
        reasoning: output_details.count_of(&["reasoning_tokens"])?,
        input_audio: details.count_of(&["audio_tokens"])?,
        output_audio: output_details.count_of(&["audio_tokens"])?,
        ..Tokens::default()
    })
}
