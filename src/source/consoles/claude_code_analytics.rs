//! Anthropic's admin API for Claude Code analytics: a day's tokens of a person or key by model, with
//! an estimate of their cost in cents. Usage under a subscription is in it too.

use super::bucket::{Cells, Line, reported, sku, utc_day};
use crate::diagnostic::code;
use crate::period::Period;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Note, Outcome, Skipped, count_field};
use crate::source::row::cents;
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::dedup::RequestId;
use crate::usage::{CostKind, Labels, RecordGrain};

/// Records of the API, in pages or one by one.
pub(super) const FORMAT: FormatInfo = FormatInfo {
    name: "claude-code-analytics",
    title: "Anthropic admin API, Claude Code analytics",
    group: Group::Console,
    grain: RecordGrain::Bucket,
    reads: &[Reads::Page {
        markers: &["core_metrics", "model_breakdown"],
        is: |record| record.has("date") && record.has("actor"),
        read,
    }],
};

/// What holds for every model of a record.
struct Day {
    period: Period,
    is_subscription: bool,
    labels: Labels,
    /// The other dimensions, as text.
    identity: String,
}

fn read(record: &Object<'_>, options: &ReadOptions) -> Vec<Outcome> {
    let models = record.array("model_breakdown").unwrap_or_default();
    if models.is_empty() {
        return vec![Err(Skipped::new(code::NOT_USAGE, "days of Claude Code without any tokens"))];
    }
    let day = match day(record, options) {
        Ok(day) => day,
        Err(skipped) => return vec![Err(skipped)],
    };
    models
        .iter()
        .map(|item| match item.object() {
            Some(model) => read_model(&model, &day, options),
            None => Err(Skipped::new(code::UNKNOWN_RECORD, "models that are no objects")),
        })
        .collect()
}

fn day(record: &Object<'_>, options: &ReadOptions) -> Result<Day, Skipped> {
    let text = |key: &str| record.text(key).unwrap_or_default();
    let actor = record.object("actor").unwrap_or_default();
    let mut labels = Cells::Json(record).labels(
        options,
        &[
            ("organization", &["organization_id"]),
            ("customer_type", &["customer_type"]),
            ("terminal", &["terminal_type"]),
        ],
    );
    for (label, key) in [("user", "email_address"), ("api_key", "api_key_name")] {
        if options.labels.keeps(label) {
            labels.set(label, &actor.text(key).unwrap_or_default());
        }
    }
    let mut identity = String::new();
    for part in ["organization_id", "customer_type", "subscription_type", "terminal_type"] {
        identity.extend(["\u{1e}", &*text(part)]);
    }
    for part in ["email_address", "api_key_name"] {
        identity.extend(["\u{1e}", &*actor.text(part).unwrap_or_default()]);
    }
    Ok(Day {
        period: utc_day("date", &text("date"))?,
        is_subscription: text("customer_type") == "subscription",
        labels,
        identity,
    })
}

fn read_model(item: &Object<'_>, day: &Day, options: &ReadOptions) -> Outcome {
    let model = item.text("model").unwrap_or_default();
    if model.is_empty() {
        return Err(Skipped::new(code::MISSING_MODEL, "tokens of Claude Code without a model"));
    }
    let tokens = item.object("tokens").unwrap_or_default();
    let written = count_field!(tokens, "cache_creation");
    let mut split = Splitter::default();
    split.put(Component::InputUncached, count_field!(tokens, "input"));
    split.put(Component::InputCacheRead, count_field!(tokens, "cache_read"));
    // The times to live are not told apart.
    split.put(Component::InputCacheWrite5m, written);
    split.notes.set_if(Note::TtlAssumed, written > 0);
    split.put(Component::Output, count_field!(tokens, "output"));
    split.notes.set_if(Note::Subscription, day.is_subscription);
    let kind = if day.is_subscription { CostKind::Notional } else { CostKind::Estimate };
    let estimate = item.object("estimated_cost").unwrap_or_default();
    let value = estimate.get("amount").and_then(|v| v.scalar()).unwrap_or_default();
    let currency = estimate.text("currency").unwrap_or_default();
    let currency = if currency.is_empty() { "USD" } else { &*currency };
    let cost = reported("estimated_cost.amount", &value, cents, currency, kind)?;
    let start = day.period.start.nanos();
    let line = Line {
        period: day.period,
        sku: sku("anthropic", &model, options).into(),
        id: RequestId::new(FORMAT.name, &format!("{start}{}\u{1e}{model}", day.identity), 0),
        labels: day.labels.clone().into(),
    };
    line.usage(0, None, split, cost)
}
