//! Sums of a settlement: by currency, by month of payment, and by dimensions of the usage.

use std::collections::BTreeMap;

use super::invoice::Settlement;
use crate::money::{Amount, Currency, MoneyError};
use crate::period::{Calendar, Month};
use crate::rating::Costs;
use crate::rating::group::Dimension;
use crate::rollup::Profile;
use crate::tokens::ComponentCounts;

/// Cost of a part of the usage in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupSums {
    /// Requests.
    pub requests: u64,
    /// Quantities, priced or not.
    pub components: ComponentCounts,
    /// Quantities without a price that no term paid for.
    pub unpriced: ComponentCounts,
    /// Its costs; nothing is rounded.
    pub costs: Costs,
}

/// One combination of values, and its currency.
pub type GroupKey = (Vec<String>, Currency);

impl Settlement {
    /// The costs of all invoices by currency; different ones never add up.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn totals(&self) -> Result<BTreeMap<Currency, Costs>, MoneyError> {
        let mut totals: BTreeMap<Currency, Costs> = BTreeMap::new();
        for invoice in &self.invoices {
            let sum = totals.entry(invoice.currency).or_default();
            *sum = sum.checked_add(invoice.costs)?;
        }
        Ok(totals)
    }

    /// What is to be paid in each month, by currency.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn cash(&self) -> Result<BTreeMap<(Month, Currency), Amount>, MoneyError> {
        let mut months: BTreeMap<(Month, Currency), Amount> = BTreeMap::new();
        for invoice in &self.invoices {
            let sum = months.entry((Month::of(invoice.due), invoice.currency)).or_default();
            *sum = sum.checked_add(invoice.costs.billed_cost)?;
        }
        Ok(months)
    }

    /// What usage cost by dimensions, which are neither a component nor a time below a month: terms
    /// are not settled by these. `profiles` are those of the rollup.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn by(
        &self,
        dimensions: &[Dimension],
        profiles: &[Profile],
        calendar: &Calendar,
    ) -> Result<BTreeMap<GroupKey, GroupSums>, MoneyError> {
        let mut groups: BTreeMap<GroupKey, GroupSums> = BTreeMap::new();
        for share in &self.shares {
            let profile = &profiles[share.profile as usize];
            let value = |d: &Dimension| d.value(share.period, profile, calendar);
            let key = dimensions.iter().map(value).collect();
            let sums = groups.entry((key, share.currency)).or_default();
            sums.requests =
                sums.requests.checked_add(share.requests).ok_or(MoneyError::Overflow)?;
            let counts = [&share.components, &share.unpriced];
            if !counts.into_iter().all(|counted| sums.components.checked_add_all(counted))
                || !sums.unpriced.checked_add_all(&share.unpriced)
            {
                return Err(MoneyError::Overflow);
            }
            sums.costs = sums.costs.checked_add(share.costs)?;
        }
        Ok(groups)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::period::{Period, Timestamp};
    use crate::settlement::{CostShare, Invoice};
    use crate::sku::{ContextBand, Sku};
    use crate::tokens::Component;
    use crate::usage::Labels;

    fn invoice(currency: &str, due: &str, billed: i64) -> Invoice {
        Invoice {
            issuer: "aws".to_owned(),
            currency: currency.parse().unwrap(),
            days: ("2026-01-01".parse().unwrap(), "2026-02-01".parse().unwrap()),
            due: due.parse().unwrap(),
            complete: true,
            lines: Vec::new(),
            costs: Costs::uniform(Amount::from_units(billed)),
        }
    }

    #[test]
    fn currencies_and_months_of_payment_stay_apart() {
        let invoices = vec![
            invoice("USD", "2026-03-03", 5),
            invoice("EUR", "2026-03-03", 7),
            invoice("USD", "2026-03-31", 11),
            invoice("USD", "2026-04-01", 13),
        ];
        let settlement = Settlement { invoices, ..Settlement::default() };
        let totals = settlement.totals().unwrap();
        let billed = |code: &str| totals[&code.parse().unwrap()].billed_cost;
        assert_eq!((billed("USD"), billed("EUR")), (Amount::from_units(29), Amount::from_units(7)));
        let cash = settlement.cash().unwrap();
        let shown: Vec<String> = cash.iter().map(|((m, c), a)| format!("{m} {c} {a}")).collect();
        assert_eq!(shown, ["2026-03 EUR 7.00", "2026-03 USD 16.00", "2026-04 USD 13.00"]);
    }

    #[test]
    fn shares_add_up_by_month_and_model() {
        let profile = |model: &str| Profile {
            sku: Sku::new("p", model),
            grain: crate::usage::RecordGrain::Request,
            context: ContextBand::Unknown,
            labels: Labels::default(),
        };
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let share = |profile, month: &str, unpriced: u64| CostShare {
            profile,
            period: Period { start: at(month), end: at("2027-01-01") },
            currency: Currency::USD,
            requests: 2,
            components: [(Component::Output, 10)].into_iter().collect(),
            costs: Costs::uniform(Amount::from_units(3)),
            unpriced: [(Component::ToolMaps, unpriced)].into_iter().filter(|u| u.1 > 0).collect(),
        };
        let shares =
            vec![share(0, "2026-01-01", 0), share(1, "2026-01-20", 4), share(0, "2026-02-01", 0)];
        let settlement = Settlement { shares, ..Settlement::default() };
        let profiles = [profile("a"), profile("b")];
        let by = |dimensions: &[Dimension]| {
            settlement.by(dimensions, &profiles, &Calendar::UTC).unwrap()
        };
        let months = by(&[Dimension::Month]);
        let january = &months[&(vec!["2026-01".to_owned()], Currency::USD)];
        assert_eq!((months.len(), january.requests), (2, 4));
        assert_eq!(january.costs, Costs::uniform(Amount::from_units(6)));
        assert_eq!(january.components.get(Component::ToolMaps), 4);
        assert_eq!(january.unpriced.get(Component::ToolMaps), 4);
        let models = by(&[Dimension::Model]);
        let of_a = &models[&(vec!["a".to_owned()], Currency::USD)];
        assert_eq!((of_a.components.get(Component::Output), of_a.unpriced.is_empty()), (20, true));
    }
}
