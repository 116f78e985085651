//! Cloudflare AI Gateway: logs of its API, and Logpush lines. Neither tells what caches or reasoning
//! took; `cached` speaks of the gateway's own cache.

use super::call::{Call, LabelSet, Tokens, dollars, request_id, sku};
use super::fields::Fields;
use crate::diagnostic::code;
use crate::source::ReadOptions;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, Skipped};
use crate::source::resolve::Counted;
use crate::source::row::Row;
use crate::source::scan::Object;
use crate::usage::{CostKind, RecordGrain};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "cloudflare-ai-gateway",
    title: "Cloudflare AI Gateway logs (API, Logpush)",
    group: Group::Gateway,
    grain: RecordGrain::Request,
    reads: &[
        Reads::Object {
            markers: &["tokens_in", "tokens_out"],
            is: |o| o.has("provider") && o.has("model"),
            read: |object, options| read(object, options),
        },
        Reads::Object {
            markers: &["Gateway", "RateLimited"],
            is: |o| o.has("Provider") && o.has("Model") && o.has("StatusCode"),
            read: read_logpush,
        },
        Reads::Table {
            columns: &[&["tokensin", "tokensout", "provider", "model"]],
            read: |row: &Row<'_>, options| read(row, options),
            usual: None,
        },
    ],
};

fn read(line: &impl Fields, options: &ReadOptions) -> Outcome {
    let input = line.count_of(&["tokens_in"])?;
    let output = line.count_of(&["tokens_out"])?;
    refuse(line.is_true("cached"), &line.first(&["success"]), input.max(output))?;
    let sku = sku(&line.first(&["provider"]), &line.first(&["model"]), options)?;
    let tokens =
        Tokens { counted: Counted { input, output, ..Counted::default() }, ..Tokens::default() };
    // An account's own price is an estimate too: nothing is charged by it.
    let cost = line.amount(&["cost"])?;
    Call {
        time: line.instant(&["created_at"])?,
        request_id: request_id(&sku, &line.first(&["id"])),
        split: tokens.split(&sku),
        sku,
        labels: LabelSet::new(options).put_all(&line.nested("metadata").object()).finish(),
        cost: dollars(cost, CostKind::Estimate),
    }
    .outcome()
}

/// Bodies are encrypted; counts and cost stand in `Metrics`, whose names are not documented in full.
fn read_logpush(line: &Object<'_>, options: &ReadOptions) -> Outcome {
    let metrics = line.nested("Metrics");
    let metrics = metrics.object();
    let input = metrics.first_count(&["tokensIn", "tokens_in", "inputTokens", "input_tokens"])?;
    let output =
        metrics.first_count(&["tokensOut", "tokens_out", "outputTokens", "output_tokens"])?;
    let failed = line.first(&["StatusCode"]).starts_with(['4', '5']);
    let success = if failed { "false" } else { "" };
    refuse(line.is_true("Cached"), success, input.max(output).unwrap_or(0))?;
    if input.is_none() && output.is_none() {
        let message =
            "Cloudflare Logpush lines without token counts (the logs of its API have them)";
        return Err(Skipped::new(code::NO_USAGE, message));
    }
    let sku = sku(&line.first(&["Provider"]), &line.first(&["Model"]), options)?;
    let counted =
        Counted { input: input.unwrap_or(0), output: output.unwrap_or(0), ..Counted::default() };
    let tokens = Tokens { counted, ..Tokens::default() };
    Call {
        time: line.instant(&["Timestamp"])?,
        // Lines have no id of their own.
        request_id: None,
        split: tokens.split(&sku),
        sku,
        labels: LabelSet::new(options).put_all(&line.nested("Metadata").object()).finish(),
        cost: dollars(metrics.amount(&["cost"])?, CostKind::Estimate),
    }
    .outcome()
}

fn refuse(cached: bool, success: &str, tokens: u64) -> Result<(), Skipped> {
    if cached {
        let message = "answers that Cloudflare served from its own cache";
        return Err(Skipped::new(code::NOT_USAGE, message));
    }
    let failed = success.eq_ignore_ascii_case("false") || success == "0";
    if failed && tokens == 0 {
        return Err(Skipped::new(code::FAILED_REQUEST, "failed requests without usage"));
    }
    Ok(())
}
