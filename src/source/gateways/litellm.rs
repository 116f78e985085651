//! LiteLLM: spend logs, logging payloads, and sums by day.
//!
//! LiteLLM turns most answers into OpenAI's shape, whose prompt includes cached tokens; requests
//! passed through to Anthropic were logged without them. The usage object in the metadata says more
//! than the columns do. `cache_hit` speaks of LiteLLM's own store of answers, not of prompt caches.

use super::call::{Call, LabelSet, Tokens, bucket_id, day, dollars, request_id, sku};
use super::fields::Fields;
use crate::diagnostic::code;
use crate::sku::service_tier;
use crate::source::ReadOptions;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, Skipped, one};
use crate::source::resolve::{Counted, Stated};
use crate::source::row::Row;
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::{CostKind, RecordGrain, UsageRecord};

/// Rows of the table `LiteLLM_SpendLogs`.
pub(crate) const SPEND_LOGS: FormatInfo = FormatInfo {
    name: "litellm-spend-logs",
    title: "LiteLLM spend logs (rows or API)",
    group: Group::Gateway,
    grain: RecordGrain::Request,
    reads: &[
        Reads::Object {
            markers: &["spend"],
            is: |o| o.has("spend") && o.has("call_type") && o.has("request_id"),
            read: read_spend_object,
        },
        Reads::Table {
            columns: &[&["requestid", "spend", "calltype"]],
            read: read_spend_row,
            usual: None,
        },
    ],
};

/// What LiteLLM hands to loggers.
pub(crate) const LOGGING_PAYLOAD: FormatInfo = FormatInfo {
    name: "litellm-logging-payload",
    title: "LiteLLM standard logging payloads",
    group: Group::Gateway,
    grain: RecordGrain::Request,
    reads: &[Reads::Object {
        markers: &["response_cost"],
        is: |o| o.has("response_cost") && o.has("call_type"),
        read: read_payload,
    }],
};

/// Rows of the tables `LiteLLM_DailyUserSpend`, `...TeamSpend` and `...TagSpend`.
pub(crate) const DAILY_SPEND: FormatInfo = FormatInfo {
    name: "litellm-daily-spend",
    title: "LiteLLM spend by day",
    group: Group::Gateway,
    grain: RecordGrain::Bucket,
    reads: &[
        Reads::Object {
            markers: &["api_requests"],
            is: |o| o.has("api_requests") && o.has("spend") && o.has("date"),
            read: read_day_object,
        },
        Reads::Table {
            columns: &[&["date", "apirequests", "spend", "prompttokens"]],
            read: read_day_row,
            usual: None,
        },
    ],
};

fn read_spend_object(object: &Object<'_>, options: &ReadOptions) -> Outcome {
    read_request(object, &object.nested("metadata").object(), options)
}

fn read_spend_row(row: &Row<'_>, options: &ReadOptions) -> Outcome {
    read_request(row, &row.nested("metadata").object(), options)
}

fn read_payload(object: &Object<'_>, options: &ReadOptions) -> Outcome {
    read_request(object, &object.nested("metadata").object(), options)
}

fn read_request(line: &impl Fields, metadata: &Object<'_>, options: &ReadOptions) -> Outcome {
    if line.is_true("cache_hit") {
        let message = "answers that LiteLLM served from its own cache";
        return Err(Skipped::new(code::NOT_USAGE, message));
    }
    let cost = line.amount(&["spend", "response_cost"])?;
    let tokens = line.count_of(&["total_tokens"])?.max(line.count_of(&["prompt_tokens"])?);
    let failed = matches!(&*line.text("status"), "failure" | "error" | "failed");
    if failed && tokens == 0 && cost.is_none_or(|c| c.is_zero()) {
        return Err(Skipped::new(code::FAILED_REQUEST, "failed requests without usage"));
    }
    let time = line.instant(&["startTime", "start_time", "endTime"])?;
    let usage = usage_of(line, metadata);
    let usage = usage.object();
    let mut sku = sku(&line.first(&["custom_llm_provider"]), &line.first(&["model"]), options)?;
    sku.service_tier = service_tier(&usage.first(&["service_tier"]));
    let mut split = tokens_of(line, &usage, metadata)?.split(&sku);
    let tools = usage.nested("server_tool_use");
    let searches = tools.object().count_of(&["web_search_requests"])?;
    split.put(Component::ToolWebSearch, searches);
    let labels = LabelSet::new(options)
        .put_all(&metadata.nested("requester_metadata").object())
        .put_all(&metadata.nested("spend_logs_metadata").object())
        .put("team", &either(metadata, "user_api_key_team_alias", line, &["team_id"]))
        .put("project", &metadata.first(&["user_api_key_project_alias", "user_api_key_project_id"]))
        .put("organization", &line.first(&["organization_id"]))
        .put("api_key", &either(metadata, "user_api_key_alias", line, &["api_key"]))
        .put("user", &either(metadata, "user_api_key_user_id", line, &["user"]))
        .put("end_user", &line.first(&["end_user"]))
        .put("session", &line.first(&["session_id", "trace_id"]))
        .put("agent", &line.first(&["agent_id"]))
        .finish();
    Call {
        request_id: request_id(&sku, &line.first(&["request_id", "id"])),
        sku,
        time,
        labels,
        split,
        cost: dollars(cost, CostKind::Estimate),
    }
    .outcome()
}

/// A text of the metadata, else of the line.
fn either(metadata: &Object<'_>, key: &str, line: &impl Fields, keys: &[&str]) -> String {
    let found = metadata.first(&[key]);
    if found.is_empty() { line.first(keys).into_owned() } else { found.into_owned() }
}

/// The provider's usage, as LiteLLM keeps it: in the metadata, or in the response of a payload.
fn usage_of(line: &impl Fields, metadata: &Object<'_>) -> super::fields::Nested {
    let kept = metadata.nested("usage_object");
    if kept.object().raw_keys().next().is_some() {
        return kept;
    }
    line.nested("response").object().nested("usage")
}

fn tokens_of(
    line: &impl Fields,
    usage: &Object<'_>,
    metadata: &Object<'_>,
) -> Result<Tokens, Skipped> {
    let more = metadata.nested("additional_usage_values");
    let more = more.object();
    let details = usage.nested("prompt_tokens_details");
    let details = details.object();
    let output_details = usage.nested("completion_tokens_details");
    let output_details = output_details.object();
    let by_ttl = details.nested("cache_creation_token_details");
    let by_ttl = by_ttl.object();
    let nested = usage.nested("cache_creation_token_details");
    let nested = nested.object();
    let ttl = |key: &str| -> Result<u64, Skipped> {
        Ok(by_ttl.count_of(&[key])?.max(nested.count_of(&[key])?))
    };
    // The same number stands in several places; whichever is there counts once.
    let read = usage
        .count_of(&["cache_read_input_tokens"])?
        .max(details.count_of(&["cached_tokens"])?)
        .max(more.count_of(&["cache_read_input_tokens"])?);
    let written = usage
        .count_of(&["cache_creation_input_tokens"])?
        .max(details.count_of(&["cache_creation_tokens"])?)
        .max(details.count_of(&["cache_write_tokens"])?)
        .max(more.count_of(&["cache_creation_input_tokens"])?);
    let counted = Counted {
        input: line.count_of(&["prompt_tokens"])?.max(usage.count_of(&["prompt_tokens"])?),
        output: line.count_of(&["completion_tokens"])?.max(usage.count_of(&["completion_tokens"])?),
        read,
        written,
        total: line.first_count(&["total_tokens"])?.filter(|total| *total > 0),
    };
    let text = details.first_count(&["text_tokens"])?;
    let other =
        details.count_of(&["audio_tokens"])?.saturating_add(details.count_of(&["image_tokens"])?);
    let passed_through = line.text("call_type") == "anthropic_messages";
    Ok(Tokens {
        stated: stated(&counted, text.map(|t| t.saturating_add(other)), passed_through),
        counted: Counted { total: believed_total(&counted, passed_through), ..counted },
        written_5m: ttl("ephemeral_5m_input_tokens")?,
        written_1h: ttl("ephemeral_1h_input_tokens")?,
        reasoning: output_details.count_of(&["reasoning_tokens"])?,
        input_audio: details.count_of(&["audio_tokens"])?,
        output_audio: output_details.count_of(&["audio_tokens"])?,
        ..Tokens::default()
    })
}

/// The details of the prompt give its fresh part: with it, the input is told from its parts.
fn stated(counted: &Counted, fresh: Option<u64>, passed_through: bool) -> Stated {
    let cached = counted.read.saturating_add(counted.written);
    match fresh {
        Some(fresh) if cached > 0 && fresh.saturating_add(cached) == counted.input => Stated::Yes,
        Some(fresh) if cached > 0 && passed_through && fresh == counted.input => Stated::No,
        _ => Stated::Unknown,
    }
}

/// LiteLLM adds the total up itself; where it passes an exclusive input on, the sum proves nothing.
fn believed_total(counted: &Counted, passed_through: bool) -> Option<u64> {
    let sum = counted.input.saturating_add(counted.output);
    counted.total.filter(|total| !(passed_through && *total == sum))
}

fn read_day_object(object: &Object<'_>, options: &ReadOptions) -> Outcome {
    read_day(object, options)
}

fn read_day_row(row: &Row<'_>, options: &ReadOptions) -> Outcome {
    read_day(row, options)
}

fn read_day(line: &impl Fields, options: &ReadOptions) -> Outcome {
    let start = line.instant(&["date"])?;
    let sku = sku(
        &line.first(&["custom_llm_provider"]),
        &line.first(&["model", "model_group"]),
        options,
    )?;
    let tokens = Tokens {
        counted: Counted {
            input: line.count_of(&["prompt_tokens"])?,
            output: line.count_of(&["completion_tokens"])?,
            read: line.count_of(&["cache_read_input_tokens"])?,
            written: line.count_of(&["cache_creation_input_tokens"])?,
            total: None,
        },
        ..Tokens::default()
    };
    let split = tokens.split(&sku);
    // The table's unique key.
    let keys = [
        "date",
        "user_id",
        "team_id",
        "organization_id",
        "end_user_id",
        "agent_id",
        "tag",
        "api_key",
        "model",
        "custom_llm_provider",
        "mcp_namespaced_tool_name",
        "endpoint",
    ];
    let dimensions: Vec<_> = keys.iter().map(|key| line.first(&[key])).collect();
    let dimensions: Vec<&str> = dimensions.iter().map(|d| &**d).collect();
    let labels = LabelSet::new(options)
        .put("team", &line.first(&["team_id"]))
        .put("organization", &line.first(&["organization_id"]))
        .put("user", &line.first(&["user_id"]))
        .put("api_key", &line.first(&["api_key"]))
        .put("tag", &line.first(&["tag"]))
        .finish();
    let record = UsageRecord {
        time: day(start)?,
        grain: RecordGrain::Bucket,
        sku: sku.into(),
        context_tokens: None,
        requests: line.count_of(&["api_requests"])?,
        request_id: Some(bucket_id(DAILY_SPEND.name, &dimensions)),
        labels: labels.into(),
        components: split.components,
        reported_cost: dollars(line.amount(&["spend"])?, CostKind::Estimate),
    };
    Ok(one(record, split.notes))
}
