//! OpenRouter generations: the CSV of the page, and the answers of the generation API.
//!
//! `tokens_*` of the API are counted with one tokenizer for all models; `native_tokens_*` are billed.

use compact_str::CompactString;

use crate::money::Amount;
use crate::sku::service_tier;
use crate::source::ReadOptions;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::gateways::call::{Call, LabelSet, Tokens, dollars, request_id, sku};
use crate::source::gateways::fields::Fields;
use crate::source::outcome::{Notes, Outcome, one};
use crate::source::resolve::{Counted, Stated};
use crate::source::row::Row;
use crate::source::scan::Object;
use crate::tokens::{Component, ComponentCounts};
use crate::usage::dedup::RequestId;
use crate::usage::{CostKind, RecordGrain, UsageRecord};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "openrouter-generations",
    title: "OpenRouter generations (CSV, API)",
    group: Group::Gateway,
    grain: RecordGrain::Request,
    reads: &[
        Reads::Object {
            markers: &["native_tokens_prompt"],
            is: |o| o.has("created_at") && o.has("model"),
            read: read_generation,
        },
        Reads::Object {
            markers: &["data"],
            is: |o| o.object("data").is_some_and(|data| data.has("native_tokens_prompt")),
            read: |o, options| read_generation(&o.object("data").unwrap_or_default(), options),
        },
        Reads::Table {
            columns: &[&["generationid", "costtotal", "modelpermaslug"]],
            read: read_row,
            usual: None,
        },
    ],
};

/// A generation, whatever it comes in.
struct Generation {
    tokens: Tokens,
    images: u64,
    /// What OpenRouter charges.
    charged: Option<Amount>,
    /// What the provider charges for a key of one's own.
    upstream: Option<Amount>,
    own_key: bool,
}

fn read_generation(object: &Object<'_>, options: &ReadOptions) -> Outcome {
    let images = object.count_of(&["native_tokens_completion_images"])?;
    let generation = Generation {
        tokens: Tokens {
            counted: Counted {
                input: object.count_of(&["native_tokens_prompt", "tokens_prompt"])?,
                output: object.count_of(&["native_tokens_completion", "tokens_completion"])?,
                read: object.count_of(&["native_tokens_cached"])?,
                ..Counted::default()
            },
            stated: Stated::Yes,
            reasoning: object.count_of(&["native_tokens_reasoning"])?,
            ..Tokens::default()
        },
        images,
        charged: object.amount(&["total_cost", "usage"])?,
        upstream: object.amount(&["upstream_inference_cost"])?,
        own_key: object.is_true("is_byok"),
    };
    generation.records(object, options)
}

fn read_row(row: &Row<'_>, options: &ReadOptions) -> Outcome {
    let upstream = Fields::amount(row, &["byok_usage_inference"])?;
    let generation = Generation {
        tokens: Tokens {
            counted: Counted {
                input: row.count_of(&["tokens_prompt"])?,
                output: row.count_of(&["tokens_completion"])?,
                read: row.count_of(&["tokens_cached"])?,
                ..Counted::default()
            },
            stated: Stated::Yes,
            reasoning: row.count_of(&["tokens_reasoning"])?,
            ..Tokens::default()
        },
        images: 0,
        charged: Fields::amount(row, &["cost_total"])?,
        own_key: upstream.is_some_and(|amount| !amount.is_zero()),
        upstream,
    };
    generation.records(row, options)
}

impl Generation {
    fn records(self, line: &impl Fields, options: &ReadOptions) -> Outcome {
        let model = line.first(&["model_permaslug", "model"]);
        let upstream = line.first(&["provider_name"]);
        let mut billed_by = sku(super::NAME, &model, options)?;
        billed_by.service_tier = service_tier(&line.first(&["service_tier"]));
        billed_by.region = CompactString::new(line.first(&["data_region"]));
        let id = line.first(&["generation_id", "id"]);
        let mut call_sku = billed_by.clone();
        if self.own_key {
            call_sku = sku(&upstream, &model, options)?;
            call_sku.service_tier = billed_by.service_tier.clone();
        }
        let mut split = self.tokens.split(&call_sku);
        self.split_images(&mut split.components);
        let labels = LabelSet::new(options)
            .put("api_key", &line.first(&["api_key_name"]))
            .put("app", &line.first(&["app_name"]))
            .put("user", &line.first(&["user", "external_user"]))
            .put("upstream", &upstream)
            .finish();
        let cost = if self.own_key {
            dollars(self.upstream, CostKind::Estimate)
        } else {
            dollars(self.charged, CostKind::Billed)
        };
        let request_id = request_id(&billed_by, &id);
        let time = line.instant(&["created_at"])?;
        let (record, notes) =
            Call { sku: call_sku, time, request_id, labels, split, cost }.record();
        let fee = self.charged.filter(|amount| self.own_key && !amount.is_zero());
        let fee = fee.map(|amount| UsageRecord {
            sku: billed_by.into(),
            requests: 0,
            request_id: request_id.map(|_| RequestId::new(super::NAME, &id, 1)),
            components: ComponentCounts::default(),
            reported_cost: dollars(Some(amount), CostKind::Billed),
            ..record.clone()
        });
        let mut records = one(record, notes);
        records.extend(fee.map(|fee| (fee, Notes::default())));
        Ok(records)
    }

    /// Tokens of pictures are part of the output.
    fn split_images(&self, components: &mut ComponentCounts) {
        let images = self.images.min(components.get(Component::Output));
        if images > 0 {
            components.remove_all(&[(Component::Output, images)].into_iter().collect());
            components.add(Component::OutputImage, images);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_part_of_the_output() {
        let generation = Generation {
            tokens: Tokens::default(),
            images: 1_120,
            charged: None,
            upstream: None,
            own_key: false,
        };
        let mut counts: ComponentCounts = [(Component::Output, 1_780)].into_iter().collect();
        generation.split_images(&mut counts);
        let expected = [(Component::Output, 660), (Component::OutputImage, 1_120)];
        assert_eq!(counts, expected.into_iter().collect());
    }
}
