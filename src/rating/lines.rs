//! Charge lines: rated usage summed by what was used, its component and the price entry behind it.

use foldhash::fast::FixedState;
use indexmap::IndexMap;
use indexmap::map::Entry;

use crate::money::{Amount, MoneyError, UnitPrice};
use crate::price_book::{PriceEntry, Rate};
use crate::rollup::Profile;
use crate::sku::Sku;
use crate::tokens::Component;

/// A number of units that need not be whole, exactly: `units / per`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity {
    /// Numerator.
    pub units: i128,
    /// Denominator, above zero, without other prime factors than 2 and 5.
    pub per: i128,
}

/// One line: a quantity at one price.
#[derive(Debug, Clone)]
pub struct ChargeLine<'a> {
    /// What was used.
    pub sku: Sku,
    /// What is counted.
    pub component: Component,
    /// How much.
    pub quantity: Quantity,
    /// The price of one unit; `None`: usage of several prices, whose cost is only known as a sum.
    pub unit_price: Option<UnitPrice>,
    /// Where that price comes from; `None`: from no entry.
    pub rate: Option<Rate<'a>>,
    /// Quantity times price, rounded half-even at the 18th place where a unit is divided.
    pub cost: Amount,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    sku: Sku,
    component: Component,
    unit_price: Option<UnitPrice>,
    // Entries are told apart by where they lie in memory: the books do not move.
    sources: Vec<usize>,
}

/// Lines in the making. Labels are not told apart, because no price depends on them, nor prompt
/// sizes beyond what the entry says of them.
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    per: i128,
    found: IndexMap<Key, (Option<Rate<'a>>, i128, Amount), FixedState>,
}

fn address<T>(item: &T) -> usize {
    std::ptr::from_ref(item).addr()
}

fn sources(rate: &Rate<'_>) -> Vec<usize> {
    let entry: &PriceEntry = rate.entry;
    std::iter::once(address(entry)).chain(rate.multipliers.iter().map(|m| address(*m))).collect()
}

impl<'a> Lines<'a> {
    /// No lines; quantities are added in parts of a unit, `per` to one.
    #[must_use]
    pub fn new(per: i128) -> Self {
        Self { per, found: IndexMap::default() }
    }

    /// Adds usage at a price.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn add(
        &mut self,
        profile: &Profile,
        component: Component,
        rate: &Rate<'a>,
        units: i128,
    ) -> Result<(), MoneyError> {
        let key = Key {
            sku: profile.sku.clone(),
            component,
            unit_price: Some(rate.unit_price),
            sources: sources(rate),
        };
        self.sum(key, Some(rate), units, Amount::ZERO)
    }

    /// Adds usage at a price that is in no book.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn add_price(
        &mut self,
        profile: &Profile,
        component: Component,
        price: UnitPrice,
        units: i128,
    ) -> Result<(), MoneyError> {
        let sku = profile.sku.clone();
        let key = Key { sku, component, unit_price: Some(price), sources: Vec::new() };
        self.sum(key, None, units, Amount::ZERO)
    }

    /// Adds usage of which only the cost is known.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn add_cost(
        &mut self,
        profile: &Profile,
        component: Component,
        units: i128,
        cost: Amount,
    ) -> Result<(), MoneyError> {
        let sku = profile.sku.clone();
        let key = Key { sku, component, unit_price: None, sources: Vec::new() };
        self.sum(key, None, units, cost)
    }

    fn sum(
        &mut self,
        key: Key,
        rate: Option<&Rate<'a>>,
        units: i128,
        cost: Amount,
    ) -> Result<(), MoneyError> {
        let (_, sum, costs) = match self.found.entry(key) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(empty) => empty.insert((rate.cloned(), 0, Amount::ZERO)),
        };
        *sum = sum.checked_add(units).ok_or(MoneyError::Overflow)?;
        *costs = costs.checked_add(cost)?;
        Ok(())
    }

    /// The lines, the dearest first.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a cost does not fit.
    pub fn finish(self) -> Result<Vec<ChargeLine<'a>>, MoneyError> {
        let per = self.per;
        let line = |(key, (rate, units, cost)): (Key, (Option<Rate<'a>>, i128, Amount))| {
            let Key { sku, component, unit_price, .. } = key;
            let cost = match unit_price {
                Some(price) => price.per(0)?.checked_ratio(units, per)?,
                None => cost,
            };
            let quantity = Quantity { units, per };
            Ok(ChargeLine { sku, component, quantity, unit_price, rate, cost })
        };
        let mut lines: Vec<ChargeLine<'a>> =
            self.found.into_iter().map(line).collect::<Result<_, MoneyError>>()?;
        // What follows the cost only makes the order the same in every run.
        lines.sort_by(|a, b| {
            let names = |l: &ChargeLine<'a>| (l.sku.clone(), l.component);
            let place =
                |l: &ChargeLine<'a>| l.rate.as_ref().map(|r| r.entry.origin.location.clone());
            (b.cost, names(a), place(a)).cmp(&(a.cost, names(b), place(b)))
        });
        Ok(lines)
    }
}

impl std::fmt::Display for Quantity {
    /// All digits, without trailing zeros.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, mut rest) = (self.units / self.per, (self.units % self.per).abs());
        let sign = if self.units < 0 && whole == 0 { "-" } else { "" };
        write!(f, "{sign}{whole}")?;
        if rest > 0 {
            f.write_str(".")?;
        }
        while rest > 0 {
            rest *= 10;
            write!(f, "{}", rest / self.per)?;
            rest %= self.per;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_written_with_all_digits() {
        let shown = |units, per| Quantity { units, per }.to_string();
        assert_eq!(shown(1_500, 1_000), "1.5");
        // 1 / 2^20 has twenty places.
        assert_eq!(shown(1, 1 << 20), "0.00000095367431640625");
        assert_eq!(shown(-1, 4), "-0.25");
        assert_eq!(shown(-9, 4), "-2.25");
        assert_eq!(shown(7, 1), "7");
    }
}
