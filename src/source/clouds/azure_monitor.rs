//! Azure Monitor's metrics of Azure OpenAI: tokens by interval and deployment.
//!
//! Prompt tokens include what caches served, and nothing says how much that was.

use crate::diagnostic::code;
use crate::period::{DAY_NANOS, HOUR_NANOS, NANOS, Period, Timestamp};
use crate::sku::Sku;
use crate::source::ReadOptions;
use crate::source::envelope::instant;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Note, Notes, Outcome, Skipped, one};
use crate::source::scan::{Object, Value};
use crate::tokens::{Component, ComponentCounts};
use crate::usage::dedup::RequestId;
use crate::usage::{Labels, RecordGrain, UsageRecord, UsageTime};

use super::azure_wording::OPENAI;
use super::bill::set_label;
use super::models;

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "azure-monitor",
    title: "Azure Monitor metrics of Azure OpenAI (`az monitor metrics list`)",
    group: Group::Cloud,
    grain: RecordGrain::Bucket,
    reads: &[Reads::Page { markers: &["timespan", "interval"], is: is_metrics, read }],
};

fn is_metrics(page: &Object<'_>) -> bool {
    let metrics = page.array("value").unwrap_or_default();
    metrics.iter().filter_map(Value::object).any(|m| m.has("timeseries") && m.has("name"))
}

/// What a metric counts.
#[derive(Debug, Clone, Copy)]
enum Counts {
    Tokens(Component),
    Requests,
}

fn read(page: &Object<'_>, options: &ReadOptions) -> Vec<Outcome> {
    let length = page.text("interval").and_then(|text| interval(&text));
    let metrics = page.array("value").unwrap_or_default();
    let mut outcomes = Vec::new();
    for metric in metrics.iter().filter_map(Value::object) {
        let name = metric.object("name").and_then(|n| n.text("value")).unwrap_or_default();
        let counts = match &*name {
            "ProcessedPromptTokens" => Counts::Tokens(Component::InputUncached),
            "GeneratedTokens" => Counts::Tokens(Component::Output),
            "AzureOpenAIRequests" => Counts::Requests,
            // `TokenTransaction` is the sum of the two kinds of tokens.
            _ => {
                let message =
                    "metrics of Azure Monitor that count neither prompt nor output tokens";
                outcomes.push(Err(Skipped::new(code::NOT_USAGE, message)));
                continue;
            }
        };
        let series = metric.array("timeseries").unwrap_or_default();
        for one_series in series.iter().filter_map(Value::object) {
            let source = Series::of(page, &metric, &one_series, counts, length);
            let points = one_series.array("data").unwrap_or_default();
            let points = points.iter().filter_map(Value::object);
            outcomes.extend(points.filter_map(|point| source.point(&point, options)));
        }
    }
    outcomes
}

/// One metric of one combination of dimensions.
struct Series {
    counts: Counts,
    length: Option<i64>,
    model: String,
    region: String,
    deployment: String,
    identity: String,
}

impl Series {
    fn of(
        page: &Object<'_>,
        metric: &Object<'_>,
        series: &Object<'_>,
        counts: Counts,
        length: Option<i64>,
    ) -> Self {
        let text = |object: &Object<'_>, key| object.text(key).unwrap_or_default().into_owned();
        let (mut name, mut version) = (String::new(), String::new());
        let (mut deployment, mut region) = (String::new(), text(page, "resourceregion"));
        let mut identity = text(metric, "id");
        let dimensions = series.array("metadatavalues").unwrap_or_default();
        for dimension in dimensions.iter().filter_map(Value::object) {
            let key = dimension.object("name").and_then(|n| n.text("value")).unwrap_or_default();
            let value = text(&dimension, "value");
            identity += &format!("\0{key}={value}");
            match key.to_ascii_lowercase().as_str() {
                "modelname" => name = value,
                "modelversion" => version = value,
                "modeldeploymentname" => deployment = value,
                "region" => region = value,
                _ => {}
            }
        }
        // A version is part of the name where price books know it so.
        let month_day = version.get(5..).map(|rest| rest.replace('-', ""));
        let dated = models::azure_openai(&name, month_day.as_deref())
            .filter(|id| !version.is_empty() && id.ends_with(&version));
        let model = dated.map_or(name, str::to_owned);
        let region = region.replace(' ', "").to_ascii_lowercase();
        Self { counts, length, model, region, deployment, identity }
    }

    /// One interval; `None` where nothing was counted in it.
    fn point(&self, point: &Object<'_>, options: &ReadOptions) -> Option<Outcome> {
        let total = match point.get("total")?.count() {
            Ok(total) => total.filter(|total| *total > 0)?,
            Err(bad) => {
                return Some(Err(Skipped::bad_field("total", &bad.0, "a whole number")));
            }
        };
        Some(self.record(total, point, options))
    }

    fn record(&self, total: u64, point: &Object<'_>, options: &ReadOptions) -> Outcome {
        let start = point.get("timeStamp").and_then(|v| instant(&v));
        let (Some(start), Some(length)) = (start, self.length) else {
            let message = "points of Azure Monitor without a time or an interval";
            return Err(Skipped::new(code::MISSING_TIME, message));
        };
        if self.model.is_empty() && self.deployment.is_empty() {
            let message = "metrics of Azure Monitor that are not split by ModelName";
            return Err(Skipped::new(code::MISSING_MODEL, message));
        }
        let end = Timestamp::from_nanos(start.nanos().saturating_add(length));
        // A deployment hides the model: its name, which no price book knows, is all there is.
        let model = if self.model.is_empty() { &self.deployment } else { &self.model };
        let mut sku = Sku::new(options.provider.as_deref().unwrap_or(OPENAI), model);
        sku.region = self.region.as_str().into();
        let mut labels = Labels::default();
        set_label(&mut labels, "deployment", &self.deployment, &options.labels);
        let mut components = ComponentCounts::default();
        let mut notes = Notes::default();
        let (metric, requests) = match self.counts {
            Counts::Tokens(component) => {
                components.add(component, total);
                notes.set_if(Note::CacheNotStated, component == Component::InputUncached);
                (component.name(), 0)
            }
            Counts::Requests => ("requests", total),
        };
        let identity = format!("{metric}\0{start}\0{end}\0{}", self.identity);
        Ok(one(
            UsageRecord {
                time: UsageTime::Bucket(Period { start, end }),
                grain: RecordGrain::Bucket,
                sku: sku.into(),
                context_tokens: None,
                requests,
                request_id: Some(RequestId::new("azure-monitor", &identity, 0)),
                labels: labels.into(),
                components,
                reported_cost: None,
            },
            notes,
        ))
    }
}

/// Reads an ISO 8601 duration of one unit, such as `PT5M` or `P1D`.
fn interval(text: &str) -> Option<i64> {
    let rest = text.strip_prefix('P')?;
    let (rest, is_time) = rest.strip_prefix('T').map_or((rest, false), |rest| (rest, true));
    let (digits, unit) = rest.split_at_checked(rest.len().checked_sub(1)?)?;
    let length = match (unit, is_time) {
        ("D", false) => DAY_NANOS,
        ("H", true) => HOUR_NANOS,
        ("M", true) => 60 * NANOS,
        ("S", true) => NANOS,
        _ => return None,
    };
    digits.parse::<i64>().ok()?.checked_mul(length).filter(|length| *length > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals() {
        assert_eq!(interval("PT5M"), Some(300 * NANOS));
        assert_eq!(interval("PT1H"), Some(HOUR_NANOS));
        assert_eq!(interval("P1D"), Some(DAY_NANOS));
        for text in ["", "P", "PT", "1H", "P1M", "PT0M", "PTxH", "PT9223372036854775807H"] {
            assert_eq!(interval(text), None, "{text}");
        }
    }
}
