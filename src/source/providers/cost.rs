//! Costs that a body itself states, and who bills where that is told by them.
//!
//! OpenRouter, Perplexity and xAI state what they charge; other gateways an estimate of their own.
//! With a customer's own key OpenRouter bills a fee and the provider behind it the request: then
//! the request is the provider's, and the fee a record of its own without tokens.

use std::sync::Arc;

use compact_str::CompactString;

use crate::money::{Amount, Currency};
use crate::source::envelope::Envelope;
use crate::source::provider;
use crate::source::scan::Value;
use crate::tokens::ComponentCounts;
use crate::usage::dedup::RequestId;
use crate::usage::{CostKind, ReportedCost, UsageRecord};

/// The name under which OpenRouter bills.
const OPENROUTER: &str = "openrouter";

/// Keys of usage that say something of a cost.
const USAGE_KEYS: [&str; 6] = [
    "cost",
    "is_byok",
    "cost_details",
    "cost_in_usd_ticks",
    "estimated_cost",
    "pydantic_ai_gateway",
];

/// What a body states of its cost.
#[derive(Debug, Default)]
pub(crate) struct Reported {
    /// The cost of the request.
    pub(crate) of_request: Option<ReportedCost>,
    /// What the gateway charges where another bills the request.
    fee: Option<ReportedCost>,
    through_openrouter: bool,
    own_key: bool,
}

impl Reported {
    /// True if a body may say anything of a cost, as its keys tell.
    pub(crate) fn is_stated(envelope: &Envelope<'_>) -> bool {
        let body = envelope.body();
        envelope.usage().is_some_and(|usage| {
            USAGE_KEYS.iter().any(|key| usage.has(key))
                || ["pydantic_ai_gateway", "provider"].iter().any(|key| body.has(key))
        })
    }

    /// Reads it from the usage and from beside it.
    pub(crate) fn read(envelope: &Envelope<'_>) -> Self {
        let body = envelope.body();
        let mut found = Self::default();
        let mut upstream = None;
        let gateways_estimate = body.object("pydantic_ai_gateway");
        let Some(usage) = envelope.usage() else { return found };
        for key in usage.raw_keys() {
            match key {
                b"cost" => found.of_request = usage.get("cost").and_then(|v| charged(&v)),
                b"is_byok" => {
                    found.through_openrouter = true;
                    found.own_key = usage.get("is_byok").is_some_and(|v| v.is_true());
                }
                b"cost_details" => {
                    found.through_openrouter = true;
                    let details = usage.object("cost_details");
                    let cost = details.and_then(|d| d.get("upstream_inference_cost"));
                    upstream = cost.and_then(|v| amount(&v, CostKind::Estimate));
                }
                b"cost_in_usd_ticks" => {
                    found.of_request = usage.get("cost_in_usd_ticks").and_then(ticks);
                }
                b"estimated_cost" => {
                    let cost = usage.get("estimated_cost");
                    found.of_request = cost.and_then(|v| amount(&v, CostKind::Estimate));
                }
                _ => {}
            }
        }
        let gateway = gateways_estimate.or_else(|| usage.object("pydantic_ai_gateway"));
        if let Some(cost) = gateway.and_then(|g| g.get("cost_estimate")) {
            found.of_request = found.of_request.or_else(|| amount(&cost, CostKind::Estimate));
        }
        let generated = || body.text("id").is_some_and(|id| id.starts_with("gen-"));
        let names_upstream = found.of_request.is_some() || body.has("provider");
        found.through_openrouter |= names_upstream && generated();
        if found.own_key {
            found.fee = found.of_request.filter(|fee| !fee.amount.is_zero());
            found.of_request = upstream;
        }
        found
    }

    /// Who bills, where the body or the line around it says so.
    pub(crate) fn biller(&self, envelope: &Envelope<'_>) -> Option<CompactString> {
        let stated = envelope.wrapper_text(&["provider", "gen_ai.provider.name"]);
        if self.through_openrouter && !self.own_key {
            return Some(CompactString::const_new(OPENROUTER));
        }
        let stated = stated.or_else(|| envelope.body().first_text(&["provider"]));
        stated.map(|name| provider::canonical(&name))
    }

    /// The gateway's fee for a request that another bills.
    pub(crate) fn fee_record(
        &self,
        request: &UsageRecord,
        id: Option<&str>,
    ) -> Option<UsageRecord> {
        let fee = self.fee?;
        let mut record = UsageRecord {
            requests: 0,
            request_id: id.map(|id| RequestId::new(OPENROUTER, id, 0)),
            reported_cost: Some(fee),
            components: ComponentCounts::default(),
            ..request.clone()
        };
        Arc::make_mut(&mut record.sku).provider = CompactString::const_new(OPENROUTER);
        Some(record)
    }
}

/// A charge: a number, or an object with the total of its parts.
fn charged(value: &Value<'_>) -> Option<ReportedCost> {
    match value.object() {
        Some(parts) => amount(&parts.get("total_cost")?, CostKind::Billed),
        None => amount(value, CostKind::Billed),
    }
}

/// xAI charges in ticks, 10^10 to the dollar.
fn ticks(value: Value<'_>) -> Option<ReportedCost> {
    const ATTO_A_TICK: i128 = 100_000_000;
    let count = i128::from(value.count().ok()??);
    let amount = Amount::from_atto(count.checked_mul(ATTO_A_TICK)?);
    Some(ReportedCost { amount, currency: Currency::USD, kind: CostKind::Billed })
}

fn amount(value: &Value<'_>, kind: CostKind) -> Option<ReportedCost> {
    let amount = Amount::parse_rounded(&value.scalar()?).ok()?;
    Some(ReportedCost { amount, currency: Currency::USD, kind })
}
