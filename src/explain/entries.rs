//! Price entries behind prices, by what was used and when.

use std::collections::BTreeMap;

use crate::money::UnitPrice;
use crate::period::Timestamp;
use crate::price_book::Rate;
use crate::rollup::Rollup;
use crate::settlement::RatedRollup;
use crate::tokens::Component;

/// An instant with the rates since: of the list, and of the books in use.
type Since<'a> = (Timestamp, Rate<'a>, Rate<'a>);

/// Entries behind prices, by what was used and when.
#[derive(Debug, Clone, Default)]
pub struct Entries<'a> {
    found: BTreeMap<(u32, Component), Vec<Since<'a>>>,
}

impl<'a> Entries<'a> {
    /// Of the rows of a rollup.
    #[must_use]
    pub fn of_rows(rated: &RatedRollup<'a>, rollup: &Rollup) -> Self {
        let mut entries = Self::default();
        for row in rollup.rows() {
            for (component, _) in row.components.iter() {
                if let Some((list, own)) = rated.rates_of(row, component) {
                    entries.note((row.profile, component), row.period.start, (list, own));
                }
            }
        }
        entries
    }

    /// Rows come in the order of time; only changes are kept.
    pub(super) fn note(
        &mut self,
        what: (u32, Component),
        from: Timestamp,
        (list, own): (Rate<'a>, Rate<'a>),
    ) {
        let known = self.found.entry(what).or_default();
        let same = |(_, l, o): &Since<'a>| *l == list && *o == own;
        if !known.last().is_some_and(same) {
            known.push((from, list, own));
        }
    }

    /// The last entries of these prices before the end of a stretch.
    pub(super) fn find(
        &self,
        what: (u32, Component),
        until: Timestamp,
        (list, own): (UnitPrice, UnitPrice),
    ) -> Option<(&Rate<'a>, &Rate<'a>)> {
        let known = self.found.get(&what)?.iter().rev();
        let mut known = known.filter(|(_, l, o)| l.unit_price == list && o.unit_price == own);
        let (_, list, own) = known.find(|(from, ..)| *from < until)?;
        Some((list, own))
    }
}
