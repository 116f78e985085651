//! The last days over and over: what is taken for the future where nothing is forecast.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::history::quantity;
use super::level::Measure;
use super::usage::{UsageCell, UsagePaths};
use crate::period::Calendar;
use crate::rollup::Rollup;

/// Usage of the last `days` days before a forecast, repeated to its horizon, as its only path. The cells
/// have no prices. Where the history is shorter, all of it counts; the second value is the number of
/// days that do.
///
/// Every day of the horizon has the mean of these days: consoles recommend commitments by such a
/// look-back.
#[must_use]
pub fn look_back(
    rollup: &Rollup,
    usage: &UsagePaths,
    calendar: &Calendar,
    days: u32,
) -> (UsagePaths, u32) {
    let end = usage.origin;
    let date = |row: &crate::rollup::RollupRow| calendar.date_of(row.period.start);
    let known = rollup.rows().iter().map(date).filter(|day| *day < end).min().unwrap_or(end);
    let start = end.checked_sub_days(Days::new(u64::from(days))).unwrap_or(known).max(known);
    let mut sums: BTreeMap<(u32, Measure), f64> = BTreeMap::new();
    for row in rollup.rows().iter().filter(|row| (start..end).contains(&date(row))) {
        *sums.entry((row.profile, Measure::Requests)).or_default() += quantity(row.requests);
        for (component, count) in row.components.iter() {
            let sum = sums.entry((row.profile, Measure::Component(component))).or_default();
            *sum += quantity(count);
        }
    }
    let count = length((start, end));
    let mut cells = Vec::with_capacity(sums.len() * usage.spans.len());
    for (span, stretch) in usage.spans.iter().enumerate() {
        let share = length(stretch.days) / count.max(1.0);
        cells.extend(sums.iter().map(|((profile, measure), sum)| UsageCell {
            span,
            profile: *profile,
            measure: *measure,
            prices: None,
            quantities: vec![sum * share],
        }));
    }
    let looked = u32::try_from((end - start).num_days()).unwrap_or(0);
    (UsagePaths { paths: 1, cells, ..usage.clone() }, looked)
}

fn length((first, end): (NaiveDate, NaiveDate)) -> f64 {
    f64::from(i32::try_from((end - first).num_days()).unwrap_or(i32::MAX))
}
