//! What was odd about a history and its forecast.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::WEEKLY_HISTORY_DAYS;
use super::history::{Leaf, LeafKey};
use super::prepared::Prepared;
use super::simulation::Simulated;
use crate::diagnostic::{Diagnostics, code};
use crate::forecast::Outlier;

/// Everything to be said about a forecast.
pub(super) fn findings(
    prepared: &Prepared<'_>,
    leaves: &[Leaf],
    simulated: &Simulated,
) -> Diagnostics {
    let days = &prepared.days;
    let mut found = days.diagnostics.clone();
    if days.days() < WEEKLY_HISTORY_DAYS {
        found.add(code::SHORT_HISTORY, short_history(days.days()), None);
    }
    for event in prepared.events.idle() {
        let message =
            format!("event from {} on touches nothing: no usage of `{}`", event.from, event.scope);
        found.add(code::IDLE_EVENT, message, None);
    }
    for ((profile, component), missing) in &simulated.unpriced {
        let sku = &prepared.profiles[*profile as usize].sku;
        let message = format!(
            "forecast: no price for `{component}` of `{}` of `{}` from {} on: about {} units are not part of the spend",
            sku.model, sku.provider, missing.from, missing.units
        );
        found.add(code::UNPRICED_USAGE, message, None);
    }
    add_outliers(leaves, simulated, &mut found);
    add_shifts(leaves, simulated, &mut found);
    found
}

/// Too few days for a week to show.
pub(super) fn short_history(days: i64) -> String {
    format!(
        "history of {days} days is too short for a weekly pattern ({WEEKLY_HISTORY_DAYS} needed)"
    )
}

/// One finding a day: the series that was off most stands for all of them.
fn add_outliers(leaves: &[Leaf], simulated: &Simulated, found: &mut Diagnostics) {
    let mut days: BTreeMap<NaiveDate, (u64, &LeafKey, Outlier)> = BTreeMap::new();
    for (leaf, outcome) in leaves.iter().zip(&simulated.outcomes) {
        for outlier in &outcome.info.outliers {
            let seen = days.entry(outlier.day).or_insert((0, &leaf.key, *outlier));
            seen.0 += 1;
            if off(outlier) > off(&seen.2) {
                (seen.1, seen.2) = (&leaf.key, *outlier);
            }
        }
    }
    for (day, (count, key, outlier)) in days {
        let message = format!(
            "usage of {day} is far off, and damped in the forecast (`--ignore {day}` leaves it out): {:.0} of `{key}` where about {:.0} were expected",
            outlier.value, outlier.expected
        );
        found.add_many(code::OUTLIER_DAY, message, None, count);
    }
}

/// How far off a day is, in units of what was expected.
fn off(outlier: &Outlier) -> f64 {
    (outlier.value - outlier.expected).abs() / outlier.expected.max(1.0)
}

fn add_shifts(leaves: &[Leaf], simulated: &Simulated, found: &mut Diagnostics) {
    let mut days: BTreeMap<NaiveDate, (u64, &LeafKey)> = BTreeMap::new();
    for (leaf, outcome) in leaves.iter().zip(&simulated.outcomes) {
        if let Some(day) = outcome.info.level_shift {
            days.entry(day).or_insert((0, &leaf.key)).0 += 1;
        }
    }
    for (day, (count, key)) in days {
        let message = format!(
            "usage has another level since {day}, which the forecast follows: `{key}` (`--event` says if it ends)"
        );
        found.add_many(code::LEVEL_SHIFT, message, None, count);
    }
}
