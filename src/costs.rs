//! Daily costs by series, as a console or a billing export states them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::money::{Amount, MoneyError};

/// Exact costs of days, for any number of series, all in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DailyCosts {
    series: BTreeMap<String, BTreeMap<NaiveDate, Amount>>,
    /// Days on which the whole has a cost, of which this is a part.
    whole: BTreeSet<NaiveDate>,
}

impl DailyCosts {
    /// Adds to the cost of a day. True if the day of that series had a cost before.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if the sum does not fit.
    pub fn add(&mut self, id: &str, day: NaiveDate, cost: Amount) -> Result<bool, MoneyError> {
        if !self.series.contains_key(id) {
            self.series.insert(id.to_owned(), BTreeMap::new());
        }
        let Some(days) = self.series.get_mut(id) else { return Ok(false) };
        match days.get_mut(&day) {
            Some(sum) => {
                *sum = sum.checked_add(cost)?;
                Ok(true)
            }
            None => {
                days.insert(day, cost);
                Ok(false)
            }
        }
    }

    /// Each series with the cost of its days, sorted.
    pub fn series(&self) -> impl ExactSizeIterator<Item = (&str, &BTreeMap<NaiveDate, Amount>)> {
        self.series.iter().map(|(id, days)| (id.as_str(), days))
    }

    /// The days on which any series has a cost, sorted; for a part made by [`Self::of_series`] those
    /// of the whole.
    #[must_use]
    pub fn days(&self) -> BTreeSet<NaiveDate> {
        let own = self.series.values().flat_map(BTreeMap::keys);
        own.chain(&self.whole).copied().collect()
    }

    /// Some series. On days on which others have a cost and these have none, theirs is zero.
    #[must_use]
    pub fn of_series(&self, keep: impl Fn(&str) -> bool) -> Self {
        let kept = self.series.iter().filter(|(id, _)| keep(id));
        Self {
            series: kept.map(|(id, days)| (id.clone(), days.clone())).collect(),
            whole: self.days(),
        }
    }
}
