//! What if a promotion without a stated end ends? Nobody knows when: the user says.

use super::PriceBook;
use super::entry::PriceEntry;
use crate::period::Timestamp;

impl PriceBook {
    /// The books as they would be if every promotion without a stated end ended at an instant, and
    /// the prices that it replaced came back. A promotion that starts later is left as it is.
    #[must_use]
    pub fn with_promotions_ending(mut self, end: Timestamp) -> Self {
        for entries in self.providers.values_mut().flat_map(|book| {
            book.models.iter_mut().map(|m| &mut m.entries).chain(std::iter::once(&mut book.entries))
        }) {
            let returning = returning(entries, end);
            for entry in entries.iter_mut().filter(|e| ends(e, end)) {
                entry.dates.effective_until = Some(end);
            }
            entries.extend(returning);
        }
        self.list = self.list.map(|list| Box::new(list.with_promotions_ending(end)));
        self
    }
}

fn ends(entry: &PriceEntry, end: Timestamp) -> bool {
    let open = entry.promotion && entry.dates.effective_until.is_none();
    open && entry.dates.effective_from.is_none_or(|from| from < end)
}

/// Copies of the entries that promotions replaced, in force again from `end` on.
fn returning(entries: &[PriceEntry], end: Timestamp) -> Vec<PriceEntry> {
    let promotions: Vec<&PriceEntry> = entries.iter().filter(|e| ends(e, end)).collect();
    let replaced = |entry: &&PriceEntry| {
        promotions.iter().any(|promotion| {
            let until = entry.dates.effective_until;
            until.is_some()
                && until == promotion.dates.effective_from
                && entry.condition == promotion.condition
                && entry.origin.layer == promotion.origin.layer
                && entry.prices.iter().any(|(c, _)| promotion.price(*c).is_some())
        })
    };
    let again = |entry: &PriceEntry| {
        let mut entry = entry.clone();
        entry.dates.effective_from = Some(end);
        entry.dates.effective_until = None;
        entry.dates.announced_on = None;
        entry
    };
    entries.iter().filter(replaced).map(again).collect()
}
