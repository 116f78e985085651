//! What was odd about a history and its forecast.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::WEEKLY_HISTORY_DAYS;
use super::backtest::approximate;
use super::prepared::Prepared;
use super::simulation::Missing;
use crate::diagnostic::{Diagnostics, code};
use crate::forecast::{FittedSeries, ForecastOptions, Holidays};
use crate::money::{Amount, Currency};
use crate::series::DailySeries;
use crate::tokens::Component;

/// Everything to be said about a forecast.
pub(super) fn findings(
    prepared: &Prepared<'_>,
    actual: &BTreeMap<NaiveDate, Amount>,
    unpriced: &BTreeMap<(u32, Component), Missing>,
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
    for ((profile, component), missing) in unpriced {
        let sku = &prepared.profiles[*profile as usize].sku;
        let message = format!(
            "forecast: no price for `{component}` of `{}` of `{}` from {} on: about {} units are not part of the spend",
            sku.model, sku.provider, missing.from, missing.units
        );
        found.add(code::UNPRICED_USAGE, message, None);
    }
    let values = (0..days.origin_offset()).map(|day| {
        let cost = actual.get(&days.date(day)).copied().unwrap_or(Amount::ZERO);
        (!days.is_unknown(day)).then(|| approximate(cost))
    });
    let series = DailySeries { start: days.first, values: values.collect() };
    let (currency, holidays) = (prepared.rater.currency(), &prepared.options.holidays);
    add_unusual_days(&series, currency, holidays, SHIFT_OF_USAGE, &mut found);
    found
}

/// Too few days for a week to show.
pub(super) fn short_history(days: i64) -> String {
    format!(
        "history of {days} days is too short for a weekly pattern ({WEEKLY_HISTORY_DAYS} needed)"
    )
}

/// What to do about a new level of usage, or of costs, that will not last.
const SHIFT_OF_USAGE: &str = "`--event` says if it ends";
pub(super) const SHIFT_OF_COSTS: &str = "`--ignore` leaves its days out if it will not last";

/// Days that cost far more or less than was to be expected, and a new level of cost. Leaves have
/// outliers of their own, which are damped as well; what matters is what they do to the total.
pub(super) fn add_unusual_days(
    total: &DailySeries,
    currency: Currency,
    holidays: &Holidays,
    shift: &str,
    found: &mut Diagnostics,
) {
    let Some(fit) = FittedSeries::fit_with(total, &ForecastOptions::default(), holidays) else {
        return;
    };
    for outlier in &fit.info.outliers {
        let day = outlier.day;
        let message = format!(
            "{day} cost {:.2} {currency} where about {:.2} was to be expected: damped in the forecast (`--ignore {day}` leaves the day out)",
            outlier.value, outlier.expected
        );
        found.add(code::OUTLIER_DAY, message, None);
    }
    if let Some(day) = fit.info.level_shift {
        let message =
            format!("cost has another level since {day}, which the forecast follows ({shift})");
        found.add(code::LEVEL_SHIFT, message, None);
    }
}
