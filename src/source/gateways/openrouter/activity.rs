//! OpenRouter activity: sums by day, model and provider, of the page (CSV) and the API.
//!
//! A row sums calls with and without keys of one's own, so its tokens cannot be told apart by who
//! bills them. Both costs are kept: what OpenRouter billed, and its estimate of the rest.

use crate::source::ReadOptions;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::gateways::call::{LabelSet, Tokens, bucket_id, day, dollars, sku};
use crate::source::gateways::fields::Fields;
use crate::source::outcome::{Notes, Outcome, one};
use crate::source::resolve::Counted;
use crate::source::row::Row;
use crate::source::scan::Object;
use crate::tokens::ComponentCounts;
use crate::usage::{CostKind, Labels, RecordGrain, UsageRecord};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "openrouter-activity",
    title: "OpenRouter activity by day (CSV, API)",
    group: Group::Gateway,
    grain: RecordGrain::Bucket,
    reads: &[
        Reads::Object {
            markers: &["model_permaslug", "byok_usage_inference"],
            is: |o: &Object<'_>| o.has("date") && o.has("usage") && o.has("requests"),
            read: |object, options| read(object, options),
        },
        Reads::Table {
            columns: &[&["date", "slug", "usage", "byokusage", "requests"]],
            read: |row: &Row<'_>, options| read(row, options),
            usual: None,
        },
    ],
};

fn read(line: &impl Fields, options: &ReadOptions) -> Outcome {
    let start = line.instant(&["date"])?;
    let model = line.first(&["model_permaslug", "slug", "model"]);
    let sku = sku(super::NAME, &model, options)?;
    let tokens = Tokens {
        counted: Counted {
            input: line.count_of(&["prompt_tokens"])?,
            output: line.count_of(&["completion_tokens"])?,
            ..Counted::default()
        },
        reasoning: line.count_of(&["reasoning_tokens"])?,
        ..Tokens::default()
    };
    let split = tokens.split(&sku);
    let keys = ["date", "endpoint_id", "provider_name", "api_key_name", "user"];
    let dimensions: Vec<_> = keys.iter().map(|key| line.first(&[key])).collect();
    let mut dimensions: Vec<&str> = dimensions.iter().map(|d| &**d).collect();
    dimensions.push(&model);
    let labels: Labels = LabelSet::new(options)
        .put("api_key", &line.first(&["api_key_name"]))
        .put("user", &line.first(&["user"]))
        .put("upstream", &line.first(&["provider_name"]))
        .finish();
    let record = UsageRecord {
        time: day(start)?,
        grain: RecordGrain::Bucket,
        sku: sku.into(),
        context_tokens: None,
        requests: line.count_of(&["requests"])?,
        request_id: Some(bucket_id(FORMAT.name, &dimensions)),
        labels: labels.into(),
        components: split.components,
        reported_cost: dollars(line.amount(&["usage"])?, CostKind::Billed),
    };
    let own_key = line.amount(&["byok_usage_inference", "byok_usage"])?;
    let own_key = own_key.filter(|amount| !amount.is_zero());
    let mut records = one(record.clone(), split.notes);
    if let Some(amount) = own_key {
        dimensions.push("byok");
        let estimate = UsageRecord {
            requests: 0,
            request_id: Some(bucket_id(FORMAT.name, &dimensions)),
            components: ComponentCounts::default(),
            reported_cost: dollars(Some(amount), CostKind::Estimate),
            ..record
        };
        records.push((estimate, Notes::default()));
    }
    Ok(records)
}
