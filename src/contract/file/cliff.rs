//! Volume tiers at which a bill falls: more usage is cheaper than less.

use super::build::Builder;
use super::read::Fields;
use crate::contract::terms::Tier;
use crate::diagnostic::code;
use crate::money::{Amount, MoneyError};

/// Reports each tier at which the bill of all spend since the reset falls, and by how much.
pub(super) fn report(id: &str, tiers: &[Tier], rows: &[Fields<'_>], build: &mut Builder<'_>) {
    for (pair, row) in tiers.windows(2).zip(rows.iter().skip(1)) {
        let [below, tier] = pair else { continue };
        let Ok(fall) = fall(*below, *tier) else { continue };
        if fall > Amount::ZERO {
            let message = format!(
                "`{id}`: the bill falls by {fall} when spend passes {}, because the discount of the tier is for all of it",
                tier.above
            );
            let place = build.report.place(row.offset).location();
            build.found.add(code::VOLUME_TIER_CLIFF, message, Some(place));
        }
    }
}

/// How much less is paid just above a tier than at its threshold.
fn fall(below: Tier, tier: Tier) -> Result<Amount, MoneyError> {
    let (before, after) =
        (tier.above.checked_mul(below.discount)?, tier.above.checked_mul(tier.discount)?);
    after.checked_sub(before)
}
