//! Exchange rates by date.

use chrono::NaiveDate;

use crate::config::EntryRef;
use crate::money::{Currency, Factor, MoneyError};

/// The rate of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FxRate {
    /// The day it is of; it holds until the next one of the pair.
    pub date: NaiveDate,
    /// Currency converted from.
    pub from: Currency,
    /// Currency converted to.
    pub to: Currency,
    /// Units of `to` for one of `from`.
    pub rate: Factor,
    /// Who says so.
    pub source: Option<String>,
    /// Where it is written.
    pub place: EntryRef,
}

/// What becomes of the rates of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FxMove {
    /// This one holds.
    Rate(Factor),
    /// All of them times a factor.
    Times(Factor),
}

/// Rates of any pairs and days.
#[derive(Debug, Clone, Default)]
pub struct FxTable {
    // By pair and date.
    rates: Vec<FxRate>,
}

impl FxTable {
    /// From rates in any order.
    #[must_use]
    pub fn new(mut rates: Vec<FxRate>) -> Self {
        rates.sort_by_key(|r| (r.from, r.to, r.date));
        Self { rates }
    }

    /// The latest rate of a pair at or before a day. The opposite pair is never inverted: buyers
    /// and sellers of a currency have different rates.
    #[must_use]
    pub fn rate(&self, from: Currency, to: Currency, on: NaiveDate) -> Option<&FxRate> {
        let after = self.rates.partition_point(|r| (r.from, r.to, r.date) <= (from, to, on));
        self.rates.get(after.checked_sub(1)?).filter(|r| (r.from, r.to) == (from, to))
    }

    /// The rates of a pair that hold on the days from `start` to before `end`.
    #[must_use]
    pub fn during(
        &self,
        (from, to): (Currency, Currency),
        (start, end): (NaiveDate, NaiveDate),
    ) -> Vec<&FxRate> {
        let later = self.rates.iter().filter(|r| (r.from, r.to) == (from, to));
        let later = later.filter(|r| start < r.date && r.date < end);
        self.rate(from, to, start).into_iter().chain(later).collect()
    }

    /// The table with other rates of a pair from a day on, or at all. Nothing is known of a pair
    /// without a rate, so a factor leaves it without one. The opposite pair stays as it is.
    ///
    /// # Errors
    /// [`MoneyError`] if a rate times the factor does not fit.
    pub fn with(
        &self,
        (from, to): (Currency, Currency),
        on: Option<NaiveDate>,
        to_be: FxMove,
        place: &EntryRef,
    ) -> Result<Self, MoneyError> {
        let day = on.unwrap_or(NaiveDate::MIN);
        let is_moved = |r: &FxRate| (r.from, r.to) == (from, to) && day <= r.date;
        let (moved, mut rates): (Vec<FxRate>, Vec<FxRate>) =
            self.rates.iter().cloned().partition(is_moved);
        match to_be {
            FxMove::Rate(rate) => {
                let (source, place) = (None, place.clone());
                rates.push(FxRate { date: day, from, to, rate, source, place });
            }
            FxMove::Times(factor) => {
                let held = self.rate(from, to, day).filter(|held| held.date < day);
                let held = held.map(|held| FxRate { date: day, ..held.clone() });
                for old in held.into_iter().chain(moved) {
                    let rate = old.rate.checked_mul_rounded(factor)?;
                    rates.push(FxRate { rate, place: place.clone(), ..old });
                }
            }
        }
        Ok(Self::new(rates))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn rates_of(table: &FxTable, days: &[&str]) -> Vec<Option<String>> {
        let (usd, eur) = (Currency::USD, "EUR".parse().unwrap());
        days.iter().map(|d| Some(table.rate(usd, eur, day(d))?.rate.to_string())).collect()
    }

    #[test]
    fn a_rate_that_moves_from_a_day_on() {
        let (usd, eur): (Currency, Currency) = (Currency::USD, "EUR".parse().unwrap());
        let place = EntryRef { file: "fx".into(), line: 1 };
        let rate = |date: &str, rate: &str| FxRate {
            date: day(date),
            from: usd,
            to: eur,
            rate: rate.parse().unwrap(),
            source: None,
            place: place.clone(),
        };
        let table = FxTable::new(vec![rate("2026-01-01", "0.9"), rate("2026-03-01", "0.8")]);
        let days = ["2026-01-15", "2026-02-01", "2026-02-15", "2026-03-01"];
        let moved = |on: Option<&str>, to_be| {
            let table = table.with((usd, eur), on.map(day), to_be, &place).unwrap();
            rates_of(&table, &days).into_iter().map(Option::unwrap).collect::<Vec<_>>()
        };
        let half = FxMove::Times("0.5".parse().unwrap());
        assert_eq!(moved(Some("2026-02-01"), half), ["0.9", "0.45", "0.45", "0.4"]);
        assert_eq!(moved(None, half), ["0.45", "0.45", "0.45", "0.4"]);
        let one = FxMove::Rate(Factor::ONE);
        assert_eq!(moved(Some("2026-02-01"), one), ["0.9", "1", "1", "1"]);
        let held = table.during((usd, eur), (day("2026-02-01"), day("2026-03-02")));
        let held: Vec<String> = held.iter().map(|r| r.date.to_string()).collect();
        assert_eq!(held, ["2026-01-01", "2026-03-01"]);
        // What has no rate gets none by a factor; the other way round nothing moves.
        let back = table.with((eur, usd), None, half, &place).unwrap();
        assert!(back.rate(eur, usd, day("2026-03-01")).is_none());
    }
}
