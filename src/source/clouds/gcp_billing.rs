//! Google Cloud's billing export, as BigQuery extracts it: lines of Vertex AI and the Gemini API.
//!
//! `usage.amount` of what is counted in tokens is tokens, though the unit says requests or counts.
//! What is charged is the cost with the credits of the line.

use std::borrow::Cow;

use super::bill::{Line, Quantity, Unnumbered, currency, period, set_label, set_tag_columns};
use super::gcp_wording;
use crate::diagnostic::code;
use crate::money::Amount;
use crate::period::{Period, Timestamp};
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, Skipped};
use crate::source::row::{self, Row, amount};
use crate::source::scan::{Object, Value};
use crate::source::{LabelPolicy, ReadOptions};
use crate::usage::{Labels, RecordGrain};

const NAME: &str = "gcp-billing";

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: NAME,
    title: "Google Cloud billing export, lines of Vertex AI and the Gemini API",
    group: Group::Cloud,
    grain: RecordGrain::BillingLine,
    reads: &[
        Reads::Object { markers: &["sku"], is: is_line, read: read_object },
        Reads::Rows {
            columns: &[&["servicedescription", "skudescription", "cost"]],
            start: || Unnumbered::boxed(NAME, read_row),
        },
    ],
};

fn is_line(line: &Object<'_>) -> bool {
    let described = |key: &str| line.object(key).is_some_and(|o| o.has("description"));
    described("service") && described("sku") && line.has("cost")
}

/// What a line says, in either container.
struct Fields<'a> {
    service: Cow<'a, str>,
    sku: Cow<'a, str>,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    region: Cow<'a, str>,
    kind: Cow<'a, str>,
    currency: Cow<'a, str>,
    quantity: Cow<'a, str>,
    cost: Cow<'a, str>,
    at_list: Cow<'a, str>,
    credits: Vec<Cow<'a, str>>,
    labels: Labels,
}

fn read_object(line: &Object<'_>, options: &ReadOptions) -> Outcome {
    let inner = |outer: &str, key: &str| {
        line.object(outer).and_then(|o| o.get(key)?.scalar()).unwrap_or_default()
    };
    let scalar = |key: &str| line.get(key).and_then(|v| v.scalar()).unwrap_or_default();
    let credits = line.get("credits");
    Fields {
        service: inner("service", "description"),
        sku: inner("sku", "description"),
        start: row::instant(&scalar("usage_start_time")),
        end: row::instant(&scalar("usage_end_time")),
        region: inner("location", "region"),
        kind: scalar("cost_type"),
        currency: scalar("currency"),
        quantity: inner("usage", "amount"),
        cost: scalar("cost"),
        at_list: scalar("cost_at_list"),
        credits: amounts(credits.as_ref()),
        labels: object_labels(line, &options.labels),
    }
    .read()?
    .records(options)
}

fn read_row(row: &Row<'_>, options: &ReadOptions) -> Result<Line, Skipped> {
    let listed = row.text("credits");
    // Flattened exports print the credits as JSON, or their sum in a column of its own.
    let value = Value::new(listed.as_bytes());
    let mut credits: Vec<Cow<'_, str>> =
        amounts(Some(&value)).into_iter().map(|text| Cow::Owned(text.into_owned())).collect();
    if credits.is_empty() {
        let plain = row.first_text(&["creditsamount", "creditamount", "creditstotal"]);
        let is_number = listed.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        credits.push(if is_number { listed.clone() } else { plain });
    }
    let mut labels = Labels::default();
    if !options.labels.keeps_nothing() {
        let project = row.first_text(&["projectid", "projectname"]);
        set_label(&mut labels, "project", &project, &options.labels);
        list_labels(&mut labels, &row.text("labels"), &options.labels);
        set_tag_columns(&mut labels, row, "labels", &options.labels);
    }
    Fields {
        service: row.text("servicedescription"),
        sku: row.text("skudescription"),
        start: row::instant(&row.text("usagestarttime")),
        end: row::instant(&row.text("usageendtime")),
        region: row.first_text(&["locationregion", "region"]),
        kind: row.text("costtype"),
        currency: row.text("currency"),
        quantity: row.text("usageamount"),
        cost: row.text("cost"),
        at_list: row.text("costatlist"),
        credits,
        labels,
    }
    .read()
}

/// The amounts of a list of credits.
fn amounts<'a>(credits: Option<&Value<'a>>) -> Vec<Cow<'a, str>> {
    let list = credits.and_then(Value::array).unwrap_or_default();
    let each = list.iter().filter_map(Value::object);
    each.filter_map(|credit| credit.get("amount")?.scalar()).collect()
}

impl Fields<'_> {
    fn read(self) -> Result<Line, Skipped> {
        let Some((provider, wording)) = gcp_wording::parse(&self.sku, &self.service) else {
            let message = "lines of Google Cloud's bill for other services than models";
            return Err(Skipped::new(code::NOT_USAGE, message));
        };
        let time = self.time()?;
        let mut sku = wording.sku(provider, &self.region);
        if self.region == "global" && !sku.endpoint.is_empty() {
            sku.endpoint = "global".into();
        }
        let mut line = Line::new(time, sku, currency(&self.currency)?);
        let cost = money("cost", &self.cost)?;
        line.billed = cost.map(|cost| self.net(cost)).transpose()?;
        line.list = money("cost_at_list", &self.at_list)?;
        // Taxes and adjustments cost, but count nothing.
        if matches!(&*self.kind, "" | "regular") {
            let quantity = Quantity {
                amount: money("usage.amount", &self.quantity)?.unwrap_or_default(),
                stated_unit: Some(1),
                cost,
            };
            line.count(&wording, quantity);
        }
        line.labels = self.labels;
        Ok(line)
    }

    fn time(&self) -> Result<Period, Skipped> {
        match self.start {
            Some(start) => Ok(period(start, self.end)),
            None => Err(Skipped::new(
                code::MISSING_TIME,
                "lines of Google Cloud's bill without `usage_start_time`",
            )),
        }
    }

    /// The cost with the credits, which are below zero.
    fn net(&self, cost: Amount) -> Result<Amount, Skipped> {
        let mut net = cost;
        for credit in &self.credits {
            let credit = money("credits.amount", credit)?.unwrap_or_default();
            net = net
                .checked_add(credit)
                .map_err(|e| Skipped::bad_field("credits.amount", &self.cost, &e.to_string()))?;
        }
        Ok(net)
    }
}

fn money(name: &str, text: &str) -> Result<Option<Amount>, Skipped> {
    amount(text).map_err(|reason| Skipped::bad_field(name, text, &reason))
}

fn object_labels(line: &Object<'_>, policy: &LabelPolicy) -> Labels {
    let mut labels = Labels::default();
    if policy.keeps_nothing() {
        return labels;
    }
    let project = line.object("project").unwrap_or_default();
    let id = project.first_text(&["id", "name"]).unwrap_or_default();
    set_label(&mut labels, "project", &id, policy);
    // The labels of the resource outrank those of its project.
    for holder in [&project, line] {
        if let Some(list) = holder.get("labels") {
            list_labels(&mut labels, &String::from_utf8_lossy(list.raw()), policy);
        }
    }
    labels
}

/// Sets labels from a list of objects with `key` and `value`.
fn list_labels(labels: &mut Labels, json: &str, policy: &LabelPolicy) {
    let list = Value::new(json.as_bytes()).array().unwrap_or_default();
    for label in list.iter().filter_map(Value::object) {
        let (key, value) = (label.text("key").unwrap_or_default(), label.first_text(&["value"]));
        set_label(labels, &key, &value.unwrap_or_default(), policy);
    }
}
