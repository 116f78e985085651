//! Prices used long after their book was checked.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Rated;
use crate::diagnostic::{Diagnostics, code};
use crate::period::{DAY_NANOS, Timestamp};
use crate::price_book::{Layer, PriceBook};
use crate::rollup::RollupRow;

/// Days after the last check of a book from which its prices are doubted.
pub const STALE_DAYS: u32 = 90;

/// Usage of one provider beyond the reach of its book.
#[derive(Debug, Clone, Copy)]
struct Beyond {
    checked_on: NaiveDate,
    days: i64,
    records: u64,
}

/// Collects what is priced by books that were not checked for long before the usage.
#[derive(Debug)]
pub(crate) struct Staleness<'a> {
    most_days: i64,
    /// The newest check of each provider and layer.
    checked: BTreeMap<&'a str, BTreeMap<Layer, NaiveDate>>,
    beyond: BTreeMap<&'a str, Beyond>,
}

impl<'a> Staleness<'a> {
    pub(crate) fn new(book: &'a PriceBook, most_days: u32) -> Self {
        let mut checked: BTreeMap<&str, BTreeMap<Layer, NaiveDate>> = BTreeMap::new();
        for provider in book.providers() {
            let layers = checked.entry(&provider.provider).or_default();
            for table in &provider.tables {
                let newest = layers.entry(table.layer).or_insert(table.checked_on);
                *newest = table.checked_on.max(*newest);
            }
        }
        Self { most_days: i64::from(most_days), checked, beyond: BTreeMap::new() }
    }

    /// Looks at one rated row; a row counts once, by its least recently checked price.
    pub(crate) fn add(&mut self, provider: &str, row: &RollupRow, rated: &Rated<'_>) {
        let Some((name, checked)) = self.checked.get_key_value(provider) else { return };
        let layers = rated.charges.iter().map(|c| c.rate.entry.origin.layer);
        let Some(oldest) = layers.filter_map(|layer| checked.get(&layer)).min().copied() else {
            return;
        };
        // Whole days of UTC: this runs for every row.
        let since = row.period.start.nanos() - Timestamp::from_utc_date(oldest).nanos();
        let days = since.div_euclid(DAY_NANOS);
        if days <= self.most_days {
            return;
        }
        let beyond =
            self.beyond.entry(*name).or_insert(Beyond { checked_on: oldest, days, records: 0 });
        beyond.records = beyond.records.saturating_add(row.records);
        if days > beyond.days {
            *beyond = Beyond { checked_on: oldest, days, ..*beyond };
        }
    }

    /// One finding for each provider.
    pub(crate) fn report(&self, found: &mut Diagnostics) {
        for (provider, beyond) in &self.beyond {
            let message = format!(
                "prices of `{provider}` were last checked on {}, up to {} days before the usage (limit {})",
                beyond.checked_on, beyond.days, self.most_days
            );
            found.add_many(code::STALE_PRICE, message, None, beyond.records);
        }
    }
}
