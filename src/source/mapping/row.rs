//! One row or line, read through a mapping.

use std::borrow::Cow;
use std::sync::atomic::Ordering;

use compact_str::CompactString;

use super::{FIELDS, InputIncludesCache, Mapping, Origin, field};
use crate::diagnostic::code;
use crate::money::{Amount, Currency};
use crate::period::{Period, Timestamp};
use crate::sku::{Sku, service_tier};
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::memo::Memo;
use crate::source::outcome::{Outcome, Skipped, one};
use crate::source::provider;
use crate::source::resolve::{Counted, Includes, Stated, input_includes_cache};
use crate::source::row::{Cell, Names};
use crate::tokens::Component;
use crate::usage::dedup::RequestId;
use crate::usage::{CostKind, Labels, ReportedCost, UsageRecord, UsageTime};

/// Fields of a SKU.
pub(super) const SKU_FIELDS: [usize; 7] = [
    field::MODEL,
    field::PROVIDER,
    field::SERVICE_TIER,
    field::SPEED,
    field::REGION,
    field::ENDPOINT,
    field::DEPLOYMENT,
];

pub(super) struct Row<'m, F> {
    pub(super) mapping: &'m Mapping,
    pub(super) cell: F,
}

impl<'m, F: Fn(usize) -> Option<Cell<'m>>> Row<'m, F> {
    fn text(&self, field: usize) -> Cow<'m, str> {
        self.at(field).map(Cell::text).unwrap_or_default()
    }

    fn at(&self, field: usize) -> Option<Cell<'m>> {
        self.of(self.mapping.fields[field].as_ref()?)
    }

    fn of(&self, origin: &'m Origin) -> Option<Cell<'m>> {
        match origin {
            Origin::Constant(constant) => Some(Cell::Text(Cow::Borrowed(constant))),
            Origin::Column(column) => {
                let cell = (self.cell)(*column)?;
                let found = &self.mapping.found[*column];
                if !found.load(Ordering::Relaxed) {
                    found.store(true, Ordering::Relaxed);
                }
                Some(cell)
            }
        }
    }

    fn count(&self, field: usize) -> Result<Option<u64>, Skipped> {
        self.at(field).map_or(Ok(None), |cell| cell.count(FIELDS[field].0))
    }

    fn instant(&self, field: usize) -> Result<Timestamp, Skipped> {
        let found = self.at(field).map_or(Err(Cow::Borrowed("")), Cell::instant);
        found.map_err(|text| {
            let name = FIELDS[field].0;
            if text.is_empty() {
                let message = format!("row without a value for `{name}`");
                return Skipped::new(code::MISSING_TIME, message);
            }
            let expected = "a time such as `2026-11-20T12:00:00Z` or an epoch number";
            Skipped::bad_field(name, &text, expected)
        })
    }

    pub(super) fn record(&self, names: impl FnOnce() -> Result<Names, Skipped>) -> Outcome {
        let time =
            if self.mapping.fields[field::TIME].is_some() {
                UsageTime::At(self.instant(field::TIME)?)
            } else {
                let period = Period::new(self.instant(field::START)?, self.instant(field::END)?);
                UsageTime::Bucket(period.map_err(|e| {
                    Skipped::bad_field("end", &self.text(field::END), &e.to_string())
                })?)
            };
        let splitter = self.components()?;
        let default_requests = u64::from(matches!(time, UsageTime::At(_)));
        let id = self.text(field::REQUEST_ID);
        let Names { sku, labels } = names()?;
        let record = UsageRecord {
            time,
            grain: time.usual_grain(),
            context_tokens: self.count(field::CONTEXT_TOKENS)?,
            requests: self.count(field::REQUESTS)?.unwrap_or(default_requests),
            request_id: (!id.is_empty()).then(|| RequestId::new(&sku.provider, &id, 0)),
            labels,
            components: splitter.components,
            reported_cost: self.reported_cost()?,
            sku,
        };
        Ok(one(record, splitter.notes))
    }

    /// What rows say alike, remembered by the cells that it is worked out from.
    pub(super) fn names(
        &self,
        options: &ReadOptions,
        known: &mut Memo<Names>,
    ) -> Result<Names, Skipped> {
        let write = |column: u32, key: &mut Vec<u8>| {
            if let Some(cell) = (self.cell)(column as usize) {
                cell.write(key);
            }
        };
        if let Some(names) = known.recall(write) {
            return Ok(names.clone());
        }
        let names = Names { sku: self.sku(options)?.into(), labels: self.labels().into() };
        if let Some(columns) = self.mapping.named_by() {
            known.learn(columns, write, names.clone());
        }
        Ok(names)
    }

    fn sku(&self, options: &ReadOptions) -> Result<Sku, Skipped> {
        let model = self.text(field::MODEL);
        if model.is_empty() {
            return Err(Skipped::new(code::MISSING_MODEL, "row without a value for `model`"));
        }
        let stated = self.text(field::PROVIDER);
        let provider = match &options.provider {
            Some(provider) => provider.clone(),
            None if stated.is_empty() => provider::of_model(&model),
            None => provider::canonical(&stated),
        };
        let mut sku = Sku::new(&provider, &model);
        if provider == "aws.bedrock" {
            let found = provider::bedrock_model(&model);
            sku.model = found.model.into();
            sku.endpoint = found.endpoint.into();
            sku.region = found.region.into();
        }
        provider::take_prefix(&mut sku);
        sku.service_tier = service_tier(&self.text(field::SERVICE_TIER));
        for (field, slot) in [
            (field::SPEED, &mut sku.speed),
            (field::REGION, &mut sku.region),
            (field::ENDPOINT, &mut sku.endpoint),
            (field::DEPLOYMENT, &mut sku.deployment),
        ] {
            let text = self.text(field);
            if !text.is_empty() {
                *slot = CompactString::new(text);
            }
        }
        Ok(sku)
    }

    fn components(&self) -> Result<Splitter, Skipped> {
        let mut splitter = Splitter::default();
        let input = self.count(field::INPUT)?;
        let read = self.count(field::CACHE_READ)?.unwrap_or(0);
        let written = self.count(field::CACHE_WRITE)?.unwrap_or(0);
        let output = self.count(field::OUTPUT)?;
        let reasoning = self.count(field::REASONING)?.unwrap_or(0);
        let total = self.count(field::TOTAL)?;
        let parts = [(Component::InputCacheRead, read), (Component::InputCacheWrite5m, written)];
        let counted = Counted {
            input: input.unwrap_or(0),
            output: output.unwrap_or(0),
            read,
            written,
            total,
        };
        let stated = match self.mapping.includes_cache {
            InputIncludesCache::Yes => Stated::Yes,
            InputIncludesCache::No => Stated::No,
            InputIncludesCache::Auto => Stated::Unknown,
        };
        if input_includes_cache(&counted, stated, Includes::Yes, &mut splitter.notes) {
            let whole = input.unwrap_or_else(|| read.saturating_add(written));
            splitter.split(whole, Component::InputUncached, &parts);
        } else {
            splitter.put(Component::InputUncached, input.unwrap_or(0));
            parts.iter().for_each(|(component, count)| splitter.put(*component, *count));
        }
        splitter.split(
            output.unwrap_or(0),
            Component::Output,
            &[(Component::OutputReasoning, reasoning)],
        );
        for (component, origin) in &self.mapping.components {
            let cell = self.of(origin);
            let count = cell.map_or(Ok(None), |cell| cell.count(component.name()))?.unwrap_or(0);
            splitter.put(*component, count);
        }
        splitter.check_total(total);
        Ok(splitter)
    }

    /// A mapped label was asked for by name, so it is always kept.
    fn labels(&self) -> Labels {
        let mut labels = Labels::default();
        for (name, origin) in &self.mapping.labels {
            labels.set(name, &self.of(origin).map(Cell::text).unwrap_or_default());
        }
        labels
    }

    fn reported_cost(&self) -> Result<Option<ReportedCost>, Skipped> {
        let text = self.text(field::REPORTED_COST);
        if matches!(&*text, "" | "-" | "null" | "None" | "NaN") {
            return Ok(None);
        }
        let amount = Amount::parse_rounded(text.trim_start_matches('$'))
            .map_err(|e| Skipped::bad_field("reported_cost", &text, &e.to_string()))?;
        Ok(Some(ReportedCost { amount, currency: Currency::USD, kind: CostKind::Estimate }))
    }
}
