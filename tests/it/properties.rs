//! The rules that hold the design together, on random usage.

use proptest::prelude::*;
use tokencast::money::Amount;
use tokencast::period::{Calendar, Grain, Period, Timestamp};
use tokencast::price_book::PriceBook;
use tokencast::rating::{rate_record, summary};
use tokencast::rollup::bounded::BoundedBuilder;
use tokencast::rollup::{Edges, Rollup, RollupBuilder, parquet};
use tokencast::sku::Sku;
use tokencast::tokens::Component;
use tokencast::usage::dedup::RequestId;
use tokencast::usage::{Labels, UsageRecord, UsageTime};

/// Models with thresholds, peak hours, dated prices and tiers; one that no book knows.
const MODELS: [(&str, &str); 8] = [
    ("anthropic", "claude-haiku-5-5"),
    ("anthropic", "claude-opus-5-5"),
    ("openai", "gpt-6.1-sol"),
    ("gcp.gemini", "gemini-3.1-pro-preview"),
    ("gcp.gemini", "gemini-3.6-flash"),
    ("deepseek", "deepseek-v4-pro"),
    ("x_ai", "grok-4.7"),
    ("openai", "no-such-model"),
];
const TIERS: [&str; 4] = ["standard", "batch", "flex", "priority"];
const COMPONENTS: [Component; 6] = [
    Component::InputUncached,
    Component::InputCacheRead,
    Component::InputCacheWrite5m,
    Component::Output,
    Component::OutputReasoning,
    Component::ToolWebSearch,
];

prop_compose! {
    fn usage()(
        // 2026-04-01 to 2027-02-01, to the second: across many price changes.
        seconds in 1_775_001_600_i64..1_801_440_000,
        model in 0..MODELS.len(),
        tier in prop::sample::select(TIERS.to_vec()),
        counts in prop::collection::vec((prop::sample::select(COMPONENTS.to_vec()), 0_u64..300_000), 0..5),
        team in 0..3_u8,
        id in prop::option::weighted(0.7, 0..40_u16),
    ) -> UsageRecord {
        let (provider, name) = MODELS[model];
        let mut sku = Sku::new(provider, name);
        sku.service_tier = tier.into();
        let team = team.to_string();
        UsageRecord {
            time: UsageTime::At(Timestamp::from_nanos(seconds * 1_000_000_000)),
            grain: tokencast::usage::RecordGrain::Request,
            sku: sku.into(),
            context_tokens: None,
            requests: 1,
            request_id: id.map(|id| RequestId::new(provider, &id.to_string(), 0)),
            labels: Labels::from_iter([("team", team.as_str())]).into(),
            components: counts.into_iter().collect(),
            reported_cost: None,
        }
    }
}

fn edges(book: &PriceBook) -> Edges {
    let at = |text| Timestamp::parse(text).unwrap();
    let span = Period::new(at("2026-01-01"), at("2028-01-01")).unwrap();
    Edges { grain: Grain::Hour, context: book.context_edges(), times: book.time_edges(span) }
}

fn rolled(book: &PriceBook, records: &[UsageRecord]) -> Rollup {
    let mut builder = RollupBuilder::new(edges(book));
    for record in records {
        builder.add(record.clone()).unwrap();
    }
    builder.finish()
}

fn without_ids(records: &[UsageRecord]) -> Vec<UsageRecord> {
    records.iter().cloned().map(|r| UsageRecord { request_id: None, ..r }).collect()
}

thread_local! {
    static BOOK: PriceBook = PriceBook::bundled().unwrap().0;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rating_a_rollup_is_the_sum_of_rating_its_records(records in prop::collection::vec(usage(), 1..40)) {
        BOOK.with(|book| {
            let records = without_ids(&records);
            let total = summary::summarise(&rolled(book, &records), book, None, &[], &Calendar::UTC).unwrap().totals;
            let mut cost = Amount::ZERO;
            let mut unpriced = 0;
            for record in &records {
                let rated = rate_record(book, record, None).unwrap();
                cost = cost.checked_add(rated.costs().unwrap().billed_cost).unwrap();
                unpriced += rated.unpriced.iter().map(|u| u.quantity).sum::<u64>();
            }
            prop_assert_eq!(total.costs.billed_cost, cost);
            prop_assert_eq!(total.unpriced.components.iter().map(|(_, n)| n).sum::<u64>(), unpriced);
            Ok(())
        })?;
    }

    #[test]
    fn order_of_records_does_not_matter(
        records in prop::collection::vec(usage(), 1..60).prop_shuffle(),
        seed in any::<u64>(),
    ) {
        BOOK.with(|book| {
            let mut other = records.clone();
            // A fixed shuffle of its own: the same records in another order.
            other.sort_by_key(|r| {
                let nanos = r.time.start().nanos().unsigned_abs();
                (nanos ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            });
            prop_assert_eq!(rolled(book, &records), rolled(book, &other));
            Ok(())
        })?;
    }

    #[test]
    fn names_that_records_share_make_no_difference(records in prop::collection::vec(usage(), 1..60)) {
        BOOK.with(|book| {
            // Two names for all: prompts of one SKU fall into several context bands.
            let names: Vec<_> = records.iter().take(2).map(|r| (r.sku.clone(), r.labels.clone())).collect();
            let (mut shared, mut owned) = (RollupBuilder::new(edges(book)), RollupBuilder::new(edges(book)));
            for (at, record) in records.into_iter().enumerate() {
                let (sku, labels) = names[at % names.len()].clone();
                let own = (Sku::clone(&sku).into(), Labels::clone(&labels).into());
                owned.add(UsageRecord { sku: own.0, labels: own.1, ..record.clone() }).unwrap();
                shared.add(UsageRecord { sku, labels, ..record }).unwrap();
            }
            prop_assert_eq!(shared.finish(), owned.finish());
            Ok(())
        })?;
    }

    #[test]
    fn ids_on_disk_give_what_ids_in_memory_give(
        records in prop::collection::vec(usage(), 1..60),
        most_ids in 1..12_usize,
    ) {
        BOOK.with(|book| {
            let folder = tempfile::tempdir().unwrap();
            let mut bounded = BoundedBuilder::new(edges(book), most_ids, folder.path().to_owned());
            let mut usual = RollupBuilder::new(edges(book));
            for record in &records {
                bounded.add(record.clone()).unwrap();
                usual.add(record.clone()).unwrap();
            }
            let duplicates = usual.duplicates();
            prop_assert_eq!(bounded.finish().unwrap(), (usual.finish(), duplicates));
            Ok(())
        })?;
    }

    #[test]
    fn halves_merge_to_the_whole_in_either_order(records in prop::collection::vec(usage(), 2..60), cut in 0.0..1.0_f64) {
        BOOK.with(|book| {
            let records = without_ids(&records);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short list")]
            let at = (records.len() as f64 * cut) as usize;
            let (a, b) = (rolled(book, &records[..at]), rolled(book, &records[at..]));
            let whole = rolled(book, &records);
            prop_assert_eq!(a.clone().merge(b.clone()).unwrap(), whole.clone());
            prop_assert_eq!(b.merge(a).unwrap(), whole);
            Ok(())
        })?;
    }

    #[test]
    fn parquet_gives_back_what_it_was_given(records in prop::collection::vec(usage(), 1..40)) {
        BOOK.with(|book| {
            let rollup = rolled(book, &records);
            let file = tempfile::NamedTempFile::new().unwrap();
            let left_out = parquet::LeftOut { skipped: 3, duplicates: 4 };
            parquet::write(&rollup, left_out, file.as_file()).unwrap();
            prop_assert!(parquet::is_rollup(file.path()));
            prop_assert_eq!(parquet::read(file.path()).unwrap(), (rollup, left_out));
            Ok(())
        })?;
    }

    #[test]
    fn more_usage_never_costs_less(record in usage(), more in 1_u64..1_000) {
        BOOK.with(|book| {
            let cost = |record: &UsageRecord| rate_record(book, record, None).unwrap().costs().unwrap().billed_cost;
            let mut larger = record.clone();
            larger.components.add(Component::Output, more);
            prop_assert!(cost(&larger) >= cost(&record));
            Ok(())
        })?;
    }

    #[test]
    fn amounts_survive_their_text(atto in any::<i128>()) {
        let amount = Amount::from_atto(atto);
        prop_assert_eq!(amount.to_string().parse::<Amount>().unwrap(), amount);
    }
}

/// Groups add up to the total, in every dimension.
#[test]
fn groups_add_up() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let records = prop::collection::vec(usage(), 100..101).new_tree(&mut runner).unwrap().current();
    BOOK.with(|book| {
        let rollup = rolled(book, &records);
        for name in ["day", "month", "model", "service_tier", "context", "component", "team"] {
            let dimensions = [name.parse().unwrap()];
            let found =
                summary::summarise(&rollup, book, None, &dimensions, &Calendar::UTC).unwrap();
            let sum = Amount::checked_sum(found.groups.iter().map(|g| g.totals.costs.billed_cost))
                .unwrap();
            assert_eq!(sum, found.totals.costs.billed_cost, "{name}");
            let tokens: u64 = found.groups.iter().map(|g| g.totals.components.tokens()).sum();
            assert_eq!(tokens, found.totals.components.tokens(), "{name}");
        }
    });
}
