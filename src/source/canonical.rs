//! tokencast's own usage format, `tokencast.usage.v1`: one JSON record a line.

use compact_str::CompactString;

use super::ReadOptions;
use super::envelope::{instant, set_labels};
use super::format::{FormatInfo, Group, Reads};
use super::outcome::{Notes, Outcome, Skipped, one, optional_count};
use super::provider;
use super::scan::{Object, Value};
use crate::diagnostic::code;
use crate::money::{Amount, Currency};
use crate::period::{Period, Timestamp};
use crate::sku::{Sku, service_tier};
use crate::tokens::{Component, ComponentCounts};
use crate::usage::dedup::RequestId;
use crate::usage::{CostKind, Labels, RecordGrain, ReportedCost, UsageRecord, UsageTime};

/// The name of the format.
pub const SCHEMA: &str = "tokencast.usage.v1";

/// The format.
pub(crate) const FORMATS: &[FormatInfo] = &[FormatInfo {
    name: "tokencast",
    title: "tokencast.usage.v1 records, one a line",
    group: Group::Own,
    grain: RecordGrain::Request,
    reads: &[Reads::Object { markers: &["schema", "components"], is: is_record, read }],
}];

/// Every key a record may have.
const KEYS: [&str; 19] = [
    "schema",
    "time",
    "start",
    "end",
    "provider",
    "model",
    "service_tier",
    "region",
    "endpoint",
    "deployment",
    "speed",
    "context_tokens",
    "requests",
    "grain",
    "request_id",
    "labels",
    "components",
    "reported_cost",
    "comment",
];

/// True for a record of this format.
pub(crate) fn is_record(object: &Object<'_>) -> bool {
    match object.text("schema") {
        Some(schema) => schema == SCHEMA,
        None => object.has("components") && object.has("provider") && object.has("model"),
    }
}

/// Reads one record; unlike foreign logs, an unknown key is an error, so a typing slip cannot
/// drop usage.
pub(crate) fn read(object: &Object<'_>, options: &ReadOptions) -> Outcome {
    for (key, _) in object.iter() {
        if !KEYS.contains(&&*key) {
            let message = format!("field `{key}` is not part of tokencast.usage.v1");
            return Err(Skipped::new(code::INVALID_FIELD, message));
        }
    }
    let time = usage_time(object)?;
    let text = |key: &str| object.text(key).unwrap_or_default();
    let model = text("model");
    if model.is_empty() {
        return Err(Skipped::new(code::MISSING_MODEL, "record without `model`"));
    }
    if text("provider").is_empty() {
        return Err(Skipped::bad_field("provider", "", "a provider name such as `openai`"));
    }
    let provider = match &options.provider {
        Some(provider) => provider.clone(),
        None => provider::canonical(&text("provider")),
    };
    let mut sku = Sku::new(&provider, &model);
    sku.service_tier = service_tier(&text("service_tier"));
    if !text("speed").is_empty() {
        sku.speed = CompactString::new(text("speed"));
    }
    sku.region = CompactString::new(text("region"));
    sku.endpoint = CompactString::new(text("endpoint"));
    sku.deployment = CompactString::new(text("deployment"));
    let context_tokens = optional_count!(object, "context_tokens");
    let default_requests = u64::from(matches!(time, UsageTime::At(_)));
    let requests = optional_count!(object, "requests").unwrap_or(default_requests);
    let mut labels = Labels::default();
    if let Some(found) = object.object("labels") {
        set_labels(&mut labels, &found, &options.labels);
    }
    let id = object.first_text(&["request_id"]);
    let request_id = id.map(|id| RequestId::new(&sku.provider, &id, 0));
    let record = UsageRecord {
        time,
        grain: grain(object, &time)?,
        sku: sku.into(),
        context_tokens,
        requests,
        request_id,
        labels: labels.into(),
        components: components(object)?,
        reported_cost: reported_cost(object)?,
    };
    Ok(one(record, Notes::default()))
}

fn usage_time(object: &Object<'_>) -> Result<UsageTime, Skipped> {
    let read = |key: &str| -> Result<Option<Timestamp>, Skipped> {
        let Some(value) = object.get(key) else {
            return Ok(None);
        };
        match instant(&value) {
            Some(time) => Ok(Some(time)),
            None => Err(Skipped::bad_field(
                key,
                &shown(&value),
                "a time such as `2026-11-20T12:00:00Z`",
            )),
        }
    };
    match (read("time")?, read("start")?, read("end")?) {
        (Some(time), None, None) => Ok(UsageTime::At(time)),
        (None, Some(start), Some(end)) => match Period::new(start, end) {
            Ok(period) => Ok(UsageTime::Bucket(period)),
            Err(error) => Err(Skipped::bad_field("end", &end.to_string(), &error.to_string())),
        },
        (None, None, None) => {
            Err(Skipped::new(code::MISSING_TIME, "record without `time`, or `start` and `end`"))
        }
        _ => Err(Skipped::bad_field(
            "time",
            "given in two ways",
            "either `time`, or both `start` and `end`",
        )),
    }
}

fn grain(object: &Object<'_>, time: &UsageTime) -> Result<RecordGrain, Skipped> {
    let Some(stated) = object.first_text(&["grain"]) else {
        return Ok(time.usual_grain());
    };
    RecordGrain::from_name(&stated).ok_or_else(|| {
        Skipped::bad_field("grain", &stated, "request, session, bucket or billing_line")
    })
}

fn components(object: &Object<'_>) -> Result<ComponentCounts, Skipped> {
    let Some(found) = object.object("components") else {
        return Err(Skipped::bad_field(
            "components",
            "missing",
            "an object of component names and whole numbers",
        ));
    };
    let mut counts = ComponentCounts::default();
    for (name, value) in found.iter() {
        let Some(component) = Component::from_name(&name) else {
            let nearest = Component::ALL.iter().map(|c| c.name()).max_by(|a, b| {
                strsim::jaro_winkler(a, &name).total_cmp(&strsim::jaro_winkler(b, &name))
            });
            let message = format!(
                "component `{}` is unknown (nearest: `{}`)",
                super::outcome::shown(&name),
                nearest.unwrap_or_default()
            );
            return Err(Skipped::new(code::INVALID_FIELD, message));
        };
        match value.count() {
            Ok(count) => counts.add(component, count.unwrap_or(0)),
            Err(bad) => {
                return Err(Skipped::bad_field(&name, &bad.0, "a whole number of at least 0"));
            }
        }
    }
    Ok(counts)
}

fn reported_cost(object: &Object<'_>) -> Result<Option<ReportedCost>, Skipped> {
    let Some(value) = object.get("reported_cost") else {
        return Ok(None);
    };
    let Some(cost) = value.object() else {
        return Err(Skipped::bad_field(
            "reported_cost",
            &shown(&value),
            "an object with `amount`, `currency` and `kind`",
        ));
    };
    let amount = cost.get("amount").and_then(|v| v.scalar()).unwrap_or_default();
    let amount = Amount::parse_rounded(&amount)
        .map_err(|e| Skipped::bad_field("reported_cost.amount", &amount, &e.to_string()))?;
    let currency = cost.text("currency").unwrap_or_default();
    let currency: Currency = currency.parse().map_err(|_| {
        Skipped::bad_field("reported_cost.currency", &currency, "a code such as `USD`")
    })?;
    let kind = cost.text("kind").unwrap_or_default();
    let kind = CostKind::from_name(&kind).ok_or_else(|| {
        Skipped::bad_field("reported_cost.kind", &kind, "billed, list, estimate or notional")
    })?;
    Ok(Some(ReportedCost { amount, currency, kind }))
}

fn shown(value: &Value<'_>) -> String {
    let raw = value.raw();
    String::from_utf8_lossy(&raw[..raw.len().min(60)]).into_owned()
}
