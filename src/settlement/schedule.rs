//! Discounts by cumulative spend: what was spent since the reset, and the discount it has earned.

use super::item::Item;
use crate::contract::terms::{DiscountSchedule, Measure, TierMode};
use crate::money::{Amount, MoneyError};

/// The state of a discount schedule.
#[derive(Debug, Clone)]
pub(super) struct Schedule<'c> {
    pub(super) agreed: &'c DiscountSchedule,
    /// Spend since the reset.
    spent: Amount,
}

impl<'c> Schedule<'c> {
    pub(super) fn new(agreed: &'c DiscountSchedule) -> Self {
        Self { agreed, spent: Amount::ZERO }
    }

    /// A new count, from an amount.
    pub(super) fn reset(&mut self, spent: Amount) {
        self.spent = spent;
    }

    /// What counts of an item.
    pub(super) fn measure(&self, item: &Item) -> Amount {
        match self.agreed.measured_on {
            Measure::List => item.list,
            Measure::Contracted => item.price,
        }
    }

    /// Adds spend; gives the discount on it, and on earlier spend where a volume tier is reached.
    pub(super) fn spend(&mut self, amount: Amount) -> Result<Amount, MoneyError> {
        let before = earned(self.agreed, self.spent)?;
        self.spent = self.spent.checked_add(amount)?;
        earned(self.agreed, self.spent)?.checked_sub(before)
    }
}

/// The discount on all spend since the reset. Spend of exactly a bound is still in the tier below.
pub(super) fn earned(schedule: &DiscountSchedule, spent: Amount) -> Result<Amount, MoneyError> {
    match schedule.mode {
        TierMode::Volume => {
            let reached = schedule.tiers.iter().rev().find(|tier| spent > tier.above);
            reached.map_or(Ok(Amount::ZERO), |tier| spent.checked_mul_rounded(tier.discount))
        }
        TierMode::Graduated => {
            let mut sum = Amount::ZERO;
            for (at, tier) in schedule.tiers.iter().enumerate().take_while(|(_, t)| spent > t.above)
            {
                let end = schedule.tiers.get(at + 1).map_or(spent, |next| spent.min(next.above));
                let part = end.checked_sub(tier.above)?;
                sum = sum.checked_add(part.checked_mul_rounded(tier.discount)?)?;
            }
            Ok(sum)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Every;
    use crate::contract::terms::Tier;

    fn schedule(mode: TierMode) -> DiscountSchedule {
        let tier = |above: i64, discount: &str| Tier {
            above: Amount::from_units(above),
            discount: discount.parse().unwrap(),
        };
        DiscountSchedule {
            mode,
            resets: Every::Year,
            measured_on: Measure::Contracted,
            tiers: vec![tier(0, "0"), tier(1_000, "0.05"), tier(2_000, "0.1")],
            opening: None,
        }
    }

    fn earned_at(mode: TierMode, spent: i64) -> String {
        earned(&schedule(mode), Amount::from_units(spent)).unwrap().to_string()
    }

    #[test]
    fn graduated_tiers_are_for_the_spend_inside_them() {
        assert_eq!(earned_at(TierMode::Graduated, 999), "0.00");
        assert_eq!(earned_at(TierMode::Graduated, 1_000), "0.00");
        assert_eq!(earned_at(TierMode::Graduated, 1_100), "5.00");
        assert_eq!(earned_at(TierMode::Graduated, 2_000), "50.00");
        assert_eq!(earned_at(TierMode::Graduated, 2_500), "100.00");
    }

    #[test]
    fn volume_tiers_are_for_all_spend() {
        assert_eq!(earned_at(TierMode::Volume, 1_000), "0.00");
        assert_eq!(earned_at(TierMode::Volume, 1_001), "50.05");
        assert_eq!(earned_at(TierMode::Volume, 2_000), "100.00");
        assert_eq!(earned_at(TierMode::Volume, 2_001), "200.10");
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let agreed = schedule(TierMode::Volume);
        let mut parts = Schedule::new(&agreed);
        let mut sum = Amount::ZERO;
        for part in [700, 400, 900, 100] {
            sum = sum.checked_add(parts.spend(Amount::from_units(part)).unwrap()).unwrap();
        }
        assert_eq!(sum.to_string(), "210.00");
    }
}
