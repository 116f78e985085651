//! PostHog's events of model calls: event and properties, or both flat in a table.
//!
//! A flag says whether the input excludes what caches read and wrote; without it, it does for
//! Anthropic, except through Vercel's SDK, which adds it up.

use std::borrow::Cow;

use super::call::{Call, LabelSet, Tokens, dollars, request_id, sku};
use super::fields::Fields;
use crate::diagnostic::code;
use crate::source::ReadOptions;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, Skipped};
use crate::source::resolve::{Counted, Includes, Stated};
use crate::source::row::Row;
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::{CostKind, RecordGrain};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "posthog",
    title: "PostHog $ai_generation and $ai_embedding events",
    group: Group::Gateway,
    grain: RecordGrain::Request,
    reads: &[
        Reads::Object {
            markers: &["event", "$ai_model"],
            is: |o| o.text("event").is_some_and(|e| e.starts_with("$ai_")),
            read: |object, options| read(object, options),
        },
        Reads::Table {
            columns: &[
                &["event", "aimodel", "aiinputtokens"],
                &["event", "propertiesaimodel", "propertiesaiinputtokens"],
                &["event", "properties", "timestamp"],
            ],
            read: |row: &Row<'_>, options| read(row, options),
            usual: None,
        },
    ],
};

/// Properties, wherever they stand.
struct Properties<'f, F> {
    event: &'f F,
    inner: Object<'f>,
}

impl<F: Fields> Fields for Properties<'_, F> {
    fn text(&self, key: &str) -> Cow<'_, str> {
        let inner = Fields::text(&self.inner, key);
        if !inner.is_empty() {
            return inner;
        }
        let flat = self.event.text(key);
        if flat.is_empty() { self.event.text(&format!("properties.{key}")) } else { flat }
    }
}

fn read(event: &impl Fields, options: &ReadOptions) -> Outcome {
    if !matches!(&*event.text("event"), "$ai_generation" | "$ai_embedding") {
        let message = "PostHog events that are no generations or embeddings";
        return Err(Skipped::new(code::NOT_USAGE, message));
    }
    let nested = event.nested("properties");
    let all = Properties { event, inner: nested.object() };
    let input = all.first_count(&["$ai_input_tokens"])?;
    let output = all.first_count(&["$ai_output_tokens"])?;
    if input.is_none() && output.is_none() {
        return Err(if all.is_true("$ai_is_error") {
            Skipped::new(code::FAILED_REQUEST, "failed requests without usage")
        } else {
            Skipped::new(code::NO_USAGE, "PostHog generations without usage")
        });
    }
    let provider = all.first(&["$ai_provider"]);
    let sku = sku(&provider, &all.first(&["$ai_model"]), options)?;
    let tokens = Tokens {
        counted: Counted {
            input: input.unwrap_or(0),
            output: output.unwrap_or(0),
            read: all.count_of(&["$ai_cache_read_input_tokens"])?,
            written: all.count_of(&["$ai_cache_creation_input_tokens"])?,
            total: all.first_count(&["$ai_total_tokens"])?,
        },
        stated: stated(&all.first(&["$ai_cache_reporting_exclusive"])),
        usual: usual(&all, &sku.provider),
        written_5m: all.count_of(&["$ai_cache_creation_5m_input_tokens"])?,
        written_1h: all.count_of(&["$ai_cache_creation_1h_input_tokens"])?,
        reasoning: all.count_of(&["$ai_reasoning_tokens"])?,
        reasoning_beside: sku.model.contains("gemini"),
        ..Tokens::default()
    };
    let mut split = tokens.split(&sku);
    split.put(Component::ToolWebSearch, all.count_of(&["$ai_web_search_count"])?);
    let labels = LabelSet::new(options)
        .put("user", &event.first(&["distinct_id", "person_id"]))
        .put("session", &all.first(&["$ai_session_id", "$session_id"]))
        .put("trace", &all.first(&["$ai_trace_id"]))
        .put("team", &all.first(&["team"]))
        .put("project", &all.first(&["project"]))
        .put("environment", &all.first(&["environment"]))
        .finish();
    Call {
        time: event.instant(&["timestamp", "created_at"])?,
        request_id: request_id(&sku, &event.first(&["uuid", "id"])),
        split,
        sku,
        labels,
        cost: dollars(all.amount(&["$ai_total_cost_usd"])?, CostKind::Estimate),
    }
    .outcome()
}

fn stated(flag: &str) -> Stated {
    match flag {
        _ if flag.eq_ignore_ascii_case("true") || flag == "1" => Stated::No,
        _ if flag.eq_ignore_ascii_case("false") || flag == "0" => Stated::Yes,
        _ => Stated::Unknown,
    }
}

fn usual(all: &impl Fields, provider: &str) -> Includes {
    let through_vercel =
        ["$ai_framework", "$ai_lib"].iter().any(|key| all.text(key).contains("vercel"));
    if provider == "anthropic" && !through_vercel { Includes::No } else { Includes::Yes }
}
