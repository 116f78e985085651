//! Runs as LangSmith exports them: API pages, JSON lines, CSV and Parquet of its bulk export. Only
//! runs of models count: a chain repeats the tokens of what it called.

use super::tokens_of;
use crate::diagnostic::code;
use crate::source::ReadOptions;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::gateways::call::{Call, LabelSet, Tokens, dollars, request_id, sku};
use crate::source::gateways::fields::{Fields, Nested};
use crate::source::outcome::{Outcome, Skipped};
use crate::source::resolve::{Counted, Stated};
use crate::source::row::Row;
use crate::usage::{CostKind, RecordGrain};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "langsmith",
    title: "LangSmith runs (API, CSV, Parquet)",
    group: Group::Gateway,
    grain: RecordGrain::Request,
    reads: &[
        Reads::Object {
            markers: &["run_type"],
            is: |o| o.has("trace_id") || o.has("session_id") || o.has("dotted_order"),
            read: |object, options| read(object, options),
        },
        Reads::Table {
            columns: &[&["runtype", "traceid", "starttime"]],
            read: |row: &Row<'_>, options| read(row, options),
            usual: None,
        },
    ],
};

fn read(run: &impl Fields, options: &ReadOptions) -> Outcome {
    if !matches!(&*run.text("run_type"), "llm" | "embedding") {
        let message = "LangSmith runs that are no model calls";
        return Err(Skipped::new(code::NOT_USAGE, message));
    }
    let outputs = run.nested("outputs");
    let outputs = outputs.object();
    let extra = run.nested("extra");
    let extra = extra.object();
    let metadata = extra.nested("metadata");
    let metadata = metadata.object();
    let invocation = extra.nested("invocation_params");
    let invocation = invocation.object();
    let named = metadata.first(&["ls_model_name"]);
    let model = if named.is_empty() {
        invocation.first(&["model", "model_name", "model_id"])
    } else {
        named
    };
    let usages = [outputs.nested("usage_metadata"), metadata.nested("usage_metadata")];
    let usage = usages.iter().map(Nested::object).find(|usage| usage.has("input_tokens"));
    let tokens = match usage {
        Some(usage) => Some(tokens_of(&usage)?),
        None => columns(run)?,
    };
    let Some(tokens) = tokens else {
        return Err(if run.text("status") == "error" || !run.first(&["error"]).is_empty() {
            Skipped::new(code::FAILED_REQUEST, "failed requests without usage")
        } else {
            Skipped::new(code::NO_USAGE, "LangSmith runs of models without usage")
        });
    };
    let sku = sku(&metadata.first(&["ls_provider"]), &model, options)?;
    let split = tokens.split(&sku);
    let labels = LabelSet::new(options)
        .put_all(&metadata)
        .put("project", &run.first(&["session_name", "project_name"]))
        .put("session", &metadata.first(&["session_id", "thread_id", "conversation_id"]))
        .finish();
    Call {
        time: run.instant(&["start_time"])?,
        request_id: request_id(&sku, &run.first(&["id", "run_id"])),
        split,
        sku,
        labels,
        cost: dollars(run.amount(&["total_cost"])?, CostKind::Estimate),
    }
    .outcome()
}

/// The counts of a run's own columns; `None` if it has none.
fn columns(run: &impl Fields) -> Result<Option<Tokens>, Skipped> {
    let input = run.first_count(&["prompt_tokens"])?;
    let output = run.first_count(&["completion_tokens"])?;
    let total = run.first_count(&["total_tokens"])?;
    if input.unwrap_or(0) == 0 && output.unwrap_or(0) == 0 && total.unwrap_or(0) == 0 {
        return Ok(None);
    }
    let of_input = run.nested("prompt_token_details");
    let of_input = of_input.object();
    let of_output = run.nested("completion_token_details");
    let of_output = of_output.object();
    Ok(Some(Tokens {
        counted: Counted {
            input: input.unwrap_or(0),
            output: output.unwrap_or(0),
            read: of_input.count_of(&["cache_read"])?,
            written: of_input.count_of(&["cache_creation"])?,
            total,
        },
        stated: Stated::Yes,
        written_5m: of_input.count_of(&["ephemeral_5m_input_tokens"])?,
        written_1h: of_input.count_of(&["ephemeral_1h_input_tokens"])?,
        reasoning: of_output.count_of(&["reasoning"])?,
        input_audio: of_input.count_of(&["audio"])?,
        output_audio: of_output.count_of(&["audio"])?,
        ..Tokens::default()
    }))
}
