//! What one unit of a leaf will cost on a day: the recent mix at the prices in force then.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};

use super::history::Leaf;
use crate::money::{BLEND_WHOLE, BlendedPrice, MoneyError, UnitPrice};
use crate::period::{Calendar, Period, Timestamp};
use crate::rating::Rater;

/// Prices of a leaf on one day, by report group.
#[derive(Debug, Clone, Default)]
pub(super) struct DayPrices {
    /// Price of the whole mix.
    pub(super) whole: BlendedPrice,
    /// Price of the mix, for each group that has a part in it.
    pub(super) by_group: BTreeMap<usize, BlendedPrice>,
    /// Share of [`BLEND_WHOLE`] that has no price.
    pub(super) unpriced: u32,
}

impl DayPrices {
    fn add(&mut self, group: usize, price: UnitPrice, share: u32) -> Result<(), MoneyError> {
        self.whole = self.whole.checked_add(price, share)?;
        let part = self.by_group.entry(group).or_default();
        *part = part.checked_add(price, share)?;
        Ok(())
    }
}

/// The mix of a leaf as whole shares.
#[derive(Debug)]
pub(super) struct Shares {
    // (profile, hour, share)
    parts: Vec<(u32, u32, u32)>,
}

impl Shares {
    /// Divides [`BLEND_WHOLE`] by the weights; what rounding leaves over goes to the heaviest.
    pub(super) fn of(leaf: &Leaf) -> Self {
        let total: f64 = leaf.mix.values().sum();
        let mut parts: Vec<(u32, u32, u32)> = leaf
            .mix
            .iter()
            .map(|((profile, hour), weight)| (*profile, *hour, share(*weight, total)))
            .collect();
        let given: u32 = parts.iter().map(|(_, _, share)| share).sum();
        if let Some(heaviest) = parts.iter_mut().max_by_key(|(_, _, share)| *share) {
            heaviest.2 += BLEND_WHOLE.saturating_sub(given);
        }
        Self { parts }
    }

    /// The prices of a day.
    pub(super) fn prices(
        &self,
        leaf: &Leaf,
        day: NaiveDate,
        calendar: &Calendar,
        rater: &Rater<'_>,
        group_of: &[usize],
    ) -> Result<DayPrices, MoneyError> {
        let period = calendar.day(day);
        let mut prices = DayPrices::default();
        let mut whole_day: Option<(u32, bool)> = None;
        for (profile, hour, share) in &self.parts {
            let rates = rater.rates(*profile);
            let group = group_of[*profile as usize];
            // Parts are sorted by profile: whether its price holds all day is asked once.
            let steady = match whole_day {
                Some((known, steady)) if known == *profile => steady,
                _ => rates.at(leaf.key.component, period).is_ok(),
            };
            whole_day = Some((*profile, steady));
            if steady {
                if let Ok(rate) = rates.at(leaf.key.component, period) {
                    prices.add(group, rate.unit_price, *share)?;
                }
                continue;
            }
            // Every known price change falls on a quarter of an hour.
            for quarter in 0..4 {
                let part = share / 4 + u32::from(quarter < share % 4);
                let wall = NaiveTime::from_hms_opt(*hour, 15 * quarter, 0).unwrap_or_default();
                let start = calendar.instant_of(day.and_time(wall));
                let end = Timestamp::from_nanos(start.nanos() + 1);
                let instant = Period { start, end };
                match rates.at(leaf.key.component, instant) {
                    Ok(rate) => {
                        prices.add(group, rate.unit_price, part)?;
                    }
                    Err(_) => prices.unpriced += part,
                }
            }
        }
        Ok(prices)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share is between 0 and 2^20"
)]
fn share(weight: f64, total: f64) -> u32 {
    if total > 0.0 { (weight / total * f64::from(BLEND_WHOLE)).floor() as u32 } else { 0 }
}
