//! What logs of agents share: who bills, project, times without a zone, reported cost.

use compact_str::CompactString;

use crate::diagnostic::code;
use crate::money::Currency;
use crate::period::{Period, Timestamp};
use crate::sku::Sku;
use crate::source::draft::Splitter;
use crate::source::outcome::{Note, Notes, Outcome, Skipped, one};
use crate::source::providers::anthropic;
use crate::source::scan::{Object, Value};
use crate::source::{ReadOptions, provider, row};
use crate::tokens::{Component, ComponentCounts};
use crate::usage::{CostKind, Labels, RecordGrain, ReportedCost, UsageRecord, UsageTime};

/// What a line or a message without a model, or without a time, is called in messages.
pub(super) fn missing_model(what: &str) -> Skipped {
    Skipped::new(code::MISSING_MODEL, format!("{what} without a model name"))
}

/// The same for a time.
pub(super) fn missing_time(what: &str) -> Skipped {
    Skipped::new(code::MISSING_TIME, format!("{what} without a time"))
}

/// Lines that are part of a format and hold no usage.
pub(super) fn not_usage(message: &str) -> Outcome {
    Err(Skipped::new(code::NOT_USAGE, message))
}

/// Who bills a model: the provider that the user sets, else the one that the log names, else the
/// maker of the model.
pub(super) fn sku(
    stated: &str,
    model: &str,
    what: &str,
    options: &ReadOptions,
) -> Result<Sku, Skipped> {
    let model = model.strip_prefix("models/").unwrap_or(model);
    if model.is_empty() {
        return Err(missing_model(what));
    }
    let by = match &options.provider {
        Some(provider) => provider.clone(),
        None if stated.is_empty() => provider::of_model(model),
        None => provider::canonical(stated),
    };
    let mut sku = Sku::new(&by, model);
    if by == "aws.bedrock" {
        let found = provider::bedrock_model(model);
        sku.model = CompactString::new(found.model);
        sku.endpoint = CompactString::new(found.endpoint);
        sku.region = CompactString::new(found.region);
    }
    provider::take_prefix(&mut sku);
    anthropic::strip_window(&mut sku);
    Ok(sku)
}

/// The project label: the last part of a directory, for the path itself may name a person.
pub(super) fn project(directory: Option<&str>, options: &ReadOptions) -> Labels {
    let mut labels = Labels::default();
    if options.labels.keeps("project")
        && let Some(directory) = directory
    {
        labels.set("project", last_part(directory));
    }
    labels
}

/// The last part of a path of any system.
pub(super) fn last_part(path: &str) -> &str {
    path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default()
}

/// One request at an instant, without id, labels and cost.
pub(super) fn request(time: Timestamp, sku: Sku) -> UsageRecord {
    UsageRecord {
        time: UsageTime::At(time),
        grain: RecordGrain::Request,
        sku: sku.into(),
        context_tokens: None,
        requests: 1,
        request_id: None,
        labels: Labels::default().into(),
        components: ComponentCounts::default(),
        reported_cost: None,
    }
}

/// A session in which requests are not told apart; at its start where the end is not known.
pub(super) fn session(start: Timestamp, end: Option<Timestamp>, sku: Sku) -> UsageRecord {
    let period = end.and_then(|end| Period::new(start, end).ok());
    UsageRecord {
        time: period.map_or(UsageTime::At(start), UsageTime::Bucket),
        grain: RecordGrain::Session,
        requests: 0,
        ..request(start, sku)
    }
}

/// The record with its counts.
pub(super) fn counted(mut record: UsageRecord, split: Splitter) -> Outcome {
    record.components = split.components;
    Ok(one(record, split.notes))
}

/// The component of a cache write that does not say how long it is kept: half an hour at OpenAI,
/// five minutes at Anthropic and wherever else nothing is known.
pub(super) fn cache_write(sku: &Sku) -> Component {
    match sku.provider.as_str() {
        "openai" | "azure.ai.openai" => Component::InputCacheWrite30m,
        _ => Component::InputCacheWrite5m,
    }
}

/// A cost in US dollars. Agents print 0 where they have no price or a subscription pays, so 0 is no
/// cost.
pub(super) fn cost(
    value: Option<Value<'_>>,
    name: &str,
    kind: CostKind,
) -> Result<Option<ReportedCost>, Skipped> {
    let text = value.and_then(|v| v.scalar()).unwrap_or_default();
    let amount = row::amount(&text).map_err(|e| Skipped::bad_field(name, &text, &e))?;
    let amount = amount.filter(|amount| amount.atto() != 0);
    Ok(amount.map(|amount| ReportedCost { amount, currency: Currency::USD, kind }))
}

/// A time, and whether it lacks a zone. Epoch numbers need none.
pub(super) fn local_instant(value: &Value<'_>) -> Option<(Timestamp, bool)> {
    let text = value.scalar()?;
    let time = row::instant(&text)?;
    let clock = text.trim().get(10..).unwrap_or_default();
    let is_date = text.contains('-');
    let zoned = clock.ends_with(['Z', 'z']) || clock.contains(['+', '-']);
    Some((time, is_date && !zoned))
}

/// The notes that `object` gives on a time without a zone.
pub(super) fn zoned(object: &Object<'_>, key: &str, notes: &mut Notes) -> Option<Timestamp> {
    let (time, lacks_zone) = local_instant(&object.get(key)?)?;
    notes.set_if(Note::ZoneAssumed, lacks_zone);
    Some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones() {
        let lacks =
            |text: &str| local_instant(&Value::new(text.as_bytes())).map(|(_, lacks)| lacks);
        assert_eq!(lacks("\"2026-10-01T10:00:00.5\""), Some(true));
        assert_eq!(lacks("\"2026-10-01 10:00:00\""), Some(true));
        assert_eq!(lacks("\"2026-10-01T10:00:00Z\""), Some(false));
        assert_eq!(lacks("\"2026-10-01T10:00:00-05:00\""), Some(false));
        assert_eq!(lacks("1790848800000"), Some(false));
        assert_eq!(lacks("\"soon\""), None);
    }

    #[test]
    fn paths_of_any_system() {
        for path in ["/home/dev/shop", "/home/dev/shop/", "C:\\dev\\shop", "shop"] {
            assert_eq!(last_part(path), "shop");
        }
    }

    #[test]
    fn a_log_of_many_makers() {
        let options = ReadOptions::default();
        let of = |stated: &str, model: &str| {
            let sku = sku(stated, model, "answers", &options).unwrap();
            format!("{} {} {}", sku.provider, sku.model, sku.endpoint)
        };
        assert_eq!(of("", "gpt-5.6-sol"), "openai gpt-5.6-sol ");
        assert_eq!(of("", "anthropic/claude-sonnet-5"), "anthropic claude-sonnet-5 ");
        assert_eq!(
            of("amazon-bedrock", "us.anthropic.claude-sonnet-5-v1:0"),
            "aws.bedrock anthropic.claude-sonnet-5-v1:0 us"
        );
        assert_eq!(of("anthropic", "claude-opus-5-5[1m]"), "anthropic claude-opus-5-5 ");
        assert!(sku("openai", "", "answers", &options).is_err());
    }
}
