//! AWS Cost Explorer's answers, grouped by usage type: what Bedrock's lines cost.

use std::borrow::Cow;

use super::aws_wording;
use super::bill::{Line, Quantity, Wording, currency, period, set_label, token_unit};
use crate::diagnostic::code;
use crate::money::Amount;
use crate::period::{Period, Timestamp};
use crate::source::envelope::instant;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, Skipped};
use crate::source::row::amount;
use crate::source::scan::{Object, Value};
use crate::source::{LabelPolicy, ReadOptions};
use crate::usage::{Labels, RecordGrain};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "aws-cost-explorer",
    title: "AWS Cost Explorer answers grouped by usage type, groups of Bedrock",
    group: Group::Cloud,
    grain: RecordGrain::BillingLine,
    reads: &[Reads::Page { markers: &["ResultsByTime"], is: |o| o.has("ResultsByTime"), read }],
};

/// Costs in the order in which they say what is charged.
const COSTS: [&str; 3] = ["NetUnblendedCost", "UnblendedCost", "AmortizedCost"];

fn read(page: &Object<'_>, options: &ReadOptions) -> Vec<Outcome> {
    let list = |key: &str| page.array(key).unwrap_or_default();
    let definitions: Vec<(String, String)> = list("GroupDefinitions")
        .iter()
        .filter_map(Value::object)
        .map(|d| {
            let text = |key| d.text(key).unwrap_or_default().into_owned();
            (text("Type"), text("Key"))
        })
        .collect();
    let results = list("ResultsByTime");
    let mut outcomes = Vec::new();
    for result in results.iter().filter_map(Value::object) {
        let groups = result.array("Groups").unwrap_or_default();
        if groups.is_empty() {
            let message = "Cost Explorer answers without groups, which name no model";
            outcomes.push(Err(Skipped::new(code::NOT_USAGE, message)));
        }
        for group in groups.iter().filter_map(Value::object) {
            outcomes.push(read_group(&result, &group, &definitions, options));
        }
    }
    outcomes
}

/// What the keys of a group say.
#[derive(Default)]
struct Keys<'a> {
    usage_type: Cow<'a, str>,
    service: Cow<'a, str>,
    labels: Labels,
    all: String,
}

impl<'a> Keys<'a> {
    fn of(group: &Object<'a>, definitions: &[(String, String)], policy: &LabelPolicy) -> Self {
        let mut keys = Keys::default();
        let list = group.array("Keys").unwrap_or_default();
        for (at, value) in list.iter().enumerate() {
            let text = value.text().unwrap_or_default();
            keys.all.push('\0');
            keys.all += &text;
            let (kind, name) =
                definitions.get(at).map_or(("", ""), |(k, n)| (k.as_str(), n.as_str()));
            match (kind, name) {
                (_, "USAGE_TYPE") => keys.usage_type = text,
                (_, "SERVICE") => keys.service = text,
                (_, "LINKED_ACCOUNT") => set_label(&mut keys.labels, "account", &text, policy),
                // A tag's values are printed as `team$search`.
                ("TAG", name) => {
                    let value = text.split_once('$').map_or(&*text, |(_, value)| value);
                    set_label(&mut keys.labels, name, value, policy);
                }
                // Without definitions the grammar tells the usage type.
                ("", _) if aws_wording::parse(&text, "").is_some() => keys.usage_type = text,
                ("", _) => keys.service = text,
                _ => {}
            }
        }
        keys
    }
}

fn read_group(
    result: &Object<'_>,
    group: &Object<'_>,
    definitions: &[(String, String)],
    options: &ReadOptions,
) -> Outcome {
    let keys = Keys::of(group, definitions, &options.labels);
    let wording = aws_wording::parse(&keys.usage_type, &keys.service);
    // Without a service only what reads as tokens is known to be Bedrock's.
    if !(keys.service.contains("Bedrock") || keys.service.is_empty() && wording.is_some()) {
        let message = "groups of Cost Explorer for other services than Bedrock";
        return Err(Skipped::new(code::NOT_USAGE, message));
    }
    let metrics = group.object("Metrics").unwrap_or_default();
    let cost = COSTS.iter().find_map(|key| metrics.object(key));
    let unit = cost.as_ref().and_then(|c| c.text("Unit")).unwrap_or_default();
    let named = || {
        let name = if keys.usage_type.is_empty() { &keys.service } else { &keys.usage_type };
        Wording::new(&**name)
    };
    let counted = wording.unwrap_or_else(named);
    let sku = counted.sku("aws.bedrock", "");
    let mut line = Line::new(time(result)?, sku, currency(&unit)?);
    line.billed = cost.map(|cost| money(&cost)).transpose()?.flatten();
    if let Some(usage) = metrics.object("UsageQuantity") {
        let quantity = Quantity {
            amount: money(&usage)?.unwrap_or_default(),
            stated_unit: token_unit(&usage.text("Unit").unwrap_or_default()),
            cost: line.billed,
        };
        line.count(&counted, quantity);
    }
    line.labels = keys.labels;
    line.id = ("aws-cost-explorer", format!("{}\0{}{}", line.time.start, line.time.end, keys.all));
    line.records(options)
}

fn time(result: &Object<'_>) -> Result<Period, Skipped> {
    let stated = result.object("TimePeriod").unwrap_or_default();
    let at = |key| -> Option<Timestamp> { instant(&stated.get(key)?) };
    let Some(start) = at("Start") else {
        return Err(Skipped::new(code::MISSING_TIME, "results of Cost Explorer without a period"));
    };
    Ok(period(start, at("End")))
}

fn money(metric: &Object<'_>) -> Result<Option<Amount>, Skipped> {
    let text = metric.get("Amount").and_then(|v| v.scalar()).unwrap_or_default();
    amount(&text).map_err(|reason| Skipped::bad_field("Amount", &text, &reason))
}
