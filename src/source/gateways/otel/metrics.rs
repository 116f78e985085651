//! OTLP-JSON metrics: `gen_ai.client.token.usage`, a histogram of tokens by model and type. Only its
//! sums say how much was used; what caches served is not told apart.
//!
//! A cumulative series restates its sum from the start of a program: what is new is the difference
//! to the point before. So points are read in the order of the file, and the last point of each
//! series is kept, of at most [`MOST_SERIES`] series (about 20 MB); points of further series give a
//! finding, for without the point before them their usage is not known.

use hashbrown::HashMap;

use super::attributes::{Attributes, Resource};
use super::traces::list;
use crate::diagnostic::code;
use crate::period::{Period, Timestamp};
use crate::source::ReadOptions;
use crate::source::envelope::instant;
use crate::source::format::{Emit, FormatInfo, Group, Reads, Session};
use crate::source::gateways::call::{bucket_id, sku};
use crate::source::gateways::fields::Fields;
use crate::source::outcome::{Notes, Outcome, Skipped, one};
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::dedup::RequestId;
use crate::usage::{RecordGrain, UsageRecord, UsageTime};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "otlp-metrics",
    title: "OpenTelemetry token metrics (OTLP-JSON)",
    group: Group::Gateway,
    grain: RecordGrain::Bucket,
    reads: &[Reads::Session {
        markers: &["resourceMetrics", "resource_metrics"],
        is: |_| true,
        start: || Box::new(Metrics { last: HashMap::default(), most: MOST_SERIES }),
    }],
};

/// Series whose last point is kept.
const MOST_SERIES: usize = 100_000;
/// The metric.
const NAME: &str = "gen_ai.client.token.usage";

/// The last point of a cumulative series.
#[derive(Debug, Clone, Copy)]
struct Last {
    start: Timestamp,
    time: Timestamp,
    sum: u64,
    count: u64,
}

struct Metrics {
    last: HashMap<RequestId, Last, foldhash::fast::FixedState>,
    most: usize,
}

impl Session for Metrics {
    fn object(
        &mut self,
        line: u64,
        object: &Object<'_>,
        options: &ReadOptions,
        emit: &mut Emit<'_>,
    ) {
        for of_resource in list(object, &["resourceMetrics", "resource_metrics"]) {
            let resource = Resource::of(&of_resource);
            let scopes = list(&of_resource, &["scopeMetrics", "scope_metrics"]);
            for metric in scopes.iter().flat_map(|scope| list(scope, &["metrics"])) {
                if metric.text("name").is_none_or(|name| name != NAME) {
                    let message = "metrics that count no tokens of models";
                    emit(line, Err(Skipped::new(code::NOT_USAGE, message)));
                    continue;
                }
                let histogram = metric.object("histogram").or_else(|| metric.object("sum"));
                let histogram = histogram.unwrap_or_default();
                let temporality = histogram
                    .first(&["aggregationTemporality", "aggregation_temporality"])
                    .into_owned();
                let is_delta = temporality == "1" || temporality.ends_with("DELTA");
                for point in list(&histogram, &["dataPoints", "data_points"]) {
                    emit(line, self.point(&point, is_delta, &resource, options));
                }
            }
        }
    }
}

impl Metrics {
    fn point(
        &mut self,
        point: &Object<'_>,
        is_delta: bool,
        resource: &Resource,
        options: &ReadOptions,
    ) -> Outcome {
        let all = Attributes::of(point.get("attributes"));
        let kind = all.first(&["gen_ai.token.type"]);
        let component = match &*kind {
            "input" | "prompt" => Component::InputUncached,
            "output" | "completion" => Component::Output,
            other => {
                let message = format!(
                    "token metrics of a type that is part of another: `{}`",
                    crate::source::outcome::shown(other)
                );
                return Err(Skipped::new(code::NOT_USAGE, message));
            }
        };
        let time = |keys: [&str; 2]| keys.iter().find_map(|key| instant(&point.get(key)?));
        let start = time(["startTimeUnixNano", "start_time_unix_nano"]);
        let end = time(["timeUnixNano", "time_unix_nano"]);
        let (Some(start), Some(end)) = (start, end) else {
            return Err(Skipped::new(code::MISSING_TIME, "point of a metric without its times"));
        };
        let model = all.first(&["gen_ai.response.model", "gen_ai.request.model"]);
        let sku = sku(&all.first(&["gen_ai.provider.name", "gen_ai.system"]), &model, options)?;
        let attributes = String::from_utf8_lossy(point.get("attributes").map_or(b"", |v| v.raw()));
        let identity = resource.identity();
        let series = bucket_id(FORMAT.name, &[&identity, &attributes]);
        let stated = Last {
            start,
            time: end,
            sum: point.count_of(&["sum", "asInt", "asDouble"])?,
            count: point.count_of(&["count"])?,
        };
        let own = if is_delta { stated } else { self.difference(series, stated)? };
        let period = Period::new(own.start, own.time).map_err(|e| {
            Skipped::bad_field("timeUnixNano", &own.time.to_string(), &e.to_string())
        })?;
        let [from, until] = [own.start, own.time].map(|t| t.nanos().to_string());
        let is_input = component == Component::InputUncached;
        let record = UsageRecord {
            time: UsageTime::Bucket(period),
            grain: RecordGrain::Bucket,
            sku: sku.into(),
            context_tokens: None,
            // A request is in the points of its input and of its output.
            requests: if is_input { own.count } else { 0 },
            request_id: Some(bucket_id(FORMAT.name, &[&identity, &attributes, &from, &until])),
            labels: all.labels(resource.labels(options), options).finish().into(),
            components: [(component, own.sum)].into_iter().collect(),
            reported_cost: None,
        };
        Ok(one(record, Notes::default()))
    }

    /// What a cumulative point adds to the one before it.
    fn difference(&mut self, series: RequestId, stated: Last) -> Result<Last, Skipped> {
        let known = self.last.get(&series).copied();
        if known.is_none() && self.last.len() >= self.most {
            let message =
                format!("points of metric series beyond the first {} of a file", self.most);
            return Err(Skipped::new(code::NO_USAGE, message));
        }
        let before = known.filter(|last| last.start == stated.start);
        if before.is_some_and(|last| stated.time <= last.time) {
            return Err(Skipped::new(code::NOT_USAGE, "points of metrics that are repeated"));
        }
        self.last.insert(series, stated);
        Ok(match before {
            // A sum that falls began anew.
            Some(last) if stated.sum >= last.sum => Last {
                start: last.time,
                time: stated.time,
                sum: stated.sum - last.sum,
                count: stated.count.saturating_sub(last.count),
            },
            Some(last) => Last { start: last.time, ..stated },
            None => stated,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cumulative_points_add_what_is_new() {
        let mut metrics = Metrics { last: HashMap::default(), most: 1 };
        let at = |start, time, sum| Last {
            start: Timestamp::from_nanos(start),
            time: Timestamp::from_nanos(time),
            sum,
            count: 1,
        };
        let series = bucket_id("m", &["a"]);
        let mut next = |point| metrics.difference(series, point).map(|l| (l.start.nanos(), l.sum));
        assert_eq!(next(at(0, 10, 100)), Ok((0, 100)));
        assert_eq!(next(at(0, 20, 150)), Ok((10, 50)));
        assert_eq!(next(at(0, 20, 150)).unwrap_err().code.name(), "not-usage", "exported again");
        assert_eq!(next(at(0, 30, 20)), Ok((20, 20)), "the program counts anew");
        assert_eq!(next(at(40, 50, 7)), Ok((40, 7)), "and says when it started");
        let other = metrics.difference(bucket_id("m", &["b"]), at(0, 10, 1));
        assert_eq!(other.unwrap_err().code.name(), "no-usage", "no room to keep another");
    }
}
