//! Grains that must not be summed: requests, sessions, buckets and bills of one spend.

use std::collections::BTreeMap;

use super::{ReportedCosts, Rollup, RollupRow};
use crate::period::{Period, Timestamp};
use crate::usage::RecordGrain;

/// Two grains of one provider over the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mixed<'r> {
    /// The provider.
    pub provider: &'r str,
    /// The grains, the finer first.
    pub grains: (RecordGrain, RecordGrain),
    /// From the first to the last time that both cover.
    pub span: Period,
}

/// Every two grains of a provider whose charge periods overlap.
#[must_use]
pub fn mixed(rollup: &Rollup) -> Vec<Mixed<'_>> {
    // Until when each grain of a provider was seen, in the order of starts.
    let mut until: BTreeMap<&str, BTreeMap<RecordGrain, Timestamp>> = BTreeMap::new();
    let mut found: BTreeMap<(&str, RecordGrain, RecordGrain), Period> = BTreeMap::new();
    for row in rollup.rows() {
        if row.components.is_empty() && row.reported.is_empty() {
            continue;
        }
        let profile = rollup.profile(row);
        let (provider, grain) = (profile.sku.provider.as_str(), profile.grain);
        let ends = until.entry(provider).or_default();
        for (other, end) in ends.iter().filter(|(other, _)| **other != grain) {
            let common = Period { start: row.period.start, end: row.period.end.min(*end) };
            if common.start < common.end {
                let key = (provider, grain.min(*other), grain.max(*other));
                let span = found.entry(key).or_insert(common);
                span.end = span.end.max(common.end);
            }
        }
        let end = ends.entry(grain).or_insert(row.period.end);
        *end = (*end).max(row.period.end);
    }
    found
        .into_iter()
        .map(|((provider, a, b), span)| Mixed { provider, grains: (a, b), span })
        .collect()
}

/// Rows that hold costs but no quantities.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CostsAlone {
    /// Records of them.
    pub records: u64,
    /// Their costs.
    pub reported: ReportedCosts,
}

/// True for a row that holds costs but no quantities.
#[must_use]
pub fn is_cost_alone(row: &RollupRow) -> bool {
    row.components.is_empty() && !row.reported.is_empty()
}

/// What of a rollup is costs alone.
#[must_use]
pub fn costs_alone(rollup: &Rollup) -> CostsAlone {
    let mut alone = CostsAlone::default();
    for row in rollup.rows().iter().filter(|row| is_cost_alone(row)) {
        alone.records += row.records;
        for (key, amount) in &row.reported {
            let sum = alone.reported.entry(*key).or_default();
            *sum = sum.checked_add(*amount).unwrap_or(*sum);
        }
    }
    alone
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Amount, Currency};
    use crate::period::Grain;
    use crate::rollup::{Edges, RollupBuilder};
    use crate::sku::Sku;
    use crate::tokens::Component;
    use crate::usage::{CostKind, Labels, ReportedCost, UsageRecord, UsageTime};

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn record(provider: &str, grain: RecordGrain, start: &str, end: &str) -> UsageRecord {
        UsageRecord {
            time: UsageTime::Bucket(Period { start: at(start), end: at(end) }),
            grain,
            sku: Sku::new(provider, "m").into(),
            context_tokens: None,
            requests: 1,
            request_id: None,
            labels: Labels::default().into(),
            components: [(Component::Output, 5)].into_iter().collect(),
            reported_cost: None,
        }
    }

    fn rollup(records: Vec<UsageRecord>) -> Rollup {
        let edges = Edges { grain: Grain::Hour, context: vec![], times: vec![] };
        let mut builder = RollupBuilder::new(edges);
        records.into_iter().for_each(|r| builder.add(r).unwrap());
        builder.finish()
    }

    #[test]
    fn grains_mix_only_over_the_same_time_and_provider() {
        use RecordGrain::{Bucket, Request};
        let day = record("openai", Bucket, "2026-07-01", "2026-07-02");
        let hour = |provider, day| {
            let (start, end) = (format!("{day}T05:00:00Z"), format!("{day}T06:00:00Z"));
            record(provider, Request, &start, &end)
        };
        let rollup_of = |other| rollup(vec![day.clone(), other]);
        let same = rollup_of(hour("openai", "2026-07-01"));
        let span = Period { start: at("2026-07-01T05:00:00Z"), end: at("2026-07-01T06:00:00Z") };
        assert_eq!(mixed(&same), [Mixed { provider: "openai", grains: (Request, Bucket), span }]);
        assert_eq!(mixed(&rollup_of(hour("openai", "2026-07-02"))), []);
        assert_eq!(mixed(&rollup_of(hour("anthropic", "2026-07-01"))), []);
        let mut blank = hour("openai", "2026-07-01");
        blank.components = [].into_iter().collect();
        assert_eq!(mixed(&rollup_of(blank.clone())), []);
        let cents = |n| ReportedCost {
            amount: Amount::from_cents(n),
            currency: Currency::USD,
            kind: CostKind::Billed,
        };
        blank.reported_cost = Some(cents(150));
        let costs = rollup(vec![blank.clone(), blank, day.clone()]);
        assert_eq!(mixed(&costs).len(), 1);
        let reported = [((CostKind::Billed, Currency::USD), Amount::from_cents(300))];
        assert_eq!(
            costs_alone(&costs),
            CostsAlone { records: 2, reported: reported.into_iter().collect() }
        );
    }
}
